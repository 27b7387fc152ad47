//! The index of what was said: who fills it, what is told of it, and what users keep out of it.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;
use support::hourly::{id, legacy};
use support::{Collection, Program, Rollout};
use tempfile::{TempDir, tempdir};

/// A home, and a place for its state.
struct Place {
    home: TempDir,
    state: TempDir,
    program: Program,
}

impl Place {
    /// Three threads that say a word of their own each, the second and third in directories of theirs.
    fn new() -> Place {
        let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
        let program = Program::on(home.path(), state.path());
        let place = Place { home, state, program };
        for (number, cwd, word) in
            [(1, "/src/app", "wherry"), (2, "/src/secret/deep", "zephyrine"), (3, "/src/secretary", "quoin")]
        {
            place.write(&talk(number).cwd(cwd).user(&format!("the {word} title")).agent(&format!("a {word} said")));
        }
        place
    }

    fn write(&self, rollout: &Rollout) {
        rollout.write(self.home.path(), Collection::Active);
    }

    fn set(&self, name: &str, value: &str) {
        self.program.run(["config", "set", name, value]).well();
    }

    fn unset(&self, name: &str) {
        self.program.run(["config", "set", name, "--unset"]).well();
    }

    fn index(&self) -> Value {
        self.program.json(["status"])["textIndex"].clone()
    }

    fn db(&self) -> Connection {
        Connection::open(self.state.path().join("state.sqlite")).unwrap()
    }

    /// How many tokens of the index are this word.
    fn tokens(&self, word: &str) -> u64 {
        let sql = "SELECT count(*) FROM text_index WHERE text_index MATCH ?1";
        self.db().query_row(sql, [word], |row| row.get::<_, i64>(0)).unwrap() as u64
    }

    /// The numbers of the threads that a search finds.
    #[track_caller]
    fn found(&self, words: &str) -> Vec<u64> {
        let answer = self.program.run(["--json", "search", words]).json();
        let items = answer["items"].as_array().unwrap().clone();
        let number =
            |item: &Value| (0..9).find(|number| id(*number) == item["thread"]["id"].as_str().unwrap()).unwrap();
        assert_eq!(answer["uncovered"].as_u64().unwrap_or(0), 0, "{answer}");
        items.iter().map(number).collect()
    }
}

fn talk(number: u64) -> Rollout {
    legacy(number)
}

/// What is said last: of that the state DB keeps some bytes, to know the rollout again.
fn end() -> String {
    "the very end ".repeat(20)
}

/// Whether any file of a state has this text.
fn has_token(state: &Path, token: &[u8]) -> bool {
    fs::read_dir(state).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        path.is_file() && fs::read(&path).unwrap().windows(token.len()).any(|window| window == token)
    })
}

#[test]
fn init_fills_the_index_and_no_other_start_does() {
    let place = Place::new();
    place.program.json(["list"]);
    assert_eq!(place.index(), serde_json::json!({"current": 0, "behind": 3, "otherVersion": false}));
    place.program.run(["init", "--no-index"]).well();
    assert_eq!(place.index()["behind"], 3);
    assert_eq!(place.program.json(["init"])["indexed"], 3);
    assert_eq!(place.index(), serde_json::json!({"current": 3, "behind": 0, "otherVersion": false}));
    assert_eq!(place.program.json(["init"])["indexed"], 0);
    assert!(place.program.run(["status"]).well().stdout.contains("search    3 rollouts in the index\n"));
    place.program.run(["init", "--rebuild"]).well();
    assert_eq!(place.index()["current"], 3);
}

#[test]
fn status_says_how_many_rollouts_are_behind_and_whether_another_version_made_the_index() {
    let place = Place::new();
    place.program.run(["init"]).well();
    place.write(&talk(1).cwd("/src/app").user("the wherry title").agent("a wherry said").user("more"));
    place.write(&talk(4).user("new"));
    place.program.json(["list"]);
    assert_eq!(place.index(), serde_json::json!({"current": 2, "behind": 2, "otherVersion": false}));
    assert!(place.program.run(["status"]).well().stdout.contains("2 behind: the next search reads them"));
    assert_eq!(place.found("more"), [1]);
    assert_eq!(place.index()["behind"], 0);
    place.db().execute("UPDATE text_version SET version = 4711", []).unwrap();
    assert_eq!(place.index()["otherVersion"], true);
    assert!(place.program.run(["status"]).well().stdout.contains("of another version: the next search makes it anew"));
    assert_eq!(place.found("wherry"), [1]);
    assert_eq!(place.index(), serde_json::json!({"current": 4, "behind": 0, "otherVersion": false}));
    assert_eq!(Program::stateless(place.home.path()).json(["status"])["textIndex"], Value::Null);
}

#[test]
fn without_an_index_everything_is_scanned_and_what_was_in_it_is_in_no_byte() {
    let place = Place::new();
    // Of a word that only an answer has, the rows know nothing.
    place.write(&talk(4).user("hello").agent("an ostrich").agent(&end()));
    place.program.run(["init"]).well();
    assert_eq!((place.found("ostrich"), place.tokens("ostrich")), (vec![4], 1));
    assert!(has_token(place.state.path(), b"ostrich"));
    place.set("search.index", "false");
    place.program.json(["list"]);
    assert!(!has_token(place.state.path(), b"ostrich"));
    assert_eq!((place.found("ostrich"), place.found("title"), place.tokens("ostrich")), (vec![4], vec![3, 2, 1], 0));
    assert_eq!(place.program.json(["init"])["indexed"], 0);
    place.unset("search.index");
    assert_eq!((place.found("ostrich"), place.tokens("ostrich")), (vec![4], 1));
}

#[test]
fn threads_of_excluded_directories_are_in_no_byte_of_the_index_and_found_all_the_same() {
    let place = Place::new();
    place.write(&talk(4).cwd("/src/secret").user("hello").agent("an ostrich").agent(&end()));
    let words = ["zephyrine", "ostrich", "title", "said -wherry", "\"the quoin\" OR ostrich", "zeph*"];
    place.program.run(["init"]).well();
    let before = words.map(|words| place.found(words));
    place.set("search.exclude", "/src/secret");
    place.program.json(["list"]);
    assert!(!has_token(place.state.path(), b"ostrich"));
    assert_eq!((place.tokens("zephyrine"), place.tokens("quoin"), place.tokens("wherry")), (0, 1, 1));
    assert_eq!(words.map(|words| place.found(words)), before);
    // Neither is anything read that is new there, nor when all is made anew.
    place.write(&talk(4).cwd("/src/secret").user("hello").agent("an ostrich").agent(&end()).user("and a walrus"));
    assert_eq!((place.found("walrus"), place.tokens("walrus")), (vec![4], 0));
    place.program.run(["init", "--rebuild"]).well();
    assert_eq!(
        (place.found("walrus"), place.tokens("walrus"), place.index()["behind"].clone()),
        (vec![4], 0, 0.into())
    );
    place.unset("search.exclude");
    assert_eq!((place.found("walrus"), place.tokens("walrus"), place.tokens("zephyrine")), (vec![4], 1, 1));
}

#[test]
fn the_directories_are_a_list_in_the_file_and_what_is_no_directory_is_refused() {
    let place = Place::new();
    place.set("search.exclude", "/src/secret, /src/secretary");
    let file = place.program.place().join(".config/threadkeep/config.toml");
    assert!(fs::read_to_string(&file).unwrap().contains("exclude = [\"/src/secret\", \"/src/secretary\"]"));
    assert_eq!((place.found("title"), place.tokens("title")), (vec![3, 2, 1], 1));
    for wrong in ["secret", "/src/secret,secretary"] {
        place.program.run(["config", "set", "search.exclude", wrong]).ended(2);
    }
    place.program.run(["config", "set", "search.index", "maybe"]).ended(2);
    fs::write(&file, "[search]\nexclude = 3\n").unwrap();
    assert!(place.program.run(["list"]).ended(2).stderr.contains("it is no list of texts"));
}
