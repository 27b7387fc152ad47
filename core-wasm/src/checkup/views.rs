//! Where a thread is shown, and why not.
//!
//! The rules of Codex's own lists are those that 0.169 was seen to follow on real homes: interactive sources (`cli`,
//! `vscode`), the configured provider, nothing archived, nothing without a preview, nothing attached to another thread, 25
//! at a time; its picker leaves out other directories besides. A thread is opened through its row, which has to name the
//! right file; where there is no row, through the file's name.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Case, Leads, Looker, Scene, Value, View};
use crate::types::ThreadRow;

/// Threads of a page, of `list` here and of Codex's.
const PAGE: u64 = 50;
const CODEX_PAGE: u64 = 25;

/// Every place where one would look for a thread.
pub fn views(scene: &Scene, case: &Case, looker: &Looker) -> Vec<View> {
    let mut views = Vec::new();
    let Some(row) = case.should.as_ref().or(case.stands.as_ref()) else {
        let reasons = alloc::vec!["no rollout, no row and no database knows it".to_string()];
        return alloc::vec![View { name: "threadkeep list --all --flat --limit 0".into(), shown: false, reasons }];
    };
    views.push(view("threadkeep list", ours(case, row, looker), || shown_at(looker, PAGE)));
    views.push(view("threadkeep list --all --flat --limit 0", everywhere(row), || "it has a rollout".into()));
    if scene.codex.is_some() {
        let codex = theirs(scene, case, row, looker);
        let mut picker = codex.clone();
        picker.extend(elsewhere(case, row, looker));
        views.push(view("codex resume (its picker)", picker, || shown_at(looker, CODEX_PAGE)));
        views.push(view("codex resume --all, and an editor's list", codex, || shown_at(looker, CODEX_PAGE)));
        views.push(view("codex resume ID", opened(case, row), || "its row names the rollout".into()));
    }
    views
}

fn view(name: &str, against: Vec<String>, otherwise: impl Fn() -> String) -> View {
    let shown = against.is_empty();
    View { name: name.into(), shown, reasons: if shown { alloc::vec![otherwise()] } else { against } }
}

fn shown_at(looker: &Looker, page: u64) -> String {
    match looker.before {
        Some(before) if before >= page => {
            format!("{before} newer threads stand before it: on page {} of {page} threads each", before / page + 1)
        }
        Some(before) => format!("number {} of the newest", before + 1),
        None => "nothing speaks against it".into(),
    }
}

/// What every list here leaves out.
fn everywhere(row: &ThreadRow) -> Vec<String> {
    match row.missing {
        true => alloc::vec!["its rollout is gone: only threadkeep list --missing has it".to_string()],
        false => Vec::new(),
    }
}

fn ours(case: &Case, row: &ThreadRow, looker: &Looker) -> Vec<String> {
    let mut against = everywhere(row);
    if row.archived {
        against.push("it is archived: threadkeep list --archived, or --all".into());
    }
    if let Some(parent) = row.parent_thread_id.as_ref().filter(|_| case.parent_known) {
        against.push(format!("it is a sub-agent, shown under its parent {parent}; by itself with --flat"));
    }
    if looker.before.is_some_and(|before| before >= PAGE) {
        against.push(format!("{}: threadkeep list --limit 0", shown_at(looker, PAGE)));
    }
    against
}

/// What Codex's lists leave out.
fn theirs(scene: &Scene, case: &Case, row: &ThreadRow, looker: &Looker) -> Vec<String> {
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
    if let Some(provider) = row.model_provider.as_ref().filter(|provider| **provider != looker.provider) {
        against.push(format!("its model provider is {provider}, and the home is configured for {}", looker.provider));
    }
    if case.files.iter().any(|file| file.health.as_ref().is_some_and(|health| !health.spoken && health.base.is_none()))
        && !row.preview.is_empty()
        && case.files.len() == 1
    {
        against.push("no event of its rollout is a user's message".into());
    }
    let attached = column(scene, case, "attached_thread_parent_id");
    if let Some(Value::Text(parent)) = attached {
        against.push(format!("it is a side conversation, attached to {parent}"));
    }
    match &case.codex {
        None => against.push(
            "Codex's database has no row of it; the next list that looks at the files makes one, without its name"
                .into(),
        ),
        Some(_) => {
            if let Some(Value::Integer(archived)) = column(scene, case, "archived")
                && (*archived != 0) != row.archived
                && !row.missing
            {
                against.push("Codex's row says otherwise of whether it is archived than the file's place".into());
            }
            if let Some(Value::Text(preview)) = column(scene, case, "preview")
                && preview.is_empty()
                && !row.preview.is_empty()
            {
                against.push("Codex's row has no preview of it".into());
            }
            against.extend(opened(case, row));
        }
    }
    against
}

fn column<'a>(scene: &Scene, case: &'a Case, name: &str) -> Option<&'a Value> {
    let at = scene.codex.as_ref()?.threads.iter().position(|column| column.name == name)?;
    case.codex.as_ref()?.get(at)
}

/// What the picker leaves out besides.
fn elsewhere(case: &Case, row: &ThreadRow, looker: &Looker) -> Option<String> {
    let here = looker.cwd.as_ref()?;
    let cwd = case.current_cwd.as_ref().or(row.last_cwd.as_ref()).or(row.cwd.as_ref())?;
    (cwd.trim_end_matches('/') != here.trim_end_matches('/'))
        .then(|| format!("it was held in {cwd}, and the picker shows those of {here}"))
}

/// What keeps Codex from opening it.
fn opened(case: &Case, row: &ThreadRow) -> Vec<String> {
    let mut against = Vec::new();
    if row.missing {
        against.push("its rollout is gone".into());
        return against;
    }
    match (&case.codex, &case.leads) {
        // It looks for the file by its name then, and makes a row.
        (None, _) => {}
        (Some(_), Leads::Here((_, Some(thread))) | Leads::Elsewhere(Some(thread))) if *thread == case.id => {}
        (Some(_), Leads::Here((path, Some(thread)))) => {
            against.push(format!("Codex's row names {path}, which belongs to {thread}"));
        }
        (Some(_), Leads::Here((path, None))) => {
            against.push(format!("Codex's row names {path}, which does not say whose it is"));
        }
        (Some(_), Leads::Elsewhere(_)) => against.push("Codex's row names a file outside of this home".into()),
        (Some(_), Leads::Nowhere) => against.push("Codex's row names a file that is not there".into()),
    }
    if let Some(why) = &case.broken_base {
        against.push(format!("its history begins in another rollout: {why}"));
    }
    against
}
