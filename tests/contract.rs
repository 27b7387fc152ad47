//! The contract's own rules: its version moves with its text, a recording of another version is refused by name, and nothing
//! in it is said in a form that some languages cannot tell apart.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use support::{Program, demo_home};
use tempfile::tempdir;
use threadkeep_engine::replay::{ReplayError, replay};
use threadkeep_engine::{CONTRACT, Runtime};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The texts of the contract in the order of their files, without comments and with one space between words.
fn texts() -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(root().join("wit")).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|kind| kind == "wit"));
    let plain = |text: &str| {
        let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
        lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
    };
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let texts: BTreeMap<_, _> =
        files.map(|path| (name(&path), plain(&std::fs::read_to_string(&path).unwrap()))).collect();
    assert!(!texts.is_empty());
    texts
}

#[test]
fn every_file_of_the_contract_is_of_the_version_that_the_program_names() {
    let package = format!("package {CONTRACT};");
    for (file, text) in texts() {
        assert!(text.starts_with(&package), "{file} does not begin with `{package}`");
    }
}

#[test]
fn the_contracts_version_moves_with_its_text() {
    let (_, version) = CONTRACT.split_once('@').unwrap();
    let hash: String = Sha256::digest(texts().into_values().collect::<Vec<_>>().join("\n"))
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let versions = std::fs::read_to_string(root().join("tests/contract/versions.toml")).unwrap();
    let versions: BTreeMap<String, String> = toml::from_str(&versions).unwrap();
    let known = versions.get(version);
    assert!(
        known == Some(&hash),
        "the text of version {version} in wit/ has the hash\n{hash}\nand tests/contract/versions.toml has {known:?}: a change \
         of meaning needs another version, in every file of wit/ and in host/engine/src/lib.rs, with a line of its own there"
    );
    let others = versions.iter().filter(|(other, text)| *other != version && **text == hash);
    assert_eq!(others.count(), 0, "an earlier version has the same text");
}

#[test]
fn a_recording_of_another_version_is_refused_by_name() {
    let (home, place) = (tempdir().unwrap(), tempdir().unwrap());
    demo_home(home.path());
    let file = place.path().join("recording.jsonl");
    let named = file.to_str().unwrap();
    Program::stateless(home.path()).run(["--record", named, "list"]).well();
    let text = std::fs::read_to_string(&file).unwrap();
    let runtime = Runtime::load().unwrap();
    assert!(replay(&runtime, text.as_bytes()).unwrap().calls > 0);
    let (package, version) = CONTRACT.split_once('@').unwrap();
    let another = format!("{package}@{version}9");
    for (from, to) in [(CONTRACT, another.as_str()), ("\"recording\":2", "\"recording\":1")] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text, "{from} is not in the recording");
        let Err(ReplayError::Version { contract, form }) = replay(&runtime, other.as_bytes()) else {
            panic!("{to} is not refused");
        };
        assert_eq!((contract.as_str(), form), if from == CONTRACT { (to, 2) } else { (CONTRACT, 1) });
        std::fs::write(&file, &other).unwrap();
        let refused = Program::stateless(Path::new("/nowhere")).run(["debug", "replay", named]).ended(1);
        assert!(refused.stderr.contains(&contract) && refused.stderr.contains(CONTRACT), "{}", refused.stderr);
        assert!(refused.stderr.contains("with the version of threadkeep that recorded it"), "{}", refused.stderr);
    }
}

#[test]
fn what_may_not_be_there_is_never_an_option_within_a_result() {
    let wrong: Vec<String> =
        texts().into_iter().filter(|(_, text)| text.contains("result<option<")).map(|(file, _)| file).collect();
    assert_eq!(wrong, Vec::<String>::new());
}
