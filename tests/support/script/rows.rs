//! `state.page` and `state.children` as the contract describes them, over a list of rows: what the SQL of the host is
//! compared with.

use std::collections::BTreeSet;

use threadkeep::component::exports::lookup::Listed;
use threadkeep::component::imports::state;
use threadkeep::component::types as wit;
use threadkeep_core::types::{Collection, RowKey, RowQuery, SortKey, ThreadRow};

use super::Same;

/// At most `limit` rows after a place in the order.
pub(super) fn page(rows: &[ThreadRow], query: &RowQuery, after: Option<&RowKey>, limit: u32) -> Vec<ThreadRow> {
    let passing = passing(rows, query);
    let own_place = |row: &&ThreadRow| !query.fold_children || has_own_place(&passing, row);
    let tops = passing.iter().copied().filter(own_place).collect();
    in_order(tops, query.sort, query.ascending, after, limit)
}

/// At most `limit` rows that have one of these parents, by creation, after a place in that order.
pub(super) fn children(
    rows: &[ThreadRow],
    query: &RowQuery,
    parents: &[String],
    after: Option<&RowKey>,
    limit: u32,
) -> Vec<ThreadRow> {
    let mut children = passing(rows, query);
    children.retain(|row| row.parent_thread_id.as_ref().is_some_and(|parent| parents.contains(parent)));
    in_order(children, SortKey::Created, true, after, limit)
}

/// The whole list of these rows: each one that has a place of its own, and below it what is folded under it.
pub fn whole_list(rows: &[wit::ThreadRow], query: &state::RowQuery) -> Vec<Listed> {
    let rows: Vec<ThreadRow> = rows.to_vec().same();
    let query: RowQuery = query.clone().same();
    let tops = page(&rows, &query, None, u32::MAX);
    let mut placed: BTreeSet<String> = tops.iter().map(|row| row.id.clone()).collect();
    let mut list = Vec::new();
    for top in tops {
        below(&rows, &query, top, 0, &mut placed, &mut list);
    }
    list
}

fn below(
    rows: &[ThreadRow],
    query: &RowQuery,
    row: ThreadRow,
    depth: u32,
    placed: &mut BTreeSet<String>,
    list: &mut Vec<Listed>,
) {
    let parent = [row.id.clone()];
    list.push(Listed { row: row.same(), depth });
    if query.fold_children {
        for child in children(rows, query, &parent, None, u32::MAX) {
            if placed.insert(child.id.clone()) {
                below(rows, query, child, depth + 1, placed, list);
            }
        }
    }
}

fn in_order(
    mut rows: Vec<&ThreadRow>,
    sort: SortKey,
    ascending: bool,
    after: Option<&RowKey>,
    limit: u32,
) -> Vec<ThreadRow> {
    let place = |row: &ThreadRow| (time(row, sort), row.id.clone());
    rows.sort_by_key(|row| place(row));
    if !ascending {
        rows.reverse();
    }
    let behind = |row: &&ThreadRow| {
        after.is_none_or(|after| {
            let after = (after.time, after.id.clone());
            if ascending { place(row) > after } else { place(row) < after }
        })
    };
    rows.into_iter().filter(behind).take(limit as usize).cloned().collect()
}

fn time(row: &ThreadRow, sort: SortKey) -> i64 {
    match sort {
        SortKey::Created => row.created_at,
        SortKey::Updated => row.updated_at,
        SortKey::Recency => row.recency_at,
    }
}

fn passing<'a>(rows: &'a [ThreadRow], query: &RowQuery) -> Vec<&'a ThreadRow> {
    rows.iter().filter(|row| row.missing == query.missing && passes(query, row)).collect()
}

/// No parent of it passes; or it is the first by its id of parents in a circle.
fn has_own_place(passing: &[&ThreadRow], row: &ThreadRow) -> bool {
    let parent = |row: &ThreadRow| passing.iter().find(|parent| row.parent_thread_id.as_ref() == Some(&parent.id));
    let mut above: Vec<&str> = Vec::new();
    let mut next = parent(row);
    while let Some(one) = next.filter(|one| !above.contains(&one.id.as_str())) {
        above.push(&one.id);
        next = parent(one);
    }
    above.is_empty() || above.contains(&row.id.as_str()) && above.iter().min() == Some(&row.id.as_str())
}

fn passes(query: &RowQuery, row: &ThreadRow) -> bool {
    let at = time(row, query.sort);
    let dirs = [row.cwd.as_deref(), row.last_cwd.as_deref()];
    let any_dir = |test: &dyn Fn(&str) -> bool| dirs.iter().flatten().any(|dir| test(dir));
    let says = |text: &str, part: &str| text.to_ascii_lowercase().contains(&part.to_ascii_lowercase());
    let named = |name: &String| row.name.as_ref().is_some_and(|given| says(given, name));
    let of_repo = |repo: &String| row.git_origin_url.as_ref().is_some_and(|url| is_of(url, repo));
    query.within.is_none_or(|within| row.archived == (within == Collection::Archived))
        && query.source_kinds.as_ref().is_none_or(|kinds| kinds.contains(&row.source_kind))
        && query.provider.as_ref().is_none_or(|provider| row.model_provider.as_ref() == Some(provider))
        && query
            .cwd
            .as_ref()
            .is_none_or(|cwd| any_dir(&|dir| dir == cwd || query.also_cwd.iter().any(|also| dir == also)))
        && query.under.as_ref().is_none_or(|under| {
            any_dir(&|dir| lies_under(dir, under) || query.also_under.iter().any(|also| lies_under(dir, also)))
        })
        && query.since.is_none_or(|since| at >= since)
        && query.until.is_none_or(|until| at < until)
        && query.title.as_ref().is_none_or(|title| says(&row.title, title) || says(&row.preview, title))
        && query.name.as_ref().is_none_or(named)
        && query.branch.as_ref().is_none_or(|branch| row.git_branch.as_ref() == Some(branch))
        && query.repo.as_ref().is_none_or(of_repo)
}

fn lies_under(dir: &str, under: &str) -> bool {
    dir == under || dir.strip_prefix(under.trim_end_matches('/')).is_some_and(|below| below.starts_with('/'))
}

/// The URL is this repository's: all of it, or its end after a '/' or a ':'.
fn is_of(url: &str, repo: &str) -> bool {
    let bare = |text: &str| {
        let text = text.to_ascii_lowercase();
        let text = text.trim_end_matches('/');
        text.strip_suffix(".git").unwrap_or(text).trim_end_matches('/').to_string()
    };
    let (url, repo) = (bare(url), bare(repo));
    url.strip_suffix(&repo).is_some_and(|before| before.is_empty() || before.ends_with(['/', ':']))
}
