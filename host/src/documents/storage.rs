//! What takes the space in rollouts.

use schemars::JsonSchema;
use serde::Serialize;

use crate::threads::storage::StorageReport;

/// What takes the space in rollouts; all sizes are in bytes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Storage {
    /// What they take by their age.
    pub ages: Vec<StorageAge>,
    /// Lines that were copied of another thread's.
    pub copied_bytes: u64,
    /// History that compactions repeat.
    pub compaction_bytes: u64,
    /// What the disk holds of texts that it has in another file too.
    pub duplicate_bytes: u64,
    /// How much compressing the plain rollouts would give back, estimated by a sample; null where there are none.
    pub estimated_compression_bytes: Option<u64>,
    /// Image data in the text.
    pub image_bytes: u64,
    /// The threads that take most of the disk, at most ten.
    pub largest_threads: Vec<StorageThread>,
    /// What rollouts take on the disk; what several names share counts once.
    pub on_disk_bytes: u64,
    /// How much of that plain rollouts take.
    pub plain_bytes: u64,
    /// Rollouts.
    pub rollouts: u64,
    /// How much text was compressed for the estimate.
    pub sampled_bytes: u64,
    /// Their text, whatever that is stored in.
    pub text_bytes: u64,
    /// What records take of the text by their type, the largest first.
    pub types: Vec<StorageType>,
    /// Rollouts that could not be read: what is in them is not known.
    pub unread_rollouts: u64,
}

/// What rollouts of an age take.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct StorageAge {
    /// Bytes on the disk.
    pub bytes: u64,
    /// They were last written less than so many days ago, and no less than the row before has; null of all that are older.
    pub days: Option<u64>,
    /// How many they are.
    pub rollouts: u64,
}

/// What a thread takes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct StorageThread {
    /// Bytes on the disk.
    pub bytes: u64,
    /// Its id.
    pub id: String,
}

/// What records of a type take.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct StorageType {
    /// Bytes of their lines.
    pub bytes: u64,
    /// How many they are.
    pub records: u64,
    /// The type, and behind a slash that of what they tell; empty of lines that have none.
    #[serde(rename = "type")]
    pub kind: String,
}

impl From<&StorageReport> for Storage {
    fn from(report: &StorageReport) -> Storage {
        let ages = report.ages.iter().map(|&(days, rollouts, bytes)| StorageAge { bytes, days, rollouts });
        let threads = report.largest.iter().map(|(id, bytes)| StorageThread { bytes: *bytes, id: id.clone() });
        let types = report.types.iter();
        let types =
            types.map(|(kind, records, bytes)| StorageType { bytes: *bytes, records: *records, kind: kind.clone() });
        Storage {
            ages: ages.collect(),
            copied_bytes: report.copied,
            compaction_bytes: report.compactions,
            duplicate_bytes: report.duplicates,
            estimated_compression_bytes: report.compressible,
            image_bytes: report.images,
            largest_threads: threads.collect(),
            on_disk_bytes: report.on_disk,
            plain_bytes: report.plain,
            rollouts: report.rollouts,
            sampled_bytes: report.sampled,
            text_bytes: report.text,
            types: types.collect(),
            unread_rollouts: report.unread,
        }
    }
}
