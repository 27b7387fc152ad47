//! Lists of threads: a line for each, in columns; on a wide terminal there are more of them.

use std::fmt::Write as _;

use jiff::Timestamp;
use threadkeep::contract::{Listed, ThreadRow};
use threadkeep_terminal::ages;
use unicode_width::UnicodeWidthStr as _;

use super::color::{Meaning, Stream, paint};
use super::{SHORT_ID, base_name, output, pad, shorten, times, title};

/// How many columns a directory's name, and a label, have at most where lines are cut off.
const MAX_DIRECTORY: usize = 14;
/// How many columns a branch has at most.
const MAX_BRANCH: usize = 16;
/// From so many columns on there is room for branches and tokens.
const WIDE: usize = 110;
/// How deep nested threads are indented at most.
const MAX_DEPTH: u32 = 8;

/// A list that is printed piece by piece, under one line of headings.
pub(crate) struct TextList {
    time: fn(&ThreadRow) -> i64,
    has_begun: bool,
}

/// How wide the columns of a piece are.
struct Columns {
    label: usize,
    directory: usize,
    /// None where there is no room for it.
    branch: Option<usize>,
}

impl TextList {
    /// Begins a list that shows this time of each thread.
    pub(crate) fn new(time: fn(&ThreadRow) -> i64) -> TextList {
        TextList { time, has_begun: false }
    }

    /// Says whether no thread was in the list.
    pub(crate) fn is_empty(&self) -> bool {
        !self.has_begun
    }

    /// Gives the lines of further threads: time, id, directory, title, and on a wide terminal branch and tokens; sub-agents are
    /// indented under their parent.
    pub(crate) fn lines(&mut self, rows: &[Listed]) -> String {
        self.labelled(rows.iter().map(|listed| (listed, "")), 0)
    }

    /// Gives the lines with a short label of each thread, as the home that it is of, in a column before the directory.
    pub(crate) fn with_labels<'a>(&mut self, rows: impl Iterator<Item = (&'a Listed, &'a str)> + Clone) -> String {
        self.labelled(rows, MAX_DIRECTORY)
    }

    /// Gives the lines with a label of each thread however wide it is.
    pub(crate) fn with_wide_labels<'a>(&mut self, rows: impl Iterator<Item = (&'a Listed, &'a str)> + Clone) -> String {
        self.labelled(rows, usize::MAX)
    }

    fn labelled<'a>(
        &mut self,
        rows: impl Iterator<Item = (&'a Listed, &'a str)> + Clone,
        widest_label: usize,
    ) -> String {
        let most = |most: usize| if output::is_cut() { most } else { usize::MAX };
        let widest = |width: &dyn Fn(&Listed, &str) -> usize| {
            rows.clone().map(|(listed, label)| width(listed, label)).max().unwrap_or(0)
        };
        // What stands above it is as wide.
        let least = if output::is_terminal() { "DIRECTORY".len() } else { 3 };
        let is_wide = output::is_terminal() && output::line_width() >= WIDE;
        let columns = Columns {
            label: widest(&|_, label| label.width()).min(most(widest_label)),
            directory: widest(&|listed, _| directory(&listed.row).width()).clamp(least, most(MAX_DIRECTORY)),
            branch: is_wide.then(|| widest(&|listed, _| branch(&listed.row).width()).clamp(6, MAX_BRANCH)),
        };
        let now = Timestamp::now().as_millisecond();
        let mut out = String::new();
        for (listed, label) in rows {
            let time = times::short((self.time)(&listed.row), now);
            if !std::mem::replace(&mut self.has_begun, true) && output::is_terminal() {
                out.push_str(&columns.heading(time.width()));
            }
            columns.write(&mut out, &time, label, listed);
        }
        out
    }
}

impl Columns {
    fn heading(&self, time: usize) -> String {
        let Columns { label, directory, branch } = self;
        let label = if *label > 0 { " ".repeat(label + 2) } else { String::new() };
        let more = branch.map(|branch| format!("{:<branch$}  {:>6}  ", "BRANCH", "TOKENS")).unwrap_or_default();
        let project = pad("DIRECTORY", *directory);
        let line = format!("{:>time$}  {:<SHORT_ID$}  {label}{project}  {more}TITLE", times::heading(), "ID");
        format!("{}\n", paint(Stream::Out, Meaning::Heading, &line))
    }

    fn write(&self, out: &mut String, time: &str, label: &str, Listed { row, depth }: &Listed) {
        let mark = match (row.missing, row.archived) {
            (true, _) => "missing: ",
            (_, true) => "archived: ",
            _ => "",
        };
        let id = row.id.get(..SHORT_ID).unwrap_or(&row.id);
        let label = if self.label > 0 { pad(label, self.label) + "  " } else { String::new() };
        let more = self.branch.map(|width| {
            let tokens = row.tokens_used.map(ages::count).unwrap_or_default();
            format!("{}  {tokens:>6}  ", pad(&branch(row), width))
        });
        let before = format!("{label}{}  {}", pad(&directory(row), self.directory), more.unwrap_or_default());
        let nested = match (*depth).min(MAX_DEPTH) as usize {
            0 => String::new(),
            depth => "  ".repeat(depth - 1) + "└ ",
        };
        let room = output::line_width().saturating_sub(time.width() + id.width() + before.width() + 4 + nested.width());
        let title = shorten(&format!("{mark}{}", title(row)), room);
        let id = paint(Stream::Out, Meaning::Name, id);
        let _ = writeln!(out, "{time}  {id}  {before}{nested}{title}");
    }
}

fn directory(row: &ThreadRow) -> String {
    shorten(row.cwd.as_deref().map(base_name).unwrap_or_default(), usize::MAX)
}

fn branch(row: &ThreadRow) -> String {
    shorten(row.git_branch.as_deref().unwrap_or_default(), usize::MAX)
}
