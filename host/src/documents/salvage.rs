//! What could be read of damaged rollouts.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::health::salvage::{Merged, Outcome, Part, Report};
use crate::platform::path_text;

/// What became of salvaging a rollout.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Salvage {
    /// Something is wrong with the rollout, and there is a copy, or would be.
    Copied(Box<SalvagedCopy>),
    /// Nothing is wrong with the rollout, or all that the other one has stands in it.
    Sound(NothingToSalvage),
}

/// A valid copy of what can be read of a damaged rollout.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct SalvagedCopy {
    /// The absolute path of the original, which stays as it is.
    #[serde(serialize_with = "path_text::serialize")]
    pub file: PathBuf,
    /// The absolute path of the copy, or where it would be.
    #[serde(serialize_with = "path_text::serialize")]
    pub copy: PathBuf,
    /// Whether the copy was written; false with `--dry-run`.
    pub written: bool,
    /// The id of the copy's thread.
    pub thread: String,
    /// The id of the thread that the original says it is; null where it does not say any more.
    pub original_thread: Option<String>,
    /// How many records the copy has.
    pub records: u64,
    /// How many of them stood in bad lines.
    pub salvaged: u64,
    /// How many records are left out because they stand in the original twice.
    pub duplicates: u64,
    /// How many records got another number.
    pub renumbered: u64,
    /// Whether a head was made because the original has none.
    pub made_head: bool,
    /// What is wrong with the original, in words.
    pub faults: Vec<String>,
    /// What was left out, duplicates too; the first thousand parts.
    pub left_out: Vec<LeftOutPart>,
    /// How many parts were left out in all.
    pub left_out_count: u64,
    /// How many bytes they have.
    pub left_out_bytes: u64,
    /// Ids of threads whose history begins in the original, and goes on to do so; null where that is not known.
    pub forks: Option<Vec<String>>,
    /// The other rollout whose records are in the copy, too; left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged: Option<MergedRollout>,
}

/// Another rollout of the same thread, which was merged into the copy.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct MergedRollout {
    /// Its absolute path; it stays as it is.
    pub file: PathBuf,
    /// How many records both have.
    pub common: u64,
    /// How many records only the original has.
    pub only_original: u64,
    /// How many records only this one has.
    pub only_other: u64,
    /// What was left out of it; the first thousand parts.
    pub left_out: Vec<LeftOutPart>,
    /// How many parts were left out of it in all.
    pub left_out_count: u64,
    /// How many bytes they have.
    pub left_out_bytes: u64,
}

/// A part of a damaged rollout that is not in the copy.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LeftOutPart {
    /// Its line, counted from 1.
    pub line: u64,
    /// How many plain bytes stand before it.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
    /// Why it was left out, in words.
    pub reason: String,
}

/// A rollout with which nothing is wrong, or which has all that another one has: nothing was written.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct NothingToSalvage {
    /// Always null: there is no copy.
    pub copy: (),
    /// Always empty: nothing is wrong.
    pub faults: [String; 0],
    /// The absolute path of the rollout.
    #[serde(serialize_with = "path_text::serialize")]
    pub file: PathBuf,
    /// Always false: nothing was written.
    pub written: bool,
    /// The absolute path of the rollout that was to be merged, all of which stands in this one; left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_all_of: Option<PathBuf>,
}

impl From<&Outcome> for Salvage {
    fn from(outcome: &Outcome) -> Salvage {
        let nothing = |file: &PathBuf, has_all_of: Option<&PathBuf>| {
            let (file, has_all_of) = (file.clone(), has_all_of.cloned());
            Salvage::Sound(NothingToSalvage { copy: (), faults: [], file, written: false, has_all_of })
        };
        match outcome {
            Outcome::Copied(report) => Salvage::Copied(Box::new(SalvagedCopy::from(&**report))),
            Outcome::Sound(file) => nothing(file, None),
            Outcome::HasAll { whole, part } => nothing(whole, Some(part)),
        }
    }
}

impl From<&Report> for SalvagedCopy {
    fn from(report: &Report) -> SalvagedCopy {
        SalvagedCopy {
            file: report.file.clone(),
            copy: report.copy.clone(),
            written: report.written,
            thread: report.thread.clone(),
            original_thread: report.original_thread.clone(),
            records: report.records,
            salvaged: report.salvaged,
            duplicates: report.duplicates,
            renumbered: report.renumbered,
            made_head: report.made_head,
            faults: report.faults.clone(),
            left_out: report.left_out.iter().map(LeftOutPart::from).collect(),
            left_out_count: report.left_out_count,
            left_out_bytes: report.left_out_bytes,
            forks: report.forks.clone(),
            merged: report.merged.as_ref().map(MergedRollout::from),
        }
    }
}

impl From<&Merged> for MergedRollout {
    fn from(merged: &Merged) -> MergedRollout {
        let Merged { common, only_original, only_other, left_out_count, left_out_bytes, .. } = *merged;
        let left_out = merged.left_out.iter().map(LeftOutPart::from).collect();
        let file = merged.file.clone();
        MergedRollout { file, common, only_original, only_other, left_out, left_out_count, left_out_bytes }
    }
}

impl From<&Part> for LeftOutPart {
    fn from(part: &Part) -> LeftOutPart {
        let Part { line, offset, length, reason } = part;
        LeftOutPart { line: *line, offset: *offset, length: *length, reason: reason.clone() }
    }
}
