//! Which files of other programs tell which threads.

use std::collections::BTreeSet;

use rusqlite::Transaction;

use super::{Database, ForeignThread, StateError, foreign_thread};

impl Database {
    /// Returns what is known to have been read together of a program's files, be it to be read again.
    pub(crate) fn known_foreign_units(&self, program: &str) -> Result<BTreeSet<String>, StateError> {
        const KNOWN: &str = "SELECT unit FROM foreign_units WHERE program = ?1
            UNION SELECT unit FROM foreign_tellings WHERE program = ?1";
        self.texts_of_program(KNOWN, program)
    }

    /// Returns files that tell threads of which the files that they were read from tell no more: of several the last ones. Those that
    /// could not be read are none.
    pub(crate) fn others_of_foreign_orphans(&self, program: &str) -> Result<BTreeSet<String>, StateError> {
        const OTHERS: &str = "SELECT max(told.unit) FROM foreign_threads AS thread
            JOIN foreign_tellings AS told USING (thread_id)
            JOIN foreign_units AS read ON read.program = told.program AND read.unit = told.unit AND read.fault IS NULL
            WHERE thread.program = ?1 AND NOT EXISTS
                (SELECT 1 FROM foreign_tellings WHERE thread_id = thread.thread_id AND unit = thread.unit)
            GROUP BY thread.thread_id";
        self.texts_of_program(OTHERS, program)
    }

    fn texts_of_program(&self, sql: &'static str, program: &str) -> Result<BTreeSet<String>, StateError> {
        let program = program.to_owned();
        self.with(move |connection| {
            let mut select = connection.prepare_cached(sql)?;
            let texts = select.query_map([program], |row| row.get(0))?;
            Ok(texts.collect::<Result<_, _>>()?)
        })
    }

    /// Returns the threads of a program that no files tell any more.
    pub(crate) fn untold_foreign_threads(&self, program: &str) -> Result<Vec<ForeignThread>, StateError> {
        let program = program.to_owned();
        self.with(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT thread_id, unit, stamp, path, gone FROM foreign_threads AS thread WHERE program = ?1
                 AND NOT EXISTS (SELECT 1 FROM foreign_tellings WHERE thread_id = thread.thread_id)",
            )?;
            Ok(select.query_map([program], foreign_thread)?.collect::<Result<_, _>>()?)
        })
    }
}

/// Keeps which threads files tell, and forgets what they told before.
pub(super) fn keep_tellings(
    transaction: &Transaction<'_>,
    program: &str,
    unit: &str,
    threads: &[String],
) -> Result<(), StateError> {
    forget_tellings(transaction, program, unit)?;
    let sql = "INSERT OR REPLACE INTO foreign_tellings (thread_id, program, unit) VALUES (?1, ?2, ?3)";
    let mut insert = transaction.prepare_cached(sql)?;
    for thread in threads {
        insert.execute([thread.as_str(), program, unit])?;
    }
    Ok(())
}

/// Forgets which threads files told.
pub(super) fn forget_tellings(transaction: &Transaction<'_>, program: &str, unit: &str) -> Result<(), StateError> {
    let sql = "DELETE FROM foreign_tellings WHERE program = ?1 AND unit = ?2";
    transaction.prepare_cached(sql)?.execute([program, unit])?;
    Ok(())
}
