//! What the browser keeps of a thread: little, since there may be a hundred thousand.

use std::sync::Arc;

use threadkeep::contract::ThreadRow;
use threadkeep_terminal::width::shorten;

use super::title;

/// No title is shown longer than so many columns.
const WIDEST_TITLE: usize = 240;

/// A thread as the library gives it, before it is entered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LoadedThread {
    pub(crate) id: Arc<str>,
    /// Safe for a terminal, in one line.
    pub(crate) title: Box<str>,
    /// What a user or a program called it, not what was said first.
    pub(crate) is_named: bool,
    /// What was said first tells nothing of the thread: what was said later may.
    pub(crate) has_empty_title: bool,
    pub(crate) cwd: Option<String>,
    pub(crate) last_cwd: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) branch: String,
    pub(crate) model: String,
    pub(crate) source_kind: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) recency_at: i64,
    pub(crate) tokens: Option<i64>,
    pub(crate) parent: Option<String>,
    pub(crate) archived: bool,
}

impl LoadedThread {
    /// Takes what is shown out of a row.
    pub(crate) fn of(row: &ThreadRow) -> LoadedThread {
        let said = shorten(&row.title, WIDEST_TITLE);
        let is_named = row.name.is_some();
        let title = match said.is_empty() {
            false => said,
            true => title::of_sub_agent(&row.source).map(|title| shorten(&title, WIDEST_TITLE)).unwrap_or_default(),
        };
        let text = |text: &Option<String>| shorten(text.as_deref().unwrap_or_default(), WIDEST_TITLE);
        LoadedThread {
            id: row.id.as_str().into(),
            has_empty_title: !is_named && title::says_nothing(&title),
            title: title.into(),
            is_named,
            cwd: row.cwd.clone(),
            last_cwd: row.last_cwd.clone().filter(|last| Some(last) != row.cwd.as_ref()),
            origin: row.git_origin_url.clone(),
            branch: text(&row.git_branch),
            model: text(&row.model),
            source_kind: row.source_kind.clone(),
            created_at: row.created_at,
            updated_at: row.updated_at,
            recency_at: row.recency_at,
            tokens: row.tokens_used,
            parent: row.parent_thread_id.clone().or_else(|| row.forked_from_id.clone()),
            archived: row.archived,
        }
    }
}

/// A thread as it is kept: what many share stands elsewhere, by its number.
pub(crate) struct Thread {
    /// The id, and behind it the title: one piece of memory is less than two.
    id_and_title: Box<str>,
    id_length: u32,
    pub(crate) is_named: bool,
    pub(crate) has_empty_title: bool,
    pub(crate) place: u32,
    pub(crate) branch: u32,
    pub(crate) model: u32,
    pub(crate) source_kind: u32,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) recency_at: i64,
    pub(crate) tokens: Option<i64>,
    pub(crate) parent: Option<Box<str>>,
    pub(crate) archived: bool,
    /// Its rollouts are gone.
    pub(crate) is_gone: bool,
    pub(crate) is_pinned: bool,
}

impl Thread {
    /// Gives the thread that is entered for one that was loaded, with this title; what many share stands elsewhere already.
    pub(crate) fn of(loaded: &LoadedThread, title: &str, shared: SharedTexts) -> Thread {
        let SharedTexts { place, branch, model, source_kind } = shared;
        Thread {
            id_and_title: [&loaded.id, title].concat().into(),
            id_length: loaded.id.len() as u32,
            is_named: loaded.is_named,
            has_empty_title: loaded.has_empty_title,
            place,
            branch,
            model,
            source_kind,
            created_at: loaded.created_at,
            updated_at: loaded.updated_at,
            recency_at: loaded.recency_at,
            tokens: loaded.tokens,
            parent: loaded.parent.as_deref().map(Into::into),
            archived: loaded.archived,
            is_gone: false,
            is_pinned: false,
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id_and_title[..self.id_length as usize]
    }

    pub(crate) fn title(&self) -> &str {
        &self.id_and_title[self.id_length as usize..]
    }

    /// Gives it another title.
    pub(crate) fn set_title(&mut self, title: &str) {
        self.id_and_title = [self.id(), title].concat().into();
    }
}

/// The numbers of what a thread shares with many.
pub(crate) struct SharedTexts {
    pub(crate) place: u32,
    pub(crate) branch: u32,
    pub(crate) model: u32,
    pub(crate) source_kind: u32,
}
