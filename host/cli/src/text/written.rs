//! Who wrote lines of files, for people.

use std::fmt::Write as _;

use jiff::Timestamp;
use threadkeep::contract::{AskedLines, WrittenFile};
use threadkeep::documents::unknown_lines;

use super::touched::{line, thread};
use super::{count, plain};

/// Gives, of each file, who wrote its lines, and how many nobody did.
pub(crate) fn files(files: &[WrittenFile], asked: &AskedLines, width: usize) -> String {
    let mut out = String::new();
    let now = Timestamp::now().as_millisecond();
    for file in files {
        let _ = match asked {
            AskedLines::Line(line) => writeln!(out, "{}:{}: {}", plain(&file.path), line.number, plain(&line.text)),
            AskedLines::Patch(_) => writeln!(out, "{}", plain(&file.path)),
        };
        for writer in &file.writers {
            if matches!(asked, AskedLines::Patch(_)) {
                let _ = writeln!(out, "  {} of {}", writer.lines.len(), count(file.asked, "line"));
            }
            out.push_str(&thread(&writer.row, now, width));
            out.push_str(&line(&writer.file));
        }
        let changed = match file.threads {
            0 => "no thread says that it changed the file".into(),
            1 => "1 thread changed the file".into(),
            threads => format!("{threads} threads changed the file"),
        };
        let unknown = unknown_lines(file);
        let _ = match (unknown, asked) {
            (0, _) => Ok(()),
            (_, AskedLines::Line(line)) if line.text.chars().any(char::is_alphanumeric) => {
                writeln!(out, "  no thread wrote it; {changed}")
            }
            (_, AskedLines::Line(_)) => {
                writeln!(out, "  whose patch wrote it cannot be told: too many lines are like it; {changed}")
            }
            (_, AskedLines::Patch(_)) => {
                writeln!(out, "  {unknown} of {} no thread wrote; {changed}", count(file.asked, "line"))
            }
        };
    }
    out
}
