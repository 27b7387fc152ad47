//! The row of the state DB against the row that should stand.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::found::Code;
use super::super::{Case, Change, Edit, Finding, Leads, Severity, StateChange, Target};
use super::plain;
use crate::assemble::judge;
use crate::types::{Discrepancy, Provenance, ThreadRow};

const REPAIR: &str = "threadkeep repair apply; threadkeep init, and every command that refreshes, does the same";

const STALE_PATH: Code = Code {
    name: "stale-path",
    severity: Severity::Warning,
    meaning: "Threadkeep's row names a file that is not the thread's rollout (any more).",
    remedy: REPAIR,
};
const MISMATCHED_PATH: Code = Code {
    name: "mismatched-path",
    severity: Severity::Error,
    meaning: "Threadkeep's row names a file that belongs to another thread.",
    remedy: REPAIR,
};
const MISSING_ROW: Code = Code {
    name: "missing-row",
    severity: Severity::Warning,
    meaning: "The rollout is there and Threadkeep has no row of its thread, so a list without a refresh leaves it out.",
    remedy: REPAIR,
};
const MISSING_FILE: Code = Code {
    name: "missing-file",
    severity: Severity::Warning,
    meaning: "Threadkeep's row says that there is a rollout, and there is none.",
    remedy: REPAIR,
};
const LOST: Code = Code {
    name: "lost-rollout",
    severity: Severity::Info,
    meaning: "No rollout of the thread is there any more. It is known by its row alone, which no list shows.",
    remedy: "threadkeep read ID tells what is known; a rollout that is put back is found again",
};
const WRONG_ARCHIVED: Code = Code {
    name: "wrong-archived",
    severity: Severity::Warning,
    meaning: "Threadkeep's row says that the thread is archived and its file is not, or the other way round.",
    remedy: REPAIR,
};
const WRONG_METADATA: Code = Code {
    name: "wrong-metadata",
    severity: Severity::Warning,
    meaning: "What Threadkeep's row says of the thread is not what its rollouts and sources say.",
    remedy: REPAIR,
};
const BEHIND: Code = Code {
    name: "behind",
    severity: Severity::Info,
    meaning: "The rollout was written on since Threadkeep looked at it last. The next start takes that in.",
    remedy: "nothing to be done",
};

/// Everything that is wrong with it.
pub(super) fn examine(case: &Case, found: &mut Vec<Finding>) {
    let Some(should) = &case.should else { return quickly(case, found) };
    let Some(stands) = &case.stands else {
        if !should.missing {
            let missing = MISSING_ROW.found().of(&case.id).at(should.path.clone());
            found.push(missing.shown("row in the state DB", None, Some(should.path.clone())));
            mend(found, case, should);
        }
        return;
    };
    if should.missing && stands.missing {
        found.push(LOST.found().of(&case.id).at(should.path.clone()));
    }
    if stands == should {
        return;
    }
    if should.missing && !stands.missing {
        let gone = MISSING_FILE.found().of(&case.id).at(stands.path.clone());
        found.push(gone.shown("file", None, Some(stands.path.clone())));
        return mend(found, case, should);
    }
    if stands.path != should.path {
        let (code, other) = match &case.stands_leads {
            Leads::Here((_, Some(other))) if *other != case.id => (MISMATCHED_PATH, Some(other.clone())),
            _ => (STALE_PATH, None),
        };
        let path = code.found().of(&case.id).at(should.path.clone());
        let path = path.shown("path in the state DB", Some(stands.path.clone()), Some(should.path.clone()));
        found.push(match other {
            Some(other) => path.shown("whose file that is", Some(other), Some(case.id.clone())),
            None => path,
        });
        mend(found, case, should);
    }
    if stands.archived != should.archived {
        let (is, expected) = (stands.archived.to_string(), should.archived.to_string());
        let archived = WRONG_ARCHIVED.found().of(&case.id).at(should.path.clone());
        found.push(archived.shown("archived in the state DB", Some(is), Some(expected)));
        mend(found, case, should);
    }
    let fields: Vec<String> = judge(stands, should)
        .into_iter()
        .filter_map(|what| match what {
            Discrepancy::WrongMetadata(field) => Some(field),
            _ => None,
        })
        .collect();
    if fields.is_empty() {
        return;
    }
    let code = if case.behind { BEHIND } else { WRONG_METADATA };
    let mut wrong = code.found().of(&case.id).at(should.path.clone());
    for field in &fields {
        wrong = wrong.shown(field, field_of(stands, field), field_of(should, field));
    }
    found.push(wrong);
    mend(found, case, should);
}

/// Where the files were only looked at from outside: is the row's one there?
fn quickly(case: &Case, found: &mut Vec<Finding>) {
    let Some(stands) = case.stands.as_ref().filter(|row| !row.missing) else { return };
    let here = case.files.iter().any(|file| plain(&file.file.path) == plain(&stands.path));
    if !here {
        let code = if case.files.is_empty() { MISSING_FILE } else { STALE_PATH };
        let place = case.place().map(String::from);
        found.push(code.found().of(&case.id).shown("path in the state DB", Some(stands.path.clone()), place));
    }
}

/// The whole row is put right at once: every finding of it carries the same edit.
fn mend(found: &mut [Finding], case: &Case, should: &ThreadRow) {
    let Some(finding) = found.last_mut() else { return };
    let change = StateChange { before: case.stands.clone(), after: Some(should.clone()) };
    let edit = finding.edit(Target::State, "the row as files and sources have it", Change::StateRow(change));
    // What is said to be gone must not have come back.
    let carries = if should.missing { String::new() } else { case.id.clone() };
    let needs = alloc::vec![(should.path.clone(), carries)];
    finding.edits.push(Edit { needs, ..edit });
}

/// A field by the name that `judge` gives it, for people.
fn field_of(row: &ThreadRow, field: &str) -> Option<String> {
    let number = |number: Option<i64>| number.map(|number| number.to_string());
    match field {
        "name" => row.name.clone(),
        "nameSource" => row.name_source.map(|source| match source {
            Provenance::SessionIndex => "session index".into(),
            Provenance::CodexDb => "Codex's database".into(),
            Provenance::User => "user".into(),
        }),
        "preview" => Some(row.preview.clone()),
        "title" => Some(row.title.clone()),
        "cwd" => row.cwd.clone(),
        "lastCwd" => row.last_cwd.clone(),
        "createdAt" => number(Some(row.created_at)),
        "updatedAt" => number(Some(row.updated_at)),
        "recencyAt" => number(Some(row.recency_at)),
        "source" => Some(row.source.clone()),
        "sourceKind" => Some(row.source_kind.clone()),
        "firstUserMessage" => row.first_user_message.clone(),
        "baseThreadId" => row.base_thread_id.clone(),
        "missing" => Some(row.missing.to_string()),
        "modelProvider" => row.model_provider.clone(),
        "model" => row.model.clone(),
        "cliVersion" => row.cli_version.clone(),
        "gitBranch" => row.git_branch.clone(),
        "gitSha" => row.git_sha.clone(),
        "gitOriginUrl" => row.git_origin_url.clone(),
        "tokensUsed" => number(row.tokens_used),
        "parentThreadId" => row.parent_thread_id.clone(),
        "forkedFromId" => row.forked_from_id.clone(),
        "historyMode" => Some(row.history_mode.clone()),
        "memoryMode" => row.memory_mode.clone(),
        _ => None,
    }
}
