//! Calls about what threads used.

use crate::contract::{FileError, FileFacts, RolloutSpace, UsageQuery, UsageRollouts, UsageStatistics, UsageThreads};
use crate::recording::optional_bytes;

super::call::calls! {
    /// `usage-reading.version`
    UsageVersion "usage-reading.version" {  } -> u32: |call, instance| {
        instance.exports.threadkeep_core_usage_reading().call_version(&mut instance.store)
    };
    /// `usage-reading.read`
    ReadUsage "usage-reading.read" { file: FileFacts, #[serde(with = "optional_bytes")] earlier: Option<Vec<u8>> } -> Result<Vec<u8>, FileError>: |call, instance| {
        instance.exports.threadkeep_core_usage_reading().call_read(&mut instance.store, &call.file, call.earlier.as_deref())
    };
    /// `storage-measuring.measure`
    MeasureStorage "storage-measuring.measure" { path: String } -> Result<RolloutSpace, FileError>: |call, instance| {
        instance.exports.threadkeep_core_storage_measuring().call_measure(&mut instance.store, &call.path)
    };
    /// `statistics.count`
    CountUsage "statistics.count" { query: UsageQuery, threads: UsageThreads, rollouts: UsageRollouts } -> UsageStatistics: |call, instance| {
        instance.exports.threadkeep_core_statistics().call_count(&mut instance.store, &call.query, &call.threads, &call.rollouts)
    };
}
