//! What a search has found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use threadkeep_engine::contract::{Hit, PageOfHits, PageOfMatches, TermCount, TextKind, ThreadMatch};

use super::{AwayHome, Thread};
use crate::platform::home::Home;

/// The threads in which words stand, a page of them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Matches {
    /// Homes that could not be read, whose threads are not among these. It is absent where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub away_homes: Vec<AwayHome>,
    /// How many threads have the words in commands, outputs or changes; only where no thread has them in what was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<u64>,
    /// The threads, in the order that was asked for.
    pub items: Vec<Match>,
    /// Threads that were left out for their source kind alone.
    pub left_out: Vec<LeftOutThreads>,
    /// Where the next page begins, for `--cursor`; null at the end.
    pub next_cursor: Option<String>,
    /// What to know of how the words were read: sentences.
    pub notes: Vec<String>,
    /// The words and phrases, each with how many threads have it.
    pub terms: Vec<Term>,
    /// How many threads match.
    pub total: u64,
    /// Whether there are exactly so many; else there are at most so many.
    pub total_is_exact: bool,
    /// Threads that are not searched yet, so that they may be missing.
    pub uncovered: u64,
}

/// A thread in which the words stand.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Match {
    /// In how many of its texts one of the words stands; equal texts count once.
    pub hit_count: u64,
    /// The best of them.
    pub hits: Vec<FoundText>,
    /// The thread.
    pub thread: Thread,
}

/// Threads of one source kind.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct LeftOutThreads {
    /// The source kind, as `--source` takes it.
    pub source_kind: String,
    /// How many they are.
    pub threads: u64,
}

/// A word or phrase that was searched for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Term {
    /// As it was written.
    pub text: String,
    /// How many threads have it, as far as an index tells.
    pub threads: u64,
    /// Whether threads must not have it.
    pub without: bool,
}

/// A text in which one of the words stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct FoundText {
    /// The cursor of `turns` behind which its turn comes next; null where it is the first one, and of context.
    pub cursor: Option<String>,
    /// The item that it belongs to, by its id in the turn.
    pub item_id: Option<String>,
    /// What the text is.
    pub kind: FoundTextKind,
    /// The line of the rollout that says it.
    pub line: Option<u64>,
    /// Where the words stand in the snippet: from and to, in characters (Unicode scalar values).
    pub marks: Vec<(u32, u32)>,
    /// The absolute path of the rollout that says it; null of a name.
    pub path: Option<String>,
    /// The text around the words, in one line.
    pub snippet: String,
    /// The turn that it belongs to; null of a name and of context.
    pub turn_id: Option<String>,
}

/// What a text of a thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FoundTextKind {
    /// A name or a title.
    Name,
    /// What the user said.
    Prompt,
    /// What the agent said.
    Message,
    /// What the agent thought, summed up.
    Reasoning,
    /// A plan.
    Plan,
    /// A command or a call of a tool.
    Command,
    /// What it put out.
    Output,
    /// A change of files.
    Change,
    /// What went to a model, or came from it, that no turn shows, such as its environment, instructions and injected messages.
    Context,
}

/// The texts of one thread in which words stand, a page of them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Hits {
    /// The texts, in the order of the history.
    pub items: Vec<FoundText>,
    /// Where the next page begins, for `--cursor`; null at the end.
    pub next_cursor: Option<String>,
    /// What to know of how the words were read: sentences.
    pub notes: Vec<String>,
    /// How many there are in all; equal texts count once.
    pub total: u64,
}

impl Matches {
    /// Makes the document of a page, whose threads have these documents, in their order.
    pub fn new(page: &PageOfMatches, threads: Vec<Thread>, elsewhere: Option<u64>, home: &Home) -> Matches {
        let items = page.matches.iter().zip(threads).map(|(found, thread)| Match::new(found, thread, home));
        Matches::of_items(items.collect(), page, page.next.clone(), elsewhere)
    }

    /// Makes the document of items that come of several homes, with the sums over them.
    pub fn of_items(
        items: Vec<Match>,
        sums: &PageOfMatches,
        next_cursor: Option<String>,
        elsewhere: Option<u64>,
    ) -> Matches {
        let left_out = sums
            .left_out
            .iter()
            .map(|(source_kind, threads)| LeftOutThreads { source_kind: source_kind.clone(), threads: *threads });
        let term = |TermCount { text, threads, without }: &TermCount| Term {
            text: text.clone(),
            threads: *threads,
            without: *without,
        };
        Matches {
            away_homes: Vec::new(),
            elsewhere,
            items,
            left_out: left_out.collect(),
            next_cursor,
            notes: sums.notes.clone(),
            terms: sums.terms.iter().map(term).collect(),
            total: sums.total,
            total_is_exact: sums.total_is_exact,
            uncovered: sums.uncovered,
        }
    }
}

impl Match {
    /// Makes the document of a thread in which words stand.
    pub fn new(found: &ThreadMatch, thread: Thread, home: &Home) -> Match {
        let hits = found.hits.iter().map(|hit| FoundText::new(hit, home)).collect();
        Match { hit_count: found.hit_count, hits, thread }
    }
}

impl Hits {
    /// Makes the document of a page.
    pub fn new(page: &PageOfHits, home: &Home) -> Hits {
        Hits {
            items: page.hits.iter().map(|hit| FoundText::new(hit, home)).collect(),
            next_cursor: page.next.clone(),
            notes: page.notes.clone(),
            total: page.total,
        }
    }
}

impl From<TextKind> for FoundTextKind {
    fn from(kind: TextKind) -> FoundTextKind {
        match kind {
            TextKind::Name => FoundTextKind::Name,
            TextKind::Prompt => FoundTextKind::Prompt,
            TextKind::Message => FoundTextKind::Message,
            TextKind::Reasoning => FoundTextKind::Reasoning,
            TextKind::Plan => FoundTextKind::Plan,
            TextKind::Command => FoundTextKind::Command,
            TextKind::Output => FoundTextKind::Output,
            TextKind::Change => FoundTextKind::Change,
            TextKind::Context => FoundTextKind::Context,
        }
    }
}

impl FoundText {
    fn new(hit: &Hit, home: &Home) -> FoundText {
        FoundText {
            cursor: hit.cursor.clone(),
            item_id: hit.item.clone(),
            kind: hit.kind.into(),
            line: hit.place.as_ref().map(|(_, line)| *line),
            marks: hit.marks.clone(),
            path: hit.place.as_ref().map(|(path, _)| home.absolute(path).to_string_lossy().into_owned()),
            snippet: hit.snippet.clone(),
            turn_id: hit.turn.clone(),
        }
    }
}
