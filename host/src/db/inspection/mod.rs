//! A private database for an inspection of a home: a copy of the state DB that is brought up to date with the files, and tables
//! beside it that say how everything was before, how files are, and which of Codex's rows are about which thread.
//!
//! ```text
//! threads, files, ...     what the files say, as a start would read it
//! current_rows            rows of threads as they are in the state DB, of those that are other ones now
//! changed_rows            whose those are, and who had none
//! indexed_files           files as the state DB knows them
//! indexed_sources         what the state DB last saw of other sources
//! file_health             how files are
//! codex_rows, codex_edges places of rows in Codex's tables, by thread
//! inspected_threads       every thread that anybody knows
//! ```

mod files;
mod threads;

pub(crate) use files::{FileHealth, StrayFile};
pub(crate) use threads::InspectedThread;

use super::{CodexTable, Database, StateError};
use threadkeep_engine::contract::Depth;

/// Holds the private database of an inspection. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Inspection {
    database: Database,
    has_state: bool,
}

impl Inspection {
    /// Prepares a private database: its rows and files are set apart as those of the state DB, or, without a complete one
    /// (`has_state`), count for nothing, and the next backfill begins. Where every line is to be read, every file is.
    pub(crate) fn prepare(database: Database, has_state: bool, depth: Depth) -> Result<Inspection, StateError> {
        database.transaction(move |transaction| {
            let rows = if has_state { "1" } else { "0" };
            transaction.execute_batch(&format!(
                "CREATE TABLE current_rows AS SELECT * FROM threads WHERE 0;
                 CREATE UNIQUE INDEX current_rows_by_id ON current_rows (id);
                 CREATE TABLE changed_rows (id TEXT PRIMARY KEY) WITHOUT ROWID;
                 CREATE TABLE indexed_files AS SELECT path, size, modified_ns, inode, thread_id FROM files WHERE {rows};
                 CREATE UNIQUE INDEX indexed_files_by_path ON indexed_files (path);
                 CREATE TABLE indexed_sources AS SELECT * FROM sources WHERE {rows};
                 CREATE INDEX indexed_files_by_thread ON indexed_files (thread_id);
                 CREATE TABLE file_health (
                     path TEXT PRIMARY KEY, lines INTEGER, has_messages INTEGER, skimmed INTEGER, details TEXT
                 ) WITHOUT ROWID;
                 CREATE TABLE codex_rows (id TEXT, place INTEGER, odd INTEGER, PRIMARY KEY (id, place)) WITHOUT ROWID;
                 CREATE TABLE codex_edges (id TEXT, place INTEGER, odd INTEGER, PRIMARY KEY (id, place)) WITHOUT ROWID;
                 CREATE TABLE inspected_threads (id TEXT PRIMARY KEY) WITHOUT ROWID;
                 UPDATE backfill SET phase = 'pending', owner = NULL, token = NULL, watermark = NULL;"
            ))?;
            if has_state {
                for (event, id) in [("INSERT", "NEW.id"), ("UPDATE", "OLD.id"), ("DELETE", "OLD.id")] {
                    transaction.execute_batch(&format!(
                        "CREATE TRIGGER current_row_before_{event} BEFORE {event} ON threads
                         WHEN NOT EXISTS (SELECT 1 FROM changed_rows WHERE id = {id}) BEGIN
                             INSERT INTO changed_rows VALUES ({id});
                             INSERT INTO current_rows SELECT * FROM threads WHERE id = {id};
                         END;"
                    ))?;
                }
            }
            if depth == Depth::Whole {
                // What Codex and the index say is read again too; the provider's change alone would concern every row.
                transaction.execute_batch("DELETE FROM sources WHERE source <> 'default_provider';")?;
                transaction.execute_batch(match has_state {
                    // Every file that is seen counts as changed. What lies where nobody may look stays as it was known.
                    true => "UPDATE files SET modified_ns = modified_ns - 1;",
                    false => "DELETE FROM files; DELETE FROM folds;",
                })?;
            }
            Ok(())
        })?;
        Ok(Inspection { database, has_state })
    }

    /// Says whether a source has changed since the state DB was brought up to date.
    pub(crate) fn sources_changed(&self) -> Result<bool, StateError> {
        self.database.with(|connection| {
            let sql = "SELECT EXISTS (SELECT * FROM sources EXCEPT SELECT * FROM indexed_sources)";
            Ok(connection.query_row(sql, [], |row| row.get(0))?)
        })
    }

    /// Takes files that could not be looked at for what the state DB knows of them.
    pub(crate) fn keep_unseen_files(&self) -> Result<(), StateError> {
        self.database.transaction(|transaction| {
            transaction.execute_batch(
                "UPDATE files SET modified_ns = indexed_files.modified_ns FROM indexed_files
                 WHERE indexed_files.path = files.path AND indexed_files.modified_ns = files.modified_ns + 1
                 AND NOT EXISTS (SELECT 1 FROM file_health WHERE file_health.path = files.path)",
            )?;
            Ok(())
        })
    }

    /// Returns the database, which holds what the files say.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Says whether there is a state DB of this version that is complete, so that its rows count.
    pub(crate) fn has_state(&self) -> bool {
        self.has_state
    }

    /// Records which thread rows of Codex's are about: its id in canonical form, none for nobody's, the row's place, and the
    /// id as it is written.
    pub(crate) fn add_codex_rows(
        &self,
        table: CodexTable,
        rows: Vec<(Option<String>, i64, String)>,
    ) -> Result<(), StateError> {
        let table = match table {
            CodexTable::Threads => "codex_rows",
            CodexTable::SpawnEdges => "codex_edges",
        };
        let insert = format!("INSERT OR IGNORE INTO {table} (id, place, odd) VALUES (?1, ?2, ?1 <> ?3)");
        self.database.transaction(move |transaction| {
            let mut insert = transaction.prepare_cached(&insert)?;
            for (canonical, place, id) in rows {
                if let Some(canonical) = canonical {
                    insert.execute((canonical, place, id))?;
                }
            }
            Ok(())
        })
    }

    /// Lists every thread that anybody knows, for [`Inspection::threads_after`].
    pub(crate) fn list_threads(&self) -> Result<(), StateError> {
        let unchanged = if self.has_state { "1" } else { "0" };
        self.database.transaction(move |transaction| {
            transaction.execute_batch(&format!(
                "INSERT OR IGNORE INTO inspected_threads
                     SELECT thread_id FROM files WHERE thread_id IS NOT NULL ORDER BY thread_id;
                 INSERT OR IGNORE INTO inspected_threads SELECT id FROM current_rows;
                 INSERT OR IGNORE INTO inspected_threads
                     SELECT id FROM threads WHERE {unchanged} AND id NOT IN (SELECT id FROM changed_rows);
                 INSERT OR IGNORE INTO inspected_threads SELECT id FROM codex_rows;
                 INSERT OR IGNORE INTO inspected_threads SELECT id FROM codex_edges;"
            ))?;
            Ok(())
        })
    }

    /// Says whether a thread of this id is listed.
    pub(crate) fn is_listed(&self, id: &str) -> Result<bool, StateError> {
        let id = id.to_string();
        self.database.with(move |connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM inspected_threads WHERE id = ?1)";
            Ok(connection.query_row(sql, [id], |row| row.get(0))?)
        })
    }

    /// Counts the listed threads, and those of them that have rollouts.
    pub(crate) fn thread_counts(&self) -> Result<(u64, u64), StateError> {
        let all = self.count("SELECT count(*) FROM inspected_threads")?;
        Ok((all, self.count("SELECT count(*) FROM inspected_threads JOIN threads USING (id) WHERE missing = 0")?))
    }

    /// Counts the files that claim to be rollouts.
    pub(crate) fn file_count(&self) -> Result<u64, StateError> {
        self.count("SELECT count(*) FROM files")
    }

    /// Counts the paginated threads with rollouts in the home: of those of other programs, below `state/`, Codex knows nothing.
    pub(crate) fn paginated_count(&self) -> Result<u64, StateError> {
        self.count("SELECT count(*) FROM threads WHERE missing = 0 AND history_mode = 'paginated' AND path < 'state/'")
    }

    fn count(&self, sql: &'static str) -> Result<u64, StateError> {
        self.database.with(move |connection| Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))? as u64))
    }

    /// Counts the paginated threads with rollouts among these ids.
    pub(crate) fn paginated_among(&self, ids: Vec<String>) -> Result<u64, StateError> {
        self.database.with(move |connection| {
            let sql = "SELECT count(*) FROM threads WHERE id = ?1 AND missing = 0 AND history_mode = 'paginated'";
            let mut select = connection.prepare_cached(sql)?;
            let mut count = 0;
            for id in ids {
                count += select.query_row([id], |row| row.get::<_, i64>(0))?;
            }
            Ok(count as u64)
        })
    }

    /// Counts the threads that a plain list shows before the one with this last update (milliseconds) and id.
    pub(crate) fn listed_before(&self, updated_at: i64, id: &str) -> Result<u64, StateError> {
        let key = (updated_at, id.to_string());
        self.database.with(move |connection| {
            let mut count = connection.prepare(
                "SELECT count(*) FROM threads AS one WHERE missing = 0 AND archived = 0 AND (updated_at, id) > (?1, ?2)
                 AND NOT EXISTS (SELECT 1 FROM threads AS parent WHERE parent.id = one.parent_thread_id
                                 AND parent.missing = 0 AND parent.archived = 0)",
            )?;
            Ok(count.query_row(key, |row| row.get::<_, i64>(0))? as u64)
        })
    }
}
