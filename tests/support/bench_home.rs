//! A home of any size, like a year of work: about 80 KB a rollout, half of it instructions.

use std::path::Path;
use std::thread;

use crate::time::millis;
use crate::writer::{Chance, Collection, Rollout, config};

/// What was written.
pub struct BenchHome {
    /// Bytes of all rollouts.
    pub bytes: u64,
    /// The threads, in the order in which they were made up.
    pub ids: Vec<String>,
}

const DAYS: u64 = 365;
/// Text to cut from; every rollout begins elsewhere in it.
const POOL: usize = 256 * 1024;

/// Writes a home of so many rollouts, the same for every run.
pub fn bench_home(home: &Path, rollouts: usize) -> BenchHome {
    config(home, "harbour");
    let (prose, output) = (prose(), output());
    let write = |from: usize| -> Vec<(usize, String, u64)> {
        (from..rollouts)
            .step_by(2)
            .map(|number| {
                let mut chance = Chance::new(&format!("rollout {number}"));
                let collection = if chance.below(100) < 3 { Collection::Archived } else { Collection::Active };
                let rollout = one(&mut chance, &prose, &output);
                let path = rollout.write(home, collection);
                (number, rollout.id().to_owned(), path.metadata().unwrap().len())
            })
            .collect()
    };
    let mut all = thread::scope(|scope| {
        let odd = scope.spawn(|| write(1));
        let mut all = write(0);
        all.extend(odd.join().unwrap());
        all
    });
    all.sort();
    BenchHome { bytes: all.iter().map(|(.., bytes)| bytes).sum(), ids: all.into_iter().map(|(_, id, _)| id).collect() }
}

fn one(chance: &mut Chance, prose: &str, output: &str) -> Rollout {
    let at = millis("2025-04-01T00:00:00.000Z") + chance.below(DAYS * 86_400_000) as i64;
    let id = chance.uuid7(at);
    let project = chance.below(40);
    let rollout = match chance.below(4) {
        0 => Rollout::legacy(&id).release(130),
        1 => Rollout::legacy(&id),
        2 => Rollout::paginated(&id).release(160),
        _ => Rollout::paginated(&id),
    };
    let source = ["cli", "vscode", "vscode", "exec"][chance.below(4) as usize];
    let instructions = 20_000 + chance.below(20_000) as usize;
    let url = format!("https://git.example.org/team/project-{project}.git");
    let mut rollout = rollout
        .at_millis(at)
        .cwd(&format!("/home/robin/src/project-{project}"))
        .source(source)
        .git("main", "3f1c9a7be0d24586a1f7c0b95e8d64b2730fa1cd", &url)
        .instructions(cut(chance, prose, instructions));
    let mut tokens = 0;
    for _ in 0..1 + chance.below(4) {
        let (asked, said) = (30 + chance.below(300) as usize, 200 + chance.below(1500) as usize);
        rollout = rollout.user(cut(chance, prose, asked));
        for _ in 0..chance.below(5) {
            let (thought, printed) = (200 + chance.below(500) as usize, 100 + chance.below(3500) as usize);
            tokens += 900 + chance.below(3000);
            rollout = rollout
                .reasoning(cut(chance, prose, thought))
                .command("cargo test --all", cut(chance, output, printed), (chance.below(5) == 0).into())
                .tokens(tokens);
        }
        tokens += 700 + chance.below(900);
        rollout = rollout.agent(cut(chance, prose, said)).tokens(tokens).minutes(1 + chance.below(30) as i64);
    }
    rollout
}

fn cut<'a>(chance: &mut Chance, pool: &'a str, length: usize) -> &'a str {
    let start = chance.below((POOL - length) as u64) as usize;
    &pool[pool.floor_char_boundary(start)..pool.floor_char_boundary(start + length)]
}

/// Sentences, with the quotes and line breaks that JSON must escape, and a word beyond ASCII now and then.
fn prose() -> String {
    const WORDS: [&str; 32] = [
        "the", "a", "of", "and", "to", "parser", "cursor", "window", "retry", "reads", "writes", "keeps", "moves",
        "table", "row", "segment", "cache", "config", "\"main\"", "`flush`", "naïve", "before", "after", "never",
        "always", "which", "stream", "token", "build", "test", "größer", "line",
    ];
    fill(|chance, text| {
        text.push_str(WORDS[chance.below(32) as usize]);
        text.push_str(match chance.below(60) {
            0 => ".\n\n",
            1..=4 => ". ",
            5..=7 => ", ",
            _ => " ",
        });
    })
}

/// Lines as compilers and tests print them.
fn output() -> String {
    fill(|chance, text| {
        let (file, line) = (chance.below(90), chance.below(900));
        text.push_str(&match chance.below(3) {
            0 => format!("test module_{file}::case_{line} ... ok\n"),
            1 => format!("   Compiling project-{file} v0.{line}.0 (/home/robin/src/project-{file})\n"),
            _ => format!("warning: unused variable: `x{line}`\n  --> src/module_{file}.rs:{line}:9\n\t|\n"),
        });
    })
}

fn fill(mut more: impl FnMut(&mut Chance, &mut String)) -> String {
    let mut chance = Chance::new("pool");
    let mut text = String::with_capacity(POOL + 256);
    while text.len() < POOL {
        more(&mut chance, &mut text);
    }
    text
}
