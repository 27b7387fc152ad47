//! Rollouts that are stored smaller.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::platform::path_text;
use crate::threads::compress::Report;

/// What became of storing rollouts smaller.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Compression {
    /// Whether this is only what would be done.
    pub dry_run: bool,
    /// The rollouts that are stored smaller now, or would be.
    pub compressed: Vec<CompressedFile>,
    /// How many bytes these had before.
    pub bytes_before: u64,
    /// How many bytes these have now; with `--dry-run` as many as before.
    pub bytes_after: u64,
    /// How many plain rollouts were modified too lately.
    pub young: u64,
    /// How many rollouts were compressed before.
    pub already_compressed: u64,
    /// The rollouts that stay as they are.
    pub skipped: Vec<SkippedFile>,
}

/// A rollout that is stored smaller now, or would be.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct CompressedFile {
    /// The absolute path where it was; now `.zst` is added to it.
    #[serde(serialize_with = "path_text::serialize")]
    pub path: PathBuf,
    /// How many bytes it had before.
    pub bytes_before: u64,
    /// How many bytes it has now; null with `--dry-run`.
    pub bytes_after: Option<u64>,
}

/// A rollout that stays as it is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SkippedFile {
    /// The absolute path where it is.
    #[serde(serialize_with = "path_text::serialize")]
    pub path: PathBuf,
    /// Why it stays, in words.
    pub reason: String,
    /// Whether something failed that should not have, as a disk or a permission.
    pub failed: bool,
}

impl From<&Report> for Compression {
    fn from(report: &Report) -> Compression {
        let compressed = report.compressed.iter().map(|file| CompressedFile {
            path: file.path.clone(),
            bytes_before: file.bytes_before,
            bytes_after: file.bytes_after,
        });
        let skipped = report.skipped.iter().map(|file| SkippedFile {
            path: file.path.clone(),
            reason: file.reason.clone(),
            failed: file.failed,
        });
        Compression {
            dry_run: report.dry_run,
            compressed: compressed.collect(),
            bytes_before: report.bytes_before,
            bytes_after: report.bytes_after,
            young: report.too_recent,
            already_compressed: report.already_compressed,
            skipped: skipped.collect(),
        }
    }
}
