//! The core as WebAssembly: what it may reach, and that it is the same code as the native one. What it may cost is shown beside
//! what bounds it, in `host/engine`.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use support::{Collection, Disk, PARSER_COMPONENT, READER_COMPONENT, any_rollout, damaged, demo_home, listing, same};
use tempfile::tempdir;
use threadkeep::platform::home::Home;
use threadkeep::rollouts::{RolloutReader, imports};
use threadkeep_contract::{EntryKind, Extraction, FileError, FileFacts, NoThread};
use threadkeep_core::ports::Rollouts;
use threadkeep_core::rollout::extract::{Limits, extract};
use threadkeep_core::text::columns::EntryList;
use threadkeep_core::usage::reader::read_usage;
use threadkeep_engine::imports::Rollouts as _;
use threadkeep_engine::{COMPONENT, CONTRACT, Core, Runtime, calls, imported_interfaces};

fn open(home: &Path) -> Arc<Home> {
    Arc::new(Home::open(home, |_| None).unwrap())
}

#[test]
fn a_component_imports_nothing_but_what_its_world_gives_it() {
    let (package, version) = CONTRACT.split_once('@').unwrap();
    let worlds: [(&[u8], &[&str]); 3] = [
        (PARSER_COMPONENT, &[]),
        (READER_COMPONENT, &["rollouts", "clock"]),
        (COMPONENT, &["rollouts", "clock", "rows", "sources", "backfill", "text-index"]),
    ];
    for (component, given) in worlds {
        // Interfaces of types have no functions: nothing is asked of a host by them.
        let may_be = |name: &str| given.contains(&name) || name == "types" || name.ends_with("-types");
        let interface = |name: &str| {
            Some(name.strip_prefix(package)?.strip_prefix('/')?.strip_suffix(version)?.strip_suffix('@')?.to_owned())
        };
        let imports = imported_interfaces(component).unwrap();
        for import in &imports {
            assert!(interface(import).is_some_and(|name| may_be(&name)), "{import}: only {given:?} are given");
        }
        assert_eq!(given.is_empty(), !imports.iter().any(|import| import.contains("/rollouts@")));
    }
}

/// Every rollout of a home, by the component and natively.
fn both_agree(home: &Path) {
    let runtime = Runtime::load().unwrap();
    let mut core = Core::new(&runtime, imports(&open(home)));
    let disk = Disk::of(home);
    let files = listing(home).into_keys().filter(|path| path.contains("rollout-"));
    let mut compared = 0;
    for path in files {
        let file = disk.stat(&path).unwrap();
        let native = extract(&disk, &file, None, Limits::USUAL);
        let guest: Result<Extraction, NoThread> =
            same(core.call(&calls::Extract { file: same(&file), earlier: None }).unwrap());
        match (native, guest) {
            (Ok(native), Ok(guest)) => {
                assert_eq!(Extraction { bytes_read: native.bytes_read, ..guest }, native, "{path}")
            }
            (Err(native), Err(guest)) => assert_eq!(native.reason, guest.reason, "{path}"),
            (native, guest) => panic!("{path}: natively {native:?}, as a component {guest:?}"),
        }
        let usage: Result<Vec<u8>, FileError> =
            same(core.call(&calls::ReadUsage { file: same(&file), earlier: None }).unwrap());
        assert_eq!(usage.ok(), read_usage(&disk, &file, None).ok(), "{path}");
        compared += 1;
    }
    assert!(compared > 0);
}

#[test]
fn component_and_native_build_agree_on_every_fixture() {
    let home = tempdir().unwrap();
    demo_home(home.path());
    both_agree(home.path());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn component_and_native_build_agree_on_generated_rollouts(
        rollouts in prop::collection::vec(any_rollout(), 1..6),
        bytes in damaged(),
    ) {
        let home = tempdir().unwrap();
        for rollout in rollouts {
            rollout.write(home.path(), Collection::Active);
        }
        std::fs::create_dir_all(home.path().join("sessions")).unwrap();
        std::fs::write(home.path().join("sessions/rollout-damaged.jsonl"), bytes).unwrap();
        both_agree(home.path());
    }
}

#[test]
fn host_and_core_agree_on_the_form_of_entries_and_on_the_order_of_paths() {
    let home = tempdir().unwrap();
    let day = home.path().join("sessions/2026/03/01");
    std::fs::create_dir_all(day.join("rollout-a.jsonl")).unwrap();
    std::fs::create_dir_all(home.path().join("archived_sessions")).unwrap();
    for name in ["rollout-a.jsonl-x", "rollout-a.jsonl/inside.jsonl", "rollout-ü 🚀.jsonl", "rollout-a.json", "z.zst"]
    {
        std::fs::write(day.join(name), name).unwrap();
    }
    std::fs::write(home.path().join("archived_sessions/old.jsonl"), "old").unwrap();
    std::os::unix::fs::symlink("nowhere", day.join("rollout-link.jsonl")).unwrap();

    let mut walk = open(home.path()).walk().unwrap();
    let mut found: Vec<FileFacts> = Vec::new();
    loop {
        // One at a time, so that every page is whole by itself.
        let page = walk.next(1).unwrap();
        if page.kinds.is_empty() {
            break;
        }
        let mut page = EntryList::new(same(page)).unwrap();
        found.push(page.current().unwrap().unwrap().facts());
        page.advance();
        assert!(page.is_over());
    }
    let paths: Vec<&str> = found.iter().map(|file| file.path.as_str()).collect();
    let mut sorted = paths.clone();
    sorted.sort_unstable();
    assert_eq!(paths, sorted);
    assert_eq!(paths.len(), 11, "{paths:?}");
    for file in &found {
        let metadata = std::fs::symlink_metadata(home.path().join(&file.path)).unwrap();
        let kind = match metadata.file_type() {
            kind if kind.is_dir() => EntryKind::Directory,
            kind if kind.is_symlink() => EntryKind::Link,
            _ => EntryKind::File,
        };
        let native = Disk::of(home.path()).stat(&file.path).unwrap();
        assert_eq!(
            (file.kind, file.size, file.modified_ns, file.inode),
            (kind, native.size, native.modified_ns, native.inode)
        );
    }
}

#[test]
fn sizes_that_a_guest_hands_over_are_clamped() {
    let home = tempdir().unwrap();
    std::fs::create_dir_all(home.path().join("sessions")).unwrap();
    std::fs::write(home.path().join("sessions/big.jsonl"), vec![b'x'; 6 << 20]).unwrap();
    let open = open(home.path());
    let mut reader = RolloutReader::open(&open, "sessions/big.jsonl", 0).unwrap();
    assert_eq!(reader.next(u32::MAX).unwrap().len(), 4 << 20);
    assert_eq!(reader.next(u32::MAX).unwrap().len(), 2 << 20);
    assert!(reader.next(u32::MAX).unwrap().is_empty());
}

#[test]
fn paths_lead_nowhere_outside_the_home() {
    let outside = tempdir().unwrap();
    std::fs::write(outside.path().join("secret.jsonl"), "secret").unwrap();
    let home = tempdir().unwrap();
    std::fs::create_dir_all(home.path().join("sessions")).unwrap();
    std::os::unix::fs::symlink(outside.path(), home.path().join("sessions/way-out")).unwrap();
    let open = open(home.path());
    let escape = format!("sessions/../../{}/secret.jsonl", outside.path().file_name().unwrap().to_str().unwrap());
    for path in [escape.as_str(), "sessions/way-out/secret.jsonl", "/etc/passwd", "secret.jsonl", ""] {
        assert!(RolloutReader::open(&open, path, 0).is_err(), "{path}");
    }
}
