//! The texts of threads of other programs, as rollouts behind those of a home.

use std::io::Read as _;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use threadkeep_engine::Imports;
use threadkeep_engine::contract::{EntryKind, FileError, FileFacts};
use threadkeep_engine::imports::Rollouts;

use super::super::{Database, StateError};
use crate::platform::home::Home;
use crate::rollouts::{HomeWithTexts, KeptTexts, imports_over};

/// The texts of a database.
struct ForeignTexts(Database);

impl ForeignTexts {
    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, FileError> {
        self.0.with(work).map_err(|error| FileError::Io(error.to_string()))
    }
}

impl KeptTexts for ForeignTexts {
    fn facts(&self, at: Option<&str>) -> Result<Vec<FileFacts>, FileError> {
        let at = at.map(str::to_owned);
        self.ask(move |connection| {
            let facts = |row: &Row<'_>| {
                let (size, inode) = (row.get::<_, i64>(1)? as u64, row.get::<_, i64>(3)? as u64);
                let (path, modified_ns) = (row.get(0)?, row.get(2)?);
                Ok(FileFacts { path, kind: EntryKind::File, size, modified_ns, inode })
            };
            const COLUMNS: &str = "SELECT path, size, modified_ns, generation FROM foreign_threads";
            let Some(at) = at else {
                let mut select = connection.prepare_cached(&format!("{COLUMNS} ORDER BY path"))?;
                return Ok(select.query_map([], facts)?.collect::<Result<_, _>>()?);
            };
            let mut select = connection.prepare_cached(&format!("{COLUMNS} WHERE path = ?1"))?;
            Ok(select.query_map([at], facts)?.collect::<Result<_, _>>()?)
        })
    }

    fn heads_after(&self, path: &str, limit: usize) -> Result<Vec<(String, Vec<u8>)>, FileError> {
        let path = path.to_owned();
        self.ask(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT path, head FROM foreign_threads JOIN foreign_texts USING (thread_id) WHERE path > ?1
                 ORDER BY path LIMIT ?2",
            )?;
            let heads = select.query_map(params![path, limit as i64], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(heads.collect::<Result<_, _>>()?)
        })
    }

    fn text(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let path = path.to_owned();
        let found: Option<(Vec<u8>, i64)> = self.ask(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT text, size FROM foreign_threads JOIN foreign_texts USING (thread_id) WHERE path = ?1",
            )?;
            Ok(select.query_row([path], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
        })?;
        let (compressed, size) = found.ok_or(FileError::NotFound)?;
        let broken = FileError::BrokenCompression;
        let decoder = zstd::stream::read::Decoder::new(&compressed[..]).map_err(|error| broken(error.to_string()))?;
        let mut text = Vec::new();
        decoder.take(size.max(0) as u64).read_to_end(&mut text).map_err(|error| broken(error.to_string()))?;
        Ok(text)
    }
}

impl Database {
    /// Reads what is recorded of all threads of other programs, so that damage of it shows as damage of the database: to whoever goes
    /// through files it would be one of these that cannot be read.
    pub(crate) fn check_foreign(&self) -> Result<(), StateError> {
        self.with(|connection| {
            let sql = "SELECT count(path || size || modified_ns || generation) FROM foreign_threads NOT INDEXED";
            connection.query_row(sql, [], |row| row.get::<_, i64>(0))?;
            let sql = "SELECT count(path) FROM (SELECT path FROM foreign_threads ORDER BY path)";
            connection.query_row(sql, [], |row| row.get::<_, i64>(0))?;
            Ok(())
        })
    }
}

/// Gives the files of a home, and behind them the threads of other programs that a database keeps.
pub(crate) fn files_with_foreign(home: &Arc<Home>, database: &Database) -> Arc<dyn Rollouts> {
    Arc::new(HomeWithTexts::new(home, ForeignTexts(database.clone())))
}

/// Gives the imports of a core that sees these, and nothing else.
pub(crate) fn imports_with_foreign(home: &Arc<Home>, database: &Database) -> Imports {
    imports_over(files_with_foreign(home, database), home.default_provider())
}
