//! Tells by the bytes of a rollout that a text is in none of its texts, so that most of it need not be read.
//!
//! A rollout is JSON: most characters stand in it as they are. So of a text that is looked for, the longest **run** of such
//! characters must stand in the bytes, unless a writer escaped what need not be (`\u0061`, `\/`), which is looked for too. Of what was
//! said each record is looked at by itself, of what was done the whole rollout: there texts are made of several records, of
//! words that are quoted, of JSON within JSON. Of them a run is letters and digits with a letter among them, which all of that
//! leaves alone, but for the percent signs of file URLs and names of tools that are spelled in another way. Words are looked for in
//! the same way (`word_filter`), and so are such runs where upper and lower case are the same.

use alloc::string::String;
use alloc::vec::Vec;

use contract::IndexTerm;
use memchr::memmem::Finder;

use super::word_filter::{LONGEST_RUN, WordFilter, is_in};
use crate::ports::{FileResult, Reader, Rollouts};

/// Bytes asked for at a time.
const CHUNK: u32 = 512 << 10;

/// What must be in bytes.
enum Needed {
    /// One of these runs.
    Runs(Vec<Finder<'static>>),
    /// One of these runs, in any case.
    AnyCase(Vec<AnyCase>),
    /// One of these words.
    Words(WordFilter),
}

/// A run of small letters and digits of ASCII, at least two.
#[derive(Clone)]
struct AnyCase {
    run: String,
    /// Letters that are none of ASCII, and the same as one of the run in another case.
    others: Vec<Finder<'static>>,
}

impl AnyCase {
    fn new(run: &str) -> AnyCase {
        let run = run.to_ascii_lowercase();
        let others = [('k', "\u{212a}"), ('s', "\u{17f}")].into_iter().filter(|(letter, _)| run.contains(*letter));
        AnyCase { others: others.map(|(_, other)| Finder::new(other)).collect(), run }
    }

    fn may_be_in(&self, bytes: &[u8]) -> bool {
        is_in(bytes, self.run.as_bytes()) || self.others.iter().any(|other| other.find(bytes).is_some())
    }
}

impl Needed {
    fn may_be_in(&self, bytes: &[u8]) -> bool {
        match self {
            Needed::Runs(runs) => runs.iter().any(|run| run.find(bytes).is_some()),
            Needed::AnyCase(runs) => runs.iter().any(|run| run.may_be_in(bytes)),
            Needed::Words(words) => words.may_be_in(bytes),
        }
    }

    /// Bytes in which one is whole, at most.
    fn length(&self) -> usize {
        match self {
            Needed::Runs(runs) => runs.iter().map(|run| run.needle().len()).max().unwrap_or_default().max(16),
            Needed::AnyCase(runs) => runs.iter().map(|run| run.run.len()).max().unwrap_or_default().max(16),
            Needed::Words(_) => 2 * LONGEST_RUN,
        }
    }
}

/// The runs of one text, or of several of which one must be there, or words.
pub(super) struct Prefilter {
    /// What must be in what was said; none where one of the texts has no run.
    said: Option<Needed>,
    /// What must be in what was done; the same.
    done: Option<Needed>,
    /// A character that is none of ASCII may be part of it, in what was said and in what was done.
    is_unicode: (bool, bool),
    /// A run has a slash.
    has_slash: bool,
    unicode_escape: Finder<'static>,
    slash_escape: Finder<'static>,
    text_key: Finder<'static>,
    file_url: Finder<'static>,
    /// Stands in a record whose tool may have its name in another spelling.
    renamed_tool: Finder<'static>,
}

impl Prefilter {
    /// Prepares for words of terms.
    pub(super) fn of_words(terms: &[IndexTerm]) -> Option<Prefilter> {
        let words = WordFilter::of(terms)?;
        let said = Some(Needed::Words(words.clone()));
        Some(Prefilter { said, done: Some(Needed::Words(words)), is_unicode: (true, true), ..Prefilter::of(&[]) })
    }

    /// Prepares for texts of which one stands in everything that is looked for, in any case.
    pub(super) fn of_any_case(needed: &[String]) -> Prefilter {
        let is_of_use = |run: &str| run.len() > 1 && is_word(run);
        let run = |text: &String| longest(text, |letter| letter.is_ascii_alphanumeric(), is_of_use).map(AnyCase::new);
        let Some(runs) = needed.iter().map(run).collect::<Option<Vec<AnyCase>>>() else { return Prefilter::of(&[]) };
        let has_others = runs.iter().any(|run| !run.others.is_empty());
        let (said, done) = (Some(Needed::AnyCase(runs.clone())), Some(Needed::AnyCase(runs)));
        Prefilter { said, done, is_unicode: (has_others, has_others), ..Prefilter::of(&[]) }
    }

    /// Prepares for texts of which one stands in everything that is looked for; none of them where nothing is known.
    pub(super) fn of(needed: &[String]) -> Prefilter {
        let all = |run: fn(&str) -> Option<&str>| {
            let runs: Option<Vec<&str>> = needed.iter().map(|text| run(text)).collect();
            runs.filter(|runs| !runs.is_empty())
        };
        let finders =
            |runs: Vec<&str>| Needed::Runs(runs.iter().map(|run| Finder::new(run.as_bytes()).into_owned()).collect());
        let said = all(|text| longest(text, is_plain, |_| true));
        // A word of its own, or a part of one: what stands around it may be written in another way.
        let done = all(|text| longest(text, |letter| letter.is_ascii_alphanumeric(), is_word));
        Prefilter {
            is_unicode: (said.iter().flatten().any(|run| !run.is_ascii()), false),
            has_slash: said.iter().flatten().any(|run| run.contains('/')),
            said: said.map(finders),
            done: done.map(finders),
            unicode_escape: Finder::new(b"\\u"),
            slash_escape: Finder::new(b"\\/"),
            text_key: Finder::new(b"\"text\""),
            file_url: Finder::new(b"file:"),
            renamed_tool: Finder::new(b"CollabAgent"),
        }
    }

    /// Says whether what is looked for may be in the message of a record.
    pub(super) fn may_be_said(&self, payload: &[u8]) -> bool {
        let Some(needed) = &self.said else { return true };
        needed.may_be_in(payload)
            || self.has_escapes(payload, self.is_unicode.0)
            || self.has_slash && self.slash_escape.find(payload).is_some()
            // What the agent said in several parts is one text.
            || self.text_key.find_iter(payload).nth(1).is_some()
    }

    /// Says whether what is looked for may be in what was done in a rollout.
    ///
    /// # Errors
    ///
    /// Fails where it cannot be read.
    pub(super) fn may_be_done<R: Rollouts>(&self, rollouts: &R, path: &str) -> FileResult<bool> {
        let Some(needed) = &self.done else { return Ok(true) };
        let longest = needed.length();
        let may_be_in = |bytes: &[u8]| {
            needed.may_be_in(bytes)
                || self.has_escapes(bytes, self.is_unicode.1)
                || self.renamed_tool.find(bytes).is_some()
                || self.file_url.find_iter(bytes).any(|at| matches!(bytes.get(at + 5), Some(b'/' | b'\\') | None))
        };
        let mut reader = rollouts.open(path, 0)?;
        // What stands across the end of a chunk.
        let mut seam: Vec<u8> = Vec::new();
        loop {
            let chunk = reader.read(CHUNK)?;
            let bytes = chunk.as_bytes();
            if bytes.is_empty() {
                return Ok(false);
            }
            seam.extend_from_slice(&bytes[..bytes.len().min(longest)]);
            if may_be_in(bytes) || may_be_in(&seam) {
                return Ok(true);
            }
            // A shorter chunk is in it whole, and something of the one before still counts.
            if bytes.len() > longest {
                seam.clear();
                seam.extend_from_slice(&bytes[bytes.len() - longest..]);
            }
            seam.drain(..seam.len().saturating_sub(longest));
        }
    }

    /// Says whether there are escapes of characters that need none: printable ones of ASCII, or any but control characters.
    fn has_escapes(&self, bytes: &[u8], any: bool) -> bool {
        self.unicode_escape.find_iter(bytes).any(|at| match bytes.get(at + 2..at + 5) {
            Some([b'0', b'0', b'0' | b'1']) => false,
            Some([b'0', b'0', b'2'..=b'7']) | None => true,
            Some(_) => any,
        })
    }
}

/// Says whether a character stands in JSON as it is.
fn is_plain(letter: char) -> bool {
    !matches!(letter, '"' | '\\' | '\0'..='\u{1f}' | char::REPLACEMENT_CHARACTER)
}

fn is_word(run: &str) -> bool {
    run.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Returns the longest run of such characters that is of use.
fn longest(text: &str, is_part: impl Fn(char) -> bool, is_of_use: impl Fn(&str) -> bool) -> Option<&str> {
    let runs = text.split(|letter| !is_part(letter)).filter(|run| !run.is_empty() && is_of_use(run));
    runs.max_by_key(|run| run.len())
}
