//! Does what was asked for with threads, one after the other, and says what became of it.

use threadkeep::contract::{ExportFormat, Severity, ThreadRow};
use threadkeep::export::{ExportRequest, format_of_file};
use threadkeep::health::doctor::why::Why;
use threadkeep::threads::change::Deletion;
use threadkeep::{Error, ErrorKind, ServedHome, Threadkeep};
use threadkeep_terminal::paths::without_tilde;
use threadkeep_terminal::visible::plain;
use threadkeep_terminal::width::shorten;

use super::{Answers, rows};
use crate::model::messages::{Acted, Action, LibraryEvent, Request};

/// So many files are named before something is deleted.
const NAMED: usize = 200;

/// Answers a request; `planned` holds what was last shown to be deleted, which is what is deleted then.
pub(super) fn answer(home: &ServedHome, request: Request, planned: &mut Option<Deletion>, answers: &Answers) {
    let Request::Act(action) = request else { return };
    let acted = home.threads().and_then(|threads| act(&threads, action, planned, answers));
    let acted = acted.unwrap_or_else(|error| Acted::Failed(error.to_string()));
    answers.send(LibraryEvent::Acted(acted));
}

fn act(
    threads: &Threadkeep,
    action: Action,
    planned: &mut Option<Deletion>,
    answers: &Answers,
) -> threadkeep::Result<Acted> {
    Ok(match action {
        Action::Name { id, name } => {
            let row = threads.name(&id, name.as_deref())?;
            tell(answers, &[row]);
            Acted::Done(name.map_or("the name is gone".into(), |name| format!("named '{}'", plain(&name))))
        }
        Action::Archive { ids } => each(&ids, "archived", |id| moved(threads, threads.archive(id)?.threads, answers)),
        Action::Unarchive { ids } => {
            each(&ids, "out of the archive", |id| moved(threads, threads.unarchive(id)?.threads, answers))
        }
        Action::Pin { ids, pinned } => {
            let acted = each(&ids, if pinned { "pinned" } else { "no longer pinned" }, |id| {
                threads.pin(id, pinned).map(|_| None)
            });
            rows::tell_pinned(threads, answers);
            acted
        }
        Action::Tag { ids, words } => {
            let acted = each(&ids, "tagged", |id| threads.change_tags(id, &words).map(|_| None));
            ids.into_iter().for_each(|id| answers.send(LibraryEvent::Changed(id)));
            acted
        }
        Action::Note { id, text } => {
            threads.write_note(&threads.noted_place(&id)?, &text)?;
            answers.send(LibraryEvent::Changed(id));
            Acted::Done("noted".into())
        }
        Action::Export { ids, path } => export(threads, &ids, &path)?,
        Action::PlanDeletion { id } => {
            let deletion = threads.plan_delete(&id, false)?;
            let titles = deletion.threads.iter().map(|row| format!("{}  {}", row.id, shorten(&row.title, 80)));
            let files = deletion.files.iter().take(NAMED);
            let files = files.map(|path| plain(&threads.home().absolute(path).to_string_lossy()));
            let mut lines: Vec<String> = titles.chain(files).collect();
            if deletion.files.len() > NAMED {
                lines.push(format!("and {} more files", deletion.files.len() - NAMED));
            }
            let ids: Vec<String> = deletion.threads.iter().map(|row| row.id.clone()).collect();
            let backups = threads.backups_holding(&ids)?;
            if !backups.is_empty() {
                lines.push(format!("still in the backups: {}", plain(&backups.join(", "))));
            }
            *planned = Some(deletion);
            Acted::DeletionPlanned { id, lines }
        }
        Action::Delete { id } => {
            let shown = planned.take().filter(|deletion| deletion.threads.iter().any(|row| row.id == id));
            let unshown = || Error::new(ErrorKind::Conflict, "what goes with the thread was not shown yet");
            let deletion = shown.ok_or_else(unshown)?;
            let ids: Vec<String> = deletion.threads.iter().map(|row| row.id.clone()).collect();
            threads.delete(&deletion)?;
            let count = ids.len();
            ids.into_iter().for_each(|id| answers.send(LibraryEvent::Gone(id)));
            Acted::Done(format!("deleted {count} thread(s)"))
        }
        Action::Explain { id } => {
            let why = threads.why(&id, std::env::current_dir().ok().as_deref())?;
            let is_mendable = why.findings.iter().any(|finding| finding.severity != Severity::Info);
            Acted::Explained { id, lines: explained(threads, &why), is_mendable }
        }
    })
}

/// Does the same with each thread, and says what could not be done.
pub(super) fn each(
    ids: &[String],
    done: &str,
    mut act: impl FnMut(&str) -> threadkeep::Result<Option<String>>,
) -> Acted {
    let (mut count, mut failures, mut hints) = (0, Vec::new(), Vec::new());
    for id in ids {
        match act(id) {
            Ok(hint) => {
                count += 1;
                hints.extend(hint);
            }
            Err(error) => failures.push(format!("{id}: {error}")),
        }
    }
    if let Some(first) = failures.first() {
        let more = if failures.len() > 1 { format!(" (and {} more)", failures.len() - 1) } else { String::new() };
        return Acted::Failed(format!("{first}{more}"));
    }
    let hint = hints.pop().map(|hint| format!("; {hint}")).unwrap_or_default();
    Acted::Done(format!("{count} thread(s) {done}{hint}"))
}

/// Tells rows that moved, and says where Codex does not see that yet.
fn moved(threads: &Threadkeep, moved: Vec<ThreadRow>, answers: &Answers) -> threadkeep::Result<Option<String>> {
    let is_elsewhere = threads.is_elsewhere_for_codex(&moved).unwrap_or(false);
    tell(answers, &moved);
    Ok(is_elsewhere.then(|| "Codex does not see this yet: threadkeep repair apply --target codex".into()))
}

pub(super) fn tell(answers: &Answers, rows: &[ThreadRow]) {
    answers.send(LibraryEvent::Threads(rows.iter().map(crate::model::thread::LoadedThread::of).collect()));
}

/// Writes threads into a file, by whose name the format is known, or several into a directory, a file each.
fn export(threads: &Threadkeep, ids: &[String], path: &str) -> threadkeep::Result<Acted> {
    let path = std::path::absolute(without_tilde(path)).unwrap_or_else(|_| path.into());
    let rows = ids.iter().map(|id| Ok(threads.find(id, None)?.row)).collect::<threadkeep::Result<Vec<_>>>()?;
    let place = plain(&path.to_string_lossy());
    match (format_of_file(&path), &rows[..]) {
        (Some(format), rows) => {
            let tally = threads.export_file(rows, rows.len() > 1, &ExportRequest::new(format), &path, false)?;
            if let Some((thread, error)) = tally.failed.first() {
                return Ok(Acted::Failed(format!("{place} lacks {} thread(s): {thread}: {error}", tally.failed.len())));
            }
        }
        (None, [_]) => {
            let why = "the file's name must end in .md, .html, .txt, .json or .jsonl";
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        (None, rows) => {
            let done = threads.export_directory(rows, &ExportRequest::new(ExportFormat::Markdown), &path)?;
            let failed: Vec<_> =
                done.threads.iter().filter_map(|file| Some((&file.thread, file.error.as_ref()?))).collect();
            if let Some((thread, error)) = failed.first() {
                return Ok(Acted::Failed(format!("{place} lacks {} thread(s): {thread}: {error}", failed.len())));
            }
        }
    }
    Ok(Acted::Done(format!("written into {place}, without secrets")))
}

/// Gives where a thread is shown and where not, and what is wrong with it, in lines.
fn explained(threads: &Threadkeep, why: &Why) -> Vec<String> {
    let mut lines = vec![plain(&threads.home().absolute(&why.thread.path).to_string_lossy()), String::new()];
    for view in &why.views {
        lines.push(format!("{}  {}", if view.shown { "shown " } else { "hidden" }, plain(&view.name)));
        lines.extend(view.reasons.iter().map(|reason| format!("        {}", plain(reason))));
    }
    for finding in &why.findings {
        lines.push(String::new());
        lines.push(plain(&finding.code));
        lines.push(format!("  {}", plain(&finding.meaning)));
        for evidence in &finding.evidence {
            let found = evidence.found.as_deref().unwrap_or("nothing");
            let expected = evidence.expected.as_deref().map(|it| format!(", should be {it}")).unwrap_or_default();
            lines.push(plain(&format!("    {}: {found}{expected}", evidence.what)));
        }
        lines.push(format!("  -> {}", plain(&finding.remedy)));
    }
    lines.extend(why.warnings.iter().map(|warning| plain(warning)));
    lines
}
