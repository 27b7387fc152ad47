//! Trouble: watches that are used up, files that cannot be read, several who listen.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use support::{Collection, HomeAndState, Rollout, uuid7};
use threadkeep::{Happening, WatchOptions};

use super::{open, until};

const BEGAN: i64 = 1_790_000_000_000;

fn write(place: &HomeAndState, number: u64) -> (String, std::path::PathBuf) {
    let id = uuid7(BEGAN + number as i64, number);
    let path =
        Rollout::paginated(&id).user("Count the herons").agent("Nine").write(place.home.path(), Collection::Active);
    (id, path)
}

fn appears(thread: &str) -> impl FnMut(&str, &Happening) -> bool {
    move |id, happening| id == thread && *happening == Happening::New
}

#[test]
fn used_up_watches_are_told_of_once_and_what_happens_is_told_all_the_same() {
    let place = HomeAndState::new();
    write(&place, 1);
    let threadkeep = open(place.home.path(), place.state.path());
    let watch = threadkeep.watch(&WatchOptions { max_watches: 2, ..WatchOptions::default() }).unwrap();
    for number in 2..4 {
        let (id, _) = write(&place, number);
        until(&watch, appears(&id));
    }
    let warnings = watch.take_warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("cannot be watched") && warnings[0].contains("max_user_watches"), "{warnings:?}");
    let (id, _) = write(&place, 5);
    until(&watch, appears(&id));
    assert_eq!(watch.take_warnings(), [""; 0]);
}

#[test]
fn everybody_who_listens_is_told_everything() {
    let place = HomeAndState::new();
    write(&place, 1);
    let threadkeep = open(place.home.path(), place.state.path());
    let watches = [threadkeep.clone(), threadkeep].map(|one| one.watch(&WatchOptions::default()).unwrap());
    let (id, path) = write(&place, 2);
    let ends = |thread: &str, happening: &Happening| thread == id && matches!(happening, Happening::TurnEnded { .. });
    let told = watches.each_ref().map(|watch| until(watch, ends));
    assert_eq!(told[0], told[1]);
    // One who leaves is nobody's loss.
    let [first, second] = watches;
    drop(first);
    fs::remove_file(path).unwrap();
    until(&second, |thread, happening| thread == id && *happening == Happening::Deleted);
    assert!(second.next(Duration::ZERO).is_empty());
}

#[test]
fn a_directory_that_is_moved_away_and_back_at_once_loses_nothing_and_tells_nothing() {
    let place = HomeAndState::new();
    let (_, path) = write(&place, 1);
    let threadkeep = open(place.home.path(), place.state.path());
    let watch = threadkeep.watch(&WatchOptions::default()).unwrap();
    let (day, away) = (path.parent().unwrap(), place.home.path().join("away"));
    fs::rename(day, &away).unwrap();
    fs::rename(&away, day).unwrap();
    // What lies there is watched as before.
    let (id, _) = write(&place, 2);
    let told = until(&watch, appears(&id));
    assert!(told.iter().all(|(thread, _)| *thread == id), "{told:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_read_when_it_can_be() {
    let place = HomeAndState::new();
    write(&place, 1);
    let Some(program) = place.program().as_nobody() else { return };
    for path in [place.home.path(), place.state.path()] {
        fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
    }
    let (id, path) = write(&place, 2);
    fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    let mut running = program.spawn(["--json", "watch"]);
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(running.stdout()));
    // The first thread that is told of is one that came after the watching began.
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for number in 3..600 {
                write(&place, number);
                std::thread::sleep(Duration::from_millis(100));
                if number > 6 {
                    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
                }
                if fs::exists(place.home.path().join("enough")).unwrap() {
                    return;
                }
            }
        });
        let told = lines.by_ref().map(|line| line.unwrap()).find(|line| line.contains("\"new\"") && line.contains(&id));
        assert!(told.is_some());
        fs::write(place.home.path().join("enough"), "").unwrap();
        writing.join().unwrap();
    });
    running.signal(rustix::process::Signal::TERM);
    drop(lines);
    // It could not be read before anybody listened.
    let outcome = running.outcome().well();
    let warning = format!("{} cannot be read", path.display());
    assert_eq!(outcome.stderr.matches(&warning).count(), 1, "{}", outcome.stderr);
}
