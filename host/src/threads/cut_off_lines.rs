//! Rollouts that end in the middle of a record, as a full disk or a killed writer leaves them: each is told of once, by the start
//! that first reads it so.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use crate::db::StateDb;
use crate::platform::home::Home;
use crate::platform::own_files::read_own_file;
use crate::platform::writer_lock::has_writer;
use crate::threads::store::torn_tail;

/// Holds the lengths of rollouts with lines that are no records, as they were when their ends were looked at.
const FILE: &str = "cut-off-lines.json";
/// That is never longer, bytes.
const LONGEST: u64 = 64 << 20;
/// As many are told one by one.
const TOLD: usize = 3;

/// Returns what is to be told of rollouts that end in the middle of a record, and were not so when their ends were last
/// looked at.
pub(crate) fn cut_off_lines(home: &Home, state: &StateDb, state_dir: &Path) -> Vec<String> {
    let Ok(files) = state.database().files_with_bad_lines() else { return Vec::new() };
    let place = state_dir.join(FILE);
    let known: BTreeMap<String, u64> =
        read_own_file(&place, LONGEST).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let (mut seen, mut told) = (BTreeMap::new(), Vec::new());
    for (path, thread) in files {
        let file = home.resolve(&path).and_then(|(dir, rest)| dir.symlink_metadata(rest).ok());
        let Some(length) = file.map(|file| file.len()) else { continue };
        if known.get(&path) == Some(&length) {
            seen.insert(path, length);
            continue;
        }
        // Whoever writes it may be in the middle of a line.
        if thread.is_some_and(|thread| has_writer(home, &thread)) {
            continue;
        }
        if let Some(bytes) = torn_tail(home, &path) {
            told.push(format!(
                "the last line of {} is cut off: a record was not kept, but for its first {bytes} bytes, which stay; what \
                 stands before it is kept",
                home.absolute(&path).display()
            ));
        }
        seen.insert(path, length);
    }
    if seen != known {
        // Where that fails it is told again, rather than never.
        let _ = write(state_dir, &place, &seen);
    }
    let more = told.len().saturating_sub(TOLD);
    told.truncate(TOLD);
    if more > 0 {
        told.push(format!("the last lines of {more} more rollouts are cut off; `threadkeep status` names them all"));
    }
    told
}

fn write(dir: &Path, place: &Path, seen: &BTreeMap<String, u64>) -> std::io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".threadkeep-").suffix(".tmp").tempfile_in(dir)?;
    file.write_all(&serde_json::to_vec(seen)?)?;
    file.persist(place).map(drop).map_err(|error| error.error)
}
