//! A page of rows in the order that the core asks for.

use std::collections::HashMap;

use rusqlite::{Connection, Row, ToSql};

use super::rows::{COLUMNS, from_row};
use super::{Database, StateError};
use threadkeep_engine::contract::{Collection, RowKey, RowQuery, SortKey, ThreadRow};

/// At most this many rows are handed out at a time.
const MOST: u32 = 4_096;

/// Rows as far as a search needs them, in their order, in columns.
#[derive(Default)]
pub(crate) struct SearchedRows {
    /// The ids, each followed by a NUL.
    pub(crate) ids: String,
    /// The times that the order goes by.
    pub(crate) times: Vec<i64>,
    /// What made each, as the place of a name in `source_kinds`.
    pub(crate) kinds: Vec<u32>,
    /// The names of what made them.
    pub(crate) source_kinds: Vec<String>,
    /// The places of those that are forks, in their order, with the threads that they were made of.
    pub(crate) forks: Vec<(u32, String)>,
}

/// Holds conditions of SQL and the values of their question marks.
#[derive(Default)]
struct Filter {
    conditions: Vec<String>,
    values: Vec<Box<dyn ToSql + Send>>,
}

impl Filter {
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Box<dyn ToSql + Send>>) {
        self.conditions.push(condition.into());
        self.values.extend(values);
    }
}

fn value(value: impl ToSql + Send + 'static) -> Box<dyn ToSql + Send> {
    Box::new(value)
}

/// Returns what the query asks of a row, but for its place in the list.
fn filter(query: RowQuery) -> Filter {
    let time = column(query.sort);
    let mut filter = Filter::default();
    filter.and("missing = ?", [value(query.missing)]);
    if let Some(within) = query.within {
        filter.and("archived = ?", [value(within == Collection::Archived)]);
    }
    if let Some(kinds) = query.source_kinds {
        let places = vec!["?"; kinds.len()].join(", ");
        filter.and(&format!("source_kind IN ({places})"), kinds.into_iter().map(value));
    }
    if let Some(provider) = query.provider {
        filter.and("model_provider = ?", [value(provider)]);
    }
    if let Some(cwd) = query.cwd {
        let names: Vec<String> = std::iter::once(cwd).chain(query.also_cwd).collect();
        let places = vec!["directory_key(?)"; names.len()].join(", ");
        let condition = format!("(directory_key(cwd) IN ({places}) OR directory_key(last_cwd) IN ({places}))");
        filter.and(&condition, names.clone().into_iter().chain(names).map(value));
    }
    if let Some(dir) = query.under {
        let (conditions, values) = below(std::iter::once(dir).chain(query.also_under));
        filter.and(&format!("({conditions})"), values);
    }
    if let Some(since) = query.since {
        filter.and(&format!("{time} >= ?"), [value(since)]);
    }
    if let Some(until) = query.until {
        filter.and(&format!("{time} < ?"), [value(until)]);
    }
    if let Some(text) = query.title {
        filter.and("(says(title, ?) OR says(preview, ?))", [value(text.clone()), value(text)]);
    }
    if let Some(text) = query.name {
        filter.and("says(name, ?)", [value(text)]);
    }
    if let Some(branch) = query.branch {
        filter.and("git_branch = ?", [value(branch)]);
    }
    if let Some(repo) = query.repo {
        // The end of a key, where a name begins with what is asked for.
        let key = "repository_key(git_origin_url)";
        let end = format!("substr({key}, -1 - length(repository_key(?))) = '/' || repository_key(?)");
        let (inside, directories) = below(query.also_in_repo);
        let condition = format!("({key} = repository_key(?) OR {end} OR {inside})");
        filter.and(&condition, vec![repo; 3].into_iter().map(value).chain(directories));
    }
    if let Some(text) = query.model {
        filter.and("says(model, ?)", [value(text)]);
    }
    if let Some(ids) = query.among {
        let ids = serde_json::to_string(&ids).unwrap_or_else(|_| "[]".into());
        filter.and("id IN (SELECT value FROM json_each(?))", [value(ids)]);
    }
    if let Some(commit) = query.commit {
        filter.and("lower(substr(git_sha, 1, length(?))) = lower(?)", [value(commit.clone()), value(commit)]);
    }
    filter
}

/// Returns the condition that a row lies in one of these directories or below it, and its values.
fn below(directories: impl IntoIterator<Item = String>) -> (String, Vec<Box<dyn ToSql + Send>>) {
    let (mut conditions, mut values) = (vec!["FALSE"], Vec::new());
    for directory in directories {
        conditions.extend(["is_under(cwd, ?)", "is_under(last_cwd, ?)"]);
        values.extend([value(directory.clone()), value(directory)]);
    }
    (conditions.join(" OR "), values)
}

/// Selects, of the rows that pass, those that have a place of their own: whose parent does not pass, and of parents in a circle
/// the one with the smallest id, from which the others can be reached.
const OWN_PLACE: &str = "(NOT EXISTS (SELECT 1 FROM passing AS parent WHERE parent.id = thread.parent_thread_id)";
const FIRST_OF_A_CIRCLE: &str = " OR thread.id IN (SELECT value FROM json_each(?))";

/// Returns the smallest id of each circle of parents, as the list that `json_each` takes; none where there are none. A circle
/// has a thread whose parent has no smaller id, which is rare, and an index tells whether there is one.
fn firsts_of_circles(connection: &Connection, filter: &Filter) -> Result<Option<String>, StateError> {
    let mut is_possible = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM threads WHERE parent_thread_id IS NOT NULL AND parent_thread_id >= id)",
    )?;
    if !is_possible.query_row([], |row| row.get::<_, bool>(0))? {
        return Ok(None);
    }
    let mut select = connection.prepare_cached(&format!(
        "SELECT id, parent_thread_id FROM threads WHERE parent_thread_id IS NOT NULL AND {}",
        filter.conditions.join(" AND ")
    ))?;
    let values: Vec<&dyn ToSql> = filter.values.iter().map(|value| &**value as _).collect();
    let pairs = select.query_map(&values[..], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let parents: HashMap<String, String> = pairs.collect::<Result<_, _>>()?;
    let mut firsts: Vec<&str> = Vec::new();
    // The walk in which a thread was met.
    let mut met: HashMap<&str, usize> = HashMap::new();
    for (walk, start) in parents.keys().enumerate() {
        let mut at = start.as_str();
        while let Some(parent) = parents.get(at) {
            match met.insert(at, walk) {
                None => at = parent,
                Some(earlier) if earlier != walk => {
                    met.insert(at, earlier);
                    break;
                }
                Some(_) => {
                    let mut first = at;
                    let mut around = parent.as_str();
                    while around != at {
                        first = first.min(around);
                        around = parents.get(around).map_or(at, String::as_str);
                    }
                    firsts.push(first);
                    break;
                }
            }
        }
    }
    Ok((!firsts.is_empty()).then(|| format!("{firsts:?}")))
}

fn text<'r>(row: &'r Row<'_>, at: usize) -> rusqlite::Result<Option<&'r str>> {
    Ok(row.get_ref(at)?.as_str_or_null()?)
}

/// Returns the rows that pass as far as a search needs them, in the order of the query, be it only those of some ids; none is
/// folded.
pub(crate) fn searched_rows(
    connection: &Connection,
    query: RowQuery,
    ids: Option<&[String]>,
) -> Result<SearchedRows, StateError> {
    let time = column(query.sort);
    let direction = if query.ascending { "ASC" } else { "DESC" };
    let mut filter = filter(query);
    if let Some(ids) = ids {
        filter.and("id IN (SELECT value FROM json_each(?))", [value(format!("{ids:?}"))]);
    }
    let mut select = connection.prepare_cached(&format!(
        "SELECT id, {time}, source_kind, forked_from_id FROM threads WHERE {} ORDER BY {time} {direction}, id {direction}",
        filter.conditions.join(" AND "),
    ))?;
    let values: Vec<&dyn ToSql> = filter.values.iter().map(|value| &**value as _).collect();
    let mut selected = select.query(&values[..])?;
    let mut rows = SearchedRows::default();
    while let Some(row) = selected.next()? {
        let source_kind = text(row, 2)?.unwrap_or_default();
        let known = rows.source_kinds.iter().position(|kind| kind == source_kind);
        let kind = known.unwrap_or_else(|| {
            rows.source_kinds.push(source_kind.into());
            rows.source_kinds.len() - 1
        });
        if let Some(origin) = text(row, 3)? {
            rows.forks.push((rows.times.len() as u32, origin.into()));
        }
        rows.ids.push_str(text(row, 0)?.unwrap_or_default());
        rows.ids.push('\0');
        rows.times.push(row.get(1)?);
        rows.kinds.push(kind as u32);
    }
    Ok(rows)
}

impl Database {
    /// Returns at most `limit` rows after a place in the order.
    pub(crate) fn page(
        &self,
        query: RowQuery,
        after: Option<RowKey>,
        limit: u32,
    ) -> Result<Vec<ThreadRow>, StateError> {
        let time = column(query.sort);
        let (mut conditions, mut further) = (vec![], vec![]);
        if query.fold_children {
            let filter = filter(query.clone());
            let firsts = self.with(move |connection| firsts_of_circles(connection, &filter))?;
            conditions.push(format!("{OWN_PLACE}{})", if firsts.is_some() { FIRST_OF_A_CIRCLE } else { "" }));
            further.extend(firsts.map(value));
        }
        self.select(query, time, conditions, further, after, limit)
    }

    /// Returns at most `limit` rows with one of these parents, by creation, after a place in that order.
    pub(crate) fn children(
        &self,
        query: RowQuery,
        parents: Vec<String>,
        after: Option<RowKey>,
        limit: u32,
    ) -> Result<Vec<ThreadRow>, StateError> {
        let places = vec!["?"; parents.len()].join(", ");
        let query = RowQuery { ascending: true, ..query };
        let parents = parents.into_iter().map(value).collect();
        self.select(query, "created_at", vec![format!("parent_thread_id IN ({places})")], parents, after, limit)
    }

    /// Returns the newest rows, at most `most`, whose name, title or preview contains a text, whatever the case of letters; and how
    /// many there are.
    pub(crate) fn rows_that_say(
        &self,
        text: &str,
        within: Option<Collection>,
        most: usize,
    ) -> Result<(Vec<ThreadRow>, u64), StateError> {
        let text = text.to_owned();
        self.with(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT id FROM threads WHERE missing = 0 AND archived IS coalesce(?2, archived)
                 AND (says(name, ?1) OR says(title, ?1) OR says(preview, ?1)) ORDER BY updated_at DESC, id DESC",
            )?;
            let archived = within.map(|within| within == Collection::Archived);
            let ids: Vec<String> = select.query_map((&text, archived), |row| row.get(0))?.collect::<Result<_, _>>()?;
            let mut row = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM threads WHERE id = ?1"))?;
            let rows = ids.iter().take(most).map(|id| row.query_row([id], from_row));
            Ok((rows.collect::<Result<_, _>>()?, ids.len() as u64))
        })
    }

    /// Returns, of the rows that pass, those under further conditions, in the order of a time.
    fn select(
        &self,
        query: RowQuery,
        time: &'static str,
        mut conditions: Vec<String>,
        mut further: Vec<Box<dyn ToSql + Send>>,
        after: Option<RowKey>,
        limit: u32,
    ) -> Result<Vec<ThreadRow>, StateError> {
        let (direction, step) = if query.ascending { ("ASC", '>') } else { ("DESC", '<') };
        if let Some(after) = after {
            conditions.push(format!("({time}, id) {step} (?, ?)"));
            further.extend([value(after.time), value(after.id)]);
        }
        conditions.push("TRUE".into());
        let filter = filter(query);
        self.with(move |connection| {
            let sql = format!(
                "WITH passing AS NOT MATERIALIZED (SELECT * FROM threads WHERE {})
                 SELECT {COLUMNS} FROM passing AS thread WHERE {}
                 ORDER BY {time} {direction}, id {direction} LIMIT {}",
                filter.conditions.join(" AND "),
                conditions.join(" AND "),
                limit.min(MOST),
            );
            let mut select = connection.prepare_cached(&sql)?;
            let values: Vec<&dyn ToSql> = filter.values.iter().chain(&further).map(|value| &**value as _).collect();
            let rows = select.query_map(&values[..], from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn column(sort: SortKey) -> &'static str {
    match sort {
        SortKey::Created => "created_at",
        SortKey::Updated => "updated_at",
        SortKey::Recency => "recency_at",
    }
}
