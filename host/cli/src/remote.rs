//! Reading the threads of another home, by its app-server: flags that several commands share, and what they print.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use threadkeep::contract::{Listed, PageOfTurns};
use threadkeep::documents::{FoundThread, FoundThreads, RemoteMatch, RemoteMatches, Thread, TurnsWriter};
use threadkeep::platform::home::locate;
use threadkeep_app_server::remote::{PageOfRemoteThreads, RemoteAddress, RemoteThreads};

use crate::again::command_of_page;
use crate::context::Context;
use crate::failure::{Usage, exit, say};
use crate::text;
use crate::text::list::TextList;
use crate::turn_printer::TurnPrinter;

/// Where to read instead of the home.
#[derive(Args, Default)]
#[command(next_help_heading = "From a server")]
pub(crate) struct RemoteArguments {
    /// Ask an app-server, this program's or Codex's, instead of reading the home: ws://HOST:PORT, unix://PATH, or unix:// for the
    /// socket in the home where Codex looks for one
    #[arg(long, value_name = "ADDRESS")]
    #[arg(hide_short_help = true)]
    remote: Option<String>,
    /// Show the server the token in this file
    #[arg(long, value_name = "FILE", requires = "remote")]
    #[arg(hide_short_help = true)]
    remote_token_file: Option<PathBuf>,
}

impl RemoteArguments {
    /// Says whether a server is named.
    pub(crate) fn is_given(&self) -> bool {
        self.remote.is_some()
    }

    /// Connects to the server, where one is named. The home itself is not opened.
    pub(crate) fn connect(&self, context: &Context) -> anyhow::Result<Option<RemoteThreads>> {
        Ok(self.server(context)?.map(|server| server.connect()).transpose()?)
    }

    /// Gives the server, where one is named.
    pub(crate) fn server(&self, context: &Context) -> anyhow::Result<Option<RemoteServer>> {
        let Some(written) = &self.remote else { return Ok(None) };
        let home = context.global.home.first().cloned();
        let root = locate(home, |name| std::env::var_os(name)).map_err(threadkeep::Error::from)?;
        let address = RemoteAddress::read(written, &root).map_err(|error| Usage(error.to_string()))?;
        let token = self.remote_token_file.as_deref().map(|path| {
            let read = std::fs::read_to_string(path);
            let text = read.with_context(|| format!("the token file {} cannot be read", path.display()))?;
            anyhow::Ok(RemoteToken { text: text.trim().into(), file: std::path::absolute(path)? })
        });
        Ok(Some(RemoteServer { address, token: token.transpose()? }))
    }
}

/// A server that is named.
#[derive(Clone)]
pub(crate) struct RemoteServer {
    pub(crate) address: RemoteAddress,
    pub(crate) token: Option<RemoteToken>,
}

/// What a server is shown.
#[derive(Clone)]
pub(crate) struct RemoteToken {
    pub(crate) text: String,
    /// Where it stands.
    pub(crate) file: PathBuf,
}

impl RemoteServer {
    /// Connects to it.
    pub(crate) fn connect(&self) -> threadkeep::Result<RemoteThreads> {
        RemoteThreads::connect(&self.address, self.token.as_ref().map(|token| token.text.as_str()))
    }
}

/// Prints where the server has a thread, or several.
pub(crate) fn find(context: &Context, remote: &mut RemoteThreads, ids: &[String]) -> anyhow::Result<u8> {
    let (mut found, mut not_found, mut code) = (Vec::new(), Vec::new(), exit::DONE);
    for wanted in ids {
        match remote.find(wanted) {
            Ok(row) => found.push(row),
            Err(error) if ids.len() == 1 => return Err(error.into()),
            Err(error) if error.kind() == threadkeep::ErrorKind::NotFound => {
                say(&error.to_string());
                (code, _) = (exit::NOT_FOUND, not_found.push(wanted.clone()));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let places: String = found.iter().map(|row| format!("{}\n", text::shown(&row.path))).collect();
    let items = found.into_iter().map(|row| Ok(FoundThread::of_server(Thread::of_server(row)?)));
    let mut items = items.collect::<anyhow::Result<Vec<_>>>()?;
    match (items.pop(), ids.len()) {
        (Some(item), 1) => context.print(item, || places)?,
        (last, _) => {
            items.extend(last);
            context.print(FoundThreads { items, not_found }, || places)?;
        }
    }
    Ok(code)
}

/// Which turns of a thread a server is asked for.
pub(crate) struct RemoteTurns<'a> {
    pub(crate) cursor: Option<&'a str>,
    /// How many; 0 for all.
    pub(crate) limit: u32,
    pub(crate) newest_first: bool,
    /// They are printed in the other order than they come.
    pub(crate) is_reversed: bool,
    /// What was done is printed whole.
    pub(crate) is_full: bool,
}

/// Prints what the server knows of a thread, where `with_thread` says so, and then its turns.
pub(crate) fn turns(
    context: &Context,
    remote: &mut RemoteThreads,
    wanted: &str,
    with_thread: bool,
    turns: Option<RemoteTurns<'_>>,
) -> anyhow::Result<u8> {
    let row = remote.find(wanted)?;
    let id = row.id.clone();
    let facts = text::thread(&row, &row.path, text::line_width());
    let document = Thread::of_server(row)?;
    let Some(asked) = turns else {
        context.print(document, || facts)?;
        return Ok(exit::DONE);
    };
    let mut out = context.stdout();
    let printer = match (with_thread, context.global.json) {
        (true, true) => TurnPrinter::document(TurnsWriter::transcript(out, &document)?),
        (true, false) => {
            writeln!(out, "{facts}")?;
            TurnPrinter::turns(out, false)
        }
        (false, json) => TurnPrinter::turns(out, json),
    };
    let mut printer = printer.in_full(asked.is_full);
    let (mut cursor, mut left, mut back) = (asked.cursor.map(String::from), asked.limit, None);
    let (mut kept, mut is_first) = (Vec::new(), true);
    loop {
        let mut page = remote.turns(&id, cursor.as_deref(), left, asked.newest_first)?;
        if std::mem::take(&mut is_first) {
            back = page.back;
        }
        left = left.saturating_sub(page.turns.len() as u32);
        match asked.is_reversed {
            true => kept.append(&mut page.turns),
            false => printer.print(&page.turns, None)?,
        }
        if page.next.is_none() || (asked.limit != 0 && left == 0) {
            kept.reverse();
            printer.print(&kept, None)?;
            printer.end(
                PageOfTurns { turns: Vec::new(), next: page.next, back, hit: None },
                &[],
                asked.newest_first,
            )?;
            return Ok(exit::DONE);
        }
        cursor = page.next;
    }
}

/// Prints a page of the threads in which the server's own search finds a text.
pub(crate) fn search(
    context: &Context,
    remote: &mut RemoteThreads,
    wanted: &str,
    archived: bool,
    cursor: Option<&str>,
    limit: u32,
) -> anyhow::Result<u8> {
    let PageOfRemoteThreads { rows, snippets, next } = remote.search(wanted, archived, &[], cursor, limit)?;
    let code = if rows.is_empty() { exit::NOT_FOUND } else { exit::DONE };
    let (mut shown, mut list) = (String::new(), TextList::new(|row| row.updated_at));
    for (row, snippet) in rows.iter().zip(&snippets) {
        let listed = [Listed { row: row.clone(), depth: 0 }];
        shown.push_str(&list.lines(&listed));
        shown.push_str(&format!("    {}\n", text::shorten(snippet, text::line_width().saturating_sub(4))));
    }
    let items = rows
        .into_iter()
        .zip(snippets)
        .map(|(row, snippet)| Ok(RemoteMatch { snippet, thread: Thread::of_server(row)? }));
    let items = items.collect::<anyhow::Result<Vec<_>>>()?;
    context.print(RemoteMatches { items, next_cursor: next.clone() }, || shown)?;
    if let Some(next) = next.filter(|_| !context.global.json) {
        say(&format!("more threads: {}", command_of_page(&next)));
    }
    Ok(code)
}
