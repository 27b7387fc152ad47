//! Homes that real Codex releases wrote, where this machine has them.

use std::collections::BTreeMap;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use rusqlite::{Connection, params};
use serde_json::Value;
use tempfile::TempDir;

use crate::skipped;

/// One of them, unpacked for one test.
pub struct RealHome {
    /// `h142` and the like.
    pub name: String,
    /// The home.
    pub path: PathBuf,
    archives: PathBuf,
    _unpacked: TempDir,
}

/// The names of all of them.
pub const ALL_HOMES: [&str; 14] = [
    "h029",
    "h050",
    "h100",
    "h130",
    "h142",
    "h160",
    "h169-compress",
    "h169-main",
    "h171-craft",
    "h171-main",
    "tpl130-legacy",
    "tpl169-legacy",
    "tpl169-paginated",
    "up171-h130",
];

/// The homes of these names; none, said on stderr, when there are no real homes here.
pub fn real_homes<'a>(names: &'a [&'a str]) -> impl Iterator<Item = RealHome> + 'a {
    let archives = real_home_archives(None);
    if archives.is_none() {
        skipped("no real homes (THREADKEEP_TEST_HOMES)");
    }
    archives.into_iter().flat_map(move |archives| {
        names.iter().map(move |name| RealHome::unpack(&archives, name, tempfile::tempdir().unwrap()))
    })
}

/// Finds the directory that holds archives of real homes: the one that is given, or else this machine's.
pub fn real_home_archives(given: Option<&Path>) -> Option<PathBuf> {
    let given = given.map(PathBuf::from).or_else(|| env::var_os("THREADKEEP_TEST_HOMES").map(PathBuf::from));
    let place = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/homes"));
    let any = fs::read_dir(&place)
        .is_ok_and(|entries| entries.flatten().any(|entry| entry.file_name().to_string_lossy().ends_with(".tar.xz")));
    any.then_some(place)
}

impl RealHome {
    /// Unpacks the archive of this name into a directory that is the home's own.
    pub fn unpack(archives: &Path, name: &str, unpacked: TempDir) -> RealHome {
        let archive = archives.join(format!("{name}.tar.xz"));
        let packed = plain(&archive).unwrap_or_else(|| panic!("{} is missing", archive.display()));
        tar::Archive::new(packed.as_slice()).unpack(unpacked.path()).unwrap();
        let path = unpacked.path().join(name);
        assert!(path.is_dir(), "{} holds no directory {name}", archive.display());
        RealHome { name: name.to_owned(), path, archives: archives.to_owned(), _unpacked: unpacked }
    }

    /// Points Codex's rows at the place where the home is now; as unpacked, it is a home that was moved.
    pub fn relocate(&self) {
        let database = self.path.join("state_5.sqlite");
        if !database.exists() {
            return;
        }
        let connection = Connection::open(database).unwrap();
        let mut rows = connection.prepare("SELECT id, rollout_path FROM threads").unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        let rows: Vec<(String, String)> = rows.unwrap().map(Result::unwrap).collect();
        for (id, path) in rows {
            let within = path.find("/sessions/").or_else(|| path.find("/archived_sessions/"));
            if let Some(within) = within {
                let there = format!("{}{}", self.path.display(), &path[within..]);
                connection.execute("UPDATE threads SET rollout_path = ?1 WHERE id = ?2", params![there, id]).unwrap();
            }
        }
    }

    /// What the newest Codex answers for every thread of this home: `{ID: {"row": …, "read": …, "turns": …}}`.
    pub fn oracle(&self) -> Option<Value> {
        let answers = self.archives.join("../codex/oracle").join(format!("{}.json.xz", self.name));
        Some(serde_json::from_slice(&plain(&answers)?).unwrap())
    }
}

/// What the newest Codex answered on damaged copies of `h169-main`, case by case in words.
pub fn damage_summary() -> Option<String> {
    fs::read_to_string(real_home_archives(None)?.join("../codex/damage_summary.txt")).ok()
}

/// What the newest Codex answered to requests about `h169-main`, in order: `{"method", "params", "result" or "error"}` each. None,
/// said on stderr, where they are not here.
pub fn recorded_answers(of: &str) -> Option<Vec<Value>> {
    let read = real_home_archives(None)
        .and_then(|archives| fs::read_to_string(archives.join(format!("../codex/transcripts/{of}.jsonl"))).ok());
    if read.is_none() {
        skipped("no recorded answers of Codex (THREADKEEP_TEST_HOMES)");
    }
    let lines = |text: String| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    read.map(lines)
}

/// The JSON Schemas of the protocol of Codex 0.171, by the names of their types. None, said on stderr, where they are not here.
pub fn protocol_schemas() -> Option<BTreeMap<String, Value>> {
    let packed = real_home_archives(None)?.join("../codex/schema/171.json.tar.xz");
    let Some(packed) = plain(&packed) else {
        skipped("no schema of Codex's protocol (THREADKEEP_TEST_HOMES)");
        return None;
    };
    let mut schemas = BTreeMap::new();
    for entry in tar::Archive::new(packed.as_slice()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        if path.extension().is_some_and(|extension| extension == "json") {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            schemas.insert(name, serde_json::from_str(&text).unwrap());
        }
    }
    Some(schemas)
}

/// The user's directory in which an agent of this name and release worked, unpacked. None, said on stderr, where it is not here.
pub fn real_agent(name: &str, unpacked: &TempDir) -> Option<PathBuf> {
    let packed = real_home_archives(None).and_then(|homes| plain(&homes.join(format!("../agents/{name}.tar.xz"))));
    let Some(packed) = packed else {
        skipped(&format!("no files of {name} (THREADKEEP_TEST_HOMES)"));
        return None;
    };
    let place = unpacked.path().join(name);
    tar::Archive::new(packed.as_slice()).unpack(&place).unwrap();
    Some(place.join("home/sam"))
}

fn plain(path: &Path) -> Option<Vec<u8>> {
    let mut packed = BufReader::new(fs::File::open(path).ok()?);
    let mut plain = Vec::new();
    lzma_rs::xz_decompress(&mut packed, &mut plain).unwrap();
    Some(plain)
}
