//! Which threads a home has: settled before any is told, so that each can be told by itself.

use std::collections::HashSet;

use super::words::spread;
use super::{Generator, History, Spread};
use crate::time::millis;
use crate::writer::Chance;

/// One rollout, before it is written.
pub(super) struct Planned {
    pub(super) id: String,
    /// When it begins, in milliseconds since 1970.
    pub(super) at: i64,
    pub(super) release: u32,
    pub(super) paginated: bool,
    /// So many bytes, and the turn that reaches them is the last.
    pub(super) bytes: usize,
    pub(super) origin: Origin,
    pub(super) project: usize,
    pub(super) source: &'static str,
    pub(super) archived: bool,
    pub(super) compressed: bool,
    pub(super) named: bool,
    /// Nothing says that its last turn ended.
    pub(super) open: bool,
}

/// Where a rollout's history begins; the number is another rollout's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Fresh,
    Fork(usize),
    Agent(usize),
    Revert(usize),
}

const FIRST: &str = "2025-11-03T08:00:00.000Z";
const DAYS: u64 = 390;
pub(super) const PROJECTS: u64 = 40;

/// How many of a hundred are what they are.
const FORKS: u64 = 5;
const AGENTS: u64 = 6;
const REVERTS: u64 = 2;
const ARCHIVED: u64 = 3;
const COMPRESSED: u64 = 4;
const NAMED: u64 = 6;
const OPEN: u64 = 2;

/// Everything that a home holds, in the order of its numbers.
pub(super) fn plan(generator: &Generator) -> Vec<Planned> {
    let mut planned: Vec<Planned> = Vec::with_capacity(generator.rollouts);
    // A thread that was reverted has no other children, whose history would begin in one of two files.
    let (mut taken, mut reverted) = (HashSet::new(), HashSet::new());
    for number in 0..generator.rollouts {
        let mut chance = Chance::new(&format!("{} {number} plan", generator.seed));
        // In the order of time, as releases came; within a day of its place.
        let span = DAYS * 86_400_000;
        let place = span / generator.rollouts as u64 * number as u64;
        let at = millis(FIRST) + (place + chance.below(86_400_000)) as i64;
        let mut one = fresh(generator, number, at, &mut chance);
        let wanted = chance.below(100);
        let parent = (0..6).find_map(|_| {
            let parent = number.checked_sub(1 + chance.below(24) as usize)?;
            (planned[parent].origin == Origin::Fresh && !reverted.contains(&parent)).then_some(parent)
        });
        if let Some(parent) = parent {
            let of = &planned[parent];
            let origin = match wanted {
                _ if generator.sizes != Spread::Usual => Origin::Fresh,
                0..FORKS if of.release >= 100 => Origin::Fork(parent),
                FORKS.. if wanted < FORKS + AGENTS && of.release >= 169 => Origin::Agent(parent),
                _ if (90..90 + REVERTS).contains(&wanted) && of.paginated && !taken.contains(&parent) => {
                    reverted.insert(parent);
                    Origin::Revert(parent)
                }
                _ => Origin::Fresh,
            };
            if origin != Origin::Fresh {
                taken.insert(parent);
                descend(&mut one, origin, of);
            }
        }
        planned.push(one);
    }
    planned
}

fn fresh(generator: &Generator, number: usize, at: i64, chance: &mut Chance) -> Planned {
    let (release, paginated) = release(generator.history, number as f64 / generator.rollouts as f64, chance);
    let mut of_hundred = |so_many: u64| chance.below(100) < so_many;
    let exact = generator.sizes.is_exact();
    Planned {
        archived: of_hundred(ARCHIVED) && !exact,
        compressed: of_hundred(COMPRESSED) && !exact,
        named: of_hundred(NAMED),
        open: of_hundred(OPEN) && !exact,
        bytes: match &generator.sizes {
            Spread::Usual => spread(chance, 47_000.0, 0.98).min(4_000_000),
            Spread::Small => 0,
            Spread::Exactly(sizes) => sizes[number],
        },
        source: ["cli", "cli", "vscode", "vscode", "exec"][chance.below(5) as usize],
        project: chance.below(PROJECTS) as usize,
        id: chance.uuid7(at),
        origin: Origin::Fresh,
        at,
        release,
        paginated,
    }
}

/// Which release wrote what, by how far time went.
fn release(history: History, far: f64, chance: &mut Chance) -> (u32, bool) {
    match history {
        History::Legacy => match (far * 100.0) as u32 {
            0..6 => (50, false),
            6..20 => (100, false),
            20..50 => (142, false),
            50..78 => (169, false),
            _ => (171, false),
        },
        History::Paginated => match (far * 100.0) as u32 {
            0..30 => (160, true),
            30..70 => (169, true),
            _ => (171, true),
        },
        History::Mixed => match (far * 100.0) as u32 {
            0..5 => (50, false),
            5..15 => (100, false),
            15..40 => (142, false),
            40..60 => (160, true),
            60..85 => (169, chance.below(5) > 0),
            _ => (171, chance.below(5) > 0),
        },
    }
}

/// What a rollout takes over from the one that its history begins in.
fn descend(one: &mut Planned, origin: Origin, of: &Planned) {
    one.origin = origin;
    (one.release, one.paginated) = (of.release, of.paginated);
    (one.project, one.source) = (of.project, of.source);
    one.named &= matches!(origin, Origin::Fork(_));
    if let Origin::Agent(_) | Origin::Revert(_) = origin {
        one.archived = of.archived;
    }
    if let Origin::Revert(_) = origin {
        one.id.clone_from(&of.id);
    }
}
