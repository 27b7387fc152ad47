//! Times for people, in the form that was asked for.

use std::sync::OnceLock;

use clap::ValueEnum;
use jiff::Timestamp;
use threadkeep_terminal::{ages, zone};

use super::output;

/// For how many milliseconds a time is recent: of older ones the year is shown instead of the hour.
const RECENT: i64 = 180 * 86_400_000;

/// In which form times are shown to people. Documents have their own.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum TimeForm {
    /// In the zone of the system
    Local,
    /// In UTC
    Utc,
    /// As RFC 3339 has it, in UTC
    Iso,
    /// How long ago
    Relative,
}

/// What was decided for this run.
static FORM: OnceLock<TimeForm> = OnceLock::new();

impl TimeForm {
    /// Has times be shown so from now on.
    pub(crate) fn settle(self) {
        if self == TimeForm::Utc {
            zone::use_utc();
        }
        let _ = FORM.set(self);
    }

    /// Gives the form of times in lists: where nobody has asked for one, people see ages.
    fn of_lists() -> TimeForm {
        FORM.get().copied().unwrap_or(if output::is_terminal() { TimeForm::Relative } else { TimeForm::Local })
    }
}

fn local(time: Timestamp, format: &str) -> String {
    time.to_zoned(zone::shown_zone().clone()).strftime(format).to_string()
}

fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Gives a time of a list: its age in four columns; or as `ls` does, with the hour where it is recent, else with the year.
pub(super) fn short(millis: i64, now: i64) -> String {
    let recent = (now - RECENT..=now + 86_400_000).contains(&millis);
    match TimeForm::of_lists() {
        TimeForm::Relative => format!("{:>4}", ages::age(millis, now)),
        TimeForm::Iso => iso(timestamp(millis)),
        TimeForm::Local | TimeForm::Utc => local(timestamp(millis), if recent { "%b %e %H:%M" } else { "%b %e  %Y" }),
    }
}

/// Gives what stands above the times of a list.
pub(super) fn heading() -> &'static str {
    if TimeForm::of_lists() == TimeForm::Relative { "AGE" } else { "TIME" }
}

/// Gives a time to the second, with its zone; or how long ago it was.
pub(crate) fn second(millis: i64) -> String {
    match FORM.get() {
        Some(TimeForm::Relative) => ages::age_in_words(millis, Timestamp::now().as_millisecond()),
        Some(TimeForm::Iso) => iso(timestamp(millis)),
        _ => local(timestamp(millis), "%Y-%m-%d %H:%M:%S %Z"),
    }
}
