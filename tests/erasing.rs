//! What is deleted, or is not to be in the index any more, is in no byte of the state DB, whatever was done to that before; and
//! backups that still hold it are named.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use support::{Collection, Program, Rollout, millis, uuid7};
use tempfile::{TempDir, tempdir};

/// How many threads there are.
const THREADS: u64 = 60;
/// The one whose words are to go.
const SECRET: u64 = 5;
/// How a word begins that nobody else says.
const WORD: &[u8] = b"zephyr";

struct Place {
    home: TempDir,
    state: TempDir,
    program: Program,
    /// What each thread has said so far.
    said: BTreeMap<u64, Rollout>,
}

fn id(number: u64) -> String {
    uuid7(began(number), number)
}

fn began(number: u64) -> i64 {
    millis("2026-03-01T10:00:00.000Z") + number as i64 * 60_000
}

fn begin(number: u64) -> Rollout {
    let cwd = if number == SECRET { "/src/secret" } else { "/src/app" };
    Rollout::legacy(&id(number)).at_millis(began(number)).cwd(cwd).user(&format!("thread {number}"))
}

/// Words that others say too, some of them.
fn words(seed: u64, count: u64) -> String {
    (0..count).map(|word| format!("w{}q ", (seed * 7_919 + word * 104_729) % 20_011)).collect()
}

impl Place {
    /// An index of many refreshes.
    fn new() -> Place {
        let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
        let program = Program::on(home.path(), state.path());
        let mut place = Place { home, state, program, said: BTreeMap::new() };
        for number in 0..THREADS {
            place.write(number, begin(number).agent(&words(number, 300)));
        }
        place.program.run(["init"]).well();
        for round in 0..8 {
            for at in 0..6 {
                place.say((round * 11 + at * 7) % THREADS, &words(round * 100 + at, 200));
            }
            place.say(SECRET, &format!("zephyrine z{round}zephyr zephyr{round} {}", words(round, 100)));
            place.refresh();
        }
        // Of what is said last the state DB keeps some bytes, to know the rollout again.
        place.say(SECRET, &"the very end ".repeat(60));
        place.refresh();
        place
    }

    fn write(&mut self, number: u64, rollout: Rollout) {
        rollout.write(self.home.path(), Collection::Active);
        self.said.insert(number, rollout);
    }

    fn say(&mut self, number: u64, words: &str) {
        let rollout = self.said[&number].clone().agent(words);
        self.write(number, rollout);
    }

    fn refresh(&self) {
        self.program.run(["search", "thread"]).well();
    }

    fn db(&self) -> Connection {
        Connection::open(self.state.path().join("state.sqlite")).unwrap()
    }

    /// The files of the state that have the word.
    fn with_word(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.state.path()).unwrap().map(|entry| entry.unwrap().path());
        let has = |path: &PathBuf| path.is_file() && has_word(&fs::read(path).unwrap());
        files.filter(has).collect()
    }
}

fn has_word(bytes: &[u8]) -> bool {
    bytes.windows(WORD.len()).any(|window| window == WORD)
}

/// What was done to the index before, in words, and how.
type Before = (&'static str, fn(&mut Place));

const BEFORE: [Before; 4] = [
    ("refreshes", |_| {}),
    ("a rebuild", |place| drop(place.program.run(["init", "--rebuild"]).well())),
    ("another version", |place| {
        place.db().execute("UPDATE text_version SET version = 4711", []).unwrap();
        place.refresh();
    }),
    ("threads that others have removed and shortened", |place| {
        for number in (0..THREADS).filter(|number| *number != SECRET) {
            match number % 3 {
                0 => place.write(number, begin(number)),
                _ => fs::remove_file(place.home.path().join(place.said[&number].place(Collection::Active))).unwrap(),
            }
        }
        place.refresh();
    }),
];

fn each_before(erase: impl Fn(&Place)) {
    let mut all_free = 0;
    for (what, before) in BEFORE {
        let mut place = Place::new();
        before(&mut place);
        assert!(!place.with_word().is_empty(), "{what}");
        let free: i64 = place.db().query_row("PRAGMA freelist_count", [], |row| row.get(0)).unwrap();
        all_free += free;
        erase(&place);
        assert!(place.with_word().is_empty(), "{what}: {:?}", place.with_word());
        place.refresh();
        assert!(place.with_word().is_empty(), "{what}: {:?}", place.with_word());
    }
    assert!(all_free > 0, "no page was free that could keep the word");
}

#[test]
fn after_a_deletion_no_byte_of_the_state_has_a_word_of_the_thread() {
    each_before(|place| drop(place.program.run(["delete", &id(SECRET), "--yes"]).well()));
}

#[test]
fn where_a_directory_is_excluded_no_byte_of_the_state_has_what_was_said_there() {
    each_before(|place| {
        place.program.run(["config", "set", "search.exclude", "/src/secret"]).well();
        place.program.json(["list"]);
    });
}

#[test]
fn without_an_index_no_byte_of_the_state_has_what_was_said() {
    each_before(|place| {
        place.program.run(["config", "set", "search.index", "false"]).well();
        place.program.json(["list"]);
    });
}

#[test]
fn a_title_that_was_replaced_is_in_no_byte_after_the_deletion() {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    for number in 0..9 {
        begin(number).write(home.path(), Collection::Active);
    }
    for title in ["zephyr one", "a longer title of zephyrs that moves its row", "zephyr 3", "short"] {
        Rollout::legacy(&id(SECRET)).at_millis(began(SECRET)).user(title).write(home.path(), Collection::Active);
        program.run(["search", "title"]);
    }
    program.run(["delete", &id(SECRET), "--yes"]).well();
    for entry in fs::read_dir(state.path()).unwrap() {
        let path = entry.unwrap().path();
        assert!(!path.is_file() || !has_word(&fs::read(&path).unwrap()), "{}", path.display());
    }
}

#[test]
fn a_deletion_names_the_backups_that_still_hold_the_thread() {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    let write = |number: u64| drop(begin(number).write(home.path(), Collection::Active));
    let backup = || program.json(["backup", "create"])["name"].as_str().unwrap().to_owned();
    (0..3).for_each(write);
    program.run(["init"]).well();
    let first = backup();
    write(3);
    program.run(["list"]).well();
    let second = backup();
    let planned = program.json(["delete", &id(1), "--dry-run"]);
    assert_eq!(planned["backups"], serde_json::json!([second, first]), "{planned}");
    let told = program.json(["delete", &id(3), "--yes"]);
    assert_eq!(told["backups"], serde_json::json!([second]), "{told}");
    let said = program.run(["delete", &id(1), "--yes"]).well().stdout;
    assert!(said.contains(&format!("still in the backups: {second}, {first}\n")), "{said}");
    write(4);
    let none = program.run(["delete", &id(4), "--yes"]).well().stdout;
    assert!(!none.contains("backups"), "{none}");
    // What cannot be looked into may hold anything.
    let kept = state.path().join("backups").join(&first).join("state.sqlite");
    let mut bytes = fs::read(&kept).unwrap();
    bytes[100..].fill(0xA5);
    fs::write(&kept, bytes).unwrap();
    write(5);
    assert_eq!(program.json(["delete", &id(5), "--yes"])["backups"], serde_json::json!([first]));
}
