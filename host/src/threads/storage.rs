//! Storage: what takes the space in rollouts, and how much of it could be had back.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use threadkeep_engine::calls::MeasureStorage;
use threadkeep_engine::contract::{FileFacts, RolloutSpace};
use threadkeep_engine::{Core, CoreError};

use crate::db::StateError;
use crate::features::usage::StoredRollout;
use crate::index::progress::{Progress, ProgressSink};
use crate::index::workers::Workers;
use crate::platform::home::Home;
use crate::rollouts::RolloutReader;
use crate::threads::compress::convert::LEVEL;
use crate::threads::lookup::LookupError;
use crate::threads::reader::ThreadReader;

/// How many rollouts may be on their way through the workers.
const IN_FLIGHT: u64 = 64;
/// The threads that take most of the space, as many as are named.
const LARGEST: usize = 10;
/// Ages in days, up to which rollouts are put together.
const AGES: [u64; 4] = [7, 30, 90, 365];
/// How many plain rollouts are compressed as a sample, and how many bytes of each.
const SAMPLES: usize = 32;
const SAMPLE: u32 = 1 << 20;
const NANOS_OF_DAY: i64 = 86_400_000_000_000;

/// What takes the space in rollouts. All sizes are in bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StorageReport {
    /// Rollouts.
    pub rollouts: u64,
    /// What they take on the disk; what several names share counts once.
    pub on_disk: u64,
    /// Their text, whatever that is stored in.
    pub text: u64,
    /// What the disk holds of texts that it has in another file too.
    pub duplicates: u64,
    /// Records and bytes of text by type, the largest first.
    pub types: Vec<(String, u64, u64)>,
    /// Image data in the text.
    pub images: u64,
    /// History that compactions repeat.
    pub compactions: u64,
    /// Lines that were copied of another thread's.
    pub copied: u64,
    /// The threads that take most of the disk, and how much.
    pub largest: Vec<(String, u64)>,
    /// Rollouts and what they take on the disk, by the days up to which they are old; none for all that are older.
    pub ages: Vec<(Option<u64>, u64, u64)>,
    /// What plain rollouts take on the disk.
    pub plain: u64,
    /// How much of that compressing would give back, as the sample has it; none where there is no sample.
    pub compressible: Option<u64>,
    /// How much of the text was compressed as a sample.
    pub sampled: u64,
    /// Rollouts that could not be read: what is in them is not known.
    pub unread: u64,
}

/// A rollout with what takes the space in it; none where it cannot be read.
type Measured = (StoredRollout, Option<RolloutSpace>);

impl ThreadReader {
    /// Measures what takes the space in all rollouts, going through each of them, as things stand at a moment in milliseconds since the
    /// epoch.
    ///
    /// # Errors
    ///
    /// Fails where the state DB does and no other can be had, and where it is cancelled.
    pub fn storage(&self, now: i64) -> Result<StorageReport, LookupError> {
        self.with_database(true, |_, database, progress| {
            let rollouts = database.stored_rollouts()?;
            let workers = Workers::start(self.runtime(), self.home(), database, measure)?;
            let measured = go_through(workers, rollouts, progress)?;
            let (packed, sampled) = sample(self.home(), &measured);
            Ok(StorageReport { sampled, ..report(&measured, (packed, sampled), now) })
        })
    }
}

fn go_through(
    mut workers: Workers<StoredRollout, Result<Measured, CoreError>>,
    rollouts: Vec<StoredRollout>,
    progress: Option<&ProgressSink>,
) -> Result<Vec<Measured>, StateError> {
    let mut measured = Vec::new();
    if let Some(progress) = progress {
        progress.send(Progress::Expected { files: rollouts.len() as u64 });
    }
    let mut take = |answers: Vec<Result<Measured, CoreError>>| {
        if let Some(progress) = progress.filter(|_| !answers.is_empty()) {
            progress.send(Progress::Searched { files: answers.len() as u64 });
        }
        answers.into_iter().try_for_each(|answer| answer.map(|answer| measured.push(answer)))
    };
    for rollout in rollouts {
        take(workers.exchange(rollout, IN_FLIGHT)?)?;
    }
    while let Some(answers) = workers.wait()? {
        take(answers)?;
    }
    Ok(measured)
}

fn measure(core: &mut Core, rollout: StoredRollout) -> Result<Measured, CoreError> {
    match core.call(&MeasureStorage { path: rollout.file.path.clone() }) {
        Ok(space) => Ok((rollout, space.ok())),
        Err(CoreError::Cancelled) => Err(CoreError::Cancelled),
        // A rollout over which the core fails is not known, and the others are.
        Err(_) => Ok((rollout, None)),
    }
}

fn is_plain(file: &FileFacts) -> bool {
    !file.path.ends_with(".zst")
}

/// Compresses the beginnings of plain rollouts of all sizes; gives the bytes that come of it, and those of the sample.
fn sample(home: &Arc<Home>, measured: &[Measured]) -> (u64, u64) {
    let mut plain: Vec<&FileFacts> = measured.iter().map(|(of, _)| &of.file).filter(|file| is_plain(file)).collect();
    plain.sort_by_key(|file| file.size);
    let step = plain.len().div_ceil(SAMPLES).max(1);
    let (mut packed, mut sampled) = (0, 0);
    // From the largest on: they are most of the space.
    for file in plain.into_iter().rev().step_by(step) {
        let text = RolloutReader::open(home, &file.path, 0).and_then(|mut reader| reader.next(SAMPLE));
        let Ok(text) = text else { continue };
        if let Ok(compressed) = zstd::bulk::compress(&text, LEVEL) {
            packed += compressed.len() as u64;
            sampled += text.len() as u64;
        }
    }
    (packed, sampled)
}

/// Adds up what was measured; `(packed, sampled)` is what a sample of so many bytes was compressed to.
fn report(measured: &[Measured], (packed, sampled): (u64, u64), now: i64) -> StorageReport {
    let mut report = StorageReport::default();
    let mut types = BTreeMap::<&str, (u64, u64)>::new();
    let mut threads = HashMap::<&str, u64>::new();
    let mut ages = [(0, 0); AGES.len() + 1];
    let (mut inodes, mut texts) = (HashSet::new(), HashSet::new());
    for (StoredRollout { file, thread }, space) in measured {
        report.rollouts += 1;
        let taken = if inodes.insert(file.inode) { file.size } else { 0 };
        report.on_disk += taken;
        *threads.entry(thread).or_default() += taken;
        let days = now.saturating_mul(1_000_000).saturating_sub(file.modified_ns).div_euclid(NANOS_OF_DAY);
        let at = AGES.iter().position(|most| days < *most as i64).unwrap_or(AGES.len());
        (ages[at].0, ages[at].1) = (ages[at].0 + 1, ages[at].1 + taken);
        report.plain += if is_plain(file) { taken } else { 0 };
        let Some(space) = space else {
            report.unread += 1;
            continue;
        };
        if !texts.insert((space.hash, space.bytes)) {
            report.duplicates += taken;
        }
        for of in &space.types {
            let (records, bytes) = types.entry(&of.name).or_default();
            (*records, *bytes) = (*records + of.records, *bytes + of.bytes);
        }
        report.text += space.bytes;
        report.images += space.image_bytes;
        report.compactions += space.compaction_bytes;
        report.copied += space.copied_bytes;
    }
    report.types = types.into_iter().map(|(name, (records, bytes))| (name.into(), records, bytes)).collect();
    report.types.sort_by_key(|(_, _, bytes)| std::cmp::Reverse(*bytes));
    report.largest = threads.into_iter().map(|(thread, bytes)| (thread.into(), bytes)).collect();
    report.largest.sort_by(|(a, more), (b, less)| less.cmp(more).then_with(|| a.cmp(b)));
    report.largest.truncate(LARGEST);
    let days = AGES.into_iter().map(Some).chain([None]);
    report.ages = days.zip(ages).map(|(days, (rollouts, bytes))| (days, rollouts, bytes)).collect();
    let left = u128::from(report.plain) * u128::from(packed) / u128::from(sampled.max(1));
    report.compressible = (sampled > 0).then(|| report.plain.saturating_sub(left as u64));
    report
}
