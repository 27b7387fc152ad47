//! Says what is wrong with the home apart from its threads.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::findings::{expected, leave_closed_tables, seen, told};
use super::text_index::of_text_index;
use crate::text::paths::canonical_id;
use contract::{
    BackfillFacts, Cell, Change, CodexChange, DatabaseFacts, DatabaseRole, Edit, EditTarget, Finding, ForeignFault,
    HomeFacts, ModeChange, Severity, Value,
};

/// How long Codex lets a backfill be silent before it begins another one. Measured: 900 s.
pub(super) const LEASE: i64 = 900_000;
/// A WAL, or pages that hold nothing, of fewer bytes are nobody's worry.
const WORTH_TELLING: u64 = 64 << 20;
/// Bits of a mode that are not the owner's.
const OTHERS: u32 = 0o077;
/// The file that holds keys.
const KEYS: &str = "auth.json";

/// Says what is wrong with the home.
pub fn diagnose_home(facts: &HomeFacts) -> Vec<Finding> {
    let mut found = findings_of(facts);
    leave_closed_tables(&mut found, &facts.closed);
    found
}

fn findings_of(facts: &HomeFacts) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(unfinished) = &facts.unfinished {
        let told = told("repair-unfinished", Severity::Error);
        found.push(Finding {
            evidence: vec![seen("repair", unfinished)],
            meaning: "A repair was interrupted: some of its changes are made and others are not.".into(),
            remedy: "threadkeep init: every start finishes what was begun".into(),
            ..told
        });
    }
    found.extend(facts.backfill.as_ref().and_then(backfill));
    found.extend(facts.codex_backfill.as_ref().and_then(|backfill_facts| codex_backfill(backfill_facts, facts.now)));
    let newest =
        facts.databases.iter().filter(|it| it.role == DatabaseRole::CodexState).max_by_key(|it| number(&it.path));
    for database in &facts.databases {
        found.extend(of_database(database, newest.is_some_and(|newest| newest.path == database.path)));
    }
    let (without, all) = facts.unprojected;
    if without > 0 {
        found.push(Finding {
            evidence: vec![expected("paginated threads with a history", &(all - without), &all)],
            meaning: "Codex shows these threads without any turns. Their rollouts are whole, and Threadkeep shows all \
                      of them; what is gone is Codex's own index of their histories."
                .into(),
            remedy: "resume each of these threads once in Codex, which makes the index anew".into(),
            ..told("history-not-projected", Severity::Warning)
        });
    }
    found.extend(facts.foreign_homes.iter().map(|(place, threads)| {
        Finding {
            path: Some(place.clone()),
            evidence: vec![seen("threads", threads)],
            meaning:
                "Codex's database says that these threads lie in another directory: the home was moved or copied. \
                  Codex can neither resume them nor show their turns, or takes the files of the other home for them."
                    .into(),
            remedy: "threadkeep repair apply --target codex".into(),
            ..told("rows-of-another-home", Severity::Warning)
        }
    }));
    found.extend(facts.text_index.iter().flat_map(of_text_index));
    found.extend(facts.foreign_faults.iter().map(foreign_fault));
    found.extend(facts.locks.iter().map(locked));
    found.extend(open_to_others(&facts.modes));
    found.extend(facts.network.as_ref().map(|kind| {
        Finding {
            evidence: vec![seen("file system", kind)],
            meaning:
                "The home is reached over a network. SQLite and the locks that keep two programs from writing one \
                  thread may not work there."
                    .into(),
            remedy:
                "put the databases on a local disk: --state-dir for Threadkeep's, `sqlite_home` in config.toml for \
                 Codex's"
                    .into(),
            ..told("network-file-system", Severity::Warning)
        }
    }));
    found.extend(facts.links.iter().map(link));
    found
}

/// What could not be read of another program.
fn foreign_fault(fault: &ForeignFault) -> Finding {
    Finding {
        evidence: vec![seen("program", &fault.program), seen("files", &fault.unit), seen("why", &fault.why)],
        meaning: "These files of another program could not be read as sessions of that. Their threads are missing here, or are \
                  as they were before; they are tried again when the files change."
            .into(),
        remedy: "where the program itself can read it, look for a newer importer: threadkeep plugin update".into(),
        ..told("foreign-sessions-unreadable", Severity::Warning)
    }
}

fn edit(finding: &Finding, target: EditTarget, reason: &str, change: Change) -> Edit {
    let (code, thread) = (finding.code.clone(), finding.thread.clone());
    let safe_while_open = target == EditTarget::State;
    Edit {
        code,
        thread,
        reason: reason.into(),
        target,
        change,
        preconditions: Vec::new(),
        opt_in: false,
        safe_while_open,
    }
}

/// The state DB's own backfill.
fn backfill(backfill_facts: &BackfillFacts) -> Option<Finding> {
    let phase = backfill_facts.phase.as_str();
    if phase == "complete" {
        return None;
    }
    let mut evidence = vec![seen("phase", phase)];
    evidence.extend(backfill_facts.owner.as_ref().map(|owner| seen("owner", owner)));
    if phase == "running" && backfill_facts.gone == Some(false) {
        return Some(Finding {
            evidence,
            meaning: "Another process is reading the rollouts into Threadkeep's index.".into(),
            remedy: "wait until it has ended".into(),
            ..told("backfill-running", Severity::Info)
        });
    }
    let mut finding = Finding {
        evidence,
        meaning: "Threadkeep's index was not filled to the end. Commands still answer, from the files, more slowly."
            .into(),
        remedy: "threadkeep repair apply".into(),
        ..told("backfill-incomplete", Severity::Warning)
    };
    let reason = "the index is filled from where it was left";
    finding.edits.push(edit(&finding, EditTarget::State, reason, Change::FillState((phase.into(), "complete".into()))));
    Some(finding)
}

/// Codex's.
fn codex_backfill(backfill_facts: &BackfillFacts, now: i64) -> Option<Finding> {
    match backfill_facts.phase.as_str() {
        "running" => Some(codex_running(backfill_facts, now)),
        "pending" => Some(Finding {
            evidence: vec![seen("phase", "pending")],
            meaning: "Codex has yet to read its rollouts into its database, and does so at its next start.".into(),
            remedy: "nothing needs to be done".into(),
            ..told("backfill-incomplete", Severity::Info)
        }),
        _ => None,
    }
}

fn codex_running(backfill_facts: &BackfillFacts, now: i64) -> Finding {
    let silent = backfill_facts.heard.map(|heard| now.saturating_sub(heard));
    let expired = silent.is_none_or(|silent| silent > LEASE);
    let mut evidence = vec![seen("phase", "running")];
    evidence.extend(silent.map(|silent| seen("seconds since it was heard of", &(silent / 1000))));
    let blocks = "While Codex's database says that it is being filled, Codex waits 30 seconds at every start and its \
                  app-server, which editors use, does not start at all.";
    let (severity, meaning, remedy) = match (backfill_facts.gone, expired) {
        (Some(true), false) => (
            Severity::Error,
            format!("A Codex was ended while it filled its database. {blocks} It lasts 15 minutes."),
            "threadkeep repair apply --target codex, or wait 15 minutes",
        ),
        (Some(true), true) => (
            Severity::Warning,
            "A Codex was ended while it filled its database. The next start of Codex reads every rollout again.".into(),
            "threadkeep repair apply --target codex, or start Codex",
        ),
        (_, true) => (
            Severity::Warning,
            format!("Codex's database says that it is being filled, and nothing was heard of that for long. {blocks}"),
            "end every Codex and look again: then it shows whether it is stuck",
        ),
        (_, false) => {
            (Severity::Info, "A Codex is reading its rollouts into its database.".into(), "wait until it has ended")
        }
    };
    let mut finding = Finding { evidence, meaning, remedy: remedy.into(), ..told("backfill-running", severity) };
    if backfill_facts.gone == Some(true)
        && let Some(change) = release(&backfill_facts.row, now)
    {
        let reason = "nobody has the database open, so whoever was filling it is gone";
        finding.edits.push(edit(&finding, EditTarget::Codex, reason, Change::CodexRow(change)));
    }
    finding
}

/// `backfill_state` as it is before anybody fills.
fn release(row: &[Cell], now: i64) -> Option<CodexChange> {
    let of = |name: &str| row.iter().find(|cell| cell.column == name).cloned();
    let (key, status) = (of("id")?, of("status")?);
    let heard = of("updated_at");
    let mut after = vec![Cell { value: Value::Text("pending".into()), ..status.clone() }];
    after.extend(heard.clone().map(|heard| Cell { value: Value::Integer(now / 1000), ..heard }));
    let before = [Some(status), heard].into_iter().flatten().collect();
    Some(CodexChange { table: "backfill_state".into(), key: vec![key], before: Some(before), after: Some(after) })
}

/// The number in a name as Codex gives it to its databases.
fn number(path: &str) -> u64 {
    let digits = path.strip_suffix(".sqlite").and_then(|stem| stem.rsplit('_').next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// The highest number in the name of a database of Codex's that was seen, as in `state_5.sqlite`.
const CODEX_NUMBERS: [(DatabaseRole, i64); 2] = [(DatabaseRole::CodexState, 5), (DatabaseRole::CodexHistory, 1)];

/// What is newer of a database than anything known: what it is, and what is known.
fn newer(database: &DatabaseFacts) -> Option<(&'static str, i64, i64)> {
    let higher = |(version, known): (i64, i64)| (version > known).then_some((version, known));
    let number = i64::try_from(number(&database.path)).unwrap_or(i64::MAX);
    let known = CODEX_NUMBERS.iter().find(|(role, _)| *role == database.role).map(|(_, known)| *known);
    let by_version = database.version.zip(database.known).and_then(higher);
    let by_number = || known.and_then(|known| higher((number, known)));
    let named = |what| move |(version, known)| (what, version, known);
    by_version.map(named("version")).or_else(|| by_number().map(named("number in its name")))
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn of_database(database: &DatabaseFacts, newest: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    let about = |code: &str, severity: Severity| Finding { path: Some(database.path.clone()), ..told(code, severity) };
    if let Some(fault) = &database.fault {
        found.push(corrupt(database, fault, newest, about("database-corrupt", Severity::Error)));
    }
    if let Some((what, version, known)) = newer(database) {
        let own = database.role == DatabaseRole::State;
        let (meaning, remedy) = match own {
            true => (
                "A newer Threadkeep made this index. This one leaves it alone and answers from the files.",
                "use the newer Threadkeep",
            ),
            false => (
                "A newer Codex than this Threadkeep knows made this database. It is read by its columns all the same.",
                "nothing to be done; a newer Threadkeep may know more of it",
            ),
        };
        found.push(Finding {
            evidence: vec![expected(what, &version, &known)],
            meaning: meaning.into(),
            remedy: remedy.into(),
            ..about("database-newer", if own { Severity::Warning } else { Severity::Info })
        });
    }
    if let Some(why) = database.misunderstood.as_ref().filter(|_| database.role != DatabaseRole::CodexState || newest) {
        found.push(Finding {
            evidence: vec![seen("database", why)],
            meaning:
                "This database has a form that Threadkeep does not know, or cannot be looked into. What only it knows, as \
                      names, may not be shown, and nothing in it is repaired."
                    .into(),
            remedy: "see who may read it; use a newer Threadkeep if Codex is newer than this one".into(),
            ..about("database-not-understood", Severity::Warning)
        });
    }
    if database.wal > WORTH_TELLING && database.wal > database.size / 2 {
        let mut evidence = vec![seen("bytes of the WAL", &database.wal), seen("bytes of the database", &database.size)];
        evidence.extend(database.holders.iter().flatten().map(|pid| seen("opened by process", pid)));
        found.push(Finding {
            evidence,
            meaning:
                "Changes of this database pile up beside it and are not taken over into it: some program keeps it \
                      open and reading. It takes room, and everything that asks it becomes slower."
                    .into(),
            remedy: "end every program that has it open, then start one of them: it takes the changes over".into(),
            ..about("wal-large", Severity::Warning)
        });
    }
    if database.free > WORTH_TELLING && database.free > database.size / 2 {
        found.push(Finding {
            evidence: vec![seen("bytes that hold nothing", &database.free), seen("bytes of the file", &database.size)],
            meaning: "Most of this database's file holds nothing any more; only room on the disk is lost.".into(),
            remedy: format!("while nobody has it open: sqlite3 '{}' VACUUM", database.path),
            ..about("free-pages", Severity::Info)
        });
    }
    found
}

fn corrupt(database: &DatabaseFacts, fault: &str, newest: bool, about: Finding) -> Finding {
    let mut finding = Finding { evidence: vec![seen("fault", fault)], ..about };
    let restore = "threadkeep backup restore, if there is a backup of it";
    let (meaning, remedy) = match database.role {
        DatabaseRole::State => (
            "Threadkeep's index is damaged. Nothing is lost but what only it knew, and of that everything that can \
             still be read is taken over.",
            "threadkeep repair apply",
        ),
        DatabaseRole::CodexState if newest => (
            "Codex's database of threads is damaged. Codex may not start, or may lose names and order of threads. The \
             rollouts hold the conversations; they are not affected.",
            "threadkeep repair apply --target codex: Codex then makes a new one at its next start",
        ),
        DatabaseRole::CodexState => {
            ("An old database of Codex's is damaged. The Codex that uses a newer one is not affected.", restore)
        }
        DatabaseRole::CodexHistory => (
            "Codex's index of what was said and done is damaged: it may show threads without their turns. The rollouts \
             are not affected.",
            restore,
        ),
        DatabaseRole::CodexOther => ("A database of Codex's is damaged: what it kept there may be lost.", restore),
    };
    (finding.meaning, finding.remedy) = (meaning.into(), remedy.into());
    if database.role == DatabaseRole::CodexState && !newest {
        finding.severity = Severity::Warning;
    }
    match database.role {
        DatabaseRole::State => {
            let change = Change::FillState(("damaged".into(), "complete".into()));
            finding.edits.push(edit(
                &finding,
                EditTarget::State,
                "what is damaged is moved aside and made anew",
                change,
            ));
        }
        DatabaseRole::CodexState if newest => {
            let name = name_of(&database.path);
            let change = Change::SetAside((name.into(), format!("{name}.damaged")));
            let reason = "Codex makes a new one from the rollouts where there is none";
            finding.edits.push(edit(&finding, EditTarget::Codex, reason, change));
        }
        _ => {}
    }
    finding
}

fn locked((file, pid): &(String, u32)) -> Finding {
    let thread = name_of(file).strip_suffix(".lock").and_then(canonical_id);
    let meaning = match thread {
        Some(_) => {
            "A program has this thread open for writing. It can be read, and not be changed by others meanwhile."
        }
        None => "A program is at work in this home and keeps others from the same work.",
    };
    Finding {
        thread,
        path: Some(file.clone()),
        evidence: vec![seen("process", pid)],
        meaning: meaning.into(),
        remedy: "nothing needs to be done; it ends with the program".into(),
        ..told("locked", Severity::Info)
    }
}

/// Nobody comes to what lies in a directory that is closed to others.
fn open_to_others(modes: &[(String, u32)]) -> Vec<Finding> {
    let closed = modes.iter().any(|(path, mode)| path.is_empty() && mode & OTHERS == 0);
    let reached = |path: &str| !closed || path.starts_with('/');
    let open: Vec<&(String, u32)> = modes.iter().filter(|(path, mode)| mode & OTHERS != 0 && reached(path)).collect();
    let (keys, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(|(path, _)| path == KEYS);
    let tell = |files: Vec<&(String, u32)>, severity: Severity, meaning: &str| {
        let mut finding = Finding {
            meaning: meaning.into(),
            remedy: "threadkeep repair apply --with open-to-others".into(),
            ..told("open-to-others", severity)
        };
        for (path, mode) in &files {
            let own = mode & !OTHERS;
            let what = if path.is_empty() { "the home" } else { path };
            finding.evidence.push(expected(what, &format!("{mode:04o}"), &format!("{own:04o}")));
            let change = Change::Mode(ModeChange { path: path.clone(), before: *mode, after: own });
            let reason = "only its owner needs it";
            finding.edits.push(Edit { opt_in: true, ..edit(&finding, EditTarget::State, reason, change) });
        }
        if let [(path, _)] = files[..] {
            finding.path = Some(path.clone());
        }
        (!files.is_empty()).then_some(finding)
    };
    let keys =
        tell(keys, Severity::Warning, "Other users of this machine may be able to read the keys to your account.");
    let rest = tell(
        rest,
        Severity::Info,
        "Other users of this machine may be able to read your conversations, unless a directory above keeps them out.",
    );
    keys.into_iter().chain(rest).collect()
}

fn link((path, to): &(String, String)) -> Finding {
    let collection = !path.contains('/');
    let (severity, meaning) = match collection {
        true => (Severity::Info, "The rollouts lie elsewhere, which works as long as that place is there."),
        false => (Severity::Warning, "A link among the rollouts is not followed: threads behind it are not seen."),
    };
    let remedy = match collection {
        true => "nothing needs to be done",
        false => "put the files themselves in the place of the link, or link the whole collection",
    };
    Finding {
        path: Some(path.clone()),
        evidence: vec![seen("leads to", to)],
        meaning: meaning.into(),
        remedy: remedy.into(),
        ..told("link", severity)
    }
}
