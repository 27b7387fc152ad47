//! Runs the startup gate: from whatever state the state DB is in to a complete one, or to a clear reason why not.
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

use contract::{
    ClaimResult, EntryKind, FileError, Job, Owner, Phase, SkippedFile, StartupError, StartupReport, StateError,
    SurveyReport,
};

use crate::ports::{Backfill, Clock, Rollouts, Rows};
use crate::rollout::entry::why_no_rollout;
use crate::rows::freshness::Before;
use crate::startup::compare::{Change, Walked, compare};

/// Changes held at a time; more are taken in further rounds.
const ROUND: usize = 65_536;
/// Jobs handed over at a time.
const CHUNK: usize = 256;
/// How often a walk may find new files after everything was stored.
const ROUNDS: u32 = 20;
/// First and longest pause while another process works.
const PAUSE: (i64, i64) = (5, 100);

/// Brings the state DB to completion, waiting at most `wait` milliseconds for another process that does so; then, when
/// asked, brings it up to date with the files.
pub fn run<W: Rollouts + Rows + Backfill + Clock>(
    world: &W,
    wait: i64,
    refresh: bool,
) -> Result<StartupReport, StartupError> {
    let began = world.now();
    let mut pause = PAUSE.0;
    let mut report = StartupReport::default();
    loop {
        let alive = match world.current()? {
            Phase::Complete => break,
            Phase::Running(Owner { name, gone: false }) => Some(name),
            Phase::Pending | Phase::Running(_) => {
                if let ClaimResult::Taken(watermark) = world.claim()? {
                    report.backfilled_here = true;
                    fill(world, watermark.as_deref(), &mut report)?;
                    world.finish()?;
                    return Ok(report);
                }
                // Somebody was quicker; who it is shows in the next round.
                None
            }
        };
        report.waited = world.now() - began;
        if report.waited >= wait {
            let owner = alive.unwrap_or_else(|| "another process".into());
            return Err(StartupError::TimedOut((owner, report.waited)));
        }
        world.wait(pause.min(wait - report.waited));
        pause = (pause * 2).min(PAUSE.1);
        report.waited = world.now() - began;
    }
    if refresh {
        world.import_sources()?;
        let before = Before::of(world)?;
        let Round { walked, .. } = round(world, None, &mut report)?;
        flush(world, &mut report)?;
        before.keep_snapshot(world, &walked.directories, !walked.closed)?;
    }
    Ok(report)
}

/// Compares and changes nothing.
pub fn survey<W: Rollouts + Rows>(world: &W) -> Result<SurveyReport, StartupError> {
    let mut survey = SurveyReport::default();
    compare(world, |change| {
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
fn fill<W: Rollouts + Rows + Backfill>(
    world: &W,
    watermark: Option<&str>,
    report: &mut StartupReport,
) -> Result<(), StartupError> {
    world.import_sources()?;
    round(world, watermark, report)?;
    for _ in 0..ROUNDS {
        flush(world, report)?;
        if round(world, None, report)?.new == 0 {
            // What merely grew meanwhile.
            return flush(world, report);
        }
    }
    flush(world, report)?;
    match survey(world)?.new {
        0 => Ok(()),
        left => Err(StartupError::NeverSettled(left)),
    }
}

fn flush<W: Backfill>(world: &W, report: &mut StartupReport) -> Result<(), StartupError> {
    let counts = world.flush()?;
    report.stored = counts.stored;
    report.failed = counts.failed;
    Ok(())
}

/// What a comparison came to.
struct Round {
    /// Files that were new.
    new: u64,
    walked: Walked,
}

/// One comparison and what follows from it, for paths after `after`.
fn round<W: Rollouts + Rows + Backfill>(
    world: &W,
    after: Option<&str>,
    report: &mut StartupReport,
) -> Result<Round, StartupError> {
    let mut work = Work::default();
    let mut new = 0;
    report.scanned = 0;
    let walked = compare(world, |change| {
        report.scanned += u64::from(!matches!(change, Change::Vanished(_)));
        let (file, grown) = match change {
            Change::Same => return Ok(()),
            Change::Vanished(path) => {
                // A walk may have begun before another process stored what is new.
                if is_gone(world, &path) {
                    work.gone.push(path);
                }
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
        match why_no_rollout(&file) {
            Some(reason) => work.skipped.push(SkippedFile { file, reason }),
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

/// Says whether nothing that could be a rollout is at a place any more. What cannot be looked at is not gone.
fn is_gone<W: Rollouts>(world: &W, path: &str) -> bool {
    match world.stat(path) {
        Ok(facts) => facts.kind != EntryKind::File,
        Err(error) => matches!(error, FileError::NotFound | FileError::NotAFile),
    }
}

/// What a comparison asks for.
#[derive(Default)]
struct Work {
    jobs: Vec<Job>,
    skipped: Vec<SkippedFile>,
    gone: Vec<String>,
}

impl Work {
    fn hand_over<B: Backfill>(&mut self, backfill: &B) -> Result<(), StateError> {
        if !self.gone.is_empty() {
            backfill.remove_files(&core::mem::take(&mut self.gone))?;
        }
        if !self.skipped.is_empty() {
            backfill.skip_files(&core::mem::take(&mut self.skipped))?;
        }
        if !self.jobs.is_empty() {
            backfill.add_total(self.jobs.len() as u64);
            let mut jobs = core::mem::take(&mut self.jobs).into_iter();
            loop {
                let chunk: Vec<Job> = jobs.by_ref().take(CHUNK).collect();
                if chunk.is_empty() {
                    break;
                }
                backfill.enqueue(&chunk)?;
            }
        }
        Ok(())
    }
}
