//! A backup put back, so that a process may be killed anywhere: each database is then the old one or the new one, and
//! calling it again brings the others after it.
//!
//! ```text
//! check the backup → back up what is there → journal → copies beside, fsync → journal: ready
//!   → each: the old database checkpointed (nothing in a WAL), rename over it → journal gone
//! ```
//!
//! A new database must never come to stand beside the WAL of the old one, which SQLite would play back into it. So the old
//! one is opened and closed first, by which it is whole without a WAL; the WAL of one that SQLite cannot read, whose bytes
//! have just been backed up, is removed.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{beside, copy, make_private_dir, place, sync_dir, write};
use super::manifest::{backups, belongs_there};
use super::verify::problem;
use super::{Backup, BackupError, Belongs, Database, SavedFile, WHO, Wanted};
use crate::db::{Locks, StateError, checkpoint};
use crate::platform::database_holders::holders;
use crate::platform::file_lock::FileLock;
use crate::platform::home::Home;
use crate::platform::own_files::{is_plain_name, open_own_file, read_own_file};
use crate::platform::path_text;
use crate::platform::wait::Wait;
use crate::threads::change::session_index;

/// What a restore that is under way has begun; in the directory of backups.
const JOURNAL: &str = ".restore.json";
/// How the name of a copy ends that waits beside the file that it will replace.
const STAGED: &str = ".threadkeep-restore";
/// No journal is longer, bytes.
const LONGEST: u64 = 1 << 20;

/// Describes a file that would be put back.
#[derive(Clone, Debug)]
pub struct PlannedFile {
    /// Its name.
    pub name: String,
    /// Where it goes.
    pub place: PathBuf,
    /// Bytes of what is put back.
    pub bytes: u64,
    /// Bytes of what is there now, its WAL included; none where nothing is.
    pub present_bytes: Option<u64>,
}

/// Holds what is to be put back.
pub struct Restore<'a> {
    home: &'a Home,
    state_dir: &'a Path,
    backup: Backup,
    chosen: Vec<SavedFile>,
    wait: &'a Wait,
}

#[derive(Serialize, Deserialize)]
struct Journal {
    backup: String,
    /// All copies are on disk: it is carried on. Else it is taken back.
    ready: bool,
    steps: Vec<NotedStep>,
}

/// What is written down of a step. The paths are for people, and for what an older program left: where a step goes is found
/// anew, by the name, and nothing that is noted can lead it elsewhere.
#[derive(Serialize, Deserialize)]
struct NotedStep {
    #[serde(default, flatten)]
    file: Option<NotedFile>,
    #[serde(serialize_with = "path_text::serialize")]
    staged: PathBuf,
    #[serde(serialize_with = "path_text::serialize")]
    place: PathBuf,
    database: bool,
}

#[derive(Serialize, Deserialize)]
struct NotedFile {
    name: String,
    belongs: Belongs,
}

#[derive(Clone)]
struct Step {
    name: String,
    belongs: Belongs,
    staged: PathBuf,
    place: PathBuf,
    database: bool,
}

impl Step {
    /// Says how a file of a backup gets to its place.
    fn of(home: &Home, state_dir: &Path, name: &str, belongs: Belongs) -> Step {
        let place = place(home, state_dir, name, belongs);
        // What a link leads to is replaced, not the link.
        let place = fs::canonicalize(&place).unwrap_or(place);
        let target = place.file_name().unwrap_or_default().to_string_lossy();
        let staged = place.with_file_name(format!(".{target}{STAGED}"));
        Step { staged, place, database: name.ends_with(".sqlite"), name: name.into(), belongs }
    }

    fn noted(&self) -> NotedStep {
        let file = NotedFile { name: self.name.clone(), belongs: self.belongs };
        let (staged, place) = (self.staged.clone(), self.place.clone());
        NotedStep { file: Some(file), staged, place, database: self.database }
    }

    /// Says whether its copy waits; what else stands there is refused.
    fn waits(&self) -> Result<bool, BackupError> {
        match self.staged.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(BackupError::io(&self.staged, "looked at")(error)),
            Ok(file) if file.is_file() => Ok(true),
            Ok(_) => Err(BackupError::Untrusted(self.staged.clone(), "it is no regular file".into())),
        }
    }
}

impl<'a> Restore<'a> {
    /// Prepares to put back these files of a backup, or all of them. Changes nothing.
    pub fn of(
        home: &'a Home,
        state_dir: &'a Path,
        backup: Backup,
        only: &[String],
        wait: &'a Wait,
    ) -> Result<Restore<'a>, BackupError> {
        let held: Vec<String> = backup.files.iter().map(|saved| saved.name.clone()).collect();
        if let Some(unknown) = only.iter().find(|name| !held.contains(name)) {
            return Err(BackupError::NotHeld(backup.name, unknown.clone(), held));
        }
        let wanted = |saved: &&SavedFile| only.is_empty() || only.contains(&saved.name);
        let chosen = backup.files.iter().filter(wanted).cloned().collect();
        Ok(Restore { home, state_dir, backup, chosen, wait })
    }

    /// Lists what would be put back, and where.
    pub fn planned_files(&self) -> Vec<PlannedFile> {
        let length = |path: &Path| fs::metadata(path).ok().map(|file| file.len());
        let planned = |saved: &SavedFile| {
            let place = place(self.home, self.state_dir, &saved.name, saved.belongs);
            let wal = length(&beside(&place, "-wal")).filter(|_| saved.is_database()).unwrap_or(0);
            let present_bytes = length(&place).map(|bytes| bytes + wal);
            PlannedFile { name: saved.name.clone(), place, bytes: saved.bytes, present_bytes }
        };
        self.chosen.iter().map(planned).collect()
    }

    /// Puts it back; returns the backup of what was there before, if anything was. Finishes first what a killed
    /// restore has begun. This process must have none of the databases open, the state DB neither.
    pub fn carry_out(&self) -> Result<Option<Backup>, BackupError> {
        make_private_dir(self.state_dir)?;
        let locks = Locks::of(self.state_dir);
        let take = |path: &Path| {
            let lock = FileLock::take_within(path, self.wait, WHO).map_err(StateError::from)?;
            lock.ok_or(BackupError::Busy(self.wait.bound()))
        };
        let _change = take(&locks.change)?;
        let _state = match self.chosen.iter().any(|saved| saved.belongs == Belongs::StateDir) {
            true => Some((take(&locks.open)?, take(&locks.owner)?)),
            false => None,
        };
        let database = Database::open(self.state_dir, self.wait)?;
        finish(&database, self.home, self.state_dir, self.wait)?;

        let faults: Vec<String> = (self.chosen.iter())
            .filter_map(|saved| {
                Some(problem(&self.backup, saved).transpose()?.map(|why| format!("{}: {why}", saved.name)))
            })
            .collect::<Result<_, _>>()?;
        if !faults.is_empty() {
            return Err(BackupError::Unsound(self.backup.name.clone(), faults));
        }
        let steps: Vec<Step> = self.chosen.iter().map(|saved| self.step(saved)).collect();
        steps.iter().try_for_each(refuse_open)?;
        let logs = self.chosen.iter().any(|saved| saved.name.starts_with("logs_"));
        // Looked at when older ones are gone, and before anything is replaced.
        let wanted = Wanted { logs, needed: Some(self.backup.name.clone()), ..Wanted::before("restore") };
        let before = match database.make(self.home, self.state_dir, None, &wanted) {
            Err(BackupError::Nothing) => None,
            made => Some(made?),
        };
        let note = |ready| {
            let steps = steps.iter().map(Step::noted).collect();
            write_journal(&database, &Journal { backup: self.backup.name.clone(), ready, steps })
        };
        note(false)?;
        if let Err(error) = self.stage(&steps) {
            take_back(&database, &steps)?;
            return Err(error);
        }
        note(true)?;
        carry_on(&database, self.home, &steps, self.wait)?;
        Ok(before)
    }

    fn step(&self, saved: &SavedFile) -> Step {
        Step::of(self.home, self.state_dir, &saved.name, saved.belongs)
    }

    /// Makes copies on disk, beside what they will replace, as accessible as that is.
    fn stage(&self, steps: &[Step]) -> Result<(), BackupError> {
        for (saved, Step { staged, place, .. }) in self.chosen.iter().zip(steps) {
            let dir = place.parent().unwrap_or(place);
            make_private_dir(dir)?;
            let from = self.backup.path.join(&saved.name);
            let file = open_own_file(&from).map_err(BackupError::io(&from, "read"))?;
            if copy(file, staged)? != (saved.bytes, saved.sha256.clone()) {
                let why = format!("{}: it changed while it was read", saved.name);
                return Err(BackupError::Unsound(self.backup.name.clone(), vec![why]));
            }
            copy_permissions(staged, place).map_err(BackupError::io(staged, "made accessible"))?;
            sync_dir(dir)?;
        }
        Ok(())
    }
}

/// Gives a copy the owner and mode of the file that it will replace; without one, the directory's owner.
fn copy_permissions(staged: &Path, place: &Path) -> std::io::Result<()> {
    let like = fs::metadata(place);
    if let Ok(like) = &like {
        fs::set_permissions(staged, like.permissions())?;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let like = like.or_else(|_| fs::metadata(place.parent().unwrap_or(place)))?;
        // Only root may give files away; who may not owns it.
        let _ = chown(staged, Some(like.uid()), Some(like.gid()));
    }
    fs::File::open(staged)?.sync_all()
}

/// Names the backup whose restoring was broken off, and is to be called again.
pub fn unfinished(state_dir: &Path) -> Result<Option<String>, BackupError> {
    Ok(journal(&state_dir.join(super::PLACE))?.map(|journal| journal.backup))
}

fn journal(dir: &Path) -> Result<Option<Journal>, BackupError> {
    let path = dir.join(JOURNAL);
    let text = match read_own_file(&path, LONGEST) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(BackupError::Untrusted(path, error.to_string())),
        Ok(text) => text,
    };
    match serde_json::from_slice::<Journal>(&text) {
        Ok(journal) if !is_plain_name(&journal.backup) => {
            Err(BackupError::Untrusted(path, "no backup is called as it says".into()))
        }
        Ok(journal) => Ok(Some(journal)),
        Err(error) => Err(BackupError::Untrusted(path, error.to_string())),
    }
}

/// Finds out what a noted step is about, in this home and this state directory.
fn step_of(
    database: &Database,
    home: &Home,
    state_dir: &Path,
    journal: &Journal,
    noted: &NotedStep,
) -> Result<Step, BackupError> {
    let untrusted = |why: String| BackupError::Untrusted(database.dir.join(JOURNAL), why);
    if let Some(NotedFile { name, belongs }) = &noted.file {
        return match belongs_there(name, *belongs) {
            true => Ok(Step::of(home, state_dir, name, *belongs)),
            false => Err(untrusted(format!("it names '{}', which is never restored there", name.escape_debug()))),
        };
    }
    // An older program wrote it: the backup says which file it may mean.
    let (known, _) = backups(state_dir)?;
    let files = known.iter().filter(|backup| backup.name == journal.backup).flat_map(|backup| &backup.files);
    let mut steps = files.map(|saved| Step::of(home, state_dir, &saved.name, saved.belongs));
    let meant = steps.find(|step| step.place == noted.place && step.staged == noted.staged);
    meant.ok_or_else(|| untrusted(format!("it leads to {}, which is never restored", noted.place.display())))
}

/// Records how far it is; on disk when this returns.
fn write_journal(database: &Database, journal: &Journal) -> Result<(), BackupError> {
    let (path, new) = (database.dir.join(JOURNAL), database.dir.join(format!("{JOURNAL}.new")));
    let written = serde_json::to_vec(journal).map_err(std::io::Error::from).and_then(|text| {
        let _ = fs::remove_file(&new);
        write(&new, &text)?;
        fs::rename(&new, &path)
    });
    written.map_err(BackupError::io(&path, "written"))?;
    sync_dir(&database.dir)
}

fn clear_journal(database: &Database) -> Result<(), BackupError> {
    let path = database.dir.join(JOURNAL);
    fs::remove_file(&path).map_err(BackupError::io(&path, "removed"))?;
    sync_dir(&database.dir)
}

/// Ends what a killed process has begun: one that had all its copies is carried on, another one taken back.
fn finish(database: &Database, home: &Home, state_dir: &Path, wait: &Wait) -> Result<(), BackupError> {
    let Some(journal) = journal(&database.dir)? else { return Ok(()) };
    let steps = journal.steps.iter().map(|noted| step_of(database, home, state_dir, &journal, noted));
    let steps: Vec<Step> = steps.collect::<Result<_, _>>()?;
    match journal.ready {
        true => carry_on(database, home, &steps, wait),
        false => take_back(database, &steps),
    }
}

fn take_back(database: &Database, steps: &[Step]) -> Result<(), BackupError> {
    for Step { staged, .. } in steps {
        match fs::remove_file(staged) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(BackupError::io(staged, "removed")(error)),
            _ => {}
        }
    }
    clear_journal(database)
}

/// Puts the copies in their places; one that does not wait any more is there.
fn carry_on(database: &Database, home: &Home, steps: &[Step], wait: &Wait) -> Result<(), BackupError> {
    for step in steps {
        if !step.waits()? {
            continue;
        }
        let Step { staged, place, database, .. } = step;
        let replace = || fs::rename(staged, place).map_err(BackupError::io(place, "replaced"));
        if *database {
            refuse_open(step)?;
            make_room(place, wait)?;
            replace()?;
        } else {
            // Nobody appends to the index meanwhile, or to the old one after this.
            let _lock = session_index::lock(home, wait).map_err(BackupError::io(place, "locked"))?;
            replace()?;
        }
        sync_dir(place.parent().unwrap_or(place))?;
    }
    clear_journal(database)
}

/// Leaves nothing beside a database that would be taken for the new one's.
fn make_room(place: &Path, wait: &Wait) -> Result<(), BackupError> {
    if place.exists() {
        match checkpoint(place, wait) {
            Ok(()) | Err(StateError::Corrupt(_)) => {}
            Err(why) => return Err(BackupError::Unsettled(place.to_path_buf(), why)),
        }
    }
    for suffix in ["-wal", "-journal", "-shm"] {
        let path = beside(place, suffix);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(BackupError::io(&path, "removed")(error)),
            _ => {}
        }
    }
    sync_dir(place.parent().unwrap_or(place))
}

fn refuse_open(step: &Step) -> Result<(), BackupError> {
    if !step.database {
        return Ok(());
    }
    match holders(&step.place).map_err(BackupError::io(&step.place, "looked at"))? {
        None => Err(BackupError::CannotTell(step.place.clone())),
        Some(holders) if holders.is_empty() => Ok(()),
        Some(holders) => Err(BackupError::Open(step.place.clone(), holders)),
    }
}
