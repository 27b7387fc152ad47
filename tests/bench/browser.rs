//! The browser as fingers meet it: how soon threads stand on the screen, how soon a key does, how soon what was said is
//! found, and what it costs while nobody touches it.
//!
//! Times are those at which the last byte of a frame was read from the terminal; a frame ends with the end of a
//! synchronized update, `CSI ? 2026 l`.

use std::path::Path;
use std::time::{Duration, Instant};

use support::screen::keys::{BACKSPACE, CTRL_C, CTRL_U, DOWN, UP};
use support::screen::{Pty, Screen};
use support::{Collection, Program, Rollout, uuid7};

use crate::homes::{Ground, linked};
use crate::servers::processor_time;
use crate::table::Table;

const FIRST: &str = "from the start of the process to the first threads";
const TYPED: &str = "a letter to its frame, p95 of 200";
const TYPED_HALF: &str = "the same, p50";
const MOVED: &str = "a step up or down to its frame, p95 of 200";
const MOVED_HALF: &str = "the same, p50 of the steps";
const FOUND: &str = "the last letter of a word to the thread in which it was said";
const IDLE: &str = "processor time of 5 s in which nothing happens";
const MEMORY: &str = "peak memory, MB";

/// How many keys are pressed in a run.
const KEYS: usize = 200;
/// Between two of them: faster than anybody types.
const PAUSE: Duration = Duration::from_millis(25);
/// Nothing comes for so long when nothing more is to come.
const QUIET: Duration = Duration::from_millis(500);
const IDLE_FOR: Duration = Duration::from_secs(5);
/// With a preview beside the list.
const LARGE: (usize, usize) = (120, 40);
/// What one thread says, and its title, in which it does not stand.
const RARE: [&str; 2] = ["quincunxes", "How far apart do the trees stand?"];
/// What another one says: until the last letter is typed they are the same.
const OTHER: [&str; 2] = ["quincunxed", "Which orchard was planted first?"];

/// Browses a home.
pub(crate) fn browser(ground: &Ground, target: &Path, runs: usize) {
    let place = tempfile::tempdir_in(target).unwrap();
    let (home, state) = (place.path().join("home"), place.path().join("state"));
    linked(&ground.home, &home);
    for (number, [word, title]) in [RARE, OTHER].into_iter().enumerate() {
        // Older than all others.
        let at = 1_700_000_000_000 + number as i64;
        let rollout = Rollout::paginated(&uuid7(at, number as u64)).at_millis(at).cwd("/src/orchard");
        rollout.user(title).agent(&format!("They are {word}.")).tokens(1).write(&home, Collection::Active);
    }
    let program = Program::on(&home, &state);
    program.run(["init"]).well();
    let (mut table, mut costs) = (Table::default(), Table::default());
    for _ in 0..runs {
        let mut pty = started(&program, LARGE);
        let threads = pty.until("threads", has_threads);
        table.note(FIRST, millis(threads - pty.started()));
        pty.settle(QUIET);
        typing(&mut pty, &mut table);
        moving(&mut pty, &mut table);
        finding(&mut pty, &mut table);
        pty.settle(QUIET * 4);
        let before = processor_time(pty.id());
        pty.listen(IDLE_FOR);
        costs.note(IDLE, processor_time(pty.id()) - before);
        costs.note(MEMORY, peak_megabytes(pty.id()));
        pty.press(CTRL_C);
        assert!(pty.end().success(), "{}", pty.screen().text());
    }
    for (what, most) in [(FIRST, 50.0), (TYPED, 16.0), (MOVED, 16.0), (FOUND, 60.0)] {
        table.want(what, most);
    }
    // One tick of the scheduler.
    costs.want(IDLE, 10.0);
    costs.want(MEMORY, 96.0);
    println!("\nthe browser, {} columns and {} rows", LARGE.0, LARGE.1);
    table.print();
    costs.print();
}

fn started(program: &Program, (columns, rows): (usize, usize)) -> Pty {
    Pty::start(program.command(["tui"]), columns, rows)
}

fn has_threads(screen: &Screen) -> bool {
    screen.shows("▌")
}

/// What is typed stands behind the prompt, and two spaces before whatever else is in the first line.
fn has_typed(screen: &Screen, text: &str) -> bool {
    screen.line(0).strip_prefix("> ").is_some_and(|line| line.split("  ").next() == Some(text))
}

/// Letters that are typed and taken back, each of which must stand in the first line.
fn typing(pty: &mut Pty, table: &mut Table) {
    let words = ["store", "reader", "turns", "opening", "parsing"];
    let mut times = Vec::new();
    for word in words.into_iter().cycle() {
        let longer = (1..=word.len()).map(|length| (&word[length - 1..length], &word[..length]));
        let shorter = (0..word.len()).rev().map(|length| (BACKSPACE, &word[..length]));
        for (key, typed) in longer.chain(shorter) {
            let before = pty.frames();
            let pressed = pty.press(key);
            // Something else may stand there where nothing is typed.
            let shown = match typed {
                "" => pty.frame_after(before),
                typed => pty.until(typed, |screen| has_typed(screen, typed)),
            };
            times.push(since(pressed, shown));
            pty.listen(PAUSE);
        }
        if times.len() >= KEYS {
            break;
        }
    }
    pty.settle(QUIET);
    note(table, &mut times, TYPED, TYPED_HALF);
}

/// Down further than the screen reaches, and up again: no step may be one that changes nothing.
fn moving(pty: &mut Pty, table: &mut Table) {
    const WAY: usize = 50;
    let mut times = Vec::new();
    for number in 0..KEYS {
        let key = if (number / WAY).is_multiple_of(2) { DOWN } else { UP };
        let before = pty.frames();
        let pressed = pty.press(key);
        times.push(since(pressed, pty.frame_after(before)));
        pty.listen(PAUSE);
    }
    note(table, &mut times, MOVED, MOVED_HALF);
}

/// A word that one thread alone has said, typed as fast as anybody types.
fn finding(pty: &mut Pty, table: &mut Table) {
    let (word, title) = (RARE[0], &RARE[1][..12]);
    let (begin, last) = word.split_at(word.len() - 1);
    for letter in begin.chars() {
        pty.press(letter.to_string());
        pty.listen(PAUSE);
    }
    pty.until("the word but its last letter", |screen| has_typed(screen, begin));
    let pressed = pty.press(last);
    let found = pty
        .until("the thread", |screen| has_typed(screen, word) && screen.shows(title) && !screen.shows(&OTHER[1][..12]));
    table.note(FOUND, since(pressed, found));
    pty.press(CTRL_U);
    pty.settle(QUIET);
}

fn note(table: &mut Table, times: &mut [f64], most: &'static str, half: &'static str) {
    times.sort_by(f64::total_cmp);
    table.note(most, times[times.len() * 95 / 100]);
    table.note(half, times[times.len() / 2]);
}

fn since(pressed: Instant, shown: Instant) -> f64 {
    millis(shown.saturating_duration_since(pressed))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The most memory that a process had resident.
fn peak_megabytes(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0 / 1e6
}
