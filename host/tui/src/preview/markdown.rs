//! Markdown as lines: a walk over the events of pulldown-cmark that keeps what is open on a stack of its own.
//!
//! Line breaks within a paragraph stay, since people and agents mean them. What the walk has no room for is counted, not drawn.

use std::mem::take;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use ratatui::style::Style;
use ratatui::text::Span;

use super::clean::{clean, target};
use super::highlight::{self, Language};
use super::page::{Margin, Page};
use super::tables::Table;
use super::wrap::Fold;
use super::{MOST_LINES, changes};
use crate::theme::Role;

/// What a text stands in.
enum Container {
    Quote,
    /// An item of a list, with the marker that is before its first line.
    Item {
        marker: String,
        is_written: bool,
    },
}

/// A link or an image whose end is still to come.
struct Reference {
    target: String,
    said: String,
}

struct Walk<'p, 'a> {
    page: &'p mut Page<'a>,
    base: Margin,
    containers: Vec<Container>,
    /// The next number of each list, where it has numbers.
    lists: Vec<Option<u64>>,
    styles: Vec<Style>,
    /// The lines of the paragraph so far, not folded.
    lines: Vec<Vec<Span<'static>>>,
    link: Option<Reference>,
    image: Option<Reference>,
    /// How deep images stand in images.
    images: usize,
    code: Option<(String, String)>,
    table: Option<Table>,
    /// Whether an empty line goes before what follows.
    wants_gap: bool,
    /// How many lines there was no room for.
    left_out: usize,
}

/// Draws a text in Markdown behind a margin.
pub(super) fn draw(page: &mut Page<'_>, margin: &Margin, text: &str, role: Role) {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let style = page.theme.style(role);
    let mut walk = Walk {
        page,
        base: margin.clone(),
        containers: Vec::new(),
        lists: Vec::new(),
        styles: vec![style],
        lines: Vec::new(),
        link: None,
        image: None,
        images: 0,
        code: None,
        table: None,
        wants_gap: false,
        left_out: 0,
    };
    let mut seen = 0;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        if walk.page.is_full() {
            walk.left_out += text.get(seen..).unwrap_or_default().trim().lines().count();
            break;
        }
        if !matches!(event, Event::Start(_)) {
            seen = seen.max(range.end);
        }
        walk.event(event);
    }
    walk.end_paragraph();
    if walk.left_out > 0 {
        let margin = margin.going_on();
        walk.page.more(&margin, walk.left_out);
    }
}

impl Walk<'_, '_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some((_, code)) => code.push_str(&text),
                None => self.say(&text, self.style()),
            },
            Event::Code(code) => self.say(&code, self.style().patch(self.page.theme.style(Role::InlineCode))),
            Event::Html(html) | Event::InlineHtml(html) => self.say(&html, self.style()),
            Event::SoftBreak | Event::HardBreak => self.say("\n", self.style()),
            Event::Rule => {
                self.begin_block();
                let margin = self.margin();
                let columns = self.page.width().saturating_sub(margin.width()).min(40);
                let spans = vec![self.page.span("─".repeat(columns), Role::Rule)];
                self.page.one_line(&margin, spans);
                self.wants_gap = true;
            }
            Event::TaskListMarker(is_done) => {
                let style = self.page.theme.style(Role::ListMarker);
                self.say(if is_done { "[x] " } else { "[ ] " }, style);
            }
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.say(&text, self.style());
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.begin_block(),
            Tag::Heading { .. } => {
                self.begin_block();
                self.styled(Role::Heading);
            }
            Tag::BlockQuote(_) => {
                self.begin_block();
                self.containers.push(Container::Quote);
                self.styled(Role::Quote);
            }
            Tag::CodeBlock(kind) => {
                self.begin_block();
                let fence = match kind {
                    CodeBlockKind::Fenced(fence) => fence.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((fence, String::new()));
            }
            Tag::List(first) => {
                self.end_paragraph();
                if self.lists.is_empty() {
                    self.begin_block();
                }
                self.lists.push(first);
            }
            Tag::Item => {
                self.begin_block();
                let marker = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let marker = format!("{number}. ");
                        *number = number.saturating_add(1);
                        marker
                    }
                    _ => "• ".to_owned(),
                };
                self.containers.push(Container::Item { marker, is_written: false });
            }
            Tag::Table(alignments) => {
                self.begin_block();
                self.table = Some(Table::new(alignments));
            }
            Tag::TableHead => self.styled(Role::TableHead),
            Tag::Emphasis => self.styled(Role::Emphasis),
            Tag::Strong => self.styled(Role::Strong),
            Tag::Strikethrough => self.styled(Role::Struck),
            Tag::Link { dest_url, .. } => {
                self.styled(Role::Link);
                self.link = Some(Reference { target: dest_url.to_string(), said: String::new() });
            }
            Tag::Image { dest_url, .. } => {
                self.images += 1;
                if self.images == 1 {
                    self.image = Some(Reference { target: dest_url.to_string(), said: String::new() });
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => {
                self.end_paragraph();
                self.wants_gap = true;
            }
            TagEnd::Heading(_) => {
                self.end_paragraph();
                self.styles.pop();
                self.wants_gap = true;
            }
            TagEnd::BlockQuote(_) => {
                self.end_paragraph();
                self.styles.pop();
                self.containers.pop();
                self.wants_gap = true;
            }
            TagEnd::CodeBlock => {
                if let Some((fence, code)) = self.code.take() {
                    self.code(&fence, &code);
                }
                self.wants_gap = true;
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.wants_gap |= self.lists.is_empty();
            }
            TagEnd::Item => {
                self.end_paragraph();
                if matches!(self.containers.last(), Some(Container::Item { is_written: false, .. })) {
                    let margin = self.margin();
                    self.page.flow(&margin, Vec::new(), Fold::Words);
                }
                self.containers.pop();
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    let margin = self.margin();
                    self.left_out += table.draw(self.page, &margin);
                }
                self.wants_gap = true;
            }
            TagEnd::TableCell => {
                let cell = take(&mut self.lines).into_iter().flatten().collect();
                if let Some(table) = &mut self.table {
                    table.put(cell);
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => {
                if tag == TagEnd::TableHead {
                    self.styles.pop();
                }
                if let Some(table) = &mut self.table {
                    table.end_row();
                }
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.styles.pop();
            }
            TagEnd::Link => {
                self.styles.pop();
                if let Some(link) = self.link.take()
                    && !link.target.is_empty()
                    && bare(&link.target) != bare(&link.said)
                {
                    let style = self.page.theme.style(Role::LinkTarget);
                    self.say(&format!(" ({})", target(&link.target)), style);
                }
            }
            TagEnd::Image => {
                self.images = self.images.saturating_sub(1);
                if self.images == 0
                    && let Some(image) = self.image.take()
                {
                    let said = if image.said.trim().is_empty() { target(&image.target) } else { image.said.into() };
                    let style = self.style().patch(self.page.theme.style(Role::Image));
                    self.say(&format!("[image: {said}]"), style);
                }
            }
            _ => {}
        }
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or_default()
    }

    fn styled(&mut self, role: Role) {
        self.styles.push(self.style().patch(self.page.theme.style(role)));
    }

    /// Adds to the paragraph.
    fn say(&mut self, text: &str, style: Style) {
        if let Some(image) = &mut self.image {
            image.said.push_str(text);
            return;
        }
        if let Some(link) = &mut self.link {
            link.said.push_str(text);
        }
        for (at, part) in text.split('\n').enumerate() {
            if at > 0 || self.lines.is_empty() {
                self.lines.push(Vec::new());
            }
            match self.lines.last_mut() {
                Some(line) if !part.is_empty() => match line.last_mut() {
                    Some(last) if last.style == style => last.content.to_mut().push_str(part),
                    _ => line.push(Span::styled(part.to_owned(), style)),
                },
                _ => {}
            }
        }
    }

    /// Ends what came before a block, with an empty line where one belongs there.
    fn begin_block(&mut self) {
        self.end_paragraph();
        if take(&mut self.wants_gap) {
            let margin = self.margin_of(false);
            self.page.blank(&margin);
        }
    }

    fn end_paragraph(&mut self) {
        let mut lines = take(&mut self.lines);
        // A line feed at the end of raw HTML begins no line.
        if lines.last().is_some_and(Vec::is_empty) {
            lines.pop();
        }
        if lines.is_empty() {
            return;
        }
        let mut margin = self.margin();
        for line in lines {
            if !self.page.flow(&margin, line, Fold::Words) {
                self.left_out += 1;
            }
            margin = margin.going_on();
        }
    }

    fn code(&mut self, fence: &str, code: &str) {
        let margin = self.margin().indented(2);
        let code = code.strip_suffix('\n').unwrap_or(code);
        if matches!(fence.split([' ', ',']).next(), Some("diff" | "patch" | "udiff")) {
            changes::hunks(self.page, &margin, code, None, None, MOST_LINES);
            return;
        }
        let below = margin.going_on();
        for (at, (line, parts)) in highlight::lines(Language::of_fence(fence), code).enumerate() {
            let spans = parts.into_iter().map(|(range, role)| self.page.span(&line[range], role)).collect();
            if !self.page.flow(if at == 0 { &margin } else { &below }, spans, Fold::Columns) {
                self.left_out += 1;
            }
        }
    }

    /// Gives the margin of what comes next, in which each marker stands once.
    fn margin(&mut self) -> Margin {
        self.margin_of(true)
    }

    fn margin_of(&mut self, with_markers: bool) -> Margin {
        let mut margin = self.base.clone();
        let mut left = self.page.width() / 2;
        let (quote, mark) = (self.page.span("│ ", Role::Quote), self.page.theme.style(Role::ListMarker));
        for container in &mut self.containers {
            let marker = match container {
                Container::Quote => "│ ",
                Container::Item { marker, .. } => marker,
            };
            // What is deeper stands as deep as there is room for.
            let columns = clean(marker).chars().count();
            left = match left.checked_sub(columns) {
                Some(left) => left,
                None => break,
            };
            match container {
                Container::Quote => {
                    margin.first.push(quote.clone());
                    margin.rest.push(quote.clone());
                }
                Container::Item { marker, is_written } => {
                    let space = Span::raw(" ".repeat(columns));
                    let is_first = with_markers && !*is_written;
                    margin.first.push(if is_first { Span::styled(marker.clone(), mark) } else { space.clone() });
                    margin.rest.push(space);
                    *is_written |= with_markers;
                }
            }
        }
        margin
    }
}

/// A target as it would be said.
fn bare(target: &str) -> &str {
    let target = target.trim().trim_end_matches('/');
    ["mailto:", "https://", "http://"].iter().find_map(|scheme| target.strip_prefix(scheme)).unwrap_or(target)
}
