//! The decisions, as data: every file of `tests/scenarios` is a world, a few questions and what is to come of them, put
//! to the component and to the native build of the same code. A new file is picked up by itself.

use std::path::{Path, PathBuf};

use support::Scenario;
use threadkeep_engine::Runtime;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn scenarios() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_scenario_comes_out_as_written_natively_and_as_a_component() {
    let runtime = Runtime::load().unwrap();
    let run = |path: &Path| Scenario::read(path).and_then(|scenario| scenario.run(&runtime));
    let failures: Vec<String> = scenarios()
        .iter()
        .filter_map(|path| run(path).err().map(|error| format!("{}: {error}", path.display())))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn the_folder_holds_scenarios_and_nothing_else() {
    let paths = scenarios();
    assert!(!paths.is_empty());
    for path in paths {
        assert_eq!(path.extension().and_then(|extension| extension.to_str()), Some("toml"), "{}", path.display());
    }
}

/// A scenario that is right, and one thing in it that is not.
const RIGHT: &str = r#"
about = "nobody knows the thread"
[[file]]
path = "sessions/a.jsonl"
[[row]]
id = "019ca8a0-0000-7000-8000-000000000002"
[[call]]
ask = "lookup.find"
with = { wanted = "019ca8a0-0000-7000-8000-000000000001" }
answer = { Err = { NotFound = "019ca8a0-0000-7000-8000-000000000001" } }
never = ["rows.put"]
"#;

#[test]
fn what_a_scenario_does_not_know_or_does_not_say_is_an_error() {
    let runtime = Runtime::load().unwrap();
    let outcome = |text: &str| Scenario::parse(text).and_then(|scenario| scenario.run(&runtime));
    assert_eq!(outcome(RIGHT), Ok(()));
    for (what, instead) in [
        ("about", "abuot"),
        ("[[call]]", "handel = true\n[[call]]"),
        ("path =", "paht ="),
        ("id =", "ident ="),
        ("ask =", "aks ="),
        ("lookup.find", "lookup.fnd"),
        ("wanted =", "wnated ="),
        ("never =", "nevr ="),
        ("rows.put", "rows.pot"),
        // And what is not so.
        ("NotFound", "Ambiguous"),
        ("never =", "waits = 1\nnever ="),
        ("never =", "writes = [{}]\nnever ="),
        ("rows.put", "rows.row"),
        ("000000000001\" } }", "00000000000f\" } }"),
    ] {
        let wrong = RIGHT.replace(what, instead);
        assert!(wrong != RIGHT, "{what}");
        assert!(outcome(&wrong).is_err(), "{instead}");
    }
}
