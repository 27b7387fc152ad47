//! Homes and rollouts that nobody thought of, for property tests.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::time::millis;
use crate::writer::{Collection, Form, Rollout, config, name_thread, uuid7};

/// A home.
#[derive(Clone, Debug)]
pub struct RandomHome {
    /// Its rollouts, parents before their forks.
    pub rollouts: Vec<(Rollout, Collection)>,
    /// Names given, in order: which rollout, and the name.
    pub names: Vec<(usize, String)>,
}

impl RandomHome {
    /// Writes it.
    pub fn write(&self, home: &Path) {
        config(home, "random");
        for (rollout, collection) in &self.rollouts {
            rollout.write(home, *collection);
        }
        for (at, name) in &self.names {
            let (rollout, _) = &self.rollouts[at % self.rollouts.len()];
            name_thread(home, rollout.id(), name, rollout.last_at());
        }
    }
}

/// Words of people and machines: any script, quotes, tabs, newlines, sometimes long.
pub fn any_text() -> impl Strategy<Value = String> {
    let ordinary = vec(select(WORDS), 1..12).prop_map(|words| words.join(" "));
    let any = vec(any::<char>(), 0..40).prop_map(|chars| chars.into_iter().collect());
    let long = (select(WORDS), 200..6000_usize).prop_map(|(word, times)| format!("{word} ").repeat(times));
    prop_oneof![6 => ordinary, 3 => any, 1 => long]
}

const WORDS: &[&str] = &[
    "rename",
    "the",
    "flag",
    "\"quoted\"",
    "back\\slash",
    "tab\there",
    "line\nbreak",
    "naïve",
    "日本語",
    "🚀",
    "مرحبا",
    "</cwd>",
    "{\"type\":\"session_meta\"}",
    "\u{0}",
    "\u{7f}",
    "\u{200b}",
    "\u{2028}",
    "e\u{301}",
];

fn any_step() -> impl Strategy<Value = Change> {
    prop_oneof![
        5 => (any_text(), any_text()).prop_map(|(asked, said)| Change::Turn(asked, said)),
        2 => any_text().prop_map(Change::Reasoning),
        2 => (any_text(), any_text(), 0..3_i32).prop_map(|(command, output, exit)| Change::Command(command, output, exit)),
        3 => (1..2_000_000_u64).prop_map(Change::Tokens),
        1 => any_text().prop_map(Change::Picture),
        1 => any_text().prop_map(Change::Compacted),
        1 => (1..90_i64).prop_map(Change::Minutes),
        1 => select(&["/src/app", "/src/with space", "/src/ü"][..]).prop_map(Change::Cwd),
        1 => Just(Change::Interrupted),
        1 => Just(Change::Unknown),
    ]
}

#[derive(Clone, Debug)]
enum Change {
    Turn(String, String),
    Reasoning(String),
    Command(String, String, i32),
    Tokens(u64),
    Picture(String),
    Compacted(String),
    Minutes(i64),
    Cwd(&'static str),
    Interrupted,
    Unknown,
}

fn apply(rollout: Rollout, change: &Change) -> Rollout {
    match change {
        Change::Turn(asked, said) => rollout.user(asked).agent(said),
        Change::Reasoning(text) => rollout.reasoning(text),
        Change::Command(command, output, exit) => rollout.command(command, output, *exit),
        Change::Tokens(total) => rollout.tokens(*total),
        Change::Picture(text) => rollout.user_image(text),
        Change::Compacted(summary) => rollout.compacted(summary),
        Change::Minutes(minutes) => rollout.minutes(*minutes),
        Change::Cwd(cwd) => rollout.cwd(cwd),
        Change::Interrupted => rollout.interrupted(),
        Change::Unknown => rollout
            .verbatim(r#"{"timestamp":"2026-03-01T10:00:00.000Z","type":"news","payload":{"type":"from the future"}}"#),
    }
}

/// One rollout of any form, with any history.
pub fn any_rollout() -> impl Strategy<Value = Rollout> {
    let shape = (0..9_usize, 0..400_i64, any::<u32>(), select(&["cli", "vscode", "exec", "mcp"][..]));
    let flags = (any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    (shape, flags, any_text(), vec(any_step(), 0..14)).prop_map(|(shape, flags, instructions, changes)| {
        let (form, day, number, source) = shape;
        let (git, open, sorted, compressed) = flags;
        let at = millis("2025-06-01T12:00:00.000Z") + day * 86_400_000 + i64::from(number % 86_400_000);
        let id = uuid7(at, u64::from(number));
        let rollout = match form {
            0 => Rollout::bare(&id),
            1 => Rollout::early(&id),
            2 => Rollout::legacy(&id).release(100),
            3 => Rollout::legacy(&id).release(130),
            4 => Rollout::legacy(&id),
            5 => Rollout::legacy(&id).release(169),
            6 => Rollout::paginated(&id).release(160),
            _ => Rollout::paginated(&id),
        };
        let rollout = rollout.at_millis(at).source(source).instructions(&instructions);
        let rollout = if git { rollout.git("main", "0123abcd", "https://git.example.org/x.git") } else { rollout };
        let rollout = changes.iter().fold(rollout, apply);
        let rollout = if open { rollout.open_end() } else { rollout };
        let rollout = if sorted { rollout.sorted_keys() } else { rollout };
        if compressed { rollout.compressed() } else { rollout }
    })
}

/// How a rollout may be related to an earlier one.
#[derive(Clone, Copy, Debug)]
enum Kinship {
    Fork,
    ForkOfBeginning,
    Revert,
    SubAgent,
}

/// The rollout, or what it is when it comes from another one; none where the forms do not allow it.
fn related(rollout: &Rollout, parent: &Rollout, kinship: Kinship) -> Option<Rollout> {
    if parent.form() != rollout.form() {
        return None;
    }
    let later = uuid7(parent.last_at() + 60_000, 7);
    match (rollout.form(), kinship) {
        (Form::Legacy, Kinship::Fork) => Some(rollout.clone().copy_of(parent)),
        (Form::Paginated, Kinship::Fork) => Some(rollout.clone().fork_of(parent)),
        (Form::Paginated, Kinship::ForkOfBeginning) => Some(rollout.clone().fork_after(parent, 1)),
        (Form::Paginated, Kinship::Revert) => {
            let second = Rollout::revert_of(parent, 1, &later).at_millis(parent.last_at() + 60_000);
            Some(second.user("Again, differently?").agent("As you like.").tokens(99))
        }
        (Form::Paginated, Kinship::SubAgent) => {
            Some(Rollout::sub_agent(rollout.id(), parent, "count", "Ada").agent("Three.").tokens(3))
        }
        _ => None,
    }
}

/// A home of up to eight rollouts, some of them descended from others, some archived, some named.
pub fn any_home() -> impl Strategy<Value = RandomHome> {
    let kinship = select(&[Kinship::Fork, Kinship::ForkOfBeginning, Kinship::Revert, Kinship::SubAgent][..]);
    let one = (any_rollout(), any::<bool>(), prop::option::weighted(0.6, (0..8_usize, kinship)));
    let name = vec(select(WORDS), 0..5).prop_map(|words| words.join(" "));
    (vec(one, 1..8), vec((0..8_usize, name), 0..4)).prop_map(|(all, names)| {
        let mut rollouts: Vec<(Rollout, Collection)> = Vec::new();
        let mut reverted = Vec::new();
        for (rollout, archived, relation) in all {
            if rollouts.iter().any(|(other, _)| other.id() == rollout.id()) {
                continue;
            }
            let collection = if archived { Collection::Archived } else { Collection::Active };
            let parent = relation.filter(|_| !rollouts.is_empty()).map(|(at, kinship)| (at % rollouts.len(), kinship));
            let kin = parent.and_then(|(at, kinship)| {
                let (parent, place) = &rollouts[at];
                Some((related(&rollout, parent, kinship)?, *place, at))
            });
            match kin {
                // A thread has one place, and is taken back once.
                Some((revert, place, at)) if revert.id() == rollouts[at].0.id() => {
                    if !reverted.contains(&revert.id().to_owned()) {
                        reverted.push(revert.id().to_owned());
                        rollouts.push((revert, place));
                    }
                }
                Some((kin, ..)) => rollouts.push((kin, collection)),
                None => rollouts.push((rollout, collection)),
            }
        }
        RandomHome { rollouts, names }
    })
}

/// The plain bytes of any rollout, damaged in any number of places.
pub fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let wound = (0..6_u8, any::<prop::sample::Index>(), any::<u8>());
    (any_rollout(), vec(wound, 0..6)).prop_map(|(rollout, wounds)| {
        let mut text = rollout.bytes();
        for (kind, at, byte) in wounds {
            if text.is_empty() {
                break;
            }
            let at = at.index(text.len());
            match kind {
                0 => text.truncate(at),
                1 => text[at] = byte,
                2 => text[at] = b'\n',
                3 => drop(text.splice(at..at, [0; 16])),
                4 => drop(text.remove(at)),
                _ => text.extend_from_within(..at),
            }
        }
        text
    })
}

/// Threads that meet in lists: few times, directories, branches, repositories and words; some archived, some named, some
/// sub-agents of any other one, of one that is not there, or of each other.
pub fn any_crowd() -> impl Strategy<Value = RandomHome> {
    let place = (0..3_i64, select(&["/src/app", "/src/app/deep", "/src/application", "/"][..]), 0..3_i64);
    let git = prop::option::of((select(&["main", "Main", "spring"][..]), select(ORIGINS)));
    let kind = (select(&["cli", "vscode", "exec", "mcp"][..]), select(&["harbour", "quay"][..]));
    let words = vec(select(&["Alpha", "beta", "ÄPFEL", "quoted '%_"][..]), 0..3);
    let one = (place, git, kind, words, prop::bool::weighted(0.3), prop::option::weighted(0.6, 0..26_usize));
    let name = (0..24_usize, select(&["Alpha release", "beta", "äpfel"][..]).prop_map(String::from));
    (vec(one, 1..24), vec(name, 0..8)).prop_map(|(all, names)| {
        let at = |slot: i64| millis("2026-03-01T12:00:00.000Z") + slot * 3_600_000;
        let ids: Vec<String> =
            all.iter().enumerate().map(|(number, ((slot, ..), ..))| uuid7(at(*slot), number as u64)).collect();
        let rollouts = all.into_iter().zip(&ids).map(|((place, git, kind, words, archived, parent), id)| {
            let (slot, cwd, minutes) = place;
            let rollout = Rollout::paginated(id).at_millis(at(slot)).cwd(cwd).provider(kind.1).source(kind.0);
            let rollout = match git {
                Some((branch, origin)) => rollout.git(branch, "0123abcd", origin),
                None => rollout,
            };
            let rollout = match parent {
                Some(parent) => rollout.source_json(&spawned_by(ids.get(parent).unwrap_or(&uuid7(0, 0)))),
                None => rollout,
            };
            let rollout = if words.is_empty() { rollout.context_only() } else { rollout.user(&words.join(" ")) };
            let collection = if archived { Collection::Archived } else { Collection::Active };
            (rollout.minutes(minutes).tokens(1), collection)
        });
        RandomHome { rollouts: rollouts.collect(), names }
    })
}

/// Where the repositories of a crowd come from.
pub const ORIGINS: &[&str] = &[
    "https://example.com/owner/app.git",
    "git@example.com:Owner/app",
    "https://example.com/other/app/",
    "git@example.com:owner/happ.git",
    "/srv/git/owner/app/.git/",
];

/// The source of a sub-agent.
pub fn spawned_by(parent: &str) -> String {
    obj! { "subagent": obj! { "thread_spawn": obj! {
        "parent_thread_id": parent, "depth": 1, "agent_path": "/root/count", "agent_nickname": "Ada", "agent_role": "counter",
    } } }
    .0
}
