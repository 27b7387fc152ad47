//! Prints the turns of a thread.

use std::io::Write;

use serde_json::Value;
use threadkeep::contract::{Gap, PageOfTurns, ThreadNote};
use threadkeep::documents::{Gap as GapDocument, Note, TurnsEnd, TurnsWriter, turn_id};

use crate::again::command_of_turns;
use crate::failure::say;
use crate::text::turns as rendering;

/// Prints turns while they come, with what users wrote beside them.
pub(crate) struct TurnPrinter<W> {
    form: Form<W>,
    notes: Vec<ThreadNote>,
    /// What was done is printed whole.
    is_full: bool,
    /// Those of what was printed so far.
    printed: Vec<Note>,
}

/// As their document, or as text.
enum Form<W> {
    Json(TurnsWriter<W>),
    Text { out: W, any: bool },
}

impl<W: Write> TurnPrinter<W> {
    /// Prints turns alone.
    pub(crate) fn turns(out: W, json: bool) -> Self {
        match json {
            true => Self::document(TurnsWriter::turns(out)),
            false => Self::text(out),
        }
    }

    /// Prints turns into a document that was begun.
    pub(crate) fn document(writer: TurnsWriter<W>) -> Self {
        TurnPrinter { form: Form::Json(writer), notes: Vec::new(), is_full: false, printed: Vec::new() }
    }

    /// Prints turns as text, behind what stands there.
    pub(crate) fn text(out: W) -> Self {
        TurnPrinter { form: Form::Text { out, any: false }, notes: Vec::new(), is_full: false, printed: Vec::new() }
    }

    /// Prints outputs, commands, arguments and thoughts whole where it is so.
    pub(crate) fn in_full(self, is_full: bool) -> Self {
        TurnPrinter { is_full, ..self }
    }

    /// Prints the notes of a thread with its turns.
    pub(crate) fn with_notes(self, notes: Vec<ThreadNote>) -> Self {
        TurnPrinter { notes, ..self }
    }

    /// Prints the notes likewise, and that of the thread with what stands before the turns.
    pub(crate) fn with_all_notes(self, notes: Vec<ThreadNote>) -> Self {
        let printed = notes.iter().filter(|note| note.turn.is_none()).map(Note::from).collect();
        TurnPrinter { notes, printed, ..self }
    }

    pub(crate) fn print(&mut self, turns: &[String], hit: Option<&str>) -> anyhow::Result<()> {
        for turn in turns {
            let note = match self.notes.is_empty() {
                true => None,
                false => {
                    let id = turn_id(turn)?;
                    self.notes.iter().find(|note| note.turn.as_deref() == Some(&id))
                }
            };
            match &mut self.form {
                Form::Json(writer) => {
                    self.printed.extend(note.map(Note::from));
                    writer.turn(turn)?;
                }
                Form::Text { out, any } => {
                    *any = true;
                    let turn: Value = serde_json::from_str(turn)?;
                    let marked = hit.is_some() && turn["id"].as_str() == hit;
                    let note = note.map(|note| note.text.as_str());
                    out.write_all(rendering::turn(&turn, marked, note, self.is_full).as_bytes())?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn end(self, page: PageOfTurns, gaps: &[Gap], newest_first: bool) -> anyhow::Result<()> {
        let PageOfTurns { next, back, hit, .. } = page;
        match self.form {
            Form::Json(writer) => {
                let missing = gaps.iter().map(GapDocument::from).collect();
                let notes = self.printed;
                writer.end(&TurnsEnd { next_cursor: next, backwards_cursor: back, hit, gaps: missing, notes })?;
                say_gaps(gaps);
            }
            Form::Text { mut out, any } => {
                out.flush()?;
                say_gaps(gaps);
                let (earlier, later) = if newest_first { (next, back) } else { (back, next) };
                if let Some(cursor) = earlier {
                    say(&format!("earlier turns: {}", command_of_turns(&cursor, true)));
                }
                match later {
                    Some(cursor) => say(&format!("more turns: {}", command_of_turns(&cursor, false))),
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
