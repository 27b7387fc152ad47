//! The sections into which users put threads in Codex: they are in its own database alone.

use rusqlite::{Connection, Params, Row, params_from_iter};

use super::{Database, ExternalDb, StateError};
use crate::platform::home::Home;

/// A section of Codex's list of threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its id.
    pub id: String,
    /// What the user called it.
    pub name: String,
    /// How it looks: a JSON object; none where nobody said.
    pub appearance: Option<String>,
}

/// The place of a thread in a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionPlace {
    /// The thread.
    pub thread: String,
    /// The section, by its id.
    pub section: String,
    /// Where in it the thread stands; lower ones come first.
    pub position: Option<i64>,
    /// When it was put there, milliseconds since the epoch.
    pub since: Option<i64>,
}

/// Reads the sections in their order; none where Codex keeps none.
pub(crate) fn codex_sections(home: &Home) -> Result<Vec<Section>, StateError> {
    let Some(database) = ExternalDb::newest(home.sqlite_home(), "state_") else { return Ok(Vec::new()) };
    let path = database.path().to_path_buf();
    let failed = |error: rusqlite::Error| StateError::external(&path, error.into());
    Ok(database.read(|connection| rows(connection).map_err(failed))?.0)
}

fn rows(connection: &Connection) -> rusqlite::Result<Vec<Section>> {
    let has = |column: &str| -> rusqlite::Result<bool> {
        let sql = "SELECT COUNT(*) FROM pragma_table_info('thread_sections') WHERE name = ?1";
        connection.query_row(sql, [column], |row| row.get(0))
    };
    if !has("id")? || !has("name")? {
        return Ok(Vec::new());
    }
    let appearance = if has("appearance")? { "CAST(appearance AS TEXT)" } else { "NULL" };
    let mut select = connection.prepare(&format!(
        "SELECT CAST(id AS TEXT), CAST(name AS TEXT), {appearance} FROM thread_sections
         WHERE id IS NOT NULL AND name IS NOT NULL ORDER BY rowid"
    ))?;
    let section = |row: &Row<'_>| Ok(Section { id: row.get(0)?, name: row.get(1)?, appearance: row.get(2)? });
    select.query_map([], section)?.collect()
}

impl Database {
    /// Returns where threads stand in sections, as Codex's database said: of all threads, or of some.
    pub(crate) fn section_places(&self, of: Option<&[String]>) -> Result<Vec<SectionPlace>, StateError> {
        let of = of.map(<[String]>::to_vec);
        self.with(move |connection| match of {
            None => places(connection, "TRUE", []),
            Some(ids) => {
                let marks = vec!["?"; ids.len()].join(", ");
                places(connection, &format!("thread_id IN ({marks})"), params_from_iter(ids))
            }
        })
    }
}

fn places(connection: &Connection, which: &str, ids: impl Params) -> Result<Vec<SectionPlace>, StateError> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT thread_id, CAST(json_extract(extra, '$.thread_section_id') AS TEXT) AS section,
                CAST(json_extract(extra, '$.section_position') AS INTEGER),
                CAST(json_extract(extra, '$.section_entered_at_ms') AS INTEGER)
         FROM codex WHERE {which} AND json_valid(extra) AND section IS NOT NULL"
    ))?;
    let place = |row: &Row<'_>| {
        let (thread, section) = (row.get(0)?, row.get(1)?);
        Ok(SectionPlace { thread, section, position: row.get(2)?, since: row.get(3)? })
    };
    Ok(select.query_map(ids, place)?.collect::<Result<_, _>>()?)
}
