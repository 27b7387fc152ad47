//! How fast the program is, and how much memory it needs, on a home of any size that this program makes itself.
//!
//! `threadkeep-bench [ROLLOUTS] [--runs N]`: 10,000 rollouts (about 800 MB, kept under the build directory for the
//! next time), every time the median of 5 runs.

// A benchmark that cannot go on has nothing to say.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use support::{Program, bench_home};

fn main() {
    let mut arguments = env::args().skip(1);
    let (mut rollouts, mut runs) = (10_000, 5);
    while let Some(argument) = arguments.next() {
        let number = if argument == "--runs" { arguments.next() } else { Some(argument.clone()) };
        let Some(number) = number.and_then(|number| number.replace(['_', ','], "").parse().ok()) else {
            eprintln!("usage: threadkeep-bench [ROLLOUTS] [--runs N]");
            std::process::exit(2);
        };
        *(if argument == "--runs" { &mut runs } else { &mut rollouts }) = number;
    }
    let bench = Bench::prepare(rollouts, runs.max(1));
    bench.run();
}

struct Bench {
    home: PathBuf,
    state: PathBuf,
    /// A thread in the middle of the home.
    id: String,
    runs: usize,
}

impl Bench {
    fn prepare(rollouts: usize, runs: usize) -> Self {
        let program = env::current_exe().unwrap();
        let place = program.ancestors().nth(2).unwrap().join("bench");
        let (home, state) = (place.join(format!("home-{rollouts}")), place.join("state"));
        let ids = home.join("ids");
        if !ids.exists() {
            fs::remove_dir_all(&home).ok();
            fs::create_dir_all(&home).unwrap();
            let begun = Instant::now();
            let made = bench_home(&home, rollouts);
            println!("made {rollouts} rollouts, {} MB, in {:.1} s", made.bytes >> 20, begun.elapsed().as_secs_f64());
            fs::write(&ids, made.ids.join("\n")).unwrap();
        }
        let id = fs::read_to_string(&ids).unwrap().lines().nth(rollouts / 2).unwrap_or_default().to_owned();
        Bench { home, state, id, runs }
    }

    fn run(&self) {
        let bytes = warm(&self.home);
        let read = median(self.runs, || assert_eq!(warm(&self.home), bytes));
        println!("home: {}, {} MB in the page cache\n", self.home.display(), bytes >> 20);
        println!("{:<40}{:>12}{:>18}{:>14}", "", "median", "bound", "peak");
        self.row("reading every byte of the home once", read, None, None);

        let program = || Program::on(&self.home, &self.state);
        let init = self.measure(|| self.fresh(), || drop(program().run(["init"]).well()));
        self.row("init, no state DB", init, Some(1_500.0), Some(self.peak(&["init"], true)));
        let walk = median(self.runs, || find_sizes(&self.home));
        self.row("find -type f -printf '%s %T@'", walk, None, None);
        for (words, arguments, bound) in [
            ("list, 50, with refresh", &["list"][..], walk * 2.0),
            ("list, 50, --no-refresh", &["--no-refresh", "list"], 10.0),
            ("find ID, --no-refresh", &["--no-refresh", "find", &self.id], 10.0),
            ("read ID, --no-refresh", &["--no-refresh", "read", &self.id], 10.0),
        ] {
            let program = program();
            let time = self.measure(|| (), || drop(program.run(arguments).well()));
            self.row(words, time, Some(bound), Some(self.peak(arguments, false)));
        }
        let stateless = Program::stateless(&self.home);
        let time = self.measure(|| (), || drop(stateless.run(["list"]).well()));
        self.row("list, 50, --no-state", time, None, None);
    }

    fn fresh(&self) {
        fs::remove_dir_all(&self.state).ok();
    }

    fn measure(&self, mut before: impl FnMut(), mut run: impl FnMut()) -> f64 {
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..self.runs {
            before();
            let begun = Instant::now();
            run();
            times.push(begun.elapsed());
        }
        milliseconds(times)
    }

    /// The peak memory of one more run, in MB; watching costs time, so timed runs are not watched.
    fn peak(&self, arguments: &[&str], fresh: bool) -> f64 {
        if fresh {
            self.fresh();
        }
        let outcome = Program::on(&self.home, &self.state).watched().run(arguments).well();
        outcome.peak_kib as f64 / 1024.0
    }

    fn row(&self, words: &str, time: f64, bound: Option<f64>, peak: Option<f64>) {
        let bound =
            bound.map_or(String::new(), |bound| format!("{}{bound:.1} ms", if time > bound { "OVER " } else { "" }));
        let peak = peak.map_or(String::new(), |peak| format!("{}{peak:.0} MB", if peak > 64.0 { "OVER " } else { "" }));
        println!("{words:<40}{:>12}{bound:>18}{peak:>14}", format!("{time:.1} ms"));
    }
}

fn median(runs: usize, mut run: impl FnMut()) -> f64 {
    milliseconds((0..runs).map(|_| {
        let begun = Instant::now();
        run();
        begun.elapsed()
    }))
}

fn milliseconds(times: impl IntoIterator<Item = Duration>) -> f64 {
    let mut times: Vec<Duration> = times.into_iter().collect();
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

/// Reads every file, so that all that follows finds it in memory; answers how many bytes there are.
fn warm(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    entries
        .map(|entry| match entry.file_type().unwrap().is_dir() {
            true => warm(&entry.path()),
            false => fs::read(entry.path()).unwrap().len() as u64,
        })
        .sum()
}

/// What the refresh of a list is compared with: the cheapest look at every file that a common tool takes.
fn find_sizes(home: &Path) {
    let mut find = Command::new("find");
    find.arg(home).args(["-type", "f", "-printf", "%s %T@\n"]).stdout(Stdio::null());
    assert!(find.status().is_ok_and(|status| status.success()), "`find` of GNU findutils is needed");
}
