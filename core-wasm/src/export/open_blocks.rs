//! Finds out what a message in CommonMark leaves open at its end: a fence or a piece of HTML that nobody closed would swallow
//! whatever follows the message in a document.
//!
//! This is the first phase of the specification's parsing strategy (CommonMark 0.31.2, appendix), as far as it tells which block is
//! open. What stands in a quote or a list is closed by the next heading, so that only blocks at the top count.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Returns the lines that close what a message leaves open; none where it leaves nothing open.
pub(super) fn closing_lines(text: &str) -> Option<String> {
    // Nothing else stays open.
    if !["```", "~~~", "<"].iter().any(|mark| text.contains(mark)) {
        return None;
    }
    // To some parsers a script, say, ends with the end of a style too, as the specification has it, to others with its own alone.
    match (Scan::closing_line(text, false), Scan::closing_line(text, true)) {
        (Some(line), Some(own)) if line != own => Some(format!("{line}\n{own}")),
        (line, own) => line.or(own),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    Quote,
    /// The columns that its content is indented by, and whether it has none yet.
    Item {
        indent: usize,
        empty: bool,
    },
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Leaf {
    #[default]
    None,
    Paragraph,
    Fence {
        mark: char,
        length: usize,
    },
    /// HTML, and what ends it; a blank line where that is empty.
    Html(&'static str),
}

#[derive(Default)]
struct Scan {
    containers: Vec<Container>,
    leaf: Leaf,
    /// Each tag ends with its own end alone.
    own_ends: bool,
    /// The open paragraph has nothing but definitions of links, so that no line underlines it.
    is_definition: bool,
}

/// Kinds of HTML that a blank line does not end: how they begin, in lower case, and how they end.
const HTML: [(&str, &str); 8] = [
    ("<script", "</script>"),
    ("<pre", "</pre>"),
    ("<style", "</style>"),
    ("<textarea", "</textarea>"),
    ("<!--", "-->"),
    ("<?", "?>"),
    ("<![cdata[", "]]>"),
    ("<!", ">"),
];

impl Scan {
    fn closing_line(text: &str, own_ends: bool) -> Option<String> {
        let mut scan = Scan { own_ends, ..Scan::default() };
        for line in text.split('\n') {
            scan.line(&expanded(line));
        }
        match scan.leaf {
            _ if !scan.containers.is_empty() => None,
            Leaf::Fence { mark, length } => Some(mark.to_string().repeat(length)),
            Leaf::Html(end) => (!end.is_empty()).then(|| end.into()),
            Leaf::None | Leaf::Paragraph => None,
        }
    }

    fn line(&mut self, line: &str) {
        let (matched, mut rest) = self.matching(line);
        let all = matched == self.containers.len();
        if all && self.goes_on(rest) {
            return;
        }
        let mut is_open_paragraph = self.leaf == Leaf::Paragraph;
        let mut opened = false;
        loop {
            let spaces = indent_of(rest);
            let text = &rest[spaces..];
            if text.is_empty() || spaces >= 4 {
                break;
            }
            let interrupts = is_open_paragraph && all && !opened;
            if let Some(after) = text.strip_prefix('>') {
                self.close(matched, &mut opened);
                self.fill_items();
                self.containers.push(Container::Quote);
                rest = after.strip_prefix(' ').unwrap_or(after);
            } else if let Some(leaf) = block_start(text, is_open_paragraph && !opened, self.own_ends) {
                self.close(matched, &mut opened);
                self.leaf = leaf;
                self.fill_items();
                return;
            } else if let Some((indent, after)) = list_item(text, interrupts) {
                self.close(matched, &mut opened);
                self.fill_items();
                self.containers.push(Container::Item { indent: spaces + indent, empty: true });
                rest = after;
            } else {
                break;
            }
            is_open_paragraph = false;
        }
        if rest.trim_start_matches(' ').is_empty() {
            self.close(matched, &mut opened);
            self.leaf = Leaf::None;
        } else if is_open_paragraph && !opened {
            // A paragraph goes on, be it lazily: its containers stay open.
            self.is_definition &= is_definition(rest);
        } else {
            self.close(matched, &mut opened);
            // Code that is indented ends by itself.
            self.leaf = if indent_of(rest) >= 4 { Leaf::None } else { Leaf::Paragraph };
            self.is_definition = is_definition(rest);
            self.fill_items();
        }
    }

    /// How many containers go on in a line, and what of the line is behind their marks.
    fn matching<'a>(&self, line: &'a str) -> (usize, &'a str) {
        let mut rest = line;
        for (at, container) in self.containers.iter().enumerate() {
            let spaces = indent_of(rest);
            let is_blank = spaces == rest.len();
            rest = match *container {
                Container::Quote if spaces < 4 && rest[spaces..].starts_with('>') => {
                    let after = &rest[spaces + 1..];
                    after.strip_prefix(' ').unwrap_or(after)
                }
                Container::Item { empty, .. } if is_blank && !empty => &rest[spaces..],
                Container::Item { indent, .. } if !is_blank && spaces >= indent => &rest[indent..],
                _ => return (at, rest),
            };
        }
        (self.containers.len(), rest)
    }

    /// The line belongs to the open block, whatever it says.
    fn goes_on(&mut self, rest: &str) -> bool {
        match self.leaf {
            Leaf::Fence { mark, length } => {
                let text = rest.trim_start_matches(' ');
                let run = text.chars().take_while(|c| *c == mark).count();
                if indent_of(rest) < 4 && run >= length && text[run..].trim().is_empty() {
                    self.leaf = Leaf::None;
                }
                true
            }
            Leaf::Html("") if rest.trim().is_empty() => false,
            Leaf::Html(end) => {
                if ends_html(rest, end, self.own_ends) {
                    self.leaf = Leaf::None;
                }
                true
            }
            Leaf::Paragraph => {
                let text = rest.trim();
                let is_rule = |c: char| !text.is_empty() && text.chars().all(|other| other == c);
                let is_underline = indent_of(rest) < 4 && !self.is_definition && (is_rule('=') || is_rule('-'));
                if is_underline {
                    self.leaf = Leaf::None;
                }
                is_underline
            }
            Leaf::None => false,
        }
    }

    /// Closes the containers that a line does not go on with, once in a line.
    fn close(&mut self, matched: usize, opened: &mut bool) {
        if !core::mem::replace(opened, true) && matched < self.containers.len() {
            self.containers.truncate(matched);
        }
        self.leaf = Leaf::None;
    }

    fn fill_items(&mut self) {
        for container in &mut self.containers {
            if let Container::Item { empty, .. } = container {
                *empty = false;
            }
        }
    }
}

/// Reads a block that is no container and no paragraph: the leaf that is open after its first line. `in_paragraph` where the line
/// may go on a paragraph, be it lazily.
fn block_start(text: &str, in_paragraph: bool, own_ends: bool) -> Option<Leaf> {
    let hashes = text.len() - text.trim_start_matches('#').len();
    if (1..=6).contains(&hashes) && (text.len() == hashes || text[hashes..].starts_with(' ')) {
        return Some(Leaf::None);
    }
    for mark in ['`', '~'] {
        let length = text.chars().take_while(|c| *c == mark).count();
        if length >= 3 && (mark == '~' || !text[length..].contains('`')) {
            return Some(Leaf::Fence { mark, length });
        }
    }
    if text.starts_with('<') {
        return html_start(text, in_paragraph, own_ends);
    }
    let rule = text.chars().next().filter(|c| matches!(c, '*' | '-' | '_'))?;
    let marks = text.chars().filter(|c| *c == rule).count();
    (marks >= 3 && text.chars().all(|c| c == rule || c == ' ')).then_some(Leaf::None)
}

fn html_start(text: &str, in_paragraph: bool, own_ends: bool) -> Option<Leaf> {
    let lower = text.to_ascii_lowercase();
    for (begin, end) in HTML {
        let Some(after) = lower.strip_prefix(begin) else { continue };
        let fits = match begin {
            "<!" => after.starts_with(|c: char| c.is_ascii_alphabetic()),
            "<!--" | "<?" | "<![cdata[" => true,
            _ => after.is_empty() || after.starts_with([' ', '>']),
        };
        if fits {
            // The end may stand in the same line; that of a comment may share its signs with the beginning.
            let rest = if begin == "<!--" { &text[2..] } else { &text[begin.len()..] };
            return Some(if ends_html(rest, end, own_ends) { Leaf::None } else { Leaf::Html(end) });
        }
    }
    let name = lower.trim_start_matches('<').trim_start_matches('/');
    let length = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(name.len());
    let (name, after) = name.split_at(length);
    let is_known =
        BLOCK_TAGS.contains(&name) && (after.is_empty() || after.starts_with([' ', '>']) || after.starts_with("/>"));
    // Any other tag that is whole and alone in its line.
    let is_tag = !name.is_empty() && name.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_alone = is_tag && !in_paragraph && lower.trim_end().ends_with('>') && lower.matches('<').count() == 1;
    (is_known || is_alone).then_some(Leaf::Html(""))
}

fn ends_html(line: &str, end: &str, own_ends: bool) -> bool {
    let line = line.to_ascii_lowercase();
    match end {
        "</script>" | "</pre>" | "</style>" | "</textarea>" if !own_ends => {
            HTML[..4].iter().any(|(_, end)| line.contains(end))
        }
        "" => false,
        end => line.contains(end),
    }
}

/// Tags that begin a block wherever they stand.
const BLOCK_TAGS: [&str; 62] = [
    "address",
    "article",
    "aside",
    "base",
    "basefont",
    "blockquote",
    "body",
    "caption",
    "center",
    "col",
    "colgroup",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "frame",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "iframe",
    "legend",
    "li",
    "link",
    "main",
    "menu",
    "menuitem",
    "nav",
    "noframes",
    "ol",
    "optgroup",
    "option",
    "p",
    "param",
    "search",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "track",
    "ul",
];

/// Reads the mark of a list's item: the columns that its content is indented by, and what is behind the mark.
fn list_item(text: &str, interrupts: bool) -> Option<(usize, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let width = match (digits, text.as_bytes().get(digits)) {
        (0, Some(b'-' | b'+' | b'*')) => 1,
        (1..=9, Some(b'.' | b')')) => digits + 1,
        _ => return None,
    };
    let after = &text[width..];
    let spaces = indent_of(after);
    let is_blank = spaces == after.len();
    if !is_blank && spaces == 0 {
        return None;
    }
    if interrupts && (is_blank || (digits > 0 && &text[..digits] != "1")) {
        return None;
    }
    let padding = if is_blank || spaces > 4 { 1 } else { spaces };
    Some((width + padding, after.get(padding..).unwrap_or_default()))
}

fn is_definition(line: &str) -> bool {
    line.trim_start_matches(' ').starts_with('[') && line.contains("]:")
}

fn indent_of(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

/// Returns a line whose tabs are spaces, up to columns that are multiples of four.
fn expanded(line: &str) -> String {
    if !line.contains('\t') {
        return line.into();
    }
    let mut out = String::with_capacity(line.len() + 8);
    for c in line.chars() {
        match c {
            '\t' => out.push_str(&"    "[..4 - out.len() % 4]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::closing_lines;

    #[test]
    fn what_a_message_leaves_open_is_known() {
        for (text, expected) in [
            ("plain", None),
            ("```rust\nfn main() {}", Some("```")),
            ("```rust\nfn main() {}\n```", None),
            ("~~~~\na\n~~~\n", Some("~~~~")),
            ("- ```\n  code\n  ```", None),
            ("- ```\n  code", None),
            ("> ```\n> code", None),
            ("a\n\n    ```\n", None),
            ("a\n    ```\n", None),
            ("```a`b\n", None),
            ("<!-- open\n\nmore", Some("-->")),
            ("<!-- shut -->", None),
            ("<script>\n\nx", Some("</script>")),
            ("<div>\n```\n\n```", Some("```")),
            ("<div>\n```\n", None),
            ("1. a\n\n   ```\n   x\n\n```\ny", Some("```")),
        ] {
            assert_eq!(closing_lines(text).as_deref(), expected, "{text:?}");
        }
    }
}
