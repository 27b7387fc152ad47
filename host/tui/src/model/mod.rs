//! The state of the browser, and what each event makes of it: plain data, without files, clock or terminal.

pub(crate) mod acting;
pub(crate) mod arrange;
mod asking;
pub(crate) mod dialog;
pub(crate) mod layout;
pub(crate) mod line_editor;
mod listing;
pub(crate) mod messages;
mod opening;
pub(crate) mod preview;
pub(crate) mod scope;
pub(crate) mod served;
mod text_table;
pub(crate) mod thread;
pub(crate) mod thread_table;
pub(crate) mod title;
pub(crate) mod typed;
mod update;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrange::{Arranged, Row, Wanted};
use dialog::Dialog;
use layout::{Areas, areas};
use line_editor::LineEditor;
use messages::{Hit, Request};
use preview::Preview;
use scope::Scope;
use served::Served;
use thread_table::ThreadTable;
use typed::Typed;

use crate::keys::{Keys, Where};

/// How the browser ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The user had enough.
    Quit,
    /// The user goes on with this thread.
    Resume {
        /// Its id.
        thread: String,
    },
    /// The user wants mended what is wrong with this thread.
    Repair {
        /// Its id.
        thread: String,
    },
    /// The user goes on with a fork of this thread.
    Fork {
        /// Its id.
        thread: String,
    },
}

/// What a search came to.
#[derive(Debug, Default)]
pub(crate) struct FoundThreads {
    /// By their numbers, the best first.
    pub(crate) numbers: Vec<u32>,
    pub(crate) hits: HashMap<u32, Hit>,
    pub(crate) total: u64,
    pub(crate) is_exact: bool,
    pub(crate) next: Option<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) by_source: u64,
    pub(crate) scope: Scope,
    /// The next page is asked for.
    is_asked_for_more: bool,
}

/// A sentence at the foot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) text: String,
    pub(crate) is_failure: bool,
}

/// The state of the browser.
pub(crate) struct Model {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
    pub(crate) keys: Keys,
    pub(crate) place: Where,
    pub(crate) line: LineEditor,
    pub(crate) typed: Typed,
    pub(crate) wanted: Wanted,
    /// The scope that was asked for has nothing: this one is shown instead.
    pub(crate) shown_scope: Scope,
    pub(crate) table: ThreadTable,
    pub(crate) arranged: Arranged,
    /// The list as it is where nothing is typed, for what was wanted and known then.
    base: Option<(Wanted, u64, Arranged)>,
    /// The place of the selected row; a row of a thread wherever there is one.
    pub(crate) selected: usize,
    /// The first row on the screen.
    pub(crate) top: usize,
    /// Threads that were chosen, by their numbers.
    pub(crate) chosen: BTreeSet<u32>,
    /// What was found by what is typed; none where nothing is typed, and until it is found.
    pub(crate) found: Option<FoundThreads>,
    /// Counts what was asked for, so that an answer to an older question is known.
    generation: u64,
    prompts_generation: u64,
    pub(crate) is_searching: bool,
    /// What the user said last, by numbers of threads.
    pub(crate) last_said: HashMap<u32, String>,
    /// For these threads titles were asked for.
    titles_asked: BTreeSet<u32>,
    pub(crate) with_preview: bool,
    pub(crate) preview: Preview,
    pub(crate) dialog: Option<Dialog>,
    pub(crate) notice: Option<Notice>,
    /// Nothing can be read: why.
    pub(crate) unreadable: Option<String>,
    /// How far the state DB is filled.
    pub(crate) filling: Option<String>,
    /// All threads are known.
    pub(crate) is_loaded: bool,
    /// What was told since all threads began to be told.
    told: Option<BTreeSet<u32>>,
    /// The table or what is wanted of it changed: the list is arranged anew before it is drawn.
    is_stale: bool,
    /// The process can stop and be brought back.
    pub(crate) can_suspend: bool,
    /// The server whose threads are shown; none where they are a home's.
    pub(crate) served: Option<Served>,
    requests: Vec<Request>,
}

impl Model {
    /// Makes a browser of so many columns and rows, in which something is typed already.
    pub(crate) fn new(columns: u16, rows: u16, keys: Keys, wanted: Wanted, typed: &str) -> Model {
        let mut model = Model {
            columns,
            rows,
            keys,
            place: Where::List,
            line: LineEditor::of(typed),
            typed: Typed::default(),
            shown_scope: wanted.scope,
            wanted,
            table: ThreadTable::default(),
            arranged: Arranged::default(),
            base: None,
            selected: 0,
            top: 0,
            chosen: BTreeSet::new(),
            found: None,
            generation: 0,
            prompts_generation: 0,
            is_searching: false,
            last_said: HashMap::new(),
            titles_asked: BTreeSet::new(),
            with_preview: true,
            preview: Preview::default(),
            dialog: None,
            notice: None,
            unreadable: None,
            filling: None,
            is_loaded: false,
            told: None,
            is_stale: true,
            can_suspend: true,
            served: None,
            requests: Vec::new(),
        };
        model.line_changed();
        model
    }

    /// Takes what is to be asked for since the last call.
    pub(crate) fn take_requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.requests)
    }

    fn ask(&mut self, request: Request) {
        self.requests.push(request);
    }

    fn next_generation(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }

    /// Gives where what stands.
    pub(crate) fn areas(&self) -> Areas {
        areas(self.columns, self.rows, self.with_preview, self.place == Where::Preview)
    }

    /// Gives the number of the selected thread; none where the list is empty.
    pub(crate) fn selected_thread(&self) -> Option<u32> {
        match self.arranged.rows.get(self.selected)? {
            Row::Thread { thread, .. } => Some(*thread),
            Row::Project { .. } => None,
        }
    }

    /// Gives the id of the selected thread.
    pub(crate) fn selected_id(&self) -> Option<Arc<str>> {
        self.selected_thread().map(|number| self.table.thread(number).id().into())
    }

    /// Gives the rows on the screen, from the first on.
    pub(crate) fn rows_shown(&self) -> &[Row] {
        let height = usize::from(self.areas().list.height);
        let rows = self.arranged.rows.get(self.top..).unwrap_or_default();
        rows.get(..height).unwrap_or(rows)
    }

    fn notify(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), is_failure: false });
    }

    fn complain(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), is_failure: true });
    }
}

#[cfg(test)]
pub(crate) mod tests;
