//! Tells where what a legacy fork copied of its parent's rollout ends.
//!
//! Its turns were made before the fork was: their ids tell (UUID version 7, RFC 9562). Older releases gave turns no ids; what they
//! copied has one time, that of the line behind the first.

use alloc::vec::Vec;

use crate::text::codec::{Reader, Writer};
use crate::text::paths::id_millis;

/// Looks for the first line that a fork did not copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedPrefix {
    /// When the fork was made, in milliseconds since the epoch.
    begun: i64,
    /// The time of the line behind the first, as it stands.
    stamp: Option<Vec<u8>>,
    /// Turns have ids.
    pub is_named: bool,
}

impl CopiedPrefix {
    /// Begins at the first line of a fork that was made then.
    pub fn new(begun: i64) -> CopiedPrefix {
        CopiedPrefix { begun, stamp: None, is_named: false }
    }

    /// Says whether the turn that a line begins is the fork's own.
    pub fn is_own_turn(&mut self, turn: &str) -> bool {
        let made = id_millis(turn);
        self.is_named |= made.is_some();
        made.is_some_and(|made| made >= self.begun)
    }

    /// Says whether any other line behind the first, with this time as it stands, is the fork's own.
    pub fn is_own_line(&mut self, stamp: Option<&[u8]>) -> bool {
        if self.is_named {
            return false;
        }
        let first = self.stamp.get_or_insert_with(|| stamp.unwrap_or_default().to_vec());
        stamp.is_some_and(|stamp| stamp != first.as_slice())
    }

    /// Writes how far it is.
    pub fn encode(&self, writer: &mut Writer) {
        writer.signed(self.begun);
        writer.unsigned(u64::from(self.is_named));
        writer.unsigned(u64::from(self.stamp.is_some()));
        writer.bytes(self.stamp.as_deref().unwrap_or_default());
    }

    /// Reads that.
    pub fn decode(reader: &mut Reader<'_>) -> Option<CopiedPrefix> {
        let (begun, is_named, has_stamp) = (reader.signed()?, reader.unsigned()? != 0, reader.unsigned()? != 0);
        let stamp = reader.bytes()?.to_vec();
        Some(CopiedPrefix { begun, stamp: has_stamp.then_some(stamp), is_named })
    }
}
