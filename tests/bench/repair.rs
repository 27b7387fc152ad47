//! Repairs: a moved home, all of whose rows in a Codex database lead to where it was.

use std::path::Path;

use rusqlite::{Connection, params};
use support::listing;
use threadkeep::contract::{Cell, Change, CodexChange, Edit, EditTarget, Finding, Severity, Value};
use threadkeep::health::backup::{self, Wanted};
use threadkeep::health::repair::{self, Repairs};
use threadkeep::platform::wait::Wait;

use crate::homes::linked;
use crate::library::Library;
use crate::table::Table;

const PLAN: &str = "choosing the edits and writing the plan";
const READ: &str = "reading the plan";
const LOOK: &str = "does every entry still fit? rows and files alone";
const SAVE: &str = "a backup of every database alone";
const APPLY: &str = "applying it, with a backup of every database";
const UNDO: &str = "taking it back, likewise";

/// Plans, applies and takes back the same repair again and again.
pub(crate) fn repair(home: &Path, target: &Path, runs: usize) {
    let place = tempfile::tempdir_in(target).unwrap();
    let (copy, state) = (place.path().join("home"), place.path().join("state"));
    linked(home, &copy);
    // Of a thread that was taken back there are two files; one row leads to one.
    let rollouts = listing(&copy).into_keys().filter(|path| {
        path.rsplit_once('/').is_some_and(|(_, name)| name.starts_with("rollout-") && !name.contains('_'))
    });
    let rollouts: Vec<String> = rollouts.collect();
    for of in ["", "-wal", "-shm"] {
        std::fs::remove_file(copy.join(format!("state_5.sqlite{of}"))).unwrap_or_default();
    }
    let findings = moved(&copy, &rollouts);
    let library = Library::open(&copy, &state);
    let wait = Wait::default();
    let repairs = Repairs::of(&library.runtime, &library.home, &state, &wait);
    let mut table = Table::default();
    for _ in 0..runs {
        let mut text = String::new();
        let mine = findings.clone();
        table.time(PLAN, || text = repairs.plan(mine, repair::Target::Codex, &[]).unwrap().to_json().unwrap());
        let mut plan = None;
        table.time(READ, || plan = Some(repair::Plan::from_json(&text).unwrap()));
        let plan = plan.unwrap();
        table.time(LOOK, || assert_eq!(repairs.look(&plan).unwrap().done.len(), findings.len()));
        table.time(SAVE, || backup::create(&library.home, &state, None, &Wanted::before("repair"), &wait).unwrap());
        table.time(APPLY, || assert_eq!(repairs.apply(&plan).unwrap().done.len(), findings.len()));
        table.time(UNDO, || assert_eq!(repairs.undo().unwrap().done.len(), findings.len()));
    }
    table.want(PLAN, 200.0);
    table.want(APPLY, 1000.0);
    println!("\nrepairs of {} rows of Codex's", findings.len());
    table.print();
}

/// A database of 0.169 with a row for every rollout, and what would mend each.
fn moved(home: &Path, rollouts: &[String]) -> Vec<Finding> {
    let mut db = Connection::open(home.join("state_5.sqlite")).unwrap();
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = OFF").unwrap();
    db.execute_batch(include_str!("../fixtures/codex-db/169.sql")).unwrap();
    let transaction = db.transaction().unwrap();
    let mut findings = Vec::new();
    for place in rollouts {
        let stem = place.trim_end_matches(".zst").trim_end_matches(".jsonl");
        let Some(id) = stem.len().checked_sub(36).and_then(|at| stem.get(at..)) else { continue };
        let old = format!("/a/home/that/was/{place}");
        let words = "What was asked for at the beginning of this thread, in so many words.";
        let put = transaction.execute(
            "INSERT OR IGNORE INTO threads (id, rollout_path, created_at, updated_at, source, model_provider, cwd, title,
             sandbox_policy, approval_mode, first_user_message, preview) VALUES (?1, ?2, 10, 20, 'cli', 'harbour', '/src',
             ?3, '{}', 'never', ?3, ?3)",
            params![id, old, words],
        );
        if put.unwrap() == 1 {
            findings.push(finding(id, place, &old, &home.join(place).to_string_lossy()));
        }
    }
    transaction.commit().unwrap();
    findings
}

fn finding(id: &str, place: &str, old: &str, new: &str) -> Finding {
    let cell = |column: &str, text: &str| vec![Cell { column: column.into(), value: Value::Text(text.into()) }];
    let edit = Edit {
        code: "stale-path".into(),
        thread: Some(id.into()),
        reason: "the rollout is there".into(),
        target: EditTarget::Codex,
        change: Change::CodexRow(CodexChange {
            table: "threads".into(),
            key: cell("id", id),
            before: Some(cell("rollout_path", old)),
            after: Some(cell("rollout_path", new)),
        }),
        preconditions: vec![(place.into(), id.into())],
        opt_in: false,
        safe_while_open: false,
    };
    Finding {
        code: "stale-path".into(),
        severity: Severity::Error,
        thread: Some(id.into()),
        path: Some(place.into()),
        line: None,
        offset: None,
        evidence: Vec::new(),
        meaning: String::new(),
        remedy: String::new(),
        edits: vec![edit],
        unmended: None,
    }
}
