//! The command `note`.

use clap::Args;
use threadkeep::documents::ThreadNotes;

use crate::context::Context;
use crate::failure::{exit, say};
use crate::{text, values};

/// `note`
#[derive(Args)]
pub(crate) struct Note {
    /// An id, at least 8 characters of one, or a name; behind a # one of its turns: its id, how that begins, or its number from 1
    #[arg(value_name = "ID[#TURN]", value_parser = values::text)]
    place: String,
    /// What is to stand there, in the place of what stood there; without it notes are shown
    #[arg(value_name = "TEXT", conflicts_with = "clear")]
    text: Option<String>,
    /// Take the note away
    #[arg(long)]
    clear: bool,
}

impl Note {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let threadkeep = context.owner("note", "needs")?;
        let place = threadkeep.noted_place(&self.place)?;
        if let Some(text) = &self.text {
            threadkeep.write_note(&place, text)?;
        } else if self.clear && !threadkeep.clear_note(&place)? {
            say("there is no note to take away");
        }
        let marks = threadkeep.marks(&place.thread.id);
        let asked = place.turn.as_deref().filter(|_| self.text.is_none() && !self.clear);
        let document = ThreadNotes::new(&place.thread.id, &marks, asked);
        context.print(&document, || match (document.notes.is_empty(), self.clear) {
            (true, true) => String::new(),
            (true, false) => "no notes\n".into(),
            (false, _) => document.notes.iter().map(|note| text::note(note, text::width())).collect(),
        })?;
        Ok(exit::DONE)
    }
}
