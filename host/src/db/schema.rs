//! Opening and migrating. Migrations are numbered by their place in the list and are never edited; a change is a new one.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::StateError;

/// The newest schema version this program knows.
pub(crate) const SCHEMA: i64 = MIGRATIONS.len() as i64;

/// How long a writer waits for another one, at least and at most: between them it is what the caller will wait.
const BUSY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(20));

const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE threads (
        id TEXT PRIMARY KEY,
        path TEXT NOT NULL,
        archived INTEGER NOT NULL,
        name TEXT,
        name_source INTEGER,
        preview TEXT NOT NULL,
        title TEXT NOT NULL,
        first_user_message TEXT,
        cwd TEXT,
        last_cwd TEXT,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        recency_at INTEGER NOT NULL,
        source TEXT NOT NULL,
        source_kind TEXT NOT NULL,
        model_provider TEXT,
        model TEXT,
        cli_version TEXT,
        git_branch TEXT,
        git_sha TEXT,
        git_origin_url TEXT,
        tokens_used INTEGER,
        parent_thread_id TEXT,
        forked_from_id TEXT,
        base_thread_id TEXT,
        history_mode TEXT NOT NULL,
        memory_mode TEXT,
        missing INTEGER NOT NULL
    ) WITHOUT ROWID;
    -- Lists by each of the three times, newest or oldest first.
    CREATE INDEX threads_by_creation ON threads (created_at, id);
    CREATE INDEX threads_by_update ON threads (updated_at, id);
    CREATE INDEX threads_by_recency ON threads (recency_at, id);
    -- Which threads named a file that is gone.
    CREATE INDEX threads_by_path ON threads (path);
    -- Forks whose preview is another thread's.
    CREATE INDEX threads_by_base ON threads (base_thread_id) WHERE base_thread_id IS NOT NULL;

    -- Every entry that claims to be a rollout, as it was when it was looked at.
    CREATE TABLE files (
        path TEXT PRIMARY KEY,
        kind INTEGER NOT NULL,
        size INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        thread_id TEXT,
        -- Its history begins in an earlier file of the same thread.
        continues INTEGER NOT NULL DEFAULT 0,
        -- Why there is no thread in it; null when there is.
        reason TEXT,
        bad_count INTEGER NOT NULL DEFAULT 0,
        -- JSON: [[line, offset, reason], ...]
        bad_lines TEXT,
        unread_from INTEGER,
        unread_to INTEGER
    ) WITHOUT ROWID;
    -- All files of a thread.
    CREATE INDEX files_by_thread ON files (thread_id) WHERE thread_id IS NOT NULL;
    -- What `status` names.
    CREATE INDEX files_with_problems ON files (path) WHERE reason IS NOT NULL OR bad_count > 0;
    -- What `status` counts.
    CREATE INDEX files_partly_read ON files (path) WHERE unread_from IS NOT NULL;

    -- What the core learned of a file, in its own form; apart, so that walking over `files` stays quick.
    CREATE TABLE folds (
        path TEXT PRIMARY KEY,
        state BLOB NOT NULL
    ) WITHOUT ROWID;

    -- Names by source, kept for good: 0 session index, 1 Codex DB, 2 user.
    CREATE TABLE names (
        thread_id TEXT NOT NULL,
        source INTEGER NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (thread_id, source)
    ) WITHOUT ROWID;
    -- Threads by name.
    CREATE INDEX names_by_name ON names (name);

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

    -- How far a source of lore was read, by its own measure.
    CREATE TABLE sources (
        source TEXT PRIMARY KEY,
        stamp TEXT NOT NULL
    ) WITHOUT ROWID;

    CREATE TABLE backfill (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        phase TEXT NOT NULL CHECK (phase IN ('pending', 'running', 'complete')),
        owner TEXT,
        token TEXT,
        watermark TEXT
    );
    INSERT INTO backfill (only, phase) VALUES (1, 'pending');
",
    "
    -- Sub-agents of a thread, oldest first.
    CREATE INDEX threads_by_parent ON threads (parent_thread_id, created_at, id) WHERE parent_thread_id IS NOT NULL;
    -- The place of a name among all, in the order in which they were given; null where its source has no order. The index
    -- has one, and is read again for it.
    ALTER TABLE names ADD COLUMN given INTEGER;
    DELETE FROM sources WHERE source = 'session_index';
",
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
    "
    -- Rows that somebody else has changed or deleted: here they are only ever put in whole, which fires neither trigger.
    CREATE TABLE suspects (
        thread_id TEXT PRIMARY KEY
    ) WITHOUT ROWID;
    CREATE TRIGGER threads_changed AFTER UPDATE ON threads BEGIN
        INSERT OR IGNORE INTO suspects VALUES (OLD.id), (NEW.id);
    END;
    CREATE TRIGGER threads_deleted AFTER DELETE ON threads BEGIN
        INSERT OR IGNORE INTO suspects VALUES (OLD.id);
    END;
    -- Other words count as the user's own than did before: every rollout is read again.
    UPDATE backfill SET phase = 'pending', owner = NULL, token = NULL, watermark = NULL;
    DELETE FROM files;
    DELETE FROM folds;
",
    "
    -- Changes of files and rows together that were begun: what they come to, as JSON. One that is done is not there.
    CREATE TABLE journal (
        number INTEGER PRIMARY KEY,
        plan TEXT NOT NULL
    );
    -- What users said of threads: 0 git sha, 1 git branch, 2 git origin URL, 3 memory mode; null where there is nothing,
    -- whatever others say.
    CREATE TABLE patches (
        thread_id TEXT NOT NULL,
        field INTEGER NOT NULL,
        value TEXT,
        PRIMARY KEY (thread_id, field)
    ) WITHOUT ROWID;
",
    "
    -- What users want threads to reach; status by the name that Codex's database gives it.
    CREATE TABLE goals (
        thread_id TEXT PRIMARY KEY,
        objective TEXT NOT NULL,
        status TEXT NOT NULL,
        token_budget INTEGER,
        tokens_used INTEGER NOT NULL,
        seconds_used INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    -- Up to which update of a thread its memories were extracted, and who is at it until when.
    CREATE TABLE extractions (
        thread_id TEXT PRIMARY KEY,
        watermark INTEGER,
        worker TEXT,
        token TEXT,
        until INTEGER,
        retry_after INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE device_keys (
        key_id TEXT PRIMARY KEY,
        account_user_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    -- Spawned threads that are 'open' or 'closed' by a user's word, and by Codex's database, which is read again for it.
    CREATE TABLE spawn_statuses (
        thread_id TEXT PRIMARY KEY,
        status TEXT NOT NULL
    ) WITHOUT ROWID;
    ALTER TABLE codex ADD COLUMN spawn_status TEXT;
    DELETE FROM sources WHERE source = 'codex_db';
",
    "
    -- Directories that users moved or renamed, in the order in which they told it.
    CREATE TABLE relocations (
        number INTEGER PRIMARY KEY,
        from_dir TEXT NOT NULL,
        to_dir TEXT NOT NULL,
        at INTEGER NOT NULL
    );
",
];

/// Opens and migrates. Nothing is written when the database is newer than the program.
pub(super) fn open(path: &Path, wait: Duration) -> Result<Connection, StateError> {
    refuse_newer(path, stored_version(path)?)?;
    create_private(path)?;
    let mut connection = Connection::open(path)?;
    settings(&connection)?;
    connection.busy_timeout(wait.clamp(BUSY.0, BUSY.1))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    migrate(&mut connection, path)?;
    Ok(connection)
}

/// Opens a database of exactly this version; none for any other, or when there is none.
pub(super) fn open_existing(path: &Path) -> Result<Option<Connection>, StateError> {
    if stored_version(path)? != Some(SCHEMA) {
        return Ok(None);
    }
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    settings(&connection)?;
    Ok(check(&connection, path)?.then_some(connection))
}

/// A private database that SQLite deletes when it is closed.
pub(super) fn open_temporary() -> Result<Connection, StateError> {
    private(Connection::open("")?, Path::new("temporary")).map(|(connection, _)| connection)
}

/// A database that only this process has, brought to this version, and the version that it had.
pub(super) fn private(mut connection: Connection, path: &Path) -> Result<(Connection, i64), StateError> {
    let found = version(&connection)?;
    settings(&connection)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "journal_mode", "MEMORY")?;
    migrate(&mut connection, path)?;
    Ok((connection, found))
}

fn settings(connection: &Connection) -> Result<(), StateError> {
    connection.busy_timeout(BUSY.1)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    // A backfill of ten thousand threads fits, and writes a page back once.
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn version(connection: &Connection) -> Result<i64, StateError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Is it a database of this very version? An empty or an older one counts as none, a newer one is refused.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<bool, StateError> {
    let found = version(connection)?;
    refuse_newer(path, Some(found))?;
    Ok(found == SCHEMA)
}

fn refuse_newer(path: &Path, found: Option<i64>) -> Result<(), StateError> {
    match found {
        Some(found) if found > SCHEMA => Err(StateError::Newer { path: path.to_path_buf(), found, known: SCHEMA }),
        _ => Ok(()),
    }
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StateError> {
    let found = version(connection)?;
    refuse_newer(path, Some(found))?;
    for (at, migration) in MIGRATIONS.iter().enumerate().skip(found.max(0) as usize) {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", at as i64 + 1)?;
        transaction.commit()?;
    }
    if found < SCHEMA {
        // The version then stands in the file itself, where a look at its header finds it.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    Ok(())
}

/// The schema version by the file's header, read before SQLite opens it: opening would already write beside it.
/// <https://www.sqlite.org/fileformat.html>, offset 60.
fn stored_version(path: &Path) -> Result<Option<i64>, StateError> {
    let mut header = [0u8; 64];
    match File::open(path).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) if header.starts_with(b"SQLite format 3\0") => {
            Ok(header.last_chunk::<4>().map(|version| i64::from(i32::from_be_bytes(*version))))
        }
        _ => Ok(None),
    }
}

/// Creates the file with a mode that keeps others out; SQLite gives its WAL the same mode.
pub(super) fn create_private(path: &Path) -> Result<(), StateError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let dir = path.parent().unwrap_or(path).to_path_buf();
    options.open(path).map(drop).map_err(|error| StateError::Directory(dir, error))
}
