//! Defines what a list of rows means: which rows pass a query, in which order they come, and what is folded under what.
//!
//! A host that has the rows in a database answers by its own means; what they come to is what stands here.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use contract::{Collection, RowKey, RowQuery, SortKey, ThreadRow};

use crate::text::directories::{directory_key, is_under};
use crate::text::letters::without_case;
use crate::text::repositories::{is_of_repository, repository_key};

/// Says whether a row passes, looked at by itself.
pub fn matches(row: &ThreadRow, query: &RowQuery) -> bool {
    let at = time(row, query.sort);
    row.missing == query.missing
        && query.within.is_none_or(|within| row.archived == (within == Collection::Archived))
        && query.source_kinds.as_ref().is_none_or(|kinds| kinds.contains(&row.source_kind))
        && is_or_any(&query.provider, &row.model_provider)
        && lies_in(row, query)
        && lies_under(row, query)
        && query.since.is_none_or(|since| at >= since)
        && query.until.is_none_or(|until| at < until)
        && query.title.as_ref().is_none_or(|part| says(&row.title, part) || says(&row.preview, part))
        && query.name.as_ref().is_none_or(|part| row.name.as_ref().is_some_and(|name| says(name, part)))
        && is_or_any(&query.branch, &row.git_branch)
        && query.repo.as_ref().is_none_or(|repo| is_of_repo(row, repo, &query.also_in_repo))
        && query.among.as_ref().is_none_or(|ids| ids.contains(&row.id))
        && query.commit.as_ref().is_none_or(|commit| began_on(row, commit))
        && query.model.as_ref().is_none_or(|part| row.model.as_ref().is_some_and(|model| says(model, part)))
}

/// Returns at most `limit` of all rows: those that pass, in the order of the query, after a place in it. Where children
/// are folded, only those that have a place of their own: whose parent does not pass, and of parents in a circle the
/// one with the smallest id, from which the others can be reached.
pub fn page(all: Vec<ThreadRow>, query: &RowQuery, after: Option<&RowKey>, limit: u32) -> Vec<ThreadRow> {
    let mut rows = passing(all, query);
    if query.fold_children {
        let parents: BTreeMap<&str, Option<&str>> =
            rows.iter().map(|row| (row.id.as_str(), row.parent_thread_id.as_deref())).collect();
        let own_place: Vec<bool> = rows.iter().map(|row| has_own_place(&parents, &row.id)).collect();
        let mut own_place = own_place.into_iter();
        rows.retain(|_| own_place.next().unwrap_or(false));
    }
    in_order(rows, query.sort, query.ascending, after, limit)
}

/// Returns at most `limit` of all rows: those that pass and whose parent is one of these, by creation and id, oldest
/// first, after a place in that order.
pub fn children(
    all: Vec<ThreadRow>,
    query: &RowQuery,
    parents: &[String],
    after: Option<&RowKey>,
    limit: u32,
) -> Vec<ThreadRow> {
    let mut rows = passing(all, query);
    rows.retain(|row| row.parent_thread_id.as_ref().is_some_and(|parent| parents.contains(parent)));
    in_order(rows, SortKey::Created, true, after, limit)
}

/// Returns a row's place in an order.
pub fn key(row: &ThreadRow, sort: SortKey) -> RowKey {
    RowKey { time: time(row, sort), id: row.id.clone() }
}

fn time(row: &ThreadRow, sort: SortKey) -> i64 {
    match sort {
        SortKey::Created => row.created_at,
        SortKey::Updated => row.updated_at,
        SortKey::Recency => row.recency_at,
    }
}

fn passing(mut all: Vec<ThreadRow>, query: &RowQuery) -> Vec<ThreadRow> {
    all.retain(|row| matches(row, query));
    all
}

fn in_order(
    mut rows: Vec<ThreadRow>,
    sort: SortKey,
    ascending: bool,
    after: Option<&RowKey>,
    limit: u32,
) -> Vec<ThreadRow> {
    rows.sort_by(|a, b| {
        let order = (time(a, sort), &a.id).cmp(&(time(b, sort), &b.id));
        if ascending { order } else { order.reverse() }
    });
    if let Some(after) = after {
        rows.retain(|row| {
            let order = (time(row, sort), &row.id).cmp(&(after.time, &after.id));
            if ascending { order.is_gt() } else { order.is_lt() }
        });
    }
    rows.truncate(limit as usize);
    rows
}

/// No parent of it passes; or it is the first by its id of parents in a circle.
fn has_own_place(parents: &BTreeMap<&str, Option<&str>>, id: &str) -> bool {
    let parent_of = |id: &str| parents.get(id).copied().flatten().filter(|parent| parents.contains_key(parent));
    let mut above: Vec<&str> = Vec::new();
    let mut next = parent_of(id);
    while let Some(one) = next.filter(|one| !above.contains(one)) {
        above.push(one);
        next = parent_of(one);
    }
    above.is_empty() || above.contains(&id) && above.iter().min() == Some(&id)
}

fn is_or_any(wanted: &Option<String>, is: &Option<String>) -> bool {
    wanted.is_none() || wanted == is
}

fn directories(row: &ThreadRow) -> impl Iterator<Item = &str> {
    [row.cwd.as_deref(), row.last_cwd.as_deref()].into_iter().flatten()
}

fn lies_in(row: &ThreadRow, query: &RowQuery) -> bool {
    let named = |dir: &str| {
        let key = directory_key(dir);
        query.cwd.iter().chain(&query.also_cwd).any(|cwd| directory_key(cwd) == key)
    };
    query.cwd.is_none() || directories(row).any(named)
}

fn lies_under(row: &ThreadRow, query: &RowQuery) -> bool {
    query.under.is_none() || lies_below(row, query.under.iter().chain(&query.also_under))
}

fn lies_below<'a>(row: &ThreadRow, mut under: impl Iterator<Item = &'a String>) -> bool {
    let keys: Vec<String> = directories(row).map(directory_key).collect();
    under.any(|under| keys.iter().any(|key| is_under(key, &directory_key(under))))
}

/// The commit's name begins so, whatever the case of its digits.
fn began_on(row: &ThreadRow, commit: &str) -> bool {
    let begins = |sha: &String| sha.get(..commit.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(commit));
    row.git_sha.as_ref().is_some_and(begins)
}

/// The text contains the part, whatever the case of letters.
fn says(text: &str, part: &str) -> bool {
    without_case(text).contains(&without_case(part))
}

/// The row's remote is this one, or its end is; or the row lies in one of the repository's directories.
fn is_of_repo(row: &ThreadRow, repo: &str, directories: &[String]) -> bool {
    let asked = repository_key(repo);
    row.git_origin_url.as_ref().is_some_and(|url| is_of_repository(&repository_key(url), &asked))
        || lies_below(row, directories.iter())
}

#[cfg(test)]
mod tests;
