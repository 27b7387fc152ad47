//! The homes in which examples run.

use rusqlite::Connection;
use support::CodexDb;

use super::page::without_blank_end;
use crate::helping::{Person, text};

/// A person's home as a page wants it.
pub(super) struct Ground {
    person: Person,
    // Whoever holds Codex's database, where somebody does.
    _holder: Option<Connection>,
}

impl Ground {
    /// The demo home; `known` to Codex, `moved` since then, with a backfill that was killed (`filling`), or with a database
    /// that a process has to itself (`held`).
    pub(super) fn of(kind: &str) -> Ground {
        let person = Person::new();
        if kind == "demo" {
            return Ground { person, _holder: None };
        }
        drop(CodexDb::create(&person.home(), false));
        let filled = person.shell("threadkeep repair apply --target codex --yes");
        assert!(filled.status.success(), "{filled:?}");
        let codex = Connection::open(person.home().join("state_5.sqlite")).unwrap();
        let old = "UPDATE threads SET rollout_path = replace(rollout_path, ?1, '/home/robin/.codex')";
        let killed = "UPDATE backfill_state SET status = 'running', updated_at = unixepoch() - 1000";
        match kind {
            "known" => {}
            "moved" => assert!(codex.execute(old, [person.home().to_str().unwrap()]).unwrap() > 10),
            "filling" => assert_eq!(codex.execute(killed, []).unwrap(), 1),
            "held" => {
                codex.execute_batch("BEGIN EXCLUSIVE").unwrap();
                return Ground { person, _holder: Some(codex) };
            }
            _ => panic!("no page has a home that is {kind}"),
        }
        Ground { person, _holder: None }
    }

    /// What a command prints, words and data as they come, with `~` for the person's directory; and whether that stood in it.
    pub(super) fn printed(&self, command: &str) -> (Vec<String>, bool) {
        let ended = self.person.shell(&format!("exec 2>&1; {command}"));
        let printed = text(&ended.stdout);
        let home = self.person.home();
        let place = home.parent().unwrap().to_str().unwrap();
        let mut lines: Vec<String> =
            printed.replace(place, "~").lines().map(|line| line.trim_end().to_owned()).collect();
        without_blank_end(&mut lines);
        (lines, printed.contains(place))
    }
}
