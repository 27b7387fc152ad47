//! Who has a database open is told without a lock being taken or lost.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use support::skipped;
use tempfile::tempdir;
use threadkeep::platform::database_holders::holders;

/// A database in another process, which has begun as told and stays; none where there is no python3 with SQLite.
struct Other(Child);

impl Other {
    fn on(database: &Path, told: &str) -> Option<Other> {
        let script = format!(
            "import sqlite3,sys,time\nc=sqlite3.connect(sys.argv[1],isolation_level=None)\nfor s in {told}: \
             c.execute(s).fetchall()\nprint('held',flush=True)\ntime.sleep(60)"
        );
        let child = Command::new("python3").args(["-c", &script]).arg(database).stdout(Stdio::piped()).spawn();
        let mut other = Other(child.ok()?);
        let mut said = [0; 4];
        other.0.stdout.as_mut().unwrap().read_exact(&mut said).ok()?;
        Some(other)
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn pids(database: &Path) -> Vec<u32> {
    holders(database).unwrap().unwrap().into_iter().map(|holder| holder.pid.unwrap()).collect()
}

#[test]
fn every_process_is_seen_that_has_a_database_in_wal_mode_open_until_it_ends() {
    let place = tempdir().unwrap();
    let database = place.path().join("state 1.sqlite");
    assert_eq!(pids(&database), Vec::<u32>::new());
    let told = "['PRAGMA journal_mode=WAL', 'CREATE TABLE IF NOT EXISTS t(a)', 'SELECT * FROM t']";
    let Some(one) = Other::on(&database, told) else { return skipped("no python3 to hold a database") };
    assert_eq!(pids(&database), [one.0.id()]);
    let two = Other::on(&database, told).unwrap();
    let mut both = [one.0.id(), two.0.id()];
    both.sort_unstable();
    assert_eq!(pids(&database), both);
    // By a link too, since SQLite keeps its files beside what it leads to.
    std::os::unix::fs::symlink(&database, place.path().join("link.sqlite")).unwrap();
    assert_eq!(pids(&place.path().join("link.sqlite")), both);
    let said = holders(&database).unwrap().unwrap()[0].to_string();
    assert!(said.starts_with("python3 (pid "), "{said}");
    // The looking took nothing from them.
    assert_eq!(pids(&database), both);
    drop(one);
    assert_eq!(pids(&database), [two.0.id()]);
    // A killed one leaves its files, and no lock.
    drop(two);
    assert!(place.path().join("state 1.sqlite-shm").exists());
    assert_eq!(pids(&database), Vec::<u32>::new());
}

#[test]
fn in_another_mode_a_transaction_is_seen() {
    let place = tempdir().unwrap();
    let database = place.path().join("state.sqlite");
    let Some(resting) = Other::on(&database, "['CREATE TABLE t(a)']") else {
        return skipped("no python3 to hold a database");
    };
    assert_eq!(pids(&database), Vec::<u32>::new());
    drop(resting);
    let writing = Other::on(&database, "['BEGIN IMMEDIATE', 'INSERT INTO t VALUES (1)']").unwrap();
    assert_eq!(pids(&database), [writing.0.id()]);
}
