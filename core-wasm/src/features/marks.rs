//! Decides on what users put on threads beside their names: tags, pins, notes.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{AskedMarks, MarkFilter, MarkedThread, Rejection, ThreadMarks, ThreadNote};

use crate::words::query::{Piece, pieces};

/// Longest tag, in characters.
const LONGEST_TAG: usize = 64;
/// Tags of a thread at most.
const MOST_TAGS: usize = 64;
/// Longest note, in characters.
const LONGEST_NOTE: usize = 10_000;
/// Notes that a thread gets from elsewhere at most.
const MOST_JOINED_NOTES: usize = 1_000;
/// Longest id of a turn that comes from elsewhere, in bytes.
const LONGEST_TURN: usize = 200;
/// So many characters of a turn's id name it at least.
const SHORTEST_BEGINNING: usize = 4;
/// A number of a turn has so many digits at most; what is longer is the beginning of an id.
const MOST_DIGITS: usize = 6;
/// What asks for a tag in a query.
const ASKED: &str = "tag:";

/// Returns the tags that should stand, by words like `+this` and `-that`: what comes last of a tag counts.
///
/// # Errors
///
/// [`Rejection::Invalid`] of a word that is none of these, and where there would be too many tags.
pub fn change_tags(current: Vec<String>, words: &[String]) -> Result<Vec<String>, Rejection> {
    let mut tags: BTreeSet<String> = current.into_iter().collect();
    for word in words {
        match (word.strip_prefix('+'), word.strip_prefix('-')) {
            (Some(tag), _) => drop(tags.insert(checked_tag(tag)?)),
            (None, Some(tag)) => drop(tags.remove(&checked_tag(tag)?)),
            (None, None) => {
                return Err(Rejection::Invalid(format!("'{word}' says neither +TAG nor -TAG")));
            }
        }
    }
    match tags.len() {
        0..=MOST_TAGS => Ok(tags.into_iter().collect()),
        many => Err(Rejection::Invalid(format!("a thread has at most {MOST_TAGS} tags; these would be {many}"))),
    }
}

/// Returns a tag if it can be one; else why not, and the one that may be meant.
fn checked_tag(tag: &str) -> Result<String, Rejection> {
    if is_tag(tag) {
        return Ok(tag.to_string());
    }
    let folded: String = tag.trim().to_lowercase().split_whitespace().collect::<Vec<_>>().join("-");
    let meant = if is_tag(&folded) { format!("; write {folded}") } else { String::new() };
    Err(Rejection::Invalid(format!(
        "'{tag}' cannot be a tag, which has 1 to {LONGEST_TAG} lower-case letters, digits, and -_./, and begins with a letter or a \
         digit{meant}"
    )))
}

/// Says whether a text can be a tag.
fn is_tag(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_alphanumeric() && letter.to_lowercase().eq([letter]);
    text.chars().next().is_some_and(is_letter)
        && text.chars().count() <= LONGEST_TAG
        && text.chars().all(|letter| is_letter(letter) || matches!(letter, '-' | '_' | '.' | '/'))
}

/// Returns the note that should stand, by what a user wrote.
///
/// # Errors
///
/// [`Rejection::Invalid`] where nothing is said, where it is too long, and where something in it would act on a terminal.
pub fn check_note(text: &str) -> Result<String, Rejection> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if let Some(control) = text.chars().find(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
        let code = u32::from(control);
        let why = format!("a note must not hold control characters; this one has U+{code:04X}");
        return Err(Rejection::Invalid(why));
    }
    match text.chars().count() {
        0 => Err(Rejection::Invalid("a note must not be empty".into())),
        1..=LONGEST_NOTE => Ok(text.to_string()),
        length => {
            Err(Rejection::Invalid(format!("a note must be at most {LONGEST_NOTE} characters; this one has {length}")))
        }
    }
}

/// Returns the id of the turn that is named among all of a thread.
///
/// # Errors
///
/// [`Rejection::Nothing`] where there is no such turn, and [`Rejection::Invalid`] where several ids begin so.
pub fn named_turn(turns: &[String], wanted: &str) -> Result<String, Rejection> {
    if let Some(turn) = turns.iter().find(|turn| *turn == wanted) {
        return Ok(turn.clone());
    }
    if wanted.len() <= MOST_DIGITS && wanted.bytes().all(|byte| byte.is_ascii_digit()) {
        let place = wanted.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        return place.and_then(|place| turns.get(place)).cloned().ok_or(Rejection::Nothing);
    }
    if wanted.chars().count() < SHORTEST_BEGINNING {
        return Err(Rejection::Nothing);
    }
    let mut beginning = turns.iter().filter(|turn| turn.starts_with(wanted));
    match (beginning.next(), beginning.next()) {
        (Some(turn), None) => Ok(turn.clone()),
        (None, _) => Err(Rejection::Nothing),
        (Some(_), Some(_)) => Err(Rejection::Invalid(format!("several turns have an id that begins with '{wanted}'"))),
    }
}

/// Takes `tag:this` and `-tag:that` out of a query. What is in quotation marks, or cannot be a tag, is a word like any other.
///
/// # Errors
///
/// Where an `OR` stands beside one: all tags must be there.
pub fn asked_marks_of(words: &str) -> Result<AskedMarks, String> {
    let pieces = pieces(words, &mut Vec::new());
    let mut asked = AskedMarks { words: String::new(), tags: Vec::new(), without: Vec::new() };
    let is_or = |piece: Option<&Piece>| piece.is_some_and(|piece| piece.text == "OR" && !piece.quoted);
    let mut behind = 0;
    for (at, piece) in pieces.iter().enumerate() {
        let Some(tag) = asked_tag(piece) else { continue };
        if is_or(pieces.get(at + 1)) || is_or(at.checked_sub(1).and_then(|before| pieces.get(before))) {
            return Err(format!(
                "{ASKED}{tag} cannot stand beside OR: a thread must have every tag that is asked for; search for one after the other"
            ));
        }
        let (from, to) = piece.place;
        asked.words.push_str(words.get(behind..from).unwrap_or_default());
        behind = to;
        if piece.without { asked.without.push(tag) } else { asked.tags.push(tag) }
    }
    asked.words.push_str(words.get(behind..).unwrap_or_default());
    Ok(asked)
}

/// The tag that a piece of a query asks for.
fn asked_tag(piece: &Piece) -> Option<String> {
    let tag = piece.text.strip_prefix(ASKED).filter(|_| !piece.quoted && !piece.prefix)?.to_lowercase();
    is_tag(&tag).then_some(tag)
}

/// Returns the ids of those threads that a filter lets pass, in their order.
///
/// # Errors
///
/// [`Rejection::Invalid`] of a tag that cannot be one.
pub fn marked(threads: Vec<MarkedThread>, filter: &MarkFilter) -> Result<Vec<String>, Rejection> {
    filter.tags.iter().chain(&filter.without).try_for_each(|tag| checked_tag(tag).map(drop))?;
    let passes = |thread: &MarkedThread| {
        (thread.pinned || !filter.pinned)
            && filter.tags.iter().all(|tag| thread.tags.contains(tag))
            && !filter.without.iter().any(|tag| thread.tags.contains(tag))
    };
    Ok(threads.into_iter().filter(passes).map(|thread| thread.id).collect())
}

/// Returns what should stand where marks come to a thread that has some: nothing that is here changes or goes. What cannot be a
/// mark, or is too much, stays away.
pub fn join_marks(here: ThreadMarks, coming: ThreadMarks) -> ThreadMarks {
    let mut tags: BTreeSet<String> = here.tags.into_iter().collect();
    for tag in coming.tags {
        if tags.len() < MOST_TAGS && is_tag(&tag) {
            tags.insert(tag);
        }
    }
    // That of the thread comes first: it has no turn.
    let place = |note: ThreadNote| (note.turn.clone(), note);
    let mut notes: BTreeMap<Option<String>, ThreadNote> = here.notes.into_iter().map(place).collect();
    for note in coming.notes {
        let is_turn = |turn: &String| (1..=LONGEST_TURN).contains(&turn.len()) && !turn.chars().any(char::is_control);
        let fits = notes.len() < MOST_JOINED_NOTES && note.turn.as_ref().is_none_or(is_turn);
        if let (true, Ok(text)) = (fits, check_note(&note.text)) {
            notes.entry(note.turn.clone()).or_insert(ThreadNote { text, ..note });
        }
    }
    ThreadMarks {
        tags: tags.into_iter().collect(),
        pinned: here.pinned || coming.pinned,
        notes: notes.into_values().collect(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails there")]
mod tests;
