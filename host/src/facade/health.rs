//! The facade, health: what is wrong with a home, what mends it, what is saved before.

use std::collections::BTreeMap;
use std::path::Path;

use threadkeep_engine::contract::{Depth, EditTarget, Finding, Proposal};

use super::{Error, Result, Threadkeep};
use crate::documents;
use crate::health::backup::{self, Backup, Restore, Verified, Wanted as BackupWanted};
use crate::health::doctor::why::{Why, why};
use crate::health::doctor::{self, Checkup, FindingCode, How};
use crate::health::repair::{Logged, Outcome, Plan, RepairError, Repairs, Target};
use crate::health::salvage::{self, Outcome as SalvageOutcome, Wanted as SalvageWanted};
use crate::platform::error_kind::ErrorKind;
use crate::platform::suggestion::nearest;

/// Says what a new plan of repairs is about.
#[derive(Clone, Debug)]
pub struct RepairScope {
    /// What may be changed.
    pub target: Target,
    /// Codes of findings that are only mended when that is asked for, and are to be mended.
    pub with: Vec<String>,
    /// Only this thread, by what finds it.
    pub thread: Option<String>,
    /// Every line of every rollout, or their beginnings and ends.
    pub depth: Depth,
    /// What others propose than the doctor: checks of plugins. They are made whatever `target` is.
    pub proposals: Vec<Proposal>,
}

/// What was found of backups.
#[derive(Clone, Debug)]
pub struct Verification {
    /// Each with what is wrong with it.
    pub verified: Vec<Verified>,
    /// Backups that cannot be read at all, in words.
    pub unreadable: Vec<String>,
}

/// What taking the last repair back would do.
#[derive(Debug)]
pub enum UndoPreview {
    /// These changes would be made.
    Changes {
        /// The repair's name.
        name: String,
        /// What would become of each.
        outcome: Outcome,
    },
    /// The repair was broken off, and is finished before it is taken back: why nothing can be shown.
    FinishedFirst(Error),
}

/// Says what else there is to mend, which a plan of this scope leaves out, and how it is asked for.
fn not_planned(findings: &[Finding], scope: &RepairScope) -> Vec<String> {
    let wanted = |target: EditTarget| match scope.target {
        Target::All => true,
        Target::State => target == EditTarget::State,
        Target::Codex => target == EditTarget::Codex,
    };
    let thread = scope.thread.as_ref().map(|thread| format!(" --thread {thread}")).unwrap_or_default();
    let with = |finding: &&Finding| !finding.edits.is_empty() && finding.edits.iter().all(|edit| edit.opt_in);
    let unasked = |finding: &&Finding| finding.edits.iter().any(|edit| !edit.opt_in);
    let elsewhere = |finding: &&Finding| unasked(finding) && !finding.edits.iter().any(|edit| wanted(edit.target));
    let count = |number: usize| format!("{number} finding{}", if number == 1 { "" } else { "s" });
    let mut words = Vec::new();
    if wanted(EditTarget::Codex) {
        let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
        findings.iter().filter_map(|it| it.unmended.as_deref()).for_each(|why| *refused.entry(why).or_default() += 1);
        words.extend(refused.into_iter().map(|(why, number)| format!("{} cannot be mended: {why}", count(number))));
    }
    let left = findings.iter().filter(elsewhere).count();
    if left > 0 {
        let target = if scope.target == Target::Codex { "state" } else { "codex" };
        words.push(format!("{} can be mended by: threadkeep repair apply --target {target}{thread}", count(left)));
    }
    let asked: Vec<&Finding> = findings.iter().filter(with).filter(|it| !scope.with.contains(&it.code)).collect();
    if !asked.is_empty() {
        let mut codes: Vec<&str> = asked.iter().map(|finding| finding.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        let target = match documents::Mendable::of(asked.iter().copied()) {
            documents::Mendable::Codex => " --target codex",
            documents::Mendable::All => " --target all",
            documents::Mendable::State | documents::Mendable::None => "",
        };
        let (count, codes) = (count(asked.len()), codes.join(","));
        words.push(format!("{count} only when asked for: threadkeep repair apply{target} --with {codes}{thread}"));
    }
    words
}

impl Threadkeep {
    /// Says what is wrong with the home, or with one thread of it. Nothing is created or changed.
    pub fn doctor(&self, depth: Depth, thread: Option<&str>) -> Result<Checkup> {
        let how = How { depth, thread: thread.map(Into::into), progress: self.progress() };
        let found = doctor::examine(self.runtime(), self.home(), self.inspected_dir(), &how);
        self.reader.end_progress();
        Ok(found?)
    }

    /// Checks that these are codes of findings; `argument` is the name of the argument that has them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] of the first one that is none, with the code that may be meant.
    pub fn check_codes(&self, codes: &[String], argument: &'static str) -> Result<()> {
        codes.iter().try_for_each(|code| finding_code(code, argument).map(drop))
    }

    /// Says where a thread is, where it is shown, and why not, to one who looks from a directory. Nothing is created or changed.
    pub fn why(&self, wanted: &str, from: Option<&Path>) -> Result<Why> {
        Ok(why(self.runtime(), self.home(), self.inspected_dir(), wanted, from)?)
    }

    /// Makes the document of what there is to say of a thread.
    pub fn why_document(&self, why: &Why) -> Result<documents::Why> {
        Ok(documents::Why::new(why, self.home())?)
    }

    /// Plans what would mend the home, by what is found now; what could not be looked at comes as warnings.
    pub fn plan_repair(&self, scope: &RepairScope) -> Result<Plan> {
        self.check_codes(&scope.with, "with")?;
        let found = self.doctor(scope.depth, scope.thread.as_deref())?;
        found.warnings.into_iter().for_each(|warning| self.reader.warn(warning));
        let elsewhere = not_planned(&found.findings, scope);
        let mut plan = self.repairs().plan(found.findings, scope.target, &scope.with)?;
        let (proposed, refused) = self.repairs().proposed(scope.proposals.clone())?;
        plan.entries.extend(proposed);
        refused.into_iter().for_each(|words| self.reader.warn(words));
        elsewhere.into_iter().for_each(|words| self.reader.warn(words));
        Ok(plan)
    }

    /// Says what applying a plan would do. Nothing is created or changed.
    pub fn preview_repair(&self, plan: &Plan) -> Result<Outcome> {
        Ok(self.repairs().look(plan)?)
    }

    /// Carries out what of a plan still fits, after backing every database up.
    pub fn apply_repair(&self, plan: &Plan) -> Result<Outcome> {
        Ok(self.repairs().apply(plan)?)
    }

    /// Says what taking the last repair back would do. Nothing is created or changed.
    pub fn preview_undo(&self) -> Result<UndoPreview> {
        match self.repairs().look_back() {
            Err(error @ RepairError::Unfinished(_)) => Ok(UndoPreview::FinishedFirst(error.into())),
            looked => looked.map(|(name, outcome)| UndoPreview::Changes { name, outcome }).map_err(Error::from),
        }
    }

    /// Takes the last repair back that was not taken back yet: all of it, or nothing.
    pub fn undo_repair(&self) -> Result<Outcome> {
        Ok(self.repairs().undo()?)
    }

    /// Lists the repairs that were made, the newest first.
    pub fn repair_log(&self) -> Result<Vec<Logged>> {
        Ok(self.repairs().log()?)
    }

    /// Copies the databases and indexes of the home and of the state directory.
    pub fn create_backup(&self, wanted: &BackupWanted) -> Result<Backup> {
        Ok(backup::create(self.home(), self.state_dir(), self.state().as_ref(), wanted, self.wait())?)
    }

    /// Lists the backups, newest first; those that cannot be read, and a restore that was broken off, come as warnings.
    pub fn backups(&self) -> Result<Vec<Backup>> {
        let (found, unreadable) = backup::backups(self.state_dir())?;
        unreadable.into_iter().for_each(|warning| self.reader.warn(warning));
        match backup::unfinished(self.state_dir()) {
            Ok(None) => {}
            Ok(Some(name)) => {
                self.reader.warn(format!("restoring {name} was broken off; `backup restore {name}` goes on with it"));
            }
            Err(error) => self.reader.warn(error.to_string()),
        }
        Ok(found)
    }

    /// Lists the names of the backups that still hold something of threads, newest first; also those of which that cannot be known.
    pub fn backups_holding(&self, threads: &[String]) -> Result<Vec<String>> {
        Ok(backup::holding(self.state_dir(), threads)?)
    }

    /// Checks sums and databases of one backup, by its name or how that begins, or of all.
    pub fn verify_backups(&self, name: Option<&str>) -> Result<Verification> {
        let (wanted, unreadable) = match name {
            Some(name) => (vec![backup::named(self.state_dir(), name)?], Vec::new()),
            None => backup::backups(self.state_dir())?,
        };
        let verified = wanted.iter().map(backup::verify).collect::<std::result::Result<_, _>>()?;
        Ok(Verification { verified, unreadable })
    }

    /// Prepares to put the files of a backup, or only some, in the place of what is there now; the backup's whole name with it.
    pub fn prepare_restore(&self, name: &str, only: &[String]) -> Result<(String, Restore<'_>)> {
        let backup = backup::named(self.state_dir(), name)?;
        let name = backup.name.clone();
        Ok((name, Restore::of(self.home(), self.state_dir(), backup, only, self.wait())?))
    }

    /// Copies what can be read of a damaged rollout, or of two of one thread, into a new one; writes nothing where nothing is
    /// to be gained.
    pub fn salvage(&self, wanted: SalvageWanted<'_>) -> Result<SalvageOutcome> {
        Ok(salvage::salvage(self.runtime(), self.state().as_ref(), wanted)?)
    }

    /// Reads a plan of repairs that this program, or a person, wrote.
    pub fn read_repair_plan(&self, text: &str) -> Result<Plan> {
        Plan::from_json(text).map_err(Error::from)
    }

    pub(super) fn repairs(&self) -> Repairs<'_> {
        Repairs::of(self.runtime(), self.home(), self.state_dir(), self.wait()).with_state(self.state())
    }
}

/// Gives what is known of a code of findings; `argument` is the name of the argument that has it.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] where there is no such code, with the one that may be meant.
pub fn finding_code(code: &str, argument: &'static str) -> Result<&'static FindingCode> {
    doctor::finding_code(code).ok_or_else(|| {
        let hint = match nearest(code, doctor::CODES) {
            Some(meant) => format!("did you mean '{meant}'?"),
            None => "`threadkeep doctor --codes` lists them".into(),
        };
        let why = format!("there are no findings of the code '{code}'");
        Error::new(ErrorKind::InvalidInput, why).with_hint(hint).of_argument(argument)
    })
}
