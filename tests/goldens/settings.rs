//! What is asked where: each home in each setting, on a copy of its own.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, FileTimes};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use support::{RealHome, demo_home, listing, millis, real_home_archives};
use tempfile::TempDir;

use crate::changes;
use crate::interview::Interview;
use crate::questions::{self, Thread};

/// When files and directories that are made here were last written, and when they are damaged. The program trusts no
/// directory that changed within the last seconds, and how many they are is chance.
const WRITTEN: &str = "2026-04-02T00:00:00Z";
const DAMAGED: &str = "2026-04-03T00:00:00Z";
/// Threads that are asked about one by one, evenly among all: in the setting that is asked most, and in others.
const MANY: usize = 20;
const FEW: usize = 5;
/// Real homes, the largest first, that are damaged and whose state DB is made unusable, besides the demo home.
const SPOILT: usize = 3;
/// Bytes of a page of the state DB.
const PAGE: usize = 4096;

/// A home in a setting.
pub(crate) struct Unit {
    home: Home,
    setting: Setting,
}

#[derive(Clone)]
enum Home {
    Demo,
    Real { archives: PathBuf, name: String },
}

/// How a home is when it is asked about.
#[derive(Clone, Copy)]
enum Setting {
    /// As it is, with a state DB.
    State,
    /// As it is, without one.
    NoState,
    /// Codex's rows point at the place where the home is; nothing is asked where there are none.
    Relocated,
    /// Files went, moved and broke after the state DB was filled.
    Damaged,
    /// There is something wrong with the state DB before each question.
    Unusable(StateDb),
    /// It is changed by the questions, which are asked for text or for JSON.
    Changed { json: bool },
    /// It does not matter: the program is asked about itself.
    Usage,
}

#[derive(Clone, Copy)]
enum StateDb {
    NoDatabase,
    /// All but its first page is destroyed.
    BadPages,
    /// One page of it is destroyed, another one before each question.
    BadPage,
    Newer,
    /// Its directory cannot be made.
    NoPlace,
}

/// All that is asked, the longest first. Without real homes, which is said on stderr, the demo home alone is.
pub(crate) fn units(archives: Option<&Path>) -> Vec<Unit> {
    let mut archived: Vec<(u64, Home)> = Vec::new();
    match real_home_archives(archives) {
        None => support::skipped("no real homes (--homes, THREADKEEP_TEST_HOMES)"),
        Some(archives) => {
            for entry in fs::read_dir(&archives).unwrap().map(Result::unwrap) {
                let file = entry.file_name().into_string().unwrap();
                if let Some(name) = file.strip_suffix(".tar.xz") {
                    let home = Home::Real { archives: archives.clone(), name: name.to_string() };
                    archived.push((entry.metadata().unwrap().len(), home));
                }
            }
        }
    }
    archived.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    let real: Vec<Home> = archived.into_iter().map(|(_, home)| home).collect();
    let all: Vec<Home> = real.iter().cloned().chain([Home::Demo]).collect();
    let spoilt: Vec<Home> = real.iter().take(SPOILT).cloned().chain([Home::Demo]).collect();
    let settings = [
        (Setting::State, &all),
        (Setting::NoState, &all),
        (Setting::Relocated, &real),
        (Setting::Damaged, &spoilt),
        (Setting::Changed { json: false }, &all),
        (Setting::Changed { json: true }, &all),
        (Setting::Unusable(StateDb::NoDatabase), &spoilt),
        (Setting::Unusable(StateDb::BadPages), &spoilt),
        (Setting::Unusable(StateDb::BadPage), &spoilt),
        (Setting::Unusable(StateDb::Newer), &spoilt),
        (Setting::Unusable(StateDb::NoPlace), &spoilt),
    ];
    let on = |home: &Home, setting| Unit { home: home.clone(), setting };
    let mut units: Vec<Unit> =
        settings.iter().flat_map(|&(setting, homes)| homes.iter().map(move |home| on(home, setting))).collect();
    units.push(Unit { home: Home::Demo, setting: Setting::Usage });
    units
}

impl Unit {
    /// `HOME/SETTING`.
    pub(crate) fn directory(&self) -> String {
        let setting = match self.setting {
            Setting::State => "state",
            Setting::NoState => "no-state",
            Setting::Relocated => "relocated",
            Setting::Damaged => "damaged",
            Setting::Changed { json: false } => "changed",
            Setting::Changed { json: true } => "changed-json",
            Setting::Unusable(StateDb::NoDatabase) => "state-no-database",
            Setting::Unusable(StateDb::BadPages) => "state-bad-pages",
            Setting::Unusable(StateDb::BadPage) => "state-bad-page",
            Setting::Unusable(StateDb::Newer) => "state-newer",
            Setting::Unusable(StateDb::NoPlace) => "state-no-place",
            Setting::Usage => "usage",
        };
        format!("{}/{setting}", self.home.name())
    }

    /// Makes the home, asks everything, and removes it.
    pub(crate) fn ask(&self, program: &Path) -> BTreeMap<&'static str, String> {
        // As long as the name that replaces it, so that lines are cut at the same place.
        let root = tempfile::Builder::new().prefix("g").rand_bytes(6).tempdir_in("/tmp").unwrap();
        let place = root.path().to_path_buf();
        let (home, _root) = self.home.make(root, matches!(self.setting, Setting::Relocated));
        if matches!(self.setting, Setting::Relocated) && !home.join("state_5.sqlite").exists() {
            return BTreeMap::new();
        }
        let state = match self.setting {
            Setting::Unusable(StateDb::NoPlace) => {
                fs::write(place.join("file"), "").unwrap();
                place.join("file/state")
            }
            _ => place.join("state"),
        };
        let with_state = ["--home".as_ref(), home.as_os_str(), "--state-dir".as_ref(), state.as_os_str()];
        let leading: &[&OsStr] = match self.setting {
            Setting::NoState => &["--home".as_ref(), home.as_os_str(), "--no-state".as_ref()],
            Setting::Usage => &[],
            _ => &with_state,
        };
        let begin = |before_each: Box<dyn Fn()>| Interview::begin(program, &place, leading, before_each);
        match self.setting {
            Setting::Unusable(how) => {
                // Filled by a first interview, whose answers other settings have.
                begin(Box::new(|| ())).ask("init", &["init"]);
                let saved = fs::read(state.join("state.sqlite")).unwrap_or_default();
                let spoilt = state.clone();
                let questions = Cell::new(0);
                let mut interview = begin(Box::new(move || {
                    spoil(&spoilt, &saved, how, questions.get());
                    questions.set(questions.get() + 1);
                }));
                unusable(&mut interview);
                interview.end()
            }
            setting => {
                let mut interview = begin(Box::new(|| ()));
                setting.ask(&mut interview, &home);
                interview.end()
            }
        }
    }
}

impl Setting {
    fn ask(self, interview: &mut Interview<'_>, home: &Path) {
        if let Setting::Usage = self {
            return questions::usage(interview);
        }
        if let Setting::Changed { json } = self {
            return changes::changes(interview, home, json);
        }
        questions::status(interview);
        let threads = questions::threads(interview);
        match self {
            Setting::Damaged => {
                let few = &threads[..threads.len().min(FEW)];
                damage(home);
                interview.both("status", &["status"]);
                questions::health(interview, few);
                interview.both("list", &["list", "--no-refresh", "--limit", "0", "--all"]);
                questions::finding(interview, few);
                questions::lists(interview, &threads);
                questions::reading(interview, few);
                questions::why(interview, few);
                questions::health(interview, few);
                interview.both("status", &["status"]);
            }
            Setting::Relocated => {
                let many = chosen(&threads, MANY);
                questions::lists(interview, &threads);
                questions::why(interview, &many);
                questions::health(interview, &many);
            }
            _ => {
                let most = if matches!(self, Setting::State) { MANY } else { FEW };
                let asked = chosen(&threads, most);
                questions::lists(interview, &threads);
                questions::finding(interview, &asked);
                questions::reading(interview, &asked);
                questions::why(interview, &asked);
                questions::health(interview, &asked);
                questions::features(interview, &asked);
            }
        }
    }
}

/// So many threads at most, evenly among all.
fn chosen(threads: &[Thread], most: usize) -> Vec<Thread> {
    let count = threads.len().min(most);
    (0..count).map(|index| threads[index * threads.len() / count].clone()).collect()
}

/// Asks what is answered all the same, and what is not, where the state DB is no good.
fn unusable(interview: &mut Interview<'_>) {
    let threads = questions::threads(interview);
    interview.both("all", &["status"]);
    interview.both("all", &["list", "--limit", "3"]);
    interview.both("all", &["list", "--no-refresh", "--limit", "3"]);
    interview.both("all", &["list", "--missing"]);
    interview.both("all", &["doctor", "--quick"]);
    interview.both("all", &["repair", "plan", "--target", "all", "--quick"]);
    interview.both("all", &["repair", "log"]);
    interview.both("all", &["device-key", "list"]);
    interview.both("all", &["memory", "candidates", "--idle", "0s", "--window", "36500d"]);
    if let Some(thread) = threads.first() {
        interview.both("all", &["find", &thread.id]);
        interview.both("all", &["find", &thread.id, "--explain"]);
        interview.both("all", &["read", &thread.id, "--no-turns"]);
        interview.both("all", &["turns", &thread.id, "--tail", "1"]);
        interview.both("all", &["why", &thread.id]);
        interview.both("all", &["goal", "get", &thread.id]);
        interview.both("all", &["memory", "mode", &thread.id]);
        interview.both("all", &["delete", &thread.id, "--dry-run"]);
        interview.both("all", &["name", &thread.id, "A name"]);
        interview.both("all", &["archive", &thread.id]);
    }
    interview.both("all", &["init"]);
}

/// Puts the state DB back as it was filled, and spoils it before a question of this number.
fn spoil(state: &Path, saved: &[u8], how: StateDb, question: usize) {
    if let StateDb::NoPlace = how {
        return;
    }
    for entry in fs::read_dir(state).unwrap().map(Result::unwrap) {
        // The journals, and those that were moved aside.
        if entry.file_name().to_string_lossy().starts_with("state.sqlite") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    let database = state.join("state.sqlite");
    match how {
        StateDb::NoDatabase => fs::write(&database, "This is no database.").unwrap(),
        StateDb::BadPages => {
            let mut bytes = saved.to_vec();
            bytes[PAGE..].fill(0xff);
            fs::write(&database, bytes).unwrap();
        }
        StateDb::BadPage => {
            let mut bytes = saved.to_vec();
            let page = 1 + question % (saved.len() / PAGE - 1);
            bytes[page * PAGE..][..PAGE].fill(0xff);
            fs::write(&database, bytes).unwrap();
        }
        StateDb::Newer => {
            fs::write(&database, saved).unwrap();
            let connection = rusqlite::Connection::open(&database).unwrap();
            connection.pragma_update(None, "user_version", 9_999).unwrap();
        }
        StateDb::NoPlace => {}
    }
}

impl Home {
    fn name(&self) -> &str {
        match self {
            Home::Demo => "demo",
            Home::Real { name, .. } => name,
        }
    }

    /// Makes the home in a directory of its own, which lasts as long as the second part of the answer.
    fn make(&self, root: TempDir, relocated: bool) -> (PathBuf, Box<dyn std::any::Any>) {
        match self {
            Home::Demo => {
                let home = root.path().join("demo");
                demo_home(&home);
                settle_all(&home, |_| true, WRITTEN);
                (home, Box::new(root))
            }
            Home::Real { archives, name } => {
                let real = RealHome::unpack(archives, name, root);
                if relocated {
                    real.relocate();
                }
                // Files are unpacked with their times, directories are not.
                settle_all(&real.path, Path::is_dir, WRITTEN);
                (real.path.clone(), Box::new(real))
            }
        }
    }
}

/// Says when a file or a directory was last written.
fn settle(path: &Path, at: &str) {
    let at = UNIX_EPOCH + Duration::from_millis(millis(at) as u64);
    File::open(path).unwrap().set_times(FileTimes::new().set_modified(at)).unwrap();
}

/// Says so of everything below a directory, and of itself, that is of this kind.
fn settle_all(root: &Path, kind: fn(&Path) -> bool, at: &str) {
    let paths = listing(root).into_keys().map(|path| root.join(path));
    paths.filter(|path| kind(path)).for_each(|path| settle(&path, at));
}

/// Breaks the first rollouts, each in a way of its own.
fn damage(home: &Path) {
    let rollouts: Vec<PathBuf> = listing(home)
        .into_keys()
        .filter(|path| path.starts_with("sessions/") && path.contains(".jsonl"))
        .map(|path| home.join(path))
        .collect();
    let append = |path: &Path, bytes: &[u8]| File::options().append(true).open(path).unwrap().write_all(bytes).unwrap();
    for (index, path) in rollouts.iter().enumerate() {
        match index {
            0 => fs::remove_file(path).unwrap(),
            1 => {
                let archive = home.join("archived_sessions");
                fs::create_dir_all(&archive).unwrap();
                fs::rename(path, archive.join(path.file_name().unwrap())).unwrap();
            }
            2 => append(path, b"{\"timestamp\":\"2026-"),
            3 => {
                File::options().write(true).open(path).unwrap().set_len(fs::metadata(path).unwrap().len() / 2).unwrap()
            }
            4 => File::options().write(true).open(path).unwrap().set_len(0).unwrap(),
            5 => {
                let elsewhere = home.join("sessions/2020/01/01");
                fs::create_dir_all(&elsewhere).unwrap();
                let copy = elsewhere.join(path.file_name().unwrap());
                fs::copy(path, &copy).unwrap();
                settle(&copy, DAMAGED);
            }
            6 => append(path, b"not JSON\n{\"type\":\"nobody knows\"}\n"),
            _ => break,
        }
        if path.exists() {
            settle(path, DAMAGED);
        }
    }
    settle_all(home, Path::is_dir, DAMAGED);
}
