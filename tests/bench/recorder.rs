//! Writing threads: what a flush costs beyond the bytes' own way to the disk, and what taking items in costs.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use threadkeep::platform::home::Home;
use threadkeep::startup::{self, Config};
use threadkeep::threads::store::{Item, LocalThreadStore, NewThread, ThreadStore, UserMessage};
use threadkeep_engine::Runtime;

use crate::table::Table;

const BARE: &str = "a bare write and fsync of the same bytes";
const FLUSH: &str = "append and flush";
const BUFFERED: &str = "100,000 buffered appends, an item each";
/// How many times a bare write and fsync an append and its flush may take.
const TIMES: f64 = 1.3;
const APPENDS: usize = 100_000;

/// Appends and flushes; beside it, on the same disk and in turn, the same bytes written by nobody in particular.
pub(crate) fn recorder(target: &Path, runs: usize) {
    let place = tempfile::tempdir_in(target).unwrap();
    let home = place.path().join("home");
    std::fs::create_dir(&home).unwrap();
    let runtime = Runtime::load().unwrap();
    let home = Arc::new(Home::open(&home, |_| None).unwrap());
    let (state, _) = startup::init(&runtime, &home, &Config::of(place.path().join("state"))).unwrap();
    let store = LocalThreadStore::new(&runtime, &home, Some(state));
    let new = NewThread { cwd: "/src/app".into(), source: "\"cli\"".into(), ..NewThread::default() };
    let thread = store.create(new.clone()).unwrap();
    let answer = [Item::AgentMessage("Every row of the table is right, and the next one too. ".repeat(20))];
    store.append(&thread, &answer).unwrap();
    store.flush(&thread).unwrap();
    let path = store.path(&thread).unwrap();
    let mut bare = OpenOptions::new().append(true).create(true).open(place.path().join("bare")).unwrap();
    let mut written = std::fs::metadata(&path).unwrap().len();
    let mut table = Table::default();
    for _ in 0..runs * 40 {
        table.time(FLUSH, || {
            store.append(&thread, &answer).unwrap();
            store.flush(&thread).unwrap();
        });
        let length = std::fs::metadata(&path).unwrap().len();
        let bytes = vec![b'x'; (length - std::mem::replace(&mut written, length)) as usize];
        table.time(BARE, || {
            bare.write_all(&bytes).unwrap();
            bare.sync_all().unwrap();
        });
    }
    table.want(FLUSH, table.median(BARE) * TIMES);
    let said = [Item::UserMessage(UserMessage { text: "Is the table right by now?".into(), images: Vec::new() })];
    for _ in 0..runs.min(3) {
        let thread = store.create(new.clone()).unwrap();
        table.time(BUFFERED, || (0..APPENDS).for_each(|_| store.append(&thread, &said).unwrap()));
        store.discard(&thread).unwrap();
    }
    table.want(BUFFERED, 1_000.0);
    println!("\nwriting threads");
    table.print();
}
