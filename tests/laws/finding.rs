//! What is found, what is mended, and what a handle changes of it.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;
use support::{Asks, Both, Claim, Native, Setting};
use threadkeep_contract::{Found, LookupError, ThreadRow, Via};
use threadkeep_engine::calls;

use super::worlds::{IDS, World, any_world};
use super::{RUNTIME, answer};

laws! {
    what_is_found_is_there: found_is_there over any_world(), 3000 and 60;
    a_repair_is_idempotent: idempotent over any_world(), 3000 and 60;
    with_and_without_a_handle_agree: agrees_without_handle over any_world(), 3000 and 60;
}

fn find(core: &mut impl Asks, wanted: &str) -> (Result<Found, LookupError>, Vec<Value>) {
    let told = core.ask(&calls::Find { wanted: wanted.into(), within: None }).unwrap();
    (answer(told.answer), told.writes)
}

/// An answer is on disk and carries the id that was asked for; a thread that has a sound file is always found; and what
/// is not there is not found.
fn found_is_there<C: Asks>(world: &World, core: impl Fn(&Setting) -> C) -> Result<(), TestCaseError> {
    // As the rows stand, without them, and just after a refresh, when only what the rows know is looked at.
    for (setting, refresh) in
        [(world.setting.clone(), false), (world.without_handle(), false), (world.setting.clone(), true)]
    {
        let mut core = core(&setting);
        if refresh {
            let told = core.ask(&calls::RunStartup { wait: 0, refresh: true }).unwrap();
            prop_assert!(told.answer["Ok"].is_object(), "{}", told.answer);
        }
        for id in IDS {
            let remembered = setting.handle && core.world().rows().iter().any(|row| row.id == id);
            let carried = !world.carriers(id).is_empty();
            match find(&mut core, id).0 {
                Ok(Found { row, verified: true, .. }) => {
                    let made = world.at(&row.path);
                    prop_assert!(made.is_some_and(|made| made.is_sound() && made.carries == Some(id)), "{row:?}");
                    prop_assert_eq!(row.id, id);
                    prop_assert_eq!(row.archived, row.path.starts_with("archived_sessions/"));
                    prop_assert!(!row.missing);
                }
                Ok(Found { row, verified: false, .. }) => {
                    prop_assert!(!carried && remembered, "{row:?}");
                    let made = world.at(&row.path);
                    prop_assert!(made.is_some_and(|made| !made.is_sound() || made.carries.is_none()), "{row:?}");
                }
                Err(LookupError::Gone(row)) => {
                    prop_assert!(remembered && row.missing && row.id == id);
                    prop_assert!(!carried, "called gone: {:?}", world.carriers(id));
                }
                Err(LookupError::NotFound(wanted)) => {
                    prop_assert!(!remembered && wanted == id);
                    prop_assert!(!carried, "not found: {:?}", world.carriers(id));
                }
                // A file of its name that cannot be read may be its own.
                Err(LookupError::Unreadable((path, why))) => {
                    let unread = world.files.iter().any(|made| made.file.path == path && !made.is_sound());
                    prop_assert!(!carried && unread && path.contains(id), "{id}: {path}: {why:?}");
                }
                Err(error) => prop_assert!(false, "{id}: {error:?}"),
            }
        }
        // The beginning of an id, and a name.
        for wanted in ["019ca8a0", "019ca8a0-0000", "019ca8a0-1", "5973b6c0-9", "a name"] {
            let fits = |id: &str| {
                let bears = |claim: &Claim| claim.thread == id && claim.name == wanted;
                id.starts_with(wanted) || setting.name.iter().any(bears)
            };
            match find(&mut core, wanted).0 {
                Ok(found) => prop_assert!(fits(&found.row.id), "{wanted}: {found:?}"),
                Err(LookupError::Gone(row)) => prop_assert!(fits(&row.id), "{wanted}: {row:?}"),
                Err(LookupError::SameName(rows)) => {
                    let ids: BTreeSet<&str> = rows.iter().map(|row| &*row.id).collect();
                    prop_assert!(ids.len() > 1 && ids.len() == rows.len(), "{wanted}: {rows:?}");
                    prop_assert!(ids.into_iter().all(fits), "{wanted}: {rows:?}");
                }
                Err(LookupError::Ambiguous(rows)) => {
                    prop_assert!(
                        rows.len() > 1 && rows.is_sorted_by_key(|row| &row.id) && rows.iter().all(|row| fits(&row.id)),
                        "{wanted}: {rows:?}"
                    );
                }
                Err(_) => {}
            }
        }
    }
    Ok(())
}

/// What a search has mended stays mended: asked again, it answers the same from the row and writes nothing.
fn idempotent<C: Asks>(world: &World, core: impl Fn(&Setting) -> C) -> Result<(), TestCaseError> {
    let mut core = core(&world.setting);
    for id in IDS {
        let (first, writes) = find(&mut core, id);
        let stood = world.setting.row.iter().find(|row| row["id"] == id);
        prop_assert!(writes.len() <= 1, "{writes:?}");
        if let (Some(write), Some(stood)) = (writes.first(), stood) {
            // What the row alone knows is in what was written.
            for field in ["git_branch", "memory_mode"] {
                let kept = &stood[field];
                prop_assert!(kept.is_null() || write["put"][field] == *kept, "{field}: {write}");
            }
        }
        let (second, writes) = find(&mut core, id);
        prop_assert!(writes.is_empty(), "{id}: {writes:?}");
        match (first, second) {
            (Ok(first), Ok(second)) => {
                prop_assert_eq!(&first.row, &second.row);
                prop_assert_eq!(first.verified, second.verified);
                if second.verified {
                    prop_assert_eq!((second.via, second.discrepancies), (Via::State, vec![]));
                }
            }
            (first, second) => prop_assert_eq!(first.err(), second.err()),
        }
    }
    Ok(())
}

/// A thread is found with the handle exactly when it is found without; and where the row did not decide and both know of
/// the same files, it is the same thread down to every fact that the files give.
fn agrees_without_handle<C: Asks>(world: &World, core: impl Fn(&Setting) -> C) -> Result<(), TestCaseError> {
    let (mut with, mut without) = (core(&world.setting), core(&world.without_handle()));
    for id in IDS {
        let ((with, _), (without, writes)) = (find(&mut with, id), find(&mut without, id));
        prop_assert!(writes.is_empty(), "written without a handle: {writes:?}");
        match (with, without) {
            (Ok(with), Ok(without)) => {
                prop_assert!(without.verified && without.via == Via::Files && without.discrepancies.is_empty());
                // Of several files, those under other threads' names are known to rows alone.
                let files = world.carriers(id);
                let known = files.len() == 1 || files.iter().all(|made| made.file.path.contains(id));
                if with.via == Via::Files && known {
                    let ThreadRow { git_branch, memory_mode, preview, .. } = with.row.clone();
                    // A parent's preview comes from its row, which may say anything.
                    let preview = if with.row.base_thread_id.is_some() { preview } else { without.row.preview.clone() };
                    prop_assert_eq!(with.row, ThreadRow { git_branch, memory_mode, preview, ..without.row });
                }
            }
            // What cannot be read is remembered by the row alone.
            (Ok(with), Err(_)) => prop_assert!(!with.verified, "{with:?}"),
            (Err(with), Ok(without)) => prop_assert!(false, "{with:?}, and without a handle {without:?}"),
            (Err(_), Err(_)) => {}
        }
    }
    Ok(())
}
