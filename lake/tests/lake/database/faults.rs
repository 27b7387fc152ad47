//! Whatever goes wrong is told, what was committed stays, and the next run goes on.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::Duration;

use threadkeep_lake::{ErrorKind, push};

use super::program;
use super::server::Server;
use crate::killed::SmallDisk;
use crate::support::{Thread, begin, end, expected, push_all, pushed, whole};
use crate::writers::{Slow, patient};

#[test]
fn a_run_that_is_killed_anywhere_leaves_whole_threads_and_the_next_one_completes_them() {
    let Some(server) = Server::start() else { return };
    let threads: Vec<Thread> = (0..30).map(|number| Thread::new(number, &[2, 2, 1])).collect();
    let all = expected(&threads);
    let mut seen = BTreeSet::new();
    for round in 0..8u64 {
        let schema = format!("round_{round}");
        let mut child = program(&["push", &server.url("owner", &schema), "--commit-every", "0"]).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let lines = whole(&threads);
        let feeder = std::thread::spawn(move || {
            for part in lines.as_bytes().chunks(2000) {
                if input.write_all(part).is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        std::thread::sleep(Duration::from_millis(30 + round * 60));
        child.kill().unwrap();
        child.wait().unwrap();
        feeder.join().unwrap();
        let found = server.found(&schema);
        seen.insert(found.len());
        for (id, turns) in found {
            assert_eq!(turns, all[&id], "{id} is whole");
        }
        push_all(&server.database(&schema), &threads);
        assert_eq!(server.found(&schema), all);
    }
    assert!(seen.len() > 1, "it was killed at several moments: {seen:?}");
}

#[test]
fn a_server_that_goes_in_the_middle_is_told_and_the_next_run_goes_on() {
    let Some(mut server) = Server::start() else { return };
    let threads: Vec<Thread> = (0..3).map(|number| Thread::new(number, &[2])).collect();
    let database = server.database("threadkeep");
    std::thread::scope(|scope| {
        let (lines, input) = channel();
        let late = scope.spawn(|| push::run(&database, Slow(input, Vec::new()), Vec::new(), patient()));
        lines.send(begin("h-1") + &threads[0].lines(0) + &threads[1].lines(0)).unwrap();
        while server.log().matches("UPDATE \"threadkeep\".homes").count() < 2 {
            std::thread::sleep(Duration::from_millis(50));
        }
        std::thread::sleep(Duration::from_millis(200));
        server.crash();
        lines.send(threads[2].lines(0) + &end(3)).unwrap();
        let error = late.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        assert!(error.hint().contains("what was committed stays"));
    });
    assert_eq!(server.found("threadkeep"), expected(&threads[..2]));
    push_all(&database, &threads[2..]);
    assert_eq!(server.found("threadkeep"), expected(&threads));
}

#[test]
#[allow(clippy::print_stderr, reason = "who runs the tests should know what was not tried")]
fn a_full_disk_of_the_server_is_told_and_what_was_committed_stays() {
    let Some(disk) = SmallDisk::new("8m") else {
        eprintln!("NOT TRIED: a full disk of the server, since no small one can be mounted here");
        return;
    };
    let Some(server) = Server::start() else { return };
    let place = disk.path().join("tables");
    std::fs::create_dir(&place).unwrap();
    for path in [disk.path(), &place] {
        let owned = Command::new("chown").arg("--reference").arg(server.data()).arg(path).status().unwrap();
        assert!(owned.success());
    }
    server.execute(&format!("CREATE TABLESPACE small LOCATION '{}'", place.display()));
    server.execute("ALTER ROLE owner SET default_tablespace = 'small'");
    let database = server.database("threadkeep");
    let first = Thread::new(1, &[1]);
    push_all(&database, std::slice::from_ref(&first));
    let filler = disk.path().join("filler");
    disk.fill(&filler);
    let more: Vec<Thread> = (2..9).map(|number| Thread::new(number, &[400])).collect();
    let (result, answers) = pushed(&database, &whole(&more), push::Options::default());
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(answers.last().unwrap()["failed"]["message"].as_str().unwrap().contains("space"), "{error}");
    assert_eq!(server.found("threadkeep"), expected(std::slice::from_ref(&first)));
    std::fs::remove_file(filler).unwrap();
    push_all(&database, &more);
    assert_eq!(server.found("threadkeep"), expected(&[vec![first], more].concat()));
}
