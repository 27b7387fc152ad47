//! The command `find`.

use std::path::PathBuf;

use clap::Args;
use threadkeep::contract::{Collection, Found};
use threadkeep::documents::{ExplainedThread, FoundThread, FoundThreads};
use threadkeep::threads::lookup::describe;
use threadkeep::{Cancellation, ErrorKind, Threadkeep};

use crate::context::Context;
use crate::failure::{Usage, exit, report_error, say};
use crate::remote::{self, RemoteArguments};
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
    #[command(flatten)]
    remote: RemoteArguments,
}

impl Find {
    /// Runs the command for one thread or several: those that are found are printed, whatever becomes of the others.
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        if let Some(mut remote) = self.remote.connect(context)? {
            if self.explain || self.archived {
                let why = "a server is asked for threads alone: leave --explain and --archived out";
                return Err(Usage(why.into()).into());
            }
            return remote::find(context, &mut remote, &self.ids);
        }
        let within = self.archived.then_some(Collection::Archived);
        if let Some(named) = context.several_homes() {
            if self.explain {
                context.one_home("--explain")?;
            } else {
                return find_in_homes(context, &self.ids, within, named);
            }
        }
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

/// Finds threads in several homes.
fn find_in_homes(
    context: &Context,
    ids: &[String],
    within: Option<Collection>,
    named: &[PathBuf],
) -> anyhow::Result<u8> {
    let open = context.open_homes(named, &Cancellation::default())?;
    let (mut items, mut places) = (vec![], String::new());
    let mut answers = Answers::default();
    for wanted in ids {
        match open.homes.find(wanted, within) {
            Ok(found) => {
                let thread = open.homes.thread_documents(std::iter::once(&found), |found| &found.row)?;
                items.extend(thread.into_iter().map(|thread| FoundThread::new(&found.item, thread)));
                places.push_str(&place(context, &open.homes.members()[found.home], &found.item));
            }
            Err(error) if ids.len() == 1 => return Err(error.into()),
            Err(error) => answers.failed(context, wanted, error)?,
        }
    }
    match (items.pop(), ids.len()) {
        (Some(item), 1) => context.print(item, || places)?,
        (last, _) => {
            items.extend(last);
            context.print(FoundThreads { items, not_found: answers.not_found.clone() }, || places)?;
        }
    }
    Ok(answers.code())
}

/// Those of several that were not found.
#[derive(Default)]
struct Answers {
    not_found: Vec<String>,
    any_ambiguous: bool,
}

impl Answers {
    /// Takes why one was not found, and says it; any other error ends the command.
    fn failed(&mut self, context: &Context, wanted: &str, error: threadkeep::Error) -> anyhow::Result<()> {
        match error.kind() {
            ErrorKind::NotFound => self.not_found.push(wanted.into()),
            ErrorKind::Ambiguous => self.any_ambiguous = true,
            _ => return Err(error.into()),
        }
        context.warn();
        report_error(&error.into(), context.global.json);
        Ok(())
    }

    fn code(&self) -> u8 {
        match (self.not_found.is_empty(), self.any_ambiguous) {
            (false, _) => exit::NOT_FOUND,
            (true, true) => exit::AMBIGUOUS,
            (true, false) => exit::DONE,
        }
    }
}

fn find_all(context: &Context, ids: &[String], within: Option<Collection>) -> anyhow::Result<u8> {
    let threadkeep = context.reader()?;
    let (mut items, mut places, mut answers) = (vec![], String::new(), Answers::default());
    for (wanted, answer) in ids.iter().zip(threadkeep.find_all(ids, within)?) {
        match answer {
            Ok(found) => {
                items.push(document(&threadkeep, &found)?);
                places.push_str(&place(context, &threadkeep, &found));
            }
            Err(error) => answers.failed(context, wanted, error)?,
        }
    }
    context.print(FoundThreads { items, not_found: answers.not_found.clone() }, || places)?;
    Ok(answers.code())
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
