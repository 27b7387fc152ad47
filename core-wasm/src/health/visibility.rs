//! Says where a thread is shown, and why not.
//!
//! The rules of Codex's own lists are those that 0.169 and 0.171 were seen to follow on real homes: interactive sources
//! (`cli`, `vscode`), the configured provider, nothing archived, nothing without a preview, nothing attached to another
//! thread, 25 at a time; its picker leaves out other directories besides. They go through the rollouts, so that a row that
//! is wrong or not there leaves no thread out. A thread is opened through its row, which has to name the right file; where
//! there is no row, through the file's name. Nothing of that is to be had while Codex does not start.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::home::LEASE;
use crate::text::paths::is_foreign;
use contract::{CheckContext, PathTarget, ThreadFacts, ThreadRow, Value, View, Viewer};

/// Threads of a page, of `list` here and of Codex's.
const PAGE: u64 = 50;
const CODEX_PAGE: u64 = 25;

/// Returns every place where one would look for a thread.
pub fn views(context: &CheckContext, facts: &ThreadFacts, viewer: &Viewer) -> Vec<View> {
    let mut views = Vec::new();
    let Some(row) = facts.desired.as_ref().or(facts.current.as_ref()) else {
        let reasons = alloc::vec!["no rollout, no row and no database knows it".to_string()];
        return alloc::vec![View { name: "threadkeep list --all --flat --limit 0".into(), shown: false, reasons }];
    };
    let nested = nested(facts, row);
    let own_place = if nested.is_empty() { Some(PAGE) } else { None };
    views.push(view("threadkeep list", ours(facts, row, viewer), nested, || shown_at(viewer, own_place)));
    views.push(view("threadkeep list --all --flat --limit 0", everywhere(row), Vec::new(), || {
        Some("it has a rollout".into())
    }));
    // What is another program's thread, Codex does not know of.
    if context.codex.is_some() && !is_foreign(&row.path) {
        let mut codex = stopped(context, viewer);
        let mut open = codex.clone();
        codex.extend(theirs(context, facts, row, viewer));
        let mut picker = codex.clone();
        picker.extend(elsewhere(facts, row, viewer));
        let besides = besides(context, facts, row);
        let place = || shown_at(viewer, Some(CODEX_PAGE));
        views.push(view("codex resume (its picker)", picker, besides.clone(), place));
        views.push(view("codex resume --all, and an editor's list", codex, besides, place));
        open.extend(opened(facts, row));
        views.push(view("codex resume ID", open, Vec::new(), || {
            Some(
                if facts.codex.is_some() { "its row names the rollout" } else { "its rollout is called after it" }
                    .into(),
            )
        }));
    }
    views
}

/// What speaks against a place, or, where nothing does, for it; and what is to be known of it either way.
fn view(name: &str, against: Vec<String>, besides: Vec<String>, otherwise: impl Fn() -> Option<String>) -> View {
    let shown = against.is_empty();
    let mut reasons = if shown { otherwise().into_iter().collect() } else { against };
    reasons.extend(besides);
    View { name: name.into(), shown, reasons }
}

/// Where it stands on pages of this many; nothing where it has no place of its own.
fn shown_at(viewer: &Viewer, page: Option<u64>) -> Option<String> {
    let page = page?;
    Some(match viewer.before {
        Some(before) if before >= page => {
            format!("{before} newer threads stand before it: on page {} of {page} threads each", before / page + 1)
        }
        Some(before) => format!("number {} of the newest", before + 1),
        None => "nothing speaks against it".into(),
    })
}

/// Where a sub-agent stands.
fn nested(facts: &ThreadFacts, row: &ThreadRow) -> Vec<String> {
    let parent = row.parent_thread_id.as_ref().filter(|_| facts.parent_known);
    let said =
        |parent| format!("it is a sub-agent, shown under its parent {parent}, where that is; by itself with --flat");
    parent.into_iter().map(said).collect()
}

/// What every list here leaves out.
fn everywhere(row: &ThreadRow) -> Vec<String> {
    match row.missing {
        true => alloc::vec!["its rollout is gone: only threadkeep list --missing has it".to_string()],
        false => Vec::new(),
    }
}

fn ours(facts: &ThreadFacts, row: &ThreadRow, viewer: &Viewer) -> Vec<String> {
    let mut against = everywhere(row);
    if row.archived {
        against.push("it is archived: threadkeep list --archived, or --all".into());
    }
    let own_place = nested(facts, row).is_empty();
    if viewer.before.is_some_and(|before| own_place && before >= PAGE) {
        against.extend(shown_at(viewer, Some(PAGE)).map(|place| format!("{place}: threadkeep list --limit 0")));
    }
    against
}

/// What keeps Codex from starting at all.
fn stopped(context: &CheckContext, viewer: &Viewer) -> Vec<String> {
    let running = viewer.codex_backfill.as_ref().filter(|backfill| backfill.phase == "running");
    let silent = running.and_then(|backfill| backfill.heard).map(|heard| context.now.saturating_sub(heard));
    let mut against = Vec::new();
    // One that was silent for longer is begun again by whoever starts.
    if let Some(left) = silent.map(|silent| LEASE.saturating_sub(silent)).filter(|left| *left >= 0) {
        let minutes = left / 60_000 + 1;
        against.push(format!(
            "Codex's database says that it is being filled: until it is, or for {minutes} minutes more if nobody is at it, \
             Codex waits 30 seconds and does not start (backfill-running)"
        ));
    }
    against.extend(viewer.codex_locked_by.map(|process| {
        let who =
            if process == 0 { "a process that cannot be seen from here".into() } else { format!("process {process}") };
        format!("{who} keeps everybody else from Codex's database: Codex waits for it, and does not start")
    }));
    against
}

/// What Codex's lists leave out.
fn theirs(context: &CheckContext, facts: &ThreadFacts, row: &ThreadRow, viewer: &Viewer) -> Vec<String> {
    let mut against = Vec::new();
    if row.missing {
        against.push("its rollout is gone, and Codex lists none without".into());
    }
    if row.archived {
        against.push("it is archived".into());
    }
    if !matches!(row.source_kind.as_str(), "cli" | "vscode") {
        against.push(format!("its source is {}, and only interactive ones (cli, vscode) are listed", row.source_kind));
    }
    if row.preview.is_empty() {
        against
            .push("its preview is empty: nobody has said anything in it that Codex takes for a user's message".into());
    }
    if let Some(provider) = row.model_provider.as_ref().filter(|provider| **provider != viewer.provider) {
        against.push(format!("its model provider is {provider}, and the home is configured for {}", viewer.provider));
    }
    if facts
        .files
        .iter()
        .any(|file| file.report.as_ref().is_some_and(|report| !report.has_messages && report.base.is_none()))
        && !row.preview.is_empty()
        && facts.files.len() == 1
    {
        against.push("no event of its rollout is a user's message".into());
    }
    let attached = column(context, facts, "attached_thread_parent_id");
    if let Some(Value::Text(parent)) = attached {
        against.push(format!("it is a side conversation, attached to {parent}"));
    }
    against
}

/// What is wrong with a row, and leaves no thread out all the same.
fn besides(context: &CheckContext, facts: &ThreadFacts, row: &ThreadRow) -> Vec<String> {
    if facts.codex.is_none() {
        let told = "Codex's database has no row of it; a list that looks at the files makes one, without its name";
        return alloc::vec![told.to_string()];
    }
    let mut told = Vec::new();
    if let Some(Value::Integer(archived)) = column(context, facts, "archived")
        && (*archived != 0) != row.archived
        && !row.missing
    {
        told.push("Codex's row says otherwise of whether it is archived than the file's place".to_string());
    }
    if let Some(Value::Text(preview)) = column(context, facts, "preview")
        && preview.is_empty()
        && !row.preview.is_empty()
    {
        told.push("Codex's row has no preview of it: a list that trusts the rows leaves it out".into());
    }
    if !row.missing {
        told.extend(opened(facts, row).into_iter().map(|why| format!("it does not open: {why}")));
    }
    told
}

fn column<'a>(context: &CheckContext, facts: &'a ThreadFacts, name: &str) -> Option<&'a Value> {
    let at = context.codex.as_ref()?.threads.iter().position(|column| column.name == name)?;
    facts.codex.as_ref()?.get(at)
}

/// What the picker leaves out besides.
fn elsewhere(facts: &ThreadFacts, row: &ThreadRow, viewer: &Viewer) -> Option<String> {
    let here = viewer.cwd.as_ref()?;
    let cwd = facts.current_cwd.as_ref().or(row.last_cwd.as_ref()).or(row.cwd.as_ref())?;
    (cwd.trim_end_matches('/') != here.trim_end_matches('/'))
        .then(|| format!("it was held in {cwd}, and the picker shows those of {here}"))
}

/// What keeps Codex from opening it.
fn opened(facts: &ThreadFacts, row: &ThreadRow) -> Vec<String> {
    let mut against = Vec::new();
    if row.missing {
        against.push("its rollout is gone".into());
        return against;
    }
    match (&facts.codex, &facts.codex_target) {
        // It looks for the file by its name then, and makes a row.
        (None, _) => {}
        (Some(_), PathTarget::Local((_, Some(thread))) | PathTarget::External(Some(thread))) if *thread == facts.id => {
        }
        (Some(_), PathTarget::Local((path, Some(thread)))) => {
            against.push(format!("Codex's row names {path}, which belongs to {thread}"));
        }
        (Some(_), PathTarget::Local((path, None))) => {
            against.push(format!("Codex's row names {path}, which does not say whose it is"));
        }
        (Some(_), PathTarget::External(_)) => against.push("Codex's row names a file outside of this home".into()),
        (Some(_), PathTarget::Unknown(why)) => {
            against.push(format!("the file that Codex's row names could not be looked at: {why}"));
        }
        (Some(_), PathTarget::Missing) => against.push("Codex's row names a file that is not there".into()),
    }
    if let Some(why) = &facts.broken_base {
        against.push(format!("its history begins in another rollout: {why}"));
    }
    against
}
