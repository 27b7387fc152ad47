//! What can be read of a damaged rollout, written into a new one that is valid. What that is, the core says
//! (`core-wasm/src/salvage`); the original is only read.
//!
//! The copy is written under a hidden name, gone through once more, and gets its own name only where that is free.

use std::fs::{File, Metadata};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rustix::fs::{FlockOperation, flock};
use threadkeep_engine::contract::{Chunk, LeftOut, SalvageContext, SalvagePlan, SurveyResult};
use threadkeep_engine::{Core, CoreError, Imports, Runtime, calls};

use crate::db::{StateDb, StateError};
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::regular_file;
use crate::rollouts::inflate::Inflate;

/// Bytes of text handed to the core at a time.
const CHUNK: usize = 512 << 10;

/// Says why nothing was salvaged.
#[derive(Debug, thiserror::Error)]
pub enum SalvageError {
    /// A file failed.
    #[error("{0} cannot be {1}: {2}")]
    Io(PathBuf, &'static str, std::io::Error),
    /// Nothing in it is worth it.
    #[error("nothing of {0} can be salvaged: {1}")]
    Nothing(PathBuf, String),
    /// Somebody writes it.
    #[error("{0} changed while it was read; {hint}", hint = WHEN_CALM)]
    Changed(PathBuf),
    /// The copy's name is taken.
    #[error("{0} is there already, and stays as it is; {hint}", hint = ANOTHER_PLACE)]
    Taken(PathBuf),
    /// The copy did not stand its own test.
    #[error("the copy is not valid ({0}), and was thrown away; {hint}", hint = DAMAGED_MACHINE)]
    Invalid(String),
    /// The system has no randomness.
    #[error("no randomness: {0}")]
    Randomness(getrandom::Error),
    /// The state DB failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// The core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
}

impl SalvageError {
    fn io(path: &Path, what: &'static str) -> impl Fn(std::io::Error) -> SalvageError {
        move |error| SalvageError::Io(path.to_path_buf(), what, error)
    }
}

const WHEN_CALM: &str = "try again when nobody writes it";
const ANOTHER_PLACE: &str = "name another place with --to FILE";
const DAMAGED_MACHINE: &str = "the disk or the memory may be damaged";

impl Classified for SalvageError {
    fn kind(&self) -> ErrorKind {
        match self {
            SalvageError::Io(_, "read", error) if error.kind() == std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            SalvageError::Io(_, _, error) => ErrorKind::of_io(error),
            SalvageError::Nothing(..) => ErrorKind::Corrupt,
            SalvageError::Changed(_) | SalvageError::Taken(_) => ErrorKind::Conflict,
            SalvageError::Invalid(_) | SalvageError::Randomness(_) => ErrorKind::Io,
            SalvageError::State(error) => error.kind(),
            SalvageError::Core(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            SalvageError::Changed(_) => Some(WHEN_CALM),
            SalvageError::Taken(_) => Some(ANOTHER_PLACE),
            SalvageError::Invalid(_) => Some(DAMAGED_MACHINE),
            SalvageError::State(error) => error.hint(),
            SalvageError::Core(error) => error.hint(),
            _ => None,
        }
    }
}

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
    /// Only look.
    pub dry_run: bool,
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

/// Salvages a rollout; none, and nothing written, where nothing is wrong with it. The handle tells whose history begins in
/// it.
pub fn salvage(runtime: &Runtime, state: Option<&StateDb>, wanted: Wanted<'_>) -> Result<Option<Report>, SalvageError> {
    let file = std::path::absolute(wanted.file).map_err(SalvageError::io(wanted.file, "named"))?;
    let before = open(&file)?.metadata().map_err(SalvageError::io(&file, "looked at"))?;
    let mut core = Core::new(runtime, Imports::default());
    let (plan, text) = survey(&mut core, &file, salvage_context(&file, &before, (wanted.same_id, wanted.new_id))?)?;
    let Some(plan) = plan else { return Ok(None) };
    let beside = || file.with_file_name(&plan.file_name);
    let copy = wanted.to.map_or_else(|| Ok(beside()), std::path::absolute).map_err(SalvageError::io(&file, "named"))?;
    if !wanted.dry_run {
        write(&mut core, &file, &before, &plan, text, &copy)?;
    }
    let forks = match state {
        Some(state) => {
            let rows = state.database().forks_of(plan.original.clone().unwrap_or_else(|| plan.thread.clone()))?;
            Some(rows.into_iter().map(|row| row.id).collect())
        }
        None => None,
    };
    Ok(Some(Report {
        file,
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
    }))
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
        originator: env!("CARGO_PKG_NAME").into(),
        version: env!("CARGO_PKG_VERSION").into(),
    })
}

/// Reads the text for the first time: gives what its copy is to be, and how many bytes of text there are.
fn survey(core: &mut Core, file: &Path, of: SalvageContext) -> Result<(Option<SalvagePlan>, u64), SalvageError> {
    let surveyor = core.call(&calls::OpenSurveyor { of })?;
    let mut text = 0;
    let fault = each_chunk(file, u64::MAX, |chunk| {
        text += chunk.len() as u64;
        Ok(core.call(&calls::FeedSurveyor { surveyor, piece: Chunk::Bytes(chunk.into()) })?)
    })?;
    match core.call(&calls::FinishSurveyor { surveyor, fault })? {
        SurveyResult::Intact => Ok((None, text)),
        SurveyResult::Plan(plan) => Ok((Some(plan), text)),
        SurveyResult::Nothing(why) => Err(SalvageError::Nothing(file.to_path_buf(), why)),
    }
}

/// Reads the text for the second time, and writes the copy, which is in its place when all of it is on disk.
fn write(
    core: &mut Core,
    file: &Path,
    before: &Metadata,
    plan: &SalvagePlan,
    text: u64,
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
    each_chunk(file, text, |chunk| {
        let copied = core.call(&calls::FeedCopier { copier, piece: Chunk::Bytes(chunk.into()) })?;
        out.write_all(&copied.into_bytes()).map_err(&failed)
    })?;
    let rest = core.call(&calls::FinishCopier { copier })?;
    out.write_all(&rest.into_bytes()).map_err(&failed)?;
    out.as_file().set_permissions(before.permissions()).map_err(&failed)?;
    out.as_file().sync_all().map_err(&failed)?;
    let now = open(file)?.metadata().map_err(SalvageError::io(file, "looked at"))?;
    if (now.len(), now.modified().ok()) != (before.len(), before.modified().ok()) {
        return Err(SalvageError::Changed(file.to_path_buf()));
    }
    let again = SalvageContext { name: plan.file_name.clone(), ..salvage_context(copy, &now, (false, false))? };
    if let (Some(plan), _) = survey(core, out.path(), again)? {
        return Err(SalvageError::Invalid(plan.faults.join("; ")));
    }
    out.persist_noclobber(copy).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => SalvageError::Taken(copy.to_path_buf()),
        _ => failed(error.error),
    })?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(&failed)
}

/// Opens a regular file; a pipe is not waited for.
fn open(path: &Path) -> Result<File, SalvageError> {
    regular_file::open(path).map_err(SalvageError::io(path, "read"))
}

/// Hands out the plain text, so much of it at most. Of a compressed file what comes before a fault in its form counts; the
/// answer is that fault.
fn each_chunk(
    path: &Path,
    limit: u64,
    mut each: impl FnMut(&[u8]) -> Result<(), SalvageError>,
) -> Result<Option<String>, SalvageError> {
    let file = open(path)?;
    let compressed = path.extension().is_some_and(|kind| kind == "zst");
    let text: Box<dyn Read> = match compressed {
        true => Box::new(Inflate::new(file).map_err(SalvageError::io(path, "decompressed"))?),
        false => Box::new(file),
    };
    let (mut text, mut chunk) = (text.take(limit), vec![0; CHUNK]);
    loop {
        match text.read(&mut chunk) {
            Ok(0) => return Ok(None),
            Ok(read) => each(&chunk[..read])?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) if compressed && error.raw_os_error().is_none() => return Ok(Some(error.to_string())),
            Err(error) => return Err(SalvageError::io(path, "read")(error)),
        }
    }
}
