//! Which threads are shown, in which order, and what is folded under what: a pure function of the table and of what is wanted.

use std::collections::{BTreeMap, HashMap};

use super::scope::Scope;
use super::thread::Thread;
use super::thread_table::ThreadTable;

/// The sources that people themselves talk in; the others begin threads by themselves.
pub(crate) const OWN_SOURCES: [&str; 4] = ["cli", "vscode", "appServer", "unknown"];
/// A thread is nested no deeper.
const DEEPEST: u8 = 8;

/// Which collections are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Archived {
    /// Active threads.
    #[default]
    Hidden,
    /// Both.
    Shown,
    /// Archived threads alone.
    Only,
}

impl Archived {
    fn passes(self, archived: bool) -> bool {
        match self {
            Archived::Hidden => !archived,
            Archived::Shown => true,
            Archived::Only => archived,
        }
    }
}

/// Which time threads go by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// When they were changed last.
    #[default]
    Updated,
    /// When their last turn began.
    Recency,
    /// When they began.
    Created,
    /// By title.
    Title,
    /// By tokens, most first.
    Tokens,
}

impl Order {
    /// Gives the next one in turn.
    pub(crate) fn next(self) -> Order {
        match self {
            Order::Updated => Order::Recency,
            Order::Recency => Order::Created,
            Order::Created => Order::Title,
            Order::Title => Order::Tokens,
            Order::Tokens => Order::Updated,
        }
    }

    /// Gives its word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Order::Updated => "updated",
            Order::Recency => "last turn",
            Order::Created => "created",
            Order::Title => "title",
            Order::Tokens => "tokens",
        }
    }

    /// Gives the time that is shown of a thread.
    pub(crate) fn time(self, thread: &Thread) -> i64 {
        match self {
            Order::Created => thread.created_at,
            Order::Recency => thread.recency_at,
            Order::Updated | Order::Title | Order::Tokens => thread.updated_at,
        }
    }
}

/// What is wanted of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) scope: Scope,
    pub(crate) archived: Archived,
    /// Threads that a person did not begin are shown too, each under the thread that began it.
    pub(crate) all_sources: bool,
    pub(crate) order: Order,
    pub(crate) is_reversed: bool,
    pub(crate) by_project: bool,
}

/// A line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// A project, by one of its threads, and how many threads it has.
    Project { thread: u32, threads: u32 },
    /// A thread, and how deep it is nested.
    Thread { thread: u32, depth: u8 },
}

/// How many threads each filter hides that all others let pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub(crate) by_scope: u32,
    pub(crate) by_source: u32,
    pub(crate) by_archive: u32,
}

/// The list as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arranged {
    pub(crate) rows: Vec<Row>,
    /// How many threads are in it.
    pub(crate) threads: u32,
    pub(crate) hidden: Hidden,
}

/// Says whether people themselves talk in threads of a source.
pub(crate) fn is_own(source_kind: &str) -> bool {
    OWN_SOURCES.contains(&source_kind)
}

/// Arranges the threads that pass all filters.
pub(crate) fn arrange(table: &ThreadTable, wanted: &Wanted) -> Arranged {
    let mut hidden = Hidden::default();
    let mut passing: Vec<u32> = Vec::new();
    for number in 0..table.len() {
        let thread = table.thread(number);
        if thread.is_gone {
            continue;
        }
        let in_scope = table.is_in(thread, wanted.scope);
        let of_source = wanted.all_sources || is_own(table.source_kind(thread));
        let in_collection = wanted.archived.passes(thread.archived);
        match (in_scope, of_source, in_collection) {
            (true, true, true) => passing.push(number),
            (false, true, true) => hidden.by_scope += 1,
            (true, false, true) => hidden.by_source += 1,
            (true, true, false) => hidden.by_archive += 1,
            _ => {}
        }
    }
    sort(table, wanted, &mut passing);
    let threads = passing.len() as u32;
    let mut rows = nested(table, &passing);
    if wanted.by_project {
        rows = by_project(table, rows);
    }
    Arranged { rows, threads, hidden }
}

/// Arranges threads that were found, in the order in which they were.
pub(crate) fn arrange_found(table: &ThreadTable, found: &[u32]) -> Arranged {
    let rows: Vec<Row> = found
        .iter()
        .filter(|number| !table.thread(**number).is_gone)
        .map(|&thread| Row::Thread { thread, depth: 0 })
        .collect();
    Arranged { threads: rows.len() as u32, rows, hidden: Hidden::default() }
}

/// Sorts: what is pinned first, then by the order, newest or most first; of equals the greater id comes first.
fn sort(table: &ThreadTable, wanted: &Wanted, numbers: &mut [u32]) {
    let by = |a: &Thread, b: &Thread| match wanted.order {
        Order::Title => a.title().cmp(b.title()),
        Order::Tokens => b.tokens.cmp(&a.tokens),
        order => order.time(b).cmp(&order.time(a)),
    };
    // What was loaded comes in this order mostly, for which a stable sort needs one pass.
    numbers.sort_by(|&a, &b| {
        let (a, b) = (table.thread(a), table.thread(b));
        let order = by(a, b).then_with(|| b.id().cmp(a.id()));
        let order = if wanted.is_reversed { order.reverse() } else { order };
        b.is_pinned.cmp(&a.is_pinned).then(order)
    });
}

/// Puts threads behind those that they came from, where these are shown too, oldest first.
fn nested(table: &ThreadTable, passing: &[u32]) -> Vec<Row> {
    let mut is_shown = vec![false; table.len() as usize];
    passing.iter().for_each(|&number| is_shown[number as usize] = true);
    let parent_of = |number: u32| {
        let parent = table.number(table.thread(number).parent.as_deref()?)?;
        (parent != number && is_shown[parent as usize]).then_some(parent)
    };
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut roots = Vec::new();
    for &number in passing {
        match parent_of(number) {
            Some(parent) => children.entry(parent).or_default().push(number),
            None => roots.push(number),
        }
    }
    if children.is_empty() {
        return roots.into_iter().map(|thread| Row::Thread { thread, depth: 0 }).collect();
    }
    for below in children.values_mut() {
        below.sort_by_key(|&number| {
            let thread = table.thread(number);
            (thread.created_at, thread.id().to_string())
        });
    }
    let mut rows = Vec::with_capacity(passing.len());
    let mut is_placed = vec![false; table.len() as usize];
    // Threads that came from each other in a circle have no root: then the first of them counts as one.
    for root in roots.into_iter().chain(passing.iter().copied()) {
        let mut open = vec![(root, 0)];
        while let Some((thread, depth)) = open.pop() {
            if std::mem::replace(&mut is_placed[thread as usize], true) {
                continue;
            }
            rows.push(Row::Thread { thread, depth });
            let below = children.remove(&thread).unwrap_or_default();
            open.extend(below.into_iter().rev().map(|child| (child, (depth + 1).min(DEEPEST))));
        }
    }
    rows
}

/// Puts the threads of each project together, with a line before them; the project of the first thread comes first.
fn by_project(table: &ThreadTable, rows: Vec<Row>) -> Vec<Row> {
    let mut groups: Vec<Vec<Row>> = Vec::new();
    let mut group_of: BTreeMap<u32, usize> = BTreeMap::new();
    let mut current = 0;
    for row in rows {
        let Row::Thread { thread, depth } = row else { continue };
        // What is nested stays with what it is nested under.
        if depth == 0 || groups.is_empty() {
            let project = table.project(table.thread(thread));
            current = *group_of.entry(project).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
        }
        if let Some(group) = groups.get_mut(current) {
            group.push(row);
        }
    }
    let mut rows = Vec::new();
    for group in groups {
        if let Some(Row::Thread { thread, .. }) = group.first() {
            rows.push(Row::Project { thread: *thread, threads: group.len() as u32 });
        }
        rows.extend(group);
    }
    rows
}
