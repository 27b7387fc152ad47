//! Codex's own rows of its threads, taken over page by page: what rollouts cannot give back, and all there is of a thread
//! whose rollout is gone.

use std::sync::LazyLock;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, Statement, params};

use super::sources::{add_names, set_stamp};
use super::{Database, Domain, ExternalDb, StateError, Table, UserData, suspects};
use crate::platform::home::Home;
use threadkeep_engine::calls::CodexNames;
use threadkeep_engine::contract::CodexFacts;

/// Holds Codex's own row of every thread.
pub(super) const DOMAIN: Domain = Domain {
    name: "codex",
    migrations: &[
        (
            1,
            "
    -- Codex's own row of a thread, as it was last seen: what rollouts cannot give back. `extra` is a JSON object of
    -- further columns by their names.
    CREATE TABLE codex (
        thread_id TEXT PRIMARY KEY,
        name TEXT,
        title TEXT,
        first_user_message TEXT,
        memory_mode TEXT,
        extra TEXT NOT NULL
    ) WITHOUT ROWID;
",
        ),
        (
            3,
            "
    -- What else Codex's row says, for threads that have no rollout any more.
    ALTER TABLE codex ADD COLUMN preview TEXT;
    ALTER TABLE codex ADD COLUMN rollout_path TEXT;
    ALTER TABLE codex ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE codex ADD COLUMN created_at INTEGER;
    ALTER TABLE codex ADD COLUMN updated_at INTEGER;
    ALTER TABLE codex ADD COLUMN recency_at INTEGER;
    ALTER TABLE codex ADD COLUMN source TEXT;
    ALTER TABLE codex ADD COLUMN cwd TEXT;
    ALTER TABLE codex ADD COLUMN model_provider TEXT;
    ALTER TABLE codex ADD COLUMN model TEXT;
    ALTER TABLE codex ADD COLUMN cli_version TEXT;
    ALTER TABLE codex ADD COLUMN git_branch TEXT;
    ALTER TABLE codex ADD COLUMN git_sha TEXT;
    ALTER TABLE codex ADD COLUMN git_origin_url TEXT;
    ALTER TABLE codex ADD COLUMN tokens_used INTEGER;
    ALTER TABLE codex ADD COLUMN history_mode TEXT;
    ALTER TABLE codex ADD COLUMN parent_thread_id TEXT;
    -- It is read again for these.
    DELETE FROM sources WHERE source = 'codex_db';
",
        ),
        (
            6,
            "
    -- Codex's database is read again for it.
    ALTER TABLE codex ADD COLUMN spawn_status TEXT;
    DELETE FROM sources WHERE source = 'codex_db';
",
        ),
    ],
    tables: &[Table::copied("codex", UserData::Nothing).of_thread("thread_id")],
};

/// Characters read of each text.
const LONGEST: u32 = 8_192;
/// Columns of Codex's `threads` that nothing here is made of, kept as they are.
const EXTRA: [&str; 6] =
    ["archived_at", "is_pinned", "project_id", "section_entered_at_ms", "section_position", "thread_section_id"];

/// The columns of `codex` in the order of [`from_row`] and [`write()`]; they have the names that Codex gives them.
pub(super) const COLUMNS: [&str; 21] = [
    "name",
    "title",
    "first_user_message",
    "memory_mode",
    "preview",
    "rollout_path",
    "source",
    "cwd",
    "model_provider",
    "model",
    "cli_version",
    "git_branch",
    "git_sha",
    "git_origin_url",
    "history_mode",
    "parent_thread_id",
    "archived",
    "created_at",
    "updated_at",
    "recency_at",
    "tokens_used",
];
/// One more, which the rows of threads do not depend on.
const SPAWN_STATUS: &str = "spawn_status";
static SELECT: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {}, extra, {SPAWN_STATUS} FROM codex WHERE thread_id = ?1", COLUMNS.join(", ")));
static INSERT: LazyLock<String> = LazyLock::new(|| {
    let places = ["?"; COLUMNS.len() + 3].join(", ");
    let columns = COLUMNS.join(", ");
    format!("INSERT OR REPLACE INTO codex (thread_id, extra, {SPAWN_STATUS}, {columns}) VALUES ({places})")
});
/// The name of the source that they are.
const SOURCE: &str = "codex_db";

/// Which rows of Codex's `threads` are read, by a text: those after an id, a page of them; the one with an id; and those whose
/// id has these 32 digits, as Codex writes it or in any other form.
pub(super) const AFTER: &str = "id > ?1 AND typeof(id) = 'text' ORDER BY id LIMIT 256";
pub(super) const WITH_ID: &str = "id = ?1 COLLATE BINARY AND typeof(id) = 'text'";
pub(super) const WITH_DIGITS: &str =
    "id IN (SELECT id FROM threads WHERE instr(replace(lower(id), '-', ''), ?1)) AND typeof(id) = 'text' ORDER BY id";

/// Holds one row of Codex's `threads`.
pub(super) struct CodexRow {
    pub(super) id: String,
    pub(super) facts: CodexFacts,
    extra: String,
    /// `thread_spawn_edges.status`
    spawn_status: Option<String>,
}

impl Database {
    /// Returns what Codex's own database said of the thread.
    pub(crate) fn codex(&self, id: String) -> Result<Option<CodexFacts>, StateError> {
        self.with(move |connection| read(connection, &id))
    }

    /// Lists the threads that users pinned in Codex, or put into a section, as its database said.
    pub(crate) fn pinned_threads(&self) -> Result<Vec<String>, StateError> {
        self.with(|connection| {
            let mut select = connection.prepare(
                "SELECT thread_id FROM codex WHERE json_valid(extra)
                 AND (coalesce(json_extract(extra, '$.is_pinned'), '0') NOT IN ('0', 0)
                      OR json_extract(extra, '$.thread_section_id') IS NOT NULL)",
            )?;
            let threads = select.query_map([], |row| row.get(0))?;
            Ok(threads.collect::<Result<_, _>>()?)
        })
    }

    /// Imports the Codex DB if it changed, page by page.
    pub(super) fn import_codex(&self, home: &Home) -> Result<(), StateError> {
        let Some(database) = ExternalDb::newest(home.sqlite_home(), "state_") else { return Ok(()) };
        if self.stamp_of(SOURCE)? == Some(database.stamp().to_text()) {
            return Ok(());
        }
        let path = database.path().to_path_buf();
        let failed = |error: rusqlite::Error| StateError::external(&path, error.into());
        let ((), stamp) = database.read(|connection| {
            let Some(columns) = codex_columns(connection, &COLUMNS).map_err(failed)? else { return Ok(()) };
            let mut last = Vec::new();
            loop {
                let (rows, end) = codex_rows(connection, &columns, AFTER, &last).map_err(failed)?;
                let Some(end) = end else { return Ok(()) };
                last = end;
                self.import_codex_rows(rows)?;
            }
        })?;
        self.transaction(move |transaction| set_stamp(transaction, SOURCE, &stamp.to_text()))
    }

    /// Stores rows of the Codex DB, and records the threads of which they say something new.
    fn import_codex_rows(&self, rows: Vec<CodexRow>) -> Result<(), StateError> {
        let (facts, rest): (_, Vec<_>) =
            rows.into_iter().map(|row| ((row.id, row.facts), (row.extra, row.spawn_status))).unzip();
        let question = CodexNames { rows: facts };
        let claims = self.call(&question)?;
        self.transaction(move |transaction| {
            let mut touched = add_names(transaction, &claims)?;
            // By id, as they were read.
            let between = "SELECT EXISTS (SELECT 1 FROM codex WHERE thread_id BETWEEN ?1 AND ?2)";
            let ends = question.rows.first().zip(question.rows.last()).map(|(first, last)| (&first.0, &last.0));
            let known = match ends {
                Some(ends) => transaction.prepare_cached(between)?.query_row(ends, |row| row.get(0))?,
                None => false,
            };
            let mut insert = transaction.prepare_cached(&INSERT)?;
            for ((id, facts), (extra, spawn_status)) in question.rows.into_iter().zip(rest) {
                // Codex writes all the time, and most rows stay as they are.
                let stored = if known { read_whole(transaction, &id)? } else { None };
                let is_news = stored.as_ref().is_none_or(|stored| stored.0 != facts);
                let is_same = stored
                    .is_some_and(|(then, more, status)| (&then, &more, &status) == (&facts, &extra, &spawn_status));
                if !is_same {
                    write(&mut insert, &id, &facts, &extra, spawn_status.as_deref())?;
                }
                touched.extend(is_news.then_some(id));
            }
            suspects::add(transaction, &touched)
        })
    }

    /// Adds rows of the threads that only Codex knows, once for every state of its database.
    pub(crate) fn add_external_threads(&self) -> Result<(), StateError> {
        const DONE: &str = "codex_db remembered";
        let stamp = self.stamp_of(SOURCE)?;
        if stamp == self.stamp_of(DONE)? {
            return Ok(());
        }
        let mut last = String::new();
        loop {
            let after = last.clone();
            let unknown: Vec<String> = self.with(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT thread_id FROM codex WHERE thread_id > ?1
                     AND NOT EXISTS (SELECT 1 FROM threads WHERE id = codex.thread_id) ORDER BY thread_id LIMIT 1024",
                )?;
                let ids = select.query_map([after], |row| row.get(0))?;
                Ok(ids.collect::<Result<_, _>>()?)
            })?;
            let Some(end) = unknown.last() else { break };
            last.clone_from(end);
            self.derive_rows(unknown)?;
        }
        self.transaction(move |transaction| set_stamp(transaction, DONE, &stamp.unwrap_or_default()))
    }
}

/// Returns what Codex's own database said of the thread.
pub(super) fn read(connection: &Connection, id: &str) -> Result<Option<CodexFacts>, StateError> {
    let mut select = connection.prepare_cached(&SELECT)?;
    Ok(select.query_row([id], |row| from_row(row, 0, |row, at| row.get(at))).optional()?)
}

/// Returns all that is stored of the thread: what Codex said, the further columns, and the status of its spawning.
fn read_whole(connection: &Connection, id: &str) -> Result<Option<(CodexFacts, String, Option<String>)>, StateError> {
    let mut select = connection.prepare_cached(&SELECT)?;
    let whole = |row: &Row<'_>| {
        let facts = from_row(row, 0, |row, at| row.get(at))?;
        Ok((facts, row.get(COLUMNS.len())?, row.get(COLUMNS.len() + 1)?))
    };
    Ok(select.query_row([id], whole).optional()?)
}

/// Reads the facts in a row whose columns begin at a place; texts are read as the caller says.
fn from_row(
    row: &Row<'_>,
    from: usize,
    text: impl Fn(&Row<'_>, usize) -> rusqlite::Result<Option<String>>,
) -> rusqlite::Result<CodexFacts> {
    let text = |at: usize| text(row, from + at);
    // Numbers of another kind than they should be are unknown.
    let number = |at: usize| row.get::<_, Option<i64>>(from + at).or(Ok::<_, rusqlite::Error>(None));
    Ok(CodexFacts {
        name: text(0)?,
        title: text(1)?,
        first_user_message: text(2)?,
        memory_mode: text(3)?,
        preview: text(4)?,
        rollout_path: text(5)?,
        source: text(6)?,
        cwd: text(7)?,
        model_provider: text(8)?,
        model: text(9)?,
        cli_version: text(10)?,
        git_branch: text(11)?,
        git_sha: text(12)?,
        git_origin_url: text(13)?,
        history_mode: text(14)?,
        parent_thread_id: text(15)?,
        archived: number(16)?.unwrap_or(0) != 0,
        created_at: number(17)?,
        updated_at: number(18)?,
        recency_at: number(19)?,
        tokens_used: number(20)?,
    })
}

/// Writes a row by [`INSERT`].
fn write(
    insert: &mut Statement<'_>,
    id: &str,
    facts: &CodexFacts,
    extra: &str,
    spawn_status: Option<&str>,
) -> Result<(), StateError> {
    insert.execute(params![
        id,
        extra,
        spawn_status,
        facts.name,
        facts.title,
        facts.first_user_message,
        facts.memory_mode,
        facts.preview,
        facts.rollout_path,
        facts.source,
        facts.cwd,
        facts.model_provider,
        facts.model,
        facts.cli_version,
        facts.git_branch,
        facts.git_sha,
        facts.git_origin_url,
        facts.history_mode,
        facts.parent_thread_id,
        facts.archived,
        facts.created_at,
        facts.updated_at,
        facts.recency_at,
        facts.tokens_used,
    ])?;
    Ok(())
}

/// Says what to select of Codex's `threads`: those of the wanted columns that this version of it has, no text longer than
/// [`LONGEST`], times in milliseconds. None when it has no such table.
pub(super) fn codex_columns(connection: &Connection, wanted: &[&str]) -> rusqlite::Result<Option<String>> {
    let mut about = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let mut columns_of = |table: &str| -> rusqlite::Result<Vec<String>> {
        about.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()
    };
    let there = columns_of("threads")?;
    let edges = columns_of("thread_spawn_edges")?;
    let has = |wanted: &str| there.iter().any(|column| column == wanted);
    let text = |wanted: &str| match has(wanted) {
        true => format!("CAST(substr(\"{wanted}\", 1, {LONGEST}) AS BLOB)"),
        false => "NULL".into(),
    };
    let column = |column: &&str| match *column {
        other if !wanted.contains(&other) => "NULL".into(),
        "parent_thread_id" if edges.iter().any(|there| there == column) => {
            "CAST((SELECT parent_thread_id FROM thread_spawn_edges WHERE child_thread_id = threads.id) AS BLOB)".into()
        }
        // Milliseconds came later, beside the seconds, and are 0 where nobody has set them.
        "created_at" | "updated_at" | "recency_at" => {
            let millis = format!("{column}_ms");
            let millis = if has(&millis) { format!("NULLIF({millis}, 0)") } else { "NULL".into() };
            let seconds = if has(column) { format!("NULLIF({column}, 0) * 1000") } else { "NULL".into() };
            format!("COALESCE({millis}, {seconds})")
        }
        "archived" | "tokens_used" if has(column) => (*column).into(),
        "archived" | "tokens_used" => "NULL".into(),
        column => text(column),
    };
    let status = match edges.iter().any(|column| column == "status") {
        true => "CAST((SELECT status FROM thread_spawn_edges WHERE child_thread_id = threads.id) AS BLOB)".into(),
        false => "NULL".into(),
    };
    let list: Vec<String> =
        COLUMNS.iter().map(column).chain(EXTRA.iter().map(|wanted| text(wanted))).chain([status]).collect();
    Ok(has("id").then(|| list.join(", ")))
}

/// Reads the rows that `which` says, and with which id they end; with none where there are none. Ids are bytes here, and a
/// row whose id is no text is nobody's: one such row must not cost all the others.
pub(super) fn codex_rows(
    connection: &Connection,
    columns: &str,
    which: &str,
    by: &[u8],
) -> rusqlite::Result<(Vec<CodexRow>, Option<Vec<u8>>)> {
    let mut select = connection.prepare_cached(&format!("SELECT id, {columns} FROM threads WHERE {which}"))?;
    // Bytes, because one text that is not UTF-8 must not cost all the others.
    let text = |row: &Row<'_>, at: usize| -> rusqlite::Result<Option<String>> {
        Ok(row.get_ref(at)?.as_bytes_or_null()?.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
    };
    let (mut page, mut end) = (Vec::new(), None);
    let mut rows = select.query([ToSqlOutput::Borrowed(ValueRef::Text(by))])?;
    while let Some(row) = rows.next()? {
        let id = row.get_ref(0)?.as_bytes()?;
        if let Ok(id) = std::str::from_utf8(id) {
            let mut extra = serde_json::Map::new();
            for (at, column) in EXTRA.iter().enumerate() {
                extra.extend(text(row, at + 1 + COLUMNS.len())?.map(|value| (column.to_string(), value.into())));
            }
            let facts = from_row(row, 1, text)?;
            let spawn_status = text(row, 1 + COLUMNS.len() + EXTRA.len())?;
            let extra = serde_json::Value::Object(extra).to_string();
            page.push(CodexRow { id: id.into(), facts, extra, spawn_status });
        }
        end = Some(id.to_vec());
    }
    Ok((page, end))
}
