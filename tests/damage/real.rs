//! The same damages on copies of the real home on which Codex was asked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{Program, damage_summary, edit_lines, ids, list_everything, real_homes};
use tempfile::tempdir;

use super::ground::{Place, SQLITE, compress, to_archive};

/// What Codex answered of one damage.
struct Answered<'a> {
    case: &'a str,
    total: usize,
    listed: bool,
    turns: usize,
}

fn answered(section: &str) -> Answered<'_> {
    let after = |mark: &str| section.split_once(mark).map(|(_, rest)| rest.trim_start());
    let number = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok());
    let list = after("\n  list shows it:").unwrap();
    let turns = after("thread/turns/list -> ok n=").and_then(number).unwrap_or(0);
    let total = list.split_once("total ").and_then(|(_, rest)| number(rest)).unwrap();
    Answered { case: section.split(" |").next().unwrap().trim(), total, listed: list.starts_with("True"), turns }
}

/// Does a damage to a copy of the real home whose threads these are; the thread that it is about.
fn harm(case: &str, place: &Place<'_>, threads: &BTreeMap<String, Value>) -> String {
    let app =
        threads.values().find(|item| item["cwd"].as_str().is_some_and(|cwd| cwd.ends_with("/deep/a/b/c"))).unwrap();
    let thread = match case.rsplit('-').next().unwrap() {
        "legacy" => "01a20206-73ed-7ce2-b2ab-8e8f28a9a156",
        "fork" => "01a20206-713d-7eb2-afec-d426a18273e0",
        "revert" => "01a20206-7d77-78d3-85ad-fae0c9a6582e",
        "named" => "01a20206-5e96-7b71-a1b7-2b1a9a03dc59",
        "gone" => "01a20206-713d-7eb2-afec-d426a18273e0",
        _ => app["id"].as_str().unwrap(),
    };
    let item = &threads[thread];
    let original = Path::new(item["path"].as_str().unwrap());
    let relative = &item["path"].as_str().unwrap()[item["path"].as_str().unwrap().find("sessions/").unwrap()..];
    let file = place.home.join(relative);
    let row = |sql: &str, id: &str| place.both(&format!("{sql} WHERE id = '{id}'"));
    match case.trim_end_matches("-legacy").trim_end_matches("-live") {
        "backfill-pending" => {
            place.codex("UPDATE backfill_state SET status = 'pending'");
            place.own("UPDATE backfill SET phase = 'pending'");
            row("DELETE FROM threads", thread);
        }
        "backfill-running" => {
            place.codex("UPDATE backfill_state SET status = 'running'");
            place.own("UPDATE backfill SET phase = 'running'");
        }
        "bad-middle" => edit_lines(&file, |lines| lines[5] = b"{bad".to_vec()),
        "deleted-file" => fs::remove_file(file).unwrap(),
        "empty-file" => fs::write(file, "").unwrap(),
        "fork-parent-row-gone" => row("DELETE FROM threads", item["forkedFromId"].as_str().unwrap()),
        "junk-state-db" => fs::write(place.home.join(SQLITE[0]), "junk".repeat(5000)).unwrap(),
        "missing-row" => row("DELETE FROM threads", thread),
        "moved-to-archive" => to_archive(place.home, &file),
        "no-dbs-fork" | "no-dbs-revert" => place.without(&SQLITE),
        "no-history-db" => place.without(&SQLITE[1..]),
        "no-meta" => edit_lines(&file, |lines| drop(lines.remove(0))),
        "no-state-db" | "no-state-db-fork" | "no-state-db-named" => place.without(&SQLITE[..1]),
        "row-and-file-deleted" => {
            fs::remove_file(file).unwrap();
            row("DELETE FROM threads", thread);
        }
        "row-to-other-file" => {
            place.codex(&format!("UPDATE threads SET rollout_path = '/other' WHERE id = '{thread}'"));
            let other = "(SELECT path FROM threads WHERE id LIKE '01a20206-6c50%')";
            place.own(&format!("UPDATE threads SET path = {other} WHERE id = '{thread}'"));
        }
        "row-values" => row("UPDATE threads SET title = 'WRONG', preview = 'WRONG', cwd = '/wrong'", thread),
        "truncated" => {
            let text = fs::read(&file).unwrap();
            fs::write(&file, &text[..text.len() - 200]).unwrap();
        }
        "zst" => compress(&file),
        // The rows point to where the home was copied from.
        "copied-home" => {
            place.codex(&format!("UPDATE threads SET rollout_path = '{}' WHERE id = '{thread}'", original.display()))
        }
        case => panic!("{case}: a damage without a test"),
    }
    thread.to_owned()
}

#[test]
fn on_a_real_home_no_damage_leaves_less_than_codex_answers() {
    let Some(summary) = damage_summary() else { return support::skipped("no record of Codex's answers to damage") };
    for home in real_homes(&["h169-main"]) {
        let threads = list_everything(&Program::stateless(&home.path));
        let sections: Vec<Answered<'_>> = summary.split("\n## ").skip(1).map(answered).collect();
        assert_eq!(sections.len(), 28);
        for codex in sections {
            for filled_before in [true, false] {
                let (place, state) = (tempdir().unwrap(), tempdir().unwrap());
                let copy = place.path().join("home");
                let copied =
                    std::process::Command::new("cp").args(["-a".as_ref(), home.path.as_path(), &copy]).status();
                assert!(copied.unwrap().success());
                let program = Program::on(&copy, state.path());
                if filled_before {
                    program.run(["init"]).well();
                }
                let place = Place { home: &copy, state: filled_before.then_some(state.path()) };
                let thread = harm(codex.case, &place, &threads);
                for program in [program, Program::stateless(&copy)] {
                    let list = program.json(["list", "--flat", "--limit", "0"]);
                    assert!(ids(&list).len() >= codex.total, "{}: {} are listed", codex.case, ids(&list).len());
                    assert!(ids(&list).contains(&thread.as_str()) >= codex.listed, "{}: not listed", codex.case);
                    let turns = program.run(["--json", "turns", &thread, "--limit", "0"]);
                    let shown = if turns.code == Some(0) { turns.json()["items"].as_array().unwrap().len() } else { 0 };
                    assert!(shown >= codex.turns, "{}: {shown} turns", codex.case);
                }
            }
        }
    }
}
