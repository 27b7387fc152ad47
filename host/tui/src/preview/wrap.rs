//! Folding of styled text by the columns that it takes.
//!
//! Columns are those of ratatui: each cluster of characters that is one to the reader takes what unicode-width gives for it.
//! A cluster stays whole unless it alone is wider than a line.

use ratatui::style::Style;
use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Says where a line may end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fold {
    /// Between words, and between the signs of scripts that have none.
    Words,
    /// Anywhere: all white space stays.
    Columns,
}

/// A piece of a span.
struct Fragment {
    span: usize,
    start: usize,
    end: usize,
}

/// Pieces that follow each other, and their width.
#[derive(Default)]
struct Row {
    fragments: Vec<Fragment>,
    width: usize,
}

impl Row {
    fn push(&mut self, fragment: Fragment, width: usize) {
        self.width += width;
        match self.fragments.last_mut() {
            Some(last) if last.span == fragment.span && last.end == fragment.start => last.end = fragment.end,
            _ => self.fragments.push(fragment),
        }
    }

    fn append(&mut self, other: &mut Row) {
        self.width += other.width;
        other.width = 0;
        for fragment in other.fragments.drain(..) {
            self.push(fragment, 0);
        }
    }

    fn clear(&mut self) {
        self.fragments.clear();
        self.width = 0;
    }
}

struct Folding<'a> {
    spans: &'a [Span<'static>],
    room: usize,
    lines: Vec<Vec<Span<'static>>>,
    line: Row,
    gap: Row,
    word: Row,
}

/// Folds spans into lines of so many columns, at most so many lines; there is at least one, and it may be empty.
pub(super) fn fold(spans: &[Span<'static>], room: usize, fold: Fold, most: usize) -> Vec<Vec<Span<'static>>> {
    let room = room.max(2);
    let mut folding =
        Folding { spans, room, lines: Vec::new(), line: Row::default(), gap: Row::default(), word: Row::default() };
    let mut before = "";
    for (span, whole) in spans.iter().enumerate() {
        for (start, cluster) in whole.content.grapheme_indices(true) {
            if folding.lines.len() >= most {
                return folding.lines;
            }
            let width = cluster.width();
            if width <= room {
                let fragment = Fragment { span, start, end: start + cluster.len() };
                folding.put(fragment, width, fold, before, cluster);
            } else {
                for (at, c) in cluster.char_indices() {
                    let fragment = Fragment { span, start: start + at, end: start + at + c.len_utf8() };
                    folding.put(fragment, c.width().unwrap_or(0), fold, before, cluster);
                }
            }
            before = cluster;
        }
    }
    folding.end_word();
    folding.end_line();
    folding.lines
}

impl Folding<'_> {
    fn put(&mut self, fragment: Fragment, width: usize, fold: Fold, before: &str, cluster: &str) {
        if fold == Fold::Columns {
            if self.line.width + width > self.room {
                self.end_line();
            }
            self.line.push(fragment, width);
            return;
        }
        if matches!(cluster, " " | "\u{3000}") {
            self.end_word();
            self.gap.push(fragment, width);
            return;
        }
        if may_part(before, cluster) || self.word.width + width > self.room {
            self.end_word();
        }
        self.word.push(fragment, width);
    }

    fn end_word(&mut self) {
        if self.word.fragments.is_empty() {
            return;
        }
        if self.line.width > 0 && self.line.width + self.gap.width + self.word.width > self.room {
            self.end_line();
        } else if self.gap.width + self.word.width > self.room {
            self.gap.clear();
        }
        self.line.append(&mut self.gap);
        self.line.append(&mut self.word);
    }

    fn end_line(&mut self) {
        self.gap.clear();
        let spans = self.spans;
        let piece = |fragment: Fragment| {
            let whole = &spans[fragment.span];
            Span::styled(whole.content[fragment.start..fragment.end].to_owned(), whole.style)
        };
        self.lines.push(self.line.fragments.drain(..).map(piece).collect());
        self.line.width = 0;
    }
}

/// A line may end between signs of which one is wide, as those of Chinese and Japanese are, but not before what closes.
fn may_part(before: &str, after: &str) -> bool {
    let is_wide = |cluster: &str| cluster.chars().next().is_some_and(|c| c.width() == Some(2));
    let opens = matches!(before, "（" | "「" | "『" | "【" | "《" | "〈" | "［" | "(" | "[" | "\"" | "“");
    let closes = matches!(
        after,
        "）" | "」" | "』" | "】" | "》" | "〉" | "］" | "、" | "。" | "，" | "．" | "！" | "？" | "："
    ) || matches!(after, "；" | "ー" | "々" | ")" | "]" | "\"" | "”" | "." | "," | "!" | "?" | ":" | ";");
    !before.is_empty() && (is_wide(before) || is_wide(after)) && !opens && !closes
}

/// Gives the columns that spans take, cluster by cluster, as they are put on a screen.
pub(super) fn width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| text_width(&span.content)).sum()
}

fn text_width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(UnicodeWidthStr::width).sum() }
}

/// Shortens spans to so many columns; `…` stands for what is left out.
pub(super) fn shorten(spans: Vec<Span<'static>>, room: usize) -> Vec<Span<'static>> {
    if spans.iter().map(|span| span.content.len()).sum::<usize>() <= room || width(&spans) <= room {
        return spans;
    }
    let style = spans.last().map_or_else(Style::default, |span| span.style);
    let mut first = fold(&spans, room.saturating_sub(1), Fold::Columns, 1).into_iter().next().unwrap_or_default();
    first.push(Span::styled("…", first.last().map_or(style, |span| span.style)));
    first
}

#[cfg(test)]
mod tests {
    //! Shows where lines end.

    use ratatui::text::Span;

    use super::{Fold, fold, shorten};

    fn folded(text: &'static str, room: usize, how: Fold) -> Vec<String> {
        let lines = fold(&[Span::raw(text)], room, how, usize::MAX);
        lines.iter().map(|spans| spans.iter().map(|span| span.content.as_ref()).collect()).collect()
    }

    #[test]
    fn lines_end_between_words() {
        assert_eq!(folded("the kite is over the hill", 12, Fold::Words), ["the kite is", "over the", "hill"]);
        assert_eq!(folded("  led in", 20, Fold::Words), ["  led in"]);
        assert_eq!(folded("", 20, Fold::Words), [""]);
        assert_eq!(folded("a unbelievable b", 6, Fold::Words), ["a", "unbeli", "evable", "b"]);
    }

    #[test]
    fn white_space_of_code_stays() {
        assert_eq!(folded("  if  x {", 4, Fold::Columns), ["  if", "  x ", "{"]);
    }

    #[test]
    fn wide_signs_part_but_not_before_what_closes() {
        assert_eq!(folded("凧が空を飛ぶ。", 6, Fold::Words), ["凧が空", "を飛", "ぶ。"]);
        assert_eq!(folded("見る「凧」", 6, Fold::Words), ["見る", "「凧」"]);
    }

    #[test]
    fn clusters_stay_whole() {
        let family = "👨\u{200d}👩\u{200d}👧";
        assert_eq!(folded("👨\u{200d}👩\u{200d}👧👨\u{200d}👩\u{200d}👧", 3, Fold::Words), [family, family]);
        assert_eq!(folded("e\u{301}e\u{301}e\u{301}", 2, Fold::Columns), ["e\u{301}e\u{301}", "e\u{301}"]);
    }

    #[test]
    fn a_cluster_wider_than_a_line_is_parted() {
        let lines = folded("ᄀᄀᄀᄀᄀ", 4, Fold::Words);
        assert_eq!(lines, ["ᄀᄀ", "ᄀᄀ", "ᄀ"]);
    }

    #[test]
    fn styles_go_along() {
        let spans = [Span::raw("the "), Span::styled("kite is", ratatui::style::Style::new().bold())];
        let lines = fold(&spans, 8, Fold::Words, usize::MAX);
        assert_eq!(
            lines,
            [vec![Span::raw("the "), "kite".into()], vec!["is".into()]].map(|mut line: Vec<Span<'_>>| {
                if let Some(last) = line.last_mut() {
                    last.style = ratatui::style::Style::new().bold();
                }
                line
            })
        );
    }

    #[test]
    fn what_is_too_wide_is_shortened() {
        let short = |text: &'static str, room| {
            shorten(vec![Span::raw(text)], room).iter().map(|s| s.content.clone()).collect::<String>()
        };
        assert_eq!(short("the kite", 8), "the kite");
        assert_eq!(short("the kites", 8), "the kit…");
        assert_eq!(short("凧凧凧", 4), "凧…");
    }
}
