//! The command `find`.

use clap::Args;
use threadkeep::contract::{Collection, Found};
use threadkeep::documents::{ExplainedThread, FoundThread, FoundThreads};
use threadkeep::threads::lookup::describe;
use threadkeep::{ErrorKind, Threadkeep};

use crate::context::Context;
use crate::failure::{Usage, report_error, exit, say};
use crate::text::{self, explanation};
use crate::values;

/// `find`
#[derive(Args)]
pub(crate) struct Find {
    /// Ids, at least 8 characters of each, or names
    #[arg(value_name = "ID", required = true, value_parser = values::text)]
    ids: Vec<String>,
    /// Archived threads only
    #[arg(long, conflicts_with = "all")]
    archived: bool,
    /// Active and archived threads; the default
    #[arg(long)]
    all: bool,
    /// Say which rows and files were looked at, what each said, and which rule decided
    #[arg(long)]
    explain: bool,
}

impl Find {
    /// Runs the command for one thread or several: those that are found are printed, whatever becomes of the others.
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let within = self.archived.then_some(Collection::Archived);
        match &self.ids[..] {
            [id] if self.explain => explain(context, id, within),
            _ if self.explain => Err(Usage("--explain tells of one thread: give one ID".into()).into()),
            [id] => {
                let threadkeep = context.reader()?;
                let found = threadkeep.find(id, within)?;
                context.print(document(&threadkeep, &found)?, || place(context, &threadkeep, &found))?;
                Ok(exit::DONE)
            }
            ids => find_all(context, ids, within),
        }
    }
}

fn find_all(context: &Context, ids: &[String], within: Option<Collection>) -> anyhow::Result<u8> {
    let threadkeep = context.reader()?;
    let (mut items, mut places, mut not_found, mut ambiguous) = (vec![], String::new(), vec![], false);
    for (wanted, answer) in ids.iter().zip(threadkeep.find_all(ids, within)?) {
        let error = match answer {
            Ok(found) => {
                items.push(document(&threadkeep, &found)?);
                places.push_str(&place(context, &threadkeep, &found));
                continue;
            }
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::NotFound => not_found.push(wanted.clone()),
            ErrorKind::Ambiguous => ambiguous = true,
            _ => return Err(error.into()),
        }
        context.warn();
        report_error(&error.into(), context.global.json);
    }
    let code = match (not_found.is_empty(), ambiguous) {
        (false, _) => exit::NOT_FOUND,
        (true, true) => exit::AMBIGUOUS,
        (true, false) => exit::DONE,
    };
    context.print(FoundThreads { items, not_found }, || places)?;
    Ok(code)
}

/// Finds a thread and prints how, also where it is not found.
fn explain(context: &Context, wanted: &str, within: Option<Collection>) -> anyhow::Result<u8> {
    let threadkeep = context.reader()?;
    let explained = threadkeep.explain(wanted, within)?;
    let found = explained.answer.as_ref().ok().map(|found| document(&threadkeep, found)).transpose()?;
    let document = ExplainedThread { explanation: (&explained).into(), found };
    context.print(document, || {
        let found = explained.answer.as_ref().ok();
        let path = found.map(|found| text::shown(&absolute(&threadkeep, found)) + "\n");
        path.unwrap_or_default() + &explanation::lines(&explained)
    })?;
    threadkeep.answer_of(explained, wanted, within)?;
    Ok(exit::DONE)
}

fn document(threadkeep: &Threadkeep, found: &Found) -> anyhow::Result<FoundThread> {
    Ok(FoundThread::new(found, threadkeep.thread_document(found.row.clone())?))
}

/// Gives the path of a thread's rollout in a line, and prints what was wrong with its row for people.
fn place(context: &Context, threadkeep: &Threadkeep, found: &Found) -> String {
    if !context.global.json {
        for what in &found.discrepancies {
            let (kind, about) = describe(what);
            say(&format!("{kind}: {about}"));
        }
    }
    format!("{}\n", text::shown(&absolute(threadkeep, found)))
}

fn absolute(threadkeep: &Threadkeep, found: &Found) -> String {
    threadkeep.home().absolute(&found.row.path).to_string_lossy().into_owned()
}
