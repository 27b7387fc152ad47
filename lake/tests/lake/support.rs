//! Rows for a push, and what a reader makes of the files: the definition of "current", written once more, in the plainest way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use threadkeep_lake::manifest::Manifest;
use threadkeep_lake::read::{self, Files, Texts, Wanted};
use threadkeep_lake::store::{Access, Store, open};
use threadkeep_lake::{Result, columns, ledger, push, source};

/// Is a moment of November 2026.
pub(crate) const NOVEMBER: i64 = 1_793_491_200_000;
const MONTH: i64 = 30 * 24 * 3600 * 1000;

/// Is a thread as its home has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Thread {
    pub(crate) id: String,
    pub(crate) generation: i64,
    pub(crate) deleted: bool,
    /// How many items each turn has.
    pub(crate) turns: Vec<i64>,
    /// What its items say.
    pub(crate) text: String,
}

impl Thread {
    pub(crate) fn new(number: usize, turns: &[i64]) -> Thread {
        let (id, text) = (format!("thread-{number:04}"), format!("word{number:04}word"));
        Thread { id, generation: 1, deleted: false, turns: turns.to_vec(), text }
    }

    /// Gives the lines of its whole text: one that tells of it, one for each turn, one that ends it.
    pub(crate) fn whole_text(&self) -> Vec<String> {
        let Thread { text, generation, turns, .. } = self;
        let head = format!("{text} has {} turns", turns.len());
        let of_turns = turns.iter().map(|items| format!("{text} in {generation} \"{items}\""));
        std::iter::once(head).chain(of_turns).chain([format!("{text} ends")]).collect()
    }

    /// Gives the lines of the thread and of its turns from one on.
    pub(crate) fn lines(&self, from: usize) -> String {
        let (thread, generation) = (&self.id, self.generation);
        let created = NOVEMBER - MONTH * i64::from(self.id.as_bytes()[self.id.len() - 1] % 3);
        let mut lines = String::new();
        writeln!(lines, "{}", json!({"open": {"thread": thread, "generation": generation}})).unwrap();
        let mut row = |table: &str, row: Value| writeln!(lines, "{}", json!({ table: row })).unwrap();
        let said = (!self.deleted).then_some(&self.text);
        row(
            "threads",
            json!({"title": said, "source": "cli",
                "created_at": created, "updated_at": created, "archived": false, "turns": said.map(|_| self.turns.len()),
                "tags": ["a", "b"], "rollout_bytes": said.map(|_| 9), "has_text": true, "deleted": self.deleted,
                "records": said.map(|_| self.whole_text().len())}),
        );
        for (record, text) in self.whole_text().iter().enumerate() {
            if !self.deleted && (record == 0 || record > from) {
                row("records", json!({"record": record, "at": created, "text": text}));
            }
        }
        for (turn, items) in (1..).zip(&self.turns).skip(from) {
            // Turns of one thread lie in several months.
            let at = created + MONTH * (turn % 2);
            row(
                "turns",
                json!({"turn": turn, "turn_id": format!("u{turn}"), "started_at": at,
                    "status": "completed", "items": items, "prompt": self.text}),
            );
            row(
                "usage",
                json!({"request": turn, "at": at, "input": 1, "cached_input": 2,
                    "cache_write": 0, "output": 3, "reasoning": 0, "cost_usd": 0.5}),
            );
            for item in 1..=*items {
                row(
                    "items",
                    json!({"turn": turn, "item": item, "item_id": "i", "kind": "message",
                        "at": at, "text": self.text}),
                );
                row(
                    "file_changes",
                    json!({"turn": turn, "item": item, "change": 1, "at": at,
                        "path": "/a", "kind": "update", "status": "completed"}),
                );
            }
        }
        writeln!(lines, "{}", json!({"close": {}})).unwrap();
        lines
    }
}

pub(crate) fn begin(home: &str) -> String {
    let begin = json!({"begin": {"schema": 2, "machine": "m-1", "home": home, "name": null, "system": "linux x86_64",
        "programVersion": "0.1.0", "now": NOVEMBER}});
    format!("{begin}\n")
}

pub(crate) fn end(threads: usize) -> String {
    format!("{}\n", json!({"end": {"threads": threads}}))
}

/// Gives the input of a run that pushes threads whole.
pub(crate) fn whole(threads: &[Thread]) -> String {
    let lines: String = threads.iter().map(|thread| thread.lines(0)).collect();
    begin("h-1") + &lines + &end(threads.len())
}

/// Gives the options of a run that commits each thread, and leaves nothing that nobody needs.
pub(crate) fn eager() -> push::Options {
    push::Options { grace: Duration::ZERO, compact: false, commit_bytes: 0 }
}

pub(crate) fn store(directory: &Path) -> Store {
    open(directory.to_str().unwrap(), Access::Push).unwrap()
}

/// Runs a push, and gives its answers.
pub(crate) fn pushed(target: &impl push::Target, input: &str, options: push::Options) -> (Result<()>, Vec<Value>) {
    let mut output = Vec::new();
    let result = push::run(target, input.as_bytes(), &mut output, options);
    let answers = String::from_utf8(output).unwrap();
    (result, answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

pub(crate) fn push_all(target: &impl push::Target, threads: &[Thread]) -> Vec<Value> {
    let options = push::Options { grace: Duration::ZERO, ..push::Options::default() };
    let (result, answers) = pushed(target, &whole(threads), options);
    result.unwrap();
    answers
}

/// Is what a reader finds: of each thread the items of each turn, and as many requests and changes.
pub(crate) type Found = BTreeMap<String, BTreeMap<i64, BTreeSet<i64>>>;

/// Gives what a reader should find of threads.
pub(crate) fn expected(threads: &[Thread]) -> Found {
    let there = threads.iter().filter(|thread| !thread.deleted);
    there
        .map(|thread| {
            let turns = (1..).zip(&thread.turns).map(|(turn, items)| (turn, (1..=*items).collect()));
            (thread.id.clone(), turns.collect())
        })
        .collect()
}

#[derive(Clone, Copy)]
struct Row {
    version: i64,
    generation: i64,
    /// `deleted` of a thread, `items` of a turn.
    value: i64,
}

/// Reads the current rows of all manifests.
pub(crate) fn found(store: &Store) -> Found {
    let mut all = Found::new();
    for manifest in ledger::all(store).unwrap_or_default() {
        all.extend(found_by(store, &manifest));
    }
    all
}

/// Reads the current rows that a manifest names.
pub(crate) fn found_by(store: &Store, manifest: &Manifest) -> Found {
    read_by(store, manifest).unwrap()
}

/// Reads the current rows that a manifest names, whose files may be gone.
pub(crate) fn read_by(store: &Store, manifest: &Manifest) -> Result<Found> {
    let threads = newest(store, manifest, "threads", &[], Some("deleted"))?;
    let turns = newest(store, manifest, "turns", &["turn"], Some("items"))?;
    let of_thread = |thread: &str| threads.get(&(thread.to_owned(), vec![])).filter(|row| row.value == 0);
    let counts = |thread: &str, row: &Row| of_thread(thread).is_some_and(|newest| newest.generation == row.generation);
    let mut found = Found::new();
    for (thread, _) in threads.keys() {
        if of_thread(thread).is_some() {
            found.insert(thread.clone(), BTreeMap::new());
        }
    }
    for ((thread, key), row) in &turns {
        if counts(thread, row) {
            found.get_mut(thread).unwrap().insert(key[0], BTreeSet::new());
        }
    }
    let mut changes = found.clone();
    for (table, names, found) in
        [("items", vec!["turn", "item"], &mut found), ("file_changes", vec!["turn", "item", "change"], &mut changes)]
    {
        for ((thread, key), row) in newest(store, manifest, table, &names, None)? {
            let turn = turns.get(&(thread.clone(), vec![key[0]]));
            if counts(&thread, &row) && turn.is_some_and(|turn| counts(&thread, turn) && key[1] <= turn.value) {
                found.get_mut(&thread).unwrap().get_mut(&key[0]).unwrap().insert(key[1]);
            }
        }
    }
    assert_eq!(found, changes, "a change belongs to each item");
    let usage = newest(store, manifest, "usage", &["request"], None)?;
    let requests = usage.iter().filter(|((thread, _), row)| counts(thread, row)).count();
    assert_eq!(requests, found.values().map(BTreeMap::len).sum::<usize>(), "a request belongs to each turn");
    Ok(found)
}

fn newest(
    store: &Store,
    manifest: &Manifest,
    table: &str,
    key: &[&str],
    value: Option<&str>,
) -> Result<BTreeMap<(String, Vec<i64>), Row>> {
    let mut newest: BTreeMap<(String, Vec<i64>), Row> = BTreeMap::new();
    for file in manifest.files.iter().filter(|file| file.table == table) {
        let mut rows_read = 0;
        source::read(store, &file.path, file.bytes, &[], |rows| {
            rows_read += rows.num_rows() as u64;
            for row in 0..rows.num_rows() {
                let integer = |name: &str| columns::integers(&rows, name).unwrap().value(row);
                let thread = columns::texts(&rows, "thread").unwrap().value(row).to_owned();
                let value = match value {
                    Some("deleted") => i64::from(columns::flags(&rows, "deleted").unwrap().value(row)),
                    Some(name) => integer(name),
                    None => 0,
                };
                let found = Row { version: integer("version"), generation: integer("generation"), value };
                let key = (thread, key.iter().map(|name| integer(name)).collect());
                let there = newest.entry(key).or_insert(found);
                if there.version < found.version {
                    *there = found;
                }
            }
            Ok(())
        })?;
        assert_eq!(rows_read, file.rows, "{}", file.path);
    }
    Ok(newest)
}

/// Is what comes back: of each thread the lines of its whole text.
pub(crate) type WholeTexts = BTreeMap<String, Vec<String>>;

/// Gives what should come back of threads.
pub(crate) fn expected_texts(threads: &[Thread]) -> WholeTexts {
    let there = threads.iter().filter(|thread| !thread.deleted);
    there.map(|thread| (thread.id.clone(), thread.whole_text())).collect()
}

/// Gives what comes back, of what was wanted; an answer that the text is not all there stands in its place.
pub(crate) fn read_back(texts: Result<&mut dyn Texts>, wanted: &Wanted) -> Result<WholeTexts> {
    let mut output = Vec::new();
    read::run(&mut output, |telling| telling.threads(texts?, wanted, false))?;
    let (mut all, mut thread) = (WholeTexts::new(), String::new());
    for line in String::from_utf8(output).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if let Some(told) = line["thread"]["thread"].as_str() {
            thread = told.to_owned();
        }
        let text = line["line"].as_str().map(str::to_owned).or_else(|| Some(line.get("broken")?.to_string()));
        if let Some(text) = text {
            all.entry(thread.clone()).or_default().push(text);
        }
    }
    Ok(all)
}

/// Gives what comes back of files.
pub(crate) fn texts_of(store: &Store) -> WholeTexts {
    match Files::open(store) {
        Ok(mut files) => read_back(Ok(&mut files), &Wanted::default()).unwrap(),
        Err(_) => WholeTexts::new(),
    }
}

/// Gives every file below a directory.
pub(crate) fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        if entry.path().is_dir() { all.extend(files(&entry.path())) } else { all.push(entry.path()) }
    }
    all
}

/// Says whether a text is in any row of any Parquet file below a directory, whether a manifest names it or not.
pub(crate) fn is_anywhere(store: &Store, directory: &Path, text: &str) -> bool {
    files(directory).iter().filter(|path| path.extension().is_some_and(|end| end == "parquet")).any(|path| {
        let bytes = std::fs::metadata(path).unwrap().len();
        let below =
            path.strip_prefix(directory.canonicalize().unwrap()).or_else(|_| path.strip_prefix(directory)).unwrap();
        let mut there = std::fs::read(path).unwrap().windows(text.len()).any(|window| window == text.as_bytes());
        source::read(store, below.to_str().unwrap(), bytes, &[], |rows| {
            for column in rows.columns() {
                if let Some(texts) = column.as_any().downcast_ref::<arrow_array::StringArray>() {
                    there |= texts.iter().flatten().any(|value| value.contains(text));
                }
            }
            Ok(())
        })
        .unwrap();
        there
    })
}
