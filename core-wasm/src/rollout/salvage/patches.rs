//! Reads of records what a copy may have to change, and changes it by patches that leave every other byte alone.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use crate::rollout::record::{self, Body, Meta};
use crate::text::json::{Cursor, Fault, Text};
use crate::text::paths::canonical_id;
use crate::text::time::parse_millis;

/// Other bytes in the place of some.
#[derive(Clone, Debug)]
pub(super) struct Patch {
    pub(super) at: Range<usize>,
    pub(super) with: Vec<u8>,
}

/// What a head says.
pub(super) struct Head {
    pub(super) id: String,
    pub(super) at: i64,
    /// The first releases' is the bare object.
    pub(super) wrapped: bool,
}

/// Returns who a record says the thread is, if it says all that Codex 0.169 wants to know.
pub(super) fn meta_of(record: &[u8]) -> Option<Head> {
    let Body::Meta(meta) = record::read(record).ok()?.body else { return None };
    let id = canonical_id(&meta.id.as_ref()?.decode())?;
    let at = meta.timestamp.filter(|_| !meta.odd_time)?;
    let wrapped = wrapped(record)?;
    (!wrapped || is_complete(&meta, record)).then_some(Head { id, at, wrapped })
}

/// What a session_meta must have beside id and time: seen of 0.169, which takes no other.
fn is_complete(meta: &Meta<'_>, record: &[u8]) -> bool {
    let mut originator = None;
    let read = in_payload(
        record,
        |c, key| {
            if key.is("originator") { c.text().map(|text| originator = text) } else { c.skip() }
        },
    );
    read.is_some() && originator.is_some() && meta.cwd.is_some() && meta.cli_version.is_some()
}

pub(super) fn in_payload<'a>(
    record: &'a [u8],
    mut field: impl FnMut(&mut Cursor<'a>, &Text<'a>) -> Result<(), Fault>,
) -> Option<()> {
    let read = Cursor::new(record).object(|c, key| if key.is("payload") { c.object(&mut field) } else { c.skip() });
    read.ok()
}

pub(super) fn base_ordinal(meta: &[u8]) -> Option<u64> {
    let mut end = None;
    // Of the beginning of a line that is too long, what stands there counts.
    let _ = in_payload(meta, |c, key| {
        if !key.is("history_base") {
            return c.skip();
        }
        c.object(|c, key| if key.is("end_ordinal_exclusive") { c.integer().map(|n| end = n) } else { c.skip() })
    });
    end.and_then(|end| u64::try_from(end).ok())
}

/// A record's number, and where its digits stand.
pub(super) fn ordinal(record: &[u8]) -> Option<(Range<usize>, u64)> {
    let mut digits: &[u8] = &[];
    // Of the beginning of a line that is too long, what stands there counts.
    let _ =
        Cursor::new(record).object(|c, key| if key.is("ordinal") { c.raw().map(|raw| digits = raw) } else { c.skip() });
    let number = core::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((place(record, digits), number))
}

/// Where a part stands in its whole.
pub(super) fn place(whole: &[u8], part: &[u8]) -> Range<usize> {
    let from = part.as_ptr() as usize - whole.as_ptr() as usize;
    from..from + part.len()
}

/// Returns what to change in a record that says who the thread is for it to say another id, wherever it names its own.
pub(super) fn other_id(meta: &[u8], id: &str) -> Vec<Patch> {
    let mut named: Vec<(bool, Text<'_>)> = Vec::new();
    let _ = Cursor::new(meta).object(|c, key| match key.raw() {
        b"id" => c.text().map(|text| named.extend(text.map(|text| (true, text)))),
        b"payload" => c.object(|c, key| match key.raw() {
            b"id" => c.text().map(|text| named.extend(text.map(|text| (true, text)))),
            b"session_id" => c.text().map(|text| named.extend(text.map(|text| (false, text)))),
            _ => c.skip(),
        }),
        _ => c.skip(),
    });
    let own = named.iter().find(|(is_id, _)| *is_id).map(|(_, text)| text.raw());
    let own_ones = named.iter().filter(|(_, text)| Some(text.raw()) == own);
    own_ones.map(|(_, text)| Patch { at: place(meta, text.raw()), with: id.as_bytes().to_vec() }).collect()
}

/// Returns the bytes with the patches in their places, which are in order.
pub(super) fn patched(bytes: &[u8], patches: &[Patch], out: &mut Vec<u8>) {
    let mut from = 0;
    for patch in patches {
        out.extend_from_slice(&bytes[from..patch.at.start]);
        out.extend_from_slice(&patch.with);
        from = patch.at.end;
    }
    out.extend_from_slice(&bytes[from..]);
}

/// Says whether a record has a time, a type and a payload; none where it is no record.
pub(super) fn wrapped(record: &[u8]) -> Option<bool> {
    let (mut time, mut kind, mut payload) = (false, false, false);
    let read = Cursor::new(record).object(|c, key| {
        match key.raw() {
            b"timestamp" => time = c.text()?.is_some_and(|text| parse_millis(text.raw()).is_some()),
            b"type" => kind = c.text()?.is_some(),
            b"payload" => {
                payload = c.peek() == Some(b'{');
                c.skip()?;
            }
            _ => c.skip()?,
        }
        Ok(())
    });
    read.ok()?;
    Some(time && kind && payload)
}
