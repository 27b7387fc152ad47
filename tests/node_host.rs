//! The core under another host than Threadkeep's own: the component of the world `reader`, which imports files and a
//! clock, under Node, with the imports of tests/node/host.mjs.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::{READER_COMPONENT, Scenario, skipped};
use tempfile::{TempDir, tempdir};

/// So many scenarios need no rows, at least, and have no compressed file.
const PLAIN: usize = 28;
/// So many need no rows and have one.
const COMPRESSED: usize = 2;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Where `.ci/setup node` puts jco.
fn tools() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools").join("jco")
}

/// What Node prints; nothing where there is none.
fn node(arguments: &[&Path], input: &str) -> Option<String> {
    let mut command = Command::new("node");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut node = command.spawn().ok()?;
    // Read whole before anything is printed.
    node.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The scenarios that a reader of files can be put to, by their paths.
fn scenarios() -> Vec<(PathBuf, Scenario)> {
    let entries = std::fs::read_dir(folder("scenarios")).unwrap();
    let read = entries.map(|entry| entry.unwrap().path()).map(|path| (path.clone(), Scenario::read(&path).unwrap()));
    let mut scenarios: Vec<_> = read.filter(|(_, scenario)| scenario.needs_files_alone()).collect();
    scenarios.sort_by(|(one, _), (other, _)| one.cmp(other));
    scenarios
}

#[test]
fn scenarios_that_need_no_rows_come_out_as_written_under_node() {
    let mut scenarios = scenarios();
    let compressed = scenarios.iter().filter(|(_, scenario)| scenario.has_compressed_files()).count();
    let plain = scenarios.len() - compressed;
    assert!(plain >= PLAIN && compressed >= COMPRESSED, "only {plain} and {compressed} scenarios need no rows");

    if !tools().join("installed").is_file() {
        return skipped("no jco (.ci/setup node)");
    }
    let Some(zstd) = node(&["-p".as_ref(), "typeof require('zlib').zstdDecompressSync".as_ref()], "") else {
        return skipped("no node");
    };
    if zstd.trim() != "function" {
        skipped(&format!("this Node has no zstd, which {compressed} scenarios need"));
        scenarios.retain(|(_, scenario)| !scenario.has_compressed_files());
    }

    let files = tempdir().unwrap();
    let component = files.path().join("reader.wasm");
    std::fs::write(&component, READER_COMPONENT).unwrap();
    let homes: Vec<TempDir> = scenarios.iter().map(|_| tempdir().unwrap()).collect();
    let work = scenarios.iter().zip(&homes).map(|((_, scenario), home)| {
        scenario.write_files(home.path());
        json!({ "home": home.path(), "calls": scenario.calls() })
    });
    let work = Value::from_iter(work).to_string();
    let told = node(&[&folder("node/run.mjs"), &tools(), &folder("../wit"), &component], &work).unwrap();
    let told: Vec<Value> = serde_json::from_str(&told).unwrap();

    assert_eq!(told.len(), scenarios.len());
    let judged = scenarios.iter().zip(&told).map(|((path, scenario), told)| (path, scenario.judge(told)));
    let failures: Vec<String> =
        judged.filter_map(|(path, judged)| judged.err().map(|error| format!("{}: {error}", path.display()))).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
