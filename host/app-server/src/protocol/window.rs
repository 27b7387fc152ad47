//! A part of a list by time: which rows belong to it, and the cursors of its pages.

use std::collections::HashSet;

use serde::Deserialize;
use threadkeep::contract::{Collection, RowKey, RowQuery, SortKey, ThreadRow};
use threadkeep::platform::foreign_place::ForeignPlace;

use super::page_length;
use super::place::{Direction, Place, key};
use crate::error::RpcError;

/// Programs other than Codex's own whose threads are listed where no kind of source is asked for.
const INTERACTIVE_PROGRAMS: [&str; 2] = ["atlas", "chatgpt"];

/// A part of a list by time.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// Which rows may pass.
    pub(crate) query: RowQuery,
    /// Which of them do.
    pub(crate) filter: Filter,
    /// Where it begins.
    place: Option<Place>,
    /// How many threads it has at most.
    pub(crate) length: usize,
    /// Whose sub-agents alone are meant.
    pub(crate) kin: Option<Kin>,
    /// The threads that are meant alone, which may have to be looked for.
    pub(crate) included: Option<Vec<String>>,
    /// The section that is meant; none inside for threads that are in none.
    pub(crate) section: Option<Option<String>>,
}

/// The sub-agents of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kin {
    /// Those that it spawned.
    Children(String),
    /// Those, and what they spawned, and so on.
    Descendants(String),
}

/// What of a row is asked that a query cannot say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(super) providers: Option<Vec<String>>,
    pub(super) directories: Option<Vec<String>>,
    pub(super) title: Option<String>,
    pub(super) excluded: HashSet<String>,
    /// Of programs that are no kind of source, only those that are Codex's own.
    pub(super) interactive_only: bool,
    /// No provider was asked for: the configured one is meant.
    pub(super) is_default_provider: bool,
    /// Threads of other programs pass whoever provides their models.
    pub(super) foreign_providers: bool,
    /// A thread in which nothing was said passes.
    pub(super) empty: bool,
}

impl Filter {
    /// Leaves more threads out.
    pub(crate) fn exclude(&mut self, threads: impl IntoIterator<Item = String>) {
        self.excluded.extend(threads);
    }

    /// Says whether a row passes. `default_provider` stands where no rollout names one.
    pub(crate) fn passes(&self, row: &ThreadRow, default_provider: &str) -> bool {
        let provider = row.model_provider.as_deref().unwrap_or(default_provider);
        let directory = row.last_cwd.as_deref().or(row.cwd.as_deref());
        (self.empty || !row.preview.is_empty())
            && (self.providers.as_ref().is_none_or(|all| all.iter().any(|one| one == provider))
                || self.foreign_providers && ForeignPlace::of(&row.path).is_some())
            && self.directories.as_ref().is_none_or(|all| {
                directory.is_some_and(|directory| all.iter().any(|one| trimmed(one) == trimmed(directory)))
            })
            && self.title.as_ref().is_none_or(|part| is_called(row, part))
            && !self.excluded.contains(&row.id)
            && (!self.interactive_only
                || row.source_kind != "unknown"
                || is_interactive(&row.source)
                || ForeignPlace::of(&row.path).is_some())
    }
}

/// A part of the name counts, and of what was said first in the thread itself; not what a fork shows of its parent.
fn is_called(row: &ThreadRow, part: &str) -> bool {
    let first = row.first_user_message.as_deref().unwrap_or_default();
    row.title.contains(part) || first.contains(part)
}

/// A slash at the end of a directory says nothing.
fn trimmed(directory: &str) -> &str {
    match directory.trim_end_matches('/') {
        "" => directory,
        trimmed => trimmed,
    }
}

fn is_interactive(source: &str) -> bool {
    #[derive(Deserialize)]
    struct Source {
        custom: String,
    }
    serde_json::from_str::<Source>(source).is_ok_and(|source| INTERACTIVE_PROGRAMS.contains(&source.custom.as_str()))
}

impl Window {
    /// Makes the window behind a cursor, through which everything is seen.
    ///
    /// # Errors
    ///
    /// Codex's words for a cursor that is none.
    pub(super) fn new(
        archived: Option<bool>,
        sort: SortKey,
        direction: Option<Direction>,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Window, RpcError> {
        let within = if archived == Some(true) { Collection::Archived } else { Collection::Active };
        let mut query = RowQuery {
            within: Some(within),
            sort,
            ascending: direction == Some(Direction::Asc),
            ..RowQuery::default()
        };
        let place = cursor.map(Place::read).transpose()?;
        if let Some(place) = &place {
            place.narrow(&mut query);
        }
        let length = page_length(limit);
        let filter = Filter::default();
        Ok(Window { query, filter, place, length, kin: None, included: None, section: None })
    }

    /// Has threads of other programs belong to it, too, where no provider was asked for.
    pub(crate) fn include_foreign(&mut self) {
        if self.filter.is_default_provider {
            self.query.provider = None;
            self.filter.foreign_providers = true;
        }
    }

    /// Says whether a row of the query belongs to the window.
    pub(crate) fn holds(&self, row: &ThreadRow, default_provider: &str) -> bool {
        let is_behind = |place: &Place| place.is_before(&self.key(row), self.query.ascending);
        self.place.as_ref().is_none_or(is_behind) && self.filter.passes(row, default_provider)
    }

    /// Gives the cursors of a page: the one behind its last row, and the one of the other direction before its first.
    pub(crate) fn cursors(&self, first: &ThreadRow, last: &ThreadRow) -> (String, String) {
        let direction = if self.query.ascending { Direction::Asc } else { Direction::Desc };
        (Place::behind(&self.key(last)).cursor(), Place::back_from(&self.key(first), direction).cursor())
    }

    fn key(&self, row: &ThreadRow) -> RowKey {
        key(row, self.query.sort)
    }
}
