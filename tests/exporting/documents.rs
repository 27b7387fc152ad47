//! Documents for people and for programs: what stands in them, at each level.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use support::hourly::{began, id, legacy, paginated};
use support::{Collection, HomeAndState, Program, Rollout, demo_home, ids};
use tempfile::tempdir;

const ID: &str = "019ca8a0-0000-7000-8000-000000000001";

fn place() -> HomeAndState {
    let place = HomeAndState::new();
    let output: String = (0..100).map(|number| format!("line {number}\n")).collect();
    place.write(
        &Rollout::paginated(ID)
            .at("2026-03-01T10:00:00.000Z")
            .cwd("/src/app")
            .user("First *question*\n\n```rust\nfn main() {}\n```")
            .reasoning("**Thinking** of it")
            .command("cat long.txt", &output, 0)
            .patch("src/a.rs", "fn a() {}\n")
            .agent("First answer")
            .user("Second question")
            .agent("Second answer"),
    );
    place
}

fn export(place: &HomeAndState, more: &[&str]) -> String {
    place.program().run([&["export", ID], more].concat()).well().stdout
}

#[test]
fn each_level_of_detail_shows_what_those_before_it_show_and_more() {
    let place = place();
    for format in ["markdown", "html", "text", "json"] {
        let parts = ["First *question*", "First answer", "cat long.txt", "Thinking"];
        let parts = match format {
            "html" => ["First <em>question</em>", parts[1], parts[2], parts[3]],
            _ => parts,
        };
        for (level, shown) in [("prompts", 1), ("messages", 2), ("commands", 3), ("everything", 4)] {
            let text = export(&place, &["--format", format, "--detail", level]);
            for (at, part) in parts.iter().enumerate() {
                assert_eq!(text.contains(part), at < shown, "{format} {level}: {part}\n{text}");
            }
        }
    }
}

#[test]
fn turns_are_chosen_by_their_numbers() {
    let place = place();
    for (range, first, second) in [("1", true, false), ("2..", false, true), ("..1", true, false), ("1..2", true, true)]
    {
        let text = export(&place, &["--turns", range]);
        let found = (text.contains("First answer"), text.contains("Second answer"));
        assert_eq!(found, (first, second), "{range}");
    }
    for range in ["0", "2..1", "a", "..", "1..0"] {
        let code = if range == ".." { 0 } else { 2 };
        place.program().run(["export", ID, "--turns", range]).ended(code);
    }
}

#[test]
fn outputs_are_cut_unless_they_are_wanted_in_full() {
    let place = place();
    for format in ["markdown", "html", "text"] {
        let short = export(&place, &["--format", format]);
        assert!(
            short.contains("line 19") && short.contains("… 60 lines left out") && short.contains("line 80"),
            "{short}"
        );
        assert!(!short.contains("line 50"), "{format}");
        let full = export(&place, &["--format", format, "--full"]);
        assert!(full.contains("line 50") && !full.contains("left out"), "{format}");
    }
}

#[test]
fn documents_are_as_they_are_recorded() {
    let place = place();
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/export");
    for (format, extension) in [("markdown", "md"), ("html", "html"), ("text", "txt")] {
        let text = export(&place, &["--format", format, "--detail", "everything"]);
        let recorded = directory.join(format!("thread.{extension}"));
        if std::env::var_os("THREADKEEP_RECORD_EXPORTS").is_some() {
            fs::create_dir_all(&directory).unwrap();
            fs::write(&recorded, &text).unwrap();
        }
        assert_eq!(text, fs::read_to_string(&recorded).unwrap(), "{format}");
    }
}

#[test]
fn a_document_for_programs_holds_the_turns_that_turns_prints() {
    let home = tempdir().unwrap();
    demo_home(home.path());
    let program = Program::stateless(home.path());
    let list = program.json(["list", "--limit", "0", "--all", "--source", "any", "--flat"]);
    let all = program.json(["export", "--all", "--no-redact"]);
    assert_eq!(all["items"].as_array().unwrap().len(), list["items"].as_array().unwrap().len());
    for (exported, id) in all["items"].as_array().unwrap().iter().zip(ids(&list)) {
        let turns = program.json(["turns", id, "--limit", "0"]);
        assert_eq!((&exported["id"], &exported["turns"]), (&Value::from(id), &turns["items"]));
        assert_eq!(program.json(["export", id, "--no-redact"]), *exported);
    }
}

#[test]
fn with_and_without_a_state_db_the_same_leaves() {
    let home = HomeAndState::new();
    demo_home(home.home.path());
    for format in ["markdown", "html", "text", "json", "jsonl"] {
        let texts = home.both().map(|(_, program)| program.run(["export", "--all", "--format", format]).well().stdout);
        assert!(texts[0] == texts[1] && texts[0].len() > 5_000, "{format}");
    }
}

#[test]
fn a_file_appears_whole_for_its_owner_alone_and_replaces_nothing_unasked() {
    let place = place();
    let out = place.state.path().join("thread.html");
    let run = |more: &[&str]| place.program().run([&["export", ID, "--out", out.to_str().unwrap()], more].concat());
    run(&[]).well();
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&out).unwrap().starts_with("<!DOCTYPE html>"), "the name says the format");
    fs::write(&out, "mine").unwrap();
    let refused = run(&[]).ended(1);
    assert!(refused.stderr.contains("thread.html is there and was not written by an export"), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine");
    run(&["--force"]).well();
    assert_ne!(fs::read_to_string(&out).unwrap(), "mine");
    let missing = place.state.path().join("nowhere/a.md");
    let failed = place.program().run(["export", ID, "--out", missing.to_str().unwrap()]).ended(1);
    assert!(failed.stderr.contains("nowhere/a.md cannot be written"), "{}", failed.stderr);
}

#[test]
fn pictures_stand_beside_markdown_and_in_html() {
    let place = HomeAndState::new();
    place.write(&Rollout::legacy(ID).user_image("look at this").agent("I see"));
    let html = export(&place, &["--format", "html"]);
    let images = html.matches("<img alt=\"Image 1\" src=\"data:image/png;base64,").count();
    assert_eq!(images, 1, "{html}");
    let out = place.state.path().join("a b.md");
    export(&place, &["--out", out.to_str().unwrap()]);
    let text = fs::read_to_string(&out).unwrap();
    assert!(text.contains("![Image 1](<a%20b.assets/image-1.png>)"), "{text}");
    let image = fs::read(place.state.path().join("a b.assets/image-1.png")).unwrap();
    assert!(image.starts_with(b"\x89PNG"), "{image:?}");
    assert!(export(&place, &[]).contains("**Image** `image-1.png`"), "on stdout there is no place for it");
}

#[test]
fn what_was_not_named_does_not_leave() {
    let place = place();
    Rollout::legacy("019ca8a0-0000-7000-8000-000000000002")
        .user("archived words")
        .write(place.home.path(), Collection::Archived);
    place.program().run(["export"]).ended(2);
    place.program().run(["export", "nobody-at-all"]).ended(3);
    place.program().run(["export", ID, "--all"]).ended(2);
    place.program().run(["export", ID, "--cwd", "/src/app"]).ended(2);
    let run = |more: &[&str]| place.program().run([&["export", "--format", "text"], more].concat()).well().stdout;
    for (arguments, active, archived) in [
        (&["--all"][..], true, true),
        (&["--archived"], false, true),
        (&["--cwd", "/src/app"], true, false),
        (&["--title", "archived words", "--all"], false, true),
    ] {
        let text = run(arguments);
        let found = (text.contains("First answer"), text.contains("archived words"));
        assert_eq!(found, (active, archived), "{arguments:?}");
    }
}

#[test]
fn a_sub_agent_has_its_place_however_many_threads_there_are() {
    let place = HomeAndState::new();
    // More than a page of a list has.
    (0..4_200).for_each(|number| place.write(&legacy(number).user("x")));
    let parent = paginated(5_000).user("delegate");
    let child = Rollout::sub_agent(&id(5_001), &parent, "count the boats", "Hypatia").at_millis(began(5_001));
    place.write(&parent);
    place.write(&child.agent("seven boats"));
    let exported = Program::stateless(place.home.path()).run(["export", &id(5_000), "--subagents", "1"]).well().stdout;
    assert!(exported.contains("seven boats"), "{exported}");
}
