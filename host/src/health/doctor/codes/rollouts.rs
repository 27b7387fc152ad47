//! Codes about the files that hold threads.

use threadkeep_engine::contract::Severity::{Error, Info, Warning};

use super::Mended::Not;
use super::{FindingCode, code};

const SALVAGE: &str = "`threadkeep salvage FILE` copies what can be read into a new rollout; the original stays.";
const KILLED: &str = "A writer was killed, the disk was full, or two programs wrote the file at once.";

pub(super) const CODES: [FindingCode; 19] = [
    code(
        "empty-file",
        Warning,
        Not,
        "The rollout has no bytes.",
        "The disk was full, or the power went, before anything was written.",
        "Bring it back from a backup of yours, or delete it.",
    ),
    code(
        "unreadable-file",
        Error,
        Not,
        "The file claims to be a rollout and cannot be read.",
        "Permissions, a broken disk, or a compressed file that is damaged.",
        "Make it readable. What is left of a damaged file: `threadkeep salvage FILE`.",
    ),
    code("no-thread-in-file", Error, Not, "No record of the file says which thread it is.", KILLED, SALVAGE),
    code(
        "bad-line",
        Warning,
        Not,
        "A line is no record. Codex and Threadkeep pass over it.",
        KILLED,
        "The rest of the thread is read all the same. `threadkeep salvage FILE` copies what can be read into a new rollout.",
    ),
    code("bad-lines", Warning, Not, "More lines of the file are no records than are told one by one.", KILLED, SALVAGE),
    code(
        "ordinal-repeats",
        Warning,
        Not,
        "Two records have the same number: one may be shown twice, or not at all.",
        "Two programs wrote the thread at once, or files were joined.",
        SALVAGE,
    ),
    code(
        "ordinal-regresses",
        Warning,
        Not,
        "A record has a lower number than the one before it.",
        "Two programs wrote the thread at once, or files were joined.",
        SALVAGE,
    ),
    code(
        "ordinal-skips",
        Warning,
        Not,
        "Numbers are left out: records that stood here are gone.",
        "Lines were taken out of the file, or lost with a full disk.",
        SALVAGE,
    ),
    code(
        "ordinals",
        Warning,
        Not,
        "More records than are told one by one have numbers that do not follow.",
        "Two programs wrote the thread at once, or files were joined.",
        SALVAGE,
    ),
    code(
        "no-newline-at-end",
        Info,
        Not,
        "The last record has no newline. It is read all the same.",
        "A writer was killed, or is writing now.",
        "Nothing needs to be done: whoever writes on puts the newline first.",
    ),
    code(
        "several-files",
        Warning,
        Not,
        "Several files say that they are this thread, and none goes on from another.",
        "Files were copied inside of the home, or two homes were merged.",
        "Keep the one that has all of it, and move the others out of sessions/ and archived_sessions/.",
    ),
    code(
        "plain-and-compressed",
        Info,
        Not,
        "The rollout is there plain and compressed. The plain one is read.",
        "Compressing stopped in the middle.",
        "`threadkeep compress` goes on with it.",
    ),
    code(
        "revert-leftover",
        Info,
        Not,
        "The thread was taken back to an earlier turn; an older file keeps what stood after it.",
        "Codex begins a new file where a thread is taken back.",
        "Nothing needs to be done: `threadkeep turns --path FILE` shows it.",
    ),
    code(
        "misnamed-file",
        Info,
        Not,
        "Codex takes no file of this name for a rollout.",
        "The file was renamed by hand, or by a program that synchronizes files.",
        "Nothing has to be done as long as the rows are right; else give it the expected name while no Codex runs.",
    ),
    code(
        "misfiled-file",
        Info,
        Not,
        "The file lies in another directory than the date in its name says.",
        "The file was moved by hand.",
        "Nothing has to be done as long as the rows are right.",
    ),
    code(
        "copied-file",
        Warning,
        Not,
        "A copy of the thread's rollout lies beside it.",
        "A program that synchronizes or copies files made it, as `… (conflicted copy).jsonl`.",
        "Where the copy says the same, move it away. Where it differs, `threadkeep salvage ROLLOUT --merge COPY` makes one thread of \
         both.",
    ),
    code(
        "byte-order-mark",
        Warning,
        Not,
        "Lines of the file begin with a byte order mark, or it is in UTF-16.",
        "An editor saved the file.",
        "Threadkeep reads it, Codex passes over such lines. `threadkeep salvage FILE` makes a rollout that Codex reads.",
    ),
    code(
        "odd-times",
        Warning,
        Not,
        "Records have times in a form that no Codex writes.",
        "Another program wrote the file.",
        "Nothing has to be done to read the thread; whatever wrote the file should write RFC 3339, in UTC.",
    ),
    code(
        "history-before-compaction-lost",
        Warning,
        Not,
        "The first thing that the file tells is a compaction: what that summed up is gone.",
        "The beginning of the file was cut off.",
        "Bring the whole file back from a backup of yours, if there is one.",
    ),
];
