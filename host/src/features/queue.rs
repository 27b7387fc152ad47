//! Messages that wait for their turn in a thread, in their order. They are kept in the state DB and nowhere else; Codex has a queue
//! of its own, which this one is not.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::db::{Database, Domain, FeatureError, FeatureResult, StateDb, StateError, Table, UserData};

/// Holds what waits in threads.
pub(super) const DOMAIN: Domain = Domain {
    name: "queue",
    migrations: &[(
        9,
        "
    -- Messages that wait for their turn; `content` is JSON of whoever put them there.
    CREATE TABLE queued_messages (
        id TEXT PRIMARY KEY,
        thread_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        content TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX queued_messages_by_thread ON queued_messages (thread_id, position);
",
    )],
    tables: &[Table::copied("queued_messages", UserData::All).of_thread("thread_id")],
};

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedMessage {
    /// Its id.
    pub id: String,
    /// What it says: JSON of whoever put it there.
    pub content: String,
}

fn database(state: Option<&StateDb>) -> FeatureResult<&Database> {
    state.map(StateDb::database).ok_or(FeatureError::NeedsState("a queue"))
}

/// Returns what waits in a thread, in its order.
pub fn list(state: Option<&StateDb>, thread: &str) -> FeatureResult<Vec<QueuedMessage>> {
    let thread = thread.to_owned();
    Ok(database(state)?.with(move |connection| messages(connection, &thread))?)
}

/// Puts a message behind all others of a thread.
pub fn add(state: Option<&StateDb>, thread: &str, message: &QueuedMessage) -> FeatureResult<()> {
    let (thread, QueuedMessage { id, content }) = (thread.to_owned(), message.clone());
    Ok(database(state)?.transaction(move |transaction| {
        let sql = "INSERT INTO queued_messages (id, thread_id, position, content) VALUES (?1, ?2,
                   (SELECT coalesce(max(position), 0) + 1 FROM queued_messages WHERE thread_id = ?2), ?3)";
        transaction.execute(sql, params![id, thread, content])?;
        Ok(())
    })?)
}

/// Changes what a message says; what it said before, and none where there is no such message.
pub fn update(state: Option<&StateDb>, thread: &str, message: &QueuedMessage) -> FeatureResult<Option<String>> {
    let (thread, QueuedMessage { id, content }) = (thread.to_owned(), message.clone());
    Ok(database(state)?.transaction(move |transaction| {
        let select = "SELECT content FROM queued_messages WHERE thread_id = ?1 AND id = ?2";
        let before = transaction.query_row(select, params![thread, id], |row| row.get(0)).optional()?;
        let sql = "UPDATE queued_messages SET content = ?3 WHERE thread_id = ?1 AND id = ?2";
        transaction.execute(sql, params![thread, id, content])?;
        Ok(before)
    })?)
}

/// Takes a message away; false where there is no such message.
pub fn delete(state: Option<&StateDb>, thread: &str, id: &str) -> FeatureResult<bool> {
    let (thread, id) = (thread.to_owned(), id.to_owned());
    Ok(database(state)?.transaction(move |transaction| {
        Ok(transaction.execute("DELETE FROM queued_messages WHERE thread_id = ?1 AND id = ?2", [thread, id])? > 0)
    })?)
}

/// Puts the messages of a thread into another order; false, and nothing changes, where these are not all of them.
pub fn reorder(state: Option<&StateDb>, thread: &str, ids: &[String]) -> FeatureResult<bool> {
    let (thread, ids) = (thread.to_owned(), ids.to_vec());
    Ok(database(state)?.transaction(move |transaction| {
        let mut known: Vec<String> = messages(transaction, &thread)?.into_iter().map(|message| message.id).collect();
        let mut asked = ids.clone();
        known.sort_unstable();
        asked.sort_unstable();
        if known != asked {
            return Ok(false);
        }
        let mut update = transaction.prepare("UPDATE queued_messages SET position = ?2 WHERE id = ?1")?;
        for (at, id) in ids.iter().enumerate() {
            update.execute(params![id, at as i64 + 1])?;
        }
        Ok(true)
    })?)
}

fn messages(connection: &Connection, thread: &str) -> Result<Vec<QueuedMessage>, StateError> {
    let sql = "SELECT id, content FROM queued_messages WHERE thread_id = ?1 ORDER BY position, id";
    let message = |row: &Row<'_>| Ok(QueuedMessage { id: row.get(0)?, content: row.get(1)? });
    Ok(connection.prepare_cached(sql)?.query_map([thread], message)?.collect::<Result<_, _>>()?)
}
