//! The report as a chart: a group of bars for each question, on one scale within it.

use std::fmt::Write as _;

use super::report::{OWN, Report, today};

const WIDTH: usize = 760;
const LABEL: usize = 190;
const VALUE: usize = 130;
const BAR: usize = 20;
const GAP: usize = 8;

/// Colours of both a light and a dark page.
const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.quiet { fill: #57606a }
.bar { fill: #afb8c1 }
.own { fill: #1a7f5a }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .quiet { fill: #8d96a0 }
  .bar { fill: #484f58 }
  .own { fill: #3fb984 }
}";

/// Draws the medians; the limits stand in the table alone.
pub(super) fn svg(report: &Report) -> String {
    let mut body = String::new();
    let mut y = 24;
    let megabytes = report.bytes / 1_000_000;
    let title = format!("{} rollouts, {megabytes} MB: milliseconds, medians", report.rollouts);
    let _ = writeln!(body, "<text class=\"title\" x=\"0\" y=\"{y}\">{}</text>", text(&title));
    for (question, cells) in report.questions().into_iter().filter(|(question, _)| *question != super::LIMITS) {
        y += 34;
        let _ = writeln!(body, "<text x=\"0\" y=\"{y}\">{}</text>", text(question));
        y += 10;
        let most = cells.iter().map(|cell| cell.median()).fold(f64::MIN_POSITIVE, f64::max);
        for cell in cells {
            let length = (cell.median() / most * (WIDTH - LABEL - VALUE) as f64).max(1.0);
            let class = if cell.who == OWN { "own" } else { "bar" };
            let ratio = report.ratio(cell).filter(|_| cell.who != OWN);
            let ratio = ratio.map_or(String::new(), |ratio| format!(" \u{b7} {ratio:.1} times"));
            let (middle, end) = (y + BAR - 6, LABEL as f64 + length + 6.0);
            let _ = writeln!(
                body,
                "<text class=\"quiet\" x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{}</text>\n\
                 <rect class=\"{class}\" x=\"{LABEL}\" y=\"{y}\" width=\"{length:.1}\" height=\"{BAR}\" rx=\"2\"/>\n\
                 <text x=\"{end:.1}\" y=\"{middle}\">{}{ratio}</text>",
                LABEL - 8,
                text(&cell.who),
                amount(cell.median())
            );
            y += BAR + GAP;
        }
    }
    y += 20;
    let _ = writeln!(body, "<text class=\"quiet\" x=\"0\" y=\"{y}\">{}</text>", today());
    let height = y + 12;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-label=\"{}\">\n<style>{STYLE}</style>\n{body}</svg>\n",
        text(&title)
    )
}

fn amount(millis: f64) -> String {
    if millis < 10.0 { format!("{millis:.1}") } else { format!("{millis:.0}") }
}

fn text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
