//! Repairs: what findings say would put a home right, as a plan that people can read, carried out, and taken back.
//!
//! ```text
//! plan     the edits of findings, selected by the core → a document (`Plan`)
//! apply    repair.lock → evaluate every entry → backup → journal: those that may be made → carry out → complete
//! undo     the same with the inverse of what was done: all of it, or nothing; rows that were lost since come from the backup
//! ```
//!
//! Every entry carries what must be so before it is made; that is checked when the plan is applied and again where the
//! entry is made, inside the transaction, so a stale plan is refused entry by entry. A process may be killed anywhere: what
//! was journaled is carried on to its end by the next start (`finish_unfinished`) or by the next repair. While a Codex has
//! its database open only entries are made that do no harm then. What Codex's own rows are, its schema says; its structure
//! and its migrations are nobody's to change.

mod backup;
mod error;
mod execute;
mod journal;
mod lost_rows;
mod outcome;
mod plan;
mod rows;
mod targets;
mod threads;
mod values;

use std::path::Path;
use std::sync::Arc;

use threadkeep_engine::contract::{Change, CodexChange, Edit, EditTarget, Finding, Value};
use threadkeep_engine::{Core, Imports, Runtime, calls};

use crate::db::{ExternalDb, Locks, StateDb, StateError};
use crate::index::startup;
use crate::platform::file_lock::FileLock;
use crate::platform::home::Home;
use crate::platform::wait::Wait;

use execute::{Failure, Options, execute};
use journal::{Begun, Done, Record, Way, records};
use outcome::{Results, partition};
use targets::{Evaluated, Targets};

pub use error::RepairError;
pub use outcome::Outcome;
pub use plan::{Plan, Target};
pub use rows::differing;

/// Who is waited for.
const WHO: &str = "another process, which is repairing or changing this home";

/// Describes a repair that was made.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Its number and time.
    pub name: String,
    /// When it was made: RFC 3339, UTC; none while it is not finished.
    pub at: Option<String>,
    /// What its plan was made for.
    pub target: Target,
    /// Entries that were carried out.
    pub done: usize,
    /// When it was taken back.
    pub undone: Option<String>,
    /// The backup that was made before.
    pub backup: Option<String>,
}

/// Repairs one home.
pub struct Repairs<'a> {
    runtime: &'a Runtime,
    home: &'a Arc<Home>,
    state_dir: &'a Path,
    wait: &'a Wait,
    state: Option<StateDb>,
}

impl<'a> Repairs<'a> {
    /// Names the home, and the place of its state DB, which need not be there.
    pub fn of(runtime: &'a Runtime, home: &'a Arc<Home>, state_dir: &'a Path, wait: &'a Wait) -> Repairs<'a> {
        Repairs { runtime, home, state_dir, wait, state: None }
    }

    /// Gives the handle, where the process has one: what is saved before a repair is then read through it.
    pub fn with_state(self, state: Option<StateDb>) -> Repairs<'a> {
        Repairs { state, ..self }
    }

    /// Plans what would put these findings right: edits of this target, and of those that are only made when asked for, the ones of
    /// these codes.
    pub fn plan(&self, findings: Vec<Finding>, target: Target, codes: &[String]) -> Result<Plan, RepairError> {
        let edits: Vec<Edit> = findings.into_iter().flat_map(|finding| finding.edits).collect();
        let targets: &[EditTarget] = match target {
            Target::State => &[EditTarget::State],
            Target::Codex => &[EditTarget::Codex],
            Target::All => &[EditTarget::State, EditTarget::Codex],
        };
        let mut core = Core::new(self.runtime, Imports::default());
        let entries = core.call(&calls::SelectEdits { edits, targets: targets.into(), codes: codes.into() })?;
        let entries = entries.into_iter().map(|edit| Edit { opt_in: false, ..edit }).collect();
        let entries = self.with_dependent_rows(entries)?;
        Ok(Plan { home: self.home.root().to_path_buf(), target, made: now(), entries })
    }

    /// Adds, before a thread's row goes, what Codex lets go with it: by entries of their own, which can be taken back.
    fn with_dependent_rows(&self, edits: Vec<Edit>) -> Result<Vec<Edit>, RepairError> {
        let removed = |edit: &Edit| match &edit.change {
            Change::CodexRow(change) if change.table == "threads" && change.after.is_none() => {
                change.key.first().map(|cell| cell.value.clone())
            }
            _ => None,
        };
        let removed: Vec<Option<Value>> = edits.iter().map(removed).collect();
        let database = ExternalDb::newest(self.home.sqlite_home(), "state_");
        let (Some(database), true) = (database, removed.iter().any(Option::is_some)) else { return Ok(edits) };
        let dependent = database.dependent_rows(&removed)?;
        let with = |(edit, dependent): (Edit, Vec<CodexChange>)| {
            let about = edit.clone();
            let dependent = dependent.into_iter().map(move |change| {
                let reason = format!("it hangs on the thread's row, which goes: {}", about.reason);
                Edit { reason, change: Change::CodexRow(change), ..about.clone() }
            });
            dependent.chain([edit])
        };
        Ok(edits.into_iter().zip(dependent).flat_map(with).collect())
    }

    /// Says what applying would do. Nothing is created or changed.
    pub fn look(&self, plan: &Plan) -> Result<Outcome, RepairError> {
        self.check(plan)?;
        let evaluated = self.targets().evaluate(&plan.entries)?;
        Ok(partition(plan.entries.clone(), evaluated).0)
    }

    /// Carries out what of a plan may still be made.
    pub fn apply(&self, plan: &Plan) -> Result<Outcome, RepairError> {
        self.check(plan)?;
        let (_repairing, mut targets, finished) = self.begin()?;
        let evaluated = targets.evaluate(&plan.entries)?;
        let (mut outcome, evaluated) = partition(plan.entries.clone(), evaluated);
        outcome.finished = finished;
        if outcome.done.is_empty() {
            return Ok(outcome);
        }
        outcome.backup = backup::save(&targets, None)?;
        let plan = Plan { entries: std::mem::take(&mut outcome.done), ..plan.clone() };
        let begun = Begun { backup: outcome.backup.clone(), plan };
        let record = Record::append(self.state_dir, &begun)?;
        let options = Options { whole: false, backup: None, starting: false };
        let results = self.execute(&mut targets, &record, Way::Apply, &begun, &evaluated, options)?;
        if results.len() == begun.plan.entries.len() {
            record.clear(Way::Apply)?;
        } else {
            record.complete(Way::Apply, &done(&begun, &results))?;
            outcome.name = Some(record.name);
        }
        outcome.add(begun.plan.entries, results);
        Ok(outcome)
    }

    /// Says what taking the last repair back would do. Nothing is created or changed.
    pub fn look_back(&self) -> Result<(String, Outcome), RepairError> {
        let mut targets = self.targets();
        let (record, edits) = self.last(&mut targets)?;
        let evaluated = targets.evaluate(&edits)?;
        Ok((record.name, partition(edits, evaluated).0))
    }

    /// Takes the last repair back that was not taken back yet: all of it, or, where something is not as it left it,
    /// nothing.
    pub fn undo(&self) -> Result<Outcome, RepairError> {
        let (_repairing, mut targets, finished) = self.begin()?;
        let (record, edits) = self.last(&mut targets)?;
        let evaluated = targets.evaluate(&edits)?;
        let (mut outcome, evaluated) = partition(edits, evaluated);
        outcome.finished = finished;
        // What was lost since and cannot be brought back keeps nothing else from being taken back.
        if outcome.refused.iter().any(|(edit, _)| edit.code != lost_rows::CODE) {
            outcome.done.clear();
            return Ok(outcome);
        }
        let before = record.begun(Way::Apply)?;
        // Whether the state DB can be put back is looked at before anything is touched.
        let fills = outcome.done.iter().position(|edit| matches!(edit.change, Change::FillState(_)));
        if let (Some(at), Some(name)) = (fills, &before.backup)
            && let Err(why) = backup::restorable(&targets, name)?
        {
            outcome.refused.push((outcome.done.swap_remove(at), why));
            outcome.done.clear();
            return Ok(outcome);
        }
        outcome.backup = match outcome.done.is_empty() {
            true => None,
            false => backup::save(&targets, before.backup.as_deref())?,
        };
        let plan = Plan { entries: std::mem::take(&mut outcome.done), made: now(), ..before.plan };
        let begun = Begun { backup: outcome.backup.clone(), plan };
        record.append_undo(&begun)?;
        let options = Options { whole: true, backup: before.backup.as_deref(), starting: false };
        let results = self.execute(&mut targets, &record, Way::Undo, &begun, &evaluated, options)?;
        match results.is_empty() {
            true => {
                record.complete(Way::Undo, &done(&begun, &results))?;
                outcome.name = Some(record.name);
            }
            false => record.clear(Way::Undo)?,
        }
        outcome.add(begun.plan.entries, results);
        Ok(outcome)
    }

    /// Lists the repairs that were made, the newest first.
    pub fn log(&self) -> Result<Vec<Logged>, RepairError> {
        let logged = records(self.state_dir)?.into_iter().rev().map(|record| {
            let begun = record.begun(Way::Apply)?;
            let unfinished = record.unfinished();
            let applied = if unfinished == Some(Way::Apply) { None } else { Some(record.done(Way::Apply)?) };
            let undone = record.is_undone() && unfinished.is_none();
            let undone = if undone { Some(record.done(Way::Undo)?.at) } else { None };
            let (at, done) = applied.map_or((None, 0), |applied| (Some(applied.at), applied.done.len()));
            Ok(Logged { name: record.name, at, target: begun.plan.target, done, undone, backup: begun.backup })
        });
        logged.collect()
    }

    fn targets(&self) -> Targets<'_> {
        Targets::new(self.runtime, self.home, self.state_dir, self.wait, self.state.clone())
    }

    fn check(&self, plan: &Plan) -> Result<(), RepairError> {
        match plan.is_of(self.home.root()) {
            true => Ok(()),
            false => Err(RepairError::Home(plan.home.clone(), self.home.root().to_path_buf())),
        }
    }

    /// Takes the right to repair; what others left unfinished comes first.
    fn begin(&self) -> Result<(FileLock, Targets<'_>, Vec<String>), RepairError> {
        startup::create_private_dir(self.state_dir)?;
        let locks = Locks::of(self.state_dir);
        let take = |lock: &Path| {
            let lock = FileLock::take_within(lock, self.wait, WHO).map_err(StateError::from)?;
            lock.ok_or(RepairError::Busy(self.wait.bound()))
        };
        let repairing = take(&locks.repair)?;
        let mut changing = Some(take(&locks.change)?);
        let (finished, left) = self.finish(&mut changing, false)?;
        match left.is_empty() {
            true => {
                let changing = Some(changing.map_or_else(|| take(&locks.change), Ok)?);
                Ok((repairing, self.targets().holding(changing), finished))
            }
            false => Err(RepairError::Unfinished(left.join("; "))),
        }
    }

    /// Carries on what others left; the caller holds the locks. Returns what is finished now, and what is not, and why.
    fn finish(
        &self,
        changing: &mut Option<FileLock>,
        starting: bool,
    ) -> Result<(Vec<String>, Vec<String>), RepairError> {
        let (mut finished, mut left) = (Vec::new(), Vec::new());
        for record in records(self.state_dir)? {
            let Some(way) = record.unfinished() else { continue };
            let what = describe(&record, way);
            let mut targets = self.targets().holding(changing.take());
            let done = self.finish_one(&mut targets, &record, way, starting);
            *changing = targets.changing;
            match done {
                Ok(None) => finished.push(format!("{what} is finished now")),
                Ok(Some(why)) => left.push(format!("{what} is left for later: {why}")),
                Err(error) => left.push(format!("{what} could not be finished: {error}")),
            }
        }
        Ok((finished, left))
    }

    /// Carries on one repair; returns why it is left for later, if it is.
    fn finish_one(
        &self,
        targets: &mut Targets<'_>,
        record: &Record,
        way: Way,
        starting: bool,
    ) -> Result<Option<String>, RepairError> {
        let begun = record.begun(way)?;
        for edit in &begun.plan.entries {
            match targets.open(edit)? {
                None => {}
                Some(0) => return Ok(Some("it cannot be told whether somebody has Codex's database open".into())),
                Some(pid) => return Ok(Some(format!("Codex (process {pid}) has its database open; close it"))),
            }
        }
        let backup = match way {
            Way::Apply => None,
            Way::Undo => record.begun(Way::Apply)?.backup,
        };
        let evaluated = targets.evaluate(&begun.plan.entries)?;
        let options = Options { whole: false, backup: backup.as_deref(), starting };
        let results = execute(targets, &begun.plan.entries, &evaluated, options).map_err(|failure| failure.error)?;
        record.complete(way, &done(&begun, &results))?;
        Ok(None)
    }

    /// Returns the last repair that was made and not taken back, and the edits that take it back.
    fn last(&self, targets: &mut Targets<'_>) -> Result<(Record, Vec<Edit>), RepairError> {
        let standing = records(self.state_dir)?.into_iter().rev().find(|record| !record.is_undone());
        let record = standing.ok_or(RepairError::NothingToUndo)?;
        if let Some(way) = record.unfinished() {
            return Err(RepairError::Unfinished(describe(&record, way)));
        }
        let made = record.done(Way::Apply)?.done;
        let begun = record.begun(Way::Apply)?;
        let edits: Vec<Edit> = made.into_iter().filter_map(|at| begun.plan.entries.get(at).cloned()).collect();
        let back = targets.invert(&edits)?;
        let back = lost_rows::with_lost_rows(targets, back, begun.backup.as_deref())?;
        Ok((record, back))
    }

    /// Carries out what was journaled; clears it from the journal where nothing of it was done.
    fn execute(
        &self,
        targets: &mut Targets<'_>,
        record: &Record,
        way: Way,
        begun: &Begun,
        evaluated: &[Evaluated],
        options: Options<'_>,
    ) -> Result<Results, RepairError> {
        match execute(targets, &begun.plan.entries, evaluated, options) {
            Err(Failure { error, untouched: true }) => {
                record.clear(way)?;
                Err(error)
            }
            Err(Failure { error, .. }) => Err(RepairError::Halfway(Box::new(error), record.name.clone())),
            Ok(results) => Ok(results),
        }
    }
}

fn done(begun: &Begun, results: &Results) -> Done {
    let all = 0..begun.plan.entries.len();
    let refused = results.iter().map(|(at, why)| (*at, why.clone())).collect();
    Done { at: now(), done: all.filter(|at| !results.contains_key(at)).collect(), refused }
}

fn describe(record: &Record, way: Way) -> String {
    match way {
        Way::Apply => format!("the repair {}, which was broken off,", record.name),
        Way::Undo => format!("taking back the repair {}, which was broken off,", record.name),
    }
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Describes a repair that was begun and not finished, in words. Nothing is changed.
pub fn unfinished(state_dir: &Path) -> Option<String> {
    let records = records(state_dir).ok()?;
    let (record, way) = records.iter().find_map(|record| Some((record, record.unfinished()?)))?;
    Some(describe(record, way).trim_end_matches(',').into())
}

/// Finishes what killed processes have begun, if nobody is repairing now; returns in words what came of it.
pub(crate) fn finish_unfinished(runtime: &Runtime, home: &Arc<Home>, state_dir: &Path, wait: &Wait) -> Vec<String> {
    if unfinished(state_dir).is_none() {
        return Vec::new();
    }
    let locks = Locks::of(state_dir);
    let finished = || -> Result<Vec<String>, RepairError> {
        // Whoever has the lock is at it.
        let Some(_repairing) = FileLock::try_take(&locks.repair).map_err(StateError::from)? else {
            return Ok(Vec::new());
        };
        let mut changing = FileLock::try_take(&locks.change).map_err(StateError::from)?;
        if changing.is_none() {
            return Ok(Vec::new());
        }
        let (mut finished, left) = Repairs::of(runtime, home, state_dir, wait).finish(&mut changing, true)?;
        finished.extend(left);
        Ok(finished)
    };
    finished().unwrap_or_else(|error| vec![format!("a repair that was broken off could not be finished: {error}")])
}
