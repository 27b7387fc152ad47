//! Checks and applies what users say of a thread beside its name: it beats what rollouts and Codex say, and so does
//! that there is nothing to say.

use alloc::format;
use alloc::string::String;

use contract::{Patch, PatchField, Rejection, ThreadRow};

/// The modes that Codex knows.
const MEMORY_MODES: [&str; 3] = ["enabled", "disabled", "polluted"];

/// Returns a patch as it is kept, its value trimmed; else what is wrong with it.
pub fn check_patch(patch: Patch) -> Result<Patch, Rejection> {
    let Some(value) = &patch.value else { return Ok(patch) };
    let value = value.trim();
    let control = value.chars().any(char::is_control);
    let rejected = |why: String| Err(Rejection::Invalid(why));
    match patch.field {
        PatchField::MemoryMode if !MEMORY_MODES.contains(&value) => {
            rejected(format!("there is no memory mode '{value}'; there are {}", MEMORY_MODES.join(", ")))
        }
        _ if value.is_empty() => rejected("a value is not empty; to take one away, clear it".into()),
        _ if control => rejected("a value is one line of text, and this one has a control character".into()),
        _ => Ok(Patch { value: Some(value.into()), ..patch }),
    }
}

/// Lays patches over a row.
pub fn apply_patches(row: &mut ThreadRow, patches: &[Patch]) {
    for Patch { field, value } in patches {
        let slot = match field {
            PatchField::GitSha => &mut row.git_sha,
            PatchField::GitBranch => &mut row.git_branch,
            PatchField::GitOriginUrl => &mut row.git_origin_url,
            PatchField::MemoryMode => &mut row.memory_mode,
        };
        slot.clone_from(value);
    }
}
