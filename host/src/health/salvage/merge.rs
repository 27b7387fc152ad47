//! One text of two rollouts of one thread that have gone different ways. Which parts of each stand in it, the core says.

use std::fs::File;
use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use threadkeep_engine::contract::{Chunk, MergePlan, MergeResult};
use threadkeep_engine::{Core, calls};

use super::text::{Text, open};
use super::{Part, SalvageError};
use crate::rollouts::is_compressed;

/// Describes the other rollout that was merged into a copy.
#[derive(Clone, Debug)]
pub struct Merged {
    /// Its absolute path.
    pub file: PathBuf,
    /// Records that both have.
    pub common: u64,
    /// Records that only the original has.
    pub only_original: u64,
    /// Records that only it has.
    pub only_other: u64,
    /// What was left out of it; the first thousand parts.
    pub left_out: Vec<Part>,
    /// How many parts there are in all.
    pub left_out_count: u64,
    /// Their bytes.
    pub left_out_bytes: u64,
}

/// What two rollouts come to.
pub(super) enum Joined {
    /// The text that is made of them, and what was left out of the first.
    Text(Box<JoinedText>),
    /// One of them has all that the other has: the second, or the first.
    HasAll(bool),
}

/// A text that is made of two.
pub(super) struct JoinedText {
    /// A file without a name.
    pub(super) text: File,
    pub(super) other: Merged,
    pub(super) left_out: Vec<Part>,
    pub(super) left_out_count: u64,
    pub(super) left_out_bytes: u64,
    /// What is wrong with the two, in words.
    pub(super) faults: Vec<String>,
}

/// Makes a text of two rollouts, the thread's own first, in a directory where there is room for it.
pub(super) fn join(core: &mut Core, files: [&Path; 2], dir: &Path) -> Result<Joined, SalvageError> {
    let [first, second] = files;
    let name = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let merger = core.call(&calls::OpenMerger { names: (name(first), name(second)) })?;
    let mut faults = Vec::new();
    for (file, second) in [(first, false), (second, true)] {
        let fault = Text::Rollout(file).each_chunk(u64::MAX, |chunk| {
            Ok(core.call(&calls::FeedMerger { merger, second, piece: Chunk::Bytes(chunk.into()) })?)
        })?;
        faults.extend(fault.map(|why| format!("the compressed form of {} is broken: {why}", file.display())));
    }
    let plan = match core.call(&calls::FinishMerger { merger })? {
        MergeResult::Plan(plan) => plan,
        MergeResult::NothingNew(other) => return Ok(Joined::HasAll(other)),
        MergeResult::Refused(why) => return Err(SalvageError::Apart(first.into(), second.into(), why)),
    };
    let text = put_together(files, &plan, dir)?;
    let MergePlan { left_out: (own, others), left_out_count, left_out_bytes, .. } = plan;
    for (file, count) in [(first, left_out_count.0), (second, left_out_count.1)] {
        faults.extend((count > 0).then(|| format!("{count} parts of {} are left out", file.display())));
    }
    let parts = |parts: Vec<_>| parts.into_iter().map(Part::from).collect();
    Ok(Joined::Text(Box::new(JoinedText {
        text,
        other: Merged {
            file: second.into(),
            common: plan.common,
            only_original: plan.only_first,
            only_other: plan.only_second,
            left_out: parts(others),
            left_out_count: left_out_count.1,
            left_out_bytes: left_out_bytes.1,
        },
        left_out: parts(own),
        left_out_count: left_out_count.0,
        left_out_bytes: left_out_bytes.0,
        faults,
    })))
}

/// Writes the parts one after the other.
fn put_together(files: [&Path; 2], plan: &MergePlan, dir: &Path) -> Result<File, SalvageError> {
    let [first, second] = files;
    let mut texts = [plain(first, dir)?, plain(second, dir)?];
    let written = |error| SalvageError::io(dir, "written to")(error);
    let mut out = BufWriter::new(nameless(dir)?);
    for part in &plan.parts {
        let at = usize::from(part.second);
        let failed = SalvageError::io(files[at], "read");
        texts[at].seek(SeekFrom::Start(part.offset)).map_err(failed)?;
        let copied = std::io::copy(&mut (&mut texts[at]).take(part.length), &mut out).map_err(written)?;
        if copied != part.length {
            return Err(SalvageError::Changed(files[at].into()));
        }
        out.write_all(b"\n").map_err(written)?;
    }
    out.into_inner().map_err(|error| written(error.into_error()))
}

/// The plain text of a rollout, as far as it can be read.
fn plain(file: &Path, dir: &Path) -> Result<File, SalvageError> {
    if !is_compressed(file) {
        return open(file);
    }
    let mut out = nameless(dir)?;
    Text::Rollout(file)
        .each_chunk(u64::MAX, |chunk| out.write_all(chunk).map_err(SalvageError::io(dir, "written to")))?;
    Ok(out)
}

/// A file that is gone with this process, whatever becomes of that.
fn nameless(dir: &Path) -> Result<File, SalvageError> {
    // Where it is only looked at, the directory may be closed.
    tempfile::tempfile_in(dir).or_else(|_| tempfile::tempfile()).map_err(SalvageError::io(dir, "written to"))
}
