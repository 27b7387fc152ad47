//! A run that is killed anywhere, or whose disk is full, leaves whole threads, and the next one completes them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::tempdir;
use threadkeep_lake::ErrorKind;
use threadkeep_tables::TABLES;

use crate::support::{Thread, begin, eager, expected, files, found, push_all, pushed, store, whole};

fn program(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadkeep-lake"));
    command.args(["push", directory.to_str().unwrap(), "--commit-every", "0", "--grace", "0"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn a_run_that_is_killed_anywhere_leaves_whole_threads_and_the_next_one_completes_them() {
    let threads: Vec<Thread> = (0..30).map(|number| Thread::new(number, &[2, 2, 1])).collect();
    let all = expected(&threads);
    for round in 0..8u64 {
        let directory = tempdir().unwrap();
        let mut child = program(directory.path()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let feeder = std::thread::spawn({
            let lines = whole(&threads);
            move || {
                for part in lines.as_bytes().chunks(2000) {
                    if input.write_all(part).is_err() {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
        });
        std::thread::sleep(Duration::from_millis(15 + round * 20));
        child.kill().unwrap();
        child.wait().unwrap();
        feeder.join().unwrap();
        let store = store(directory.path());
        for (id, turns) in found(&store) {
            assert_eq!(turns, all[&id], "{id} is whole");
        }
        push_all(&store, &threads);
        assert_eq!(found(&store), all);
        // What the killed run left goes with a later run that finds it old.
        push_all(&store, &threads);
        threadkeep_lake::compact::run(&store, Duration::ZERO).unwrap();
        threadkeep_lake::compact::run(&store, Duration::ZERO).unwrap();
        let live: usize =
            threadkeep_lake::ledger::all(&store).unwrap().iter().map(|manifest| manifest.files.len()).sum();
        let parquet = files(directory.path()).into_iter().filter(|path| path.to_string_lossy().contains(".parquet"));
        let parquet: Vec<_> = parquet.collect();
        assert_eq!(parquet.len(), live + TABLES.len(), "the live files and those that tell the columns: {parquet:?}");
    }
}

/// Makes a small disk, where that can be done.
pub(crate) struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    pub(crate) fn new(size: &str) -> Option<SmallDisk> {
        let directory = tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(directory.path()).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then(|| SmallDisk(directory))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves no room on it.
    pub(crate) fn fill(&self, filler: &Path) {
        let mut file = std::fs::File::create(filler).unwrap();
        for size in [64 << 10, 512] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
#[allow(clippy::print_stderr, reason = "who runs the tests should know what was not tried")]
fn a_full_disk_is_told_and_what_was_committed_stays() {
    let Some(disk) = SmallDisk::new("640k") else {
        eprintln!("NOT TRIED: a full disk, since no small one can be mounted here");
        return;
    };
    let directory = disk.path().join("lake");
    let store = store(&directory);
    let first = Thread::new(1, &[1]);
    push_all(&store, std::slice::from_ref(&first));
    let filler = disk.path().join("filler");
    disk.fill(&filler);
    let more: Vec<_> = (2..9).map(|number| Thread::new(number, &[3])).collect();
    let (result, answers) = pushed(&store, &whole(&more), eager());
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Io);
    assert!(answers.last().unwrap()["failed"]["message"].as_str().unwrap().contains("space"));
    assert_eq!(found(&store), expected(std::slice::from_ref(&first)));
    std::fs::remove_file(filler).unwrap();
    push_all(&store, &more);
    assert_eq!(found(&store), expected(&[vec![first], more].concat()));
}

#[test]
fn an_input_that_is_only_begun_writes_nothing() {
    let directory = tempdir().unwrap();
    let store = store(directory.path());
    let (result, _) = pushed(&store, &begin("h-1"), eager());
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(files(directory.path()).is_empty());
}
