//! The values of `--source`, which are Codex's `ThreadSourceKind`s, and the collections that `--archived` and `--all` mean.

use clap::ValueEnum;
use threadkeep::contract::Collection;

/// Codex's `ThreadSourceKind`s.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
#[value(rename_all = "camelCase")]
pub(crate) enum SourceKind {
    Any,
    Cli,
    Vscode,
    Exec,
    AppServer,
    SubAgent,
    SubAgentReview,
    SubAgentCompact,
    SubAgentThreadSpawn,
    SubAgentOther,
    Unknown,
}

impl SourceKind {
    /// Gives the kinds of rows that this value stands for; none for any.
    fn row_kinds(self) -> Option<&'static [&'static str]> {
        Some(match self {
            SourceKind::Any => return None,
            SourceKind::Cli => &["cli"],
            SourceKind::Vscode => &["vscode"],
            SourceKind::Exec => &["exec"],
            SourceKind::AppServer => &["appServer"],
            SourceKind::SubAgent => &["subAgentReview", "subAgentCompact", "subAgentThreadSpawn", "subAgentOther"],
            SourceKind::SubAgentReview => &["subAgentReview"],
            SourceKind::SubAgentCompact => &["subAgentCompact"],
            SourceKind::SubAgentThreadSpawn => &["subAgentThreadSpawn"],
            SourceKind::SubAgentOther => &["subAgentOther"],
            SourceKind::Unknown => &["unknown"],
        })
    }

    /// Gives the names of all kinds of rows that these values stand for.
    pub(crate) fn names(kinds: &[SourceKind]) -> Vec<String> {
        kinds.iter().filter_map(|kind| kind.row_kinds()).flatten().map(|kind| kind.to_string()).collect()
    }
}

/// Gives the collection that `--archived` and `--all` ask for; none for both collections.
pub(crate) fn collection(archived: bool, all: bool) -> Option<Collection> {
    match (archived, all) {
        (true, _) => Some(Collection::Archived),
        (_, true) => None,
        _ => Some(Collection::Active),
    }
}
