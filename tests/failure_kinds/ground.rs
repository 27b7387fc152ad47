//! A home in which every command has something to do, and what can befall it.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;
use serde_json::Value;
use support::{Collection, Program, Rollout, config, uuid7};
use tempfile::{TempDir, tempdir};

const AT: i64 = 1_772_359_200_123;
const PAGE: usize = 4096;
/// Whom the program runs as where the test is run by root, whom nothing is denied.
const NOBODY: u32 = 65_534;

/// The thread that suffers.
fn victim() -> Rollout {
    rollout(1).user("What is wrong?").agent("Nothing yet.").tokens(12)
}

/// A thread that is well, and archived.
fn archived() -> Rollout {
    rollout(2).user("And you?").agent("Fine.").tokens(3)
}

/// A thread that is well, of a directory that is there.
fn well() -> Rollout {
    rollout(3).cwd("/").user("Do you remember?").agent("I do.").tokens(7)
}

fn rollout(number: u64) -> Rollout {
    let at = AT + number as i64 * 60_000;
    Rollout::paginated(&uuid7(at, number)).at_millis(at).cwd("/src/app")
}

/// What befalls a home, its state DB or a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nothing: every command does its work, which shows that a failure is the trouble's.
    None,
    /// Another process writes the state DB; it may be read meanwhile.
    StateWritten,
    /// Another process has the state DB for itself.
    StateLocked,
    /// The state DB begins with what is no header.
    StateHeader,
    /// Every page of the state DB but the first is destroyed.
    StatePages,
    /// There is no state DB.
    StateGone,
    /// There is no state directory, and it may not be made.
    StateNotMade,
    /// The state DB may not be read.
    StateDenied,
    /// Neither the state DB nor its directory may be written.
    StateReadOnly,
    /// The victim's rollout may not be read.
    RolloutDenied,
    /// The victim's rollout is gone.
    RolloutGone,
    /// The frame of the victim's rollout is broken.
    RolloutBroken,
    /// `sessions` may not be looked into.
    SessionsDenied,
    /// The rollout may not be read, and no state DB has known it.
    RolloutDeniedUnknown,
    /// The rollout is broken, and no state DB has known it.
    RolloutBrokenUnknown,
    /// `sessions` may not be looked into, and no state DB knows what was there.
    SessionsDeniedUnknown,
}

impl Trouble {
    /// The victim's rollout as it was before: one whose frame breaks must be compressed.
    fn rollout(self) -> Rollout {
        match self {
            Trouble::RolloutBroken | Trouble::RolloutBrokenUnknown => victim().compressed(),
            _ => victim(),
        }
    }

    /// It is one of permissions, and to root nothing is denied.
    pub(super) fn is_of_permissions(self) -> bool {
        use Trouble::{
            RolloutDenied, RolloutDeniedUnknown, SessionsDenied, SessionsDeniedUnknown, StateDenied, StateNotMade,
            StateReadOnly,
        };
        matches!(
            self,
            RolloutDenied
                | RolloutDeniedUnknown
                | SessionsDenied
                | SessionsDeniedUnknown
                | StateDenied
                | StateNotMade
                | StateReadOnly
        )
    }
}

/// A home and a state directory that were filled once, to be copied for every command.
pub(super) struct Template {
    place: TempDir,
    trouble: Trouble,
    token: String,
    backup: String,
}

impl Template {
    /// With everything that is known before the trouble begins.
    pub(super) fn new(trouble: Trouble) -> Template {
        let place = tempdir().unwrap();
        let home = place.path().join("home");
        config(&home, "harbour");
        for rollout in [trouble.rollout(), well()] {
            age(&rollout.write(&home, Collection::Active));
        }
        age(&archived().write(&home, Collection::Archived));
        fs::create_dir(home.join("shell_snapshots")).unwrap();
        fs::write(home.join("shell_snapshots").join(format!("{}.1.sh", uuid7(AT, 99))), "# of nobody\n").unwrap();
        fs::set_permissions(&home, fs::Permissions::from_mode(0o755)).unwrap();
        let program = Program::on(&home, &place.path().join("state"));
        let recording = place.path().join("recording");
        program.run(["--record".as_ref(), recording.as_os_str(), "list".as_ref()]).well();
        program.json(["goal", "set", victim().id(), "to be found", "--budget", "100"]);
        program.json(["device-key", "put", "key", "--account", "a", "--client", "c"]);
        program.json(["relocate", "/src/old", "/src/new", "--yes"]);
        let claims = program.json(["memory", "claim", "--worker", "w", "--idle", "0s", "--window", "36500d"]);
        let claims = claims["items"].as_array().unwrap();
        let claim = claims.iter().find(|claim| claim["threadId"] == victim().id()).unwrap();
        // What can be taken back: modes that were too open.
        let repaired = program.json(["repair", "apply", "--with", "open-to-others", "--yes"]);
        assert!(repaired["done"].as_u64().unwrap() > 0, "{repaired}");
        let backup = program.json(["backup", "create", "--reason", "kept"]);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Template { token: text(&claim["token"]), backup: text(&backup["name"]), place, trouble }
    }
}

/// Days ago; a snapshot or a rollout of now is left alone.
fn age(path: &Path) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(30 * 86_400)).unwrap();
}

/// A copy of the template, in trouble.
pub(super) struct Ground<'a> {
    place: TempDir,
    template: &'a Template,
    /// Holds the lock.
    _other: Option<Connection>,
    /// What may not be removed before it is opened again.
    closed: Vec<PathBuf>,
}

impl<'a> Ground<'a> {
    pub(super) fn new(template: &'a Template) -> Ground<'a> {
        let place = tempdir().unwrap();
        copy(template.place.path(), place.path());
        let mut ground = Ground { place, template, _other: None, closed: Vec::new() };
        ground.befall(template.trouble);
        ground
    }

    pub(super) fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    pub(super) fn state(&self) -> PathBuf {
        self.place.path().join("state")
    }

    fn database(&self) -> PathBuf {
        self.state().join("state.sqlite")
    }

    fn rollout(&self) -> PathBuf {
        self.home().join(self.template.trouble.rollout().place(Collection::Active))
    }

    /// A word of a command line, with what it stands for in its place.
    pub(super) fn word(&self, word: &str) -> String {
        match word {
            "VICTIM" => victim().id().into(),
            "ARCHIVED" => archived().id().into(),
            "TOKEN" => self.template.token.clone(),
            "BACKUP" => self.template.backup.clone(),
            "RECORDING" => self.place.path().join("recording").display().to_string(),
            "ROLLOUT" => self.rollout().display().to_string(),
            word => word.into(),
        }
    }

    fn befall(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::None => {}
            Trouble::StateWritten => self.hold("BEGIN IMMEDIATE"),
            Trouble::StateLocked => self.hold("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE"),
            Trouble::StateHeader => self.destroy(0..64, b'x'),
            Trouble::StatePages => {
                let end = self.database().metadata().unwrap().len() as usize;
                self.destroy(PAGE..end, 0);
            }
            Trouble::StateGone => fs::remove_file(self.database()).unwrap(),
            Trouble::StateNotMade => {
                fs::remove_dir_all(self.state()).unwrap();
                self.close(self.place.path().to_path_buf(), 0o555);
            }
            Trouble::StateDenied => self.close(self.database(), 0),
            Trouble::StateReadOnly => {
                self.close(self.database(), 0o444);
                self.close(self.state(), 0o555);
            }
            Trouble::RolloutDenied => self.close(self.rollout(), 0),
            Trouble::RolloutGone => fs::remove_file(self.rollout()).unwrap(),
            Trouble::RolloutBroken => self.break_rollout(),
            Trouble::SessionsDenied => self.close(self.home().join("sessions"), 0),
            Trouble::RolloutDeniedUnknown => self.unknown(Trouble::RolloutDenied),
            Trouble::RolloutBrokenUnknown => self.unknown(Trouble::RolloutBroken),
            Trouble::SessionsDeniedUnknown => self.unknown(Trouble::SessionsDenied),
        }
    }

    fn unknown(&mut self, trouble: Trouble) {
        fs::remove_file(self.database()).unwrap();
        self.befall(trouble);
    }

    /// Opens the state DB as another process would, and keeps what the statements take.
    fn hold(&mut self, statements: &str) {
        let other = Connection::open(self.database()).unwrap();
        other.execute_batch(statements).unwrap();
        self._other = Some(other);
    }

    fn destroy(&self, bytes: std::ops::Range<usize>, with: u8) {
        let file = File::options().write(true).open(self.database()).unwrap();
        file.write_all_at(&vec![with; bytes.len()], bytes.start as u64).unwrap();
    }

    /// Breaks the frame, behind what tells that it is one.
    fn break_rollout(&self) {
        let mut frame = fs::read(self.rollout()).unwrap();
        let middle = frame.len() / 2;
        frame[16..middle].fill(b'x');
        fs::write(self.rollout(), frame).unwrap();
    }

    fn close(&mut self, path: PathBuf, mode: u32) {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        self.closed.push(path);
    }
}

impl Drop for Ground<'_> {
    fn drop(&mut self) {
        // What the program has made of it may be gone.
        for path in &self.closed {
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o755));
        }
    }
}

/// Copies a tree with its times and modes, for the user who the program runs as.
fn copy(from: &Path, to: &Path) {
    let facts = fs::symlink_metadata(from).unwrap();
    if facts.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
        fs::set_permissions(to, facts.permissions()).unwrap();
    } else if facts.is_symlink() {
        symlink(fs::read_link(from).unwrap(), to).unwrap();
        return;
    } else {
        fs::copy(from, to).unwrap();
        File::options().write(true).open(to).unwrap().set_modified(facts.modified().unwrap()).unwrap();
    }
    owned(to);
}

/// Gives a file to the user who the program may run as; whoever is not root is that user already.
fn owned(path: &Path) {
    let _ = chown(path, Some(NOBODY), Some(NOBODY));
}
