//! A list of threads, whole and piece by piece.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::Thread;

/// A page of threads.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct List {
    /// The threads, in the order that was asked for.
    pub items: Vec<ListedThread>,
    /// Where the next page begins, for `--cursor`; null at the end.
    pub next_cursor: Option<String>,
    /// Homes that could not be read, whose threads are not among these. It is absent where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub away_homes: Vec<AwayHome>,
}

/// A home that cannot be read now.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AwayHome {
    /// Its directory, as it was named.
    pub home: String,
    /// Why it cannot be read.
    pub message: String,
}

/// A thread in a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ListedThread {
    /// The thread itself.
    #[serde(flatten)]
    pub thread: Thread,
    /// The sub-agents that it spawned and that the list's filters let through, oldest first. It is absent where sub-agents
    /// have places of their own, as with `--flat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_agents: Option<Vec<ListedThread>>,
}

impl List {
    /// Makes the document of threads with their depths: 0 for a thread of the list itself, and for a sub-agent one more than
    /// its parent's, after which it comes. Where sub-agents are not `folded` the depths do not count.
    pub fn new(threads: impl IntoIterator<Item = (Thread, u32)>, folded: bool, next_cursor: Option<String>) -> List {
        let mut items = Vec::new();
        // The last thread of every depth so far, each to be put under the one before it.
        let mut open: Vec<ListedThread> = Vec::new();
        for (thread, depth) in threads {
            let depth = if folded { depth as usize } else { 0 };
            while open.len() > depth {
                close(&mut open, &mut items);
            }
            open.push(ListedThread { thread, sub_agents: folded.then(Vec::new) });
        }
        while !open.is_empty() {
            close(&mut open, &mut items);
        }
        List { items, next_cursor, away_homes: Vec::new() }
    }
}

/// Puts the innermost open thread where it belongs.
fn close(open: &mut Vec<ListedThread>, items: &mut Vec<ListedThread>) {
    let Some(ended) = open.pop() else { return };
    match open.last_mut() {
        Some(parent) => parent.sub_agents.get_or_insert_default().push(ended),
        None => items.push(ended),
    }
}

/// Writes a [`List`] while its threads come.
pub struct ListWriter<W> {
    out: W,
    folded: bool,
    /// How many threads are open, each inside the one before.
    open: u32,
    begun: bool,
}

impl<W: Write> ListWriter<W> {
    /// Makes a writer that has written nothing yet. Where sub-agents are `folded` they stand inside their parents.
    pub fn new(out: W, folded: bool) -> ListWriter<W> {
        ListWriter { out, folded, open: 0, begun: false }
    }

    /// Writes threads with their depths, as [`List::new`] takes them, all at once.
    ///
    /// An error is one of the output.
    pub fn threads<'a>(&mut self, threads: impl IntoIterator<Item = (&'a Thread, u32)>) -> io::Result<()> {
        let mut text = Vec::new();
        for (thread, depth) in threads {
            let depth = depth.min(self.open);
            let first = !std::mem::replace(&mut self.begun, true);
            let first_inside = depth > 0 && depth == self.open;
            self.close_down_to(depth, &mut text);
            text.extend_from_slice(match (first, first_inside) {
                (true, _) => b"{\"items\":[",
                (_, true) => b"",
                _ => b",",
            });
            serde_json::to_writer(&mut text, thread)?;
            if self.folded && text.pop_if(|last| *last == b'}').is_some() {
                text.extend_from_slice(b",\"subAgents\":[");
                self.open = depth + 1;
            }
        }
        self.out.write_all(&text)
    }

    /// Ends the threads that the next one, at this depth, is not inside of.
    fn close_down_to(&mut self, depth: u32, text: &mut Vec<u8>) {
        while self.open > depth {
            text.extend_from_slice(b"]}");
            self.open -= 1;
        }
    }

    /// Writes the end, a line feed after it, and flushes.
    ///
    /// An error is one of the output.
    pub fn end(self, next_cursor: Option<&str>) -> io::Result<()> {
        self.end_without(next_cursor, &[])
    }

    /// Writes the end likewise, with the homes that could not be read.
    ///
    /// An error is one of the output.
    pub fn end_without(mut self, next_cursor: Option<&str>, away: &[AwayHome]) -> io::Result<()> {
        let mut text = Vec::new();
        self.close_down_to(0, &mut text);
        if !self.begun {
            text.extend_from_slice(b"{\"items\":[");
        }
        text.extend_from_slice(b"],\"nextCursor\":");
        serde_json::to_writer(&mut text, &next_cursor)?;
        if !away.is_empty() {
            text.extend_from_slice(b",\"awayHomes\":");
            serde_json::to_writer(&mut text, away)?;
        }
        text.extend_from_slice(b"}\n");
        self.out.write_all(&text)?;
        self.out.flush()
    }
}
