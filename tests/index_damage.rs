//! A damaged index of what was said: the doctor finds it, and it costs a new index and nothing else.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use serde_json::Value;
use support::{Collection, Program, Rollout, millis, uuid7};
use tempfile::{TempDir, tempdir};

/// How many threads there are.
const THREADS: u64 = 40;

/// A home whose index is filled, and what only the state DB knows.
struct Place {
    home: TempDir,
    state: TempDir,
    program: Program,
}

impl Place {
    fn new() -> Place {
        let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
        let program = Program::on(home.path(), state.path());
        for number in 0..THREADS {
            talk(number).write(home.path(), Collection::Active);
        }
        program.run(["init"]).well();
        program.run(["metadata", &id(3), "--git-branch", "patched"]).well();
        Place { home, state, program }
    }

    fn file(&self) -> PathBuf {
        self.state.path().join("state.sqlite")
    }

    fn sql(&self, sql: &str) {
        let db = Connection::open(self.file()).unwrap();
        db.execute_batch(sql).unwrap();
    }

    /// Overwrites the first page of a table.
    fn destroy_page_of(&self, table: &str) {
        let db = Connection::open(self.file()).unwrap();
        let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as usize;
        let root = number(&format!("SELECT rootpage FROM sqlite_schema WHERE name = '{table}'"));
        let size = number("PRAGMA page_size");
        number("PRAGMA wal_checkpoint(TRUNCATE)");
        drop(db);
        let mut bytes = fs::read(self.file()).unwrap();
        bytes[(root - 1) * size..root * size].fill(0xA5);
        fs::write(self.file(), bytes).unwrap();
    }

    fn found(&self, words: &str) -> usize {
        let answer = self.program.run(["--json", "search", "--limit", "0", words]);
        answer.json()["items"].as_array().unwrap().len()
    }

    /// The findings about the index: code, and what is wrong.
    fn findings(&self, arguments: &[&str]) -> Vec<(String, Value)> {
        let outcome = self.program.run([&["--json", "doctor"], arguments].concat());
        let all = outcome.json()["findings"].as_array().unwrap().clone();
        let of_index = all.into_iter().filter(|finding| finding["code"].as_str().unwrap().starts_with("text-index"));
        of_index.map(|finding| (finding["code"].as_str().unwrap().into(), finding["evidence"].clone())).collect()
    }
}

fn id(number: u64) -> String {
    uuid7(began(number), number)
}

fn began(number: u64) -> i64 {
    millis("2026-03-01T10:00:00.000Z") + number as i64 * 60_000
}

fn talk(number: u64) -> Rollout {
    let words: String = (0..400).map(|word| format!("w{number}x{word} ")).collect();
    Rollout::legacy(&id(number)).at_millis(began(number)).user(&format!("thread {number}")).agent(&words)
}

/// What is done to the index, the commands that mend it, and how it is done.
type Damage<'a> = (&'a str, &'a [&'a [&'a str]], &'a dyn Fn(&Place));

#[test]
fn an_index_whose_pages_or_rows_are_destroyed_is_made_anew_once_and_the_rest_stays() {
    let both = [&["search", "w7x9"][..], &["init"]];
    // No search reads the sizes of parts, and no change was made: the whole check of `init` finds it.
    let init = [&["init"][..]];
    let damages: [Damage<'_>; 3] = [
        ("a page of its data", &both, &|place| place.destroy_page_of("text_index_data")),
        ("nine tenths of the blocks", &both, &|place| place.sql("DELETE FROM text_index_data WHERE id > 10")),
        ("a page of its parts' sizes", &init, &|place| place.destroy_page_of("text_index_docsize")),
    ];
    for (what, commands, damage) in damages {
        for &command in commands {
            let place = Place::new();
            damage(&place);
            let outcome = place.program.run(command).well();
            let told = "the index of what was said was damaged";
            assert!(outcome.stderr.contains(told), "{what}, {command:?}: {outcome:?}");
            assert!(!outcome.stderr.contains("moved to"), "{what}, {command:?}: {outcome:?}");
            assert_eq!((place.found("w7x9"), place.found("thread")), (1, THREADS as usize), "{what}");
            let files: Vec<_> =
                fs::read_dir(place.state.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert!(files.iter().all(|name| !name.to_string_lossy().contains("damaged")), "{what}: {files:?}");
            assert_eq!(place.program.json(["find", &id(3)])["gitBranch"], "patched", "{what}");
            let again = place.program.run(["search", "w7x9"]).well();
            assert!(!again.stderr.contains(told), "{what}: {again:?}");
            assert_eq!(place.findings(&[]), [], "{what}");
        }
    }
}

#[test]
fn an_index_that_is_made_anew_has_the_form_of_a_new_one() {
    let place = Place::new();
    let form = || -> Vec<String> {
        let db = Connection::open(place.file()).unwrap();
        let mut select = db.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").unwrap();
        select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let before = form();
    place.destroy_page_of("text_index_data");
    place.program.run(["search", "w7x9"]).well();
    assert_eq!(form(), before);
}

#[test]
fn other_damage_is_no_matter_of_the_index() {
    let place = Place::new();
    place.destroy_page_of("files");
    let outcome = place.program.run(["init"]).well();
    assert!(outcome.stderr.contains("it was moved to"), "{outcome:?}");
    assert_eq!(place.found("w7x9"), 1);
}

#[test]
fn the_doctor_finds_parts_and_words_that_the_index_has_lost() {
    let place = Place::new();
    assert_eq!(place.findings(&[]), []);
    // Nine tenths of all parts, as SQLite itself removes them: nothing of the file is damaged.
    place.sql("DELETE FROM text_index WHERE rowid IN (SELECT id FROM text_index_docsize WHERE id % 655360 <> 0)");
    let found = place.findings(&[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "text-index-damaged");
    assert!(found[0].1.to_string().contains("part 0 of sessions/"), "{found:?}");
    place.program.run(["init", "--rebuild"]).well();
    assert_eq!((place.findings(&[]), place.found("thread")), (vec![], THREADS as usize));
    // Every word, in a form that SQLite takes for an empty index.
    place.sql("UPDATE text_index_data SET block = x'00FF'");
    let found = place.findings(&[]);
    assert!(found[0].0 == "text-index-damaged" && found[0].1.to_string().contains("words of part 0"), "{found:?}");
    place.program.run(["init", "--rebuild"]).well();
    assert_eq!((place.findings(&[]), place.found("thread")), (vec![], THREADS as usize));
    // One part that has other words than its rollout.
    place.sql(
        "INSERT OR REPLACE INTO text_index (rowid, tokens)
         SELECT min(number) << 16, 'other' FROM text_sources WHERE role = 0",
    );
    let found = place.findings(&[]);
    assert!(found[0].0 == "text-index-damaged" && found[0].1.to_string().contains("words of part 0"), "{found:?}");
    // The names of a thread.
    place.program.run(["name", &id(5), "Capstan"]).well();
    place.program.run(["init", "--rebuild"]).well();
    assert_eq!((place.findings(&[]), place.found("capstan")), (vec![], 1));
    place.sql(&format!("DELETE FROM text_sources WHERE subject = '{}'", id(5)));
    let found = place.findings(&[]);
    assert!(found[0].0 == "text-index-damaged" && found[0].1.to_string().contains(&id(5)), "{found:?}");
}

#[test]
fn the_doctor_tells_an_index_that_is_behind_from_one_of_another_version() {
    let place = Place::new();
    talk(2).user("more").write(place.home.path(), Collection::Active);
    place.program.json(["list"]);
    for arguments in [&[][..], &["--quick"]] {
        let found = place.findings(arguments);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, "text-index-behind");
        assert_eq!((&found[0].1[0]["found"], &found[0].1[0]["expected"]), (&"39".into(), &"40".into()), "{found:?}");
    }
    place.sql("UPDATE text_version SET version = 4711");
    let codes: Vec<String> = place.findings(&[]).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["text-index-other-version"]);
    assert_eq!(place.found("thread"), THREADS as usize);
    assert_eq!(place.findings(&[]), []);
}
