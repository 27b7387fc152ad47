//! What is saved before a repair, and put back where that takes it back.

use super::RepairError;
use super::targets::Targets;
use crate::db::{FILE_NAME, Salvaged};
use crate::features::SCHEMA;
use crate::health::backup::{self, BackupError, Restore, Wanted};

/// Saves every database; returns the backup's name, where there was anything to save. The one that is `needed` stays.
pub(super) fn save(targets: &Targets<'_>, needed: Option<&str>) -> Result<Option<String>, RepairError> {
    let wanted = Wanted { needed: needed.map(str::to_string), ..Wanted::before("repair") };
    match backup::create(targets.home, targets.state_dir, targets.state.as_ref(), &wanted, targets.wait) {
        Err(BackupError::Nothing) => Ok(None),
        made => Ok(Some(made?.name)),
    }
}

/// Prepares restoring the state DB of a backup, or says why that cannot be.
pub(super) fn restorable<'a>(targets: &Targets<'a>, name: &str) -> Result<Result<Restore<'a>, String>, RepairError> {
    let known = backup::backups(targets.state_dir)?.0.into_iter().find(|backup| backup.name == name);
    let Some(known) = known else { return Ok(Err(format!("the backup {name} is gone"))) };
    let [saved, now] = [known.path.as_path(), targets.state_dir].map(|dir| Salvaged::of(&SCHEMA, &dir.join(FILE_NAME)));
    if !saved?.has_same_user_data(&now?) {
        return Ok(Err(format!(
            "the state DB holds what users said since: names, patches, goals or the like; that is not thrown away. To do \
             so: threadkeep backup restore {name} --only {FILE_NAME}"
        )));
    }
    Ok(match Restore::of(targets.home, targets.state_dir, known, &[FILE_NAME.into()], targets.wait) {
        Err(error @ BackupError::NotHeld(..)) => Err(error.to_string()),
        restore => Ok(restore?),
    })
}

/// Puts the state DB of a backup back, or says why not. Gives up the right to change threads: whoever restores takes it.
pub(super) fn put_back(targets: &mut Targets<'_>, name: &str) -> Result<Result<(), String>, RepairError> {
    let restore = match restorable(targets, name)? {
        Ok(restore) => restore,
        Err(why) => return Ok(Err(why)),
    };
    drop(targets.changing.take());
    match restore.carry_out() {
        Err(error @ (BackupError::Open(..) | BackupError::CannotTell(_) | BackupError::Unsound(..))) => {
            Ok(Err(error.to_string()))
        }
        done => Ok(Ok(done.map(drop)?)),
    }
}
