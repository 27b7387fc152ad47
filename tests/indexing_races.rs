//! Whatever is done to threads, by two processes at once, and wherever one is killed: the index of what was said is the one
//! that is made anew.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use support::hourly::{began, id};
use support::kill::each_point;
use support::{Collection, Outcome, Program, Rollout, Running, edit_lines, index_content, listing};
use tempfile::{TempDir, tempdir};

/// A home, its state directory, and the program on them.
struct World {
    home: TempDir,
    state: TempDir,
    program: Program,
    /// A process that goes on beside the one that is watched.
    beside: Option<Running>,
}

/// A thread of three parts in the index.
fn long() -> Rollout {
    // Long for what the text is, and quick to be indexed.
    let answer = |number: usize| -> String { (0..16_000).map(|word| format!("w{number}x{} ", word % 40)).collect() };
    let talk = Rollout::legacy(&id(1)).at_millis(began(1)).user("a long story").agent(&answer(1));
    talk.user("go on").agent(&answer(2)).user("and then").agent("The lantern went out.")
}

fn paginated() -> Rollout {
    Rollout::paginated(&id(3)).at_millis(began(3)).user("the third buoy").agent("Red.").user("and now").agent("Green.")
}

/// What people leave to be salvaged.
fn broken() -> Rollout {
    Rollout::paginated(&id(6))
        .at_millis(began(6))
        .user("a broken oar")
        .agent("Mend it.")
        .user("how")
        .agent("With glue.")
}

impl World {
    fn empty() -> World {
        let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
        let program = Program::on(home.path(), state.path());
        World { home, state, program, beside: None }
    }

    /// Threads of every kind, none in a state DB.
    fn new() -> World {
        let world = World::empty();
        let copy = Rollout::legacy(&id(2)).at_millis(began(2)).copy_of(&long()).user("another end");
        let fork = Rollout::paginated(&id(4)).at_millis(began(4)).fork_of(&paginated()).user("a fourth one");
        let child = Rollout::sub_agent(&id(5), &paginated(), "count", "Ada").at_millis(began(5)).agent("Two buoys.");
        for rollout in [&long(), &copy, &paginated(), &fork, &child, &broken()] {
            rollout.write(world.home.path(), Collection::Active);
        }
        Rollout::bare(&id(7)).at_millis(began(7)).user("an old kedge").write(world.home.path(), Collection::Archived);
        let path = world.path_of(&broken());
        edit_lines(&path, |lines| lines[4].truncate(30));
        world
    }

    /// The same, in the index.
    fn indexed() -> World {
        let world = World::new();
        world.program.run(["init"]).well();
        world
    }

    fn path_of(&self, rollout: &Rollout) -> PathBuf {
        self.home.path().join(rollout.place(Collection::Active))
    }

    /// Says more in the long thread, as its writer does.
    fn append(&self) {
        let before = long().bytes().len();
        let more = long().user("an appended winch").agent("It turns.").bytes();
        let Ok(mut file) = fs::File::options().append(true).open(self.path_of(&long())) else { return };
        file.write_all(&more[before..]).unwrap();
    }

    /// What the index is after the next search, and what it should be.
    fn contents(&self) -> [Vec<String>; 2] {
        self.program.run(["search", "anything"]).ended(3);
        [index_content(self.state.path()), made_anew(self.home.path())]
    }

    #[track_caller]
    fn is_as_made_anew(&self, what: &str) {
        let [found, expected] = self.contents();
        is_same(&found, &expected, what);
    }
}

/// What indexes are of homes with these files, by their paths and sums.
type Known = BTreeMap<Vec<(String, u64)>, Vec<String>>;

/// What the index of a home is that is made anew. Most homes here are one of a few.
fn made_anew(home: &Path) -> Vec<String> {
    static KNOWN: Mutex<Known> = Mutex::new(BTreeMap::new());
    let files: Vec<_> = listing(home).into_iter().map(|(path, entry)| (path, entry.content)).collect();
    let known = KNOWN.lock().unwrap().get(&files).cloned();
    known.unwrap_or_else(|| {
        let state = tempdir().unwrap();
        Program::on(home, state.path()).run(["search", "anything"]).ended(3);
        let content = index_content(state.path());
        KNOWN.lock().unwrap().insert(files, content.clone());
        content
    })
}

/// Tells two contents apart by a few of their lines: they are long.
#[track_caller]
fn is_same(found: &[String], expected: &[String], what: &str) {
    let only = |some: &[String], others: &[String]| -> Vec<String> {
        let lines = some.iter().filter(|line| others.binary_search(line).is_err()).take(5);
        lines.map(|line| line.chars().take(200).collect()).collect()
    };
    assert!(found == expected, "{what}: too much {:?}, lacking {:?}", only(found, expected), only(expected, found));
    assert!(found.iter().any(|line| line.starts_with("read ")), "{what}: nothing is in it");
}

/// What may be done to threads while another process does something: what changes in the home first, and the command.
struct Deed {
    name: &'static str,
    before: fn(&World),
    command: fn(&World) -> Vec<String>,
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

const DEEDS: [Deed; 11] = [
    Deed { name: "a search", before: |_| {}, command: |_| words(&["search", "lantern"]) },
    Deed { name: "a start", before: |_| {}, command: |_| words(&["init"]) },
    Deed { name: "an append", before: World::append, command: |_| words(&["search", "winch"]) },
    Deed {
        name: "a revert",
        before: |world| {
            let revert = Rollout::revert_of(&paginated(), 1, &id(8)).at_millis(began(8)).user("something instead");
            revert.write(world.home.path(), Collection::Active);
        },
        command: |_| words(&["list"]),
    },
    Deed { name: "an archiving", before: |_| {}, command: |_| words(&["archive", &id(1)]) },
    Deed { name: "an archiving of the other", before: |_| {}, command: |_| words(&["archive", &id(3)]) },
    Deed { name: "a deletion", before: |_| {}, command: |_| words(&["delete", &id(1), "--yes"]) },
    Deed { name: "a name", before: |_| {}, command: |_| words(&["name", &id(1), "Capstan"]) },
    Deed { name: "a compression", before: |_| {}, command: |_| words(&["compress", "--older-than", "60d"]) },
    Deed {
        name: "a salvage",
        before: |_| {},
        command: |world| words(&["salvage", world.path_of(&broken()).to_str().unwrap()]),
    },
    Deed { name: "a rebuild", before: |_| {}, command: |_| words(&["init", "--rebuild"]) },
];

/// One of them may find that the other was first, but neither fails in any other way.
#[track_caller]
fn is_told(outcome: &Outcome, what: &str) {
    assert!(matches!(outcome.code, Some(0 | 1 | 3)) && !outcome.stderr.contains("panicked"), "{what}: {outcome:?}");
    assert!(!outcome.stderr.contains("damaged"), "{what}: {outcome:?}");
}

/// Does any two of these at once, of which the first is one of every second.
fn any_two_at_once(which: usize) {
    for (at, first) in DEEDS.iter().enumerate().filter(|(at, _)| at % 2 == which) {
        for second in &DEEDS[at..] {
            let what = format!("{} and {}", first.name, second.name);
            let world = World::indexed();
            let running = [first, second].map(|deed| {
                (deed.before)(&world);
                world.program.spawn((deed.command)(&world))
            });
            running.into_iter().for_each(|running| is_told(&running.outcome(), &what));
            world.is_as_made_anew(&what);
        }
    }
}

#[test]
fn after_any_two_changes_at_once_the_index_is_the_one_that_is_made_anew() {
    any_two_at_once(0);
}

#[test]
fn after_any_other_two_changes_at_once_the_index_is_the_one_that_is_made_anew() {
    any_two_at_once(1);
}

#[test]
fn whatever_is_done_while_two_processes_fill_the_index_it_is_the_one_that_is_made_anew() {
    for deed in &DEEDS {
        let world = World::new();
        world.program.run(["init", "--no-index"]).well();
        let mut running = vec![world.program.spawn(["search", "lantern"]), world.program.spawn(["init"])];
        (deed.before)(&world);
        running.push(world.program.spawn((deed.command)(&world)));
        running.into_iter().for_each(|running| is_told(&running.outcome(), deed.name));
        world.is_as_made_anew(deed.name);
    }
}

/// Kills a command at every change on disk; the index is then brought up to date to what it should be.
fn killed_anywhere(prepare: impl Fn() -> World, arguments: &[&str]) {
    let points = each_point(
        prepare,
        |world| world.program.command(arguments),
        |world, _| {
            if let Some(beside) = &world.beside {
                // It goes on, or has ended.
                assert!(beside.id() > 0);
            }
            world.is_as_made_anew(&format!("{arguments:?}"));
        },
    );
    assert!(points.is_none_or(|points| points > 3), "{points:?}");
}

/// Two threads, one of them of three parts: few changes on disk.
fn small() -> World {
    let world = World::empty();
    for rollout in [&long(), &paginated()] {
        rollout.write(world.home.path(), Collection::Active);
    }
    world.program.run(["init", "--no-index"]).well();
    world
}

#[test]
fn a_fill_that_is_killed_anywhere_goes_on() {
    killed_anywhere(small, &["search", "lantern"]);
}

#[test]
fn a_refresh_that_is_killed_anywhere_goes_on() {
    let prepare = || {
        let world = small();
        world.program.run(["init"]).well();
        world.append();
        world
    };
    killed_anywhere(prepare, &["search", "winch"]);
}

#[test]
fn a_fill_that_is_killed_anywhere_while_another_process_fills_harms_neither() {
    let prepare = || {
        let mut world = small();
        world.beside = Some(world.program.spawn(["search", "lantern"]));
        world
    };
    killed_anywhere(prepare, &["init"]);
}

#[test]
fn a_deletion_that_is_killed_anywhere_leaves_no_words_of_what_is_gone() {
    let prepare = || {
        let world = small();
        world.program.run(["init"]).well();
        world
    };
    killed_anywhere(prepare, &["delete", &id(3), "--yes"]);
}
