//! Rows from a pipe to where they are kept: one thread reads and decodes, another writes and commits.

mod blame;
mod lines;
mod messages;
mod reader;
mod rows;
mod target;
mod writer;

use std::io::{Read, Write};
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

pub use lines::LONGEST_LINE;
pub use target::{Batches, Opened, Target, Written};

use crate::error::{Error, Result};
use crate::paths::Owner;
use lines::Lines;
use messages::{Answer, Begin, Message};

/// Is how many batches of rows may wait between the two threads.
const QUEUE: usize = 1;

/// Says how a push goes about it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long files are left that no manifest names.
    pub grace: Duration,
    /// Whether small files are merged in the end.
    pub compact: bool,
    /// After how many bytes of lines a commit is made.
    pub commit_bytes: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { grace: crate::clean::GRACE, compact: false, commit_bytes: 64 << 20 }
    }
}

/// Takes rows from `input`, tells on `output` what became of them, and ends when the input says so. What fails is told there,
/// too, and handed back.
///
/// # Errors
///
/// The input may make no sense or end too early, and the target may fail. What was told to be committed stays.
pub fn run(target: &impl Target, input: impl Read, output: impl Write + Send, options: Options) -> Result<()> {
    let answers = Answers(Mutex::new(output));
    let result = push(target, input, &answers, options);
    if let Err(error) = &result {
        // Nobody may be left to be told; the exit code says it, too.
        let _ = answers.tell(&Answer::Failed { kind: error.kind(), message: error.to_string(), hint: error.hint() });
    }
    result
}

fn push<W: Write + Send>(target: &impl Target, input: impl Read, answers: &Answers<W>, options: Options) -> Result<()> {
    let mut lines = Lines::new(input);
    let begin = begin(&mut lines)?;
    let owner = Owner { machine: begin.machine.clone(), home: begin.home.clone() };
    let batches = target.begin(owner, options)?;
    let Opened { version, is_new, forgotten } = batches.opened();
    answers.tell(&Answer::Opened { version, is_new, forgotten: forgotten.iter().collect() })?;
    std::thread::scope(|scope| {
        let (work, waiting) = sync_channel(QUEUE);
        let written = scope.spawn(move || target::write(batches, &waiting, |answer| answers.tell(&answer)));
        let read = reader::run(&mut lines, work, forgotten, &begin, options.commit_bytes);
        let written = written.join().unwrap_or_else(|_| Err(Error::Internal("the writing thread ended".into())));
        // Where the writer fails, the reader sees nothing but that nobody listens any more.
        written.and(read)
    })
}

fn begin(lines: &mut Lines<impl Read>) -> Result<Begin> {
    let Some((number, line)) = lines.next()? else { return Err(Error::Interrupted) };
    match messages::parse(number, line)? {
        Message::Begin(begin) => begin.check(number),
        _ => Err(Error::Line { number, reason: "the first line must be 'begin'".into() }),
    }
}

/// Writes answers, a line each.
struct Answers<W>(Mutex<W>);

impl<W: Write> Answers<W> {
    fn tell(&self, answer: &Answer) -> Result<()> {
        let mut line = serde_json::to_vec(answer)
            .map_err(|error| Error::Internal(format!("an answer cannot be told: {error}")))?;
        line.push(b'\n');
        let mut output = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let told = output.write_all(&line).and_then(|()| output.flush());
        told.map_err(|error| Error::Pipe { what: "telling answers", error })
    }
}
