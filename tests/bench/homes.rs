//! The homes that are measured, made below the target directory once for each version of the generator.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use support::{GENERATOR_VERSION, Generator, History, Program, Spread, listing};

/// A home and what is known of it before anything is measured; its files are in the page cache.
pub(crate) struct Ground {
    pub(crate) home: PathBuf,
    pub(crate) state: PathBuf,
    /// Every rollout.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) bytes: u64,
    /// An old thread that stands alone, in one file.
    pub(crate) id: String,
    /// The one in the smallest file of the old threads that stand alone.
    pub(crate) small: String,
}

impl Ground {
    pub(crate) fn of(home: PathBuf, target: &Path) -> Ground {
        let files: Vec<PathBuf> =
            listing(&home).into_keys().filter(|path| path.contains("rollout-")).map(|path| home.join(path)).collect();
        let bytes = read_all(&files);
        // Beside a run there may be another one.
        let state = target.join(format!("bench-state/{}", std::process::id()));
        fs::remove_dir_all(&state).unwrap_or_default();
        let program = Program::on(&home, &state);
        program.run(["init"]).well();
        let oldest = program.json(["list", "--limit", "40", "--sort", "created", "--asc"]);
        let alone = |item: &serde_json::Value| {
            let id = item["id"].as_str()?;
            let mut files = files.iter().filter(|file| file.to_str().is_some_and(|file| file.contains(id)));
            let (file, others) = (files.next()?, files.count());
            let is_alone = others == 0 && item["subAgents"].as_array().is_none_or(Vec::is_empty);
            is_alone.then(|| (id.to_owned(), file.metadata().map_or(u64::MAX, |data| data.len())))
        };
        let alone: Vec<(String, u64)> = oldest["items"].as_array().unwrap().iter().filter_map(alone).collect();
        let small = alone.iter().min_by_key(|(_, size)| *size).expect("a thread that stands alone").0.clone();
        let id = alone[0].0.clone();
        Ground { home, state, files, bytes, id, small }
    }

    pub(crate) fn rollouts(&self) -> usize {
        self.files.len()
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.state).unwrap_or_default();
    }
}

/// A home of so many rollouts, as Codex leaves them.
pub(crate) fn usual_home(target: &Path, rollouts: usize, history: History) -> PathBuf {
    let name = format!("{rollouts}-{history:?}").to_lowercase();
    generated(target, &name, &Generator::usual(rollouts, history))
}

/// A home of giants: rollouts of 3, 5, 21, 50 and 300 MB, in this order.
pub(crate) fn giants(target: &Path) -> (PathBuf, Vec<PathBuf>) {
    let sizes = vec![3_000_000, 5_000_000, 21_000_000, 50_000_000, 300_000_000];
    let sizes = Spread::Exactly(sizes);
    let home = generated(target, "giants", &Generator { seed: 1, rollouts: 5, history: History::Paginated, sizes });
    let rollouts = listing(&home).into_keys().filter(|path| path.contains("rollout-")).map(|path| home.join(path));
    let mut rollouts: Vec<PathBuf> = rollouts.collect();
    rollouts.sort_by_key(|path| path.metadata().unwrap().len());
    (home, rollouts)
}

/// A home with one thread of 20,000 turns and 2 GB, and the thread.
pub(crate) fn weeks_of_work(target: &Path) -> (PathBuf, String) {
    let home = target.join("bench-home-weeks");
    let id = support::uuid7(1_772_000_000_000, 7);
    if !home.join("sessions").exists() {
        support::long_thread(&home, &id, 20_000);
    }
    (home, id)
}

/// The home that the generator makes, kept for later runs; what another version made is removed.
fn generated(target: &Path, name: &str, generator: &Generator) -> PathBuf {
    let all = target.join("bench-homes");
    let version = format!("v{GENERATOR_VERSION}");
    let others = fs::read_dir(&all).into_iter().flatten().flatten().filter(|entry| *entry.file_name() != *version);
    others.for_each(|other| fs::remove_dir_all(other.path()).unwrap());
    let home = all.join(&version).join(name);
    // Codex's rows hold the place of their rollouts, so a home is made where it stays.
    let whole = home.with_extension("whole");
    if !whole.exists() {
        eprintln!("making the home {name} below the target directory");
        fs::remove_dir_all(&home).unwrap_or_default();
        generator.write(&home);
        File::create(whole).unwrap();
    }
    home
}

/// A home with one rollout of 300 MB, most of it in lines of 1 MB and one of 64 MB, compressed: all of it is read.
pub(crate) fn long_lines(target: &Path) -> PathBuf {
    let home = target.join("bench-home-large");
    let path =
        home.join("sessions/2026/03/01/rollout-2026-03-01T10-00-00-019ca8a0-0000-7000-8000-000000000001.jsonl.zst");
    if !path.exists() {
        let head = support::Rollout::paginated("019ca8a0-0000-7000-8000-000000000001")
            .at("2026-03-01T10:00:00.000Z")
            .cwd("/a")
            .user("hello");
        let mut plain = head.bytes();
        for megabytes in std::iter::repeat_n(1, 236).chain([64]) {
            plain.extend_from_slice(
                br#"{"timestamp":"2026-03-01T10:00:01.000Z","type":"world_state","payload":{"text":""#,
            );
            plain.resize(plain.len() + (megabytes << 20), b'x');
            plain.extend_from_slice(b"\"}}\n");
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, zstd::encode_all(&plain[..], 1).unwrap()).unwrap();
    }
    home
}

/// The home once more at another place, its rollouts the same files, and Codex's rows leading to them there.
pub(crate) fn linked(from: &Path, to: &Path) {
    link(from, to);
    let database = to.join("state_5.sqlite");
    if database.exists() {
        let text = "UPDATE threads SET rollout_path = ?2 || substr(rollout_path, length(?1) + 1)
                    WHERE substr(rollout_path, 1, length(?1)) = ?1";
        let connection = rusqlite::Connection::open(database).unwrap();
        connection.execute(text, [from.to_str().unwrap(), to.to_str().unwrap()]).unwrap();
    }
}

fn link(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let there = to.join(entry.file_name());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => link(&entry.path(), &there),
            kind if kind.is_file() && entry.path().to_string_lossy().contains("sessions/") => {
                fs::hard_link(entry.path(), there).unwrap();
            }
            kind if kind.is_file() => drop(fs::copy(entry.path(), there).unwrap()),
            _ => {}
        }
    }
}

/// Reads every byte; how many there are.
pub(crate) fn read_all(files: &[PathBuf]) -> u64 {
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    for path in files {
        let mut file = File::open(path).unwrap();
        loop {
            match file.read(&mut buffer).unwrap() {
                0 => break,
                read => bytes += read as u64,
            }
        }
    }
    bytes
}
