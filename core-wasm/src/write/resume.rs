//! Goes on with a rollout that is there.
//!
//! Its head says who the thread is and in which form it is written, its end where the numbers go on, how many tokens
//! were used, and whether a killed writer left a line unfinished. Nothing of the file is changed: an unfinished line
//! gets its line break, and stays what it is.

use alloc::format;
use alloc::string::String;

use contract::{Resumed, Tokens, WriteError};

use super::state::WriterState;
use crate::ports::{FileResult, Reader, Rollouts};
use crate::rollout::head::in_head;
use crate::rollout::ids::RandomBits;
use crate::rollout::record::{self, Body};
use crate::rollout::session_meta::Form;
use crate::text::json::{Cursor, Step};
use crate::text::lines::Lines;
use crate::text::paths::{canonical_id, is_compressed};

/// First step backwards from the end; each further one is four times as long.
const STEP: u64 = 64 << 10;
/// A count of tokens that stands further back than this is not looked for.
const FAR: u64 = 16 << 20;
/// Bytes asked for at a time.
const CHUNK: u32 = 512 << 10;

/// Goes on with the plain rollout at a place. `random_bits` seeds ids.
pub fn resume<R: Rollouts>(rollouts: &R, path: &str, random_bits: u64) -> Result<Resumed, WriteError> {
    if is_compressed(path) {
        return Err(WriteError::Compressed);
    }
    if rollouts.open(path, 0)?.is_translated()? {
        return Err(WriteError::NoThread(format!("{path} is written in UTF-16, which Codex does not read")));
    }
    let size = rollouts.stat(path)?.size;
    let head = in_head(rollouts, path, |line| Head::of(line.bytes))?;
    let head = head.ok_or_else(|| WriteError::NoThread(format!("no record in {path} says which thread it is")))?;
    let mut step = STEP;
    let tail = loop {
        let from = size.saturating_sub(step);
        let tail = Tail::of(rollouts, path, from)?;
        let numbered = tail.ordinal.is_some() || head.form == Form::Legacy;
        if from == 0 || numbered && (tail.tokens.is_some() || step >= FAR) {
            break tail;
        }
        step = step.saturating_mul(4);
    };
    let state = WriterState {
        thread: head.thread,
        form: head.form,
        ordinal: tail.ordinal.map_or(head.ordinal, |last| last.max(head.ordinal)).saturating_add(1),
        cwd: tail.cwd.or(head.cwd).unwrap_or_default(),
        model: tail.model,
        tokens: tail.tokens.unwrap_or_default(),
        cut_off: tail.cut_off,
        random_bits: RandomBits(random_bits),
        turn: None,
        said: None,
    };
    Ok(Resumed { thread: state.thread.clone(), state: state.encode() })
}

/// What the record says that names the thread.
struct Head {
    thread: String,
    form: Form,
    ordinal: u64,
    cwd: Option<String>,
}

impl Head {
    fn of(line: &[u8]) -> Option<Head> {
        let Body::Meta(meta) = record::read(line).ok()?.body else { return None };
        let paginated = meta.history_mode.is_some_and(|mode| mode.is("paginated"));
        Some(Head {
            thread: canonical_id(&meta.id?.decode())?,
            form: if paginated { Form::Paginated } else { Form::Legacy },
            ordinal: ordinal(line).unwrap_or(0),
            cwd: meta.cwd.map(|cwd| cwd.decode().into_owned()),
        })
    }
}

/// What the end of a file says.
#[derive(Default)]
pub(super) struct Tail {
    pub(super) ordinal: Option<u64>,
    tokens: Option<Tokens>,
    cwd: Option<String>,
    model: Option<String>,
    cut_off: bool,
}

impl Tail {
    /// Of what stands from a place on; the line that the place falls into counts only as far as it stands there.
    pub(super) fn of<R: Rollouts>(rollouts: &R, path: &str, from: u64) -> FileResult<Tail> {
        let mut tail = Tail::default();
        let mut reader = rollouts.open(path, from)?;
        let mut lines = Lines::new(1, from);
        loop {
            let chunk = reader.read(CHUNK)?;
            if let Some(&last) = chunk.as_bytes().last() {
                tail.cut_off = last != b'\n';
            }
            lines.push(chunk.as_bytes(), |line| tail.line(line.bytes));
            if chunk.is_empty() {
                lines.finish(|line| tail.line(line.bytes));
                return Ok(tail);
            }
        }
    }

    fn line(&mut self, line: &[u8]) {
        let Ok(record) = record::read(line) else { return };
        self.ordinal = self.ordinal.max(ordinal(line));
        match record.body {
            Body::Tokens(_) => self.tokens = tokens(line).or(self.tokens),
            Body::TurnContext { cwd, model } => {
                self.cwd = cwd.map(|cwd| cwd.decode().into_owned()).or(self.cwd.take());
                self.model = model.map(|model| model.decode().into_owned()).or(self.model.take());
            }
            _ => {}
        }
    }
}

/// A record's number.
fn ordinal(line: &[u8]) -> Option<u64> {
    let mut ordinal = None;
    let mut cursor = Cursor::new(line);
    cursor
        .object(|c, key| if key.is("ordinal") { c.integer().map(|number| ordinal = number) } else { c.skip() })
        .ok()?;
    ordinal.and_then(|ordinal| u64::try_from(ordinal).ok())
}

/// The sums of a count of tokens.
fn tokens(line: &[u8]) -> Option<Tokens> {
    let mut tokens = Tokens::default();
    let mut usage = |c: &mut Cursor<'_>| -> Step<()> {
        c.object(|c, key| {
            let count = match key.raw() {
                b"input_tokens" => &mut tokens.input,
                b"cached_input_tokens" => &mut tokens.cached_input,
                b"output_tokens" => &mut tokens.output,
                b"reasoning_output_tokens" => &mut tokens.reasoning_output,
                _ => return c.skip(),
            };
            *count = c.integer()?.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
            Ok(())
        })
    };
    let path = ["payload", "info", "total_token_usage"];
    inside(&mut Cursor::new(line), &path, &mut usage).ok()?;
    Some(tokens)
}

/// Goes down a path of keys.
fn inside(c: &mut Cursor<'_>, path: &[&str], found: &mut impl FnMut(&mut Cursor<'_>) -> Step<()>) -> Step<()> {
    match path.split_first() {
        None => found(c),
        Some((first, rest)) => c.object(|c, key| if key.is(first) { inside(c, rest, found) } else { c.skip() }),
    }
}
