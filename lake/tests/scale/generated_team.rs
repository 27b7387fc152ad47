//! Writes the lines by which one machine of a made-up team pushes: rows without text, the same ones every time.
//!
//!     generated_team MACHINE PUSH PUSHES THREADS
//!
//! A machine's threads lie in one year. The first push takes four fifths of them, each later one a part of the rest, and goes on with
//! some threads of shortly before.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

/// Is the beginning of December 2025.
const START: u64 = 1_764_547_200_000;
const MINUTE: u64 = 60 * 1000;
const YEAR: u64 = 365 * 24 * 60 * MINUTE;
/// Is how many repositories the team works in.
const REPOSITORIES: u64 = 400;
const MODELS: [(&str, f64); 4] = [("large", 4e-6), ("medium", 1e-6), ("small", 2e-7), ("local", 0.0)];

/// Gives numbers that look random, and are those of their seed.
struct Random(u64);

impl Random {
    fn of(machine: u64, thread: u64, part: u64) -> Random {
        let mut random = Random((machine << 40) ^ (thread << 8) ^ part);
        random.next();
        random
    }

    /// Is SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Gives small numbers often and large ones seldom.
    fn mostly_small(&mut self, end: u64) -> u64 {
        let part = self.below(1 << 20) as f64 / f64::from(1 << 20);
        (part * part * part * end as f64) as u64
    }

    /// Gives an id that begins with a moment, as those of threads and turns do.
    fn id(&mut self, moment: u64) -> String {
        let (one, other) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-7{:03x}-8{:03x}-{:012x}",
            moment >> 16,
            moment & 0xffff,
            one & 0xfff,
            one >> 16 & 0xfff,
            other >> 16
        )
    }
}

/// Is the team's machine, and what it pushes.
struct Machine {
    number: u64,
    threads: u64,
    pushes: u64,
}

impl Machine {
    /// Gives the first thread that no push before this one has.
    fn first_of(&self, push: u64) -> u64 {
        match (push, self.pushes) {
            (0, _) => 0,
            (_, 1) => self.threads,
            (push, pushes) => self.threads * 4 / 5 + (self.threads / 5) * (push - 1) / (pushes - 1),
        }
    }

    fn push(&self, push: u64, output: &mut impl Write) -> io::Result<()> {
        let (from, to) =
            (self.first_of(push), if push + 1 < self.pushes { self.first_of(push + 1) } else { self.threads });
        let now = START + YEAR * to / self.threads;
        writeln!(
            output,
            r#"{{"begin":{{"schema":1,"machine":"m-{0:06}","home":"h-{0:06}","name":"laptop {0}","system":"linux x86_64","programVersion":"0.1.0","now":{now}}}}}"#,
            self.number
        )?;
        if push > 0 {
            let recent = from.saturating_sub(self.threads / 5 / (self.pushes - 1).max(1));
            for thread in (recent..from).filter(|thread| thread % 20 == 7) {
                self.thread(thread, true, output)?;
            }
        }
        for thread in from..to {
            self.thread(thread, false, output)?;
        }
        writeln!(output, r#"{{"end":{{"threads":{to}}}}}"#)
    }

    fn created(&self, thread: u64) -> u64 {
        START + YEAR / self.threads * thread
    }

    fn id(&self, thread: u64) -> String {
        Random::of(self.number, thread, 0).id(self.created(thread))
    }

    /// Writes a thread, or what of it is new later: its last turn again, and one more.
    fn thread(&self, thread: u64, is_later: bool, output: &mut impl Write) -> io::Result<()> {
        let mut random = Random::of(self.number, thread, 1);
        let (id, created) = (self.id(thread), self.created(thread));
        let turns = if random.below(500) == 0 { 60 } else { 1 + random.mostly_small(13) };
        let is_subagent = thread > 0 && random.below(8) == 0;
        let parent = if is_subagent { format!(r#""{}""#, self.id(thread - 1)) } else { "null".into() };
        let source =
            if is_subagent { "subAgentThreadSpawn" } else { ["cli", "vscode", "exec"][random.below(3) as usize] };
        let (repository, (model, price)) = (random.mostly_small(REPOSITORIES), MODELS[random.below(4) as usize]);
        let (branch, commit, bytes) = (random.below(30), random.next(), 20_000 + random.mostly_small(2_000_000));
        let all = turns + u64::from(is_later);
        writeln!(output, r#"{{"open":{{"thread":"{id}","generation":1}}}}"#)?;
        writeln!(
            output,
            r#"{{"threads":{{"project":"/home/user{0}/src/service-{repository}","repository":"https://git.example.org/team/service-{repository}.git","branch":"work-{branch}","commit":"{commit:016x}{1:024x}","source":"{source}","model":"{model}","provider":"openai","codex_version":"0.{2}.0","created_at":{created},"updated_at":{3},"archived":false,"parent_thread":{parent},"turns":{all},"tokens":{4},"tags":[],"rollout_bytes":{bytes},"has_text":false,"deleted":false}}}}"#,
            self.number,
            u128::from(commit) << 20 | 0xabcde,
            150 + thread % 20,
            created + all * 9 * MINUTE,
            all * 120_000,
        )?;
        let mut request = 0;
        for turn in 1..=all {
            let mut random = Random::of(self.number, thread, 1 + turn);
            let started = created + turn * 9 * MINUTE + random.below(MINUTE);
            let (turn_id, duration, items) =
                (random.id(started), 2_000 + random.mostly_small(900_000), 2 + random.mostly_small(60));
            let status =
                ["completed", "completed", "completed", "completed", "interrupted", "failed"][random.below(6) as usize];
            let is_told = !is_later || turn >= turns;
            if is_told {
                writeln!(
                    output,
                    r#"{{"turns":{{"turn":{turn},"turn_id":"{turn_id}","started_at":{started},"completed_at":{},"duration_ms":{duration},"status":"{status}","items":{items}}}}}"#,
                    started + duration
                )?;
            }
            for _ in 0..1 + random.below(4) {
                request += 1;
                let (input, cached) = (200 + random.mostly_small(30_000), 1000 * turn + random.mostly_small(200_000));
                let produced = 20 + random.mostly_small(4_000);
                // The requests of the turn that comes again are there already.
                if is_told && !(is_later && turn == turns) {
                    let at = started + random.below(duration);
                    let cost = (input as f64 + cached as f64 / 10.0 + produced as f64 * 8.0) * price;
                    writeln!(
                        output,
                        r#"{{"usage":{{"request":{request},"at":{at},"model":"{model}","input":{input},"cached_input":{cached},"cache_write":0,"output":{produced},"reasoning":{},"cost_usd":{cost:.6}}}}}"#,
                        produced / 3
                    )?;
                }
            }
        }
        writeln!(output, r#"{{"close":{{}}}}"#)
    }
}

#[allow(clippy::print_stderr, reason = "whoever calls it wrongly should know")]
fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let [number, push, pushes, threads] = numbers[..] else {
        eprintln!("generated_team MACHINE PUSH PUSHES THREADS");
        return ExitCode::from(2);
    };
    let mut output = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let written = Machine { number, threads, pushes }.push(push, &mut output).and_then(|()| output.flush());
    if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
