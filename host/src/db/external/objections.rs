//! Why rows of a table of Codex's are not changed: something in its schema would do more than is asked for.

use rusqlite::Connection;

use super::StateError;

/// The triggers that releases of Codex have, all on `threads`: they set times of the very row that is written.
const KNOWN_TRIGGERS: [&str; 5] = [
    "CREATE TRIGGER threads_created_at_ms_after_insert AFTER INSERT ON threads WHEN NEW.created_at_ms IS NULL \
     BEGIN UPDATE threads SET created_at_ms = NEW.created_at * 1000 WHERE id = NEW.id; END",
    "CREATE TRIGGER threads_updated_at_ms_after_insert AFTER INSERT ON threads WHEN NEW.updated_at_ms IS NULL \
     BEGIN UPDATE threads SET updated_at_ms = NEW.updated_at * 1000 WHERE id = NEW.id; END",
    "CREATE TRIGGER threads_created_at_ms_after_update AFTER UPDATE OF created_at ON threads \
     WHEN NEW.created_at != OLD.created_at AND NEW.created_at_ms IS OLD.created_at_ms \
     BEGIN UPDATE threads SET created_at_ms = NEW.created_at * 1000 WHERE id = NEW.id; END",
    "CREATE TRIGGER threads_updated_at_ms_after_update AFTER UPDATE OF updated_at ON threads \
     WHEN NEW.updated_at != OLD.updated_at AND NEW.updated_at_ms IS OLD.updated_at_ms \
     BEGIN UPDATE threads SET updated_at_ms = NEW.updated_at * 1000 WHERE id = NEW.id; END",
    "CREATE TRIGGER threads_recency_at_after_insert AFTER INSERT ON threads WHEN NEW.recency_at_ms = 0 \
     BEGIN UPDATE threads SET recency_at = NEW.updated_at, \
     recency_at_ms = COALESCE(NEW.updated_at_ms, NEW.updated_at * 1000) WHERE id = NEW.id; END",
];

/// Returns why rows of a table are not changed, if there is a reason: there is no such plain table, or a trigger on it that no
/// known Codex has.
pub(super) fn objection(connection: &Connection, table: &str) -> Result<Option<String>, StateError> {
    let mut objects = connection.prepare_cached(
        "SELECT type, name, COALESCE(sql, '') FROM sqlite_schema
         WHERE (type IN ('table', 'view') AND name = ?1) OR (type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE)
         ORDER BY type, name",
    )?;
    // Whatever is in them that is no text makes them unknown.
    let text = |row: &rusqlite::Row<'_>, at: usize| -> rusqlite::Result<String> {
        Ok(String::from_utf8_lossy(row.get_ref(at)?.as_bytes().unwrap_or_default()).into_owned())
    };
    let objects = objects.query_map([table], |row| Ok((text(row, 0)?, text(row, 1)?, text(row, 2)?)))?;
    let mut there = false;
    for object in objects {
        let (kind, name, sql) = object?;
        let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        let name = name.escape_debug();
        match kind.as_str() {
            "table" if starts_with(&sql, "CREATE TABLE ") => there = true,
            "trigger" if KNOWN_TRIGGERS.contains(&sql.as_str()) => {}
            "trigger" => {
                return Ok(Some(format!(
                    "Codex's database has a trigger on {table} that no known Codex has, '{name}': what it does to other \
                     rows cannot be known, so nothing is changed there; drop it if it is not Codex's, or use a newer \
                     threadkeep"
                )));
            }
            kind => {
                let what = if kind == "view" { "a view" } else { "a virtual table" };
                return Ok(Some(format!(
                    "Codex's database has {what} in the place of its table {name}, so nothing is changed there"
                )));
            }
        }
    }
    Ok((!there).then(|| format!("Codex's database has no table {table}")))
}

fn starts_with(text: &str, begin: &str) -> bool {
    text.get(..begin.len()).is_some_and(|start| start.eq_ignore_ascii_case(begin))
}
