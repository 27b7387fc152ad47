//! A picture of a screen. Every character stands on the grid, whatever font the reader has: a run of plain ones is
//! stretched to its cells, and what may be wider or narrower than its cells, or turn the reading order round, stands by
//! itself.

use std::fmt::Write as _;

use super::style::{Color, Style};
use super::{Cell, Screen};

const CELL: usize = 9;
const LINE: usize = 20;
const EDGE: usize = 14;
/// From the top of a line to where letters stand.
const BASE: usize = 15;
const FONTS: &str = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', monospace";

/// Says what the terminal's own colours are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
}

type Rgb = (u8, u8, u8);

const DARK: [Rgb; 16] = [
    (0x2b, 0x2e, 0x37),
    (0xe0, 0x6c, 0x75),
    (0x8f, 0xc1, 0x78),
    (0xe0, 0xb9, 0x6c),
    (0x6f, 0xae, 0xf0),
    (0xc6, 0x85, 0xdd),
    (0x5c, 0xbd, 0xc6),
    (0xc8, 0xcc, 0xd4),
    (0x83, 0x8a, 0x98),
    (0xf0, 0x86, 0x8f),
    (0xa8, 0xd6, 0x93),
    (0xf0, 0xcf, 0x8b),
    (0x92, 0xc4, 0xf7),
    (0xd9, 0xa5, 0xea),
    (0x82, 0xd4, 0xdb),
    (0xff, 0xff, 0xff),
];
const LIGHT: [Rgb; 16] = [
    (0x24, 0x29, 0x2f),
    (0xb3, 0x1d, 0x28),
    (0x1a, 0x6e, 0x33),
    (0x7d, 0x58, 0x00),
    (0x0a, 0x58, 0xb8),
    (0x7a, 0x36, 0xa8),
    (0x0b, 0x68, 0x73),
    (0x6b, 0x73, 0x7c),
    (0x57, 0x60, 0x6a),
    (0xcf, 0x22, 0x2e),
    (0x1f, 0x88, 0x3d),
    (0x95, 0x6a, 0x00),
    (0x21, 0x6e, 0xda),
    (0x8f, 0x4a, 0xc0),
    (0x12, 0x7c, 0x88),
    (0xd0, 0xd7, 0xde),
];

impl Theme {
    fn usual(self) -> (Rgb, Rgb) {
        match self {
            Theme::Dark => ((0xd7, 0xda, 0xe0), (0x1b, 0x1d, 0x23)),
            Theme::Light => ((0x24, 0x29, 0x2f), (0xff, 0xff, 0xff)),
        }
    }

    fn indexed(self, index: u8) -> Rgb {
        const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        let step = |part: u8| STEPS[usize::from(part % 6)];
        match index {
            ..16 if self == Theme::Dark => DARK[usize::from(index)],
            ..16 => LIGHT[usize::from(index)],
            16..232 => (step((index - 16) / 36), step((index - 16) / 6), step(index - 16)),
            232.. => {
                let grey = 8 + (index - 232) * 10;
                (grey, grey, grey)
            }
        }
    }

    /// The colours of text and ground as they are seen.
    fn seen(self, style: Style) -> (Rgb, Rgb) {
        let color = |color: Color, usual: Rgb| match color {
            Color::Usual => usual,
            Color::Indexed(index) => self.indexed(index),
            Color::Rgb(red, green, blue) => (red, green, blue),
        };
        let usual = self.usual();
        let (mut text, mut ground) = (color(style.foreground, usual.0), color(style.background, usual.1));
        if style.reverse {
            (text, ground) = (ground, text);
        }
        if style.dim {
            let mixed = |text: u8, ground: u8| ((u16::from(text) * 13 + u16::from(ground) * 7) / 20) as u8;
            text = (mixed(text.0, ground.0), mixed(text.1, ground.1), mixed(text.2, ground.2));
        }
        (if style.hidden { ground } else { text }, ground)
    }
}

/// Cells of one row that look the same.
struct Run {
    column: usize,
    cells: usize,
    text: String,
    style: Style,
    stands_alone: bool,
}

impl Screen {
    /// Draws the screen as an SVG document with a title. The same screen gives the same bytes; nothing else is loaded.
    pub fn to_svg(&self, title: &str, theme: Theme) -> String {
        let (width, height) = (self.columns * CELL + 2 * EDGE, self.rows * LINE + 2 * EDGE);
        let (title, ground) = (escaped(title), hexadecimal(theme.usual().1));
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n\
             <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{ground}\"/>\n\
             <g font-family=\"{FONTS}\" font-size=\"15\" xml:space=\"preserve\">\n"
        );
        for row in 0..self.rows {
            let runs = self.runs(row);
            runs.iter().for_each(|run| run.draw_ground(row, theme, &mut svg));
            runs.iter().for_each(|run| run.draw_text(row, theme, &mut svg));
        }
        if let Some((column, row)) = self.cursor {
            let (x, y, color) = (EDGE + column * CELL, EDGE + row * LINE, hexadecimal(theme.usual().0));
            let _ = writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"2\" height=\"{LINE}\" fill=\"{color}\"/>");
        }
        svg.push_str("</g>\n</svg>\n");
        svg
    }

    fn runs(&self, row: usize) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for column in 0..self.columns {
            let Cell { text, width, style } = self.cell(column, row);
            let stands_alone = *width != 1 || !text.chars().all(is_plain) || rectangle(text).is_some();
            match runs.last_mut() {
                Some(run) if *width == 0 => run.cells += 1,
                Some(run) if run.style == *style && !run.stands_alone && !stands_alone => {
                    run.cells += 1;
                    run.text.push_str(text);
                }
                _ => runs.push(Run { column, cells: 1, text: text.clone(), style: *style, stands_alone }),
            }
        }
        runs
    }
}

impl Run {
    fn draw_ground(&self, row: usize, theme: Theme, svg: &mut String) {
        let ground = theme.seen(self.style).1;
        if ground != theme.usual().1 {
            let (x, y, width) = (EDGE + self.column * CELL, EDGE + row * LINE, self.cells * CELL);
            let fill = hexadecimal(ground);
            let _ = writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{LINE}\" fill=\"{fill}\"/>");
        }
    }

    fn draw_text(&self, row: usize, theme: Theme, svg: &mut String) {
        let is_lined = self.style.underline || self.style.crossed_out;
        // Spaces are seen by their lines alone.
        let (text, skipped) = if is_lined || self.stands_alone {
            (self.text.as_str(), 0)
        } else {
            let trimmed = self.text.trim_start_matches(' ');
            (trimmed.trim_end_matches(' '), self.text.len() - trimmed.len())
        };
        if text.is_empty() {
            return;
        }
        if let Some((left, top, width, height)) = rectangle(text) {
            let (x, y) = (EDGE + self.column * CELL + left, EDGE + row * LINE + top);
            let fill = hexadecimal(theme.seen(self.style).0);
            let _ = writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>");
            return;
        }
        let cells = if self.stands_alone { self.cells } else { text.chars().count() };
        let (x, y) = (EDGE + (self.column + skipped) * CELL, EDGE + row * LINE + BASE);
        let (length, fill) = (cells * CELL, hexadecimal(theme.seen(self.style).0));
        let _ = write!(
            svg,
            "<text x=\"{x}\" y=\"{y}\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{fill}\""
        );
        if self.style.bold {
            svg.push_str(" font-weight=\"bold\"");
        }
        if self.style.italic {
            svg.push_str(" font-style=\"italic\"");
        }
        match (self.style.underline, self.style.crossed_out) {
            (true, true) => svg.push_str(" text-decoration=\"underline line-through\""),
            (true, false) => svg.push_str(" text-decoration=\"underline\""),
            (false, true) => svg.push_str(" text-decoration=\"line-through\""),
            (false, false) => {}
        }
        let _ = writeln!(svg, ">{}</text>", escaped(text));
    }
}

/// Has the width of a letter in any font of even width, and is read from left to right.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{482}')
        || matches!(c, '\u{2010}'..='\u{2027}' | '\u{2500}'..='\u{259f}')
}

/// The place and the size within a cell of what is drawn as a rectangle: fonts leave gaps between such lines.
fn rectangle(text: &str) -> Option<(usize, usize, usize, usize)> {
    match text {
        "│" => Some((CELL / 2, 0, 1, LINE)),
        "─" => Some((0, LINE / 2, CELL, 1)),
        "▌" => Some((0, 0, CELL / 2, LINE)),
        "▐" => Some((CELL / 2, 0, CELL - CELL / 2, LINE)),
        "█" => Some((0, 0, CELL, LINE)),
        _ => None,
    }
}

fn hexadecimal((red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML has no other control characters, nor these two.
            c if (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                out.push('\u{fffd}');
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{Emulator, Joining};
    use super::*;

    fn drawn(bytes: &str, theme: Theme) -> String {
        let mut emulator = Emulator::new(12, 2, Joining::Clusters);
        emulator.take(bytes.as_bytes());
        emulator.screen().to_svg("a <title>", theme)
    }

    fn texts(svg: &str) -> Vec<&str> {
        svg.lines().filter(|line| line.starts_with("<text")).collect()
    }

    #[test]
    fn a_run_is_stretched_to_its_cells_and_wide_ones_stand_alone() {
        let svg = drawn("  ab \u{1b}[1;31mc<d\u{1b}[0m漢é", Theme::Dark);
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"136\" height=\"68\""), "{svg}");
        assert!(svg.contains("<title>a &lt;title&gt;</title>") && svg.ends_with("</svg>\n"));
        let attributes = "y=\"29\"";
        let stretch = "lengthAdjust=\"spacingAndGlyphs\"";
        assert_eq!(
            texts(&svg),
            [
                format!("<text x=\"32\" {attributes} textLength=\"18\" {stretch} fill=\"#d7dae0\">ab</text>"),
                format!(
                    "<text x=\"59\" {attributes} textLength=\"27\" {stretch} fill=\"#e06c75\" font-weight=\"bold\">\
                     c&lt;d</text>"
                ),
                format!("<text x=\"86\" {attributes} textLength=\"18\" {stretch} fill=\"#d7dae0\">漢</text>"),
                format!("<text x=\"104\" {attributes} textLength=\"9\" {stretch} fill=\"#d7dae0\">é</text>"),
            ]
        );
        assert_eq!(svg, drawn("  ab \u{1b}[1;31mc<d\u{1b}[0m漢é", Theme::Dark));
        assert!(!svg.contains("href") && !svg.contains("url(") && !svg.contains("<style"));
    }

    #[test]
    fn grounds_lines_and_right_to_left_are_drawn_cell_by_cell() {
        let svg = drawn("\u{1b}[7mrow \u{1b}[0m\u{1b}[4m  \u{1b}[24mשל\u{1b}[?25l", Theme::Light);
        assert!(svg.contains("<rect x=\"14\" y=\"14\" width=\"36\" height=\"20\" fill=\"#24292f\"/>"), "{svg}");
        let texts = texts(&svg);
        assert_eq!(texts.len(), 4, "{texts:#?}");
        assert!(texts[0].ends_with("fill=\"#ffffff\">row</text>"));
        assert!(texts[1].ends_with("text-decoration=\"underline\">  </text>"));
        assert!(texts[2].contains("x=\"68\"") && texts[3].contains("x=\"77\""));
        assert!(!svg.contains("width=\"2\""), "no cursor");
        let bars = drawn("▌a│", Theme::Dark);
        let bars: Vec<&str> = bars.lines().filter(|line| line.contains("height=\"20\"")).collect();
        assert_eq!(bars.len(), 3, "two bars and the cursor: {bars:#?}");
        assert!(bars[1].contains("x=\"36\" y=\"14\" width=\"1\""), "{bars:#?}");
    }
}
