//! Cursors of several homes: the place of each.

use crate::facade::{Error, Result};
use crate::platform::error_kind::ErrorKind;

/// Where a home goes on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    Begin,
    Behind(String),
    End,
}

impl Place {
    /// The place behind a page, from its own cursor.
    pub(super) fn after(next: Option<String>) -> Place {
        next.map_or(Place::End, Place::Behind)
    }

    /// The cursor of the home itself; none at its beginning.
    pub(super) fn cursor(&self) -> Option<&str> {
        match self {
            Place::Behind(cursor) => Some(cursor),
            Place::Begin | Place::End => None,
        }
    }
}

/// How cursors of several homes begin; the place of each home follows, behind a `~` each.
const CURSOR: &str = "homes.";

/// Writes a cursor.
pub(super) fn cursor_of(places: &[Place]) -> String {
    let place = |place: &Place| match place {
        Place::Begin => "b".into(),
        Place::End => "e".into(),
        Place::Behind(cursor) => format!("c{cursor}"),
    };
    format!("{CURSOR}{}", places.iter().map(place).collect::<Vec<_>>().join("~"))
}

/// Reads a cursor of so many homes: the place of each.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] where it is of others.
pub(super) fn places(cursor: Option<&str>, homes: usize) -> Result<Vec<Place>> {
    let Some(cursor) = cursor else { return Ok(vec![Place::Begin; homes]) };
    let place = |text: &str| match text.split_at_checked(1) {
        Some(("b", "")) => Some(Place::Begin),
        Some(("e", "")) => Some(Place::End),
        Some(("c", cursor)) => Some(Place::Behind(cursor.into())),
        _ => None,
    };
    let places =
        cursor.strip_prefix(CURSOR).and_then(|places| places.split('~').map(place).collect::<Option<Vec<_>>>());
    places.filter(|places| places.len() == homes).ok_or_else(|| {
        let why = format!("'{cursor}' is not a cursor of these {} homes", homes);
        Error::new(ErrorKind::InvalidInput, why).of_argument("cursor")
    })
}
