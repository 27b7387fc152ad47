//! A page of rows in the order that the core asks for.

use rusqlite::ToSql;

use super::rows::{COLUMNS, from_row};
use super::{Shelf, StateError};
use crate::component::imports::state::{RowKey, RowQuery, SortKey};
use crate::component::types::{Collection, ThreadRow};

/// At most this many rows are handed out at a time.
const MOST: u32 = 4_096;

/// A condition and what stands for its question marks.
#[derive(Default)]
struct Filter {
    conditions: Vec<String>,
    values: Vec<Box<dyn ToSql>>,
}

impl Filter {
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Box<dyn ToSql>>) {
        self.conditions.push(condition.into());
        self.values.extend(values);
    }
}

fn value(value: impl ToSql + 'static) -> Box<dyn ToSql> {
    Box::new(value)
}

fn filter(query: RowQuery, time: &str, after: Option<RowKey>) -> Filter {
    let mut filter = Filter::default();
    filter.and("missing = 0", []);
    if let Some(within) = query.within {
        filter.and("archived = ?", [value(within == Collection::Archived)]);
    }
    if let Some(kinds) = query.source_kinds {
        let places = vec!["?"; kinds.len()].join(", ");
        filter.and(&format!("source_kind IN ({places})"), kinds.into_iter().map(value));
    }
    if query.fold_children {
        // Under a parent that the same list can show: not under one of the other collection, nor in a circle.
        let same = if query.within.is_some() { "AND parent.archived = threads.archived" } else { "" };
        let shown = format!(
            "NOT EXISTS (SELECT 1 FROM threads AS parent WHERE parent.id = threads.parent_thread_id AND parent.missing = 0
             AND parent.id <> threads.id AND parent.parent_thread_id IS NOT threads.id {same})"
        );
        filter.and(&shown, []);
    }
    if let Some(provider) = query.provider {
        filter.and("model_provider = ?", [value(provider)]);
    }
    if let Some(cwd) = query.cwd {
        filter.and("(cwd = ? OR last_cwd = ?)", [value(cwd.clone()), value(cwd)]);
    }
    if let Some(dir) = query.under {
        let inside = format!("{}/", dir.trim_end_matches('/'));
        let length = inside.chars().count() as i64;
        let condition = "(cwd = ? OR substr(cwd, 1, ?) = ? OR last_cwd = ? OR substr(last_cwd, 1, ?) = ?)";
        let one = [value(dir.clone()), value(length), value(inside.clone())];
        filter.and(condition, one.into_iter().chain([value(dir), value(length), value(inside)]));
    }
    if let Some(since) = query.since {
        filter.and(&format!("{time} >= ?"), [value(since)]);
    }
    if let Some(until) = query.until {
        filter.and(&format!("{time} < ?"), [value(until)]);
    }
    if let Some(text) = query.title {
        let text = text.to_ascii_lowercase();
        filter.and("(instr(lower(title), ?) OR instr(lower(preview), ?))", [value(text.clone()), value(text)]);
    }
    if let Some(after) = after {
        let step = if query.ascending { '>' } else { '<' };
        filter.and(&format!("({time}, id) {step} (?, ?)"), [value(after.time), value(after.id)]);
    }
    filter
}

impl Shelf {
    /// At most `limit` rows after a place in the order.
    pub(crate) fn page(
        &self,
        query: RowQuery,
        after: Option<RowKey>,
        limit: u32,
    ) -> Result<Vec<ThreadRow>, StateError> {
        self.with(move |connection| {
            let time = match query.sort {
                SortKey::Created => "created_at",
                SortKey::Updated => "updated_at",
                SortKey::Recency => "recency_at",
            };
            let direction = if query.ascending { "ASC" } else { "DESC" };
            let filter = filter(query, time, after);
            let sql = format!(
                "SELECT {COLUMNS} FROM threads WHERE {} ORDER BY {time} {direction}, id {direction} LIMIT {}",
                filter.conditions.join(" AND "),
                limit.min(MOST),
            );
            let mut select = connection.prepare_cached(&sql)?;
            let values: Vec<&dyn ToSql> = filter.values.iter().map(|value| &**value).collect();
            let rows = select.query_map(&values[..], from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
