//! Times as people read them.

use jiff::Timestamp;
use threadkeep_terminal::zone::shown_zone;

/// Gives a local time to the minute; milliseconds since the epoch.
pub(crate) fn minute(millis: i64) -> String {
    let time = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH);
    time.to_zoned(shown_zone().clone()).strftime("%Y-%m-%d %H:%M").to_string()
}
