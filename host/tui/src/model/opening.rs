//! The preview follows the selection: which turns are asked for, and when.

use super::Model;
use super::messages::{Request, TurnsFrom, WantedTurns};
use super::preview::Missing;

impl Model {
    /// Gives how many lines of the preview are on the screen.
    pub(super) fn preview_height(&self) -> usize {
        self.areas().preview.map_or(0, |area| usize::from(area.height))
    }

    /// Shows the selected thread, from where it was found, else from its end; where it is shown already, asks for what is missing
    /// near to what is on the screen.
    pub(super) fn show_selected(&mut self) {
        if self.areas().preview.is_none() {
            return;
        }
        let id = self.selected_id();
        if self.preview.id == id {
            return self.ask_for_missing_turns();
        }
        let hit = self.selected_thread().and_then(|number| self.found.as_ref()?.hits.get(&number));
        let from = match hit {
            Some(hit) if hit.turn.is_some() => TurnsFrom::Cursor(hit.cursor.clone()),
            _ => TurnsFrom::End,
        };
        self.show_from(from);
    }

    /// Shows the selected thread from a turn on.
    pub(super) fn show_from(&mut self, from: TurnsFrom) {
        let id = self.selected_id();
        let generation = self.next_preview();
        let words = self.typed.plain_words();
        self.preview.begin(id.clone(), generation, words);
        if let Some(id) = id {
            self.ask_for_turns(id, from);
        }
    }

    /// Shows the same turns again: they became others, or have other lines.
    pub(super) fn show_again(&mut self) {
        let ends = self.preview.ends().map(|(first, last)| (first.to_string(), last.to_string()));
        let (Some(id), Some((first, last))) = (self.preview.id.clone(), ends) else {
            self.preview.id = None;
            return;
        };
        self.preview.generation = self.next_preview();
        self.preview.is_loading = true;
        let from = match self.preview.is_at_end() {
            // What is new stands behind the last one.
            true => TurnsFrom::Turn(first),
            false => TurnsFrom::Between(first..last),
        };
        self.ask_for_turns(id, from);
    }

    fn next_preview(&mut self) -> u64 {
        self.preview.generation + 1
    }

    fn ask_for_missing_turns(&mut self) {
        let missing = self.preview.missing(self.preview_height());
        let from = match missing {
            Some((Missing::Before, turn)) => TurnsFrom::Before(turn.to_string()),
            Some((Missing::Behind, turn)) => TurnsFrom::Behind(turn.to_string()),
            None => return,
        };
        if let Some(id) = self.preview.id.clone() {
            self.preview.is_loading = true;
            self.ask_for_turns(id, from);
        }
    }

    fn ask_for_turns(&mut self, id: std::sync::Arc<str>, from: TurnsFrom) {
        let columns = self.areas().preview.map_or(80, |area| area.width).max(20);
        let (generation, full_outputs) = (self.preview.generation, self.preview.full_outputs);
        self.ask(Request::Turns(WantedTurns { generation, id, from, columns, full_outputs }));
    }
}
