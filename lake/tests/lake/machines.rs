//! Eight machines push into one place at once, are killed and started again, while a reader counts by manifests alone.
//!
//! `THREADKEEP_TEST_SECONDS` says how long they go on; without it that is ten seconds.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use object_store::aws::AmazonS3Builder;
use object_store::prefix::PrefixStore;
use serde_json::Value;
use tempfile::tempdir;
use threadkeep_lake::store::Store;
use threadkeep_lake::{compact, ledger};

use crate::engines::python;
use crate::support::{Found, Thread, begin, end, expected, found, read_by, store};

const MACHINES: usize = 8;
/// Is how many turns a thread gets at once, so that a thread that is half there has another number.
const STEP: usize = 2;
/// Is where everybody pushes to.
struct Place {
    destination: String,
    environment: Vec<(&'static str, String)>,
    /// Is so short that files go while others read, and longer than it takes to compact a home.
    grace: Duration,
    store: fn(&Place) -> Store,
}

impl Place {
    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_threadkeep-lake"));
        command.arg(arguments[0]).arg(&self.destination).args(&arguments[1..]);
        command.args(["--grace", &self.grace.as_secs().to_string()]).envs(self.environment.iter().cloned());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn store(&self) -> Store {
        (self.store)(self)
    }
}

fn seconds(otherwise: u64) -> Duration {
    let asked = std::env::var("THREADKEEP_TEST_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(asked.unwrap_or(otherwise))
}

/// Gives how many items a turn of a thread has, counted from 0.
fn items_of(number: usize, turn: usize) -> i64 {
    ((number + turn) % 3) as i64
}

fn number_of(id: &str) -> usize {
    id.trim_start_matches("thread-").parse().unwrap()
}

/// Is a machine with a home, and what it knows to be pushed.
struct Machine {
    number: usize,
    threads: Vec<Thread>,
    /// How many turns of each thread are known to be there.
    pushed: Vec<usize>,
    random: u64,
    kills: usize,
}

impl Machine {
    fn new(number: usize) -> Machine {
        Machine { number, threads: Vec::new(), pushed: Vec::new(), random: number as u64 + 1, kills: 0 }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    /// Begins a thread, and goes on with two.
    fn work(&mut self) {
        let number = self.number * 1000 + self.threads.len();
        self.threads.push(Thread::new(number, &[]));
        self.pushed.push(0);
        let newest = self.threads.len() - 1;
        let old = self.random(self.threads.len() as u64) as usize;
        for at in [newest, old] {
            let number = number_of(&self.threads[at].id);
            let turns = &mut self.threads[at].turns;
            turns.extend((turns.len()..turns.len() + STEP).map(|turn| items_of(number, turn)).collect::<Vec<_>>());
        }
    }

    /// Gives the lines of a run: what is not known to be there, and the last turn from before once more.
    fn lines(&self) -> String {
        let begin = begin(&format!("h-{}", self.number)).replace("m-1", &format!("m-{}", self.number));
        let changed = self.threads.iter().zip(&self.pushed).filter(|(thread, pushed)| thread.turns.len() > **pushed);
        let lines: String = changed.map(|(thread, pushed)| thread.lines(pushed.saturating_sub(1))).collect();
        begin + &lines + &end(self.threads.len())
    }

    fn round(&mut self, place: &Place) {
        self.work();
        let dice = self.random(10);
        if dice < 3 {
            // It is killed while it starts, while it writes, or when it is over already.
            let arguments = [&["push", "--commit-every", "0"][..], &["push", "--compact"], &["compact"]][dice as usize];
            let mut child = place.program(arguments).spawn().unwrap();
            let _ = child.stdin.take().unwrap().write_all(self.lines().as_bytes());
            std::thread::sleep(Duration::from_millis(self.random(90)));
            child.kill().unwrap();
            child.wait().unwrap();
            self.kills += 1;
        } else if dice == 3 {
            finished(place.program(&["compact"]), "");
        } else {
            self.push(place, if dice < 6 { &["push", "--compact"] } else { &["push"] });
        }
        std::thread::sleep(Duration::from_millis(self.random(60)));
    }

    fn push(&mut self, place: &Place, arguments: &[&str]) {
        if finished(place.program(arguments), &self.lines()) {
            self.pushed = self.threads.iter().map(|thread| thread.turns.len()).collect();
        }
    }
}

/// Runs a program to its end, and says whether it did what it was asked. That others were quicker is no failure: it says so.
fn finished(mut command: Command, input: &str) -> bool {
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let others_were_quicker = said.contains("start the run again: it goes on from what is there now");
    assert!(output.status.success() || others_were_quicker, "{command:?} says {said}");
    output.status.success()
}

/// Sees by manifests, again and again, that counts only grow and threads are whole; gives how often it looked.
fn watch(place: &Place, is_over: &AtomicBool) -> usize {
    let store = place.store();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut sequences = BTreeMap::new();
    let mut looks = 0;
    while !is_over.load(Ordering::SeqCst) {
        for owner in ledger::owners(&store).unwrap() {
            let began = Instant::now();
            let Some(manifest) = ledger::newest(&store, &owner).unwrap() else { continue };
            let found = match read_by(&store, &manifest) {
                Ok(found) => found,
                // Whoever reads for longer than the grace time begins anew.
                Err(_) if began.elapsed() >= place.grace => continue,
                Err(error) => panic!("{error}, which manifest {} of {owner:?} names", manifest.sequence),
            };
            let before = sequences.insert(owner.clone(), manifest.sequence).unwrap_or_default();
            assert!(before <= manifest.sequence, "the newest manifest of {owner:?} is {}", manifest.sequence);
            let of_machine: usize = owner.machine.trim_start_matches("m-").parse().unwrap();
            let known = seen.keys().filter(|id| number_of(id) / 1000 == of_machine);
            assert!(known.into_iter().all(|id| found.contains_key(id)), "a thread of {owner:?} is gone");
            for (id, count) in whole_threads(&found) {
                let before = seen.insert(id.clone(), count).unwrap_or_default();
                assert!(before <= count, "{id} has {count} turns after {before}");
            }
            looks += 1;
        }
    }
    looks
}

/// Gives how many turns each thread has, and sees that none is half there.
fn whole_threads(found: &Found) -> impl Iterator<Item = (String, usize)> {
    found.iter().map(|(id, turns)| {
        assert!(!turns.is_empty() && turns.len() % STEP == 0, "{id} has {} turns", turns.len());
        for (turn, (key, items)) in turns.iter().enumerate() {
            assert_eq!(*key, turn as i64 + 1, "of {id}");
            assert!(items.iter().copied().eq(1..=items_of(number_of(id), turn)), "turn {key} of {id} has {items:?}");
        }
        (id.clone(), turns.len())
    })
}

/// Has all machines push for a while, and gives what all of them have in the end.
fn push_for(place: &Place, duration: Duration) -> Vec<Thread> {
    let is_over = AtomicBool::new(false);
    let (machines, looks) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| watch(place, &is_over));
        let working: Vec<_> = (0..MACHINES)
            .map(|number| {
                scope.spawn(move || {
                    let (mut machine, began) = (Machine::new(number), Instant::now());
                    // Nobody compacts where nobody has pushed.
                    machine.work();
                    machine.push(place, &["push"]);
                    while began.elapsed() < duration {
                        machine.round(place);
                    }
                    let all =
                        |machine: &Machine| machine.threads.iter().map(|thread| thread.turns.len()).collect::<Vec<_>>();
                    while machine.pushed != all(&machine) {
                        machine.push(place, &["push"]);
                    }
                    machine
                })
            })
            .collect();
        let machines: Vec<_> = working.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        is_over.store(true, Ordering::SeqCst);
        let looks = reader.join().unwrap();
        (machines.into_iter().map(Result::unwrap).collect::<Vec<Machine>>(), looks)
    });
    assert!(looks > MACHINES && machines.iter().map(|machine| machine.kills).sum::<usize>() > 0);
    machines.into_iter().flat_map(|machine| machine.threads).collect()
}

/// Sees that everything is there, and after a compaction once: then there is one row of each key.
fn check_all(store: &Store, threads: &[Thread]) {
    assert_eq!(found(store), expected(threads));
    for _ in 0..2 {
        compact::run(store, Duration::ZERO).unwrap();
    }
    assert_eq!(found(store), expected(threads));
    let mut rows: BTreeMap<String, u64> = BTreeMap::new();
    for file in ledger::all(store).unwrap().into_iter().flat_map(|manifest| manifest.files) {
        *rows.entry(file.table).or_default() += file.rows;
    }
    for (table, count) in counts(threads) {
        assert!(table == "machines" || rows[table] == count, "{table} has {} rows for {count}", rows[table]);
    }
}

/// Gives how many rows of each table threads have.
fn counts(threads: &[Thread]) -> [(&'static str, u64); 7] {
    let turns: u64 = threads.iter().map(|thread| thread.turns.len() as u64).sum();
    let items = threads.iter().flat_map(|thread| &thread.turns).sum::<i64>() as u64;
    let count = threads.len() as u64;
    [
        ("threads", count),
        ("turns", turns),
        ("items", items),
        ("usage", turns),
        ("file_changes", items),
        ("records", turns + 2 * count),
        ("machines", MACHINES as u64),
    ]
}

#[allow(clippy::print_stderr, reason = "who runs the tests should know what was not tried")]
fn not_tried(what: &str, missing: &str) {
    eprintln!("NOT TRIED: {what}, since what it needs is not there; .ci/setup {missing} installs it");
}

fn check_by_duckdb(directory: &Path, threads: &[Thread]) {
    let python = match python("lake") {
        Ok(python) => python,
        Err(missing) => return not_tried("counting by DuckDB", missing),
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/counts.py");
    let output = Command::new(python).arg(script).arg(env!("CARGO_BIN_EXE_threadkeep-lake")).arg(directory).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let counted: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (table, count) in counts(threads) {
        assert_eq!(counted[table], serde_json::json!([count, count]), "rows and keys of {table}");
    }
    assert_eq!(counted["files"][0], counted["files"][1], "no file is named twice");
}

#[test]
fn eight_machines_push_into_a_directory_and_a_reader_sees_counts_grow_and_whole_threads() {
    let directory = tempdir().unwrap();
    let place = Place {
        destination: directory.path().to_str().unwrap().to_owned(),
        environment: Vec::new(),
        grace: Duration::from_secs(4),
        store: |place| store(Path::new(&place.destination)),
    };
    let threads = push_for(&place, seconds(10));
    check_by_duckdb(directory.path(), &threads);
    check_all(&place.store(), &threads);
    check_by_duckdb(directory.path(), &threads);
}

/// Is a server that speaks S3, until it is dropped.
struct Server(Child, String);

impl Server {
    fn start() -> Option<Server> {
        let python = match python("lake") {
            Ok(python) => python,
            Err(missing) => {
                not_tried("eight machines and a bucket", missing);
                return None;
            }
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bucket_server.py");
        let mut command = Command::new(python);
        command.arg(script).arg("lake").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Some(Server(child, format!("http://127.0.0.1:{}", port.trim())))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn eight_machines_push_into_a_bucket_and_a_reader_sees_counts_grow_and_whole_threads() {
    let Some(server) = Server::start() else { return };
    let place = Place {
        destination: "s3://lake/team".into(),
        environment: vec![
            ("AWS_ACCESS_KEY_ID", "planted-id".into()),
            ("AWS_SECRET_ACCESS_KEY", "planted-secret".into()),
            ("AWS_REGION", "us-east-1".into()),
            ("AWS_ALLOW_HTTP", "true".into()),
            ("AWS_ENDPOINT_URL", server.1.clone()),
        ],
        grace: Duration::from_secs(30),
        store: |place| {
            // The first one to choose wins, as in the program.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let value = |name: &str| place.environment.iter().find(|(other, _)| *other == name).unwrap().1.clone();
            let bucket = AmazonS3Builder::new()
                .with_bucket_name("lake")
                .with_access_key_id(value("AWS_ACCESS_KEY_ID"))
                .with_secret_access_key(value("AWS_SECRET_ACCESS_KEY"))
                .with_endpoint(value("AWS_ENDPOINT_URL"))
                .with_allow_http(true)
                .build()
                .unwrap();
            Store::of(Arc::new(PrefixStore::new(bucket, "team")), place.destination.clone(), None).unwrap()
        },
    };
    let threads = push_for(&place, seconds(10));
    check_all(&place.store(), &threads);
}
