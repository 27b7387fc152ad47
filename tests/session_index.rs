//! The session index in whatever way it was changed: its last valid word counts, with a state DB that grew with it and without.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use support::{CodexDb, Collection, Program, Rollout};
use tempfile::{TempDir, tempdir};

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";
const TWO: &str = "019ca8a0-0000-7000-8000-000000000002";

struct Named {
    home: TempDir,
    grown: Program,
    without: Program,
}

fn line(id: &str, name: &str) -> String {
    format!("{{\"id\":\"{id}\",\"thread_name\":\"{name}\",\"updated_at\":\"2026-03-01T10:00:00Z\"}}\n")
}

impl Named {
    /// A home of two threads, with this index.
    fn by(index: &str) -> Named {
        let home = tempdir().unwrap();
        for id in [ONE, TWO] {
            Rollout::paginated(id).user("something").write(home.path(), Collection::Active);
        }
        fs::write(home.path().join("session_index.jsonl"), index).unwrap();
        let grown = Program::on(home.path(), &home.path().join("threadkeep"));
        let without = Program::stateless(home.path());
        grown.run(["init"]).well();
        Named { home, grown, without }
    }

    fn index(&self) -> PathBuf {
        self.home.path().join("session_index.jsonl")
    }

    /// What the two threads are called, which all say alike.
    fn names(&self) -> [Option<String>; 2] {
        let said = |program: &Program| {
            [ONE, TWO].map(|id| program.json(["read", id, "--no-turns"])["name"].as_str().map(String::from))
        };
        let names = said(&self.grown);
        assert_eq!(names, said(&self.without), "with the state DB, and without");
        names
    }

    #[track_caller]
    fn are(&self, one: Option<&str>, two: Option<&str>) {
        assert_eq!(self.names(), [one.map(String::from), two.map(String::from)]);
    }

    /// Overwrites the index where it lies.
    fn edit(&self, text: &str) {
        let mut file = OpenOptions::new().write(true).truncate(true).open(self.index()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }
}

#[test]
fn an_index_that_is_edited_in_place_is_followed_be_it_longer_shorter_or_as_long() {
    let named = Named::by(&[line(ONE, "kite"), line(TWO, "keel")].concat());
    named.are(Some("kite"), Some("keel"));
    named.edit(&[line(ONE, "tail"), line(TWO, "keel")].concat());
    named.are(Some("tail"), Some("keel"));
    named.edit(&[line(ONE, "a tail of many colours"), line(TWO, "keel")].concat());
    named.are(Some("a tail of many colours"), Some("keel"));
    named.edit(&line(TWO, "keel of oak"));
    named.are(None, Some("keel of oak"));
    named.edit(&[line(TWO, "keel"), line(ONE, "first"), line(ONE, "last")].concat());
    named.are(Some("last"), Some("keel"));
    named.edit(&[line(TWO, "keel"), line(ONE, "first")].concat());
    named.are(Some("first"), Some("keel"));
}

#[test]
fn an_index_that_another_file_replaced_is_followed_be_it_of_the_same_inode() {
    let named = Named::by(&line(ONE, "kite"));
    let inode = |path: &Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
    for name in ["tail", "ribbon", "frame"] {
        let beside = named.home.path().join("session_index.tmp");
        fs::write(&beside, [line(TWO, name), line(ONE, name)].concat()).unwrap();
        fs::rename(&beside, named.index()).unwrap();
        named.are(Some(name), Some(name));
    }
    let before = inode(&named.index());
    for _ in 0..50 {
        fs::remove_file(named.index()).unwrap();
        fs::write(named.index(), [line(TWO, "again"), line(ONE, "again!")].concat()).unwrap();
        if inode(&named.index()) == before {
            break;
        }
    }
    named.are(Some("again!"), Some("again"));
}

#[test]
fn a_last_line_without_its_newline_a_byte_order_mark_and_crlf_do_not_hide_a_name() {
    let named = Named::by(line(ONE, "kite").trim_end());
    named.are(Some("kite"), None);
    let mut file = OpenOptions::new().append(true).open(named.index()).unwrap();
    file.write_all(format!("\n{}", line(TWO, "keel").trim_end()).as_bytes()).unwrap();
    named.are(Some("kite"), Some("keel"));
    named.grown.run(["name", ONE, "by hand"]).well();
    named.are(Some("by hand"), Some("keel"));
    named.edit(&format!("\u{feff}{}\u{feff}{}", line(TWO, "marked"), line(TWO, "marked twice")));
    assert_eq!(named.without.json(["read", TWO, "--no-turns"])["name"], "marked twice");
    named.edit(&[line(ONE, "windows"), line(TWO, "lines")].concat().replace('\n', "\r\n"));
    assert_eq!(named.grown.json(["read", TWO, "--no-turns"])["name"], "lines");
}

#[test]
fn an_index_that_is_a_link_to_elsewhere_is_read_and_written_there() {
    let named = Named::by(&line(ONE, "kite"));
    let elsewhere = tempdir().unwrap();
    let real = elsewhere.path().join("index.jsonl");
    fs::rename(named.index(), &real).unwrap();
    std::os::unix::fs::symlink(&real, named.index()).unwrap();
    named.are(Some("kite"), None);
    named.grown.run(["name", TWO, "keel"]).well();
    assert!(fs::read_to_string(&real).unwrap().contains("keel"));
    assert!(fs::symlink_metadata(named.index()).unwrap().is_symlink());
    named.are(Some("kite"), Some("keel"));
    fs::write(&real, line(TWO, "other")).unwrap();
    assert_eq!(named.without.json(["read", ONE, "--no-turns"])["name"], serde_json::Value::Null);
}

#[test]
fn names_of_an_index_that_is_gone_are_kept_and_another_one_says_nothing_against_them() {
    let named = Named::by(&[line(ONE, "kite"), line(TWO, "keel")].concat());
    fs::remove_file(named.index()).unwrap();
    let name = |id: &str| named.grown.json(["read", id, "--no-turns"])["name"].as_str().map(String::from);
    assert_eq!([name(ONE), name(TWO)], [Some("kite".into()), Some("keel".into())]);
    fs::write(named.index(), line(TWO, "of a new file")).unwrap();
    assert_eq!([name(ONE), name(TWO)], [Some("kite".into()), Some("of a new file".into())]);
    fs::write(named.index(), "").unwrap();
    assert_eq!([name(ONE), name(TWO)], [Some("kite".into()), Some("of a new file".into())]);
}

#[test]
fn a_name_that_was_taken_away_stays_away_wherever_it_is_asked_and_codex_is_told_by_a_repair() {
    let home = tempdir().unwrap();
    let codex = CodexDb::create(home.path(), false);
    let threads =
        [Rollout::paginated(ONE).user("something").tokens(1), Rollout::legacy(TWO).user("something").tokens(1)];
    for thread in &threads {
        thread.write(home.path(), Collection::Active);
        codex.thread(home.path(), thread, Collection::Active, Some("kite"));
    }
    fs::write(home.path().join("session_index.jsonl"), [line(ONE, "kite"), line(TWO, "kite")].concat()).unwrap();
    drop(codex);
    let program = Program::on(home.path(), &home.path().join("threadkeep"));
    let fresh = tempdir().unwrap();
    for id in [ONE, TWO] {
        program.run(["name", id, "--clear"]).well();
        for program in [&program, &Program::stateless(home.path()), &Program::on(home.path(), fresh.path())] {
            assert_eq!(program.json(["read", id, "--no-turns"])["name"], serde_json::Value::Null);
        }
    }
    program.run(["repair", "apply", "--target", "codex", "--yes"]).well();
    let codex = rusqlite::Connection::open(home.path().join("state_5.sqlite")).unwrap();
    let left: u32 = codex
        .query_row("SELECT count(*) FROM threads WHERE name = 'kite' OR title = 'kite'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
    // Named again, it is named everywhere.
    program.run(["name", ONE, "keel"]).well();
    assert_eq!(Program::stateless(home.path()).json(["read", ONE, "--no-turns"])["name"], "keel");
}
