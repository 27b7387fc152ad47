//! Gives the texts of a history with the places where they stand.

use alloc::string::String;
use alloc::vec::Vec;

use contract::{LookupError, TextKind};

use super::builder::Builder;
use super::chain::Chain;
use super::copied::first_own_line;
use super::pass::pass;
use super::texts::{is_of_messages, read_context, texts_of};
use super::touches::cursor;
use super::transcript::{PAGE_BYTES, Transcript};
use super::turn::TurnState;
use crate::ports::Rollouts;
use crate::text::paths::is_compressed;

/// Where a text of a history stands.
pub struct TextPlace<'a> {
    /// The turn, by its id; none of context.
    pub turn: Option<&'a str>,
    /// The cursor behind which that turn comes next; none where it is the first, and of context.
    pub cursor: Option<String>,
    /// The item, by its id.
    pub item: Option<&'a str>,
    /// The rollout, and its line.
    pub place: (&'a str, u64),
    /// The rollout copied it of another thread's.
    pub copied: bool,
}

/// Hands out the texts of a history, at least those of these kinds: those of its turns in order, then its context.
///
/// # Errors
///
/// Fails where a file of the history cannot be read.
pub fn each_text<R: Rollouts>(
    rollouts: &R,
    mut chain: Chain,
    kinds: &[TextKind],
    mut each: impl FnMut(&TextPlace<'_>, TextKind, &str),
) -> Result<(), LookupError> {
    let has_turns = kinds.iter().any(|kind| !matches!(kind, TextKind::Name | TextKind::Context));
    if has_turns {
        each_text_of_turns(rollouts, chain.clone(), is_of_messages(kinds), &mut each)?;
    }
    if kinds.contains(&TextKind::Context) {
        let paths: Vec<String> = chain.segments.iter().map(|segment| segment.path.clone()).collect();
        read_context(rollouts, &mut chain, |text, (segment, line), copied| {
            let place = TextPlace { turn: None, cursor: None, item: None, place: (&paths[segment], line), copied };
            each(&place, TextKind::Context, text);
        })?;
    }
    Ok(())
}

fn each_text_of_turns<R: Rollouts>(
    rollouts: &R,
    mut chain: Chain,
    messages_only: bool,
    each: &mut impl FnMut(&TextPlace<'_>, TextKind, &str),
) -> Result<(), LookupError> {
    let own_from = first_own_line(rollouts, &chain)?;
    let mut size = 0;
    for segment in &chain.segments {
        let file = rollouts.stat(&segment.path)?;
        size += if is_compressed(&segment.path) { file.size.saturating_mul(16) } else { file.size };
    }
    // A short history is held whole, and gone through once.
    if size <= PAGE_BYTES {
        let mut whole = Builder::new(chain.paginated, 0..usize::MAX);
        if messages_only {
            whole = whole.with_messages_only();
        }
        pass(rollouts, &mut chain, &mut whole, None)?;
        let ids: Vec<String> = whole.turns.iter().map(|turn| turn.id.clone()).collect();
        for (at, turn) in whole.turns.iter().enumerate() {
            texts_of_turn(&chain, turn, at.checked_sub(1).map(|before| (before, &*ids[before])), own_from, each);
        }
        return Ok(());
    }
    let transcript = Transcript::of(rollouts, chain)?;
    let pages = transcript.whole(rollouts)?;
    let mut after = None;
    loop {
        let window = pages.window(after, 0, false);
        if window.is_empty() {
            return Ok(());
        }
        for (at, turn) in window.clone().zip(pages.bodies(rollouts, &window, messages_only)?) {
            let before = at.checked_sub(1).map(|before| (before, &*pages.index.turns[before].id));
            texts_of_turn(pages.chain, &turn, before, own_from, each);
        }
        after = Some(window.end - 1);
    }
}

fn texts_of_turn(
    chain: &Chain,
    turn: &TurnState,
    before: Option<(usize, &str)>,
    own_from: u64,
    each: &mut impl FnMut(&TextPlace<'_>, TextKind, &str),
) {
    for item in turn.body.iter().flat_map(|body| &body.items) {
        let mut place = TextPlace {
            turn: Some(&turn.id),
            cursor: before.map(|(at, id)| cursor(at as u64, id)),
            item: item.value["id"].as_str(),
            place: ("", 0),
            copied: false,
        };
        let mut thoughts = item.thoughts.iter();
        texts_of(&item.value, &mut |kind, text| {
            let own = match kind {
                TextKind::Reasoning => thoughts.next().copied(),
                TextKind::Output => item.answer,
                _ => None,
            };
            let (segment, line) = own.unwrap_or(item.line);
            place.place = (&chain.segments[segment].path, line);
            place.copied = segment == 0 && line < own_from;
            each(&place, kind, text);
        });
    }
}
