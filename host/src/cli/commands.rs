//! The commands. Each decides nothing about threads: it opens what it needs, asks, and prints.

mod debug;
mod explain;
mod turns;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Value, json};
use threadkeep::backfill::Progress;
use threadkeep::component::Runtime;
use threadkeep::component::exports::lookup::{Found, Via};
use threadkeep::component::imports::state::{RowQuery, SortKey};
use threadkeep::component::tape::Recorder;
use threadkeep::component::types::{Collection, ThreadRow};
use threadkeep::home::{Home, locate};
use threadkeep::lookup::{self, Lookup, LookupError};
use threadkeep::startup::{self, Config, Report};
use threadkeep::state::{StateDb, state_dir};
use threadkeep::status;

use super::args::{Args, Command, Find, Global, Init, List, Sort, SourceKind};
use super::item::Item;
use super::{Usage, progress, say, text};

/// What every command works with. The handle is not in it: each command comes by it in its own way.
struct Session {
    runtime: Runtime,
    home: Arc<Home>,
    state_dir: PathBuf,
    global: Global,
    progress: Option<Arc<dyn Progress>>,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let mut runtime = Runtime::load()?;
    if let Command::Debug(debug) = &args.command {
        return debug::run(&runtime, debug, args.global.json);
    }
    let env = |name: &str| std::env::var_os(name);
    let root = locate(args.global.home.clone(), env)?;
    let home = Arc::new(Home::open(&root, env)?);
    let shared = env("THREADKEEP_STATE_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let recording = args.global.record.clone();
    let recorder = recording.as_deref().map(record).transpose()?;
    if let Some(recorder) = &recorder {
        runtime = runtime.recording(recorder.clone());
    }
    let session = Session {
        runtime,
        state_dir: std::path::absolute(state_dir(home.root(), args.global.state_dir.clone(), shared))?,
        progress: progress::bar(args.global.json),
        home,
        global: args.global,
    };
    let done = match args.command {
        Command::Init(init) => session.init(&init),
        Command::Status => session.status(),
        Command::List(list) => session.list(&list),
        Command::Find(find) => session.find(&find),
        Command::Read(read) => session.read(&read),
        Command::Turns(turns) => session.turns(&turns),
        Command::Debug(_) => Ok(()),
    };
    if let (Some(recorder), Some(file)) = (recorder, recording) {
        recorder.finish().with_context(|| format!("the recording {} is not whole", file.display()))?;
    }
    done
}

/// A new recording, which nobody else may read: it holds what the threads say.
fn record(file: &Path) -> anyhow::Result<Recorder> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let out = options.open(file).with_context(|| format!("the recording {} cannot be begun", file.display()))?;
    Ok(Recorder::new(std::io::BufWriter::new(out)))
}

impl Session {
    fn config(&self) -> Config {
        Config {
            state_dir: self.state_dir.clone(),
            wait: Duration::from_secs(self.global.wait.into()),
            refresh: !self.global.no_refresh,
            rebuild: false,
            check: false,
            progress: self.progress.clone(),
        }
    }

    /// Starts for a command that changes the state DB: without a handle there is nothing to do.
    fn start(&self, config: &Config) -> anyhow::Result<(StateDb, Report)> {
        let started = startup::init(&self.runtime, &self.home, config);
        self.end_progress();
        let (state, report) = started?;
        self.warn(&report.warnings);
        Ok((state, report))
    }

    /// Starts for a command that only looks: without a handle it answers from the files, and says so.
    fn start_to_look(&self) -> Option<StateDb> {
        if self.global.no_state {
            return None;
        }
        match self.start(&self.config()) {
            Ok((state, _)) => Some(state),
            Err(error) => {
                say(&format!("{error:#}; answering from the files"));
                None
            }
        }
    }

    /// A handle in place of one whose database failed in the middle: a new one where the damage can be mended, else none.
    fn start_again(&self, failure: &str) -> Option<StateDb> {
        let healed = startup::heal(&self.runtime, &self.home, &self.config(), failure);
        self.end_progress();
        match healed {
            Ok(Some((state, report))) => {
                self.warn(&report.warnings);
                Some(state)
            }
            Ok(None) | Err(_) => {
                say(&format!("{failure}; answering from the files"));
                None
            }
        }
    }

    fn finder(&self, state: Option<&StateDb>) -> Result<Lookup, LookupError> {
        let mut lookup = Lookup::to_find(&self.runtime, &self.home, state)?;
        self.warn(&lookup.take_warnings());
        Ok(lookup)
    }

    fn lister(&self, state: Option<&StateDb>) -> Result<Lookup, LookupError> {
        let lookup = Lookup::to_list(&self.runtime, &self.home, state, self.progress.clone());
        self.end_progress();
        let mut lookup = lookup?;
        self.warn(&lookup.take_warnings());
        Ok(lookup)
    }

    /// Finds; when the state DB fails under it, once more with a new one or without.
    fn look_up(&self, wanted: &str, within: Option<Collection>) -> anyhow::Result<Found> {
        let state = self.start_to_look();
        let answer = self.finder(state.as_ref()).and_then(|mut lookup| lookup.find(wanted, within));
        match answer {
            Err(LookupError::State(failure)) if state.is_some() => {
                drop(state);
                let state = self.start_again(&failure);
                Ok(self.finder(state.as_ref())?.find(wanted, within)?)
            }
            other => Ok(other?),
        }
    }

    fn warn(&self, warnings: &[String]) {
        warnings.iter().for_each(|warning| say(warning));
    }

    fn end_progress(&self) {
        if let Some(progress) = &self.progress {
            progress.finish();
        }
    }

    /// Prints the document for programs, or the text for people.
    fn print(&self, document: impl Serialize, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        let out = match self.global.json {
            true => serde_json::to_string(&document)? + "\n",
            false => text(),
        };
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(out.as_bytes())?;
        Ok(stdout.flush()?)
    }

    fn init(&self, init: &Init) -> anyhow::Result<()> {
        if self.global.no_state {
            return Err(Usage("init fills the state DB, so it cannot go with --no-state".into()).into());
        }
        let (state, report) = self.start(&Config { rebuild: init.rebuild, check: true, ..self.config() })?;
        let threads = state.totals()?.threads;
        let document = json!({
            "scanned": report.scanned,
            "stored": report.stored,
            "failed": report.failed,
            "waitedMs": report.waited.as_millis() as u64,
            "backfilledHere": report.backfilled_here,
        });
        self.print(document, || text::report(&report, threads))
    }

    fn status(&self) -> anyhow::Result<()> {
        let dir = (!self.global.no_state).then_some(self.state_dir.as_path());
        let status = status::status(&self.runtime, &self.home, dir, self.progress.clone());
        self.end_progress();
        let status = status?;
        self.warn(&status.warnings);
        self.print(&status, || text::status(&status))
    }

    fn list(&self, list: &List) -> anyhow::Result<()> {
        let query = query(list)?;
        let mut state = self.start_to_look();
        let mut lookup = self.lister(state.as_ref())?;
        let mut out = std::io::stdout().lock();
        let mut printer = Printer::new(&mut out, self.global.json, &query);
        let mut cursor = list.cursor.clone();
        let mut left = list.limit;
        loop {
            // All there are, but never all at once.
            let wanted = if list.limit == 0 { PAGE } else { left.min(PAGE) };
            let page = match lookup.page(&query, cursor.as_deref(), wanted) {
                Err(LookupError::State(failure)) if state.is_some() => {
                    // The cursor is a place in the order, and the order is the same without the state DB.
                    drop((lookup, state.take()));
                    state = self.start_again(&failure);
                    lookup = self.lister(state.as_ref())?;
                    lookup.page(&query, cursor.as_deref(), wanted)?
                }
                other => other?,
            };
            left = left.saturating_sub(page.rows.len() as u32);
            cursor = page.next;
            printer.rows(&page.rows, &self.home)?;
            if cursor.is_none() || (list.limit != 0 && left == 0) {
                return printer.end(cursor.as_deref());
            }
        }
    }

    fn find(&self, find: &Find) -> anyhow::Result<()> {
        let within = find.archived.then_some(Collection::Archived);
        if find.explain {
            return self.explain(find, within);
        }
        let found = self.look_up(&find.id, within)?;
        let document = found_document(&found, &self.home)?;
        self.print(document, || {
            for what in &found.discrepancies {
                let (kind, about) = lookup::describe(what);
                say(&format!("{kind}: {about}"));
            }
            format!("{}\n", text::shown(&self.home.absolute(&found.row.path).to_string_lossy()))
        })
    }

    /// Finds, and says how. The evidence is worth seeing above all where nothing was found.
    fn explain(&self, find: &Find, within: Option<Collection>) -> anyhow::Result<()> {
        let state = self.start_to_look();
        let explanation = self.finder(state.as_ref())?.explain(&find.id, within)?;
        let mut document = match &explanation.answer {
            Ok(found) => found_document(found, &self.home)?,
            Err(_) => json!({}),
        };
        document["explanation"] = explain::document(&explanation);
        self.print(document, || {
            let found = explanation.answer.as_ref().ok();
            let path = found.map(|found| text::shown(&self.home.absolute(&found.row.path).to_string_lossy()) + "\n");
            path.unwrap_or_default() + &explain::lines(&explanation)
        })?;
        lookup::answered(explanation, &find.id).map(drop).map_err(Into::into)
    }
}

/// `find`'s document.
fn found_document(found: &Found, home: &Home) -> anyhow::Result<Value> {
    let mut document = serde_json::to_value(Item::new(&found.row, home)?)?;
    let discrepancies: Vec<Value> = found
        .discrepancies
        .iter()
        .map(|what| {
            let (kind, about) = lookup::describe(what);
            json!({"kind": kind, "about": about})
        })
        .collect();
    document["via"] = match found.via {
        Via::State => "state".into(),
        Via::Files => "files".into(),
    };
    document["discrepancies"] = discrepancies.into();
    Ok(document)
}

/// Rows asked for and printed at a time.
const PAGE: u32 = 1_000;

/// Prints a list while it comes: `{"items":[…],"nextCursor":…}`, or a line a thread.
struct Printer<'a, W: std::io::Write> {
    out: &'a mut W,
    json: bool,
    time: fn(&ThreadRow) -> i64,
    printed: bool,
}

impl<'a, W: std::io::Write> Printer<'a, W> {
    fn new(out: &'a mut W, json: bool, query: &RowQuery) -> Self {
        let time: fn(&ThreadRow) -> i64 = match query.sort {
            SortKey::Created => |row| row.created_at,
            SortKey::Updated => |row| row.updated_at,
            SortKey::Recency => |row| row.recency_at,
        };
        Printer { out, json, time, printed: false }
    }

    fn rows(&mut self, rows: &[ThreadRow], home: &Home) -> anyhow::Result<()> {
        if !self.json {
            self.printed |= !rows.is_empty();
            return Ok(self.out.write_all(text::list(rows, self.time, text::width()).as_bytes())?);
        }
        let mut text = String::new();
        for row in rows {
            text.push_str(if std::mem::replace(&mut self.printed, true) { "," } else { "{\"items\":[" });
            text.push_str(&serde_json::to_string(&Item::new(row, home)?)?);
        }
        Ok(self.out.write_all(text.as_bytes())?)
    }

    fn end(self, next: Option<&str>) -> anyhow::Result<()> {
        if self.json {
            let begin = if self.printed { "" } else { "{\"items\":[" };
            writeln!(self.out, "{begin}],\"nextCursor\":{}}}", serde_json::to_string(&next)?)?;
        }
        self.out.flush()?;
        match next {
            _ if self.json => {}
            Some(next) => say(&format!("more with --cursor {next}")),
            None if !self.printed => say("no threads"),
            None => {}
        }
        Ok(())
    }
}

fn query(list: &List) -> anyhow::Result<RowQuery> {
    let within = match (list.archived, list.all) {
        (true, _) => Some(Collection::Archived),
        (_, true) => None,
        _ => Some(Collection::Active),
    };
    let any = list.source.is_empty() || list.source.contains(&SourceKind::Any);
    let kinds = || list.source.iter().filter_map(|kind| kind.row_kinds()).flatten().map(|kind| kind.to_string());
    Ok(RowQuery {
        within,
        source_kinds: (!any).then(|| kinds().collect()),
        fold_children: !list.flat && !list.source.iter().any(|kind| kind.is_sub_agent()),
        provider: list.provider.clone(),
        cwd: list.cwd.as_deref().map(directory).transpose()?,
        under: list.under.as_deref().map(directory).transpose()?,
        since: list.since.as_deref().map(time).transpose()?,
        until: list.until.as_deref().map(time).transpose()?,
        title: list.title.clone(),
        sort: match list.sort {
            Sort::Created => SortKey::Created,
            Sort::Updated => SortKey::Updated,
            Sort::Recency => SortKey::Recency,
        },
        ascending: list.asc,
    })
}

/// A directory as rollouts name it: absolute, without a slash at its end.
fn directory(given: &str) -> anyhow::Result<String> {
    if given.is_empty() {
        return Err(Usage("an empty directory matches nothing; leave the flag out".into()).into());
    }
    let absolute = std::path::absolute(given)?.to_string_lossy().into_owned();
    let trimmed = absolute.trim_end_matches('/');
    Ok(if trimmed.is_empty() { "/".into() } else { trimmed.into() })
}

/// Milliseconds of a time that a person gave.
fn time(given: &str) -> anyhow::Result<i64> {
    use jiff::{Timestamp, civil, tz::TimeZone};
    if let Ok(time) = given.parse::<Timestamp>() {
        return Ok(time.as_millisecond());
    }
    let civil = given.parse::<civil::DateTime>().ok();
    let zoned = civil.and_then(|time| time.to_zoned(TimeZone::system()).ok());
    match zoned {
        Some(zoned) => Ok(zoned.timestamp().as_millisecond()),
        None => Err(Usage(format!("'{given}' is no time: write 2026-03-01 or 2026-03-01T12:00:00Z")).into()),
    }
}
