//! Several at once lose nothing of each other.

use std::collections::BTreeSet;
use std::sync::mpsc::channel;
use std::time::Duration;

use threadkeep_lake::database::{compact, forget};
use threadkeep_lake::push;

use super::Schema;
use super::server::Server;
use crate::model::Place as _;
use crate::support::{Thread, begin, eager, end, expected, push_all, pushed, whole};
use crate::writers::{Slow, patient};

#[test]
fn four_writers_of_one_identity_and_a_compaction_lose_nothing() {
    let Some(server) = Server::start() else { return };
    let threads: Vec<Thread> = (0..40).map(|number| Thread::new(number, &[1, 2])).collect();
    std::thread::scope(|scope| {
        for part in threads.chunks(10) {
            let server = &server;
            // The first ones make the tables at once, too.
            scope.spawn(move || {
                for thread in part {
                    push_all(&server.database("threadkeep"), std::slice::from_ref(thread));
                }
            });
        }
        scope.spawn(|| {
            let mut most = 0;
            for _ in 0..20 {
                let there = server.found("threadkeep").len();
                assert!(there >= most, "counts only grow");
                most = there;
                if there > 0 {
                    compact(&server.database("threadkeep")).unwrap();
                }
            }
        });
    });
    assert_eq!(server.found("threadkeep"), expected(&threads));
    let highest = server.connect("owner").query_one("SELECT highest_version FROM threadkeep.homes", &[]).unwrap();
    assert_eq!(highest.get::<_, i64>(0), 40, "each run has a version of its own");
}

#[test]
fn who_comes_behind_wins_and_what_was_forgotten_meanwhile_stays_away() {
    let Some(server) = Server::start() else { return };
    let (mut thread, secret) = (Thread::new(1, &[1]), Thread::new(2, &[1]));
    push_all(&server.database("threadkeep"), std::slice::from_ref(&secret));
    std::thread::scope(|scope| {
        let (lines, input) = channel();
        let late =
            scope.spawn(|| push::run(&server.database("threadkeep"), Slow(input, Vec::new()), Vec::new(), patient()));
        lines.send(begin("h-1")).unwrap();
        std::thread::sleep(Duration::from_millis(500));
        push_all(&server.database("threadkeep"), &[Thread { turns: vec![4], ..thread.clone() }]);
        let ids = BTreeSet::from([secret.id.clone()]);
        assert!(forget(&server.database("threadkeep"), &ids).unwrap() > 0);
        thread.turns = vec![2];
        lines.send(thread.lines(0) + &secret.lines(0) + &end(2)).unwrap();
        late.join().unwrap().unwrap();
    });
    assert_eq!(server.found("threadkeep"), expected(&[thread]));
    assert!(!Schema::of(&server, "threadkeep").is_anywhere(&secret.text));
    let (_, answers) = pushed(&server.database("threadkeep"), &whole(&[]), eager());
    assert_eq!(answers[0]["opened"], serde_json::json!({"version": 4, "isNew": false, "forgotten": [secret.id]}));
    let error = forget(&server.database("threadkeep"), &BTreeSet::from(["nowhere".to_owned()])).unwrap_err();
    assert_eq!(error.exit_code(), 3);
}
