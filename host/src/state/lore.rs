//! What the home knows of threads beside their rollouts: names out of `session_index.jsonl`, Codex's own rows. Imported
//! when it changed, kept with its source, and never lost because a source forgot it.

use std::io::{Read, Seek, SeekFrom};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{ForeignDb, Shelf, StateError, rows};
use crate::component::types::{CodexFacts, NameClaim};
use crate::home::Home;

/// Bytes of the index read at a time.
const CHUNK: u64 = 4 << 20;
/// Rows of the Codex DB read at a time, and characters of each text.
const PAGE: u32 = 256;
const LONGEST: u32 = 8_192;
/// Columns of Codex's `threads` that no rollout gives back, kept as they are.
const EXTRA: [&str; 9] = [
    "archived_at",
    "created_at_ms",
    "is_pinned",
    "project_id",
    "recency_at_ms",
    "rollout_path",
    "section_entered_at_ms",
    "section_position",
    "thread_section_id",
];

/// One row of Codex's `threads`.
struct CodexRow {
    id: String,
    facts: CodexFacts,
    extra: String,
}

impl Shelf {
    /// Every name a source gives the thread.
    pub(crate) fn names(&self, id: String) -> Result<Vec<NameClaim>, StateError> {
        self.with(move |connection| names(connection, &id))
    }

    /// What Codex's own database said of the thread.
    pub(crate) fn codex(&self, id: String) -> Result<Option<CodexFacts>, StateError> {
        self.with(move |connection| codex(connection, &id))
    }

    /// Threads to which some source gives this name.
    pub(crate) fn bearing(&self, name: String) -> Result<Vec<String>, StateError> {
        self.with(move |connection| {
            let mut select =
                connection.prepare_cached("SELECT DISTINCT thread_id FROM names WHERE name = ?1 ORDER BY thread_id")?;
            let ids = select.query_map([name.trim()], |row| row.get(0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    /// Reads every source of lore that changed, and makes the rows of the threads it is about anew. The answer says, in
    /// words, which source could not be read.
    pub(crate) fn import_lore(&self, home: &Home) -> Result<Vec<String>, StateError> {
        let mut warnings = Vec::new();
        let mut touched = match self.import_index(home) {
            Err(error @ StateError::Foreign(..)) => {
                warnings.push(format!("{error}; names that only it knows are missing"));
                Vec::new()
            }
            other => other?,
        };
        match self.import_codex(home) {
            Ok(ids) => touched.extend(ids),
            Err(error @ StateError::Foreign(..)) => {
                warnings.push(format!("{error}; names that only it knows are missing"))
            }
            Err(error) => return Err(error),
        }
        touched.extend(self.note_provider(home.default_provider())?);
        if !touched.is_empty() {
            touched.sort_unstable();
            touched.dedup();
            self.reassemble(touched)?;
        }
        Ok(warnings)
    }

    /// Notes the configured model provider; when it is another one now, every thread is concerned.
    fn note_provider(&self, provider: &str) -> Result<Vec<String>, StateError> {
        const SOURCE: &str = "default_provider";
        let known = self.stamp_of(SOURCE)?;
        if known.as_deref() == Some(provider) {
            return Ok(Vec::new());
        }
        let provider = provider.to_string();
        self.transaction(move |transaction| {
            mark(transaction, SOURCE, &provider)?;
            let mut select = transaction.prepare("SELECT id FROM threads WHERE missing = 0")?;
            let ids = select.query_map([], |row| row.get(0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    fn stamp_of(&self, source: &'static str) -> Result<Option<String>, StateError> {
        self.with(move |connection| {
            let mut select = connection.prepare_cached("SELECT stamp FROM sources WHERE source = ?1")?;
            Ok(select.query_row([source], |row| row.get(0)).optional()?)
        })
    }

    /// Reads `session_index.jsonl` on from where it was left, whole lines only; answers the threads whose names changed.
    fn import_index(&self, home: &Home) -> Result<Vec<String>, StateError> {
        const SOURCE: &str = "session_index";
        let path = home.absolute("session_index.jsonl");
        let io = |error: std::io::Error| StateError::Foreign(path.clone(), error.to_string());
        let mut file = match home.open_beside("session_index.jsonl") {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io(error)),
        };
        let metadata = file.metadata().map_err(io)?;
        let inode = cap_fs_ext::MetadataExt::ino(&metadata);
        // "<inode> <bytes taken in>"
        let stamp = self.stamp_of(SOURCE)?.unwrap_or_default();
        let (known, taken) = stamp.split_once(' ').unwrap_or_default();
        let mut offset: u64 = taken.parse().unwrap_or(0);
        if known != inode.to_string() || metadata.len() < offset {
            offset = 0;
        }
        let mut touched = Vec::new();
        while metadata.len() > offset {
            file.seek(SeekFrom::Start(offset)).map_err(io)?;
            let mut chunk = Vec::new();
            (&mut file).take(CHUNK).read_to_end(&mut chunk).map_err(io)?;
            match chunk.iter().rposition(|&byte| byte == b'\n') {
                Some(end) => chunk.truncate(end + 1),
                // A line longer than any name: passed over, its rest is no record either.
                None if chunk.len() as u64 == CHUNK => {}
                None => break,
            }
            let first = self.with(|connection| {
                let mut select = connection.prepare_cached("SELECT COALESCE(MAX(given) + 1, 0) FROM names")?;
                Ok(select.query_row([], |row| row.get::<_, i64>(0))? as u64)
            })?;
            let claims = self.ask("index-names", |core, store| core.call_index_names(store, &chunk, first))?;
            offset += chunk.len() as u64;
            let stamp = format!("{inode} {offset}");
            touched.extend(self.transaction(move |transaction| {
                mark(transaction, SOURCE, &stamp)?;
                learn(transaction, &claims)
            })?);
        }
        Ok(touched)
    }

    /// Reads the Codex DB if it changed, page by page; answers the threads of which it says something new.
    fn import_codex(&self, home: &Home) -> Result<Vec<String>, StateError> {
        const SOURCE: &str = "codex_db";
        let Some(database) = newest_codex_db(home) else { return Ok(Vec::new()) };
        if self.stamp_of(SOURCE)? == Some(database.stamp().to_text()) {
            return Ok(Vec::new());
        }
        let path = database.path().to_path_buf();
        let foreign = |error: rusqlite::Error| StateError::Foreign(path.clone(), error.to_string());
        let (touched, stamp) = database.read(|connection| {
            let Some(columns) = codex_columns(connection).map_err(foreign)? else { return Ok(Vec::new()) };
            let mut touched = Vec::new();
            let mut last = String::new();
            loop {
                let page = codex_page(connection, &columns, &last).map_err(foreign)?;
                let Some(row) = page.last() else { return Ok(touched) };
                last.clone_from(&row.id);
                touched.extend(self.learn_codex(page)?);
            }
        })?;
        self.transaction(move |transaction| mark(transaction, SOURCE, &stamp.to_text()))?;
        Ok(touched)
    }

    /// Takes rows of the Codex DB in; the threads of which they say something new.
    fn learn_codex(&self, rows: Vec<CodexRow>) -> Result<Vec<String>, StateError> {
        let facts: Vec<(String, CodexFacts)> = rows.iter().map(|row| (row.id.clone(), row.facts.clone())).collect();
        let claims = self.ask("codex-names", |core, store| core.call_codex_names(store, &facts))?;
        self.transaction(move |transaction| {
            let mut touched = learn(transaction, &claims)?;
            for row in rows {
                if codex(transaction, &row.id)?.as_ref() != Some(&row.facts) {
                    touched.push(row.id.clone());
                }
                let mut insert = transaction.prepare_cached(
                    "INSERT OR REPLACE INTO codex (thread_id, name, title, first_user_message, memory_mode, extra)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?;
                let CodexFacts { name, title, first_user_message, memory_mode } = &row.facts;
                insert.execute(params![row.id, name, title, first_user_message, memory_mode, row.extra])?;
            }
            Ok(touched)
        })
    }
}

/// Every name a source gives the thread.
pub(super) fn names(connection: &Connection, id: &str) -> Result<Vec<NameClaim>, StateError> {
    let mut select = connection.prepare_cached("SELECT source, name, given FROM names WHERE thread_id = ?1")?;
    let claims = select.query_map([id], |row| {
        Ok(NameClaim {
            thread: id.into(),
            source: rows::source_from(row.get(0)?),
            name: row.get(1)?,
            given: row.get::<_, Option<i64>>(2)?.map(|given| given as u64),
        })
    })?;
    Ok(claims.collect::<Result<_, _>>()?)
}

/// What Codex's own database said of the thread.
pub(super) fn codex(connection: &Connection, id: &str) -> Result<Option<CodexFacts>, StateError> {
    let mut select = connection
        .prepare_cached("SELECT name, title, first_user_message, memory_mode FROM codex WHERE thread_id = ?1")?;
    let facts = select.query_row([id], |row| {
        Ok(CodexFacts {
            name: row.get(0)?,
            title: row.get(1)?,
            first_user_message: row.get(2)?,
            memory_mode: row.get(3)?,
        })
    });
    Ok(facts.optional()?)
}

fn mark(transaction: &Transaction<'_>, source: &str, stamp: &str) -> Result<(), StateError> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO sources (source, stamp) VALUES (?1, ?2)")?
        .execute([source, stamp])?;
    Ok(())
}

/// Takes names in; the threads for which one is new.
fn learn(transaction: &Transaction<'_>, claims: &[NameClaim]) -> Result<Vec<String>, StateError> {
    let mut touched = Vec::new();
    let mut insert = transaction.prepare_cached(
        "INSERT INTO names (thread_id, source, name) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET name = excluded.name WHERE name <> excluded.name",
    )?;
    // The same name given again is news only to those who bear it too.
    let mut again = transaction
        .prepare_cached("UPDATE names SET given = ?3 WHERE thread_id = ?1 AND source = ?2 AND given IS NOT ?3")?;
    for claim in claims {
        let source = rows::source_code(claim.source);
        if insert.execute(params![claim.thread, source, claim.name])? > 0 {
            touched.push(claim.thread.clone());
        }
        again.execute(params![claim.thread, source, claim.given.map(|given| given as i64)])?;
    }
    Ok(touched)
}

/// `state_N.sqlite` with the highest N in the home's SQLite directory.
fn newest_codex_db(home: &Home) -> Option<ForeignDb> {
    let number = |name: &str| name.strip_prefix("state_")?.strip_suffix(".sqlite")?.parse::<u32>().ok();
    let entries = std::fs::read_dir(home.sqlite_home()).ok()?;
    let newest = entries
        .flatten()
        .filter_map(|entry| Some((number(entry.file_name().to_str()?)?, entry.path())))
        .max_by_key(|(number, _)| *number)?;
    ForeignDb::at(&newest.1)
}

/// What to select of Codex's `threads`, column by column: those that this version of it has, no text longer than
/// [`LONGEST`]. None when it has no such table.
fn codex_columns(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let mut about = connection.prepare("SELECT name FROM pragma_table_info('threads')")?;
    let there: Vec<String> = about.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let has = |wanted: &str| there.iter().any(|column| column == wanted);
    let text = |wanted: &&str| match has(wanted) {
        true => format!("CAST(substr(\"{wanted}\", 1, {LONGEST}) AS BLOB)"),
        false => "NULL".into(),
    };
    let texts = ["name", "title", "first_user_message", "memory_mode"];
    let list: Vec<String> = texts.iter().chain(&EXTRA).map(text).collect();
    Ok(has("id").then(|| list.join(", ")))
}

/// The rows after an id.
fn codex_page(connection: &Connection, columns: &str, after: &str) -> rusqlite::Result<Vec<CodexRow>> {
    let mut select = connection
        .prepare_cached(&format!("SELECT id, {columns} FROM threads WHERE id > ?1 ORDER BY id LIMIT {PAGE}"))?;
    let rows = select.query_map([after], |row| {
        // Bytes, because one text that is not UTF-8 must not cost all the others.
        let text = |at: usize| -> rusqlite::Result<Option<String>> {
            let bytes: Option<Vec<u8>> = row.get(at)?;
            Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
        };
        let mut extra = serde_json::Map::new();
        for (at, column) in EXTRA.iter().enumerate() {
            extra.extend(text(at + 5)?.map(|value| (column.to_string(), value.into())));
        }
        let facts = CodexFacts { name: text(1)?, title: text(2)?, first_user_message: text(3)?, memory_mode: text(4)? };
        Ok(CodexRow { id: row.get(0)?, facts, extra: serde_json::Value::Object(extra).to_string() })
    })?;
    rows.collect()
}
