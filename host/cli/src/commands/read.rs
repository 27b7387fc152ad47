//! The command `read`: prints what is known of a thread, then its turns.

use std::io::{StdoutLock, Write as _};

use clap::Args;
use threadkeep::Threadkeep;
use threadkeep::contract::{PageOfTurns, ThreadMarks, ThreadRow};
use threadkeep::documents::{Thread, TurnsWriter};

use super::turns::Turns;
use crate::context::Context;
use crate::failure::{exit, say};
use crate::launch;
use crate::text::{self, JsonOutput};
use crate::turn_printer::TurnPrinter;

/// `read`
#[derive(Args)]
pub(crate) struct Read {
    /// What is known of the thread, and no turns
    #[arg(long, conflicts_with_all = ["limit", "cursor", "desc", "tail", "around"])]
    no_turns: bool,
    #[command(flatten)]
    turns: Turns,
}

impl Read {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        if let Some(code) = self.turns.run_remote(context, true, !self.no_turns)? {
            return Ok(code);
        }
        let threadkeep = context.reader()?;
        let subject = self.turns.subject(&threadkeep)?;
        if self.no_turns {
            let row = threadkeep.read(&subject).map(|found| found.row).or_else(|error| known_row(context, error))?;
            context.print(with_edges(&threadkeep, row.clone())?, || {
                facts(&threadkeep, &row, &threadkeep.marks(&row.id)) + &launch::hint(context, &row)
            })?;
            return Ok(exit::DONE);
        }
        match threadkeep.transcript(&subject) {
            Ok(mut transcript) => {
                let row = transcript.found().row.clone();
                let document = with_edges(&threadkeep, row.clone())?;
                context.warn();
                self.turns.show(&mut transcript, printer(context, &threadkeep, &document, &row)?)?;
                context.stdout().write_all(launch::hint(context, &row).as_bytes())?;
            }
            Err(error) => {
                let row = known_row(context, error)?;
                let document = threadkeep.thread_document(row.clone())?;
                let nothing = PageOfTurns { turns: vec![], next: None, back: None, hit: None };
                printer(context, &threadkeep, &document, &row)?.end(nothing, &[], false)?;
            }
        }
        Ok(exit::DONE)
    }
}

/// Gives the row of a thread whose rollouts are gone, with a message; any other error stays one.
fn known_row(context: &Context, error: threadkeep::Error) -> Result<ThreadRow, threadkeep::Error> {
    let Some(row) = error.known_thread().cloned() else { return Err(error) };
    context.warn();
    say(&error.to_string());
    Ok(row)
}

/// Gives a thread's document, with what spawned it and what it spawned where there is a handle.
fn with_edges(threadkeep: &Threadkeep, row: ThreadRow) -> anyhow::Result<Thread> {
    let (parent, children) = threadkeep.spawn_edges(&row.id)?;
    let redacted = threadkeep.is_redacted(&row)?;
    Ok(threadkeep.thread_document(row)?.with_redaction(redacted).with_spawn_edges(parent, children))
}

/// Makes a printer of turns that has printed what is known of the thread.
fn printer(
    context: &Context,
    threadkeep: &Threadkeep,
    document: &Thread,
    row: &ThreadRow,
) -> anyhow::Result<TurnPrinter<JsonOutput<StdoutLock<'static>>>> {
    let mut out = context.stdout();
    let marks = threadkeep.marks(&row.id);
    if context.global.json {
        return Ok(TurnPrinter::document(TurnsWriter::transcript(out, document)?).with_all_notes(marks.notes));
    }
    out.write_all(facts(threadkeep, row, &marks).as_bytes())?;
    writeln!(out)?;
    Ok(TurnPrinter::text(out).with_all_notes(marks.notes))
}

/// Gives what is known of a thread, and what users put on it, for people.
fn facts(threadkeep: &Threadkeep, row: &ThreadRow, marks: &ThreadMarks) -> String {
    let path = threadkeep.home().absolute(&row.path).to_string_lossy().into_owned();
    let note = marks.notes.iter().find(|note| note.turn.is_none()).map(|note| note.text.as_str());
    text::thread(row, &path, text::line_width()) + &text::marks(&marks.tags, marks.pinned, note, text::line_width())
}
