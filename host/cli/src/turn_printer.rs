//! Prints the turns of a thread.

use std::io::Write;

use serde_json::Value;
use threadkeep::contract::{Gap, PageOfTurns};
use threadkeep::documents::{Gap as GapDocument, TurnsEnd, TurnsWriter};

use crate::failure::say;
use crate::text::{self, turns as rendering};

/// Prints turns while they come, as their document or as text.
pub(crate) enum TurnPrinter<W> {
    Json(TurnsWriter<W>),
    Text { out: W, any: bool },
}

impl<W: Write> TurnPrinter<W> {
    pub(crate) fn turns(out: W, json: bool) -> Self {
        match json {
            true => TurnPrinter::Json(TurnsWriter::turns(out)),
            false => TurnPrinter::Text { out, any: false },
        }
    }

    pub(crate) fn print(&mut self, turns: &[String], hit: Option<&str>) -> anyhow::Result<()> {
        match self {
            TurnPrinter::Json(writer) => turns.iter().try_for_each(|turn| writer.turn(turn))?,
            TurnPrinter::Text { out, any } => {
                for turn in turns {
                    *any = true;
                    let turn: Value = serde_json::from_str(turn)?;
                    let marked = hit.is_some() && turn["id"].as_str() == hit;
                    out.write_all(rendering::turn(&turn, marked, text::width()).as_bytes())?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn end(self, page: PageOfTurns, gaps: &[Gap], newest_first: bool) -> anyhow::Result<()> {
        let PageOfTurns { next, back, hit, .. } = page;
        match self {
            TurnPrinter::Json(writer) => {
                let missing = gaps.iter().map(GapDocument::from).collect();
                writer.end(&TurnsEnd { next_cursor: next, backwards_cursor: back, hit, gaps: missing })?;
                say_gaps(gaps);
            }
            TurnPrinter::Text { mut out, any } => {
                out.flush()?;
                say_gaps(gaps);
                let (earlier, later) = if newest_first { (next, back) } else { (back, next) };
                if let Some(cursor) = earlier {
                    say(&format!("earlier with --desc --cursor {cursor}"));
                }
                match later {
                    Some(cursor) => say(&format!("more with --cursor {cursor}")),
                    None if !any => say("no turns"),
                    None => {}
                }
            }
        }
        Ok(())
    }
}

fn say_gaps(gaps: &[Gap]) {
    for gap in gaps {
        say(&format!("records of {} before {} are not shown: {}", gap.thread, gap.before, gap.reason));
    }
}
