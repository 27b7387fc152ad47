//! Writes homes as Codex writes them, of any size: what records its releases write, in which order of keys, how long
//! and how many. Every word in them is made up, and the same seed gives the same bytes.
//!
//! [`crate::Rollout`] tells one conversation that a test is about; this tells thousands that nobody reads.

mod database;
mod plan;
mod shapes;
mod steps;
mod teller;
mod texts;
mod thread;
mod words;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread as threads;
use std::time::{Duration, UNIX_EPOCH};

use crate::time::{day_directory, file_stamp};
use crate::writer::config;
use plan::{Planned, plan};
use shapes::Shapes;
use texts::Texts;
use thread::{Home, Told};

/// Changes with what is generated: homes of another version are made anew.
pub const GENERATOR_VERSION: u32 = 1;

/// Which histories the rollouts of a home have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// 0.50, 0.100, 0.142, 0.169 and 0.171, with messages as events of their own.
    Legacy,
    /// 0.160, 0.169 and 0.171, with ordinals.
    Paginated,
    /// Every release in its time.
    Mixed,
}

/// How long rollouts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Half of them below 60 KB, 90 KB on average, some of megabytes.
    Usual,
    /// A turn each, at most 10 KB: short instructions, nothing done on the way, no forks.
    Small,
    /// Each as long as this.
    Exactly(Vec<usize>),
}

impl Spread {
    fn is_exact(&self) -> bool {
        matches!(self, Spread::Exactly(_))
    }
}

/// What home to write.
#[derive(Clone, Debug)]
pub struct Generator {
    /// The same gives the same.
    pub seed: u64,
    /// So many files.
    pub rollouts: usize,
    /// Their histories.
    pub history: History,
    /// Their lengths.
    pub sizes: Spread,
}

/// What was written.
pub struct GeneratedHome {
    /// Bytes of all rollouts, as they are when they are not compressed.
    pub bytes: u64,
    /// The threads that have a file, each once, in the order of time.
    pub ids: Vec<String>,
    /// The rollouts, in the order in which they were planned.
    pub files: Vec<PathBuf>,
}

/// What the database and the index keep of a rollout, once it is written.
struct Written {
    told: Told,
    /// Where its plain file is or would be, below the home.
    place: String,
    path: PathBuf,
    bytes: u64,
}

impl Generator {
    /// A home of so many rollouts of usual lengths.
    pub fn usual(rollouts: usize, history: History) -> Generator {
        Generator { seed: 1, rollouts, history, sizes: Spread::Usual }
    }

    /// Writes the home, with Codex's database, its index of names and its configuration.
    pub fn write(&self, home: &Path) -> GeneratedHome {
        config(home, "harbour");
        fs::set_permissions(home, fs::Permissions::from_mode(0o700)).unwrap();
        let planned = plan(self);
        let texts = Texts::new(self.sizes == Spread::Small);
        let releases: BTreeSet<u32> = planned.iter().map(|of| of.release).collect();
        let shapes = releases.into_iter().map(|release| (release, Shapes::of(release))).collect();
        let teller = Home { seed: self.seed, texts: &texts, shapes, planned: &planned };
        let workers = threads::available_parallelism().map_or(1, usize::from).min(8);
        let mut written: Vec<(usize, Written)> = threads::scope(|scope| {
            let (teller, planned) = (&teller, &planned);
            let share = move |from: usize| -> Vec<(usize, Written)> {
                let numbers = (from..planned.len()).step_by(workers);
                numbers.map(|number| (number, put(home, &planned[number], teller.tell(number)))).collect()
            };
            let others: Vec<_> = (1..workers).map(|from| scope.spawn(move || share(from))).collect();
            let mut all = share(0);
            all.extend(others.into_iter().flat_map(|other| other.join().unwrap()));
            all
        });
        written.sort_by_key(|(number, _)| *number);
        database::write(home, &planned, &written);
        let mut seen = BTreeSet::new();
        let ids = written.iter().map(|(_, one)| one.told.id.clone());
        GeneratedHome {
            ids: ids.filter(|id| seen.insert(id.clone())).collect(),
            bytes: written.iter().map(|(_, one)| one.bytes).sum(),
            files: written.into_iter().map(|(_, one)| one.path).collect(),
        }
    }
}

/// Writes one rollout; its time is that of its last record.
fn put(home: &Path, of: &Planned, mut told: Told) -> Written {
    let bytes = std::mem::take(&mut told.bytes);
    let began = if told.suffix.is_some() { told.last_at } else { told.at };
    let suffix = told.suffix.as_ref().map_or(String::new(), |suffix| format!("_{suffix}"));
    let name = format!("rollout-{}-{}{suffix}.jsonl", file_stamp(began), told.id);
    let dir = if of.archived { "archived_sessions".to_owned() } else { format!("sessions/{}", day_directory(began)) };
    let place = format!("{dir}/{name}");
    let mut path = home.join(&place);
    fs::create_dir_all(home.join(dir)).unwrap();
    let length = bytes.len() as u64;
    if of.compressed {
        path = path.with_extension("jsonl.zst");
        fs::write(&path, zstd::encode_all(&bytes[..], 3).unwrap()).unwrap();
    } else {
        fs::write(&path, bytes).unwrap();
    }
    let modified = UNIX_EPOCH + Duration::from_millis(told.last_at.unsigned_abs());
    fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    Written { told, place, path, bytes: length }
}
