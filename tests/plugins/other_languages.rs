//! The shipped plugins that are not written in Rust: installed, and run as a user runs them, where `make` could build them.

use std::path::{Path, PathBuf};
use std::process::Command;

use support::{shipped_plugin, skipped};

use super::shipped::{Shipped, formulas_in, with_formulas};

/// Where `.ci/setup` puts the project of a plugin, with what builds it.
fn project(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools").join(name)
}

/// The plugin, if it was built; what is missing is said.
fn built(name: &str, language: &str) -> Option<PathBuf> {
    let built = shipped_plugin(name).filter(|_| project(name).join("installed").is_file());
    if built.is_none() {
        skipped(&format!("no {name}, which is written in {language} (.ci/setup {language})"));
    }
    built
}

/// Runs the tests of a project by a program of its language.
fn passes_its_own_tests(name: &str, program: &Path, arguments: &[&str]) {
    let ran = Command::new(program).args(arguments).current_dir(project(name)).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{told}");
}

#[test]
fn a_plugin_in_javascript_writes_every_thread_as_a_row_and_no_formula() {
    let Some(file) = built("csv-list-js", "javascript") else { return };
    let shipped = Shipped::with_files([file]);
    with_formulas(shipped.home.home.path());
    let threads = shipped.program.json(["list", "--limit", "0", "--flat", "--source", "any", "--all"]);
    let threads: Vec<_> = threads["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    let write = || {
        let ran = shipped.program.run(["plugin", "run", "csv-list-js", "--source", "any", "--all"]);
        ran.well().stdout
    };
    let table = write();
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().next(), Some("id"));
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), threads.len(), "{table}");
    assert!(rows.iter().all(|row| threads.iter().any(|thread| *thread == row[0])), "{table}");
    assert_eq!(formulas_in(&table), Vec::<String>::new());
    assert!(table.contains("'=cmd|"), "{table}");
    assert_eq!(write(), table);
    passes_its_own_tests("csv-list-js", "node".as_ref(), &["--import", "./testing.mjs", "--test"]);
}

#[test]
fn a_plugin_in_python_reports_and_its_exceptions_are_told() {
    let Some(file) = built("activity-python", "python") else { return };
    let shipped = Shipped::with_files([file]);
    let report = || shipped.program.run(["plugin", "run", "activity-python"]).well().stdout;
    let told = report();
    for day in ["Monday", "Thursday", "Sunday"] {
        assert!(told.contains(&format!("| {day} | ")), "{told}");
    }
    assert_eq!(report(), told);
    let refused = shipped.program.run(["plugin", "run", "activity-python", "hours-east=two"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("hours-east"), "{}", refused.stderr);
    let python = project("activity-python").join(".venv/bin/python");
    passes_its_own_tests("activity-python", &python, &["-m", "unittest"]);
}
