//! Codex's `ThreadSourceKind`s, as `--source` takes them.

use clap::ValueEnum;
use threadkeep::component::types::Collection;

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
    /// The kinds that rows carry and that this one stands for; none for any.
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

    /// The kinds of rows that these stand for, each by its name.
    pub(crate) fn names(kinds: &[SourceKind]) -> Vec<String> {
        kinds.iter().filter_map(|kind| kind.row_kinds()).flatten().map(|kind| kind.to_string()).collect()
    }
}

/// The collection that `--archived` and `--all` ask for: none for both.
pub(crate) fn collection(archived: bool, all: bool) -> Option<Collection> {
    match (archived, all) {
        (true, _) => Some(Collection::Archived),
        (_, true) => None,
        _ => Some(Collection::Active),
    }
}
