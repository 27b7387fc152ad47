//! Talks to the program that keeps tables: rows go in at its standard input, answers come by its standard output.

use std::io::{self, BufRead as _, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use super::error::PushError;
use super::sink::RowSink;
use crate::documents::{LakeAnswer, LakeBegin, LakeDone, LakeMessage, LakeOpened};

/// Rows are handed over in pieces of so many bytes.
const PIECE: usize = 256 << 10;
const NAME: &str = "threadkeep-lake";

/// The program, started. Dropped, it is left what was closed; that it commits, or not.
pub struct LakeProcess {
    child: Child,
    input: Option<BufWriter<ChildStdin>>,
    answers: Receiver<Result<LakeAnswer, PushError>>,
    reader: Option<JoinHandle<()>>,
    committed: u64,
}

/// Finds the program: beside this one, in `libexec/threadkeep` next to that, else in a directory of `PATH`.
pub fn find_lake_program(path: Option<&std::ffi::OsStr>) -> Option<PathBuf> {
    let own = std::env::current_exe().ok();
    let beside = own.as_deref().and_then(Path::parent).into_iter();
    let places = beside.flat_map(|bin| [bin.to_owned(), bin.join("../libexec/threadkeep")]);
    let path = path.into_iter().flat_map(std::env::split_paths).filter(|directory| directory.is_absolute());
    places.chain(path).map(|directory| directory.join(NAME)).find(|program| program.is_file())
}

impl LakeProcess {
    /// Starts the program for a place. What it says to people nobody hears: it answers the same.
    pub fn start(program: &Path, destination: &str) -> Result<LakeProcess, PushError> {
        let mut command = Command::new(program);
        command.args(["push", "--", destination]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(PushError::Program)?;
        let input = child.stdin.take().map(|input| BufWriter::with_capacity(PIECE, input));
        let output = child.stdout.take();
        let (send, answers) = channel();
        let reader = std::thread::Builder::new().name("answers of tables".into()).spawn(move || {
            for line in output.into_iter().flat_map(|output| BufReader::new(output).lines()) {
                let answer = line
                    .map_err(PushError::Program)
                    .and_then(|line| serde_json::from_str(&line).map_err(|error| PushError::Answer(error.to_string())));
                if send.send(answer).is_err() {
                    return;
                }
            }
        });
        let reader = Some(reader.map_err(PushError::Program)?);
        Ok(LakeProcess { child, input, answers, reader, committed: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PushError> {
        let written = match &mut self.input {
            Some(input) => input.write_all(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        written.map_err(|error| self.why(error))
    }

    fn say(&mut self, message: &LakeMessage<'_>) -> Result<(), PushError> {
        let line = message.line()?;
        self.write(line.as_bytes())
    }

    /// Says why nothing more can be written: the program said so before it ended.
    fn why(&mut self, error: io::Error) -> PushError {
        if error.kind() != io::ErrorKind::BrokenPipe {
            return PushError::Program(error);
        }
        loop {
            match self.next() {
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    }

    /// Waits for the next answer but those that something is committed.
    fn next(&mut self) -> Result<LakeAnswer, PushError> {
        loop {
            match self.answers.recv() {
                Ok(Ok(LakeAnswer::Committed { threads })) => self.committed = self.committed.max(threads),
                Ok(Ok(LakeAnswer::Failed(failure))) => return Err(PushError::Refused(failure)),
                Ok(answer) => return answer,
                Err(_) => {
                    self.input = None;
                    let status = self.child.wait().map_err(PushError::Program)?;
                    return Err(PushError::EndedEarly(status.to_string()));
                }
            }
        }
    }

    fn flush(&mut self) -> Result<(), PushError> {
        let flushed = self.input.as_mut().map_or(Ok(()), Write::flush);
        flushed.map_err(|error| self.why(error))
    }
}

impl RowSink for LakeProcess {
    fn begin(&mut self, begin: LakeBegin<'_>) -> Result<LakeOpened, PushError> {
        self.say(&LakeMessage::Begin(begin))?;
        self.flush()?;
        match self.next()? {
            LakeAnswer::Opened(opened) => Ok(opened),
            other => Err(PushError::Answer(format!("{other:?}"))),
        }
    }

    fn open(&mut self, thread: &str, generation: u64) -> Result<(), PushError> {
        self.say(&LakeMessage::Open { thread, generation })
    }

    fn rows(&mut self, lines: &str) -> Result<(), PushError> {
        self.write(lines.as_bytes())
    }

    fn close(&mut self) -> Result<(), PushError> {
        self.say(&LakeMessage::Close {})
    }

    fn committed(&mut self) -> Result<u64, PushError> {
        while let Ok(answer) = self.answers.try_recv() {
            match answer? {
                LakeAnswer::Committed { threads } => self.committed = self.committed.max(threads),
                LakeAnswer::Failed(failure) => return Err(PushError::Refused(failure)),
                other => return Err(PushError::Answer(format!("{other:?}"))),
            }
        }
        Ok(self.committed)
    }

    fn end(&mut self, threads: u64) -> Result<LakeDone, PushError> {
        self.say(&LakeMessage::End { threads })?;
        self.flush()?;
        self.input = None;
        match self.next()? {
            LakeAnswer::Done(done) => Ok(done),
            other => Err(PushError::Answer(format!("{other:?}"))),
        }
    }
}

impl Drop for LakeProcess {
    fn drop(&mut self) {
        // It ends by itself where nothing more comes.
        if let Some(input) = self.input.take() {
            // What was not written is not to be waited for.
            let _ = input.into_parts();
        }
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}
