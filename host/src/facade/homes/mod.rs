//! Several homes, read as one.
//!
//! ```text
//! a page of each home ──┬──→ the core merges them ──→ a page of all, each thread once
//! the same threads in the others ──┘
//! ```
//!
//! Each home has a handle of its own, made by the main that opened it. A cursor holds the place in every home.

mod cursor;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use threadkeep_engine::contract::{
    Collection, Found, HomeEntry, HomePage, Listed, PageOfMatches, RowQuery, SortKey, ThreadMatch, ThreadRow,
    UsageStatistics,
};
use threadkeep_engine::{Core, Imports, calls};

use super::{Error, Result, Threadkeep};
use crate::documents;
use crate::platform::error_kind::ErrorKind;
use crate::threads::lookup::LookupError;
use crate::threads::search::{SearchRequest, no_matches};
use crate::threads::statistics::{StatisticsRequest, Usage};
use cursor::Place;

/// Homes that are read as one, in the order in which they were named.
pub struct Homes {
    members: Vec<Threadkeep>,
}

/// Something that a home has.
pub struct OfHome<T> {
    /// The home, by its number.
    pub home: usize,
    /// The other homes that have the same thread.
    pub also_in: Vec<usize>,
    /// What it has.
    pub item: T,
}

/// A page of several homes.
pub struct PageOfHomes<T> {
    /// What is on it, in its order.
    pub items: Vec<OfHome<T>>,
    /// Where the next page begins; none at the end.
    pub next: Option<String>,
}

/// What all homes say of a search.
pub struct MatchesOfHomes {
    /// The threads.
    pub page: PageOfHomes<ThreadMatch>,
    /// The sums over all homes, without matches of its own. Threads that several homes have may be counted with each, and then the
    /// total is not exact.
    pub sums: PageOfMatches,
}

/// A page of one home: what is on it, and where the next one begins.
struct HomeList<T> {
    items: Vec<T>,
    next: Option<String>,
}

/// Items in their common order, each with its depth, and the cursor behind them.
type Merged<T> = (Vec<(OfHome<T>, u32)>, Option<String>);
/// Gives a page of a home from a place on, so long at most.
type PageOfHome<'a, T> = dyn Fn(usize, &Place, u32) -> Result<HomeList<T>> + 'a;
/// Says which of some threads a home has.
type ThreadsAmong<'a> = dyn Fn(usize, Vec<String>) -> Result<Vec<ThreadRow>> + 'a;

impl Homes {
    /// Reads these as one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] where there is none.
    pub fn new(members: Vec<Threadkeep>) -> Result<Homes> {
        match members.is_empty() {
            true => Err(Error::new(ErrorKind::InvalidInput, "there is no home to read")),
            false => Ok(Homes { members }),
        }
    }

    /// Gives the homes.
    pub fn members(&self) -> &[Threadkeep] {
        &self.members
    }

    /// Gives a page of the threads of all homes, `limit` threads long, or all there are for 0; what is folded under them does not
    /// count. Of the queries, one for each home, all have the same order.
    ///
    /// # Errors
    ///
    /// As [`Threadkeep::list`] fails; a cursor of other homes is [`ErrorKind::InvalidInput`].
    pub fn list(&self, queries: &[RowQuery], cursor: Option<&str>, limit: u32) -> Result<PageOfHomes<Listed>> {
        let (sort, ascending) =
            queries.first().map_or((SortKey::Updated, false), |query| (query.sort, query.ascending));
        let page = |home: usize, place: &Place, limit: u32| {
            let page = self.members[home].list(&queries[home], place.cursor(), limit)?;
            Ok(HomeList { items: page.rows, next: page.next })
        };
        let among = |home: usize, ids: Vec<String>| {
            let ids = match &queries[home].among {
                Some(among) => ids.into_iter().filter(|id| among.contains(id)).collect(),
                None => ids,
            };
            let query = RowQuery { among: Some(ids), fold_children: false, ..queries[home].clone() };
            Ok(self.members[home].every_thread(&query)?.into_iter().map(|listed| listed.row).collect())
        };
        let (rank, depth) = (|_: &Listed| 0, |listed: &Listed| listed.depth);
        let order = Order { sort, ascending, rank, depth, row: |listed: &Listed| &listed.row };
        let (items, next) = self.merged(cursor, limit, &page, &among, &order)?;
        let at_depth = |(of_home, depth): (OfHome<Listed>, u32)| {
            let item = Listed { depth, ..of_home.item };
            OfHome { home: of_home.home, also_in: of_home.also_in, item }
        };
        Ok(PageOfHomes { items: items.into_iter().map(at_depth).collect(), next })
    }

    /// Gives a page of the threads of all homes in which words stand, `limit` threads long.
    ///
    /// # Errors
    ///
    /// As [`Threadkeep::search`] fails; a cursor of other homes is [`ErrorKind::InvalidInput`].
    pub fn search(&self, request: &SearchRequest, cursor: Option<&str>, limit: u32) -> Result<MatchesOfHomes> {
        let sums = std::cell::RefCell::new(BTreeMap::<usize, PageOfMatches>::new());
        let page = |home: usize, place: &Place, limit: u32| {
            let mut page = self.members[home].search(request, place.cursor(), limit)?;
            let items = std::mem::take(&mut page.matches);
            let next = page.next.take();
            sums.borrow_mut().entry(home).or_insert(page);
            Ok(HomeList { items, next })
        };
        let among = |home: usize, ids: Vec<String>| {
            let rows = RowQuery { among: Some(ids), ..request.rows.clone() };
            let request = SearchRequest { rows, ..request.clone() };
            let found = self.members[home].search(&request, None, u32::MAX)?;
            Ok(found.matches.into_iter().map(|found| found.row).collect())
        };
        let order = Order {
            sort: request.rows.sort,
            ascending: request.rows.ascending,
            rank: |found: &ThreadMatch| found.rank,
            depth: |_: &ThreadMatch| 0,
            row: |found: &ThreadMatch| &found.row,
        };
        let (items, next) = self.merged(cursor, limit, &page, &among, &order)?;
        let items: Vec<_> = items.into_iter().map(|(item, _)| item).collect();
        // A home that had nothing more to give was not asked.
        for home in 0..self.members.len() {
            if !sums.borrow().contains_key(&home) {
                page(home, &Place::Begin, 0)?;
            }
        }
        let mut sums = sum_of(sums.into_inner().into_values());
        match next.is_none() && cursor.is_none() {
            true => (sums.total, sums.total_is_exact) = (items.len() as u64, true),
            false => sums.total_is_exact &= self.members.len() == 1,
        }
        Ok(MatchesOfHomes { page: PageOfHomes { items, next }, sums })
    }

    /// Counts the threads of all homes in which words stand; those that several homes have count with each.
    ///
    /// # Errors
    ///
    /// As [`Threadkeep::search`] fails.
    pub fn count(&self, request: &SearchRequest) -> Result<u64> {
        self.members.iter().map(|home| Ok(home.search(request, None, 0)?.total)).sum()
    }

    /// Counts what the threads of all homes used; one that several homes have counts once.
    ///
    /// # Errors
    ///
    /// As [`Threadkeep::statistics`] fails.
    pub fn statistics(&self, requests: &[StatisticsRequest]) -> Result<UsageStatistics> {
        let (Some(first), Some(request)) = (self.members.first(), requests.first()) else {
            return Err(Error::new(ErrorKind::InvalidInput, "there is no home to read"));
        };
        let usages = self.members.iter().zip(requests).map(|(home, request)| home.reader.usage(request));
        let usage = Usage::of_homes(usages.collect::<std::result::Result<_, _>>()?);
        Ok(Core::new(first.runtime(), Imports::default()).call(&request.count(usage))?)
    }

    /// Finds a thread in any of the homes, as [`Threadkeep::find`] does in one: of several that have it, the one in which it was last
    /// written, of equal ones the first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where no home has it, and [`ErrorKind::Ambiguous`] where different threads answer, be it in different
    /// homes.
    pub fn find(&self, wanted: &str, within: Option<Collection>) -> Result<OfHome<Found>> {
        let mut threads: BTreeMap<String, Vec<(usize, Found)>> = BTreeMap::new();
        let (mut ambiguous, mut missing) = (None, None);
        for (home, member) in self.members.iter().enumerate() {
            match member.reader.find(wanted, within) {
                Ok(found) => threads.entry(found.row.id.clone()).or_default().push((home, found)),
                // Threads that only contain the words are told of where no home has one that is called so.
                Err(error @ LookupError::Contained { .. }) => missing = Some(Error::from(error)),
                Err(error) => match Error::from(error) {
                    error if error.kind() == ErrorKind::NotFound => missing = missing.or(Some(error)),
                    error if error.kind() == ErrorKind::Ambiguous => ambiguous = ambiguous.or(Some(error)),
                    error => return Err(error),
                },
            }
        }
        let answers = threads.len();
        let mut found = threads.into_values().flatten();
        match (answers, ambiguous, missing) {
            // Where one home has a thread of that name, another one has several: none is chosen.
            (_, Some(error), _) => Err(error),
            (0, None, missing) => {
                Err(missing.unwrap_or_else(|| Error::new(ErrorKind::NotFound, format!("no home has '{wanted}'"))))
            }
            (1, ..) => {
                let found: Vec<(usize, Found)> = found.collect();
                let homes: Vec<usize> = found.iter().map(|(home, _)| *home).collect();
                let newest = found.into_iter().min_by_key(|(home, found)| (Reverse(found.row.updated_at), *home));
                let (home, item) = newest.ok_or_else(|| Error::new(ErrorKind::NotFound, "no home has it"))?;
                Ok(OfHome { home, also_in: homes.into_iter().filter(|&other| other != home).collect(), item })
            }
            _ => {
                let rows = found.by_ref().map(|(_, found)| found.row).collect();
                let told = Error::new(ErrorKind::Ambiguous, format!("threads of several homes answer to '{wanted}'"));
                Err(told.with_hint("name one by its id").with_candidates(rows))
            }
        }
    }

    /// Makes the documents of threads, in their order, each with its home.
    pub fn thread_documents<'a, T: 'a>(
        &self,
        items: impl Iterator<Item = &'a OfHome<T>>,
        row: impl Fn(&T) -> &ThreadRow,
    ) -> Result<Vec<documents::Thread>> {
        let directories: Vec<_> = self.members.iter().map(Threadkeep::current_directories).collect();
        let items: Vec<&OfHome<T>> = items.collect();
        let marks: Vec<_> = (0..self.members.len())
            .map(|home| {
                let of_home = items.iter().filter(|of_home| of_home.home == home);
                let ids: Vec<String> = of_home.map(|of_home| row(&of_home.item).id.clone()).collect();
                self.members[home].reader.marks_in_short(&ids)
            })
            .collect();
        let document = |of_home: &OfHome<T>| {
            let row = row(&of_home.item).clone();
            let current = directories[of_home.home].of(&row);
            let marks = marks[of_home.home].get(&row.id).cloned().unwrap_or_default();
            let thread = documents::Thread::new(row, self.members[of_home.home].home(), current)?.with_marks(marks);
            Ok(thread.of_home(self.root(of_home.home), of_home.also_in.iter().map(|&home| self.root(home)).collect()))
        };
        items.into_iter().map(document).collect()
    }

    /// Makes the document of what was found in all homes; `elsewhere` counts threads that have the words in what was done.
    ///
    /// # Errors
    ///
    /// As [`Threadkeep::matches_document`] fails.
    pub fn matches_document(&self, found: &MatchesOfHomes, elsewhere: Option<u64>) -> Result<documents::Matches> {
        let threads = self.thread_documents(found.page.items.iter(), |item| &item.row)?;
        let items =
            found.page.items.iter().zip(threads).map(|(of_home, thread)| {
                documents::Match::new(&of_home.item, thread, self.members[of_home.home].home())
            });
        Ok(documents::Matches::of_items(items.collect(), &found.sums, found.page.next.clone(), elsewhere))
    }

    /// Gives the directory of a home, as text.
    fn root(&self, home: usize) -> String {
        self.members[home].home().root().to_string_lossy().into_owned()
    }

    /// Merges pages of all homes until `limit` items stand for themselves, or nothing is left; each item with its depth.
    fn merged<T>(
        &self,
        cursor: Option<&str>,
        limit: u32,
        page: &PageOfHome<'_, T>,
        among: &ThreadsAmong<'_>,
        order: &Order<T>,
    ) -> Result<Merged<T>> {
        let mut places = cursor::places(cursor, self.members.len())?;
        let Some(first) = self.members.first() else { return Ok((Vec::new(), None)) };
        let mut core = Core::new(first.runtime(), Imports::default());
        let (mut items, mut left) = (Vec::new(), limit);
        loop {
            let empty = || HomeList { items: Vec::new(), next: None };
            let pages = places.iter().enumerate().map(|(home, place)| match place {
                Place::End => Ok(empty()),
                place => page(home, place, left),
            });
            let mut pages = pages.collect::<Result<Vec<HomeList<T>>>>()?;
            let elsewhere = self.elsewhere(&pages, among, order)?;
            let entries = pages.iter().enumerate().map(|(home, page)| HomePage {
                entries: page.items.iter().map(|item| order.entry(item, home, &elsewhere)).collect(),
                has_more: page.next.is_some(),
            });
            let call = calls::MergeHomes { pages: entries.collect(), ascending: order.ascending, limit: left };
            let merged = core.call(&call)?;
            let mut taken: Vec<Vec<Option<T>>> = Vec::new();
            for (home, of_home) in pages.iter_mut().enumerate() {
                let standing = of_home.items.iter().filter(|item| (order.depth)(item) == 0).count() as u32;
                let consumed = merged.consumed.get(home).copied().unwrap_or(0);
                if consumed >= standing {
                    places[home] = Place::after(of_home.next.take());
                } else if consumed > 0 {
                    // The place behind these is the end of a shorter page.
                    places[home] = Place::after(page(home, &places[home], consumed)?.next);
                }
                taken.push(std::mem::take(&mut of_home.items).into_iter().map(Some).collect());
            }
            for entry in &merged.entries {
                let (home, index) = (entry.home as usize, entry.index as usize);
                let Some(item) = taken.get_mut(home).and_then(|items| items.get_mut(index)?.take()) else { continue };
                let also_in = elsewhere.get(&(order.row)(&item).id).into_iter().flatten();
                let also_in = also_in.map(|&(other, _)| other).filter(|&other| other != home).collect();
                left = left.saturating_sub(u32::from(entry.depth == 0 && limit > 0));
                items.push((OfHome { home, also_in, item }, entry.depth));
            }
            let is_done = places.iter().all(|place| *place == Place::End);
            if is_done || limit > 0 && left == 0 || limit == 0 && merged.entries.is_empty() {
                let next = (!is_done).then(|| cursor::cursor_of(&places));
                return Ok((items, next));
            }
        }
    }

    /// Gives, of each thread on the pages, the homes that have it, with the time of its last record there.
    fn elsewhere<T>(
        &self,
        pages: &[HomeList<T>],
        among: &ThreadsAmong<'_>,
        order: &Order<T>,
    ) -> Result<BTreeMap<String, Vec<(usize, i64)>>> {
        let mut homes: BTreeMap<String, Vec<(usize, i64)>> = BTreeMap::new();
        for home in 0..pages.len() {
            let others = pages.iter().enumerate().filter(|(other, _)| *other != home);
            let ids: Vec<String> =
                others.flat_map(|(_, page)| &page.items).map(|item| (order.row)(item).id.clone()).collect();
            if ids.is_empty() {
                continue;
            }
            for row in among(home, ids)? {
                homes.entry(row.id).or_default().push((home, row.updated_at));
            }
        }
        Ok(homes)
    }
}

/// What the order of items goes by.
struct Order<T> {
    sort: SortKey,
    ascending: bool,
    rank: fn(&T) -> u64,
    depth: fn(&T) -> u32,
    row: fn(&T) -> &ThreadRow,
}

impl<T> Order<T> {
    fn entry(&self, item: &T, home: usize, elsewhere: &BTreeMap<String, Vec<(usize, i64)>>) -> HomeEntry {
        let row = (self.row)(item);
        let others = elsewhere.get(&row.id).into_iter().flatten().filter(|(other, _)| *other != home);
        let time = match self.sort {
            SortKey::Created => row.created_at,
            SortKey::Updated => row.updated_at,
            SortKey::Recency => row.recency_at,
        };
        HomeEntry {
            id: row.id.clone(),
            rank: (self.rank)(item),
            time,
            depth: (self.depth)(item),
            updated_at: row.updated_at,
            elsewhere: others.map(|&(other, updated_at)| (other as u32, updated_at)).collect(),
        }
    }
}

/// Adds up what homes say of one search.
fn sum_of(pages: impl Iterator<Item = PageOfMatches>) -> PageOfMatches {
    let mut sum = no_matches();
    let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
    for page in pages {
        sum.total += page.total;
        sum.total_is_exact &= page.total_is_exact;
        sum.uncovered += page.uncovered;
        page.left_out.into_iter().for_each(|(kind, count)| *left_out.entry(kind).or_default() += count);
        for (at, term) in page.terms.into_iter().enumerate() {
            match sum.terms.get_mut(at) {
                Some(known) => known.threads += term.threads,
                None => sum.terms.push(term),
            }
        }
        let new = page.notes.into_iter().filter(|note| !sum.notes.contains(note)).collect::<Vec<_>>();
        sum.notes.extend(new);
    }
    sum.left_out = left_out.into_iter().collect();
    sum
}
