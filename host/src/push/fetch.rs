//! Fetches threads that were pushed whole: the program that keeps tables tells them line by line, and each becomes a file that can
//! be imported, as an export of it can.
//!
//! The files lie in one directory of the state directory, which belongs to whoever holds its lock; what a killed process left there
//! goes before anything is fetched.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use threadkeep_engine::{Cancellation, CoreError};

use super::error::{INSTALL, SAME_VERSION, kind_of, sentence};
use crate::documents::{LakeFailure, LakeText};
use crate::index::progress::{Progress, ProgressSink};
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::file_lock::{FileLock, FileLockError};

const DIRECTORY: &str = "fetched";
const LOCK: &str = "fetch.lock";

/// Says which threads are fetched; all that are whole, where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchRequest {
    /// Those with these ids, or whose ids begin so.
    pub ids: Vec<String>,
    /// Those of this directory and below, as it is called where they ran.
    pub under: Option<String>,
    /// Those of this git repository: its URL in any form, or the end of it.
    pub repository: Option<String>,
    /// Those in which anything happened from this time on, in milliseconds since the epoch.
    pub since: Option<i64>,
    /// Those in which nothing happened from this time on.
    pub until: Option<i64>,
    /// Those of this machine, by its id or by what people call it.
    pub machine: Option<String>,
}

/// Threads that were fetched. Dropped, their files go.
pub struct Fetched {
    /// A file for each thread.
    pub files: Vec<PathBuf>,
    /// Threads that are wanted, and nowhere there as a whole.
    pub not_whole: u64,
    /// Threads that are not all there, and why.
    pub broken: Vec<(String, String)>,
    directory: PathBuf,
    _lock: FileLock,
}

/// Says why threads were not fetched. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The program that keeps tables could not be started or talked to.
    #[error("threadkeep-lake failed: {0}")]
    Program(#[source] io::Error),
    /// It ended before everything was there.
    #[error("threadkeep-lake ended early, {0}; start the import again")]
    EndedEarly(String),
    /// It said something that is no answer.
    #[error("threadkeep-lake answered with what is no answer: {0}; {SAME_VERSION}")]
    Answer(String),
    /// It says what is wrong.
    #[error("{}", sentence(.0))]
    Refused(LakeFailure),
    /// What was fetched cannot be kept until it is imported.
    #[error("{path} cannot be written: {error}", path = .0.display(), error = .1)]
    Storage(PathBuf, #[source] io::Error),
    /// Another process fetches threads.
    #[error("another process imports threads from tables; wait for its end")]
    Busy,
    /// Whether one does cannot be told.
    #[error(transparent)]
    Lock(#[from] FileLockError),
    /// It was asked to end.
    #[error(transparent)]
    Cancelled(#[from] CoreError),
}

/// Says whether a source of threads is a place that threads are pushed to.
pub fn is_place_of_tables(source: &str) -> bool {
    let is_url = ["s3://", "postgres://", "postgresql://"].iter().any(|scheme| source.starts_with(scheme));
    is_url || Path::new(source).join("v1/_manifests").is_dir()
}

/// Fetches threads from a place into files below `state_dir`.
pub(crate) fn fetch(
    program: &Path,
    place: &str,
    request: &FetchRequest,
    state_dir: &Path,
    cancellation: &Cancellation,
    progress: Option<&ProgressSink>,
) -> Result<Fetched, FetchError> {
    let lock = FileLock::try_take(&state_dir.join(LOCK))?.ok_or(FetchError::Busy)?;
    let directory = state_dir.join(DIRECTORY);
    let stored = |error| FetchError::Storage(directory.clone(), error);
    match fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(stored(error)),
        _ => fs::create_dir(&directory).map_err(stored)?,
    }
    let mut fetched = Fetched { files: Vec::new(), not_whole: 0, broken: Vec::new(), directory, _lock: lock };
    let mut child = Running::start(program, place, request)?;
    let output = child.0.stdout.take().ok_or_else(|| FetchError::Answer("it has no output".into()))?;
    let mut coming: Option<Coming> = None;
    let mut is_done = false;
    for line in BufReader::with_capacity(256 << 10, output).lines() {
        if cancellation.is_cancelled() {
            return Err(CoreError::Cancelled.into());
        }
        let line = line.map_err(FetchError::Program)?;
        let told: LakeText = serde_json::from_str(&line).map_err(|error| FetchError::Answer(error.to_string()))?;
        match (told, coming.as_mut()) {
            (LakeText::Found { threads }, None) => send(progress, Progress::Expected { files: threads }),
            (LakeText::Thread { thread }, None) => coming = Some(Coming::create(&fetched.directory, thread)?),
            (LakeText::Line(line), Some(file)) => file.write(&line)?,
            (LakeText::Close {}, Some(_)) => {
                if let Some(file) = coming.take() {
                    fetched.files.push(file.finish()?);
                }
                send(progress, Progress::Stored { files: 1 });
            }
            (LakeText::Broken { reason }, Some(_)) => {
                if let Some(Coming { thread, path, .. }) = coming.take() {
                    fs::remove_file(&path).map_err(|error| FetchError::Storage(path, error))?;
                    fetched.broken.push((thread, reason));
                }
                send(progress, Progress::Stored { files: 1 });
            }
            (LakeText::Done { not_whole }, None) => {
                fetched.not_whole = not_whole;
                is_done = true;
            }
            (LakeText::Failed(failure), _) => return Err(FetchError::Refused(failure)),
            (other, _) => return Err(FetchError::Answer(format!("{other:?}"))),
        }
    }
    let status = child.0.wait().map_err(FetchError::Program)?;
    if is_done { Ok(fetched) } else { Err(FetchError::EndedEarly(status.to_string())) }
}

fn send(progress: Option<&ProgressSink>, told: Progress) {
    if let Some(sink) = progress {
        sink.send(told);
    }
}

/// The program, which ends with whoever listens.
struct Running(Child);

impl Running {
    fn start(program: &Path, place: &str, request: &FetchRequest) -> Result<Running, FetchError> {
        let mut command = Command::new(program);
        command.arg("read");
        command.args(request.ids.iter().map(|id| format!("--id={id}")));
        let texts = [
            ("under", request.under.clone()),
            ("repo", request.repository.clone()),
            ("since", request.since.map(|since| since.to_string())),
            ("until", request.until.map(|until| until.to_string())),
            ("machine", request.machine.clone()),
        ];
        command.args(texts.into_iter().filter_map(|(flag, text)| Some(format!("--{flag}={}", text?))));
        // What it says to people nobody hears: it answers the same.
        command.args(["--", place]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().map(Running).map_err(FetchError::Program)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It only reads, so nothing is lost; one that has ended already cannot be told.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A thread whose lines come.
struct Coming {
    thread: String,
    path: PathBuf,
    out: BufWriter<File>,
}

impl Coming {
    fn create(directory: &Path, thread: String) -> Result<Coming, FetchError> {
        // It becomes part of a path, and comes from elsewhere.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if thread.is_empty() || thread.len() > 128 || !thread.bytes().all(is_plain) {
            return Err(FetchError::Answer("a thread has an id that is none".into()));
        }
        let path = directory.join(format!("{thread}.jsonl"));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|error| FetchError::Storage(path.clone(), error))?;
        Ok(Coming { thread, path, out: BufWriter::with_capacity(256 << 10, file) })
    }

    fn write(&mut self, line: &str) -> Result<(), FetchError> {
        let written = self.out.write_all(line.as_bytes()).and_then(|()| self.out.write_all(b"\n"));
        written.map_err(|error| FetchError::Storage(self.path.clone(), error))
    }

    fn finish(mut self) -> Result<PathBuf, FetchError> {
        self.out.flush().map_err(|error| FetchError::Storage(self.path.clone(), error))?;
        Ok(self.path)
    }
}

impl Drop for Fetched {
    fn drop(&mut self) {
        // What cannot be removed goes the next time.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

impl Classified for FetchError {
    fn kind(&self) -> ErrorKind {
        match self {
            FetchError::Program(error) | FetchError::Storage(_, error) => ErrorKind::of_io(error),
            FetchError::EndedEarly(_) => ErrorKind::Io,
            FetchError::Answer(_) => ErrorKind::Internal,
            FetchError::Refused(failure) => kind_of(failure),
            FetchError::Busy => ErrorKind::Busy,
            FetchError::Lock(error) => ErrorKind::of_io(&error.cause),
            FetchError::Cancelled(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            FetchError::Program(_) => Some(INSTALL),
            FetchError::Answer(_) => Some(SAME_VERSION),
            _ => None,
        }
    }
}
