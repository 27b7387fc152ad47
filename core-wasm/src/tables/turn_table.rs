//! Reads a thread's turns, and makes rows of them.

use alloc::vec::Vec;

use contract::{Found, Gap, KnownTurns, LookupError, RedactionCount, Subject, TableOptions, TurnLines};
use twox_hash::XxHash64;

use super::turn_lines::turn_lines;
use crate::history::Since;
use crate::history::transcript::Transcript;
use crate::lookup::names::FileNames;
use crate::lookup::world::World;
use crate::ports::Rollouts;
use crate::secrets::Redactor;

/// Makes tables of the turns of several threads, one after the other.
pub struct TurnTables {
    options: TableOptions,
    names: FileNames,
}

/// The turns of one thread, on their way into tables.
pub struct TurnTable {
    found: Found,
    transcript: Transcript,
    since: Since,
    redactor: Redactor,
    with_texts: bool,
    /// The turn that is looked at next, by its number from 0.
    next: usize,
}

impl TurnTables {
    /// Begins.
    pub fn new(options: TableOptions) -> TurnTables {
        TurnTables { options, names: FileNames::default() }
    }

    /// Finds a thread and its files. Of turns that are `known` only those come that are others now.
    ///
    /// # Errors
    ///
    /// Fails where there is not one such thread, and where a file of its history cannot be read.
    pub fn open<W: World>(
        &mut self,
        world: &W,
        of: &Subject,
        known: Option<&KnownTurns>,
    ) -> Result<TurnTable, LookupError> {
        let TurnTables { options, names } = self;
        let (found, transcript, since) = Transcript::open_since(world, of, |found| seed(found, options), known, names)?;
        let redactor = super::redactor(options);
        Ok(TurnTable { found, transcript, since, redactor, with_texts: options.texts, next: 0 })
    }
}

impl TurnTable {
    /// Returns the thread as it is; not redacted.
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// Says what the files of the history should hold and do not.
    pub fn gaps(&self) -> &[Gap] {
        self.transcript.gaps()
    }

    /// Says whether the history goes on from what was known.
    pub fn goes_on(&self) -> bool {
        self.since.goes_on()
    }

    /// Returns what is known by whoever has the rows of all turns.
    pub fn now(&self) -> KnownTurns {
        self.since.now
    }

    /// Returns the rows of the next turns that are new, or others than they were; none at the end.
    ///
    /// # Errors
    ///
    /// Fails where a file of the history cannot be read.
    pub fn next<R: Rollouts>(&mut self, rollouts: &R) -> Result<Vec<TurnLines>, LookupError> {
        let wanted = self.transcript.new_turns(&self.since, self.next);
        let Some(limit) = u32::try_from(wanted.len()).ok().filter(|&turns| turns > 0) else { return Ok(Vec::new()) };
        self.next = wanted.start;
        let turns = self.transcript.values(rollouts, self.next, limit, false)?;
        let mut all = Vec::with_capacity(turns.len());
        for turn in turns {
            self.next += 1;
            let number = u32::try_from(self.next).unwrap_or(u32::MAX);
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

/// Stands for all but the lines of a history that rows of its turns depend on.
fn seed(found: &Found, options: &TableOptions) -> u64 {
    let TableOptions { texts, redact_secrets, anonymize } = options;
    let person = anonymize.iter().flat_map(|person| [&person.home, &person.user]);
    let mut sum = XxHash64::oneshot(0, env!("CARGO_PKG_VERSION").as_bytes());
    sum = XxHash64::oneshot(sum, &[u8::from(*texts), u8::from(*redact_secrets)]);
    sum = XxHash64::oneshot(sum, &found.row.created_at.to_le_bytes());
    person.fold(sum, |sum, text| XxHash64::oneshot(sum, text.as_bytes()))
}
