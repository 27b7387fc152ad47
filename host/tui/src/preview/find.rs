//! Searched words in lines that are drawn: where they stand, and how they are marked.
//!
//! Letters count without case, accents and width, by the rules of the index of what was said: what the search finds is found
//! here too. A place is a range of bytes in the text of the line, all its spans joined, and
//! whole clusters: what is one to the reader is marked as one.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_canonical;
use unicode_segmentation::UnicodeSegmentation;

/// Finds words in lines, and gives for each place the number of the line and the bytes of its text; the places are in the order
/// of the text, and do not overlap. Words that are empty are nowhere.
pub fn find_in<'a>(lines: impl IntoIterator<Item = &'a Line<'a>>, words: &[String]) -> Vec<(usize, Range<usize>)> {
    let words: Vec<String> = words.iter().map(|word| folded(word)).filter(|word| !word.is_empty()).collect();
    let mut found = Vec::new();
    if words.is_empty() {
        return found;
    }
    for (number, line) in lines.into_iter().enumerate() {
        let text: String = line.spans.iter().map(|span| span.content.as_ref()).collect();
        found.extend(places(&text, &words).into_iter().map(|range| (number, range)));
    }
    found
}

/// Gives the line with a style over the places, which are in order, as [`find_in`] gives them for one line.
pub fn mark(line: &Line<'_>, ranges: &[Range<usize>], style: Style) -> Line<'static> {
    let mut spans = Vec::new();
    let mut ranges = ranges.iter().filter(|range| !range.is_empty()).peekable();
    let mut start = 0;
    for span in &line.spans {
        let end = start + span.content.len();
        let mut from = start;
        while from < end {
            while ranges.next_if(|range| range.end <= from).is_some() {}
            let (until, is_inside) = match ranges.peek() {
                Some(range) if range.start <= from => (range.end.min(end), true),
                Some(range) => (range.start.min(end), false),
                None => (end, false),
            };
            // A place that is not one of this text cuts no letter.
            let until = (until..end).find(|at| span.content.is_char_boundary(at - start)).unwrap_or(end);
            let painted = if is_inside { span.style.patch(style) } else { span.style };
            spans.push(Span::styled(span.content[from - start..until - start].to_owned(), painted));
            from = until;
        }
        start = end;
    }
    Line { spans, style: line.style, alignment: line.alignment }
}

/// The places of words, which are folded, in a text.
fn places(text: &str, words: &[String]) -> Vec<Range<usize>> {
    if text.is_ascii() && words.iter().all(|word| !word.is_ascii()) {
        return Vec::new();
    }
    let mut plain = String::with_capacity(text.len());
    // Where the letters of each cluster begin, in what was folded and in the text.
    let mut begins = Vec::new();
    for (at, cluster) in text.grapheme_indices(true) {
        begins.push((plain.len(), at));
        fold(cluster, &mut plain);
    }
    begins.push((plain.len(), text.len()));
    let mut found: Vec<Range<usize>> = Vec::new();
    for word in words {
        for (at, word) in plain.match_indices(word.as_str()) {
            let end = at + word.len();
            // Clusters that are nothing when folded begin where the next one does: the last of them has the letter.
            let first = begins.partition_point(|(plain, _)| *plain <= at).saturating_sub(1);
            let last = begins.partition_point(|(plain, _)| *plain < end);
            if let (Some((_, start)), Some((_, end))) = (begins.get(first), begins.get(last)) {
                found.push(*start..*end);
            }
        }
    }
    found.sort_unstable_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for range in found {
        match merged.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// Gives a word as it is compared.
fn folded(word: &str) -> String {
    let mut plain = String::new();
    fold(word.trim(), &mut plain);
    plain
}

/// Appends the letters that stand for a text when it is compared.
fn fold(text: &str, plain: &mut String) {
    if text.is_ascii() {
        plain.extend(text.chars().map(|c| c.to_ascii_lowercase()));
        return;
    }
    for letter in text.nfkc() {
        // Syllables of Hangul are letters.
        if matches!(letter, '\u{ac00}'..='\u{d7ff}') {
            plain.push(letter);
            continue;
        }
        decompose_canonical(letter, |part| {
            for lower in part.to_lowercase().filter(|lower| !is_accent(*lower)) {
                match other_letters(lower) {
                    Some(letters) => plain.push_str(letters),
                    None => plain.push(lower),
                }
            }
        });
    }
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

#[cfg(test)]
mod tests {
    //! Shows what is found, and what is painted.

    use ratatui::style::Style;
    use ratatui::text::{Line, Span};

    use super::{find_in, mark};

    fn found<'a>(text: &'a str, words: &[&str]) -> Vec<&'a str> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        find_in(&[Line::raw(text)], &words).into_iter().map(|(_, range)| &text[range]).collect()
    }

    #[test]
    fn words_are_found_without_case_accents_and_width() {
        assert_eq!(
            found("The KITE, a kité, ａ ｋｉｔｅ, a kite\u{301}", &["kite"]),
            ["KITE", "kité", "ｋｉｔｅ", "kite\u{301}"]
        );
        assert_eq!(found("Straße ΟΔΟΣ İstanbul", &["STRASSE", "οδος", "istanbul"]), ["Straße", "ΟΔΟΣ", "İstanbul"]);
        assert_eq!(found("Ærø, ﬁne, 각가", &["aero", "fin", "가"]), ["Ærø", "ﬁn", "가"]);
        assert_eq!(found("שָׁלוֹם की", &["שלום"]), ["שָׁלוֹם"]);
        assert_eq!(found("凧が飛ぶ 👩🏽\u{200d}🚀 up", &["飛", "🚀"]), ["飛", "👩🏽\u{200d}🚀"]);
        assert_eq!(found("plain", &["", " "]), [""; 0]);
        assert_eq!(found("plain", &["凧"]), [""; 0]);
    }

    #[test]
    fn words_that_overlap_are_one_place() {
        assert_eq!(found("kitesail", &["kites", "sail"]), ["kitesail"]);
        assert_eq!(found("kitesail", &["kite", "sail"]), ["kite", "sail"]);
        assert_eq!(found("aaaa", &["aa"]), ["aa", "aa"]);
    }

    #[test]
    fn a_place_may_go_over_spans_and_keeps_their_styles() {
        let line = Line::from(vec![Span::raw("a ki"), Span::styled("te up", Style::new().bold())]);
        let places = find_in(std::slice::from_ref(&line), &["kite".to_owned()]);
        assert_eq!(places, [(0, 2..6)]);
        let marked = mark(&line, std::slice::from_ref(&places[0].1), Style::new().reversed());
        assert_eq!(
            marked.spans,
            [
                Span::raw("a "),
                Span::styled("ki", Style::new().reversed()),
                Span::styled("te", Style::new().bold().reversed()),
                Span::styled(" up", Style::new().bold()),
            ]
        );
    }

    #[test]
    fn places_that_are_none_of_the_line_do_no_harm() {
        let line = Line::raw("凧 up");
        for range in [1..2, 0..99, 40..50, 3..3] {
            let marked = mark(&line, std::slice::from_ref(&range), Style::new().bold());
            assert_eq!(marked.spans.iter().map(|span| span.content.as_ref()).collect::<String>(), "凧 up", "{range:?}");
        }
        let mixed = Line::from(vec![Span::raw("kite"), Span::raw("凧")]);
        assert_eq!(mark(&mixed, &[], Style::new()), mixed);
    }
}
