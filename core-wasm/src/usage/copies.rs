//! Decides what of all rollouts counts: each request and each turn once.
//!
//! A copy is told of by its rollout, and counts in the thread that it was made of. Where that does not say it any more, it counts in
//! the first thread that copied it. Files of one thread that say the same at the same moment are copies of each other: the thread was
//! archived and stayed, or was compressed and stayed.

use alloc::vec::Vec;
use core::hash::BuildHasher as _;

use contract::{UsageReason, UsageThreads};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use super::columns::{KnownRollouts, texts};
use super::facts::{EntryKind, RolloutUsage, TokenUsage, UsageEntry, UsedTurn};

/// Threads with their rollouts.
pub(super) struct Threads<'a> {
    /// The ids, in their order.
    pub ids: Vec<&'a str>,
    /// What each was forked from or spawned by; empty where nothing is known.
    pub origins: Vec<&'a str>,
    /// The rollouts of each.
    pub rollouts: &'a KnownRollouts,
}

impl<'a> Threads<'a> {
    /// Returns them as columns have them.
    pub(super) fn of(threads: &'a UsageThreads, rollouts: &'a KnownRollouts) -> Threads<'a> {
        Threads { ids: texts(&threads.ids).collect(), origins: texts(&threads.origins).collect(), rollouts }
    }
}

/// Takes what counts, and what does not.
pub(super) trait UsageSink {
    /// Takes a request that counts, of one of a thread's rollouts.
    fn request(&mut self, place: RequestPlace, of: &RolloutUsage, entry: &UsageEntry);
    /// Takes a turn that counts.
    fn turn(&mut self, thread: usize, of: &RolloutUsage, turn: &UsedTurn);
    /// Takes what does not count at a moment.
    fn subtract(&mut self, thread: usize, reason: UsageReason, at: i64, usage: &TokenUsage);
}

/// Where a request stands, by numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RequestPlace {
    /// The thread.
    pub thread: usize,
    /// The rollout among those of the thread.
    pub rollout: usize,
    /// The entry of the rollout.
    pub entry: usize,
}

/// Requests and turns by which copies are known.
#[derive(Default)]
struct Own {
    requests: HashSet<u64, FixedState>,
    turns: HashSet<u64, FixedState>,
}

fn hash(value: impl core::hash::Hash) -> u64 {
    FixedState::with_seed(0).hash_one(value)
}

/// A request, whenever a copy says that it was.
fn request_key(entry: &UsageEntry) -> u64 {
    hash((entry.usage, entry.total))
}

/// What is known by the same key in several threads, or several times in one, counts once: of requests the largest one, of those and
/// of turns the one of the thread that was written to last the longest time ago. Copies are made of what was there.
#[derive(Default)]
struct Keyed {
    requests: HashMap<u64, (u64, (usize, usize, usize)), FixedState>,
    turns: HashMap<u64, (usize, usize, usize), FixedState>,
}

impl Keyed {
    fn of(threads: &Threads<'_>) -> Keyed {
        let mut keyed = Keyed::default();
        let mut rollouts: Vec<(i64, usize, usize, RolloutUsage)> = Vec::new();
        for place in 0..threads.rollouts.threads() {
            for (number, rollout) in threads.rollouts.keyed(place) {
                let turns = rollout.turns.iter().map(|turn| turn.ended);
                let last = rollout.entries.iter().map(|entry| entry.at).chain(turns).max().unwrap_or(0);
                rollouts.push((last, place, number, rollout));
            }
        }
        rollouts.sort_unstable_by_key(|(last, place, number, _)| (*last, *place, *number));
        for (_, place, number, rollout) in rollouts {
            for (at, entry) in rollout.entries.iter().enumerate().filter(|(_, entry)| entry.key != 0) {
                let size = entry.usage.input.saturating_add(entry.usage.output);
                let known = keyed.requests.entry(entry.key).or_insert((size, (place, number, at)));
                if size > known.0 {
                    *known = (size, (place, number, at));
                }
            }
            for (at, turn) in rollout.turns.iter().enumerate().filter(|(_, turn)| turn.keyed) {
                keyed.turns.entry(turn.id).or_insert((place, number, at));
            }
        }
        keyed
    }

    /// Says which request counts of those with a key.
    fn request(&self, key: u64) -> Option<(usize, usize, usize)> {
        self.requests.get(&key).map(|(_, at)| *at)
    }
}

/// Hands everything to the sink, thread by thread.
pub(super) fn tell(threads: &Threads<'_>, sink: &mut impl UsageSink) {
    let places: HashMap<&str, usize, FixedState> =
        threads.ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let mut own = HashMap::<usize, Own, FixedState>::default();
    let keyed = Keyed::of(threads);
    // What was copied of threads that do not say it any more, by what counts as its owner.
    let mut orphans = HashSet::<(u64, u64), FixedState>::default();
    for place in 0..threads.rollouts.threads() {
        let rollouts = threads.rollouts.of(place);
        let (mut requests, mut turns) = (HashSet::<_, FixedState>::default(), HashSet::<_, FixedState>::default());
        // The one that says most first: what others say of it is the same.
        let mut rollouts: Vec<(usize, &RolloutUsage)> = rollouts.iter().enumerate().collect();
        rollouts.sort_by_key(|(_, rollout)| core::cmp::Reverse((rollout.entries.len(), rollout.turns.len())));
        let is_alone = rollouts.len() == 1;
        for (of_thread, rollout) in rollouts {
            let origin = threads.origins.get(place).copied().unwrap_or_default();
            let mut sources: Vec<&str> = rollout.copied_from.iter().map(|source| source.as_str()).collect();
            if sources.is_empty() && !origin.is_empty() {
                sources.push(origin);
            }
            let needs_sources = rollout.turns.iter().any(|turn| turn.copied)
                || rollout.entries.iter().any(|entry| entry.copied || entry.kind == EntryKind::InheritingRequest);
            let sources_known: Vec<usize> = match needs_sources {
                true => {
                    sources.iter().filter_map(|source| places.get(source).copied()).filter(|&at| at != place).collect()
                }
                false => Vec::new(),
            };
            for &source in &sources_known {
                own.entry(source).or_insert_with(|| own_of(&threads.rollouts.of(source)));
            }
            let known = || sources_known.iter().filter_map(|source| own.get(source));
            let owner = hash(sources.last());
            let (mut new_requests, mut new_turns) = (Vec::new(), Vec::new());
            let of = |entry: usize| RequestPlace { thread: place, rollout: of_thread, entry };
            for (at, entry) in rollout.entries.iter().enumerate() {
                if entry.key != 0 {
                    match keyed.request(entry.key) {
                        Some(counts) if counts == (place, of_thread, at) => sink.request(of(at), rollout, entry),
                        Some((other, ..)) if other != place => {
                            sink.subtract(place, UsageReason::Copied, entry.at, &entry.usage);
                        }
                        _ => sink.subtract(place, UsageReason::Repeated, entry.at, &entry.usage),
                    }
                    continue;
                }
                // Most rollouts have nothing that may be a copy.
                if is_alone && !needs_sources && entry.kind == EntryKind::Request {
                    sink.request(of(at), rollout, entry);
                    continue;
                }
                let key = request_key(entry);
                let told = (entry.at, key);
                let (is_request, is_told) = (entry.kind.is_request(), requests.contains(&told));
                if entry.copied {
                    let is_owned = || known().any(|own| own.requests.contains(&key));
                    match is_request && !is_owned() && orphans.insert((owner, key)) {
                        true => sink.request(of(at), rollout, entry),
                        false if is_request => sink.subtract(place, UsageReason::Copied, entry.at, &entry.usage),
                        false => {}
                    }
                    continue;
                }
                if is_told {
                    if is_request {
                        sink.subtract(place, UsageReason::Duplicate, entry.at, &entry.usage);
                    }
                    continue;
                }
                match entry.kind {
                    EntryKind::Repeated => sink.subtract(place, UsageReason::Repeated, entry.at, &entry.usage),
                    EntryKind::Reset => sink.subtract(place, UsageReason::Reset, entry.at, &entry.usage),
                    // A thread that was made of another one tells first how that stood.
                    EntryKind::InheritingRequest if known().any(|own| own.requests.contains(&key)) => {
                        sink.subtract(place, UsageReason::Copied, entry.at, &entry.usage);
                    }
                    EntryKind::InheritingRequest => {
                        let before = entry.total.without(&entry.usage).unwrap_or_default();
                        if !before.is_nothing() {
                            sink.subtract(place, UsageReason::Inherited, entry.at, &before);
                        }
                        sink.request(of(at), rollout, entry);
                    }
                    EntryKind::Request => sink.request(of(at), rollout, entry),
                }
                if !is_alone {
                    new_requests.push(told);
                }
            }
            for (number, turn) in rollout.turns.iter().enumerate() {
                if turn.keyed {
                    if keyed.turns.get(&turn.id) == Some(&(place, of_thread, number)) {
                        sink.turn(place, rollout, turn);
                    }
                    continue;
                }
                // Without an id a copy is known by its place: its times are others.
                let key = if turn.id != 0 { turn.id } else { hash(number) };
                let counts = match turn.copied {
                    true => {
                        let is_owned = |own: &Own| turn.id == 0 || own.turns.contains(&turn.id);
                        !known().any(is_owned) && orphans.insert((owner, key))
                    }
                    false => !turns.contains(&(turn.begun, turn.id)),
                };
                if counts {
                    sink.turn(place, rollout, turn);
                }
                new_turns.push((turn.begun, turn.id));
            }
            if !is_alone {
                requests.extend(new_requests);
                turns.extend(new_turns);
            }
        }
    }
}

/// Returns what the rollouts of a thread say of itself.
fn own_of(rollouts: &[RolloutUsage]) -> Own {
    let mut own = Own::default();
    for rollout in rollouts {
        let requests = rollout.entries.iter().filter(|entry| !entry.copied && entry.kind.is_request());
        own.requests.extend(requests.map(request_key));
        own.turns.extend(rollout.turns.iter().filter(|turn| !turn.copied).map(|turn| turn.id));
    }
    own
}
