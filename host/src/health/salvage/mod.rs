//! What can be read of a damaged rollout, or of two of one thread, written into a new one that is valid. What that is, the core
//! says (`core-wasm/src/rollout/salvage`); the originals are only read.
//!
//! The copy is written under a hidden name, gone through once more, and gets its own name only where that is free.

mod error;
mod merge;
mod text;

use std::fs::{File, Metadata};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rustix::fs::{FlockOperation, flock};
use threadkeep_engine::contract::{Chunk, LeftOut, SalvageContext, SalvagePlan, SurveyResult};
use threadkeep_engine::{Core, Imports, Runtime, calls};

use crate::db::StateDb;

use merge::{Joined, JoinedText, join};
use text::{Text, open};

pub use error::SalvageError;
pub use merge::Merged;

/// Says what is to be salvaged.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The rollout, plain or compressed, in a home or not.
    pub file: &'a Path,
    /// Where the copy goes; beside it, under a name as Codex gives them, where none is named.
    pub to: Option<&'a Path>,
    /// The copy has the original's id, though the original still says it.
    pub same_id: bool,
    /// The copy has a new id, though the original says none any more.
    pub new_id: bool,
    /// Another rollout of the same thread, which went another way: what both have becomes one copy.
    pub merge: Option<&'a Path>,
    /// Only look.
    pub dry_run: bool,
}

/// Says what became of it.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// There is a copy, or would be.
    Copied(Box<Report>),
    /// Nothing is wrong with the rollout, of this absolute path: nothing was written.
    Sound(PathBuf),
    /// All that one of two rollouts has stands in the other: nothing was written.
    HasAll {
        /// The absolute path of the one that has all.
        whole: PathBuf,
        /// The absolute path of the other one.
        part: PathBuf,
    },
}

/// Says what was salvaged.
#[derive(Clone, Debug)]
pub struct Report {
    /// The original, absolute.
    pub file: PathBuf,
    /// The copy, or where it would be.
    pub copy: PathBuf,
    /// It was written.
    pub written: bool,
    /// The copy's thread.
    pub thread: String,
    /// The thread that the original still says it is.
    pub original_thread: Option<String>,
    /// Records in the copy.
    pub records: u64,
    /// Of these, how many stood in bad lines.
    pub salvaged: u64,
    /// Records that are left out because they stand there twice.
    pub duplicates: u64,
    /// Records that got another number.
    pub renumbered: u64,
    /// A head was made.
    pub made_head: bool,
    /// What is wrong with the original, in words.
    pub faults: Vec<String>,
    /// What was left out, duplicates too; the first thousand parts.
    pub left_out: Vec<Part>,
    /// How many parts there are in all.
    pub left_out_count: u64,
    /// Their bytes.
    pub left_out_bytes: u64,
    /// Threads whose history begins in the original, and goes on to do so; none where that is not known.
    pub forks: Option<Vec<String>>,
    /// The other rollout that is in the copy, too.
    pub merged: Option<Merged>,
}

/// Describes a part of the original that is not in the copy.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its line, counted from 1.
    pub line: u64,
    /// Plain bytes before it.
    pub offset: u64,
    /// Its bytes.
    pub length: u64,
    /// Why.
    pub reason: String,
}

/// Salvages a rollout, or two of one thread; nothing is written where nothing is to be gained. The handle tells whose history
/// begins in it.
pub fn salvage(runtime: &Runtime, state: Option<&StateDb>, wanted: Wanted<'_>) -> Result<Outcome, SalvageError> {
    let named = |path| std::path::absolute(path).map_err(SalvageError::io(path, "named"));
    let original = Original::of(named(wanted.file)?)?;
    let to = wanted.to.map(named).transpose()?;
    let dir = to.as_deref().unwrap_or(&original.path).parent().unwrap_or(Path::new("/")).to_path_buf();
    let mut core = Core::new(runtime, Imports::default());
    let (mut originals, mut joined) = (vec![original], None);
    if let Some(other) = wanted.merge {
        let other = Original::of(named(other)?)?;
        match join(&mut core, [&originals[0].path, &other.path], &dir)? {
            Joined::Text(text) => joined = Some(*text),
            Joined::HasAll(other_has) => {
                let [own, other] = [originals.remove(0).path, other.path];
                let (whole, part) = if other_has { (other, own) } else { (own, other) };
                return Ok(Outcome::HasAll { whole, part });
            }
        }
        originals.push(other);
    }
    let Original { path: file, facts } = &originals[0];
    let text = joined.as_ref().map_or(Text::Rollout(file), |joined| Text::Merged(file, &joined.text));
    let context = salvage_context(file, facts, (wanted.same_id, wanted.new_id))?;
    let (plan, length) = survey(&mut core, text, SalvageContext { merged: joined.is_some(), ..context })?;
    let Some(plan) = plan else { return Ok(Outcome::Sound(file.clone())) };
    let copy = to.unwrap_or_else(|| file.with_file_name(&plan.file_name));
    if !wanted.dry_run {
        write(&mut core, text, &originals, &plan, length, &copy)?;
    }
    let forks = match state {
        Some(state) => {
            let rows = state.database().forks_of(plan.original.clone().unwrap_or_else(|| plan.thread.clone()))?;
            Some(rows.into_iter().map(|row| row.id).collect())
        }
        None => None,
    };
    let report = Report {
        file: file.clone(),
        copy,
        written: !wanted.dry_run,
        thread: plan.thread,
        original_thread: plan.original,
        records: plan.records,
        salvaged: plan.salvaged,
        duplicates: plan.duplicates,
        renumbered: plan.renumbered,
        made_head: plan.made_head,
        faults: plan.faults,
        left_out: plan.left_out.into_iter().map(Part::from).collect(),
        left_out_count: plan.left_out_count,
        left_out_bytes: plan.left_out_bytes,
        forks,
        merged: None,
    };
    Ok(Outcome::Copied(Box::new(match joined {
        Some(joined) => report.of_two(joined),
        None => report,
    })))
}

/// A rollout that is read, and how it was before.
struct Original {
    path: PathBuf,
    facts: Metadata,
}

impl Original {
    fn of(path: PathBuf) -> Result<Original, SalvageError> {
        let facts = open(&path)?.metadata().map_err(SalvageError::io(&path, "looked at"))?;
        Ok(Original { path, facts })
    }

    /// Fails where somebody has written it since.
    fn is_as_before(&self) -> Result<(), SalvageError> {
        let now = open(&self.path)?.metadata().map_err(SalvageError::io(&self.path, "looked at"))?;
        match (now.len(), now.modified().ok()) == (self.facts.len(), self.facts.modified().ok()) {
            true => Ok(()),
            false => Err(SalvageError::Changed(self.path.clone())),
        }
    }
}

impl Report {
    /// Tells of the two files what was found in the text that was made of them.
    fn of_two(self, joined: JoinedText) -> Report {
        let JoinedText { other, left_out, left_out_count, left_out_bytes, mut faults, .. } = joined;
        if self.made_head {
            faults.push(
                "neither begins with a record that says all that has to be said of the thread: one is made".into(),
            );
        }
        Report { faults, left_out, left_out_count, left_out_bytes, merged: Some(other), ..self }
    }
}

impl From<LeftOut> for Part {
    fn from(LeftOut { line, offset, length, reason }: LeftOut) -> Part {
        Part { line, offset, length, reason }
    }
}

fn salvage_context(
    file: &Path,
    facts: &Metadata,
    (same_id, new_id): (bool, bool),
) -> Result<SalvageContext, SalvageError> {
    let now = jiff::Zoned::now();
    let modified = facts.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Ok(SalvageContext {
        name: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        modified: i64::try_from(modified.as_millis()).unwrap_or(i64::MAX),
        now: now.timestamp().as_millisecond(),
        utc_offset: now.offset().seconds() / 60,
        random_bits: getrandom::u64().map_err(SalvageError::Randomness)?,
        same_id,
        new_id,
        merged: false,
        originator: env!("CARGO_PKG_NAME").into(),
        version: env!("CARGO_PKG_VERSION").into(),
    })
}

/// Reads the text for the first time: gives what its copy is to be, and how many bytes of text there are.
fn survey(core: &mut Core, text: Text<'_>, of: SalvageContext) -> Result<(Option<SalvagePlan>, u64), SalvageError> {
    let surveyor = core.call(&calls::OpenSurveyor { of })?;
    let mut length = 0;
    let fault = text.each_chunk(u64::MAX, |chunk| {
        length += chunk.len() as u64;
        Ok(core.call(&calls::FeedSurveyor { surveyor, piece: Chunk::Bytes(chunk.into()) })?)
    })?;
    match core.call(&calls::FinishSurveyor { surveyor, fault })? {
        SurveyResult::Intact => Ok((None, length)),
        SurveyResult::Plan(plan) => Ok((Some(plan), length)),
        SurveyResult::Nothing(why) => Err(SalvageError::Nothing(text.path().to_path_buf(), why)),
    }
}

/// Reads the text for the second time, and writes the copy, which is in its place when all of it is on disk.
fn write(
    core: &mut Core,
    text: Text<'_>,
    originals: &[Original],
    plan: &SalvagePlan,
    length: u64,
    copy: &Path,
) -> Result<(), SalvageError> {
    let failed = SalvageError::io(copy, "written");
    if copy.symlink_metadata().is_ok() {
        return Err(SalvageError::Taken(copy.to_path_buf()));
    }
    let dir = copy.parent().unwrap_or(Path::new("/"));
    // What is left of a killed one is cleared away as every other file under way is: where nobody has it locked.
    let mut out = tempfile::Builder::new().prefix(".threadkeep-").suffix(".tmp").tempfile_in(dir).map_err(&failed)?;
    flock(out.as_file(), FlockOperation::NonBlockingLockExclusive).map_err(|error| failed(error.into()))?;
    let copier = core.call(&calls::OpenCopier { state: plan.state.clone() })?;
    text.each_chunk(length, |chunk| {
        let copied = core.call(&calls::FeedCopier { copier, piece: Chunk::Bytes(chunk.into()) })?;
        out.write_all(&copied.into_bytes()).map_err(&failed)
    })?;
    let rest = core.call(&calls::FinishCopier { copier })?;
    out.write_all(&rest.into_bytes()).map_err(&failed)?;
    out.as_file().set_permissions(originals[0].facts.permissions()).map_err(&failed)?;
    out.as_file().sync_all().map_err(&failed)?;
    originals.iter().try_for_each(Original::is_as_before)?;
    let again =
        SalvageContext { name: plan.file_name.clone(), ..salvage_context(copy, &originals[0].facts, (false, false))? };
    if let (Some(plan), _) = survey(core, Text::Rollout(out.path()), again)? {
        return Err(SalvageError::Invalid(plan.faults.join("; ")));
    }
    out.persist_noclobber(copy).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => SalvageError::Taken(copy.to_path_buf()),
        _ => failed(error.error),
    })?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(&failed)
}
