//! One thread in another file, in several, in none for a moment: what is told is what is there, and the rows say the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use support::{CodexDb, Collection, HomeAndState, Rollout, uuid7};
use threadkeep::contract::{RowQuery, Subject};
use threadkeep::{Happening, Threadkeep, Watch, WatchOptions};

use super::states::{append, start};
use super::{PATIENCE, open, until};

const BEGAN: i64 = 1_790_000_000_000;

fn told(number: u64) -> (String, Rollout) {
    let id = uuid7(BEGAN + number as i64, number);
    let rollout = Rollout::paginated(&id).user("Count the herons").agent("Nine");
    (id, rollout)
}

fn write(home: &Path, number: u64) -> (String, PathBuf) {
    let (id, rollout) = told(number);
    let path = rollout.write(home, Collection::Active);
    (id, path)
}

/// A thread of which the first turn since the watching began was told.
fn followed(home: &Path, watch: &Watch, number: u64) -> (String, PathBuf) {
    let (id, path) = write(home, number);
    until(watch, |thread, happening| thread == id && *happening == Happening::New);
    start(&path, "one");
    until(watch, turn_began(&id, "one"));
    (id, path)
}

fn turn_began(thread: &str, turn: &str) -> impl FnMut(&str, &Happening) -> bool {
    move |id, happening| id == thread && *happening == Happening::TurnStarted { turn: turn.into() }
}

fn is_listed(threadkeep: &Threadkeep, id: &str) -> bool {
    let listed = threadkeep.every_thread(&RowQuery::default()).unwrap();
    listed.iter().any(|listed| listed.row.id == id)
}

/// Waits until all that was changed before was looked at: what is changed then is told later.
fn caught_up(home: &Path, watch: &Watch, number: u64) -> Vec<(String, Happening)> {
    let (id, _) = write(home, number);
    until(watch, |thread, happening| thread == id && matches!(happening, Happening::TurnEnded { .. }))
}

#[test]
fn a_rollout_that_goes_on_in_its_other_form_tells_what_is_new_there() {
    let place = HomeAndState::new();
    let home = place.home.path();
    let watch = open(home, place.state.path()).watch(&WatchOptions::default()).unwrap();
    let (id, path) = followed(home, &watch, 1);
    // The other form has a turn more.
    let beside = home.join("copy");
    fs::copy(&path, &beside).unwrap();
    start(&beside, "two");
    let text = zstd::encode_all(&fs::read(&beside).unwrap()[..], 3).unwrap();
    fs::write(path.with_extension("jsonl.zst"), text).unwrap();
    fs::remove_file(&path).unwrap();
    let told = until(&watch, turn_began(&id, "two"));
    assert!(!told.iter().any(|(_, happening)| *happening == Happening::TurnStarted { turn: "one".into() }), "{told:?}");
}

#[test]
fn what_lay_in_a_directory_that_is_another_one_now_is_gone() {
    let place = HomeAndState::new();
    let home = place.home.path();
    let watch = open(home, place.state.path()).watch(&WatchOptions::default()).unwrap();
    let (id, path) = followed(home, &watch, 1);
    fs::rename(path.parent().unwrap(), home.join("away")).unwrap();
    write(home, 2);
    until(&watch, |thread, happening| thread == id && *happening == Happening::Deleted);
}

#[test]
fn of_two_rollouts_of_a_thread_the_newer_one_is_told_of_and_when_it_is_gone_that_turns_are_others() {
    let place = HomeAndState::new();
    let home = place.home.path();
    let watch = open(home, place.state.path()).watch(&WatchOptions::default()).unwrap();
    let (id, path) = followed(home, &watch, 1);
    let other = home.join("sessions/2027/01/01").join(path.file_name().unwrap());
    fs::create_dir_all(other.parent().unwrap()).unwrap();
    let beside = home.join("copy");
    fs::copy(&path, &beside).unwrap();
    start(&beside, "two");
    fs::rename(&beside, &other).unwrap();
    let told = until(&watch, turn_began(&id, "two"));
    assert!(!told.iter().any(|(_, happening)| *happening == Happening::TurnsChanged), "{told:?}");
    fs::remove_file(&other).unwrap();
    until(&watch, |thread, happening| thread == id && *happening == Happening::TurnsChanged);
    start(&path, "three");
    until(&watch, turn_began(&id, "three"));
}

#[test]
fn a_thread_that_a_reader_took_for_gone_while_it_was_away_is_there_again() {
    let place = HomeAndState::new();
    let home = place.home.path();
    let (id, path) = write(home, 1);
    let threadkeep = open(home, place.state.path());
    let watch = threadkeep.watch(&WatchOptions::default()).unwrap();
    let away = home.join("away");
    fs::rename(&path, &away).unwrap();
    threadkeep.refresh().unwrap();
    assert!(!is_listed(&threadkeep, &id));
    fs::rename(&away, &path).unwrap();
    // Whoever had listed it before hears that it was gone, whoever lists it now that it is there.
    let told = until(&watch, |thread, happening| thread == id && *happening == Happening::New);
    assert_eq!(told.first().map(|(thread, happening)| (&**thread, happening)), Some((&*id, &Happening::Deleted)));
    assert!(is_listed(&threadkeep, &id));
}

#[test]
fn a_rollout_that_others_recorded_and_that_went_before_it_was_looked_at_is_not_listed() {
    let place = HomeAndState::new();
    let home = place.home.path();
    let threadkeep = open(home, place.state.path());
    let watch = threadkeep.watch(&WatchOptions { max_watches: 0, ..WatchOptions::default() }).unwrap();
    let (id, path) = write(home, 1);
    threadkeep.refresh().unwrap();
    assert!(is_listed(&threadkeep, &id));
    fs::remove_file(&path).unwrap();
    let end = Instant::now() + PATIENCE;
    while is_listed(&threadkeep, &id) {
        assert!(Instant::now() < end);
        watch.next(Duration::from_millis(50));
    }
}

#[test]
fn a_turn_that_ends_and_one_that_begins_in_the_moment_of_a_move_are_told_once() {
    let place = HomeAndState::new();
    let home = place.home.path();
    let threadkeep = open(home, place.state.path());
    let watch = threadkeep.watch(&WatchOptions::default()).unwrap();
    let (id, path) = followed(home, &watch, 1);
    let archived = home.join("archived_sessions").join(path.file_name().unwrap());
    fs::create_dir_all(archived.parent().unwrap()).unwrap();
    append(&path, "event_msg", "{\"type\":\"task_complete\",\"turn_id\":\"one\"}");
    fs::rename(&path, &archived).unwrap();
    start(&archived, "two");
    let mut told = until(&watch, turn_began(&id, "two"));
    told.extend(caught_up(home, &watch, 2));
    let count =
        |wanted: &Happening| told.iter().filter(|(thread, happening)| (thread, happening) == (&id, wanted)).count();
    assert_eq!(count(&Happening::Archived), 1, "{told:?}");
    assert_eq!(count(&Happening::TurnStarted { turn: "two".into() }), 1, "{told:?}");
    assert_eq!(count(&Happening::TurnStarted { turn: "one".into() }), 0, "{told:?}");
    let ends =
        told.iter().filter(|(thread, happening)| *thread == id && matches!(happening, Happening::TurnEnded { .. }));
    assert_eq!(ends.count(), 1, "{told:?}");
    assert!(threadkeep.transcript(&Subject::Thread(id)).is_ok());
}

#[test]
fn a_name_in_a_database_of_codexs_that_stands_elsewhere_is_told() {
    let place = HomeAndState::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let home = place.home.path();
    fs::write(home.join("config.toml"), format!("sqlite_home = {:?}\n", elsewhere.path())).unwrap();
    let (id, rollout) = told(1);
    rollout.write(home, Collection::Active);
    let codex = CodexDb::create(elsewhere.path(), true);
    codex.thread(home, &rollout, Collection::Active, None);
    let watch = open(home, place.state.path()).watch(&WatchOptions::default()).unwrap();
    for name in ["Herons", "Nine herons"] {
        codex.connection().execute("UPDATE threads SET name = ?1", [name]).unwrap();
        until(&watch, |thread, happening| thread == id && *happening == Happening::Named(Some(name.into())));
    }
}
