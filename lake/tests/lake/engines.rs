//! DuckDB reads what was pushed to a directory and to a server that speaks S3.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Finds the Python of an environment that `.ci/setup` makes; without one it gives that environment's name.
pub(crate) fn python(environment: &'static str) -> Result<PathBuf, &'static str> {
    // The program lies in target/release.
    let target = Path::new(env!("CARGO_BIN_EXE_threadkeep-lake")).parent().and_then(Path::parent);
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(|repository| repository.join("target"));
    let targets = target.map(Path::to_owned).into_iter().chain(repository);
    let mut places = targets.map(|target| target.join("tools").join(environment).join("bin/python"));
    places.find(|place| place.exists()).ok_or(environment)
}

/// Runs a script with a place in a directory of its own.
pub(crate) fn run(script: &str, part: &str, python: Result<PathBuf, &str>) {
    let directory = tempfile::tempdir().unwrap();
    run_in(&directory, script, part, directory.path().as_os_str(), python);
}

/// Runs one with a place that is not in the directory in which it works.
#[allow(clippy::print_stderr, reason = "who runs the tests should know what was not tried")]
pub(crate) fn run_in(directory: &TempDir, script: &str, part: &str, place: &OsStr, python: Result<PathBuf, &str>) {
    let python = match python {
        Ok(python) => python,
        Err(missing) => {
            eprintln!("NOT TRIED: {script} {part}, since what it needs is not there; .ci/setup {missing} installs it");
            return;
        }
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    let output = Command::new(python)
        .current_dir(directory)
        .args([script.as_os_str(), part.as_ref(), env!("CARGO_BIN_EXE_threadkeep-lake").as_ref(), place])
        .output()
        .unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
}

#[test]
fn duckdb_counts_and_sums_what_was_pushed_to_a_directory() {
    run("engines.py", "directory", python("lake"));
}

#[test]
fn duckdb_reads_what_the_first_version_wrote_beside_what_this_one_does() {
    run("engines.py", "older", python("lake"));
}

#[test]
fn what_was_pushed_to_a_bucket_is_read_back_whatever_the_server_does() {
    run("engines.py", "bucket", python("lake"));
}
