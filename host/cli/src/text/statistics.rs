//! What threads used, as tables and drawings, and as CSV.

use std::fmt::Write as _;

use jiff::ToSpan as _;
use jiff::civil::Date;
use threadkeep::contract::{LimitReading, LimitWindow};
use threadkeep::documents::{Statistics, Subtraction, SubtractionReason, UsageRow, UsageSums};
use unicode_width::UnicodeWidthStr as _;

use super::color::{Meaning, Stream, paint};
use super::output::is_cut;
use super::{count, pad, plain, second, shorten};

/// What a row is of whose key is not known.
const UNKNOWN: &str = "(unknown)";
/// Columns of a key at most.
const WIDEST_KEY: usize = 32;
/// Eighths of a cell, from the left.
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
/// Squares of a calendar, from nothing to most.
const SHADES: [char; 5] = ['·', '░', '▒', '▓', '█'];

/// Columns of numbers, and which of them go first where there is no room: each says least without the others.
const HEADS: [(&str, Option<u8>); 9] = [
    ("input", None),
    ("cached", None),
    ("output", None),
    ("reasoning", Some(0)),
    ("total", None),
    ("turns", Some(2)),
    ("threads", None),
    ("time", Some(1)),
    ("cost", None),
];

/// Gives the rows with their sums, and what is to be said of them. Where the keys would be cut, some columns are left out.
pub(crate) fn table(statistics: &Statistics, of: &str, width: usize) -> String {
    let cells = |sums: &UsageSums| {
        let tokens =
            [sums.input_tokens, sums.cached_input_tokens, sums.output_tokens, sums.reasoning_tokens, sums.total_tokens];
        let mut cells: Vec<String> = tokens.into_iter().map(grouped).collect();
        cells.extend([grouped(sums.turns), grouped(sums.threads), duration(sums.active_seconds), cost(sums)]);
        cells
    };
    let mut lines: Vec<(String, Vec<String>)> =
        statistics.rows.iter().map(|row| (key(row, usize::MAX), cells(&row.sums))).collect();
    lines.push(("total".into(), cells(&statistics.totals)));
    let widest_key = lines.iter().map(|(key, _)| key.width()).max().unwrap_or(0).max(of.width());
    let mut columns: Vec<(usize, usize)> = Vec::new();
    for (at, (head, _)) in HEADS.iter().enumerate() {
        let cells = lines.iter().filter_map(|(_, cells)| cells.get(at)).map(|cell| cell.width());
        columns.push((at, cells.max().unwrap_or(0).max(head.width())));
    }
    let room = |columns: &[(usize, usize)]| width.saturating_sub(columns.iter().map(|(_, width)| width + 2).sum());
    for goes in 0.. {
        let known = columns.iter().any(|(at, _)| HEADS[*at].1 >= Some(goes));
        if room(&columns) >= widest_key || !known {
            break;
        }
        columns.retain(|(at, _)| HEADS[*at].1 != Some(goes));
    }
    // A program that reads it is given keys whole.
    let most = if is_cut() { WIDEST_KEY } else { usize::MAX };
    let widest = widest_key.min(room(&columns).clamp(10, most));
    let mut out = String::new();
    let mut line = |key: &str, cells: &[&str]| {
        let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
        let cells: String = columns.iter().map(|&(at, width)| format!("  {:>width$}", cell(at))).collect();
        let _ = writeln!(out, "{}{cells}", pad(&fitted(key, widest), widest));
    };
    line(of, &HEADS.map(|(head, _)| head));
    for (key, cells) in &lines {
        line(key, &cells.iter().map(String::as_str).collect::<Vec<_>>());
    }
    out.push_str(&notes(statistics));
    if let Some(subtractions) = &statistics.subtractions {
        out.push_str(&explained(subtractions));
    }
    out
}

/// Gives a bar for each row, as long as its tokens are many.
pub(crate) fn bars(statistics: &Statistics, width: usize) -> String {
    let widest = statistics.rows.iter().map(|row| key(row, WIDEST_KEY).width()).max().unwrap_or(0).min(WIDEST_KEY);
    let numbers: Vec<String> = statistics.rows.iter().map(|row| grouped(row.sums.total_tokens)).collect();
    let number = numbers.iter().map(String::len).max().unwrap_or(0);
    let room = width.saturating_sub(widest + number + 4).max(8) as u64;
    let most = statistics.rows.iter().map(|row| row.sums.total_tokens).max().unwrap_or(0).max(1);
    let mut out = String::new();
    for (row, tokens) in statistics.rows.iter().zip(&numbers) {
        let eighths = u128::from(row.sums.total_tokens) * u128::from(room) * 8 / u128::from(most);
        // Something is never drawn as nothing.
        let eighths = (eighths as usize).max(usize::from(row.sums.total_tokens > 0));
        let mut bar = "█".repeat(eighths / 8);
        bar.extend((eighths % 8).checked_sub(1).and_then(|at| EIGHTHS.get(at)));
        let _ = writeln!(
            out,
            "{}  {tokens:>number$}  {}",
            pad(&key(row, WIDEST_KEY), widest),
            paint(Stream::Out, Meaning::Name, &bar)
        );
    }
    out + &notes(statistics)
}

/// Gives a square for each day of the weeks that fit, up to the last day: a column a week, from Monday on.
pub(crate) fn calendar(statistics: &Statistics, width: usize) -> String {
    let day = |row: &UsageRow| row.key.as_deref()?.parse::<Date>().ok();
    let days: Vec<(Date, u64)> =
        statistics.rows.iter().filter_map(|row| Some((day(row)?, row.sums.total_tokens))).collect();
    let Some(&(last, _)) = days.last() else { return notes(statistics) };
    let monday = |date: Date| date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).ok();
    let weeks = (width.saturating_sub(4) / 2).clamp(1, 53) as i64;
    let Some(first) = monday(last).and_then(|monday| monday.checked_sub((weeks - 1).weeks()).ok()) else {
        return notes(statistics);
    };
    let most = days.iter().filter(|(date, _)| *date >= first).map(|(_, tokens)| *tokens).max().unwrap_or(0).max(1);
    let mut out = months(first, weeks);
    for weekday in 0..7i64 {
        let name = ["Mon", "", "Wed", "", "Fri", "", "Sun"][weekday as usize];
        let _ = write!(out, "{name:<4}");
        for week in 0..weeks {
            let date = first.checked_add((week * 7 + weekday).days()).ok().filter(|date| *date <= last);
            let tokens = date.map(|date| days.binary_search_by_key(&date, |(day, _)| *day).map_or(0, |at| days[at].1));
            let shade = tokens.map_or(' ', |tokens| {
                let step = (u128::from(tokens) * 4).div_ceil(u128::from(most)) as usize;
                SHADES.get(step).copied().unwrap_or('█')
            });
            let _ = write!(out, "{shade} ");
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    let _ = writeln!(out, "· none, █ up to {} tokens a day", grouped(most));
    out + &notes(statistics)
}

/// The names of months over the weeks in which they begin.
fn months(first: Date, weeks: i64) -> String {
    let mut line = String::from("    ");
    let (mut month, end) = (None, 4 + 2 * weeks as usize);
    for week in 0..weeks {
        let Ok(date) = first.checked_add(week.weeks()) else { break };
        let at = 4 + 2 * week as usize;
        if month != Some(date.month()) && line.len() <= at && at + 3 < end {
            month = Some(date.month());
            line.push_str(&" ".repeat(at - line.len()));
            line.push_str(&date.strftime("%b ").to_string());
        }
    }
    line.truncate(line.trim_end().len());
    line + "\n"
}

/// Gives the rows as CSV (RFC 4180), with a line of names first.
pub(crate) fn csv(statistics: &Statistics, of: &str) -> String {
    let mut out = format!(
        "{of},inputTokens,cachedInputTokens,cacheWriteTokens,outputTokens,reasoningTokens,totalTokens,requests,threads,turns,\
         activeSeconds,costUsd\r\n"
    );
    for row in &statistics.rows {
        let sums = &row.sums;
        let numbers = [
            sums.input_tokens,
            sums.cached_input_tokens,
            sums.cache_write_tokens,
            sums.output_tokens,
            sums.reasoning_tokens,
            sums.total_tokens,
            sums.requests,
            sums.threads,
            sums.turns,
            sums.active_seconds,
        ];
        let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
        let cost = sums.cost_usd.map_or_else(|| "unknown".into(), |cost| format!("{cost:.6}"));
        let _ = write!(out, "{},{},{cost}\r\n", cell(row.key.as_deref().unwrap_or_default()), numbers.join(","));
    }
    out
}

/// Gives a cell that no program of tables takes for a formula.
fn cell(text: &str) -> String {
    // What begins so is one, also behind white space and quotes.
    let begins = text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '"' || c == '\'');
    let is_formula = begins.starts_with(['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠']);
    let guard = if is_formula || text.starts_with(['\t', '\r', '\n']) { "'" } else { "" };
    match text.contains(['"', ',', '\r', '\n', ';', '\t']) || !guard.is_empty() {
        true => format!("\"{guard}{}\"", text.replace('"', "\"\"")),
        false => text.into(),
    }
}

/// Gives the rate limits as they stand at a moment.
pub(crate) fn limits(readings: &[LimitReading], now: i64) -> String {
    let mut out = String::new();
    for reading in readings {
        let name = reading.limit.as_deref().unwrap_or("limit");
        let plan = reading.plan.as_deref().map(|plan| format!(" ({})", plain(plan))).unwrap_or_default();
        let _ = writeln!(out, "{}{plan}, read {}", plain(name), second(reading.at));
        for window in [&reading.primary, &reading.secondary].into_iter().flatten() {
            let _ = writeln!(out, "  {}", described(window, now));
        }
    }
    if out.is_empty() {
        out.push_str("no rollout tells of a rate limit\n");
    }
    out
}

fn described(window: &LimitWindow, now: i64) -> String {
    let length = match window.minutes {
        Some(minutes) => duration(minutes.saturating_mul(60)),
        None => "window".into(),
    };
    let used = format!("{:.1} % used", f64::from(window.used) / 100.0);
    match window.resets_at {
        Some(resets_at) if resets_at <= now => {
            format!("{length:<8} expired {}; {used} before, and now is not known", second(resets_at))
        }
        Some(resets_at) => format!("{length:<8} {used}, resets {}", second(resets_at)),
        None => format!("{length:<8} {used}"),
    }
}

fn key(row: &UsageRow, columns: usize) -> String {
    row.key.as_deref().map_or_else(|| UNKNOWN.into(), |key| fitted(key, columns))
}

/// Gives a key in so many columns: of a longer directory its end, which tells it from others, else its beginning.
fn fitted(key: &str, columns: usize) -> String {
    let key = plain(key);
    if key.width() <= columns {
        return key;
    }
    if !key.contains(['/', '\\']) {
        return shorten(&key, columns);
    }
    let mut at = key.len();
    for (begin, _) in key.char_indices().rev() {
        if key[begin..].width() + 1 > columns {
            break;
        }
        at = begin;
    }
    format!("…{}", &key[at..])
}

/// What is to be said of the sums: what they cover.
fn notes(statistics: &Statistics) -> String {
    let mut out = String::new();
    let totals = &statistics.totals;
    if totals.priced_tokens < totals.total_tokens {
        let models: Vec<String> = statistics
            .unpriced
            .iter()
            .take(4)
            .map(|unpriced| {
                let model = plain(unpriced.model.as_deref().unwrap_or(UNKNOWN));
                unpriced.service_tier.as_deref().map_or(model.clone(), |tier| format!("{model} {}", plain(tier)))
            })
            .collect();
        let rest = if statistics.unpriced.len() > models.len() { ", …" } else { "" };
        let _ = writeln!(
            out,
            "the cost covers {} of {} tokens: no price is known of {}{rest}",
            grouped(totals.priced_tokens),
            grouped(totals.total_tokens),
            models.join(", ")
        );
    }
    if totals.priced_tokens > 0 {
        let _ = writeln!(out, "costs by the prices of {}", plain(&statistics.prices_date));
    }
    if statistics.unread_rollouts > 0 {
        let _ = writeln!(
            out,
            "{} could not be read: what is there is not counted",
            count(statistics.unread_rollouts, "rollout")
        );
    }
    out
}

/// What was not counted, by reason.
fn explained(subtractions: &[Subtraction]) -> String {
    let mut out = String::from("\n");
    let mut reason = None;
    for of in subtractions {
        if reason != Some(of.reason) {
            reason = Some(of.reason);
            let _ = writeln!(out, "{}", heading(of.reason));
        }
        let times = if of.times == 1 { "once".into() } else { format!("{} times", grouped(of.times)) };
        let _ = writeln!(
            out,
            "  {}  {times}: {} input, {} cached, {} output",
            paint(Stream::Out, Meaning::Name, &plain(&of.thread)),
            grouped(of.input_tokens),
            grouped(of.cached_input_tokens),
            grouped(of.output_tokens)
        );
    }
    if reason.is_none() {
        out.push_str("everything that rollouts tell of was counted\n");
    }
    out
}

fn heading(reason: SubtractionReason) -> &'static str {
    match reason {
        SubtractionReason::Copied => "copied of another thread's history, where it was counted:",
        SubtractionReason::Repeated => "the same count told again:",
        SubtractionReason::Inherited => {
            "used before the rollout began, by the thread that it was made of or in an earlier file:"
        }
        SubtractionReason::Reset => "the count began anew; what came before it was counted, and stays:",
        SubtractionReason::Duplicate => "told by another file of the same thread too:",
        SubtractionReason::Compressed => "counted, though some programs leave out what is in compressed rollouts:",
    }
}

fn cost(sums: &UsageSums) -> String {
    match sums.cost_usd {
        None => "unknown".into(),
        Some(cost) if sums.priced_tokens < sums.total_tokens => format!("≥ ${cost:.2}"),
        Some(cost) => format!("${cost:.2}"),
    }
}

/// Gives a number with its digits in groups.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Gives a time span in two units at most.
fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_directory_the_end_stays_and_of_a_model_the_beginning() {
        assert_eq!(fitted("/home/sam/work/threadkeep", 12), "…/threadkeep");
        assert_eq!(fitted("gpt-5.1-codex-max-preview", 12), "gpt-5.1-cod…");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\"=1", " =1", "|cmd", "＝1", "%0A=1", "\r=1"] {
            let cell = cell(formula);
            assert!(cell.starts_with("\"'"), "{formula:?} -> {cell:?}");
        }
        assert_eq!(cell("/home/sam/a, \"b\""), "\"/home/sam/a, \"\"b\"\"\"");
        assert_eq!(cell("2026-11-23"), "2026-11-23");
    }
}
