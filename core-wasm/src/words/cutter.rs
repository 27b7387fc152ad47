//! Cuts a text into words, and says by which tokens each is found: the same for what is searched and for what is searched for.
//!
//! ```text
//! read_thread(ThreadStore)   read · thread · threadstore, thread, store     names by their parts, and whole
//! Ｃａｆé                     cafe                                           neither case nor accents nor widths count
//! 日本語                      日本 · 本語 · 語                                 where no space parts words: each two characters
//! 🎉                          🎉                                              a symbol is a word
//! ```
//!
//! A word is a run of letters, digits and the marks on them; what stands between runs counts for nothing. Tokens are in
//! Unicode's form NFC. Of scripts that put no spaces between words each character is a word, whose token is the character
//! and its neighbour, or the character alone where it is the last of its run.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// Bytes of a token at most; of longer words the beginning counts.
pub const LONGEST_TOKEN: usize = 64;

/// A word of a text.
pub struct Word<'a> {
    /// Where it stands: bytes of the text.
    pub place: Range<usize>,
    /// The word without what does not count, whole.
    token: &'a str,
    /// Where in the token the parts of a name like `ThreadStore` end; empty where it has no parts.
    ends: &'a [usize],
    /// It is the last one of a run of a script without spaces: its token is a single character.
    pub is_last_of_unspaced: bool,
}

impl<'a> Word<'a> {
    /// Goes through the tokens by which it is found: the whole, then its parts.
    pub fn tokens(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (token, ends) = (self.token, self.ends);
        let parts = ends.iter().scan(0, move |start, &end| token.get(core::mem::replace(start, end)..end));
        core::iter::once(capped(token)).chain(parts)
    }

    /// Returns the token of the whole word.
    pub fn whole(&self) -> &'a str {
        capped(self.token)
    }
}

/// Cuts texts into words; it may be used for many, one after the other.
#[derive(Default)]
pub struct WordCutter {
    token: String,
    ends: Vec<usize>,
    letters: Vec<Letter>,
}

/// A letter of a run, without what does not count.
struct Letter {
    letter: char,
    place: Range<usize>,
    upper: bool,
}

impl WordCutter {
    /// Hands out the words of a text in order.
    pub fn cut(&mut self, text: &str, mut each: impl FnMut(&Word<'_>)) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let begin = at;
            while bytes.get(at).is_some_and(u8::is_ascii_alphanumeric) {
                at += 1;
            }
            if bytes.get(at).is_none_or(u8::is_ascii) {
                if at > begin {
                    self.ascii(&text[begin..at], begin, &mut each);
                }
                at += usize::from(at == begin && byte.is_ascii());
                continue;
            }
            let run = text[at..].find(|letter| !is_of_word(letter)).map_or(text.len(), |length| at + length);
            if run > begin {
                self.letters_of(&text[begin..run], begin);
                self.any_script(&mut each);
                at = run;
            }
            let Some(next) = text[at..].chars().next() else { break };
            if is_symbol(next) {
                let place = at..at + next.len_utf8();
                each(&Word { token: &text[place.clone()], place, ends: &[], is_last_of_unspaced: false });
            }
            if run == begin || is_symbol(next) {
                at += next.len_utf8();
            }
        }
    }

    /// A run of letters and digits of ASCII.
    fn ascii(&mut self, run: &str, begin: usize, each: &mut impl FnMut(&Word<'_>)) {
        self.token.clear();
        self.token.push_str(run);
        self.token.make_ascii_lowercase();
        self.ends.clear();
        if run.len() <= LONGEST_TOKEN && run.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let bytes = run.as_bytes();
            let upper = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_uppercase);
            let lower = |at: usize| bytes.get(at).is_some_and(|byte| !byte.is_ascii_uppercase());
            let begins = |&at: &usize| upper(at) && (lower(at - 1) || lower(at + 1));
            self.ends.extend((1..bytes.len()).filter(begins));
            if !self.ends.is_empty() {
                self.ends.push(bytes.len());
            }
        }
        let place = begin..begin + run.len();
        each(&Word { token: &self.token, place, ends: &self.ends, is_last_of_unspaced: false });
    }

    /// Takes the letters of a run, without what does not count. Where the run is in another form than NFC its letters cannot be
    /// told apart: each stands for the whole.
    fn letters_of(&mut self, run: &str, begin: usize) {
        self.letters.clear();
        let letters = &mut self.letters;
        if unicode_normalization::is_nfkc(run) {
            for (at, letter) in run.char_indices() {
                let place = begin + at..begin + at + letter.len_utf8();
                fold(letter, |folded, upper| letters.push(Letter { letter: folded, place: place.clone(), upper }));
            }
        } else {
            let place = begin..begin + run.len();
            for letter in run.nfkc() {
                fold(letter, |folded, upper| letters.push(Letter { letter: folded, place: place.clone(), upper }));
            }
        }
    }

    /// The letters that were taken, of whatever scripts.
    fn any_script(&mut self, each: &mut impl FnMut(&Word<'_>)) {
        let mut rest = self.letters.as_slice();
        while let Some(first) = rest.first() {
            let unspaced = is_unspaced(first.letter);
            let length = rest.iter().position(|letter| is_unspaced(letter.letter) != unspaced).unwrap_or(rest.len());
            let (run, behind) = rest.split_at(length);
            rest = behind;
            self.ends.clear();
            if unspaced {
                for (at, letter) in run.iter().enumerate() {
                    self.token.clear();
                    self.token.extend(run[at..].iter().take(2).map(|letter| letter.letter));
                    let is_last_of_unspaced = at + 1 == run.len();
                    let place = letter.place.clone();
                    each(&Word { token: &self.token, place, ends: &[], is_last_of_unspaced });
                }
                continue;
            }
            self.token.clear();
            for (at, letter) in run.iter().enumerate() {
                let lower = |at: usize| run.get(at).is_some_and(|letter| !letter.upper);
                if at > 0 && letter.upper && (lower(at - 1) || lower(at + 1)) {
                    self.ends.push(self.token.len());
                }
                self.token.push(letter.letter);
            }
            match self.token.len() {
                length if length > LONGEST_TOKEN => self.ends.clear(),
                length if !self.ends.is_empty() => self.ends.push(length),
                _ => {}
            }
            let place = first.place.start..run.last().map_or(first.place.end, |last| last.place.end);
            each(&Word { token: &self.token, place, ends: &self.ends, is_last_of_unspaced: false });
        }
    }
}

/// The beginning of a token that counts.
fn capped(token: &str) -> &str {
    &token[..token.floor_char_boundary(LONGEST_TOKEN)]
}

/// Hands out a letter without case and accents, and whether it was a capital one.
fn fold(letter: char, mut each: impl FnMut(char, bool)) {
    if is_unspaced(letter) {
        return each(letter, false);
    }
    let upper = letter.is_uppercase();
    decompose_canonical(letter, |part| {
        if is_accent(part) {
            return;
        }
        for lower in part.to_lowercase().filter(|&lower| !is_accent(lower)) {
            match other_letters(lower) {
                Some(letters) => letters.chars().for_each(|letter| each(letter, upper)),
                None => each(lower, upper),
            }
        }
    });
}

/// Letters that people also write with others, though Unicode has no such form of them.
fn other_letters(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ς' => "σ",
        _ => return None,
    })
}

/// Says whether a mark is one that people leave out: accents, and the points of Hebrew and Arabic. The marks of other scripts
/// are letters of their own.
fn is_accent(mark: char) -> bool {
    matches!(mark, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}'
        | '\u{670}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}')
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || is_combining_mark(letter) || matches!(letter, '\u{200c}' | '\u{200d}')
}

/// Says whether a character is a picture or a sign that people look for as such: arrows, mathematics, shapes, emoji.
fn is_symbol(letter: char) -> bool {
    matches!(letter, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}') && !letter.is_alphanumeric()
}

/// Says whether a letter belongs to a script that puts no spaces between words, or whose words are joined freely: Han, Kana,
/// Hangul, Bopomofo, Thai, Lao, Burmese, Khmer.
fn is_unspaced(letter: char) -> bool {
    matches!(letter, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17ff}'
        | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{303c}' | '\u{3040}'..='\u{318f}'
        | '\u{31a0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests;
