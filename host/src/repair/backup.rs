//! What is saved before a repair, and put back where that takes it back.

use super::RepairError;
use super::ground::Ground;
use crate::backup::{self, BackupError, Restore, Wanted};
use crate::state::{FILE_NAME, Remains};

/// Saves every database; the backup's name, where there was anything to save.
pub(super) fn save(ground: &Ground<'_>) -> Result<Option<String>, RepairError> {
    match backup::create(ground.home, ground.state_dir, None, &Wanted::before("repair")) {
        Err(BackupError::Nothing) => Ok(None),
        made => Ok(Some(made?.name)),
    }
}

/// The restoring of the state DB of a backup, or why that cannot be.
pub(super) fn restorable<'a>(ground: &Ground<'a>, name: &str) -> Result<Result<Restore<'a>, String>, RepairError> {
    let known = backup::backups(ground.state_dir)?.0.into_iter().find(|backup| backup.name == name);
    let Some(known) = known else { return Ok(Err(format!("the backup {name} is gone"))) };
    let [saved, now] = [known.path.as_path(), ground.state_dir].map(|dir| Remains::of(&dir.join(FILE_NAME)));
    if !saved?.says_what(&now?) {
        return Ok(Err(format!(
            "the state DB holds what users said since: names, patches, goals or the like; that is not thrown away. To do \
             so: threadkeep backup restore {name} --only {FILE_NAME}"
        )));
    }
    Ok(match Restore::of(ground.home, ground.state_dir, known, &[FILE_NAME.into()]) {
        Err(error @ BackupError::NotHeld(..)) => Err(error.to_string()),
        restore => Ok(restore?),
    })
}

/// Puts the state DB of a backup back, or says why not. Gives up the right to change threads: whoever restores takes it.
pub(super) fn put_back(ground: &mut Ground<'_>, name: &str) -> Result<Result<(), String>, RepairError> {
    let restore = match restorable(ground, name)? {
        Ok(restore) => restore,
        Err(why) => return Ok(Err(why)),
    };
    drop(ground.changing.take());
    match restore.carry_out() {
        Err(error @ (BackupError::Open(..) | BackupError::CannotTell(_) | BackupError::Unsound(..))) => {
            Ok(Err(error.to_string()))
        }
        done => Ok(Ok(done.map(drop)?)),
    }
}
