//! The demo home, and the writer that makes it: every released form, small enough to look at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use proptest::prelude::*;
use support::{Collection, Rollout, any_home, demo_home, edit_lines, listing, millis, read_home, uuid7};

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/home")
}

/// Every file and what it says; compressed ones as plain text, since encoders differ.
fn contents(home: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = listing(home).into_keys().filter(|path| home.join(path).is_file());
    files
        .map(|path| {
            let bytes = fs::read(home.join(&path)).unwrap();
            let bytes = if path.ends_with(".zst") { zstd::decode_all(bytes.as_slice()).unwrap() } else { bytes };
            (path, bytes)
        })
        .collect()
}

/// With `BLESS=1` the committed home is written anew.
#[test]
fn the_committed_demo_home_is_what_the_writer_writes() {
    let fresh = tempfile::tempdir().unwrap();
    demo_home(fresh.path());
    if env::var_os("BLESS").is_some() {
        fs::remove_dir_all(committed()).ok();
        demo_home(&committed());
    }
    let (written, kept) = (contents(fresh.path()), contents(&committed()));
    assert_eq!(written.keys().collect::<Vec<_>>(), kept.keys().collect::<Vec<_>>());
    for (path, bytes) in &written {
        assert!(kept[path] == *bytes, "{path} differs; BLESS=1 writes it anew");
    }
    let size: usize = kept.values().map(Vec::len).sum();
    assert!(size < 200_000, "{size} bytes are too many to commit");
}

#[test]
fn the_demo_home_shows_every_form() {
    let reading = read_home(&committed());
    let files = || reading.threads.values().flat_map(|thread| &thread.files);
    let releases: Vec<&str> = files().filter_map(|file| file.meta["cli_version"].as_str()).collect();
    for release in ["0.50.0", "0.100.0", "0.130.0", "0.142.0", "0.160.0", "0.169.0"] {
        assert!(releases.contains(&release), "{release} is missing");
    }
    assert!(files().any(|file| file.bare));
    assert!(files().any(|file| file.path.starts_with("archived_sessions/") && file.path.ends_with(".zst")));
    assert!(files().any(|file| file.path.starts_with("sessions/") && file.path.ends_with(".zst")));
    let threads = || reading.threads.values();
    assert!(threads().any(|thread| thread.files.len() == 2), "a revert");
    assert!(threads().any(|thread| thread.preview == "[Image]"));
    assert!(
        threads().any(|thread| thread.preview.is_empty() && thread.facts()["parentThreadId"].is_null()),
        "only context"
    );
    assert!(threads().any(|thread| thread.facts()["parentThreadId"].is_string()), "a sub-agent");
    let forks = threads()
        .filter(|thread| thread.facts()["forkedFromId"].is_string() && thread.facts()["parentThreadId"].is_null());
    assert_eq!(forks.map(|fork| fork.facts()["historyMode"].clone()).collect::<Vec<_>>(), ["legacy", "paginated"]);
    let names: Vec<&str> = threads().filter_map(|thread| thread.name.as_deref()).collect();
    assert_eq!(names, ["How the tides work", "Strawberries stay", "The pump"]);
    assert!(reading.without.is_empty());
}

/// Begins a rollout of one form.
type New = fn(&str) -> Rollout;

#[test]
fn what_is_told_reads_back_in_every_form() {
    let id = uuid7(millis("2026-05-01T08:00:00.000Z"), 1);
    let forms: [(&str, New); 7] = [
        ("bare", Rollout::bare),
        ("0.50", Rollout::early),
        ("0.100", |id| Rollout::legacy(id).release(100)),
        ("0.130", |id| Rollout::legacy(id).release(130)),
        ("0.142", Rollout::legacy),
        ("0.160", |id| Rollout::paginated(id).release(160)),
        ("0.169", Rollout::paginated),
    ];
    for (form, new) in forms {
        let rollout = new(&id)
            .at("2026-05-01T08:00:00.000Z")
            .cwd("/src/one")
            .user("  “What”\tis\nthis?  ")
            .command("ls", "a\nb\n", 0)
            .patch("new.txt", "one\ntwo\n")
            .reasoning("Hm.")
            .agent("This.")
            .tokens(10)
            .compacted("It was this.")
            .cwd("/src/two")
            .user("And that?")
            .agent("That.")
            .tokens(25);
        for rollout in
            [rollout.clone(), rollout.clone().sorted_keys(), rollout.clone().open_end(), rollout.compressed()]
        {
            let home = tempfile::tempdir().unwrap();
            rollout.write(home.path(), Collection::Active);
            let reading = read_home(home.path());
            let facts = reading.threads[&id].facts();
            assert_eq!(facts["preview"], "“What”\tis\nthis?", "{form}");
            assert_eq!(facts["cwd"], "/src/one", "{form}");
            assert_eq!(facts["createdAt"], "2026-05-01T08:00:00.000Z", "{form}");
            let file = &reading.threads[&id].files[0];
            assert_eq!(file.tokens, (form != "bare").then_some(25), "{form}");
            assert_eq!(file.last_cwd.as_deref(), Some(if form == "bare" { "/src/one" } else { "/src/two" }), "{form}");
            assert!(file.bad_lines.is_empty(), "{form}");
        }
    }
}

#[test]
fn a_fork_begins_where_its_parent_ends() {
    let parent = Rollout::paginated(&uuid7(0, 1)).user("One?").agent("1").user("Two?").agent("2");
    let fork = Rollout::paginated(&uuid7(0, 2)).fork_after(&parent, 1).user("Else?").agent("3");
    let home = tempfile::tempdir().unwrap();
    let (parent_file, fork_file) =
        (parent.write(home.path(), Collection::Active), fork.write(home.path(), Collection::Active));
    let meta: serde_json::Value = serde_json::from_slice(&fork.lines()[0]).unwrap();
    let base = &meta["payload"]["history_base"];
    let offset = usize::try_from(base["end_byte_offset"].as_u64().unwrap()).unwrap();
    let rest = &fs::read(parent_file).unwrap()[offset..];
    let next: serde_json::Value = serde_json::from_slice(rest.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    assert_eq!(next["ordinal"], base["end_ordinal_exclusive"]);
    assert_eq!(next["payload"]["type"], "task_started");
    assert_eq!(meta["ordinal"], base["end_ordinal_exclusive"]);
    edit_lines(&fork_file, |lines| assert_eq!(lines.len(), fork.lines().len() + 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn made_up_homes_can_be_read(home in any_home()) {
        let place = tempfile::tempdir().unwrap();
        home.write(place.path());
        let reading = read_home(place.path());
        prop_assert!(reading.without.is_empty());
        let ids: Vec<&str> = reading.threads.keys().map(String::as_str).collect();
        let mut told: Vec<&str> = home.rollouts.iter().map(|(rollout, _)| rollout.id()).collect();
        told.sort_unstable();
        told.dedup();
        prop_assert_eq!(ids, told);
    }
}
