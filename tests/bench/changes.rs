//! Changes of threads, on a home of the benchmark's own: the same rollouts, under names of their own.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use threadkeep::platform::wait::Wait;
use threadkeep::threads::change::Changes;

use crate::homes::linked;
use crate::library::Library;
use crate::table::Table;

const ARCHIVE: &str = "archive";
const ARCHIVE_SYNCS: &str = "its fsyncs alone: a journal, two directories";
const NAME: &str = "name";
const NAME_SYNCS: &str = "its fsyncs alone: a journal, the index";
/// What a change may take beyond its fsyncs.
const BEYOND: f64 = 5.0;

/// Archives, brings back and names the same thread again and again.
pub(crate) fn changes(home: &Path, target: &Path, id: &str, runs: usize) {
    let place = tempfile::tempdir_in(target).unwrap();
    let copy = place.path().join("home");
    linked(home, &copy);
    let library = Library::open(&copy, &place.path().join("state"));
    let mut changes = Changes::new(&library.runtime, &library.home, Some(&library.state), Wait::default()).unwrap();
    let journal = File::create(place.path().join("journal")).unwrap();
    let dirs = ["one", "two"].map(|name| {
        std::fs::create_dir(place.path().join(name)).unwrap();
        File::open(place.path().join(name)).unwrap()
    });
    let synced = |mut file: &File, bytes: usize| {
        file.write_all(&vec![b'x'; bytes]).unwrap();
        file.sync_data().unwrap();
    };
    let rollout = place.path().join("one/rollout");
    File::create(&rollout).unwrap();
    let mut table = Table::default();
    for run in 0..runs * 5 {
        table.time(ARCHIVE_SYNCS, || {
            synced(&journal, 8 << 10);
            std::fs::rename(&rollout, place.path().join("two/rollout")).unwrap();
            dirs.iter().for_each(|dir| dir.sync_all().unwrap());
        });
        std::fs::rename(place.path().join("two/rollout"), &rollout).unwrap();
        table.time(ARCHIVE, || assert_eq!(changes.archive(id).unwrap().renamings.len(), 1));
        changes.unarchive(id).unwrap();
        table.time(NAME_SYNCS, || {
            synced(&journal, 8 << 10);
            synced(&journal, 128);
        });
        let name = format!("name {run}");
        table.time(NAME, || assert_eq!(changes.name(id, Some(&name)).unwrap().name.as_deref(), Some(&*name)));
    }
    for (what, syncs) in [(ARCHIVE, ARCHIVE_SYNCS), (NAME, NAME_SYNCS)] {
        table.want(what, table.median(syncs) + BEYOND);
    }
    println!("\nchanges, with the handle open");
    table.print();
}
