//! The component against a native build of the same code.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use support::Disk;
use threadkeep::contract::{EntryKind, FileFacts};
use threadkeep::platform::home::Home;
use threadkeep::rollouts::imports;
use threadkeep_core::ports::Rollouts;
use threadkeep_core::rollout::extract::{Limits, extract};
use threadkeep_engine::{Core, Runtime, calls};

use crate::table::Table;

const COMPONENT: &str = "component";
const NATIVE: &str = "native";

/// Bytes that the component is to read in a millisecond.
const WANTED: f64 = 1e6;

/// Extraction of these files by each of the two, one thread.
pub(crate) fn parsing(home: &Path, files: &[PathBuf], runs: usize) {
    let runtime = Runtime::load().unwrap();
    let open = Arc::new(Home::open(home, |_| None).unwrap());
    let mut core = Core::new(&runtime, imports(&open));
    let relative = |path: &PathBuf| path.strip_prefix(home).unwrap().to_str().unwrap().to_string();
    let mut table = Table::default();
    for _ in 0..runs {
        table.time(COMPONENT, || {
            for path in files {
                let size = path.metadata().unwrap().len();
                let file = FileFacts { path: relative(path), kind: EntryKind::File, size, modified_ns: 0, inode: 0 };
                core.call(&calls::Extract { file, earlier: None }).unwrap().unwrap();
            }
        });
        table.time(NATIVE, || {
            let disk = Disk::of(home);
            for path in files {
                let file = disk.stat(&relative(path)).unwrap();
                extract(&disk, &file, None, Limits::USUAL).unwrap();
            }
        });
    }
    let bytes: u64 = files.iter().map(|file| file.metadata().unwrap().len()).sum();
    table.want(COMPONENT, bytes as f64 / WANTED);
    println!("\nparsing, one thread, {} MB", bytes / 1_000_000);
    table.print();
    let speed = |what: &str| bytes as f64 / 1e3 / table.median(what);
    println!("  MB/s: component {:.0}, native {:.0}", speed(COMPONENT), speed(NATIVE));
    println!("  component / native: {:.2}", table.median(COMPONENT) / table.median(NATIVE));
}
