//! Finds out which terms stand in a rollout, or in the names of a thread.

use alloc::vec::Vec;

use contract::{FileTouch, IndexTerm, Presence, TextKind, ThreadNames};

use crate::history::chain::Chain;
use crate::history::texts::{LinePlace, MESSAGE_KINDS, MessageSink, Touches, read_messages};
use crate::history::transcript::each_text;
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

/// Says whether all of these kinds but names are those of messages.
pub(super) fn is_of_messages(kinds: &[TextKind]) -> bool {
    kinds.iter().all(|kind| *kind == TextKind::Name || MESSAGE_KINDS.contains(kind))
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

/// Returns which terms stand in the texts of a rollout.
///
/// # Errors
///
/// Fails where it cannot be read.
pub fn find_terms<R: Rollouts>(
    rollouts: &R,
    path: &str,
    terms: &[IndexTerm],
    kinds: &[TextKind],
) -> FileResult<Presence> {
    let mut finding = Finding { matcher: Matcher::new(terms), kinds, presence: Presence::default() };
    if is_of_messages(kinds) {
        read_messages(rollouts, path, LinePlace::START, Touches::Unwanted, &mut finding)?;
        return Ok(finding.presence);
    }
    let chain = Chain::alone(rollouts, path)?;
    let read = each_text(rollouts, chain, false, |place, kind, text| finding.text(kind, text, place.copied));
    match read {
        Ok(()) => Ok(finding.presence),
        Err(contract::LookupError::Files(error)) => Err(error),
        Err(error) => Err(contract::FileError::Io(alloc::format!("{error:?}"))),
    }
}

struct Finding<'a> {
    matcher: Matcher<'a>,
    kinds: &'a [TextKind],
    presence: Presence,
}

impl MessageSink for Finding<'_> {
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

    fn line(&mut self, _: LinePlace) -> bool {
        true
    }

    fn rolled_back(&mut self) {}

    fn touch(&mut self, _: FileTouch) {}
}
