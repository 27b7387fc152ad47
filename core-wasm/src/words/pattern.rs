//! Finds a text as it stands, or what a regular expression matches, within one text.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use contract::TextPattern;
use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};

/// Bytes of a compiled expression at most, and of what is kept while one is matched.
const LARGEST: usize = 2 << 20;
/// How deep groups of an expression may stand in each other.
const DEEPEST: u32 = 64;
/// Alternatives of which one must stand in a text, at most; with more nothing is known.
const MOST_ALTERNATIVES: usize = 8;

/// A pattern, ready to be looked for.
pub struct Pattern {
    form: Form,
    needed: Vec<String>,
    ignores_case: bool,
}

enum Form {
    Literal(Box<Finder<'static>>),
    Regex(Regex),
}

impl Pattern {
    /// Reads a pattern; why not, where it cannot be looked for.
    pub fn new(pattern: &TextPattern) -> Result<Pattern, String> {
        let TextPattern { text, is_regex, ignores_case } = pattern;
        if text.is_empty() {
            return Err("there is nothing in it".into());
        }
        if !is_regex && !ignores_case {
            let form = Form::Literal(Box::new(Finder::new(text.as_bytes()).into_owned()));
            return Ok(Pattern { form, needed: alloc::vec![text.clone()], ignores_case: false });
        }
        let literal = (!is_regex).then(|| alloc::vec![text.clone()]);
        let text = if *is_regex { text.clone() } else { regex_syntax::escape(text) };
        let parsed = ParserBuilder::new()
            .multi_line(true)
            .crlf(true)
            .case_insensitive(*ignores_case)
            .nest_limit(DEEPEST)
            .build()
            .parse(&text);
        let parsed = parsed.map_err(|error| why(&text, &error))?;
        if parsed.properties().minimum_len() == Some(0) {
            return Err("the regular expression matches the empty text, which stands everywhere".into());
        }
        let regex = RegexBuilder::new(&text)
            .multi_line(true)
            .crlf(true)
            .case_insensitive(*ignores_case)
            .nest_limit(DEEPEST)
            .size_limit(LARGEST)
            .dfa_size_limit(LARGEST)
            .build();
        let regex = regex.map_err(|_| {
            format!("the regular expression takes more than {} MiB of memory; repeat less in it", LARGEST >> 20)
        })?;
        let ignores_case = literal.is_some();
        let needed = literal.or_else(|| needed(&parsed)).unwrap_or_default();
        Ok(Pattern { form: Form::Regex(regex), needed, ignores_case })
    }

    /// Returns texts of which one at least stands in every text in which the pattern does; none where no such are known.
    pub fn needed(&self) -> &[String] {
        &self.needed
    }

    /// Says whether those texts may stand there in any case.
    pub fn ignores_case(&self) -> bool {
        self.ignores_case
    }

    /// Says whether it stands in a text.
    pub fn is_in(&self, text: &str) -> bool {
        match &self.form {
            Form::Literal(finder) => finder.find(text.as_bytes()).is_some(),
            Form::Regex(regex) => regex.is_match(text),
        }
    }

    /// Hands out the places where it stands in a text, one behind the other, until it is told false.
    pub fn find(&self, text: &str, mut each: impl FnMut(Range<usize>) -> bool) {
        match &self.form {
            Form::Literal(finder) => {
                let length = finder.needle().len();
                let _ = finder.find_iter(text.as_bytes()).all(|start| each(start..start + length));
            }
            Form::Regex(regex) => {
                let _ = regex.find_iter(text).all(|found| each(found.range()));
            }
        }
    }
}

/// Says what is wrong with an expression, and where.
fn why(text: &str, error: &regex_syntax::Error) -> String {
    let (what, at) = match error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.offset),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start.offset),
        error => return error.to_string(),
    };
    let place = text.get(..at).map_or(0, |before| before.chars().count()) + 1;
    format!("the regular expression cannot be read at character {place}: {what}")
}

/// Finds texts of which one stands in everything that an expression matches: the longest ones.
fn needed(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(alloc::vec![core::str::from_utf8(&literal.0).ok()?.into()]),
        HirKind::Capture(capture) => needed(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => needed(&repetition.sub),
        HirKind::Concat(parts) => {
            let shortest = |texts: &Vec<String>| texts.iter().map(String::len).min();
            parts.iter().filter_map(needed).max_by_key(shortest)
        }
        HirKind::Alternation(parts) => {
            let texts: Vec<Vec<String>> = parts.iter().map(needed).collect::<Option<_>>()?;
            Some(texts.concat()).filter(|texts| texts.len() <= MOST_ALTERNATIVES)
        }
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails there")]
mod tests;
