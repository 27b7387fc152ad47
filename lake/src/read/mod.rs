//! Threads that were pushed whole, on their way back: which there are, and the whole text of each.
//!
//! ```text
//! rows of threads ─→ choice: which are wanted, and of several homes that have one, which home's ─→ texts, line by line ─→ output
//! ```
//!
//! A [`Choice`] decides; files and the database are each a [`Texts`].

mod choice;
mod files;

use std::io::Write;

use serde::Serialize;

pub use choice::{Choice, KeptThread, Wanted};
pub use files::Files;

use crate::error::{Error, ErrorKind, Result};

/// Knows what was pushed to a destination.
pub trait Texts {
    /// Hands the newest row of each thread of each home to `each`, but for those that are deleted.
    ///
    /// # Errors
    ///
    /// The destination may fail, and what `each` fails by is handed on.
    fn threads(&mut self, wanted: &Wanted, each: &mut dyn FnMut(KeptThread)) -> Result<()>;

    /// Hands the lines of a thread's whole text to `each`, without their ends. Says why where they are not all there.
    ///
    /// # Errors
    ///
    /// As [`Texts::threads`].
    fn lines(&mut self, thread: &KeptThread, each: &mut dyn FnMut(&str) -> Result<()>) -> Result<Option<String>>;
}

/// Is a line of the output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Answer<'a> {
    Found {
        threads: u64,
    },
    /// Lines of a thread follow.
    Thread(&'a KeptThread),
    /// One of them, without its end.
    Line(&'a str),
    /// These were all.
    Close {},
    /// The thread is not all there, for this reason: what came of it is of no use.
    Broken {
        reason: String,
    },
    #[serde(rename_all = "camelCase")]
    Done {
        threads: u64,
        not_whole: u64,
    },
    Failed {
        kind: ErrorKind,
        message: String,
        hint: &'static str,
    },
}

/// Has threads told on `output`. What fails is told there, too, and handed back.
///
/// # Errors
///
/// What `read` fails by, and the output.
pub fn run(output: &mut dyn Write, read: impl FnOnce(&mut Telling<'_>) -> Result<()>) -> Result<()> {
    let mut telling = Telling(output);
    let result = read(&mut telling);
    if let Err(error) = &result {
        // Nobody may be left to be told; the exit code says it, too.
        let _ = telling.tell(&Answer::Failed { kind: error.kind(), message: error.to_string(), hint: error.hint() });
    }
    let flushed = telling.0.flush().map_err(|error| Error::Pipe { what: "telling threads", error });
    result.and(flushed)
}

/// Writes answers, a line each.
pub struct Telling<'o>(&'o mut dyn Write);

impl Telling<'_> {
    /// Tells the wanted threads with their whole texts, or, with `list`, without.
    ///
    /// # Errors
    ///
    /// The destination may fail, and a thread that is asked for may not be there, or not as a whole.
    pub fn threads(&mut self, texts: &mut dyn Texts, wanted: &Wanted, list: bool) -> Result<()> {
        let mut choice = Choice::of(wanted);
        texts.threads(wanted, &mut |thread| choice.see(thread))?;
        let (threads, not_whole) = choice.end()?;
        let mut told = 0;
        self.tell(&Answer::Found { threads: threads.len() as u64 })?;
        for thread in &threads {
            self.tell(&Answer::Thread(thread))?;
            let broken = match list {
                true => None,
                false => texts.lines(thread, &mut |line| self.tell(&Answer::Line(line)))?,
            };
            match broken {
                Some(reason) => self.tell(&Answer::Broken { reason })?,
                None => {
                    told += 1;
                    if !list {
                        self.tell(&Answer::Close {})?;
                    }
                }
            }
        }
        self.tell(&Answer::Done { threads: told, not_whole })
    }

    fn tell(&mut self, answer: &Answer<'_>) -> Result<()> {
        let told = serde_json::to_writer(&mut *self.0, answer).map_err(std::io::Error::from);
        let told = told.and_then(|()| self.0.write_all(b"\n"));
        told.map_err(|error| Error::Pipe { what: "telling threads", error })
    }
}
