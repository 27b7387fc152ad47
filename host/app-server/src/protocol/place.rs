//! Places in lists, as cursors say them.

use jiff::Timestamp;
use serde::Deserialize;
use threadkeep::contract::{RowKey, RowQuery, SortKey, ThreadRow};

use super::thread_id;
use crate::error::RpcError;

/// Which way a list goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    Asc,
    Desc,
}

impl Direction {
    /// Says whether the newest come first.
    pub(crate) fn is_newest_first(self) -> bool {
        self == Direction::Desc
    }
}

/// A place in a list by time: behind a thread, or before or behind all of a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Milliseconds since the epoch.
    time: i64,
    /// None is a place before all threads of the time in a descending list, and behind them in an ascending one.
    id: Option<String>,
}

impl Place {
    /// Reads a cursor: a time of RFC 3339, and an id behind `|` where it is the place of a thread.
    ///
    /// # Errors
    ///
    /// Codex's words for a cursor that is none.
    pub(crate) fn read(cursor: &str) -> Result<Place, RpcError> {
        let invalid = || RpcError::invalid(format!("invalid cursor: {cursor}"));
        let (time, id) = match cursor.split_once('|') {
            Some((time, id)) => (time, Some(thread_id(id).map_err(|_| invalid())?)),
            None => (cursor, None),
        };
        let time: Timestamp = time.parse().map_err(|_| invalid())?;
        Ok(Place { time: time.as_millisecond(), id })
    }

    /// Gives the place behind a thread.
    pub(crate) fn behind(key: &RowKey) -> Place {
        Place { time: key.time, id: Some(key.id.clone()) }
    }

    /// Gives the place from which a list in the other direction begins with this thread, and with all others of its time.
    pub(crate) fn back_from(key: &RowKey, direction: Direction) -> Place {
        let step = if direction.is_newest_first() { -1 } else { 1 };
        Place { time: key.time.saturating_add(step), id: None }
    }

    /// Writes the cursor.
    pub(crate) fn cursor(&self) -> String {
        let time = Timestamp::from_millisecond(self.time).unwrap_or_default();
        match &self.id {
            Some(id) => format!("{time}|{id}"),
            None => time.to_string(),
        }
    }

    /// Leaves out of a query what cannot lie behind the place.
    pub(crate) fn narrow(&self, query: &mut RowQuery) {
        let is_inside = self.id.is_some();
        match query.ascending {
            true => query.since = Some(if is_inside { self.time } else { self.time.saturating_add(1) }),
            false => query.until = Some(if is_inside { self.time.saturating_add(1) } else { self.time }),
        }
    }

    /// Says whether a row of the narrowed query lies behind the place.
    pub(crate) fn is_before(&self, key: &RowKey, ascending: bool) -> bool {
        let Some(id) = &self.id else { return true };
        let order = (key.time, &key.id).cmp(&(self.time, id));
        if ascending { order.is_gt() } else { order.is_lt() }
    }
}

/// Gives a row's place in an order.
pub(crate) fn key(row: &ThreadRow, sort: SortKey) -> RowKey {
    let time = match sort {
        SortKey::Created => row.created_at,
        SortKey::Updated => row.updated_at,
        SortKey::Recency => row.recency_at,
    };
    RowKey { time, id: row.id.clone() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    const ID: &str = "01a20206-0750-7cf0-a6b5-586db3307aaa";

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for cursor in ["2026-11-22T06:51:46.533Z|01a20206-0750-7cf0-a6b5-586db3307aaa", "2026-11-22T06:51:29.27Z"] {
            assert_eq!(Place::read(cursor).unwrap().cursor(), cursor);
        }
        for cursor in ["", "xx", "2026-11-22", "1795330307059", "2026-11-22T06:51:46Z|x"] {
            assert_eq!(Place::read(cursor).unwrap_err().message, format!("invalid cursor: {cursor}"));
        }
    }

    #[test]
    fn a_list_goes_on_behind_a_thread_and_back_to_one() {
        let key = |time, id: &str| RowKey { time, id: id.into() };
        let place = Place::behind(&key(5, ID));
        for (other, behind, before) in
            [(key(4, ID), false, true), (key(5, ID), false, false), (key(6, ID), true, false)]
        {
            assert_eq!(place.is_before(&other, true), behind);
            assert_eq!(place.is_before(&other, false), before);
        }
        let mut query = RowQuery::default();
        Place::back_from(&key(5, ID), Direction::Asc).narrow(&mut query);
        assert_eq!(query.until, Some(6));
        query.ascending = true;
        Place::back_from(&key(5, ID), Direction::Desc).narrow(&mut query);
        assert_eq!(query.since, Some(5));
    }
}
