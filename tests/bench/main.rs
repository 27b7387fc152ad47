//! Measures what Threadkeep promises of its speed and memory, on a home that it makes itself.
//!
//! `threadkeep-bench [--rollouts N] [--runs N] [--home DIR]`: medians over the runs, whole processes from outside. The home
//! is made below the target directory once for each size, and read before anything is measured, so that the page cache is
//! warm. Machines are noisy: what is compared is measured in turn, in one run.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use support::{Program, bench_home, listing};
use threadkeep::component::types::{EntryKind, FileFacts};
use threadkeep::component::{Core, Runtime, World};
use threadkeep::home::Home;

struct Settings {
    rollouts: usize,
    runs: usize,
    home: Option<PathBuf>,
}

impl Settings {
    fn from_arguments() -> Settings {
        let mut settings = Settings { rollouts: 10_000, runs: 7, home: None };
        let mut arguments = std::env::args().skip(1);
        while let Some(flag) = arguments.next() {
            let value = arguments.next().unwrap_or_else(|| panic!("{flag} wants a value"));
            match flag.as_str() {
                "--rollouts" => settings.rollouts = value.parse().unwrap(),
                "--runs" => settings.runs = value.parse().unwrap(),
                "--home" => settings.home = Some(value.into()),
                other => panic!("unknown flag {other}"),
            }
        }
        settings
    }
}

fn main() {
    let settings = Settings::from_arguments();
    let target = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_path_buf();
    let home = settings.home.clone().unwrap_or_else(|| made_home(&target, settings.rollouts));
    let files: Vec<PathBuf> =
        listing(&home).into_keys().filter(|path| path.contains(".jsonl")).map(|path| home.join(path)).collect();
    let bytes = read_all(&files);
    println!("{} rollouts, {:.0} MB, {} runs each\n", files.len(), bytes as f64 / 1e6, settings.runs);

    let state = target.join("bench-state");
    let program = Program::on(&home, &state);
    let filled = |args: &[&str]| Measured::of(|| program.run(args).well());
    let fresh = || std::fs::remove_dir_all(&state).unwrap_or_default();
    fresh();
    program.run(["init"]).well();
    let id = program.json(["list", "--limit", "1", "--sort", "created", "--asc"])["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_string();

    let mut table = Table::default();
    for _ in 0..settings.runs {
        table.note("read every byte, one thread", Measured::of(|| read_all(&files)));
        fresh();
        table.note("init, no state DB", filled(&["init"]));
        table.note("init, nothing changed", filled(&["init"]));
        table.note("find -type f -printf '%s %T@'", Measured::of(|| walk(&home)));
        table.note("list 50, with refresh", filled(&["list"]));
        table.note("list 50, --no-refresh", filled(&["--no-refresh", "list"]));
        table.note("find ID, with refresh", filled(&["find", &id]));
        table.note("find ID, --no-refresh", filled(&["--no-refresh", "find", &id]));
        table.note("find ID, --no-state", filled(&["--no-state", "find", &id]));
        table.note("list 50, --no-state", filled(&["--no-state", "list"]));
    }
    table.print();
    println!("\nlist with refresh / find: {:.2}", table.median(4) / table.median(3));
    println!("init / read every byte:   {:.2}", table.median(1) / table.median(0));

    println!("\npeak memory");
    let watched = Program::on(&home, &state).watched();
    fresh();
    println!("  {:>7.1} MB  init, no state DB", watched.run(["init"]).well().peak_kib as f64 / 1024.0);
    println!("  {:>7.1} MB  list --limit 0", watched.run(["list", "--limit", "0"]).well().peak_kib as f64 / 1024.0);
    let large = large_home(&target);
    let watched = Program::stateless(&large).watched();
    println!(
        "  {:>7.1} MB  a rollout of 300 MB with a line of 64 MB",
        watched.run(["list"]).well().peak_kib as f64 / 1024.0
    );

    println!(
        "\nparsing, one thread, {} MB",
        files.iter().take(1000).map(|file| file.metadata().unwrap().len()).sum::<u64>() / 1_000_000
    );
    parsing(&home, &files[..files.len().min(1000)], settings.runs);
}

fn made_home(target: &Path, rollouts: usize) -> PathBuf {
    let home = target.join(format!("bench-home-{rollouts}"));
    if !home.exists() {
        eprintln!("making a home of {rollouts} rollouts below the target directory");
        let begun = home.with_extension("begun");
        std::fs::remove_dir_all(&begun).unwrap_or_default();
        bench_home(&begun, rollouts);
        std::fs::rename(&begun, &home).unwrap();
    }
    home
}

/// A home with one rollout of 300 MB, most of it in lines of 1 MB and one of 64 MB, compressed: all of it is read.
fn large_home(target: &Path) -> PathBuf {
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
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, zstd::encode_all(&plain[..], 1).unwrap()).unwrap();
    }
    home
}

fn read_all(files: &[PathBuf]) -> u64 {
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

fn walk(home: &Path) {
    let mut find = Command::new("find");
    find.arg(home).args(["-type", "f", "-printf", "%s %T@\n"]).stdout(Stdio::null());
    assert!(find.status().unwrap().success());
}

/// Extraction by the component and by a native build of the same code.
fn parsing(home: &Path, files: &[PathBuf], runs: usize) {
    let runtime = Runtime::load().unwrap();
    let open = Arc::new(Home::open(home, |_| None).unwrap());
    let mut core = Core::new(&runtime, World::of(&open));
    let relative = |path: &PathBuf| path.strip_prefix(home).unwrap().to_str().unwrap().to_string();
    let mut table = Table::default();
    for _ in 0..runs {
        table.note(
            "component",
            Measured::of(|| {
                for path in files {
                    let size = path.metadata().unwrap().len();
                    let file =
                        FileFacts { path: relative(path), kind: EntryKind::File, size, modified_ns: 0, inode: 0 };
                    let call = core.call("extract", |bindings, store| {
                        bindings.threadkeep_core_parsing().call_extract(store, &file, None)
                    });
                    call.unwrap().unwrap();
                }
            }),
        );
        table.note(
            "native",
            Measured::of(|| {
                let disk = support::Disk::of(home);
                for path in files {
                    use threadkeep_core::extract::{Limits, extract};
                    use threadkeep_core::ports::Rollouts;
                    let file = disk.facts(&relative(path)).unwrap();
                    extract(&disk, &file, None, Limits::USUAL).unwrap();
                }
            }),
        );
    }
    table.print();
    println!("\ncomponent / native: {:.2}", table.median(0) / table.median(1));
}

struct Measured(Duration);

impl Measured {
    fn of<T>(work: impl FnOnce() -> T) -> Measured {
        let began = Instant::now();
        let _ = work();
        Measured(began.elapsed())
    }
}

#[derive(Default)]
struct Table(Vec<(&'static str, Vec<f64>)>);

impl Table {
    fn note(&mut self, what: &'static str, measured: Measured) {
        let millis = measured.0.as_secs_f64() * 1e3;
        match self.0.iter_mut().find(|(known, _)| *known == what) {
            Some((_, times)) => times.push(millis),
            None => self.0.push((what, vec![millis])),
        }
    }

    fn median(&self, row: usize) -> f64 {
        let mut times = self.0[row].1.clone();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }

    fn print(&self) {
        println!("  {:>9}  {:>9}  {:>9}  ms", "min", "median", "max");
        for (row, (what, times)) in self.0.iter().enumerate() {
            let min = times.iter().copied().fold(f64::INFINITY, f64::min);
            let max = times.iter().copied().fold(0.0, f64::max);
            println!("  {min:>9.1}  {:>9.1}  {max:>9.1}  {what}", self.median(row));
        }
    }
}
