//! Renders messages, which are CommonMark, as HTML that does nothing: no tag of a message's own, no picture from elsewhere, and no
//! link that is not one of the web or of mail.
//!
//! Natively, because no parser is fast enough that could stand in the core (measured: 150 MB/s here, 5 MB/s there).

use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// Schemes of links that stay links.
const SCHEMES: [&str; 3] = ["http://", "https://", "mailto:"];

/// Gives a message as HTML. Its headings stand below a level, and none is more than one level below the one before it.
pub(crate) fn render(message: &str, below: u32) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut page = Page { out: String::with_capacity(message.len() * 5 / 4), below, last: below, ..Page::default() };
    Parser::new_ext(message, options).for_each(|event| page.event(event));
    page.out
}

#[derive(Default)]
struct Page {
    out: String,
    below: u32,
    /// The level of the heading before.
    last: u32,
    /// Whether each link that is open is one.
    links: Vec<bool>,
    /// The pictures that are open: of them the words stay.
    images: Vec<String>,
    in_table_head: bool,
    alignments: Vec<Alignment>,
    cell: usize,
}

impl Page {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.push("<code>");
                self.text(&text);
                self.push("</code>");
            }
            Event::SoftBreak => self.push("\n"),
            Event::HardBreak => self.push("<br>\n"),
            Event::Rule => self.push("<hr>\n"),
            Event::TaskListMarker(done) => self.push(if done { "☑ " } else { "☐ " }),
            Event::FootnoteReference(name) => self.text(&format!("[^{name}]")),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.push("<p>"),
            Tag::HtmlBlock => self.push("<pre tabindex=\"0\">"),
            Tag::Heading { level, .. } => {
                let level = (self.below + number(level)).min(self.last + 1).min(6);
                self.last = level.max(self.below);
                self.push(&format!("<h{level}>"));
            }
            Tag::BlockQuote(_) => self.push("<blockquote>\n"),
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => {
                self.push("<pre tabindex=\"0\"><code>");
            }
            Tag::List(Some(1)) => self.push("<ol>\n"),
            Tag::List(Some(first)) => self.push(&format!("<ol start=\"{first}\">\n")),
            Tag::List(None) => self.push("<ul>\n"),
            Tag::Item => self.push("<li>"),
            Tag::Table(alignments) => {
                self.alignments = alignments;
                self.push("<div class=\"table\" tabindex=\"0\"><table>\n");
            }
            Tag::TableHead => {
                (self.in_table_head, self.cell) = (true, 0);
                self.push("<thead><tr>");
            }
            Tag::TableRow => {
                self.cell = 0;
                self.push("<tr>");
            }
            Tag::TableCell => {
                let side = match self.alignments.get(self.cell) {
                    Some(Alignment::Center) => " style=\"text-align:center\"",
                    Some(Alignment::Right) => " style=\"text-align:right\"",
                    _ => "",
                };
                self.cell += 1;
                let name = if self.in_table_head { "th" } else { "td" };
                self.push(&format!("<{name}{side}>"));
            }
            Tag::Emphasis => self.push("<em>"),
            Tag::Strong => self.push("<strong>"),
            Tag::Strikethrough => self.push("<del>"),
            Tag::Link { dest_url, .. } => {
                let lower = dest_url.to_ascii_lowercase();
                let is_link = SCHEMES.iter().any(|scheme| lower.starts_with(scheme)) && self.images.is_empty();
                self.links.push(is_link);
                if is_link {
                    self.push("<a rel=\"noopener noreferrer nofollow\" href=\"");
                    self.text(&dest_url);
                    self.push("\">");
                }
            }
            Tag::Image { dest_url, .. } => {
                self.push("[");
                self.images.push(dest_url.into_string());
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.push("</p>\n"),
            TagEnd::HtmlBlock => self.push("</pre>\n"),
            TagEnd::Heading(_) => {
                let level = self.last.min(6);
                self.push(&format!("</h{level}>\n"));
            }
            TagEnd::BlockQuote(_) => self.push("</blockquote>\n"),
            TagEnd::CodeBlock => self.push("</code></pre>\n"),
            TagEnd::List(true) => self.push("</ol>\n"),
            TagEnd::List(false) => self.push("</ul>\n"),
            TagEnd::Item => self.push("</li>\n"),
            TagEnd::Table => self.push("</tbody></table></div>\n"),
            TagEnd::TableHead => {
                self.in_table_head = false;
                self.push("</tr></thead><tbody>\n");
            }
            TagEnd::TableRow => self.push("</tr>\n"),
            TagEnd::TableCell => {
                let end = if self.in_table_head { "</th>" } else { "</td>" };
                self.push(end);
            }
            TagEnd::Emphasis => self.push("</em>"),
            TagEnd::Strong => self.push("</strong>"),
            TagEnd::Strikethrough => self.push("</del>"),
            TagEnd::Link if self.links.pop() == Some(true) => self.push("</a>"),
            TagEnd::Image => {
                let url = self.images.pop().unwrap_or_default();
                self.text(&format!("]({url})"));
            }
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn text(&mut self, text: &str) {
        let mut at = 0;
        for (position, byte) in text.bytes().enumerate() {
            let entity = match byte {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => continue,
            };
            self.out.push_str(&text[at..position]);
            self.out.push_str(entity);
            at = position + 1;
        }
        self.out.push_str(&text[at..]);
    }
}

fn number(level: HeadingLevel) -> u32 {
    level as u32
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn nothing_of_a_message_does_anything() {
        for (message, html) in [
            ("<script>alert(1)</script>", "<pre tabindex=\"0\">&lt;script&gt;alert(1)&lt;/script&gt;</pre>\n"),
            ("a <img src=x onerror=y> b", "<p>a &lt;img src=x onerror=y&gt; b</p>\n"),
            ("[x](javascript:alert(1))", "<p>x</p>\n"),
            ("![alt](https://e.com/a.png)", "<p>[alt](https://e.com/a.png)</p>\n"),
            (
                "[x](HTTPS://e.com/\"a)",
                "<p><a rel=\"noopener noreferrer nofollow\" href=\"HTTPS://e.com/&quot;a\">x</a></p>\n",
            ),
            ("[x](data:text/html,a) <javascript:a>", "<p>x javascript:a</p>\n"),
        ] {
            assert_eq!(render(message, 3), html, "{message}");
        }
    }

    #[test]
    fn headings_go_down_one_level_at_a_time() {
        assert_eq!(render("### a\n# b\n## c\n###### d", 3), "<h4>a</h4>\n<h4>b</h4>\n<h5>c</h5>\n<h6>d</h6>\n");
        assert_eq!(render("# a", 6), "<h6>a</h6>\n");
    }
}
