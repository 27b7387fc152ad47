//! `migrate personality`: once a home, only for people who have threads and have not chosen, and every other byte stays.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use proptest::prelude::*;
use serde_json::json;
use support::{Collection, Program, Rollout, listing, uuid7};
use tempfile::{TempDir, tempdir};
use threadkeep_contract::PersonalityStep as Step;
use threadkeep_core::features::personality::decide_personality;

const MARKER: &str = ".personality_migration";

fn home(collection: Collection) -> TempDir {
    let home = tempdir().unwrap();
    Rollout::paginated(&uuid7(1_772_359_200_123, 1)).user("words").write(home.path(), collection);
    home
}

fn migrate(home: &Path) -> serde_json::Value {
    Program::stateless(home).json(["migrate", "personality", "--yes"])
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

const CONFIG: &str = "# my settings\nmodel = \"m\"  # the small one\n\nnotify = [\n  \"[not a table]\",\n  \"say\",\n]\n\
                      text = \"\"\"\n[nor this]\n\"\"\"\n\n# providers\n[model_providers.x]\nname = 'x'\n\n[tui]\ntheme = \"dark\"\n";

#[test]
fn the_line_is_added_before_the_first_table_and_all_else_stays() {
    let home = home(Collection::Active);
    let config = home.path().join("config.toml");
    fs::write(&config, CONFIG).unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(migrate(home.path()), json!({"changed": true, "reason": null}));
    let (before, after) = CONFIG.split_once("\n# providers").unwrap();
    let expected = format!("{before}personality = \"pragmatic\"\n\n# providers{after}");
    assert_eq!(fs::read_to_string(&config).unwrap(), expected);
    assert_eq!(mode(&config), 0o640);
    assert_eq!(fs::read_to_string(home.path().join(MARKER)).unwrap(), "v1\n");
    let before = listing(home.path());
    assert_eq!(migrate(home.path()), json!({"changed": false, "reason": "doneBefore"}));
    assert_eq!(before, listing(home.path()));
}

#[test]
fn archived_threads_count_a_missing_file_is_created_and_a_link_is_written_through() {
    let archived = home(Collection::Archived);
    assert_eq!(migrate(archived.path())["changed"], true);
    let config = archived.path().join("config.toml");
    assert_eq!(fs::read_to_string(&config).unwrap(), "personality = \"pragmatic\"\n");
    assert_eq!(mode(&config), 0o600);

    let linked = home(Collection::Active);
    let elsewhere = tempdir().unwrap();
    let target = elsewhere.path().join("dotfile");
    fs::write(&target, "[tui]\r\nx = 1\r\n").unwrap();
    symlink(&target, linked.path().join("config.toml")).unwrap();
    assert_eq!(migrate(linked.path())["changed"], true);
    assert!(linked.path().join("config.toml").is_symlink());
    assert_eq!(fs::read_to_string(&target).unwrap(), "personality = \"pragmatic\"\r\n[tui]\r\nx = 1\r\n");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1, "nothing is left beside it");

    let nowhere = home(Collection::Active);
    symlink("gone", nowhere.path().join("config.toml")).unwrap();
    Program::stateless(nowhere.path()).run(["migrate", "personality", "--yes"]).ended(1);
    assert!(!nowhere.path().join(MARKER).exists());
}

#[test]
fn who_has_chosen_or_has_no_threads_keeps_the_file() {
    let chosen = ["personality = \"friendly\"\n", "profile = \"p\"\n[profiles.p]\npersonality = \"none\"\n"];
    for config in chosen {
        let home = home(Collection::Active);
        fs::write(home.path().join("config.toml"), config).unwrap();
        assert_eq!(migrate(home.path()), json!({"changed": false, "reason": "chosen"}));
        assert_eq!(fs::read_to_string(home.path().join("config.toml")).unwrap(), config);
        assert!(home.path().join(MARKER).exists());
    }
    let other = "profile = \"q\"\n[profiles.p]\npersonality = \"none\"\n[profiles.q]\n";
    let home = home(Collection::Active);
    fs::write(home.path().join("config.toml"), other).unwrap();
    assert_eq!(migrate(home.path())["changed"], true, "the profile that names one is not the selected one");

    let empty = tempdir().unwrap();
    fs::create_dir_all(empty.path().join("sessions/2026/03/01")).unwrap();
    fs::write(empty.path().join("sessions/2026/03/01/rollout-x.jsonl"), "no thread\n").unwrap();
    assert_eq!(migrate(empty.path()), json!({"changed": false, "reason": "noThreads"}));
    assert!(!empty.path().join("config.toml").exists() && empty.path().join(MARKER).exists());
}

#[test]
fn a_file_that_is_not_toml_is_an_error_and_nothing_changes() {
    let home = home(Collection::Active);
    let config = home.path().join("config.toml");
    for junk in [&b"model = \n"[..], b"a = 1\na = 2\n", b"\xFF\xFE", b"[[[\n"] {
        fs::write(&config, junk).unwrap();
        let before = listing(home.path());
        let failed = Program::stateless(home.path()).run(["migrate", "personality", "--yes"]).ended(1);
        assert!(failed.stderr.contains("config.toml"), "{}", failed.stderr);
        assert_eq!(before, listing(home.path()));
    }
    fs::remove_file(&config).unwrap();
    fs::create_dir(&config).unwrap();
    Program::stateless(home.path()).run(["migrate", "personality", "--yes"]).ended(1);
    assert!(!home.path().join(MARKER).exists());
}

#[test]
fn without_a_terminal_it_needs_yes_and_with_a_state_db_it_does_the_same() {
    let (home, state) = (home(Collection::Active), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    let before = listing(home.path());
    let refused = program.run(["migrate", "personality"]).ended(2);
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
    assert_eq!(before, listing(home.path()));
    let runs: Vec<_> = (0..4).map(|_| program.spawn(["migrate", "personality", "--yes"])).collect();
    for run in runs {
        // One of them may find that another has just written what it was about to write.
        let outcome = run.outcome();
        assert!(outcome.code == Some(0) || outcome.stderr.contains("config.toml"), "{outcome:?}");
    }
    assert_eq!(fs::read_to_string(home.path().join("config.toml")).unwrap(), "personality = \"pragmatic\"\n");
    assert_eq!(program.json(["migrate", "personality", "--yes"])["reason"], "doneBefore");
}

#[test]
fn the_marker_counts_before_the_choice_and_the_choice_before_the_threads() {
    assert_eq!(decide_personality(true, true, true), Step::DoneBefore);
    assert_eq!(decide_personality(false, true, false), Step::Chosen);
    assert_eq!(decide_personality(false, false, false), Step::NoThreads);
    assert_eq!(decide_personality(false, false, true), Step::Set);
}

/// Pieces of which a configuration may consist, keys before tables.
const KEYS: [&str; 7] = [
    "# a comment\n",
    "\n",
    "KEY = 1\n",
    "KEY = \"\"\"\n[t]\n# c\n\"\"\"\n",
    "KEY = [\n  [1],\n[2] ]\n",
    "KEY = '[x]' # [y]\n",
    "KEY = { a = [\n[1]\n] }\n",
];
const TABLES: [&str; 4] =
    ["[KEY]\n", "  [KEY.sub]\nx = 1\n", "[[KEY]]\n[KEY.y]\n", "# about it\n\n[KEY]\nz = '''\n[q]\n'''\n"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    /// Whatever the file consists of, it says the same afterwards and one thing more.
    #[test]
    fn any_configuration_keeps_what_it_says(
        keys in prop::collection::vec(0..KEYS.len(), 0..5),
        tables in prop::collection::vec(0..TABLES.len(), 0..3),
        (whole, bom) in any::<(bool, bool)>(),
    ) {
        let pieces = keys.iter().map(|&at| KEYS[at]).chain(tables.iter().map(|&at| TABLES[at]));
        let mut text: String = pieces.enumerate().map(|(n, piece)| piece.replace("KEY", &format!("k{n}"))).collect();
        if !whole {
            text = text.trim_end().into();
        }
        if bom {
            text.insert(0, '\u{feff}');
        }
        prop_assume!(text.parse::<toml::Table>().is_ok());
        let home = home(Collection::Active);
        fs::write(home.path().join("config.toml"), &text).unwrap();
        prop_assert_eq!(&migrate(home.path())["changed"], &json!(true));
        let after = fs::read_to_string(home.path().join("config.toml")).unwrap();
        let mut wanted: toml::Table = text.parse().unwrap();
        wanted.insert("personality".into(), "pragmatic".into());
        prop_assert_eq!(after.parse::<toml::Table>().unwrap(), wanted);
        let others = |text: &str| -> Vec<String> {
            text.trim_start_matches('\u{feff}').lines().filter(|line| !line.starts_with("personality")).map(String::from).collect()
        };
        prop_assert_eq!(others(&after), others(&text));
    }
}
