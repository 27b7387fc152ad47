//! How time grows with what there is: the same question of homes of a thousand, two thousand and so on. A ratio of two between
//! sizes is linear, of four quadratic.

use std::path::Path;

use rusqlite::{Connection, params};
use support::{Collection, Generator, History, Program, Rollout, Spread, long_thread};

use crate::table::millis;

const FIRST: i64 = 1_772_000_000_000;

/// A kind of home, the sizes it is measured at, and what is asked of it.
struct Kind {
    name: &'static str,
    sizes: &'static [usize],
    make: fn(&Path, usize),
    questions: &'static [&'static str],
}

const KINDS: [Kind; 8] = [
    Kind {
        name: "forks of forks, times in order",
        sizes: &[1_000, 2_000, 4_000, 10_000],
        make: |home, count| forks(home, count, |at, _| at),
        questions: &[
            "init --no-index",
            "list",
            "turns LAST --limit 20",
            "debug prompt-input LAST",
            "delete FIRST --with-forks --dry-run",
        ],
    },
    Kind {
        name: "forks of forks, times mixed",
        sizes: &[1_000, 2_000, 4_000, 10_000],
        make: |home, count| forks(home, count, |at, count| at * 619 % count),
        questions: &[
            "init --no-index",
            "list",
            "turns LAST --limit 20",
            "debug prompt-input LAST",
            "delete FIRST --with-forks --dry-run",
        ],
    },
    Kind {
        name: "sub-agents of sub-agents",
        sizes: &[1_000, 2_000, 4_000, 10_000],
        make: |home, count| agents(home, count, true),
        questions: &["init --no-index", "list", "--json list"],
    },
    Kind {
        name: "sub-agents of one thread",
        sizes: &[1_000, 10_000, 100_000],
        make: |home, count| agents(home, count, false),
        questions: &["init --no-index", "list", "delete FIRST --dry-run", "archive FIRST"],
    },
    Kind {
        name: "reverts of one thread",
        sizes: &[1_000, 2_000, 4_000, 20_000],
        make: reverts,
        questions: &["init --no-index", "doctor"],
    },
    Kind {
        name: "turns of one thread, 100 KB each",
        sizes: &[1_000, 10_000, 50_000],
        make: |home, turns| drop(long_thread(home, &id(turns - 1), turns)),
        questions: &["init --no-index", "turns LAST --tail 3"],
    },
    Kind {
        name: "threads of at most 10 KB",
        sizes: &[1_000, 10_000, 100_000],
        make: small,
        questions: &["init --no-index", "list", "--no-refresh list", "doctor --quick"],
    },
    Kind {
        name: "rows of Codex's",
        sizes: &[10_000, 40_000, 300_000],
        make: rows,
        questions: &["init --no-index", "list"],
    },
];

/// How many sizes a run that is not full asks about.
const USUAL_SIZES: usize = 2;

/// Asks every question of every size, or of the first ones, and prints the times, and how they grow: at the first size and twice as much is 2.0.
pub(crate) fn growth(target: &Path, full: bool) {
    println!("\ngrowth: ms at each size, and how many times more than linear that is by the last one");
    for kind in KINDS {
        println!("  {}", kind.name);
        let mut times: Vec<Vec<f64>> = vec![Vec::new(); kind.questions.len()];
        let sizes = &kind.sizes[..if full { kind.sizes.len() } else { USUAL_SIZES }];
        for &size in sizes {
            let place = tempfile::tempdir_in(target).unwrap();
            let home = place.path().join("home");
            std::fs::create_dir_all(&home).unwrap();
            (kind.make)(&home, size);
            let program = Program::on(&home, &place.path().join("state"));
            for (question, times) in kind.questions.iter().zip(&mut times) {
                let question = question.replace("FIRST", &id(0)).replace("LAST", &id(size - 1));
                times.push(millis(|| {
                    let outcome = program.run(question.split(' '));
                    assert!(matches!(outcome.code, Some(0 | 5)), "{question}: {}", outcome.stderr);
                }));
            }
        }
        for (question, times) in kind.questions.iter().zip(times) {
            let told = sizes.iter().zip(&times).map(|(size, time)| format!("{size}: {time:.0}"));
            let more = sizes[sizes.len() - 1] as f64 / sizes[0] as f64;
            let growth = times[times.len() - 1] / times[0] / more;
            println!("    {question:<38} {}   x{growth:.2}", told.collect::<Vec<_>>().join("  "));
        }
    }
}

fn id(number: usize) -> String {
    format!("019ca8a0-0000-7000-8000-{number:012}")
}

fn forks(home: &Path, count: usize, second: fn(usize, usize) -> usize) {
    let mut above: Option<Rollout> = None;
    for number in 0..count {
        let thread = Rollout::paginated(&id(number)).at_millis(FIRST + 1_000 * second(number, count) as i64);
        let thread = above.iter().fold(thread, |thread, above| thread.fork_of(above)).user("words");
        thread.write(home, Collection::Active);
        above = Some(thread);
    }
}

fn agents(home: &Path, count: usize, nested: bool) {
    for number in 0..count {
        let thread = Rollout::paginated(&id(number)).at_millis(FIRST + 1_000 * number as i64).user("words");
        let parent = if nested { number.checked_sub(1) } else { (number > 0).then_some(0) };
        let spawned = |thread: Rollout, parent| {
            let parent = id(parent);
            thread.source_json(&format!(
                "{{\"subagent\":{{\"thread_spawn\":{{\"parent_thread_id\":\"{parent}\",\"depth\":1}}}}}}"
            ))
        };
        parent.into_iter().fold(thread, spawned).write(home, Collection::Active);
    }
}

fn reverts(home: &Path, count: usize) {
    let first = Rollout::paginated(&id(0)).at_millis(FIRST).user("first").user("second");
    first.write(home, Collection::Active);
    for number in 1..count {
        let again = Rollout::revert_of(&first, 1, "again").at_millis(FIRST + 60_000 * number as i64);
        again.write(home, Collection::Active);
    }
}

fn small(home: &Path, count: usize) {
    Generator { seed: 1, rollouts: count, history: History::Mixed, sizes: Spread::Small }.write(home);
}

fn rows(home: &Path, count: usize) {
    Rollout::paginated(&id(0)).at_millis(FIRST).user("words").write(home, Collection::Active);
    let mut db = Connection::open(home.join("state_5.sqlite")).unwrap();
    db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    db.execute_batch(include_str!("../fixtures/codex-db/169.sql")).unwrap();
    let transaction = db.transaction().unwrap();
    for number in 0..count {
        let path = home.join(format!("sessions/2026/03/01/rollout-2026-03-01T10-00-00-{}.jsonl", id(number)));
        transaction
            .execute(
                "INSERT INTO threads (id, rollout_path, created_at, updated_at, source, model_provider, cwd, title,
                 sandbox_policy, approval_mode) VALUES (?1, ?2, 1772000000, 1772000000, 'cli', 'openai', '/a', ?1, '{}', '')",
                params![id(number), path.to_str()],
            )
            .unwrap();
    }
    transaction.commit().unwrap();
}
