//! The command `watch`: prints what happens in threads while it happens.

use std::collections::HashSet;
use std::io::Write;
use std::time::{Duration, Instant};

use clap::Args;
use jiff::Timestamp;
use serde_json::Value;
use threadkeep::contract::{Collection, RowQuery, SortKey, Subject};
use threadkeep::documents::Event;
use threadkeep::{Happening, ThreadEvent, Threadkeep, WatchEvent, WatchOptions};
use threadkeep_terminal::zone::shown_zone;

use crate::context::Context;
use crate::failure::{exit, say};
use crate::filters::{self, Filters};
use crate::interrupt;
use crate::source_kind::SourceKind;
use crate::text::{self, turns as rendering};
use crate::values;

/// How long is waited for events at a time. Whoever ends the process wakes it, so this may be long.
const LONG: Duration = Duration::from_secs(3_600);
/// How many turns are asked for at a time.
const TURNS: u32 = 4;

/// `watch`
#[derive(Args)]
pub(crate) struct Watch {
    /// What is said and done in this thread, as `turns` shows it, from its last turn on: an id, at least 8 characters of one, or
    /// a name
    #[arg(long, value_name = "ID", value_parser = values::text)]
    follow: Option<String>,
    /// Archived threads only
    #[arg(long)]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    archived: bool,
    /// Only threads from these sources [default: any]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    source: Vec<SourceKind>,
    #[command(flatten)]
    filters: Filters,
    /// Only threads in which this file, or one below this directory, was changed until now
    #[arg(long, value_name = "PATH", value_parser = values::text)]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    touched: Option<String>,
    /// How long, in seconds [default: until Ctrl-C]
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u32>,
}

impl Watch {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let threadkeep = context.reader()?;
        let mut query = self.filters.query(&self.source, SortKey::Updated)?;
        self.filters.look_up(&mut query, &threadkeep)?;
        if let Some(path) = &self.touched {
            filters::keep_touching(&mut query, path, context, &threadkeep)?;
        }
        query.within = self.archived.then_some(Collection::Archived);
        let followed = self.follow.as_deref().map(|wanted| threadkeep.find(wanted, None)).transpose()?;
        if let Some(found) = &followed {
            query.among = Some(vec![found.row.id.clone()]);
        }
        context.warn();
        let watch = threadkeep.watch(&WatchOptions::default())?;
        let waker = watch.waker();
        let ending = interrupt::ending(move || waker.wake())?;
        let waker = watch.waker();
        ending.comes_with_the_reader(move || waker.wake());
        let mut wanted = Wanted::new(query, &threadkeep)?;
        let mut out = context.stdout();
        let mut follower = followed.filter(|_| !context.global.json).map(|found| Follower::new(found.row.id));
        if let Some(follower) = &mut follower {
            follower.show(&threadkeep, &mut out)?;
        }
        let until = self.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds.into()));
        while !ending.has_come() {
            let left = until.map_or(LONG, |until| until.saturating_duration_since(Instant::now()));
            let events = watch.next(left);
            watch.take_warnings().iter().for_each(|warning| say(warning));
            let mut is_followed = false;
            for event in events {
                let has_passed = wanted.pass(&event, &threadkeep)?;
                if !has_passed {
                    continue;
                }
                match (&event, &follower) {
                    _ if context.global.json => {
                        let document = Event::new(&event, Timestamp::now().as_millisecond());
                        writeln!(out, "{}", serde_json::to_string(&document)?)?;
                    }
                    (WatchEvent::Lagged, None) => {
                        say("more happened than could be shown here; list shows what is there")
                    }
                    (_, Some(_)) => is_followed = true,
                    (WatchEvent::Thread(event), None) => {
                        let at = Timestamp::now().to_zoned(shown_zone().clone()).strftime("%H:%M:%S").to_string();
                        out.write_all(text::events::event(event, &at, text::line_width()).as_bytes())?;
                    }
                }
                if let (WatchEvent::Thread(ThreadEvent { happening, .. }), Some(_)) = (&event, &follower) {
                    match happening {
                        Happening::Deleted => return Ok(exit::DONE),
                        Happening::State(state) => say(text::state(*state)),
                        _ => {}
                    }
                }
            }
            if let Some(follower) = follower.as_mut().filter(|_| is_followed) {
                follower.show(&threadkeep, &mut out)?;
            }
            out.flush()?;
            context.warn();
            if until.is_some_and(|until| until <= Instant::now()) {
                break;
            }
        }
        Ok(exit::DONE)
    }
}

/// Knows which threads are wanted.
struct Wanted {
    query: RowQuery,
    /// Threads that passed: of one that is gone with its row nothing else tells.
    passed: HashSet<String>,
}

impl Wanted {
    fn new(query: RowQuery, threadkeep: &Threadkeep) -> anyhow::Result<Wanted> {
        let mut wanted = Wanted { query, passed: HashSet::new() };
        if !wanted.is_any() {
            wanted.passed = threadkeep.every_thread(&wanted.query)?.into_iter().map(|listed| listed.row.id).collect();
        }
        Ok(wanted)
    }

    fn is_any(&self) -> bool {
        self.query == RowQuery::default()
    }

    fn pass(&mut self, event: &WatchEvent, threadkeep: &Threadkeep) -> anyhow::Result<bool> {
        let WatchEvent::Thread(event) = event else { return Ok(true) };
        if self.is_any() {
            return Ok(true);
        }
        let passes = match &event.row {
            Some(row) => threadkeep.passes(row, &self.query)?,
            None => false,
        };
        // What leaves the threads that are wanted is told once more.
        let has_passed =
            if passes { !self.passed.insert(event.thread.clone()) } else { self.passed.remove(&event.thread) };
        Ok(passes || has_passed)
    }
}

/// Shows what is said and done in a thread.
struct Follower {
    thread: String,
    /// The turn that was shown last, and its items.
    turn: Option<String>,
    items: HashSet<String>,
}

impl Follower {
    fn new(thread: String) -> Follower {
        Follower { thread, turn: None, items: HashSet::new() }
    }

    /// Shows what came since the last call; the first time the last turn.
    fn show(&mut self, threadkeep: &Threadkeep, out: &mut impl Write) -> anyhow::Result<()> {
        let mut transcript = threadkeep.transcript(&Subject::Thread(self.thread.clone()))?;
        let (mut turns, mut cursor): (Vec<Value>, _) = (Vec::new(), None);
        loop {
            let limit = if self.turn.is_none() { 1 } else { TURNS };
            let page = transcript.page(cursor.as_deref(), limit, true).map_err(threadkeep::Error::from)?;
            for turn in &page.turns {
                turns.push(serde_json::from_str(turn)?);
            }
            let is_known = turns.iter().any(|turn| turn["id"].as_str() == self.turn.as_deref());
            cursor = page.next.filter(|_| self.turn.is_some() && !is_known);
            if cursor.is_none() {
                break;
            }
        }
        let known = turns.iter().position(|turn| turn["id"].as_str() == self.turn.as_deref());
        turns.truncate(known.map_or(turns.len(), |at| at + 1));
        for turn in turns.iter().rev() {
            if turn["id"].as_str() != self.turn.as_deref() {
                self.turn = turn["id"].as_str().map(String::from);
                self.items.clear();
                out.write_all(rendering::header(turn).as_bytes())?;
            }
            for item in turn["items"].as_array().into_iter().flatten() {
                if self.items.insert(item["id"].to_string()) {
                    out.write_all(rendering::item(item).as_bytes())?;
                }
            }
        }
        Ok(out.flush()?)
    }
}
