//! Stores the changes of files that rollouts tell of, and finds them by paths. Which paths a pattern fits the core decides
//! (`text::file_paths::fits`); the conditions here say the same of a directory and a name.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use threadkeep_engine::contract::{FileTouch, PathPattern, SourceTouches, TouchKind, TouchedSources};

use super::sources::{known_source, source_number};
use crate::db::StateError;

/// Kinds by the numbers that they are stored with.
const KINDS: [TouchKind; 6] =
    [TouchKind::Add, TouchKind::Update, TouchKind::Delete, TouchKind::MoveAway, TouchKind::MoveHere, TouchKind::Maybe];
/// The number of the kind of what may have been a change.
const MAYBE: u8 = 5;

/// Selects the directories in which everything is meant: `?1` is the pattern between slashes.
const BELOW_ABSOLUTE: &str = "substr(path, 1, length(?1)) = ?1";
const BELOW_RELATIVE: &str = "instr('/' || path, ?1) > 0";
/// Selects those in which a file of the pattern's name is meant: `?2` is what stands before the name.
const BESIDE_ABSOLUTE: &str = "path = ?2";
const BESIDE_RELATIVE: &str = "substr('/' || path, -length(?2)) = ?2";

/// Replaces the changes that a source tells of from a part on.
pub(super) fn replace<'a>(
    transaction: &Transaction<'_>,
    source: (&str, i64, &str),
    from: u32,
    touches: impl IntoIterator<Item = &'a FileTouch>,
) -> Result<(), StateError> {
    let mut touches = touches.into_iter().peekable();
    let (subject, role, _) = source;
    let known = known_source(transaction, subject, role)?;
    if let Some(number) = known {
        transaction
            .prepare_cached("DELETE FROM text_touches WHERE source = ?1 AND part >= ?2")?
            .execute(params![number, from])?;
    }
    if touches.peek().is_none() {
        return Ok(());
    }
    let number = source_number(transaction, known, source)?;
    let mut insert =
        transaction.prepare_cached("INSERT INTO text_touches VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?;
    // Changes are numbered within their part, which is read as a whole.
    let (mut last, mut part, mut at) = (None, None, 0);
    for touch in touches {
        at = if part == Some(touch.part) { at + 1 } else { 0 };
        part = Some(touch.part);
        let (directory, name) = touch.path.split_at(touch.path.rfind('/').map_or(0, |slash| slash + 1));
        let directory_number = match last {
            Some((known, number)) if known == directory => number,
            _ => directory_of(transaction, directory)?,
        };
        last = Some((directory, directory_number));
        let kind = KINDS.iter().position(|kind| *kind == touch.kind).unwrap_or(0) as i64;
        insert.execute(params![
            number,
            touch.part,
            at,
            directory_number,
            name,
            kind,
            touch.other,
            touch.turn,
            touch.cursor,
            touch.line as i64
        ])?;
    }
    Ok(())
}

fn directory_of(transaction: &Transaction<'_>, path: &str) -> Result<i64, StateError> {
    let mut find = transaction.prepare_cached("SELECT number FROM text_directories WHERE path = ?1")?;
    if let Some(number) = find.query_row([path], |row| row.get(0)).optional()? {
        return Ok(number);
    }
    transaction.prepare_cached("INSERT INTO text_directories (path) VALUES (?1)")?.execute([path])?;
    Ok(transaction.last_insert_rowid())
}

/// Returns the conditions that everything in a directory is meant, and that a file of the name `?3` is; and the values of `?1` to
/// `?3`.
fn conditions(pattern: &PathPattern) -> (&'static str, &'static str, [String; 3]) {
    let (before, name) = pattern.path.split_at(pattern.path.rfind('/').map_or(0, |slash| slash + 1));
    let (below, beside, slash) = match pattern.is_absolute {
        true => (BELOW_ABSOLUTE, BESIDE_ABSOLUTE, ""),
        false => (BELOW_RELATIVE, BESIDE_RELATIVE, "/"),
    };
    (below, beside, [format!("{slash}{}/", pattern.path), format!("{slash}{before}"), name.into()])
}

/// Returns the sources that tell of a file that a pattern fits.
pub(super) fn sources(connection: &Connection, pattern: &PathPattern) -> Result<TouchedSources, StateError> {
    let (below, beside, values) = conditions(pattern);
    // The directories, which are few, are gone through; then an index has the changes in them.
    let mut select = connection.prepare_cached(&format!(
        "SELECT source, kind = {MAYBE} FROM text_touches WHERE directory IN (SELECT number FROM text_directories WHERE {below})
         UNION
         SELECT source, kind = {MAYBE} FROM text_touches
         WHERE name = ?3 AND directory IN (SELECT number FROM text_directories WHERE {beside})
         ORDER BY 1"
    ))?;
    let mut found = TouchedSources { changed: Vec::new(), maybe: Vec::new() };
    let mut rows = select.query(values)?;
    while let Some(row) = rows.next()? {
        let of_kind = if row.get(1)? { &mut found.maybe } else { &mut found.changed };
        of_kind.push(row.get(0)?);
    }
    Ok(found)
}

/// Returns the last changes of such files that a source tells of, or what may have been some.
pub(super) fn of_source(
    connection: &Connection,
    source: u32,
    pattern: &PathPattern,
    maybe: bool,
    limit: u32,
) -> Result<SourceTouches, StateError> {
    let (rollout, has_rollbacks) = connection
        .prepare_cached(
            "SELECT subject, coalesce(has_rollbacks, 0) FROM text_sources
             LEFT JOIN text_files ON path = subject WHERE number = ?1",
        )?
        .query_row([source], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (below, beside, values) = conditions(pattern);
    let mut select = connection.prepare_cached(&format!(
        "SELECT part, path || name, kind, other, turn, turn_cursor, line, count(*) OVER ()
         FROM text_touches JOIN text_directories ON text_directories.number = directory
         WHERE source = ?4 AND (kind = {MAYBE}) = ?5 AND ({below} OR name = ?3 AND {beside})
         ORDER BY part DESC, text_touches.number DESC LIMIT {limit}"
    ))?;
    let [first, second, third] = values;
    let mut total = 0;
    let touch = |row: &Row<'_>| {
        let kind = KINDS.get(usize::from(row.get::<_, u8>(2)?)).copied().unwrap_or(TouchKind::Update);
        total = row.get::<_, i64>(7)? as u64;
        Ok(FileTouch {
            part: row.get(0)?,
            copied: false,
            path: row.get(1)?,
            kind,
            other: row.get(3)?,
            turn: row.get(4)?,
            cursor: row.get(5)?,
            line: row.get::<_, i64>(6)? as u64,
        })
    };
    let mut touches: Vec<FileTouch> =
        select.query_map(params![first, second, third, source, maybe], touch)?.collect::<Result<_, _>>()?;
    touches.reverse();
    Ok(SourceTouches { rollout, touches, total, has_rollbacks })
}
