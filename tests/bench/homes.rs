//! The homes that are measured, made below the target directory once.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::bench_home;

/// A home of so many rollouts, about 80 KB each.
pub(crate) fn made_home(target: &Path, rollouts: usize) -> PathBuf {
    let home = target.join(format!("bench-home-{rollouts}"));
    if !home.exists() {
        eprintln!("making a home of {rollouts} rollouts below the target directory");
        let begun = home.with_extension("begun");
        std::fs::remove_dir_all(&begun).unwrap_or_default();
        bench_home(&begun, rollouts);
        std::fs::rename(&begun, &home).unwrap();
    }
    home
}

/// A home with one rollout of 300 MB, most of it in lines of 1 MB and one of 64 MB, compressed: all of it is read.
pub(crate) fn large_home(target: &Path) -> PathBuf {
    let home = target.join("bench-home-large");
    let path =
        home.join("sessions/2026/03/01/rollout-2026-03-01T10-00-00-019ca8a0-0000-7000-8000-000000000001.jsonl.zst");
    if !path.exists() {
        let head = support::Rollout::paginated("019ca8a0-0000-7000-8000-000000000001")
            .at("2026-03-01T10:00:00.000Z")
            .cwd("/a")
            .user("hello");
        let mut plain = head.bytes();
        for megabytes in std::iter::repeat_n(1, 236).chain([64]) {
            plain.extend_from_slice(
                br#"{"timestamp":"2026-03-01T10:00:01.000Z","type":"world_state","payload":{"text":""#,
            );
            plain.resize(plain.len() + (megabytes << 20), b'x');
            plain.extend_from_slice(b"\"}}\n");
        }
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, zstd::encode_all(&plain[..], 1).unwrap()).unwrap();
    }
    home
}

/// Reads every byte; how many there are.
pub(crate) fn read_all(files: &[PathBuf]) -> u64 {
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    for path in files {
        let mut file = File::open(path).unwrap();
        loop {
            match file.read(&mut buffer).unwrap() {
                0 => break,
                read => bytes += read as u64,
            }
        }
    }
    bytes
}

/// What the system's own `find` takes to look at every file.
pub(crate) fn walk(home: &Path) {
    let mut find = Command::new("find");
    find.arg(home).args(["-type", "f", "-printf", "%s %T@\n"]).stdout(Stdio::null());
    assert!(find.status().unwrap().success());
}
