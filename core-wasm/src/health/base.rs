//! Checks that a history goes on from where its base ends.

use alloc::format;
use alloc::string::String;

use contract::HistoryBase;

use crate::ports::{FileResult, Rollouts};
use crate::rollout::base::early_ordinal;
use crate::rollout::head::read_up_to;

/// Bytes looked at before the end of a base, and at most.
const STEPS: (u64, u64) = (16 << 10, 4 << 20);

/// Says why a history cannot go on from a base, of which these are the files.
pub fn check_base<R: Rollouts>(rollouts: &R, files: &[String], base: &HistoryBase) -> Option<String> {
    let mut why = None;
    for path in files {
        match ends_there(rollouts, path, base) {
            Ok(None) => return None,
            Ok(Some(other)) => why = why.or(Some(other)),
            Err(error) => why = why.or_else(|| Some(format!("{path} cannot be read: {}", error.message()))),
        }
    }
    Some(why.unwrap_or_else(|| "no rollout of it is there".into()))
}

/// Why the base is no part of a file; none where it is.
fn ends_there<R: Rollouts>(rollouts: &R, path: &str, base: &HistoryBase) -> FileResult<Option<String>> {
    let Some(offset) = base.offset.filter(|offset| *offset > 0) else { return Ok(None) };
    let before = base.ordinal.checked_sub(1);
    let mut step = STEPS.0;
    loop {
        let from = offset.saturating_sub(step);
        let bytes = read_up_to(&mut rollouts.open(path, from)?, offset - from)?;
        if (bytes.len() as u64) < offset - from {
            return Ok(Some(format!("{path} ends before byte {offset}, where it should go on from")));
        }
        let Some((b'\n', inside)) = bytes.split_last() else {
            return Ok(Some(format!("byte {offset} of {path}, where it should go on from, is inside of a line")));
        };
        match memchr::memrchr(b'\n', inside).map(|at| at + 1).or((from == 0).then_some(0)) {
            Some(begin) => {
                // A line without an ordinal, or none at all, tells nothing of the place.
                let found = early_ordinal(&inside[begin..]);
                let fits = found.is_none() || found == before;
                let wrong = |found: u64| {
                    format!("byte {offset} of {path} comes after ordinal {found}, and not before {}", base.ordinal)
                };
                return Ok(found.filter(|_| !fits).map(wrong));
            }
            None if step >= STEPS.1 => return Ok(None),
            None => step *= 4,
        }
    }
}
