//! Texts within so many columns of a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::visible::plain;

/// Gives a text in one line of at most `columns`, with white space folded.
pub fn shorten(text: &str, columns: usize) -> String {
    let folded = plain(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if folded.width() <= columns {
        return folded;
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in folded.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        kept.push(c);
    }
    format!("{}…", kept.trim_end())
}

/// Gives a text in one line of just so many columns: shortened, or followed by spaces.
pub fn pad(text: &str, columns: usize) -> String {
    let short = shorten(text, columns);
    let space = columns.saturating_sub(short.width());
    format!("{short}{}", " ".repeat(space))
}
