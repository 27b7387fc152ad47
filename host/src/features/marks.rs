//! Marks: what users put on threads beside their names, which is tags, pins and notes.
//!
//! They are kept in the state DB, and in no file of Codex's. Those on a thread of another program wait for it where its own files
//! go and come again. What can be a tag or a note, and what comes of two of them, is the core's to say
//! (`core-wasm/src/features/marks.rs`).

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, Transaction, params};

use threadkeep_engine::Runtime;
use threadkeep_engine::calls::{AskedMarksOf, ChangeTags, CheckNote, JoinMarks, Marked, NamedTurn};
pub use threadkeep_engine::contract::{AskedMarks, MarkFilter, ThreadMarks, ThreadNote};
use threadkeep_engine::contract::{MarkedThread, Rejection};

use crate::db::{Database, Domain, FeatureError, FeatureResult, Rules, StateDb, StateError, Table, UserData};

/// Holds what users put on threads.
pub(super) const DOMAIN: Domain = Domain {
    name: "marks",
    migrations: &[(
        11,
        "
    -- Tags that users gave threads.
    CREATE TABLE tags (
        thread_id TEXT NOT NULL,
        tag TEXT NOT NULL,
        PRIMARY KEY (thread_id, tag)
    ) WITHOUT ROWID;
    -- Threads that users pinned, and when.
    CREATE TABLE pins (
        thread_id TEXT PRIMARY KEY,
        at INTEGER NOT NULL
    ) WITHOUT ROWID;
    -- What users wrote beside threads and beside their turns: of a thread as a whole the turn is empty.
    CREATE TABLE notes (
        thread_id TEXT NOT NULL,
        turn TEXT NOT NULL,
        note TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (thread_id, turn)
    ) WITHOUT ROWID;
",
    )],
    tables: &[
        Table::copied("tags", UserData::All).of_thread("thread_id").waiting_for_foreign_files(),
        Table::copied("pins", UserData::All).of_thread("thread_id").waiting_for_foreign_files(),
        Table::copied("notes", UserData::All).of_thread("thread_id").waiting_for_foreign_files(),
    ],
};

/// What lists show of a thread's marks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarksInShort {
    /// Its tags, in their order.
    pub tags: Vec<String>,
    /// Whether it is pinned.
    pub pinned: bool,
    /// How many notes there are, on the thread and on its turns.
    pub notes: u64,
}

/// Returns what users put on a thread.
pub(crate) fn of(database: &Database, thread: &str) -> Result<ThreadMarks, StateError> {
    let thread = thread.to_string();
    database.with(move |connection| read(connection, &thread))
}

/// Returns what lists show of threads; those without marks are not there.
pub(crate) fn in_short(database: &Database, threads: &[String]) -> Result<BTreeMap<String, MarksInShort>, StateError> {
    let threads = serde_json::to_string(threads).unwrap_or_else(|_| "[]".into());
    database.with(move |connection| {
        let mut marks: BTreeMap<String, MarksInShort> = BTreeMap::new();
        let among = "thread_id IN (SELECT value FROM json_each(?1))";
        let pair = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let mut select = connection
            .prepare_cached(&format!("SELECT thread_id, tag FROM tags WHERE {among} ORDER BY thread_id, tag"))?;
        for tag in select.query_map([&threads], pair)? {
            let (thread, tag): (String, String) = tag?;
            marks.entry(thread).or_default().tags.push(tag);
        }
        let mut select = connection.prepare_cached(&format!("SELECT thread_id FROM pins WHERE {among}"))?;
        for thread in select.query_map([&threads], |row| row.get::<_, String>(0))? {
            marks.entry(thread?).or_default().pinned = true;
        }
        let count = format!("SELECT thread_id, count(*) FROM notes WHERE {among} GROUP BY thread_id");
        let mut select = connection.prepare_cached(&count)?;
        for notes in select.query_map([&threads], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))? {
            let (thread, count) = notes?;
            marks.entry(thread).or_default().notes = count.unsigned_abs();
        }
        Ok(marks)
    })
}

/// Returns the ids of the threads that a filter lets pass. One with a tag that cannot be one is [`FeatureError::Invalid`].
pub(crate) fn marked(database: &Database, filter: &MarkFilter) -> FeatureResult<Vec<String>> {
    // Only who asks for threads without a tag asks for those that have no mark at all.
    let all = match (filter.tags.is_empty(), filter.pinned) {
        (true, false) => "SELECT id FROM threads UNION SELECT thread_id FROM tags",
        (true, true) => "SELECT thread_id FROM pins",
        (false, _) => "SELECT DISTINCT thread_id FROM tags",
    };
    let threads = database.with(move |connection| {
        let mut threads: BTreeMap<String, MarkedThread> = BTreeMap::new();
        let mut select = connection.prepare_cached(all)?;
        for id in select.query_map([], |row| row.get::<_, String>(0))? {
            let id = id?;
            threads.insert(id.clone(), MarkedThread { id, tags: Vec::new(), pinned: false });
        }
        let mut select = connection.prepare_cached("SELECT thread_id, tag FROM tags ORDER BY thread_id, tag")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(thread) = threads.get_mut(&row.get::<_, String>(0)?) {
                thread.tags.push(row.get(1)?);
            }
        }
        let mut select = connection.prepare_cached("SELECT thread_id FROM pins")?;
        for id in select.query_map([], |row| row.get::<_, String>(0))? {
            if let Some(thread) = threads.get_mut(&id?) {
                thread.pinned = true;
            }
        }
        Ok(threads.into_values().collect::<Vec<_>>())
    })?;
    database.rules().call(&Marked { threads, filter: filter.clone() })?.map_err(refused)
}

/// Returns the ids of the threads that users pinned here.
pub(crate) fn pinned(database: &Database) -> Result<Vec<String>, StateError> {
    database.with(|connection| {
        let mut select = connection.prepare_cached("SELECT thread_id FROM pins ORDER BY thread_id")?;
        let threads = select.query_map([], |row| row.get(0))?;
        Ok(threads.collect::<Result<_, _>>()?)
    })
}

/// Takes what a query asks of marks out of it; where that cannot be meant, why.
pub(crate) fn asked(runtime: &Runtime, words: &str) -> Result<Result<AskedMarks, String>, StateError> {
    Rules::new(runtime).call(&AskedMarksOf { words: words.into() })
}

/// Changes the tags of a thread by words like `+this` and `-that`, in one transaction. Returns the tags as they are then.
pub fn change_tags(state: &StateDb, thread: &str, words: &[String]) -> FeatureResult<Vec<String>> {
    let (id, rules, words) = (thread.to_string(), state.database().rules(), words.to_vec());
    let outcome = state.database().durably(move |transaction| {
        let current = read_tags(transaction, &id)?;
        let changed = rules.call(&ChangeTags { current: current.clone(), words })?;
        if let Ok(tags) = &changed
            && *tags != current
        {
            write_tags(transaction, &id, tags)?;
        }
        Ok(changed)
    })?;
    outcome.map_err(refused)
}

/// Pins a thread, or takes its pin away; false where it was so before. `now` in milliseconds.
pub fn pin(state: &StateDb, thread: &str, pinned: bool, now: i64) -> FeatureResult<bool> {
    let id = thread.to_string();
    Ok(state.database().durably(move |transaction| match pinned {
        true => write_pin(transaction, &id, now),
        false => Ok(transaction.execute("DELETE FROM pins WHERE thread_id = ?1", [id])? > 0),
    })?)
}

/// Writes a note beside a thread, or beside one of its turns, in the place of the one that is there. `now` in milliseconds.
pub fn note(state: &StateDb, thread: &str, turn: Option<&str>, text: &str, now: i64) -> FeatureResult<()> {
    let checked = state.database().rules().call(&CheckNote { text: text.into() })?;
    let note = ThreadNote { turn: turn.map(Into::into), text: checked.map_err(refused)?, at: now };
    let id = thread.to_string();
    Ok(state.database().durably(move |transaction| write_note(transaction, &id, &note))?)
}

/// Takes a note away; false where there is none.
pub fn clear_note(state: &StateDb, thread: &str, turn: Option<&str>) -> FeatureResult<bool> {
    let (id, turn) = (thread.to_string(), turn.unwrap_or_default().to_string());
    let delete = "DELETE FROM notes WHERE thread_id = ?1 AND turn = ?2";
    Ok(state.database().durably(move |transaction| Ok(transaction.execute(delete, [id, turn])? > 0))?)
}

/// Returns the id of the turn that is named among all of a thread. One that is not there, or not alone, is
/// [`FeatureError::Invalid`].
pub fn named_turn(state: &StateDb, thread: &str, turns: Vec<String>, wanted: &str) -> FeatureResult<String> {
    let named = state.database().rules().call(&NamedTurn { turns, wanted: wanted.into() })?;
    named.map_err(|rejection| match rejection {
        Rejection::Nothing => FeatureError::Invalid(format!(
            "{thread} has no turn '{wanted}'; `threadkeep turns {thread}` shows them, and #N is the Nth one"
        )),
        other => refused(other),
    })
}

/// Puts marks that come from elsewhere on a thread: nothing that is there changes or goes. `now` in milliseconds.
pub(crate) fn join(state: &StateDb, thread: &str, coming: ThreadMarks, now: i64) -> FeatureResult<()> {
    if coming == ThreadMarks::default() {
        return Ok(());
    }
    let (id, rules) = (thread.to_string(), state.database().rules());
    Ok(state.database().durably(move |transaction| {
        let here = read(transaction, &id)?;
        let joined = rules.call(&JoinMarks { here: here.clone(), coming })?;
        if joined.tags != here.tags {
            write_tags(transaction, &id, &joined.tags)?;
        }
        if joined.pinned && !here.pinned {
            write_pin(transaction, &id, now)?;
        }
        let mut news = joined.notes.iter().filter(|note| !here.notes.contains(note));
        news.try_for_each(|note| write_note(transaction, &id, note))
    })?)
}

fn refused(rejection: Rejection) -> FeatureError {
    match rejection {
        Rejection::Invalid(why) => FeatureError::Invalid(why),
        other => FeatureError::Refused(format!("{other:?}")),
    }
}

fn read(connection: &Connection, thread: &str) -> Result<ThreadMarks, StateError> {
    let mut select =
        connection.prepare_cached("SELECT turn, note, at FROM notes WHERE thread_id = ?1 ORDER BY turn")?;
    let notes = select.query_map([thread], |row| {
        let turn = Some(row.get::<_, String>(0)?).filter(|turn| !turn.is_empty());
        Ok(ThreadNote { turn, text: row.get(1)?, at: row.get(2)? })
    })?;
    let notes = notes.collect::<Result<_, _>>()?;
    let pinned = connection.prepare_cached("SELECT 1 FROM pins WHERE thread_id = ?1")?.exists([thread])?;
    Ok(ThreadMarks { tags: read_tags(connection, thread)?, pinned, notes })
}

fn read_tags(connection: &Connection, thread: &str) -> Result<Vec<String>, StateError> {
    let mut select = connection.prepare_cached("SELECT tag FROM tags WHERE thread_id = ?1 ORDER BY tag")?;
    let tags = select.query_map([thread], |row| row.get(0))?;
    Ok(tags.collect::<Result<_, _>>()?)
}

fn write_tags(transaction: &Transaction<'_>, thread: &str, tags: &[String]) -> Result<(), StateError> {
    transaction.prepare_cached("DELETE FROM tags WHERE thread_id = ?1")?.execute([thread])?;
    let mut insert = transaction.prepare_cached("INSERT INTO tags (thread_id, tag) VALUES (?1, ?2)")?;
    Ok(tags.iter().try_for_each(|tag| insert.execute([thread, tag.as_str()]).map(drop))?)
}

fn write_pin(transaction: &Transaction<'_>, thread: &str, now: i64) -> Result<bool, StateError> {
    let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO pins (thread_id, at) VALUES (?1, ?2)")?;
    Ok(insert.execute(params![thread, now])? > 0)
}

fn write_note(transaction: &Transaction<'_>, thread: &str, note: &ThreadNote) -> Result<(), StateError> {
    let sql = "INSERT OR REPLACE INTO notes (thread_id, turn, note, at) VALUES (?1, ?2, ?3, ?4)";
    let turn = note.turn.as_deref().unwrap_or_default();
    transaction.prepare_cached(sql)?.execute(params![thread, turn, note.text, note.at])?;
    Ok(())
}
