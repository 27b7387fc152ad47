//! Recorded output of the program, made the same for every run, and what differs between two recordings of it.
//!
//! A recording is text: a line `$ COMMAND` for each run, `= END` for how it ended, then each line of its output after `> `
//! and each of what it said on stderr after `! `. A last line without its end is followed by a line `\`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::time::millis;

/// Milliseconds by which a time may lie outside of the run: often it is told in whole seconds.
const SLACK: i64 = 2_000;
/// Characters of a differing line that are shown before the difference, and in all.
const BEFORE: usize = 60;
const SHOWN: usize = 200;
/// Differing lines of a run that are shown of each side.
const LINES: usize = 12;

/// Replaces what depends on when and where a program ran.
///
/// That is the directory of the run, process ids, sums of files (which hold times), and each time and each time-ordered id
/// that lies between the beginning of the run and now. Lists show the hour of what is recent and the year of what is not, so that half of their times goes too.
pub struct Normalizer {
    places: Vec<(String, String)>,
    begun: i64,
}

impl Normalizer {
    /// Makes one for a run that begins now; each of the places is replaced by the name beside it.
    pub fn begin(places: Vec<(String, String)>) -> Self {
        Normalizer { places, begun: now() - SLACK }
    }

    /// Replaces what depends on the run.
    pub fn normalize(&self, text: &str) -> String {
        let run = self.begun..=now() + SLACK;
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut before = '\n';
        while let Some(next) = rest.chars().next() {
            let replaced = self.place(rest).or_else(|| match before {
                'a'..='z' | 'A'..='Z' | '0'..='9' => None,
                '\n' => list_time(rest).or_else(|| of_this_run(rest, &run)),
                _ => process(rest).or_else(|| sum(rest)).or_else(|| of_this_run(rest, &run)),
            });
            let (taken, written) = replaced.unwrap_or((next.len_utf8(), ""));
            let (raw, after) = rest.split_at(taken);
            out.push_str(if replaced.is_some() { written } else { raw });
            before = raw.chars().next_back().unwrap_or(next);
            rest = after;
        }
        out
    }

    fn place(&self, rest: &str) -> Option<(usize, &str)> {
        let known = self.places.iter().find(|(place, _)| rest.starts_with(place));
        known.map(|(place, name)| (place.len(), name.as_str()))
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

/// Has the text, from its beginning, the form of the pattern? `0` stands for a digit, `x` for a lower-case digit of base 16.
fn has_form(text: &str, pattern: &str) -> bool {
    let fits = |(byte, wanted): (u8, u8)| match wanted {
        b'0' => byte.is_ascii_digit(),
        b'x' => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        other => byte == other,
    };
    text.len() >= pattern.len() && text.bytes().zip(pattern.bytes()).all(fits)
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// `Nov 22 06:51  ` or `Nov 22  2026  ` at the beginning of a line.
fn list_time(rest: &str) -> Option<(usize, &'static str)> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let after_month = MONTHS.iter().find_map(|month| rest.strip_prefix(month))?;
    let day = [" 00", "  0"].iter().any(|day| has_form(after_month, day));
    let time = after_month.get(3..)?;
    let either = has_form(time, " 00:00  ") || has_form(time, "  0000  ");
    (day && either).then_some((12, "<list time>"))
}

/// The digits after `pid ` or `"pid":`.
fn process(rest: &str) -> Option<(usize, &'static str)> {
    let (after, written) = [("pid ", "pid <pid>"), ("\"pid\":", "\"pid\":<pid>")]
        .iter()
        .find_map(|(label, written)| Some((rest.strip_prefix(label)?, *written)))?;
    let digits = digits(after);
    (digits > 0).then_some((rest.len() - after.len() + digits, written))
}

/// A SHA-256 as the value of a field of its name.
fn sum(rest: &str) -> Option<(usize, &'static str)> {
    const LABEL: &str = "\"sha256\":\"";
    let sum = rest.strip_prefix(LABEL)?;
    let digits = sum.bytes().take_while(u8::is_ascii_hexdigit).count();
    (digits == 64).then_some((LABEL.len() + digits, "\"sha256\":\"<sum>"))
}

/// A time or a time-ordered id of this run.
fn of_this_run(rest: &str, run: &RangeInclusive<i64>) -> Option<(usize, &'static str)> {
    let (length, at, written) = uuid(rest).or_else(|| date(rest)).or_else(|| stamp(rest)).or_else(|| count(rest))?;
    run.contains(&at).then_some((length, written))
}

type Found = (usize, i64, &'static str);

fn uuid(rest: &str) -> Option<Found> {
    has_form(rest, "xxxxxxxx-xxxx-7xxx-xxxx-xxxxxxxxxxxx").then_some(())?;
    let at = i64::from_str_radix(&format!("{}{}", &rest[..8], &rest[9..13]), 16).ok()?;
    Some((36, at, "<new id>"))
}

/// `2026-11-28T14:57:03.120Z`, `2026-11-28 14:57:03 UTC`, and `2026-11-28T14-57-03` in names of files.
fn date(rest: &str) -> Option<Found> {
    let forms = ["0000-00-00T00:00:00", "0000-00-00 00:00:00", "0000-00-00T00-00-00"];
    forms.iter().find(|form| has_form(rest, form))?;
    let fraction = rest[19..].strip_prefix('.').map_or(0, |after| digits(after) + 1);
    let length = 19 + fraction.min(10);
    let zone = ["Z", " UTC"].iter().find(|zone| rest[length..].starts_with(**zone)).map_or(0, |zone| zone.len());
    Some((length + zone, millis(&rest[..length]), "<now>"))
}

/// `20261128T145703Z`, as names of backups have it.
fn stamp(rest: &str) -> Option<Found> {
    has_form(rest, "00000000T000000Z").then_some(())?;
    let part = |from: usize, to: usize| &rest[from..to];
    let date = format!("{}-{}-{}", part(0, 4), part(4, 6), part(6, 8));
    let at = millis(&format!("{date}T{}:{}:{}Z", part(9, 11), part(11, 13), part(13, 15)));
    Some((16, at, "<now>"))
}

/// Milliseconds since 1970.
fn count(rest: &str) -> Option<Found> {
    (digits(rest) == 13).then_some(())?;
    Some((13, rest[..13].parse().ok()?, "<now>"))
}

/// Puts a run into words: its command, how it ended, its output and what it said.
pub fn record(command: &str, end: &str, stdout: &str, stderr: &str) -> String {
    let mut text = format!("$ {}\n= {end}\n", command.replace('\n', "\\n"));
    for (mark, output) in [('>', stdout), ('!', stderr)] {
        for line in output.split_inclusive('\n') {
            let whole = line.strip_suffix('\n');
            let _ = writeln!(text, "{mark} {}", whole.unwrap_or(line));
            if whole.is_none() {
                text.push_str("\\\n");
            }
        }
    }
    text
}

/// Tells, run by run, what differs between two recordings, for people; nothing where they are the same.
pub fn recorded_differences(expected: &str, found: &str) -> Vec<String> {
    let (expected_runs, found_runs) = (runs(expected), runs(found));
    let mut told = Vec::new();
    for (run, lines) in &expected_runs {
        match found_runs.get(run) {
            None => told.push(format!("{run}\n  is not there any more")),
            Some(now) if now == lines => {}
            Some(now) => told.push(format!("{run}\n{}", changed_lines(lines, now))),
        }
    }
    told.extend(
        found_runs.keys().filter(|run| !expected_runs.contains_key(*run)).map(|run| format!("{run}\n  is new")),
    );
    if told.is_empty() && expected != found {
        told.push("the runs are the same in another order".to_string());
    }
    told
}

/// The lines of each run, by its command; of a command that was run again, the number of the run is a part.
fn runs(recording: &str) -> BTreeMap<String, Vec<&str>> {
    let mut runs: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    let mut current = String::new();
    for line in recording.lines() {
        if line.starts_with("$ ") {
            let time = times.entry(line).and_modify(|time| *time += 1).or_insert(1);
            current = if *time == 1 { line.to_string() } else { format!("{line}   (run {time})") };
            runs.entry(current.clone()).or_default();
        } else {
            runs.entry(current.clone()).or_default().push(line);
        }
    }
    runs
}

/// The lines between what two runs have in common at both ends.
fn changed_lines(expected: &[&str], found: &[&str]) -> String {
    let same_ahead = expected.iter().zip(found).take_while(|(one, other)| one == other).count();
    let (expected, found) = (&expected[same_ahead..], &found[same_ahead..]);
    let same_behind = expected.iter().rev().zip(found.iter().rev()).take_while(|(one, other)| one == other).count();
    let (expected, found) = (&expected[..expected.len() - same_behind], &found[..found.len() - same_behind]);
    let mut out = String::new();
    for (sign, lines, others) in [('-', expected, found), ('+', found, expected)] {
        for (index, line) in lines.iter().take(LINES).enumerate() {
            let _ = writeln!(out, "  {sign} {}", around_difference(line, others.get(index).unwrap_or(&"")));
        }
        if lines.len() > LINES {
            let _ = writeln!(out, "  {sign} and {} lines more", lines.len() - LINES);
        }
    }
    out.truncate(out.trim_end_matches('\n').len());
    out
}

/// A line, cut to what is around the first character that is another one in the other line.
fn around_difference(line: &str, other: &str) -> String {
    let characters: Vec<char> = line.chars().collect();
    if characters.len() <= SHOWN {
        return line.to_string();
    }
    let same = line.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let from = same.saturating_sub(BEFORE);
    let to = (from + SHOWN).min(characters.len());
    let cut: String = characters[from..to].iter().collect();
    let (ahead, behind) = (if from > 0 { "…" } else { "" }, if to < characters.len() { "…" } else { "" });
    format!("{ahead}{cut}{behind}  (at character {})", same + 1)
}
