//! What the doctor may find, before anything is found.

use schemars::JsonSchema;
use serde::Serialize;

use super::doctor::Severity;
use crate::health::doctor::{self as health, CODE_GROUPS};

/// Every code that a finding may have.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FindingCodes {
    /// The codes, by what they are about.
    pub items: Vec<FindingCode>,
}

/// What is known of a code.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct FindingCode {
    /// What a person can do.
    pub advice: String,
    /// How it comes about.
    pub cause: String,
    /// The code.
    pub code: String,
    /// What is wrong.
    pub meaning: String,
    /// The command that mends it; null where no repair does.
    pub repair: Option<String>,
    /// Whether the repair is made only where it is asked for by the code.
    pub repaired_when_asked: bool,
    /// How bad such a finding is at worst.
    pub severity: Severity,
    /// What it is about.
    pub subject: String,
}

impl FindingCodes {
    /// Makes the document of all codes.
    pub fn all() -> FindingCodes {
        let of_group = |group: &'static health::CodeGroup| {
            group.codes.iter().map(move |known| FindingCode::new(known, group.title))
        };
        FindingCodes { items: CODE_GROUPS.iter().flat_map(of_group).collect() }
    }
}

impl FindingCode {
    /// Makes the document of a code; none where there is no such one.
    pub fn of(code: &str) -> Option<FindingCode> {
        FindingCodes::all().items.into_iter().find(|known| known.code == code)
    }

    fn new(known: &health::FindingCode, subject: &str) -> FindingCode {
        use health::Mended::{CodexWhenAsked, StateWhenAsked};
        FindingCode {
            advice: known.advice.into(),
            cause: known.cause.into(),
            code: known.code.into(),
            meaning: known.meaning.into(),
            repair: known.mended.command(known.code),
            repaired_when_asked: matches!(known.mended, CodexWhenAsked | StateWhenAsked),
            severity: known.severity.into(),
            subject: subject.into(),
        }
    }
}
