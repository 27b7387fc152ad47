//! An index of what was said in threads, in the state DB: which tokens stand in which rollout. Texts themselves are not in it;
//! which bytes are text, and what a token is, the core says (`core-wasm/src/search`).
//!
//! ```text
//! files, threads ── triggers ─→ outdated ── the core ─→ store ─→ text_index (FTS5)
//! ```
//!
//! A change of a rollout's row, or of a thread's name, makes its text outdated in the same transaction; whoever searches brings
//! that up to date first. Before an index was begun everything is outdated, and nothing is noted of it. What is deleted takes its
//! tokens along in the same transaction.
//!
//! Beside them stand the changes of files that rollouts tell of, by directory and name.
//!
//! `text_index` has a row for each part of a source: its rowid is the number of the source and, in the lowest 16 bits, the
//! number of the part. It is contentless, and knows neither columns nor places of tokens.

mod check;
mod counts;
mod exclusions;
mod lookup;
mod renewal;
mod sources;
mod store;
mod subjects;
mod touches;

use crate::db::{Domain, Table};

pub(crate) use check::ExpectedPart;
pub use counts::TextIndexCounts;
pub use exclusions::IndexExclusions;
pub(crate) use lookup::{IndexedTexts, Scan, ThreadSource, add_scanned, last_touches, threads_of};
pub(crate) use store::{OutdatedFile, TextParts};

/// How many of the lowest bits of a rowid are the number of a part.
const PART_BITS: u32 = 16;

/// Holds the index, what it is made of, and what of it is outdated. All of it is made of rollouts and rows.
pub(super) const DOMAIN: Domain = Domain {
    name: "text index",
    migrations: &[(
        8,
        "
    -- What has tokens: 0 the own text of a rollout, 1 what a rollout copied of another thread's, 2 the names of a thread.
    CREATE TABLE text_sources (
        number INTEGER PRIMARY KEY,
        role INTEGER NOT NULL,
        -- The path of the rollout, the id of the thread.
        subject TEXT NOT NULL,
        thread TEXT NOT NULL,
        UNIQUE (subject, role)
    );
    -- Where reading the text of each rollout stopped.
    CREATE TABLE text_files (
        path TEXT PRIMARY KEY,
        has_rollbacks INTEGER NOT NULL,
        state BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX text_files_with_rollbacks ON text_files (path) WHERE has_rollbacks;
    CREATE VIRTUAL TABLE text_index USING fts5(
        tokens, content='', contentless_delete=1, detail=none, tokenize=\"ascii tokenchars '_'\"
    );
    -- Rollouts whose text is to be read, and threads whose names are.
    CREATE TABLE text_outdated_files (path TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE text_outdated_names (thread TEXT PRIMARY KEY) WITHOUT ROWID;
    -- Directories in which files were changed, each with a slash at its end.
    CREATE TABLE text_directories (number INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
    -- Changes of files that a source tells of with a part of its text: the turn, and the cursor behind which that comes next.
    CREATE TABLE text_touches (
        source INTEGER NOT NULL,
        part INTEGER NOT NULL,
        number INTEGER NOT NULL,
        directory INTEGER NOT NULL,
        name TEXT NOT NULL,
        -- 0 made, 1 changed, 2 removed, 3 moved away, 4 moved here, 5 maybe changed.
        kind INTEGER NOT NULL,
        other TEXT,
        turn TEXT,
        turn_cursor TEXT,
        line INTEGER NOT NULL,
        PRIMARY KEY (source, part, number)
    ) WITHOUT ROWID;
    CREATE INDEX text_touches_by_name ON text_touches (name, directory);
    CREATE INDEX text_touches_by_directory ON text_touches (directory);
    -- The core's version of texts and tokens.
    CREATE TABLE text_version (version INTEGER NOT NULL);
    -- Directories whose threads are kept out.
    CREATE TABLE text_exclusions (directory TEXT PRIMARY KEY) WITHOUT ROWID;

    CREATE TRIGGER text_of_new_file AFTER INSERT ON files
    WHEN new.thread_id IS NOT NULL AND EXISTS (SELECT 1 FROM text_version) BEGIN
        INSERT OR IGNORE INTO text_outdated_files VALUES (new.path);
    END;
    CREATE TRIGGER text_of_changed_file AFTER UPDATE OF size, modified_ns, inode, thread_id ON files
    WHEN new.thread_id IS NOT NULL AND (new.size, new.modified_ns, new.inode) IS NOT (old.size, old.modified_ns, old.inode)
        AND EXISTS (SELECT 1 FROM text_version)
    BEGIN
        INSERT OR IGNORE INTO text_outdated_files VALUES (new.path);
    END;
    CREATE TRIGGER text_of_moved_file AFTER UPDATE OF path ON files BEGIN
        UPDATE OR REPLACE text_outdated_files SET path = new.path WHERE path = old.path;
        UPDATE OR REPLACE text_files SET path = new.path WHERE path = old.path;
        DELETE FROM text_sources WHERE subject = new.path;
        UPDATE text_sources SET subject = new.path WHERE subject = old.path;
    END;
    CREATE TRIGGER text_of_lost_file AFTER DELETE ON files BEGIN
        DELETE FROM text_outdated_files WHERE path = old.path;
        DELETE FROM text_files WHERE path = old.path;
        DELETE FROM text_sources WHERE subject = old.path;
    END;
    CREATE TRIGGER text_of_unreadable_file AFTER INSERT ON files WHEN new.thread_id IS NULL BEGIN
        DELETE FROM text_outdated_files WHERE path = new.path;
        DELETE FROM text_files WHERE path = new.path;
        DELETE FROM text_sources WHERE subject = new.path;
    END;
    CREATE TRIGGER names_of_new_thread AFTER INSERT ON threads
    WHEN EXISTS (SELECT 1 FROM text_version) BEGIN
        INSERT OR IGNORE INTO text_outdated_names VALUES (new.id);
    END;
    CREATE TRIGGER names_of_changed_thread AFTER UPDATE OF name, title, preview ON threads
    WHEN EXISTS (SELECT 1 FROM text_version) BEGIN
        INSERT OR IGNORE INTO text_outdated_names VALUES (new.id);
    END;
    CREATE TRIGGER names_of_lost_thread AFTER DELETE ON threads BEGIN
        DELETE FROM text_outdated_names WHERE thread = old.id;
        DELETE FROM text_sources WHERE subject = old.id;
    END;
    CREATE TRIGGER tokens_of_lost_source AFTER DELETE ON text_sources BEGIN
        DELETE FROM text_index WHERE rowid BETWEEN old.number << 16 AND old.number << 16 | 65535;
    END;
    CREATE TRIGGER touches_of_lost_source AFTER DELETE ON text_sources BEGIN
        DELETE FROM text_touches WHERE source = old.number;
    END;
    CREATE TRIGGER directory_of_lost_touch AFTER DELETE ON text_touches BEGIN
        DELETE FROM text_directories WHERE number = old.directory
            AND NOT EXISTS (SELECT 1 FROM text_touches WHERE directory = old.directory);
    END;
",
    )],
    tables: &[
        Table::derived("text_sources").of_thread("thread"),
        Table::derived("text_files"),
        // Tokens of rows that were deleted stay until the whole is written anew.
        Table::derived("text_index").erased_by("INSERT INTO text_index (text_index) VALUES ('optimize')"),
        Table::derived("text_index_data"),
        Table::derived("text_index_idx"),
        Table::derived("text_index_docsize"),
        Table::derived("text_index_config"),
        Table::derived("text_outdated_files"),
        Table::derived("text_outdated_names").of_thread("thread"),
        Table::derived("text_directories"),
        Table::derived("text_touches"),
        Table::derived("text_version"),
        Table::derived("text_exclusions"),
    ],
};
