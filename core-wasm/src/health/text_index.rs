//! Says what is wrong with the index of what was said.

use alloc::vec;
use alloc::vec::Vec;

use contract::{Finding, Severity, TextIndexFacts};

use super::findings::{expected, seen, told};

/// What makes the index anew.
const MADE_ANEW: &str = "threadkeep init --rebuild";

/// Says what is wrong with the index: of one of another version nothing else is said, because all of it is made anew.
pub(super) fn of_text_index(facts: &TextIndexFacts) -> Vec<Finding> {
    if facts.is_foreign {
        return vec![Finding {
            evidence: vec![seen("rollouts", &facts.rollouts)],
            meaning:
                "Another version of Threadkeep made the index of what was said. It is not used, and made anew before \
                      the next search is answered."
                    .into(),
            remedy: "nothing needs to be done; threadkeep init makes it anew now".into(),
            ..told("text-index-other-version", Severity::Info)
        }];
    }
    let mut found = Vec::new();
    if facts.damaged > 0 {
        let mut evidence = vec![seen("wrong parts of it", &facts.damaged)];
        evidence.extend(facts.damage.iter().map(|what| seen("it lacks", what)));
        found.push(Finding {
            evidence,
            meaning:
                "The index of what was said does not hold what the rollouts say: a search may not find what is there. \
                      Nothing else is affected."
                    .into(),
            remedy: MADE_ANEW.into(),
            ..told("text-index-damaged", Severity::Warning)
        });
    }
    if facts.behind > 0 {
        let current = facts.rollouts.saturating_sub(facts.behind);
        found.push(Finding {
            evidence: vec![expected("rollouts in the index as they are", &current, &facts.rollouts)],
            meaning: "Some rollouts have text that is not in the index of what was said yet. The next search reads it first, \
                      and one with --no-refresh says how many threads it does not cover."
                .into(),
            remedy: "nothing needs to be done; threadkeep init reads it now".into(),
            ..told("text-index-behind", Severity::Info)
        });
    }
    found
}
