//! DuckDB reads what was pushed to a directory and to a server that speaks S3.

use std::path::{Path, PathBuf};
use std::process::Command;

fn python() -> Option<PathBuf> {
    // The program lies in target/release.
    let target = Path::new(env!("CARGO_BIN_EXE_threadkeep-lake")).parent()?.parent()?;
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let places = [target.join("tools/lake/bin/python"), repository.join("target/tools/lake/bin/python")];
    places.into_iter().find(|place| place.exists())
}

#[allow(clippy::print_stderr, reason = "who runs the tests should know what was not tried")]
fn run(part: &str) {
    let Some(python) = python() else {
        eprintln!("NOT TRIED: {part}, since DuckDB and moto are not there; .ci/setup lake installs them");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engines.py");
    let output = Command::new(python)
        .args([
            script.as_os_str(),
            part.as_ref(),
            env!("CARGO_BIN_EXE_threadkeep-lake").as_ref(),
            directory.path().as_os_str(),
        ])
        .output()
        .unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
}

#[test]
fn duckdb_counts_and_sums_what_was_pushed_to_a_directory() {
    run("directory");
}

#[test]
fn what_was_pushed_to_a_bucket_is_read_back_whatever_the_server_does() {
    run("bucket");
}
