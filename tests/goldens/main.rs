//! Holds what the program prints against what it, or an earlier one, printed before.
//!
//! `threadkeep-goldens take --program PROGRAM --into DIR` asks a program everything that can be asked of the demo home and of
//! every real home of `$THREADKEEP_TEST_HOMES` (`--homes DIR` names another directory of `*.tar.xz`), and writes its answers
//! to `DIR/HOME/SETTING/GROUP.txt`: the output, what it said on stderr and the exit code, with and without `--json`.
//! `threadkeep-goldens compare --program PROGRAM --with DIR` asks the same, tells what differs and ends with 1 if anything
//! does. `--only TEXT` asks only where `HOME/SETTING` contains the text.
//!
//! Each setting of each home is a fresh copy, asked in a fixed order by one thread, so that an answer depends on nothing but
//! the program; what depends on the time and the place of the run is replaced (`support::Normalizer`).

#![expect(clippy::unwrap_used, reason = "a run that cannot go on has nothing to compare")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the differences are what it is for")]

mod changes;
mod interview;
mod questions;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::{listing, recorded_differences};

use settings::Unit;

const USAGE: &str = "threadkeep-goldens take --program PROGRAM --into DIR [--homes DIR] [--only TEXT]
threadkeep-goldens compare --program PROGRAM --with DIR [--homes DIR] [--only TEXT]";

struct Settings {
    program: PathBuf,
    goldens: PathBuf,
    comparing: bool,
    homes: Option<PathBuf>,
    only: Option<String>,
}

impl Settings {
    fn from_arguments() -> Option<Settings> {
        let mut arguments = std::env::args().skip(1);
        let comparing = match arguments.next()?.as_str() {
            "take" => false,
            "compare" => true,
            _ => return None,
        };
        let goldens_flag = if comparing { "--with" } else { "--into" };
        let mut flags: BTreeMap<String, String> = BTreeMap::new();
        while let Some(flag) = arguments.next() {
            flags.insert(flag, arguments.next()?);
        }
        let program = fs::canonicalize(flags.remove("--program")?).ok()?;
        let goldens = flags.remove(goldens_flag)?.into();
        let homes = flags.remove("--homes").map(PathBuf::from);
        let only = flags.remove("--only");
        flags.is_empty().then_some(Settings { program, goldens, comparing, homes, only })
    }
}

fn main() -> ExitCode {
    let Some(settings) = Settings::from_arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    // Modes of files are told by the doctor.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let mut units = settings::units(settings.homes.as_deref());
    units.retain(|unit| settings.only.as_deref().is_none_or(|only| unit.directory().contains(only)));
    if units.is_empty() {
        eprintln!("nothing to ask: no home and setting has this name");
        return ExitCode::from(2);
    }
    let answers = ask(&settings.program, &units);
    match settings.comparing {
        true => compare(&settings.goldens, &units, &answers),
        false => write(&settings.goldens, &units, &answers),
    }
}

/// The answers by `HOME/SETTING/GROUP.txt`, asked on every processor.
fn ask(program: &Path, units: &[Unit]) -> BTreeMap<String, String> {
    let (next, answers) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let groups = unit.ask(program);
                    let named =
                        groups.into_iter().map(|(group, text)| (format!("{}/{group}.txt", unit.directory()), text));
                    answers.lock().unwrap().extend(named);
                }
            });
        }
    });
    answers.into_inner().unwrap()
}

fn runs(answers: &BTreeMap<String, String>) -> usize {
    answers.values().map(|text| text.lines().filter(|line| line.starts_with("$ ")).count()).sum()
}

fn write(goldens: &Path, units: &[Unit], answers: &BTreeMap<String, String>) -> ExitCode {
    for unit in units {
        fs::remove_dir_all(goldens.join(unit.directory())).unwrap_or_default();
    }
    for (name, text) in answers {
        let path = goldens.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    println!("{} files of {} runs in {}", answers.len(), runs(answers), goldens.display());
    ExitCode::SUCCESS
}

fn compare(goldens: &Path, units: &[Unit], answers: &BTreeMap<String, String>) -> ExitCode {
    let kept = kept(goldens, units);
    let names: BTreeSet<&String> = kept.keys().chain(answers.keys()).collect();
    let (mut files, mut differences) = (0, 0);
    for name in names {
        let told = match (kept.get(name), answers.get(name)) {
            (Some(_), None) => vec!["only the goldens have this file".to_string()],
            (None, Some(_)) => vec!["the goldens do not have this file".to_string()],
            (kept, found) => recorded_differences(kept.map_or("", |kept| kept), found.map_or("", |found| found)),
        };
        if !told.is_empty() {
            println!("=== {name}: {} differences\n{}\n", told.len(), told.join("\n"));
            (files, differences) = (files + 1, differences + told.len());
        }
    }
    println!("{} runs compared: {differences} differences in {files} of {} files", runs(answers), answers.len());
    if differences == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// What the goldens say of these units.
fn kept(goldens: &Path, units: &[Unit]) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    for unit in units {
        let directory = goldens.join(unit.directory());
        if !directory.is_dir() {
            continue;
        }
        for name in listing(&directory).into_keys().filter(|name| name.ends_with(".txt")) {
            kept.insert(format!("{}/{name}", unit.directory()), fs::read_to_string(directory.join(&name)).unwrap());
        }
    }
    kept
}
