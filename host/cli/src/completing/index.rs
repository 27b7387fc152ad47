//! What the index knows of threads: their ids and names, their directories, branches, models and tags.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::builder::StyledStr;
use clap_complete::engine::CompletionCandidate;
use threadkeep::contract::{RowQuery, ThreadRow};
use threadkeep::db::state_dir;
use threadkeep::platform::home::{Home, locate};
use threadkeep::platform::wait::Wait;
use threadkeep::{Cancellation, Options, StateAccess, Threadkeep};

use crate::importers;
use crate::settings::Settings;
use crate::text;
use crate::values::without_tilde;

/// Gives a fact of a thread, where it has that.
pub(super) type Fact = fn(&ThreadRow) -> Option<String>;

/// After this no more threads are asked for, however many there are.
const ENOUGH: Duration = Duration::from_millis(40);
/// What is not known by then, on a machine that is busy, is no candidate.
const LONGEST: Duration = Duration::from_millis(500);
/// So many threads are asked for at a time.
const PAGE: u32 = 500;
/// So many threads, and so many values of another kind, are offered.
const MOST: usize = 50;
/// So many threads are offered where nothing is typed yet.
const MOST_OF_ALL: usize = 20;
/// A title has at most so many columns.
const TITLE: usize = 60;

/// The index of a home, as the command line names that.
pub(super) struct Index {
    home: Option<PathBuf>,
    state_dir: Option<PathBuf>,
    is_left_out: bool,
    /// Whether words go to the shell as they are to stand on the command line, and come so.
    escapes: bool,
}

impl Index {
    /// Gives the index that a command line asks, which is not whole yet.
    pub(super) fn asked_by(words: &[OsString], escapes: bool) -> Index {
        let words: Vec<String> = words.iter().skip(2).map(|word| word.to_string_lossy().into_owned()).collect();
        let directory = |flag: &str| value_of(&words, flag).map(|value| PathBuf::from(without_tilde(&value)));
        let is_left_out = words.iter().any(|word| word == "--no-state");
        Index { home: directory("--home"), state_dir: directory("--state-dir"), is_left_out, escapes }
    }

    /// Gives threads whose id or name begins so.
    pub(super) fn threads(&self, typed: &str) -> Vec<CompletionCandidate> {
        let typed = self.plain(typed);
        let most = if typed.is_empty() { MOST_OF_ALL } else { MOST };
        let mut found = Vec::new();
        self.every_row(|_, rows| {
            for row in rows {
                let title = text::shorten(&text::plain(&row.title), TITLE);
                let mut offer = |word: &str, help: String| {
                    if begins(word, &typed) {
                        found.push((word.to_owned(), Some(help)));
                    }
                };
                offer(&row.id, title);
                if let Some(name) = row.name.as_deref().filter(|name| text::plain(name) == *name) {
                    offer(name, row.id.clone());
                }
            }
            found.len() < most
        });
        found.truncate(most);
        self.candidates(found)
    }

    /// Gives directories in which threads ran that begin so, the newest first.
    pub(super) fn directories(&self, typed: &str) -> Vec<CompletionCandidate> {
        let directories = |row: &ThreadRow| [row.cwd.clone(), row.last_cwd.clone()].into_iter().flatten().collect();
        self.values(directories, typed)
    }

    /// Gives the values of a fact that begin so, the newest first.
    pub(super) fn facts(&self, fact: Fact, typed: &str) -> Vec<CompletionCandidate> {
        self.values(|row| fact(row).into_iter().collect(), typed)
    }

    fn values(&self, of: impl Fn(&ThreadRow) -> Vec<String>, typed: &str) -> Vec<CompletionCandidate> {
        let typed = self.plain(typed);
        let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
        self.every_row(|_, rows| {
            for value in rows.iter().flat_map(&of).filter(|value| begins(value, &typed)) {
                if text::plain(&value) == value && seen.insert(value.clone()) {
                    found.push((value, None));
                }
            }
            found.len() < MOST
        });
        found.truncate(MOST);
        self.candidates(found)
    }

    /// Gives tags that begin so, with the number of threads that have each.
    pub(super) fn tags(&self, typed: &str) -> Vec<CompletionCandidate> {
        let typed = self.plain(typed);
        let mut tags: BTreeMap<String, usize> = BTreeMap::new();
        self.every_row(|threadkeep, rows| {
            let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
            for tag in threadkeep.marks_in_short(&ids).into_values().flat_map(|marks| marks.tags) {
                *tags.entry(tag).or_default() += 1;
            }
            true
        });
        let tags = tags.into_iter().filter(|(tag, _)| begins(tag, &typed));
        self.candidates(tags.map(|(tag, count)| (tag, Some(text::count(count, "thread")))).take(MOST).collect())
    }

    /// Hands the rows of all threads over, newest first, until enough were seen or the time is over.
    fn every_row(&self, mut see: impl FnMut(&Threadkeep, &[ThreadRow]) -> bool) {
        let began = Instant::now();
        let Some(threadkeep) = self.open() else { return };
        let mut cursor: Option<String> = None;
        loop {
            let Ok(page) = threadkeep.list(&RowQuery::default(), cursor.as_deref(), PAGE) else { return };
            let rows: Vec<ThreadRow> = page.rows.into_iter().map(|listed| listed.row).collect();
            cursor = page.next;
            if !see(&threadkeep, &rows) || cursor.is_none() || began.elapsed() > ENOUGH {
                return;
            }
        }
    }

    /// Opens the index where there is one, and it is complete.
    fn open(&self) -> Option<Threadkeep> {
        if self.is_left_out {
            return None;
        }
        let env = |name: &str| std::env::var_os(name);
        let settings = Settings::read().ok();
        let named = |home: &PathBuf| settings.as_ref()?.home_named(home).ok().flatten();
        let usual = || Some(PathBuf::from(settings.as_ref()?.get("home")?.0.concat()));
        let wanted = self.home.as_ref().map(|home| named(home).unwrap_or_else(|| home.clone())).or_else(usual);
        let home = Home::open(&locate(wanted, env).ok()?, env).ok()?;
        let shared = env("THREADKEEP_STATE_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let state_dir = std::path::absolute(state_dir(home.root(), self.state_dir.clone(), shared)).ok()?;
        let cancellation = Cancellation::default();
        let late = cancellation.clone();
        std::thread::spawn(move || {
            std::thread::sleep(LONGEST);
            late.cancel();
        });
        let wait = Wait::at_most(Duration::ZERO);
        let options = Options { state_dir, access: StateAccess::Glance, wait, cancellation, ..Options::new(home) };
        let threadkeep = Threadkeep::open(options).ok()?;
        threadkeep.state().is_some().then_some(threadkeep)
    }

    /// Gives what was typed without the backslashes that a shell leaves in it.
    fn plain(&self, typed: &str) -> String {
        if !self.escapes {
            return typed.to_owned();
        }
        let mut plain = String::new();
        let mut characters = typed.chars();
        while let Some(character) = characters.next() {
            plain.extend(if character == '\\' { characters.next() } else { Some(character) });
        }
        plain
    }

    fn candidates(&self, found: Vec<(String, Option<String>)>) -> Vec<CompletionCandidate> {
        let word = |word: &str| if self.escapes { escaped(word) } else { word.to_owned() };
        let candidate = |(at, (value, help)): (usize, (String, Option<String>))| {
            CompletionCandidate::new(word(&value)).help(help.map(StyledStr::from)).display_order(Some(at))
        };
        found.into_iter().enumerate().map(candidate).collect()
    }
}

/// Gives the names of the plugins that are installed.
pub(super) fn plugins() -> Vec<String> {
    let directory = importers::plugin_directory(Wait::at_most(Duration::ZERO)).ok();
    directory.and_then(|directory| directory.list().ok()).map(|list| list.into_keys().collect()).unwrap_or_default()
}

/// Gives the value of a flag among words; bash makes three words of one with a sign of equality.
fn value_of(words: &[String], flag: &str) -> Option<String> {
    let at = words
        .iter()
        .rposition(|word| word == flag || word.strip_prefix(flag).is_some_and(|rest| rest.starts_with('=')))?;
    if let Some(value) = words[at].strip_prefix(flag).and_then(|rest| rest.strip_prefix('=')) {
        return Some(value.to_owned());
    }
    words[at + 1..].iter().find(|word| *word != "=").cloned()
}

fn begins(word: &str, typed: &str) -> bool {
    word.get(..typed.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(typed))
}

/// Writes a word so that bash takes it for one.
fn escaped(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./,+@%^:=".contains(c);
    word.chars().flat_map(|c| (!is_plain(c)).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(String::from).collect()
    }

    #[test]
    fn the_value_of_a_flag_is_found_however_it_is_written() {
        for line in ["read --home /a b", "--home=/a read b", "--home = /a read b", "--home /b --home /a read"] {
            assert_eq!(value_of(&words(line), "--home").as_deref(), Some("/a"), "{line}");
        }
        for line in ["read b", "read --home", "--home-like /a"] {
            assert_eq!(value_of(&words(line), "--home"), None, "{line}");
        }
    }

    #[test]
    fn what_bash_is_given_comes_back_as_it_was() {
        let index = Index::asked_by(&[], true);
        for word in ["The pump", "it's $HOME", "a\\b", "Möhren & Kohl", "plain-word_1.2"] {
            assert_eq!(index.plain(&escaped(word)), word);
        }
        assert_eq!(escaped("plain-word_1.2"), "plain-word_1.2");
    }
}
