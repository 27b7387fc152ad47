//! What a run of a plugin may cost.

use std::fmt;
use std::time::Duration;

/// Names what is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// Seconds from the beginning of the call to its end, whatever they go by on.
    Time,
    /// Bytes of all its memories together, and of rows of databases that are held for it.
    Memory,
    /// Elements of all its tables together.
    Tables,
    /// Instances of modules in it.
    Instances,
    /// Things that it holds open at a time.
    Handles,
    /// Bytes of its stack.
    Stack,
    /// Bytes that it hands over at a time.
    Transfer,
    /// Bytes that go to and fro in all.
    Traffic,
    /// Calls of what it is given.
    Calls,
    /// Bytes that it writes.
    Output,
    /// Files that it writes.
    Files,
    /// Bytes that it says to the user.
    Log,
    /// Histories that it opens.
    Threads,
}

/// How a limit is counted.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Seconds,
    Bytes,
    Number,
}

/// A limit: what it is called, how it is counted, and how much there is if nobody says otherwise.
struct Limit {
    kind: LimitKind,
    name: &'static str,
    unit: Unit,
    usual: u64,
    meaning: &'static str,
}

const MB: u64 = 1 << 20;

/// All limits. The usual values let a plugin in Python go over 10,000 threads.
const LIMITS: [Limit; 13] = [
    Limit { kind: LimitKind::Time, name: "time", unit: Unit::Seconds, usual: 60, meaning: "time of a call" },
    Limit { kind: LimitKind::Memory, name: "memory", unit: Unit::Bytes, usual: 256 * MB, meaning: "memory" },
    Limit {
        kind: LimitKind::Tables,
        name: "tables",
        unit: Unit::Number,
        usual: 200_000,
        meaning: "elements of tables",
    },
    Limit { kind: LimitKind::Instances, name: "instances", unit: Unit::Number, usual: 100, meaning: "instances" },
    Limit { kind: LimitKind::Handles, name: "handles", unit: Unit::Number, usual: 1_000, meaning: "things held open" },
    Limit { kind: LimitKind::Stack, name: "stack", unit: Unit::Bytes, usual: MB, meaning: "stack" },
    Limit {
        kind: LimitKind::Transfer,
        name: "transfer",
        unit: Unit::Bytes,
        usual: 8 * MB,
        meaning: "bytes handed over at a time",
    },
    Limit {
        kind: LimitKind::Traffic,
        name: "traffic",
        unit: Unit::Bytes,
        usual: 4_096 * MB,
        meaning: "bytes to and fro",
    },
    Limit {
        kind: LimitKind::Calls,
        name: "calls",
        unit: Unit::Number,
        usual: 1_000_000,
        meaning: "calls of what it is given",
    },
    Limit { kind: LimitKind::Output, name: "output", unit: Unit::Bytes, usual: 1_024 * MB, meaning: "bytes written" },
    Limit { kind: LimitKind::Files, name: "files", unit: Unit::Number, usual: 20_000, meaning: "files written" },
    Limit { kind: LimitKind::Log, name: "log", unit: Unit::Bytes, usual: 64 << 10, meaning: "bytes said to the user" },
    Limit {
        kind: LimitKind::Threads,
        name: "threads",
        unit: Unit::Number,
        usual: 100_000,
        meaning: "histories opened",
    },
];

impl LimitKind {
    fn limit(self) -> &'static Limit {
        // Every kind is in the list at its own place, which a test shows.
        &LIMITS[self as usize]
    }

    /// Gives its name, as the command line has it.
    pub fn name(self) -> &'static str {
        self.limit().name
    }
}

/// Holds how much of everything a run may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits([u64; LIMITS.len()]);

impl Default for Limits {
    fn default() -> Limits {
        Limits(LIMITS.map(|limit| limit.usual))
    }
}

impl Limits {
    /// Gives the usual ones of calls that a server makes for a client: he waits for the answer, and it is held in memory.
    pub fn of_servers() -> Limits {
        Limits::default().with(LimitKind::Time, 20).with(LimitKind::Output, 16 * MB)
    }

    /// Gives how much there is of it, in its unit: seconds, bytes, or a number.
    pub fn of(&self, kind: LimitKind) -> u64 {
        self.0[kind as usize]
    }

    /// Gives the time of a call.
    pub fn time(&self) -> Duration {
        Duration::from_secs(self.of(LimitKind::Time))
    }

    /// Gives the same limits but for one.
    pub fn with(mut self, kind: LimitKind, value: u64) -> Limits {
        self.0[kind as usize] = value;
        self
    }

    /// Takes a limit as a person writes it: `time=5s`, `memory=64MB`, `calls=1000`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn set(&mut self, written: &str) -> Result<(), String> {
        let names = || LIMITS.map(|limit| limit.name).join(", ");
        let (name, value) = written.split_once('=').ok_or("a limit is written NAME=VALUE, as time=5s")?;
        let limit = LIMITS.iter().find(|limit| limit.name == name);
        let limit = limit.ok_or_else(|| format!("there is no limit '{name}': there are {}", names()))?;
        let value = parse(value, limit.unit).ok_or_else(|| match limit.unit {
            Unit::Seconds => format!("'{value}' is no time: write it in seconds, as 5s, or minutes, as 2m"),
            Unit::Bytes => format!("'{value}' is no size: write it in KB, MB or GB, as 64MB"),
            Unit::Number => format!("'{value}' is no number from 1 on"),
        })?;
        self.0[limit.kind as usize] = value;
        Ok(())
    }

    /// Gives each limit for a person: its name, its value, and what is limited by it.
    pub fn described(&self) -> Vec<(&'static str, String, &'static str)> {
        LIMITS.iter().map(|limit| (limit.name, shown(self.of(limit.kind), limit.unit), limit.meaning)).collect()
    }
}

fn parse(text: &str, unit: Unit) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let factor = match (unit, text[digits.len()..].to_ascii_lowercase().as_str()) {
        (Unit::Seconds, "" | "s") | (Unit::Number | Unit::Bytes, "") => 1,
        (Unit::Seconds, "m" | "min") => 60,
        (Unit::Bytes, "kb") => 1 << 10,
        (Unit::Bytes, "mb") => MB,
        (Unit::Bytes, "gb") => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor).filter(|value| *value > 0)
}

fn shown(value: u64, unit: Unit) -> String {
    match unit {
        Unit::Seconds => format!("{value} s"),
        Unit::Number => value.to_string(),
        Unit::Bytes if value.is_multiple_of(MB) => format!("{} MB", value / MB),
        Unit::Bytes if value.is_multiple_of(1 << 10) => format!("{} KB", value >> 10),
        Unit::Bytes => format!("{value} bytes"),
    }
}

/// Says that a limit was reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Reached {
    /// Which.
    pub kind: LimitKind,
    /// How much there was of it.
    pub limit: u64,
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.kind.limit();
        write!(f, "it reached the limit '{}' ({}: {})", limit.name, limit.meaning, shown(self.limit, limit.unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_stands_at_its_place() {
        for (place, limit) in LIMITS.iter().enumerate() {
            assert_eq!(limit.kind as usize, place);
            assert_eq!(Limits::default().of(limit.kind), limit.usual);
        }
    }

    #[test]
    fn limits_are_taken_as_people_write_them() {
        let mut limits = Limits::default();
        for written in ["time=2m", "memory=64MB", "log=512", "calls=10", "stack=256kb"] {
            assert_eq!(limits.set(written), Ok(()), "{written}");
        }
        assert_eq!(limits.time(), Duration::from_secs(120));
        assert_eq!(limits.of(LimitKind::Memory), 64 << 20);
        assert_eq!(limits.of(LimitKind::Log), 512);
        for written in
            ["time", "time=", "time=0", "time=5h", "memory=lots", "calls=1MB", "size=3", "memory=99999999999GB"]
        {
            assert!(limits.set(written).is_err(), "{written}");
        }
    }
}
