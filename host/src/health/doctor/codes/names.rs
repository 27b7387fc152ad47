//! Codes about names, and about how threads are related.

use threadkeep_engine::contract::Severity::{Error, Info, Warning};

use super::Mended::{Codex, Not};
use super::{FindingCode, code};

pub(super) const CODES: [FindingCode; 6] = [
    code(
        "lost-name",
        Warning,
        Codex,
        "The thread was given a name that Codex does not show, or still has one that was taken away.",
        "The name was given here, or stands in session_index.jsonl alone, which Codex does not read for every thread.",
        "Apply the repair: the name that was given last is put into Codex's row.",
    ),
    code(
        "name-in-one-place",
        Info,
        Not,
        "Only Codex's database knows the thread's name.",
        "Codex keeps the names of newer threads nowhere else: when the database is made anew, they are gone.",
        "`threadkeep init` takes it over and keeps it.",
    ),
    code(
        "missing-edge",
        Warning,
        Codex,
        "The thread was spawned by another one, and Codex does not know that.",
        "Codex's database was made anew, or its row was written by a program that does not tell it.",
        "Apply the repair: the rollout says who spawned it.",
    ),
    code(
        "wrong-edge",
        Warning,
        Codex,
        "Codex takes the thread for another one's child than it is.",
        "A row was copied or changed by another program.",
        "Apply the repair: the rollout says who spawned it.",
    ),
    code(
        "parent-missing",
        Warning,
        Not,
        "The thread was spawned by one that nobody knows any more.",
        "The parent's rollout was deleted, or lies in another home.",
        "Bring the parent's rollout back from a backup of yours; `threadkeep list --flat` shows the thread meanwhile.",
    ),
    code(
        "broken-base",
        Error,
        Not,
        "The thread's history begins in another rollout that is gone, or no longer what it was.",
        "The thread is a fork, and the rollout of its origin was deleted, cut or rewritten.",
        "Bring the other rollout back from a backup of yours. Without it the beginning of the thread cannot be shown.",
    ),
];
