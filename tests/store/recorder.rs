//! What the recorder does to a home's files.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{Collection, Rollout};
use threadkeep::threads::store::{Item, Resume, StoreError, ThreadStore, TurnEnd};

use super::{Place, ids, new_thread, row, turn, turns, user};

const OLD: &str = "019ca8a0-0000-7000-8000-000000000001";

/// A thread of one turn.
fn old() -> Rollout {
    Rollout::paginated(OLD).at("2026-03-01T10:00:00.000Z").cwd("/src/app").user("hello").agent("Done.")
}

fn rollouts(place: &Place) -> Vec<PathBuf> {
    let below = support::listing(place.dir.path()).into_keys();
    below.filter(|path| path.ends_with(".jsonl")).map(|path| place.dir.path().join(path)).collect()
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(String::from).collect()
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

#[test]
fn a_rollout_is_made_with_the_first_flush_and_only_its_owner_may_read_it() {
    let place = Place::new();
    let store = place.store();
    let thread = store.create(new_thread()).unwrap();
    store.append(&thread, &turn("one", "two")).unwrap();
    assert_eq!(rollouts(&place), Vec::<PathBuf>::new());
    store.flush(&thread).unwrap();
    let [rollout] = &rollouts(&place)[..] else { panic!("one rollout") };
    assert_eq!(rollout, &store.path(&thread).unwrap());
    let metadata = fs::metadata(rollout).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    let written = lines(rollout);
    let first = json(&written[0]);
    assert_eq!((&first["type"], &first["ordinal"]), (&"session_meta".into(), &0.into()));
    assert_eq!(first["payload"]["id"], thread.as_str());
    // Named by local time, and the day's directory by the same.
    let name = rollout.file_name().unwrap().to_str().unwrap();
    let day = rollout.parent().unwrap().strip_prefix(place.dir.path().join("sessions")).unwrap();
    assert!(name.starts_with(&format!("rollout-{}T", day.to_str().unwrap().replace('/', "-"))), "{name}");
    assert!(name.ends_with(&format!("-{thread}.jsonl")));
    // The same file goes on.
    store.append(&thread, &turn("three", "four")).unwrap();
    store.shutdown(&thread).unwrap();
    assert_eq!(fs::metadata(rollout).unwrap().ino(), metadata.ino());
    assert_eq!(lines(rollout)[..written.len()], written);
}

#[test]
fn a_damaged_tail_is_gone_on_with_and_stays_as_it_is() {
    for tail in ["{\"timestamp\":\"2026-03-01T10:00:09.000Z\",\"ordinal\":9,\"type\":\"event_m", "garbage", "{}"] {
        let place = Place::new();
        let path = old().write(place.dir.path(), Collection::Active);
        let before = fs::read_to_string(&path).unwrap();
        let last = json(before.lines().last().unwrap())["ordinal"].as_u64().unwrap();
        fs::write(&path, format!("{before}{tail}")).unwrap();
        let store = place.store();
        store.resume(&Resume::Thread(OLD.into())).unwrap();
        store.append(OLD, &turn("more", "yes")).unwrap();
        store.shutdown(OLD).unwrap();
        let after = fs::read_to_string(&path).unwrap();
        assert!(after.starts_with(&format!("{before}{tail}\n")), "{tail}");
        let first_new = json(after[before.len() + tail.len() + 1..].lines().next().unwrap());
        assert_eq!(first_new["ordinal"].as_u64(), Some(last + 1), "{tail}");
        assert_eq!(turns(&store, OLD).len(), 2, "{tail}");
    }
}

#[test]
fn an_older_thread_is_gone_on_with_in_its_own_form() {
    for form in [Rollout::legacy, Rollout::bare] {
        let place = Place::new();
        let path = form(OLD).at("2025-10-01T10:00:00.000Z").cwd("/src/app").user("hello").agent("Done.");
        let path = path.write(place.dir.path(), Collection::Active);
        let before = lines(&path).len();
        let store = place.store();
        store.resume(&Resume::Thread(OLD.into())).unwrap();
        let mut items = turn("more", "yes");
        items.insert(2, Item::Reasoning("**Hm**".into()));
        store.append(OLD, &items).unwrap();
        store.shutdown(OLD).unwrap();
        for line in &lines(&path)[before..] {
            assert!(json(line).get("ordinal").is_none(), "{line}");
        }
        let shown = turns(&store, OLD);
        assert_eq!(shown.len(), 2);
        let kinds: Vec<_> = shown[1]["items"].as_array().unwrap().iter().map(|item| item["type"].clone()).collect();
        assert_eq!(kinds, ["userMessage", "reasoning", "agentMessage"]);
        assert_eq!(row(&store, OLD).history_mode, "legacy");
    }
}

#[test]
fn what_the_disk_refuses_is_kept_and_written_later() {
    let place = Place::new();
    let store = place.store();
    let thread = store.create(new_thread()).unwrap();
    store.append(&thread, &turn("one", "two")).unwrap();
    // A file where the directory should be: even root cannot write below it.
    fs::write(place.dir.path().join("sessions"), "in the way").unwrap();
    let refused = store.flush(&thread).unwrap_err();
    assert!(matches!(refused, StoreError::Write { .. }), "{refused}");
    store.append(&thread, &turn("three", "four")).unwrap();
    fs::remove_file(place.dir.path().join("sessions")).unwrap();
    store.flush(&thread).unwrap();
    assert_eq!(turns(&store, &thread).len(), 2);
}

#[test]
fn a_rollout_elsewhere_stays_where_it_is() {
    let (place, elsewhere) = (Place::new(), tempfile::tempdir().unwrap());
    let path = old().write(elsewhere.path(), Collection::Active);
    let before = lines(&path).len();
    let store = place.store();
    assert_eq!(store.resume(&Resume::Rollout(path.clone())).unwrap(), OLD);
    assert_eq!(store.path(OLD).unwrap(), path);
    store.append(OLD, &turn("more", "yes")).unwrap();
    store.shutdown(OLD).unwrap();
    assert!(lines(&path).len() > before);
    assert_eq!(rollouts(&place), Vec::<PathBuf>::new());
    assert_eq!(ids(&store), Vec::<String>::new());
}

#[test]
fn a_rollout_of_the_home_is_gone_on_with_by_its_path() {
    let place = Place::new();
    let path = old().write(place.dir.path(), Collection::Archived);
    let store = place.store();
    assert_eq!(store.resume(&Resume::Rollout(path.clone())).unwrap(), OLD);
    store.append(OLD, &turn("more", "yes")).unwrap();
    store.shutdown(OLD).unwrap();
    assert!(row(&store, OLD).archived);
    assert_eq!((turns(&store, OLD).len(), rollouts(&place)), (2, vec![path]));
    let nothing = store.resume(&Resume::Rollout(place.dir.path().join("sessions/none.jsonl"))).unwrap_err();
    assert!(nothing.to_string().contains("sessions/none.jsonl cannot be gone on with"), "{nothing}");
}

#[test]
fn two_stores_do_not_write_one_thread() {
    let place = Place::new();
    let (one, two) = (place.store(), place.without_state());
    let thread = one.create(new_thread()).unwrap();
    one.append(&thread, &turn("one", "two")).unwrap();
    one.flush(&thread).unwrap();
    let refused = two.resume(&Resume::Thread(thread.clone())).unwrap_err();
    assert!(refused.to_string().contains("already has a writer"), "{refused}");
    drop(one);
    two.resume(&Resume::Thread(thread)).unwrap();
}

#[test]
fn without_a_state_db_everything_but_the_rows_is_the_same() {
    let place = Place::new();
    let store = place.without_state();
    let thread = store.create(new_thread()).unwrap();
    store.append(&thread, &turn("one", "two")).unwrap();
    store.shutdown(&thread).unwrap();
    assert_eq!(row(&store, &thread).preview, "one");
    assert_eq!(ids(&store), std::slice::from_ref(&thread));
    assert_eq!(turns(&store, &thread).len(), 1);
    assert_eq!(fs::read_dir(place.state_dir.path()).unwrap().count(), 0);
}

#[test]
fn a_state_db_that_fails_loses_no_line_and_the_next_start_makes_good() {
    let place = Place::new();
    let store = place.store();
    let thread = store.create(new_thread()).unwrap();
    let elsewhere = rusqlite::Connection::open(place.state_dir.path().join("state.sqlite")).unwrap();
    elsewhere.execute_batch("ALTER TABLE folds RENAME TO out_of_reach").unwrap();
    store.append(&thread, &turn("one", "two")).unwrap();
    store.flush(&thread).unwrap();
    let warnings = store.take_warnings();
    assert!(warnings.iter().any(|warning| warning.contains("is not in the rows yet")), "{warnings:?}");
    elsewhere.execute_batch("ALTER TABLE out_of_reach RENAME TO folds").unwrap();
    drop((store, elsewhere));
    let store = place.store();
    assert_eq!(row(&store, &thread).preview, "one");
    assert_eq!(ids(&store), [thread]);
}

#[test]
fn what_another_writer_left_in_the_file_is_not_run_into() {
    let place = Place::new();
    let store = place.store();
    let thread = store.create(new_thread()).unwrap();
    store.append(&thread, &turn("one", "two")).unwrap();
    store.flush(&thread).unwrap();
    let path = store.path(&thread).unwrap();
    // Somebody who takes no locks, killed in a line.
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    std::io::Write::write_all(&mut file, b"{\"half\":").unwrap();
    store.append(&thread, &[user("three"), Item::TurnEnded(TurnEnd::Completed)]).unwrap();
    store.shutdown(&thread).unwrap();
    assert_eq!(turns(&store, &thread).len(), 2);
}

#[test]
fn a_compressed_rollout_is_restored_before_anything_is_appended() {
    let place = Place::new();
    let path = old().write(place.dir.path(), Collection::Active);
    let plain = fs::read(&path).unwrap();
    let packed = PathBuf::from(format!("{}.zst", path.display()));
    fs::write(&packed, zstd::encode_all(&plain[..], 3).unwrap()).unwrap();
    fs::remove_file(&path).unwrap();
    let store = place.store();
    store.resume(&Resume::Thread(OLD.into())).unwrap();
    store.append(OLD, &turn("more", "yes")).unwrap();
    store.shutdown(OLD).unwrap();
    assert!(fs::read(&path).unwrap().starts_with(&plain));
    assert!(!packed.exists());
    let found = row(&store, OLD);
    assert!(found.path.ends_with(".jsonl") && found.tokens_used == Some(1_000), "{found:?}");
    assert_eq!(turns(&store, OLD).len(), 2);
}

#[test]
fn a_rollout_that_is_gone_is_not_made_anew_without_its_beginning() {
    let place = Place::new();
    let store = place.store();
    let thread = store.create(new_thread()).unwrap();
    store.append(&thread, &turn("one", "two")).unwrap();
    store.flush(&thread).unwrap();
    let path = store.path(&thread).unwrap();
    fs::rename(&path, path.with_extension("away")).unwrap();
    store.append(&thread, &turn("three", "four")).unwrap();
    store.shutdown(&thread).unwrap();
    fs::rename(path.with_extension("away"), &path).unwrap();
    assert_eq!(turns(&store, &thread).len(), 2, "who moves a file moves what is written to it");
    store.resume(&Resume::Thread(thread.clone())).unwrap();
    store.append(&thread, &turn("five", "six")).unwrap();
    fs::remove_file(&path).unwrap();
    for _ in 0..2 {
        let refused = store.flush(&thread).unwrap_err();
        assert!(matches!(refused, StoreError::Write { .. }), "{refused}");
        assert!(!path.exists());
    }
}

#[test]
fn what_lies_outside_of_the_home_is_written_and_not_mistaken_for_what_lies_in_it() {
    let (place, elsewhere) = (Place::new(), tempfile::tempdir().unwrap());
    let rollout = old();
    let inside = rollout.write(place.dir.path(), Collection::Active);
    let outside = rollout.write(elsewhere.path(), Collection::Active);
    let store = place.store();
    store.resume(&Resume::Rollout(outside.clone())).unwrap();
    for refused in [store.archive(OLD).unwrap_err(), store.name(OLD, Some("x")).unwrap_err()] {
        assert!(refused.to_string().contains("outside of the home"), "{refused}");
    }
    store.append(OLD, &turn("more", "yes")).unwrap();
    store.shutdown(OLD).unwrap();
    assert_eq!((fs::read(&inside).unwrap(), inside.exists()), (rollout_bytes(&rollout), true));
    assert!(fs::read(&outside).unwrap().len() > fs::read(&inside).unwrap().len());
}

fn rollout_bytes(rollout: &Rollout) -> Vec<u8> {
    let elsewhere = tempfile::tempdir().unwrap();
    fs::read(rollout.write(elsewhere.path(), Collection::Active)).unwrap()
}

#[test]
fn a_rollout_of_the_home_is_one_whatever_way_leads_to_it() {
    let place = Place::new();
    let path = old().write(place.dir.path(), Collection::Active);
    let roundabout = place.state_dir.path().join("link");
    std::os::unix::fs::symlink(place.dir.path(), &roundabout).unwrap();
    let inside = path.strip_prefix(place.dir.path()).unwrap();
    let store = place.store();
    store.resume(&Resume::Rollout(roundabout.join(inside))).unwrap();
    store.append(OLD, &turn("more", "yes")).unwrap();
    store.shutdown(OLD).unwrap();
    assert_eq!(row(&store, OLD).tokens_used, Some(1_000));
}
