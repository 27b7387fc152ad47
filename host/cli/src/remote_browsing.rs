//! What the browser asks of a server, and going on there with the thread that was chosen.

use std::io::Write as _;

use threadkeep::contract::{Collection, PageOfTurns, RowQuery, ThreadRow};
use threadkeep::{Error, ErrorKind};
use threadkeep_app_server::remote::{PageOfRemoteThreads, RemoteQuery, RemoteThreads};
use threadkeep_tui::{ServerPage, ServerSearch, ThreadServer};

use crate::confirm;
use crate::context::Context;
use crate::failure::{NeedsAnswer, exit, say};
use crate::going_on::{GoingOn, instead_of_sub_agent};
use crate::launch::LaunchCommand;
use crate::remote::RemoteServer;
use crate::text;

/// How many threads are asked for at a time: as many as a server gives.
const PAGE: u32 = 100;
/// How many threads of a search.
const FOUND: u32 = 60;
/// Sub-agents of sub-agents are followed so far.
const DEEPEST: usize = 16;

/// A server that the browser asks.
pub(crate) struct BrowserServer {
    server: RemoteServer,
    /// None once the connection is lost.
    threads: Option<RemoteThreads>,
    active: RemoteQuery,
    archived: RemoteQuery,
}

impl BrowserServer {
    /// Connects.
    pub(crate) fn connect(server: RemoteServer) -> threadkeep::Result<BrowserServer> {
        let query = |within| RemoteQuery::of(&RowQuery { within: Some(within), ..RowQuery::default() });
        let threads = Some(server.connect()?);
        Ok(BrowserServer {
            server,
            threads,
            active: query(Collection::Active)?,
            archived: query(Collection::Archived)?,
        })
    }

    /// Asks over the connection, which ends where it cannot be talked over.
    fn ask<T>(&mut self, ask: impl FnOnce(&mut RemoteThreads) -> threadkeep::Result<T>) -> threadkeep::Result<T> {
        let Some(threads) = &mut self.threads else {
            return Err(Error::new(ErrorKind::Io, "there is no connection to the server; f5 connects again"));
        };
        let answer = ask(threads);
        if answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::Io) {
            self.threads = None;
        }
        answer
    }
}

fn page(page: PageOfRemoteThreads) -> ServerPage {
    ServerPage { rows: page.rows, snippets: page.snippets, next: page.next }
}

impl ThreadServer for BrowserServer {
    fn is_connected(&self) -> bool {
        self.threads.is_some()
    }

    fn connect(&mut self) -> threadkeep::Result<()> {
        self.threads = Some(self.server.connect()?);
        Ok(())
    }

    fn list(&mut self, archived: bool, cursor: Option<&str>) -> threadkeep::Result<ServerPage> {
        let query = if archived { self.archived.clone() } else { self.active.clone() };
        self.ask(|threads| threads.list(&query, cursor, PAGE)).map(page)
    }

    fn search(&mut self, search: &ServerSearch, cursor: Option<&str>) -> threadkeep::Result<ServerPage> {
        let ServerSearch { text, archived, source_kinds } = search;
        self.ask(|threads| threads.search(text, *archived, source_kinds, cursor, FOUND)).map(page)
    }

    fn first_turn_with(&mut self, thread: &str, text: &str) -> threadkeep::Result<Option<String>> {
        self.ask(|threads| threads.first_turn_with(thread, text))
    }

    fn find(&mut self, thread: &str) -> threadkeep::Result<ThreadRow> {
        self.ask(|threads| threads.find(thread))
    }

    fn turns(
        &mut self,
        thread: &str,
        cursor: Option<&str>,
        limit: u32,
        newest_first: bool,
    ) -> threadkeep::Result<PageOfTurns> {
        self.ask(|threads| threads.turns(thread, cursor, limit, newest_first))
    }

    fn rename(&mut self, thread: &str, name: &str) -> threadkeep::Result<()> {
        self.ask(|threads| threads.rename(thread, name))
    }

    fn archive(&mut self, thread: &str) -> threadkeep::Result<()> {
        self.ask(|threads| threads.archive(thread))
    }

    fn unarchive(&mut self, thread: &str) -> threadkeep::Result<()> {
        self.ask(|threads| threads.unarchive(thread))
    }
}

/// Goes on with a thread of a server in Codex, which takes the place of this process. What Codex may do there is as its configuration
/// says: the protocol does not tell what the thread had, and no flag adds to it.
pub(crate) fn go_on(context: &Context, server: &RemoteServer, how: &GoingOn, thread: &str) -> anyhow::Result<u8> {
    let mut remote = server.connect()?;
    let thread = remote.find(thread)?;
    let thread = match began(&mut remote, &thread)? {
        Some(root) => instead_of_sub_agent(&thread, root)?,
        None => thread,
    };
    let command = LaunchCommand::on_server(context, server, &thread.id)?;
    let command = if how.forks() { command.forking()? } else { command };
    if how.only_prints() {
        let mut out = context.stdout();
        writeln!(out, "{}", text::plain(&command.for_shell()))?;
        out.flush()?;
        return Ok(exit::DONE);
    }
    if thread.archived {
        take_out(&mut remote, &thread)?;
    }
    drop(remote);
    let (title, address) = (&thread.title, &server.address);
    say(&format!("going on with '{title}' at {address}: {}", command.for_shell()));
    say("its sandbox and approvals are those of Codex's configuration: a server does not tell which the thread had");
    Err(command.start())
}

/// Gives the thread that began a sub-agent's; none for the thread of a person.
fn began(remote: &mut RemoteThreads, thread: &ThreadRow) -> anyhow::Result<Option<ThreadRow>> {
    let mut root: Option<ThreadRow> = None;
    for _ in 0..DEEPEST {
        let last = root.as_ref().unwrap_or(thread);
        let parent = last.parent_thread_id.clone().filter(|_| last.source_kind.starts_with("subAgent"));
        match parent {
            Some(parent) => root = Some(remote.find(&parent)?),
            None => break,
        }
    }
    Ok(root)
}

/// Has the server take a thread out of the archive, where Codex does not go on with it.
fn take_out(remote: &mut RemoteThreads, thread: &ThreadRow) -> anyhow::Result<()> {
    let why = format!("{} is in the archive, where Codex does not go on with it", thread.id);
    if !confirm::is_possible() {
        return Err(NeedsAnswer(format!("{why}: take it out first")).into());
    }
    if !confirm::ask(&format!("threadkeep: {why}\n"), "take it out of the archive?")? {
        anyhow::bail!("nothing was started");
    }
    Ok(remote.unarchive(&thread.id)?)
}
