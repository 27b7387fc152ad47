//! Pages through the records of a history as they stand: for whoever wants to know what was written, not what it means.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::chain::Chain;
use super::event;
use crate::ports::{Reader, Rollouts};
use crate::text::lines::{Line, Lines};
use contract::{LookupError, PageOfRecords};

/// A page is not much longer than this.
const PAGE_BYTES: usize = 2 << 20;
/// Bytes asked for at a time.
const CHUNK: u32 = 512 << 10;

/// A place in a chain: file, plain bytes before a line, the line's number.
#[derive(Clone, Copy, Default)]
struct Place {
    segment: usize,
    offset: u64,
    line: u64,
}

impl Place {
    fn of(cursor: &str) -> Option<Place> {
        let mut parts = cursor.strip_prefix("r.")?.splitn(3, '.');
        let mut number = || parts.next()?.parse().ok();
        Some(Place { segment: number()? as usize, offset: number()?, line: number()? })
    }
}

/// Returns the ordinal of a record, if it has one; none where the line is no record.
pub(crate) fn record_ordinal(line: &[u8]) -> Option<Option<u64>> {
    event::read(line).ok().map(|entry| entry.ordinal)
}

impl Chain {
    /// Returns the records behind a cursor. What is no record is left out.
    pub fn records<R: Rollouts>(&self, rollouts: &R, cursor: Option<&str>) -> Result<PageOfRecords, LookupError> {
        let begin = Place { line: 1, ..Place::default() };
        let begin = cursor.map_or(Some(begin), Place::of);
        let bad = || LookupError::BadCursor(format!("'{}' is not a cursor of a history", cursor.unwrap_or_default()));
        let begin = begin.filter(|place| place.segment < self.segments.len()).ok_or_else(bad)?;
        let mut page = Page::default();
        for (number, segment) in self.segments.iter().enumerate().skip(begin.segment) {
            let at = if number == begin.segment { begin } else { Place { segment: number, offset: 0, line: 1 } };
            let mut lines = Lines::new(at.line, at.offset);
            let mut reader = rollouts.open(&segment.path, at.offset)?;
            let mut over = false;
            while !over && page.next.is_none() {
                let chunk = reader.read(CHUNK)?;
                let mut each = |line: Line<'_>| {
                    over = over || !page.take(&line, number, segment.from..segment.until.unwrap_or(u64::MAX));
                };
                lines.push(chunk.as_bytes(), &mut each);
                if chunk.is_empty() {
                    lines.finish(&mut each);
                    break;
                }
            }
            if page.next.is_some() {
                break;
            }
        }
        let next = page.next.map(|place| format!("r.{}.{}.{}", place.segment, place.offset, place.line));
        Ok(PageOfRecords { records: page.records, next })
    }
}

#[derive(Default)]
struct Page {
    records: Vec<String>,
    bytes: usize,
    next: Option<Place>,
}

impl Page {
    /// Takes a line in, if it belongs to the history and the page has room; false when nothing more of the file does.
    fn take(&mut self, line: &Line<'_>, segment: usize, ordinals: core::ops::Range<u64>) -> bool {
        if self.next.is_some() {
            return true;
        }
        if self.bytes >= PAGE_BYTES {
            self.next = Some(Place { segment, offset: line.offset, line: line.number });
            return true;
        }
        let Ok(entry) = event::read(line.bytes) else { return true };
        match entry.ordinal {
            Some(ordinal) if ordinal >= ordinals.end => return false,
            Some(ordinal) if ordinal < ordinals.start => return true,
            _ => {}
        }
        if let Ok(text) = core::str::from_utf8(line.bytes) {
            self.bytes += text.len();
            self.records.push(text.to_string());
        }
        true
    }
}
