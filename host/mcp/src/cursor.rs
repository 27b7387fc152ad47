//! Where an answer goes on: what a client hands back as it got it.

use threadkeep_plugins::running::ExportPlace;

use crate::failure::Failure;

/// A place in a history: behind so many characters of an entry of the turn that comes next behind a cursor of the library's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TurnPlace {
    /// The newest turns come first.
    pub(crate) newest_first: bool,
    /// The cursor of the library; none at the beginning.
    pub(crate) turn: Option<String>,
    /// How many entries of the turn were shown.
    pub(crate) entry: usize,
    /// How many characters of the next one were shown.
    pub(crate) characters: usize,
}

impl TurnPlace {
    /// Gives the place of a turn's beginning.
    pub(crate) fn of(turn: Option<String>, newest_first: bool) -> TurnPlace {
        TurnPlace { newest_first, turn, ..TurnPlace::default() }
    }

    /// Writes it down.
    pub(crate) fn to_cursor(&self) -> String {
        let order = if self.newest_first { 'd' } else { 'a' };
        format!("{order}{}.{}.{}", self.entry, self.characters, self.turn.as_deref().unwrap_or_default())
    }

    /// Reads it.
    pub(crate) fn read(cursor: &str) -> Result<TurnPlace, Failure> {
        let read = || {
            let newest_first = match cursor.get(..1)? {
                "a" => false,
                "d" => true,
                _ => return None,
            };
            let mut parts = cursor.get(1..)?.splitn(3, '.');
            let (entry, characters) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            let turn = Some(parts.next()?.to_owned()).filter(|turn| !turn.is_empty());
            Some(TurnPlace { newest_first, turn, entry, characters })
        };
        read().ok_or_else(unknown)
    }
}

/// Reads a place in what a plugin wrote.
pub(crate) fn export_place(cursor: &str) -> Result<ExportPlace, Failure> {
    ExportPlace::read(cursor).ok_or_else(unknown)
}

/// Reads a cursor that is a number of things that were shown.
pub(crate) fn offset(cursor: Option<&str>) -> Result<usize, Failure> {
    cursor.map_or(Ok(0), |cursor| cursor.parse().map_err(|_| unknown()))
}

fn unknown() -> Failure {
    Failure::invalid("the cursor is none of this tool: hand nextCursor back as it came, or leave it out")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_down_and_nothing_else_is() {
        let turn = Some("u.17.019a-b.c".into());
        let place = TurnPlace { newest_first: true, turn, entry: 3, characters: 1_200 };
        assert_eq!(TurnPlace::read(&place.to_cursor()).unwrap(), place);
        assert_eq!(TurnPlace::read(&TurnPlace::default().to_cursor()).unwrap(), TurnPlace::default());
        for wrong in ["", "x1.2.", "a1.2", "a-1.2.", "ü1.2.", "a99999999999999999999.0."] {
            assert!(TurnPlace::read(wrong).is_err(), "{wrong}");
        }
    }
}
