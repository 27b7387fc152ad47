//! Little address space: the core is compiled for it, once a run, and every answer is the same.

use std::path::PathBuf;

use support::{Collection, Program, Rollout};
use tempfile::tempdir;

#[test]
fn a_limit_of_address_space_changes_no_answer_and_is_said_once() {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    for n in 1..=9 {
        let id = format!("019ca8a0-0000-7000-8000-00000000000{n}");
        Rollout::paginated(&id).user("something").write(home.path(), Collection::Active);
    }
    let program = Program::on(home.path(), state.path());
    let expected = program.json(["list"]);
    for limit in ["2000000", "1200000", "700000"] {
        for arguments in ["--json list", "--no-state --json list", "--no-refresh --json list"] {
            let line = format!(
                "ulimit -v {limit}; exec '{}' --home '{}' --state-dir '{}' {arguments}",
                program_path().display(),
                home.path().display(),
                state.path().display()
            );
            let outcome = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
            let said = String::from_utf8_lossy(&outcome.stderr);
            assert!(outcome.status.success(), "{limit} {arguments}: {said}");
            assert_eq!(serde_json::from_slice::<serde_json::Value>(&outcome.stdout).unwrap(), expected);
            assert_eq!(said.matches("ulimit").count(), 1, "{said}");
        }
    }
}

#[test]
fn where_there_is_no_memory_for_the_core_nothing_is_called_damaged() {
    let home = tempdir().unwrap();
    let program = program_path();
    for (limit, enough) in [("150000", None), ("120000", None), ("60000", Some(false))] {
        let line = format!("ulimit -v {limit}; exec '{}' --home '{}' list", program.display(), home.path().display());
        let outcome = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
        let said = String::from_utf8_lossy(&outcome.stderr);
        assert!(!said.contains("damaged"), "{limit}: {said}");
        assert!(enough.is_none_or(|enough| outcome.status.success() == enough), "{limit}: {said}");
    }
}

#[test]
fn where_no_file_may_be_as_large_as_the_cores_memory_that_is_what_is_said() {
    let home = tempdir().unwrap();
    let program = program_path();
    // The signal that comes first would end the process without a word.
    for (blocks, arguments) in [(0, "list"), (1, "--no-state list"), (100, "--json list"), (60, "--no-state list")] {
        let line = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec '{}' --home '{}' {arguments}",
            program.display(),
            home.path().display()
        );
        let outcome = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
        let said = String::from_utf8_lossy(&outcome.stderr);
        assert!(!outcome.status.success() && !said.contains("damaged"), "{blocks}: {said}");
        assert!(said.contains("ulimit -f"), "{blocks}: {said}");
    }
}

fn program_path() -> PathBuf {
    Program::new().command([""; 0]).get_program().into()
}
