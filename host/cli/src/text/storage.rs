//! What takes the space in rollouts.

use std::fmt::Write as _;

use threadkeep::StorageReport;

use super::color::{Meaning, Stream, paint};
use super::plain;
use super::statistics::grouped;

/// How many types are shown; the rest is one line.
const MOST_TYPES: usize = 20;
/// Columns of a size.
const SIZE: usize = 16;

/// Gives what was measured: sums, then what they are made of.
pub(crate) fn report(report: &StorageReport) -> String {
    let mut out = String::new();
    let mut line = |bytes: u64, what: &str| {
        let _ = writeln!(out, "{:>SIZE$}  {what}", grouped(bytes));
    };
    line(report.on_disk, &format!("bytes on the disk in {}", of(report.rollouts, "rollout")));
    line(report.text, "bytes of text in them");
    line(report.images, "of the text are image data");
    line(report.compactions, "are history that compactions repeat");
    line(report.copied, "were copied of other threads");
    line(report.duplicates, "on the disk are in another file too");
    if let Some(bytes) = report.compressible.filter(|_| report.plain > 0) {
        let what = "would come back by `threadkeep compress`, estimated by a sample of";
        line(bytes, &format!("{what} {} bytes", grouped(report.sampled)));
    }
    if report.unread > 0 {
        let _ = writeln!(out, "{} could not be read: what is there is not known", of(report.unread, "rollout"));
    }
    out.push_str("\nby type of record\n");
    for (name, records, bytes) in report.types.iter().take(MOST_TYPES) {
        let name = if name.is_empty() { "(none)".into() } else { plain(name) };
        let _ = writeln!(out, "{:>SIZE$}  {name}, {}", grouped(*bytes), of(*records, "record"));
    }
    let rest: u64 = report.types.iter().skip(MOST_TYPES).map(|(.., bytes)| bytes).sum();
    if rest > 0 {
        let _ = writeln!(out, "{:>SIZE$}  other types", grouped(rest));
    }
    out.push_str("\nby age\n");
    for (days, rollouts, bytes) in &report.ages {
        let what = days.map_or("older".into(), |days| format!("less than {days} days"));
        let _ = writeln!(out, "{:>SIZE$}  {what}, {}", grouped(*bytes), of(*rollouts, "rollout"));
    }
    out.push_str("\nthe largest threads\n");
    for (thread, bytes) in &report.largest {
        let _ = writeln!(out, "{:>SIZE$}  {}", grouped(*bytes), paint(Stream::Out, Meaning::Name, &plain(thread)));
    }
    out
}

/// Gives a number in groups of digits with what it counts, in the right form.
fn of(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}
