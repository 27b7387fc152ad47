//! Reads where the history of a rollout begins: in itself, or in another file that it goes on from.

use alloc::string::String;

use contract::HistoryBase;

use crate::ports::{FileResult, Rollouts};
use crate::rollout::head::in_head;
use crate::text::json::{Cursor, Step};
use crate::text::paths::canonical_id;

/// What a file's first `session_meta` says of its history.
#[derive(Default)]
pub struct HistoryHead {
    /// The thread; empty where it names none.
    pub thread: String,
    /// When the thread began, as it stands there.
    pub timestamp: String,
    /// Items are records of their own.
    pub paginated: bool,
    /// Where its history begins, if that is in another file.
    pub base: Option<HistoryBase>,
    /// It was forked off another thread. A legacy one then begins with a copy of that one's history.
    pub forked: bool,
    /// A side thread: it goes on from its parent's history, and shows nothing of it.
    pub attached: bool,
    /// Records of lower ordinals belong to somebody else.
    pub starts_at: u64,
}

/// Returns the ordinal of the record that a text begins with, be it cut off.
pub fn early_ordinal(text: &[u8]) -> Option<u64> {
    let mut ordinal = None;
    // A line that is longer than what was read ends in a fault; the ordinal stands near its beginning.
    let _ = Cursor::new(text).object(|c, key| {
        if key.is("ordinal") { c.integer().map(|number| ordinal = ordinal.or(number)) } else { c.skip() }
    });
    ordinal.and_then(|ordinal| u64::try_from(ordinal).ok())
}

/// Says where the history of a file begins, if this line of it, a `session_meta`, says that another one holds its
/// beginning.
pub fn base_of(line: &[u8]) -> Option<HistoryBase> {
    meta(line).ok().flatten()?.base
}

/// Reads what a line says, if it is a `session_meta`.
pub fn history_head_of(line: &[u8]) -> Option<HistoryHead> {
    meta(line).ok().flatten()
}

/// Reads what the first `session_meta` of a file says; nothing where it has none.
pub fn history_head<R: Rollouts>(rollouts: &R, path: &str) -> FileResult<HistoryHead> {
    Ok(in_head(rollouts, path, |line| meta(line.bytes).ok().flatten())?.unwrap_or_default())
}

/// Reads what a line says of the history of its file, if it is a `session_meta`.
///
/// # Errors
///
/// Fails where the line is no JSON.
pub fn meta(line: &[u8]) -> Step<Option<HistoryHead>> {
    let mut cursor = Cursor::new(line);
    let (mut kind, mut inner) = (None, None);
    cursor.object(|c, key| match key.raw() {
        b"type" => c.text().map(|text| kind = text),
        b"payload" => c.raw().map(|raw| inner = Some(raw)),
        _ => c.skip(),
    })?;
    cursor.finish()?;
    match inner.filter(|_| kind.is_some_and(|kind| kind.is("session_meta"))) {
        Some(inner) => payload(&mut Cursor::new(inner)).map(Some),
        None => Ok(None),
    }
}

fn payload(c: &mut Cursor<'_>) -> Step<HistoryHead> {
    let mut head = HistoryHead::default();
    let unsigned = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    c.object(|c, key| {
        match key.raw() {
            b"id" => head.thread = c.text()?.and_then(|id| canonical_id(&id.decode())).unwrap_or_default(),
            b"timestamp" => head.timestamp = c.text()?.map(|text| text.decode().into_owned()).unwrap_or_default(),
            b"history_mode" => head.paginated = c.text()?.is_some_and(|mode| mode.is("paginated")),
            b"forked_from_id" => head.forked = c.text()?.is_some_and(|id| !id.is_empty()),
            b"attached_thread" => head.attached = c.raw()? == b"true",
            b"subagent_history_start_ordinal" => head.starts_at = unsigned(c.integer()?).unwrap_or(0),
            b"history_base" if c.peek() == Some(b'{') => {
                let (mut thread, mut ordinal, mut offset) = (None, None, None);
                c.object(|c, key| match key.raw() {
                    b"thread_id" => c.text().map(|id| thread = id.and_then(|id| canonical_id(&id.decode()))),
                    b"end_ordinal_exclusive" => c.integer().map(|number| ordinal = unsigned(number)),
                    b"end_byte_offset" => c.integer().map(|number| offset = unsigned(number)),
                    _ => c.skip(),
                })?;
                head.base = thread.zip(ordinal).map(|(thread, ordinal)| HistoryBase { thread, ordinal, offset });
            }
            _ => c.skip()?,
        }
        Ok(())
    })?;
    Ok(head)
}
