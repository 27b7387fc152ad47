//! Finds out which terms stand in a rollout, or in the names of a thread.

use alloc::vec::Vec;

use contract::{FileTouch, IndexTerm, Presence, TextKind, ThreadNames};

use super::prefilter::Prefilter;
use crate::history::chain::Chain;
use crate::history::text_places::each_text;
use crate::history::texts::{LinePlace, MESSAGE_KINDS, MessageSink, Touches, is_of_messages, read_messages};
use crate::ports::{FileResult, Rollouts};
use crate::words::matching::Matcher;

/// Returns the texts of a row that are names: its name, and a title that is not how its preview begins.
pub fn names_of<'a>(name: Option<&'a str>, title: &'a str, preview: &str) -> impl Iterator<Item = &'a str> {
    let title = Some(title).filter(|title| {
        let title = title.trim_end_matches(['…', '.', ' ']);
        name != Some(title) && !preview.starts_with(title)
    });
    name.into_iter().chain(title)
}

/// Returns which terms stand in the names of each thread, a bit each.
pub fn find_terms_in_names(names: &[ThreadNames], terms: &[IndexTerm]) -> Vec<u64> {
    let mut matcher = Matcher::new(terms);
    let standing = |names: &ThreadNames| {
        names_of(names.name.as_deref(), &names.title, &names.preview)
            .fold(0, |standing, name| standing | matcher.standing(name))
    };
    names.iter().map(standing).collect()
}

/// Finds terms in the texts of one rollout after the other.
pub struct TermFinder<'a> {
    matcher: Matcher<'a>,
    kinds: &'a [TextKind],
    /// What tells of bytes that no term is in their texts; none where no bytes do.
    prefilter: Option<Prefilter>,
}

impl<'a> TermFinder<'a> {
    /// Looks for terms, at most 64, in texts of these kinds.
    pub fn new(terms: &'a [IndexTerm], kinds: &'a [TextKind]) -> TermFinder<'a> {
        let matcher = Matcher::new(terms);
        let prefilter = match matcher.only_pattern() {
            Some(pattern) if pattern.ignores_case() => Some(Prefilter::of_any_case(pattern.needed())),
            Some(pattern) => Some(Prefilter::of(pattern.needed())),
            None => Prefilter::of_words(terms),
        };
        TermFinder { matcher, kinds, prefilter }
    }

    /// Returns which terms stand in the texts of a rollout.
    ///
    /// # Errors
    ///
    /// Fails where it cannot be read.
    pub fn find<R: Rollouts>(&mut self, rollouts: &R, path: &str) -> FileResult<Presence> {
        let kinds = self.kinds;
        let is_of_messages = is_of_messages(kinds);
        let may_be_done = match &self.prefilter {
            _ if is_of_messages => false,
            Some(prefilter) => prefilter.may_be_done(rollouts, path)?,
            None => true,
        };
        let mut finding = Finding::new(self);
        if !may_be_done {
            if kinds.iter().any(|kind| *kind == TextKind::Context || MESSAGE_KINDS.contains(kind)) {
                read_messages(rollouts, path, LinePlace::START, Touches::Unwanted, &mut finding)?;
            }
            return Ok(finding.presence);
        }
        let chain = Chain::alone(rollouts, path)?;
        match each_text(rollouts, chain, kinds, |place, kind, text| finding.text(kind, text, place.copied)) {
            Ok(()) => Ok(finding.presence),
            Err(contract::LookupError::Files(error)) => Err(error),
            Err(error) => Err(contract::FileError::Io(alloc::format!("{error:?}"))),
        }
    }
}

struct Finding<'f, 'a> {
    matcher: &'f mut Matcher<'a>,
    prefilter: Option<&'f Prefilter>,
    kinds: &'f [TextKind],
    presence: Presence,
}

impl<'f, 'a> Finding<'f, 'a> {
    fn new(finder: &'f mut TermFinder<'a>) -> Finding<'f, 'a> {
        let TermFinder { matcher, prefilter, kinds } = finder;
        Finding { matcher, prefilter: prefilter.as_ref(), kinds, presence: Presence::default() }
    }
}

impl MessageSink for Finding<'_, '_> {
    fn wants(&self, payload: &[u8]) -> bool {
        self.prefilter.is_none_or(|prefilter| prefilter.may_be_said(payload))
    }

    fn text(&mut self, kind: TextKind, text: &str, copied: bool) {
        if !self.kinds.contains(&kind) {
            return;
        }
        let standing = self.matcher.standing(text);
        let (prompts, all) = match copied {
            true => (&mut self.presence.copied_prompts, &mut self.presence.copied_all),
            false => (&mut self.presence.prompts, &mut self.presence.all),
        };
        *all |= standing;
        *prompts |= if kind == TextKind::Prompt { standing } else { 0 };
    }

    fn wants_context(&self) -> bool {
        self.kinds.contains(&TextKind::Context)
    }

    fn context(&mut self, text: &str, _: (usize, u64), copied: bool) {
        self.text(TextKind::Context, text, copied);
    }

    fn line(&mut self, _: LinePlace) -> bool {
        true
    }

    fn rolled_back(&mut self) {
        self.presence.has_rollbacks = true;
    }

    fn touch(&mut self, _: FileTouch) {}
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails there")]
mod tests;
