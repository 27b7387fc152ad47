//! The startup gate: from whatever state the state DB is in to a complete one, or to a clear reason why not.
//!
//! ```text
//!             complete ────────────────────────────────┐
//! current ──→ pending, owner gone ──→ claim ──→ fill ──┤→ refresh → done
//!    ↑        owner alive ──→ wait ─┐   │ lost          │
//!    └──────────────────────────────┴───┘     timed out → error
//! ```
//!
//! A backfill goes on from the watermark that an earlier one left. It is complete when a walk finds no file that the
//! state DB does not know; files that merely grew meanwhile belong to the refresh.

use alloc::string::String;
use alloc::vec::Vec;

use crate::diff::{Change, DiffError, Walked, diff, refusal};
use crate::ports::{Backfill, Clock, Rollouts, State};
use crate::settled::Before;
use crate::types::{FileError, Job, Phase, Refusal, StateError};

/// Changes held at a time; more are taken in further rounds.
const ROUND: usize = 65_536;
/// Jobs handed over at a time.
const HANDFUL: usize = 256;
/// How often a walk may find new files after everything was stored.
const ROUNDS: u32 = 20;
/// First and longest pause while another process works.
const PAUSE: (i64, i64) = (5, 100);

/// `startup.error`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum GateError {
    TimedOut { owner: String, waited: i64 },
    NeverSettled(u64),
    State(StateError),
    Files(FileError),
}

impl From<StateError> for GateError {
    fn from(error: StateError) -> Self {
        GateError::State(error)
    }
}

impl From<DiffError> for GateError {
    fn from(error: DiffError) -> Self {
        match error {
            DiffError::State(error) => GateError::State(error),
            DiffError::Files(error) => GateError::Files(error),
        }
    }
}

/// `startup.outcome`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Outcome {
    pub scanned: u64,
    pub stored: u64,
    pub failed: u64,
    pub waited: i64,
    pub backfilled_here: bool,
}

/// `startup.survey`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Survey {
    pub files: u64,
    pub new: u64,
    pub changed: u64,
    pub vanished: u64,
}

/// Brings the state DB to completion, waiting at most `bound` milliseconds for another process that does so; then, when
/// asked, brings it up to date with the files.
pub fn run<W: Rollouts + State + Backfill + Clock>(world: &W, bound: i64, refresh: bool) -> Result<Outcome, GateError> {
    let began = world.now();
    let mut pause = PAUSE.0;
    let mut outcome = Outcome::default();
    loop {
        let alive = match world.current()? {
            Phase::Complete => break,
            Phase::Running { owner, gone: false } => Some(owner),
            Phase::Pending | Phase::Running { gone: true, .. } => {
                if world.claim()? {
                    outcome.backfilled_here = true;
                    fill(world, &mut outcome)?;
                    world.finish()?;
                    return Ok(outcome);
                }
                // Somebody was quicker; who it is shows in the next round.
                None
            }
        };
        outcome.waited = world.now() - began;
        if outcome.waited >= bound {
            let owner = alive.unwrap_or_else(|| "another process".into());
            return Err(GateError::TimedOut { owner, waited: outcome.waited });
        }
        world.wait(pause.min(bound - outcome.waited));
        pause = (pause * 2).min(PAUSE.1);
        outcome.waited = world.now() - began;
    }
    if refresh {
        world.import_lore()?;
        let before = Before::of(world)?;
        let Round { walked, .. } = round(world, None, &mut outcome)?;
        settle(world, &mut outcome)?;
        before.note(world, &walked.directories, !walked.closed)?;
    }
    Ok(outcome)
}

/// Compares and changes nothing.
pub fn survey<W: Rollouts + State>(world: &W) -> Result<Survey, GateError> {
    let mut survey = Survey::default();
    diff(world, |change| {
        match change {
            Change::Same => survey.files += 1,
            Change::New(_) => (survey.files, survey.new) = (survey.files + 1, survey.new + 1),
            Change::Changed { .. } => (survey.files, survey.changed) = (survey.files + 1, survey.changed + 1),
            Change::Vanished(_) => survey.vanished += 1,
        }
        Ok(())
    })?;
    Ok(survey)
}

/// Everything that is not stored yet, from the watermark on; then again until a walk finds nothing new.
fn fill<W: Rollouts + State + Backfill>(world: &W, outcome: &mut Outcome) -> Result<(), GateError> {
    world.import_lore()?;
    let watermark = world.watermark()?;
    round(world, watermark.as_deref(), outcome)?;
    for _ in 0..ROUNDS {
        settle(world, outcome)?;
        if round(world, None, outcome)?.new == 0 {
            // What merely grew meanwhile.
            return settle(world, outcome);
        }
    }
    settle(world, outcome)?;
    match survey(world)?.new {
        0 => Ok(()),
        left => Err(GateError::NeverSettled(left)),
    }
}

fn settle<W: Backfill>(world: &W, outcome: &mut Outcome) -> Result<(), GateError> {
    let tally = world.settle()?;
    outcome.stored = tally.stored;
    outcome.failed = tally.failed;
    Ok(())
}

/// What a comparison came to.
struct Round {
    /// Files that were new.
    new: u64,
    walked: Walked,
}

/// One comparison and what follows from it, for paths after `after`.
fn round<W: Rollouts + State + Backfill>(
    world: &W,
    after: Option<&str>,
    outcome: &mut Outcome,
) -> Result<Round, GateError> {
    let mut work = Work::default();
    let mut new = 0;
    outcome.scanned = 0;
    let walked = diff(world, |change| {
        outcome.scanned += u64::from(!matches!(change, Change::Vanished(_)));
        let (file, grown) = match change {
            Change::Same => return Ok(()),
            Change::Vanished(path) => {
                work.gone.push(path);
                return Ok(());
            }
            Change::New(file) | Change::Changed { now: file, .. }
                if after.is_some_and(|after| *file.path <= *after) =>
            {
                return Ok(());
            }
            Change::New(file) => {
                new += 1;
                (file, false)
            }
            Change::Changed { now, grown } => (now, grown),
        };
        match refusal(&file) {
            Some(reason) => work.refused.push(Refusal { file, reason }),
            None => work.jobs.push(Job { file, grown }),
        }
        if work.jobs.len() >= ROUND {
            work.hand_over(world)?;
        }
        Ok(())
    })?;
    work.hand_over(world)?;
    Ok(Round { new, walked })
}

/// What a comparison asks for.
#[derive(Default)]
struct Work {
    jobs: Vec<Job>,
    refused: Vec<Refusal>,
    gone: Vec<String>,
}

impl Work {
    fn hand_over<B: Backfill>(&mut self, backfill: &B) -> Result<(), StateError> {
        if !self.gone.is_empty() {
            backfill.forget(core::mem::take(&mut self.gone))?;
        }
        if !self.refused.is_empty() {
            backfill.refuse(core::mem::take(&mut self.refused))?;
        }
        if !self.jobs.is_empty() {
            backfill.expect(self.jobs.len() as u64);
            let mut jobs = core::mem::take(&mut self.jobs).into_iter();
            loop {
                let handful: Vec<Job> = jobs.by_ref().take(HANDFUL).collect();
                if handful.is_empty() {
                    break;
                }
                backfill.offer(handful)?;
            }
        }
        Ok(())
    }
}
