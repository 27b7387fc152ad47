//! The core as WebAssembly: what it may reach, what it may cost, and that it is the same code as the native one.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use support::{Collection, Disk, any_rollout, damaged, demo_home, listing};
use tempfile::tempdir;
use threadkeep::component::types as wit;
use threadkeep::component::{
    Core, CoreError, Guard, Guarded, Runtime, World, guarded_store, imported_interfaces, ticking_engine,
};
use threadkeep::platform::home::Home;
use threadkeep::rollouts::Rollouts as _;
use threadkeep_core::extract::{Limits, extract};
use threadkeep_core::packed::{Entry, Packed};
use threadkeep_core::ports::Rollouts;
use threadkeep_core::types::{EntryKind, FileFacts};
use wasmtime::component::{Component, Linker};

fn open(home: &std::path::Path) -> Arc<Home> {
    Arc::new(Home::open(home, |_| None).unwrap())
}

#[test]
fn the_component_imports_nothing_but_this_projects_own_interfaces() {
    let mut imports = imported_interfaces().unwrap();
    imports.sort();
    let ours = ["backfill", "clock", "diagnostics", "lore", "rollouts", "state", "types"];
    assert_eq!(imports, ours.map(|name| format!("threadkeep:core/{name}@0.1.0")));
}

/// A store's data with nothing but the guard.
struct Bare(Guard);

impl Guarded for Bare {
    fn guard(&mut self) -> &mut Guard {
        &mut self.0
    }
}

/// A component whose three exports answer, loop, and ask for memory without end.
const UNRULY: &str = r#"
    (component
        (core module $inner
            (memory 1)
            (func (export "answer") (result i32) (i32.const 42))
            (func (export "loop") (result i32) (loop (br 0)) (unreachable))
            (func (export "grow") (result i32)
                (loop (drop (memory.grow (i32.const 16))) (br 0))
                (unreachable)))
        (core instance $i (instantiate $inner))
        (func (export "answer") (result u32) (canon lift (core func $i "answer")))
        (func (export "loop") (result u32) (canon lift (core func $i "loop")))
        (func (export "grow") (result u32) (canon lift (core func $i "grow"))))
"#;

#[test]
fn a_looping_and_an_over_allocating_guest_fail_alone() {
    let engine = ticking_engine().unwrap();
    let component = Component::new(&engine, wat::parse_str(UNRULY).unwrap()).unwrap();
    let linker: Linker<Bare> = Linker::new(&engine);
    let call = |name: &str| {
        let mut store = guarded_store(&engine, Bare(Guard::new(4 << 20, Duration::from_millis(200))));
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let export = instance.get_typed_func::<(), (u32,)>(&mut store, name).unwrap();
        export.call(&mut store, ()).map_err(|error| format!("{error:?}"))
    };
    assert_eq!(call("answer").unwrap(), (42,));
    let looped = call("loop").unwrap_err();
    assert!(looped.contains("without an answer"), "{looped}");
    let grown = call("grow").unwrap_err();
    assert!(grown.contains("memory"), "{grown}");
    assert_eq!(call("answer").unwrap(), (42,));
}

#[test]
fn after_a_trap_the_next_call_gets_a_fresh_instance() {
    let home = tempdir().unwrap();
    demo_home(home.path());
    let runtime = Runtime::load().unwrap();
    let mut core = Core::new(&runtime, World::of(&open(home.path())));
    let trap = core.call("a trap", |_, _| Err::<(), _>(wasmtime::format_err!("as if the guest had trapped")));
    assert!(matches!(trap, Err(CoreError::Trap { call: "a trap", .. })));
    let names = core.call("index-names", |bindings, store| {
        let line = br#"{"id":"019ca8a0-0000-7000-8000-000000000001","thread_name":"after all"}"#;
        bindings.threadkeep_core_parsing().call_index_names(store, line, 7)
    });
    let names = names.unwrap();
    assert_eq!((names[0].name.as_str(), names[0].given), ("after all", Some(7)));
}

fn as_wit(file: &FileFacts) -> wit::FileFacts {
    wit::FileFacts {
        path: file.path.clone(),
        kind: wit::EntryKind::File,
        size: file.size,
        modified_ns: file.modified_ns,
        inode: file.inode,
    }
}

/// Every rollout of a home, by the component and natively.
fn both_agree(home: &std::path::Path) {
    let runtime = Runtime::load().unwrap();
    let mut core = Core::new(&runtime, World::of(&open(home)));
    let disk = Disk::of(home);
    let files = listing(home).into_keys().filter(|path| path.contains("rollout-"));
    let mut compared = 0;
    for path in files {
        let file = disk.facts(&path).unwrap();
        let native = extract(&disk, &file, None, Limits::USUAL);
        let file = as_wit(&file);
        let guest = core
            .call("extract", |bindings, store| bindings.threadkeep_core_parsing().call_extract(store, &file, None))
            .unwrap();
        match (native, guest) {
            (Ok(native), Ok(guest)) => {
                assert_eq!((native.thread, native.state), (guest.thread, guest.state), "{path}");
                assert_eq!((native.bad_count, native.unread), (guest.bad_count, guest.unread), "{path}");
            }
            (Err(native), Err(guest)) => assert_eq!(native.reason, guest.reason, "{path}"),
            (native, guest) => panic!("{path}: natively {native:?}, as a component {guest:?}"),
        }
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
fn host_and_core_agree_on_the_packed_form_and_on_the_order_of_paths() {
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
        // One at a time: every page begins with the version again.
        let packed = walk.packed(1).unwrap();
        if packed.is_empty() {
            break;
        }
        let mut page = Packed::new(packed).unwrap();
        let (entry, after): (Entry<'_>, usize) = page.item().unwrap();
        found.push(entry.facts());
        page.go_to(after);
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
        let native = Disk::of(home.path()).facts(&file.path).unwrap();
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
    let mut reader = threadkeep::rollouts::RolloutReader::open(&open, "sessions/big.jsonl", 0).unwrap();
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
        assert!(threadkeep::rollouts::RolloutReader::open(&open, path, 0).is_err(), "{path}");
    }
}
