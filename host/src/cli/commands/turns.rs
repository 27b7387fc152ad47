//! `turns`: page after page, printed while they come.

use serde_json::{Value, json};
use threadkeep::component::exports::history::Gap;
use threadkeep::lookup::LookupError;

use super::super::args::Turns;
use super::super::{say, text, turns as rendering};
use super::Session;

impl Session {
    pub(super) fn turns(&self, asked: &Turns) -> anyhow::Result<()> {
        let mut state = self.start_to_look();
        let mut lookup = self.finder(state.as_ref())?;
        // What a name or the beginning of an id found is the same thread for every page.
        let mut wanted = asked.id.clone();
        let mut out = std::io::stdout().lock();
        let mut printer = TurnPrinter { out: &mut out, json: self.global.json, printed: false };
        let (limit, newest_first) = match asked.tail {
            Some(tail) => (tail, true),
            None => (asked.limit, asked.desc),
        };
        let mut held = Vec::new();
        let mut cursor = asked.cursor.clone();
        let mut left = limit;
        loop {
            let page = match lookup.turns(&wanted, cursor.as_deref(), left, newest_first) {
                Err(LookupError::State(failure)) if state.is_some() => {
                    // The cursor is a place in the rollouts, whatever the state DB says.
                    drop((lookup, state.take()));
                    state = self.start_again(&failure);
                    lookup = self.finder(state.as_ref())?;
                    lookup.turns(&wanted, cursor.as_deref(), left, newest_first)?
                }
                other => other?,
            };
            left = left.saturating_sub(page.turns.len() as u32);
            cursor = page.next;
            wanted = page.thread;
            match asked.tail {
                Some(_) => held.extend(page.turns),
                None => printer.turns(&page.turns)?,
            }
            if cursor.is_none() || (limit != 0 && left == 0) {
                held.reverse();
                printer.turns(&held)?;
                printer.end(cursor.as_deref(), &page.gaps, newest_first)?;
                page.gaps.iter().for_each(|gap| {
                    say(&format!("records of {} before {} are not shown: {}", gap.thread, gap.before, gap.reason))
                });
                return Ok(());
            }
        }
    }
}

/// Prints turns while they come: `{"items":[…],"nextCursor":…}`, with `"gaps"` where there are any, or for people.
struct TurnPrinter<'a, W: std::io::Write> {
    out: &'a mut W,
    json: bool,
    printed: bool,
}

impl<W: std::io::Write> TurnPrinter<'_, W> {
    fn turns(&mut self, turns: &[String]) -> anyhow::Result<()> {
        for turn in turns {
            let printed = std::mem::replace(&mut self.printed, true);
            if self.json {
                write!(self.out, "{}{turn}", if printed { "," } else { "{\"items\":[" })?;
            } else {
                let turn: Value = serde_json::from_str(turn)?;
                self.out.write_all(rendering::turn(&turn, text::width()).as_bytes())?;
            }
        }
        Ok(())
    }

    fn end(self, next: Option<&str>, gaps: &[Gap], newest_first: bool) -> anyhow::Result<()> {
        if self.json {
            let begin = if self.printed { "" } else { "{\"items\":[" };
            write!(self.out, "{begin}],\"nextCursor\":{}", serde_json::to_string(&next)?)?;
            if !gaps.is_empty() {
                let gaps: Vec<Value> = gaps
                    .iter()
                    .map(|gap| json!({ "thread": gap.thread, "before": gap.before, "reason": gap.reason }))
                    .collect();
                write!(self.out, ",\"gaps\":{}", serde_json::to_string(&gaps)?)?;
            }
            writeln!(self.out, "}}")?;
        }
        self.out.flush()?;
        match next {
            _ if self.json => {}
            Some(next) if newest_first => say(&format!("earlier with --desc --cursor {next}")),
            Some(next) => say(&format!("more with --cursor {next}")),
            None if !self.printed => say("no turns"),
            None => {}
        }
        Ok(())
    }
}
