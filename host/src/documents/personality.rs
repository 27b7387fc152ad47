//! Whether a home got a personality.

use schemars::JsonSchema;
use serde::Serialize;

use crate::features::personality::Outcome;

/// What became of setting a personality in `config.toml`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PersonalityMigration {
    /// Whether it was set.
    pub changed: bool,
    /// Why it was not; null where it was.
    pub reason: Option<UnchangedPersonality>,
}

/// Why no personality was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UnchangedPersonality {
    /// The home was migrated before.
    DoneBefore,
    /// The configuration, or its selected profile, names a personality.
    Chosen,
    /// The home has no threads.
    NoThreads,
}

impl From<Outcome> for PersonalityMigration {
    fn from(outcome: Outcome) -> PersonalityMigration {
        let reason = match outcome {
            Outcome::Set => None,
            Outcome::DoneBefore => Some(UnchangedPersonality::DoneBefore),
            Outcome::Chosen => Some(UnchangedPersonality::Chosen),
            Outcome::NoThreads => Some(UnchangedPersonality::NoThreads),
        };
        PersonalityMigration { changed: reason.is_none(), reason }
    }
}
