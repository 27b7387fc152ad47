//! Tells which line of a file is the first that its own thread wrote.
//!
//! A legacy fork begins with a copy of its parent's history. Its turns were made before the fork was: their ids tell (UUID
//! version 7, RFC 9562). Older releases gave turns no ids; what they copied has one time, that of the line behind the first.

use alloc::vec::Vec;

use super::chain::Chain;
use super::event::{Entry, Event, Told};
use super::pass::{Listener, pass_file};
use super::turn::Mark;
use crate::ports::{FileResult, Rollouts};
use crate::rollout::copied::CopiedPrefix;
use crate::text::json::{Cursor, Text};
use crate::text::lines::Line;

/// Returns the first line of the oldest file of a chain that its own thread wrote: behind what a legacy fork copied.
///
/// # Errors
///
/// Fails where the file cannot be read.
pub(super) fn first_own_line<R: Rollouts>(rollouts: &R, chain: &Chain) -> FileResult<u64> {
    let Some((oldest, begun)) = chain.segments.first().and_then(|oldest| Some((oldest, oldest.forked_at?))) else {
        return Ok(1);
    };
    let mut copied = Copied { prefix: CopiedPrefix::new(begun), own_from: None };
    let mut alone = Chain { segments: alloc::vec![oldest.clone()], gaps: Vec::new(), paginated: chain.paginated };
    pass_file(rollouts, &mut alone, &mut copied)?;
    Ok(copied.own_from.unwrap_or(u64::MAX))
}

/// Looks for the first record that a fork did not copy.
struct Copied {
    prefix: CopiedPrefix,
    own_from: Option<u64>,
}

impl Listener for Copied {
    fn place(&self) -> Mark {
        Mark { segment: 0, line: 1, offset: 0 }
    }

    fn goes_by(&self, entry: &Entry<'_>) -> bool {
        self.prefix.is_named && matches!(entry.event, Event::Other | Event::Told(Told::Tool))
    }

    fn entry(&mut self, entry: &Entry<'_>, line: &Line<'_>, _: Mark) {
        let is_own = match entry.event {
            _ if line.number == 1 => false,
            Event::Started(Some(id)) => self.prefix.is_own_turn(&id.decode()),
            _ => {
                let stamp = Cursor::new(line.bytes).peek_field("timestamp").ok().flatten();
                self.prefix.is_own_line(stamp.as_ref().map(Text::raw))
            }
        };
        if is_own {
            self.own_from = Some(line.number);
        }
    }

    fn has_enough(&self) -> bool {
        self.own_from.is_some()
    }
}
