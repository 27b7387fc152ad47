//! Lists, page by page.

use proptest::prelude::*;
use proptest::sample::select;
use support::{Asks, Both, File, Native, Setting, blank_row, same, whole_list};
use threadkeep_contract::{Collection, Listed, LookupError, PageOfRows, RowQuery, SortKey, ThreadRow};
use threadkeep_engine::calls;

use super::{RUNTIME, answer, as_map};

laws! {
    a_list_has_no_gap_and_no_repetition: pages_are_whole over any_list(), 1000 and 30;
}

/// Rows, which of their files are there, a query, how many rows a page has, and rows that come while it is gone through.
#[derive(Clone, Debug)]
struct List {
    setting: Setting,
    query: RowQuery,
    limit: u32,
    later: Vec<ThreadRow>,
}

fn any_list() -> impl Strategy<Value = List> {
    let number = |number: usize| format!("019ca8a0-0000-7000-8000-{number:012}");
    let row = (
        0..40_usize,
        0..5_i64,
        0..5_i64,
        any::<bool>(),
        prop::option::of(0..40_usize),
        select(&["/src", "/src/app"][..]),
    );
    let row = row.prop_map(move |(id, created, updated, archived, parent, cwd)| ThreadRow {
        id: number(id),
        path: format!("{}/{id}.jsonl", if archived { "archived_sessions" } else { "sessions" }),
        archived,
        created_at: created,
        updated_at: updated,
        recency_at: created,
        parent_thread_id: parent.map(number),
        cwd: Some(cwd.into()),
        ..blank_row()
    });
    let rows = prop::collection::vec(row.clone(), 0..40);
    let query = (
        select(&[SortKey::Created, SortKey::Updated, SortKey::Recency][..]),
        any::<bool>(),
        any::<bool>(),
        prop::option::of(select(&[Collection::Active, Collection::Archived][..])),
        prop::option::of(select(&["/src", "/src/app"][..])),
    );
    let query = query.prop_map(|(sort, ascending, fold_children, within, cwd)| RowQuery {
        sort,
        ascending,
        fold_children,
        within,
        cwd: cwd.map(Into::into),
        ..RowQuery::default()
    });
    (rows, prop::collection::vec(row, 0..6), prop::collection::hash_set(0..40_usize, 0..12), query, 1..6_u32).prop_map(
        |(mut rows, mut later, lost, query, limit)| {
            rows.sort_by(|a, b| a.id.cmp(&b.id));
            rows.dedup_by(|a, b| a.id == b.id);
            later.retain(|row| rows.iter().all(|known| known.id != row.id));
            let lost: Vec<String> = lost.into_iter().map(|id| format!("/{id}.jsonl")).collect();
            let there = |row: &&ThreadRow| !lost.iter().any(|lost| row.path.ends_with(lost.as_str()));
            let file = rows.iter().chain(&later).filter(there).map(|row| File::of(&row.path, "")).collect();
            let row = rows.iter().map(as_map).collect();
            List { setting: Setting { file, row, ..Setting::default() }, query, limit, later }
        },
    )
}

fn page(core: &mut impl Asks, query: &RowQuery, cursor: Option<String>, limit: u32) -> PageOfRows {
    let told = core.ask(&calls::ListPage { query: same(query), cursor, limit }).unwrap();
    answer::<Result<PageOfRows, LookupError>>(told.answer).unwrap()
}

/// Pages, one after the other, are the whole list: every row whose file is there once, in order, and after it what is
/// folded under it; whatever is written meanwhile, a row that was there all along comes once.
fn pages_are_whole<C: Asks>(list: &List, core: impl Fn(&Setting) -> C) -> Result<(), TestCaseError> {
    let List { query, limit, .. } = list;
    let begun = || {
        let mut core = core(&list.setting);
        if query.fold_children {
            // A parent that turns out to be gone gives its children places, some on pages before its own.
            page(&mut core, query, None, 0);
        }
        core
    };
    let whole = page(&mut begun(), query, None, 0);
    prop_assert_eq!(&whole.next, &None);
    let there = |row: &&ThreadRow| {
        let row: &ThreadRow = row;
        list.setting.file.iter().any(|file| file.path == row.path)
    };
    let rows: Vec<ThreadRow> = list.setting.row.iter().map(|row| answer(row.clone().into())).collect();
    let rows: Vec<ThreadRow> = rows.iter().filter(there).cloned().collect();
    prop_assert_eq!(&whole.rows, &whole_list(&rows, query));
    // With nothing else going on, and with a row written between every two pages.
    for later in [&[][..], &list.later[..]] {
        let mut core = begun();
        let (mut rows, mut cursor, mut coming) = (Vec::new(), None, later.iter());
        loop {
            let next = page(&mut core, query, cursor.take(), *limit);
            let tops = next.rows.iter().filter(|listed| listed.depth == 0).count();
            prop_assert!(tops == *limit as usize || next.next.is_none(), "a page is too short");
            rows.extend(next.rows);
            cursor = next.next;
            if cursor.is_none() {
                break;
            }
            if let Some(row) = coming.next() {
                core.set_row(row);
            }
        }
        // What comes may be a parent, under which its children are folded from then on.
        if later.is_empty() || !query.fold_children {
            let known = |listed: &&Listed| later.iter().all(|later| later.id != listed.row.id);
            prop_assert_eq!(rows.iter().filter(known).collect::<Vec<_>>(), whole.rows.iter().collect::<Vec<_>>());
        }
        let place = |Listed { row, .. }: &Listed| match query.sort {
            SortKey::Created => (row.created_at, row.id.clone()),
            SortKey::Updated => (row.updated_at, row.id.clone()),
            SortKey::Recency => (row.recency_at, row.id.clone()),
        };
        let places: Vec<_> = rows.iter().filter(|listed| listed.depth == 0).map(place).collect();
        let in_order = |pair: &[(i64, String)]| if query.ascending { pair[0] < pair[1] } else { pair[0] > pair[1] };
        prop_assert!(places.windows(2).all(in_order), "{places:?}");
    }
    Ok(())
}
