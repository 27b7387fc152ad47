//! Where things lie below a destination, and how months are named.

use chrono::{DateTime, Datelike as _};
use serde::{Deserialize, Serialize};

/// Is where everything of this layout lies; another layout will lie beside it.
pub const ROOT: &str = "v1";

/// Says whose rows they are: one home of one machine, which has one manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The machine's id.
    pub machine: String,
    /// The home's id.
    pub home: String,
}

impl Owner {
    /// Gives the directory of the manifests.
    pub fn manifests(&self) -> String {
        format!("{ROOT}/_manifests/{}.{}", self.machine, self.home)
    }

    /// Gives the owner whose manifests lie in a directory of this name.
    pub fn of_directory(name: &str) -> Option<Owner> {
        let (machine, home) = name.split_once('.')?;
        (is_id(machine) && is_id(home)).then(|| Owner { machine: machine.into(), home: home.into() })
    }

    /// Gives the directory of the machine's files of a table and month.
    pub fn partition(&self, table: &str, month: &str) -> String {
        format!("{ROOT}/{table}/month={month}/machine={}", self.machine)
    }

    /// Gives the path of a new file; the nonce makes it the only one of its name.
    pub fn file(&self, table: &str, month: &str, nonce: &str) -> String {
        format!("{}/{}.{nonce}.parquet", self.partition(table, month), self.home)
    }

    /// Says whether a file in the machine's directories is of this home.
    pub fn owns(&self, path: &str) -> bool {
        let mut parts = path.rsplit('/');
        let name = parts.next().unwrap_or_default();
        let machine = parts.next().and_then(|part| part.strip_prefix("machine="));
        machine == Some(self.machine.as_str()) && name.split('.').next() == Some(self.home.as_str())
    }
}

/// Says whether a text can be the id of a machine or home: it becomes part of paths.
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Gives the path of a manifest; names sort as sequences do.
pub fn manifest(owner: &Owner, sequence: u64) -> String {
    format!("{}/{sequence:012}.json", owner.manifests())
}

/// Gives the sequence of a manifest's path.
pub fn sequence(path: &str) -> Option<u64> {
    path.rsplit('/').next()?.strip_suffix(".json")?.parse().ok()
}

/// Gives the path of the file without rows that tells a table's columns. It lies among the others, so that engines find the same
/// partitions in its path, and no owner has it.
pub fn empty_file(table: &str) -> String {
    format!("{ROOT}/{table}/month=0000-00/machine=none/schema-{}.parquet", threadkeep_tables::SCHEMA_VERSION)
}

/// Is a month in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// Gives the month of a moment in milliseconds since 1970; none outside of the years that four digits name.
    pub fn of(milliseconds: i64) -> Option<Month> {
        let moment = DateTime::from_timestamp_millis(milliseconds)?;
        (0..=9999).contains(&moment.year()).then(|| Month { year: moment.year(), month: moment.month() })
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:04}-{:02}", self.year, self.month)
    }
}

impl From<Month> for String {
    fn from(month: Month) -> String {
        month.to_string()
    }
}

impl TryFrom<String> for Month {
    type Error = String;

    fn try_from(text: String) -> Result<Month, String> {
        let parsed = text.split_once('-').and_then(|(year, month)| {
            let month = Month { year: year.parse().ok()?, month: month.parse().ok()? };
            (month.to_string() == text && (1..=12).contains(&month.month)).then_some(month)
        });
        parsed.ok_or_else(|| format!("'{text}' is no month"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Month, Owner, is_id, manifest, sequence};

    #[test]
    fn a_month_is_that_of_utc_and_comes_back_from_its_name() {
        let month = Month::of(1_793_404_799_999).expect("a month");
        assert_eq!(month.to_string(), "2026-10");
        assert_eq!(Month::of(1_793_491_200_000).map(String::from).as_deref(), Some("2026-11"));
        assert_eq!(Month::try_from(month.to_string()), Ok(month));
        assert_eq!(Month::of(-1).map(String::from).as_deref(), Some("1969-12"));
        for wrong in ["2026-13", "2026-1", "26-01", "+026-01", "x"] {
            assert!(Month::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
        assert_eq!(Month::of(i64::MAX), None);
    }

    #[test]
    fn what_is_no_id_becomes_no_part_of_a_path() {
        assert!(is_id("m-0A_9"));
        for wrong in ["", "..", "a/b", "a.b", "ü", "a b"] {
            assert!(!is_id(wrong), "{wrong}");
        }
    }

    #[test]
    fn names_of_manifests_tell_owner_and_sequence_and_sort_by_it() {
        let owner = Owner { machine: "m-1".into(), home: "h-1".into() };
        assert_eq!(sequence(&manifest(&owner, 12)), Some(12));
        assert!(manifest(&owner, 9) < manifest(&owner, 10));
        assert_eq!(Owner::of_directory("m-1.h-1"), Some(owner.clone()));
        assert!(owner.owns(&owner.file("turns", "2026-11", "abc")));
        let other = Owner { home: "h-1-2".into(), ..owner.clone() };
        assert!(!owner.owns(&other.file("turns", "2026-11", "abc")));
    }
}
