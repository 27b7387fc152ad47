//! Reads a thread's turns, and makes rows of them.

use alloc::vec::Vec;

use contract::{Found, Gap, LookupError, RedactionCount, Subject, TableOptions, TurnLines};

use super::turn_lines::turn_lines;
use crate::history::transcript::Transcript;
use crate::lookup::world::World;
use crate::ports::Rollouts;
use crate::secrets::Redactor;

/// The turns of one thread, on their way into tables.
pub struct TurnTable {
    found: Found,
    transcript: Transcript,
    redactor: Redactor,
    with_texts: bool,
    /// How many turns were read.
    read: usize,
}

impl TurnTable {
    /// Finds the thread and its files.
    ///
    /// # Errors
    ///
    /// Fails where there is not one such thread, and where a file of its history cannot be read.
    pub fn open<W: World>(world: &W, of: &Subject, options: &TableOptions) -> Result<TurnTable, LookupError> {
        let (found, transcript) = Transcript::open(world, of)?;
        let redactor = super::redactor(options);
        Ok(TurnTable { found, transcript, redactor, with_texts: options.texts, read: 0 })
    }

    /// Returns the thread as it is; not redacted.
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// Says what the files of the history should hold and do not.
    pub fn gaps(&self) -> &[Gap] {
        self.transcript.gaps()
    }

    /// Returns the rows of the next turns; none at the end.
    ///
    /// # Errors
    ///
    /// Fails where a file of the history cannot be read.
    pub fn next<R: Rollouts>(&mut self, rollouts: &R) -> Result<Vec<TurnLines>, LookupError> {
        let turns = self.transcript.values(rollouts, self.read, false)?;
        let mut all = Vec::with_capacity(turns.len());
        for turn in turns {
            self.read += 1;
            let number = u32::try_from(self.read).unwrap_or(u32::MAX);
            let created_at = self.found.row.created_at;
            all.push(TurnLines {
                turn: number,
                lines: turn_lines(turn, number, created_at, self.with_texts, &mut self.redactor),
            });
        }
        Ok(all)
    }

    /// Returns what was taken out so far.
    pub fn report(&self) -> Vec<RedactionCount> {
        self.redactor.counts()
    }
}
