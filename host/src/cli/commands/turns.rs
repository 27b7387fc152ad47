//! `read` and `turns`: page after page, printed while they come.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};
use threadkeep::component::exports::history::{Gap, PageOfTurns, Subject};
use threadkeep::component::types::ThreadRow;
use threadkeep::db::StateDb;
use threadkeep::features::spawn_edges;
use threadkeep::platform::home::Home;
use threadkeep::startup;
use threadkeep::threads::lookup::{Lookup, LookupError, Transcript};

use super::super::args::{Read, Turns};
use super::super::item::Item;
use super::super::{NoSuchText, Usage, say, text, turns as rendering};
use super::Session;

/// Turns of a page, unless told otherwise; around a text, fewer.
const LIMIT: u32 = 20;
const AROUND: u32 = 5;

impl Session {
    /// `turns`
    pub(super) fn turns(&self, asked: &Turns) -> anyhow::Result<()> {
        self.with_transcript(&self.subject(asked.path.as_deref(), asked.id.as_deref())?, |transcript, _| {
            let mut out = Printer::new(std::io::stdout().lock(), self.global.json, "items");
            show(transcript, asked, &mut out)
        })
    }

    /// `read`
    pub(super) fn read(&self, asked: &Read) -> anyhow::Result<()> {
        let subject = self.subject(asked.turns.path.as_deref(), asked.turns.id.as_deref())?;
        if asked.no_turns {
            let row = match &subject {
                Subject::Thread(wanted) => self.look_up(wanted, None).map(|found| found.row),
                Subject::Rollout(path) => self.at(path),
            };
            let row = row.or_else(remembered)?;
            // The handle of before is closed.
            let state = match self.global.no_state {
                true => None,
                false => startup::open_existing(&self.runtime, &self.home, &self.state_dir).ok().flatten(),
            };
            return self.print(self.item(&row, state.as_ref())?, || text::thread(&row, &self.home, text::width()));
        }
        let shown = self.with_transcript(&subject, |transcript, state| {
            let row = &transcript.found().row;
            let item = self.item(row, state)?;
            let mut out = Printer::new(std::io::stdout().lock(), self.global.json, "turns");
            out.thread(&item, row, &self.home)?;
            show(transcript, &asked.turns, &mut out)
        });
        shown.or_else(|error| {
            let row = remembered(error)?;
            let mut out = Printer::new(std::io::stdout().lock(), self.global.json, "turns");
            out.thread(&Item::new(&row, &self.home)?.now_in(self.current_cwd(&row)), &row, &self.home)?;
            out.end(&PageOfTurns { turns: vec![], next: None, back: None, hit: None }, &[], false)
        })
    }

    /// What is known of a thread, with what spawned it and what it spawned where there is a handle.
    fn item<'a>(&self, row: &'a ThreadRow, state: Option<&StateDb>) -> anyhow::Result<Item<'a>> {
        let item = Item::new(row, &self.home)?.now_in(self.current_cwd(row));
        Ok(match state {
            Some(state) => {
                item.with_edges(spawn_edges::parent(state, &row.id)?, spawn_edges::children(state, &row.id, None)?)
            }
            None => item,
        })
    }

    fn at(&self, path: &str) -> anyhow::Result<ThreadRow> {
        let state = self.start_to_look();
        Ok(self.finder(state.as_ref())?.at(path)?.row)
    }

    pub(super) fn subject(&self, path: Option<&Path>, id: Option<&str>) -> anyhow::Result<Subject> {
        match (path, id) {
            (Some(path), _) => home_path(&self.home, path).map(Subject::Rollout),
            (None, Some(id)) => Ok(Subject::Thread(id.into())),
            (None, None) => Err(Usage("name a thread, or a rollout with --path".into()).into()),
        }
    }

    /// Opens a history; when the state DB fails under it, once more with a new one or without.
    fn with_transcript(
        &self,
        subject: &Subject,
        work: impl FnOnce(&mut Transcript<&mut Lookup>, Option<&StateDb>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut state = self.start_to_look();
        let mut lookup: Lookup = self.finder(state.as_ref())?;
        let failure = match lookup.transcript(subject.clone()) {
            Err(LookupError::State { message: failure, .. }) if state.is_some() => failure,
            opened => return work(&mut opened?, state.as_ref()),
        };
        drop((lookup, state.take()));
        state = self.start_again(&failure);
        lookup = self.finder(state.as_ref())?;
        work(&mut lookup.transcript(subject.clone())?, state.as_ref())
    }
}

/// A thread that is gone is still known, which is worth telling.
fn remembered(error: anyhow::Error) -> anyhow::Result<ThreadRow> {
    match error.downcast::<LookupError>()? {
        gone @ LookupError::Gone(_) => {
            say(&gone.to_string());
            match gone {
                LookupError::Gone(row) => Ok(*row),
                other => Err(other.into()),
            }
        }
        other => Err(other.into()),
    }
}

/// The home path of a rollout that a person named: relative to the home, or absolute and in it.
fn home_path(home: &Home, given: &Path) -> anyhow::Result<String> {
    let absolute = home.root().join(given);
    let real = || {
        let root = std::fs::canonicalize(home.root()).ok()?;
        Some(std::fs::canonicalize(&absolute).ok()?.strip_prefix(root).ok()?.to_path_buf())
    };
    let inside: Option<PathBuf> = absolute.strip_prefix(home.root()).map(Into::into).ok().or_else(real);
    let path = inside.as_deref().and_then(Path::to_str).filter(|path| home.is_home_path(path));
    let outside =
        || Usage(format!("{} is not in sessions or archived_sessions of {}", given.display(), home.root().display()));
    Ok(path.map(Into::into).ok_or_else(outside)?)
}

/// Shows the turns that are asked for.
fn show<W: std::io::Write>(
    transcript: &mut Transcript<&mut Lookup>,
    asked: &Turns,
    out: &mut Printer<W>,
) -> anyhow::Result<()> {
    let gaps = transcript.gaps().to_vec();
    if let Some(text) = &asked.around {
        let limit = asked.limit.unwrap_or(AROUND);
        let page = transcript.around(text, asked.cursor.as_deref(), limit, asked.desc)?;
        let page = page.ok_or_else(|| NoSuchText(text.clone()))?;
        out.turns(&page.turns, page.hit.as_deref())?;
        return out.end(&page, &gaps, asked.desc);
    }
    let (limit, newest_first) = match asked.tail {
        Some(tail) => (tail, true),
        None => (asked.limit.unwrap_or(LIMIT), asked.desc),
    };
    let mut held = Vec::new();
    let mut cursor = asked.cursor.clone();
    let mut back = None;
    let mut left = limit;
    loop {
        let mut page = transcript.page(cursor.as_deref(), left, newest_first)?;
        left = left.saturating_sub(page.turns.len() as u32);
        if cursor == asked.cursor {
            back = page.back.take();
        }
        match asked.tail {
            Some(_) => held.append(&mut page.turns),
            None => out.turns(&page.turns, None)?,
        }
        cursor = page.next.clone();
        if cursor.is_none() || (limit != 0 && left == 0) {
            held.reverse();
            out.turns(&held, None)?;
            return out.end(&PageOfTurns { back, ..page }, &gaps, newest_first);
        }
    }
}

/// Prints turns while they come: `{"items":[…],"nextCursor":…,"backwardsCursor":…}`, with `"gaps"` where there are any,
/// or for people. With a thread before them, its facts stand in the same object, and the turns under `"turns"`.
struct Printer<W: std::io::Write> {
    out: W,
    json: bool,
    key: &'static str,
    begun: bool,
    printed: bool,
}

impl<W: std::io::Write> Printer<W> {
    fn new(out: W, json: bool, key: &'static str) -> Self {
        Printer { out, json, key, begun: false, printed: false }
    }

    fn thread(&mut self, item: &Item<'_>, row: &ThreadRow, home: &Home) -> anyhow::Result<()> {
        if self.json {
            let item = serde_json::to_string(item)?;
            self.begun = true;
            let open = item.strip_suffix('}').unwrap_or(&item);
            write!(self.out, "{open},\"{}\":[", self.key)?;
        } else {
            self.out.write_all(text::thread(row, home, text::width()).as_bytes())?;
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn turns(&mut self, turns: &[String], hit: Option<&str>) -> anyhow::Result<()> {
        for turn in turns {
            let printed = std::mem::replace(&mut self.printed, true);
            if self.json {
                self.begin()?;
                write!(self.out, "{}{turn}", if printed { "," } else { "" })?;
            } else {
                let turn: Value = serde_json::from_str(turn)?;
                let marked = hit.is_some() && turn["id"].as_str() == hit;
                self.out.write_all(rendering::turn(&turn, marked, text::width()).as_bytes())?;
            }
        }
        Ok(())
    }

    fn begin(&mut self) -> anyhow::Result<()> {
        if !std::mem::replace(&mut self.begun, true) {
            write!(self.out, "{{\"{}\":[", self.key)?;
        }
        Ok(())
    }

    fn end(&mut self, page: &PageOfTurns, gaps: &[Gap], newest_first: bool) -> anyhow::Result<()> {
        if self.json {
            self.begin()?;
            write!(self.out, "]")?;
            self.field("nextCursor", &page.next)?;
            self.field("backwardsCursor", &page.back)?;
            if let Some(hit) = &page.hit {
                self.field("hit", hit)?;
            }
            if !gaps.is_empty() {
                let gap = |gap: &Gap| json!({ "thread": gap.thread, "before": gap.before, "reason": gap.reason });
                self.field("gaps", &gaps.iter().map(gap).collect::<Vec<_>>())?;
            }
            writeln!(self.out, "}}")?;
        }
        self.out.flush()?;
        for gap in gaps {
            say(&format!("records of {} before {} are not shown: {}", gap.thread, gap.before, gap.reason));
        }
        if self.json {
            return Ok(());
        }
        let (earlier, later) = if newest_first { (&page.next, &page.back) } else { (&page.back, &page.next) };
        if let Some(cursor) = earlier {
            say(&format!("earlier with --desc --cursor {cursor}"));
        }
        match later {
            Some(cursor) => say(&format!("more with --cursor {cursor}")),
            None if !self.printed => say("no turns"),
            None => {}
        }
        Ok(())
    }

    fn field(&mut self, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
        write!(self.out, ",\"{name}\":{}", serde_json::to_string(value)?)?;
        Ok(())
    }
}
