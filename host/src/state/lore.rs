//! What the home knows of threads beside their rollouts: names out of `session_index.jsonl`, Codex's own rows. Imported
//! when it changed, kept with its source, and never lost because a source forgot it.

use std::io::{Read, Seek, SeekFrom};

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{ForeignDb, Shelf, StateError, rows};
use crate::component::types::{CodexFacts, NameClaim};
use crate::home::Home;

/// Bytes of the index read at a time.
const CHUNK: u64 = 4 << 20;
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
        let mut touched = self.import_index(home)?;
        match self.import_codex(home) {
            Ok(ids) => touched.extend(ids),
            Err(StateError::Core(error)) => return Err(error.into()),
            Err(error) => warnings.push(format!("the Codex DB cannot be read, so names may be missing: {error}")),
        }
        if !touched.is_empty() {
            touched.sort_unstable();
            touched.dedup();
            self.reassemble(touched)?;
        }
        Ok(warnings)
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
        let io = |error: std::io::Error| StateError::Io(format!("session_index.jsonl cannot be read: {error}"));
        let Ok(mut file) = home.dir().open("session_index.jsonl") else { return Ok(Vec::new()) };
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
            let Some(end) = chunk.iter().rposition(|&byte| byte == b'\n') else { break };
            chunk.truncate(end + 1);
            let claims = self.ask("index-names", |core, store| core.call_index_names(store, &chunk))?;
            offset += chunk.len() as u64;
            let stamp = format!("{inode} {offset}");
            touched.extend(self.transaction(move |transaction| {
                mark(transaction, SOURCE, &stamp)?;
                learn(transaction, &claims)
            })?);
        }
        Ok(touched)
    }

    /// Reads the Codex DB if it changed; answers the threads of which it says something new.
    fn import_codex(&self, home: &Home) -> Result<Vec<String>, StateError> {
        const SOURCE: &str = "codex_db";
        let Some(database) = newest_codex_db(home) else { return Ok(Vec::new()) };
        if self.stamp_of(SOURCE)?.as_deref() == Some(database.stamp().as_text()) {
            return Ok(Vec::new());
        }
        let (found, stamp) = database.read(read_codex)?;
        let facts: Vec<(String, CodexFacts)> = found.iter().map(|row| (row.id.clone(), row.facts.clone())).collect();
        let claims = self.ask("codex-names", |core, store| core.call_codex_names(store, &facts))?;
        self.transaction(move |transaction| {
            mark(transaction, SOURCE, stamp.as_text())?;
            let mut touched = learn(transaction, &claims)?;
            for row in found {
                let known = codex(transaction, &row.id)?;
                let mut insert = transaction.prepare_cached(
                    "INSERT OR REPLACE INTO codex (thread_id, name, title, first_user_message, memory_mode, extra)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?;
                let CodexFacts { name, title, first_user_message, memory_mode } = &row.facts;
                insert.execute(params![row.id, name, title, first_user_message, memory_mode, row.extra])?;
                if known.as_ref() != Some(&row.facts) {
                    touched.push(row.id);
                }
            }
            Ok(touched)
        })
    }
}

/// Every name a source gives the thread.
pub(super) fn names(connection: &Connection, id: &str) -> Result<Vec<NameClaim>, StateError> {
    let mut select = connection.prepare_cached("SELECT source, name FROM names WHERE thread_id = ?1")?;
    let claims = select.query_map([id], |row| {
        Ok(NameClaim { thread: id.into(), source: rows::source_from(row.get(0)?), name: row.get(1)? })
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
    for claim in claims {
        if insert.execute(params![claim.thread, rows::source_code(claim.source), claim.name])? > 0 {
            touched.push(claim.thread.clone());
        }
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

/// The rows of Codex's `threads`, with those of the wanted columns that this version of it has.
fn read_codex(connection: &Connection) -> Result<Vec<CodexRow>, StateError> {
    let mut about = connection.prepare("SELECT name FROM pragma_table_info('threads')")?;
    let columns: Vec<String> = about.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    if !columns.iter().any(|column| column == "id") {
        return Ok(Vec::new());
    }
    let or_null = |wanted: &str| match columns.iter().any(|column| column == wanted) {
        true => format!("\"{wanted}\""),
        false => "NULL".into(),
    };
    let wanted = ["name", "title", "first_user_message", "memory_mode"].iter().chain(&EXTRA);
    let list: Vec<String> = wanted.map(|column| or_null(column)).collect();
    let mut select = connection.prepare(&format!("SELECT id, {} FROM threads ORDER BY id", list.join(", ")))?;
    let rows = select.query_map([], |row| {
        let text = |at: usize| {
            row.get::<_, Value>(at).map(|value| match value {
                Value::Text(text) => Some(text),
                _ => None,
            })
        };
        let mut extra = serde_json::Map::new();
        for (at, column) in EXTRA.iter().enumerate() {
            let value = match row.get::<_, Value>(at + 5)? {
                Value::Integer(number) => number.into(),
                Value::Real(number) => number.into(),
                Value::Text(text) => text.into(),
                Value::Null | Value::Blob(_) => continue,
            };
            extra.insert((*column).into(), value);
        }
        let facts = CodexFacts { name: text(1)?, title: text(2)?, first_user_message: text(3)?, memory_mode: text(4)? };
        Ok(CodexRow { id: text(0)?.unwrap_or_default(), facts, extra: serde_json::Value::Object(extra).to_string() })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
