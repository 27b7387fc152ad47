//! Times.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// A time in UTC, as RFC 3339 has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("format" = "date-time"))]
pub struct Time(String);

impl Time {
    /// Makes the time from milliseconds since the epoch, and writes it with three digits of a second. What no calendar has
    /// becomes the epoch.
    pub fn from_millis(millis: i64) -> Time {
        let time = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH);
        Time(time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
    }

    /// Takes over a time that stands somewhere as RFC 3339 text already.
    pub(super) fn from_text(text: &str) -> Time {
        Time(text.into())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
