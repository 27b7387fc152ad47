//! Reads threads of another home, and changes what the protocol can change of them, by its app-server: this program's or Codex's own.
//!
//! ```text
//! RemoteAddress ─→ RemoteThreads::connect ─┬→ list · find · turns · search ─→ rows and pages, as the facade gives them
//!                                          └→ rename · archive · unarchive
//! ```
//!
//! What the protocol does not say is not there: who gave a name, the directory and the model of the last turn, tokens. Codex's server
//! lists sub-agents under a parent only.

mod address;
mod changing;
mod channel;
mod row;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use threadkeep::ErrorKind;
use threadkeep::contract::{Collection, PageOfTurns, RowQuery, SortKey, ThreadRow};

use crate::error::RpcError;
use crate::protocol::thread_id;
use channel::Channel;
use row::Thread;

pub use address::{RemoteAddress, RemoteAddressError};

/// How many threads a server gives at once.
const PAGE: u32 = 100;
/// How many turns a server is asked for at once.
const TURNS: u32 = 50;
/// The characters that the beginning of an id has at least, as in the facade.
const ID_BEGINNING: usize = 8;

/// Threads of another home.
pub struct RemoteThreads {
    channel: Channel,
}

/// Says which threads a list has, as far as the protocol can ask for them.
#[derive(Clone, Debug)]
pub struct RemoteQuery {
    archived: bool,
    source_kinds: Vec<String>,
    provider: Option<String>,
    cwd: Option<String>,
    sort: SortKey,
    ascending: bool,
}

/// Codex's `ThreadSourceKind`s: a server that is told none gives those alone that its own terminal shows.
const SOURCE_KINDS: [&str; 10] = [
    "cli",
    "vscode",
    "exec",
    "appServer",
    "subAgent",
    "subAgentReview",
    "subAgentCompact",
    "subAgentThreadSpawn",
    "subAgentOther",
    "unknown",
];

impl RemoteQuery {
    /// Makes the query that a server is asked out of one of the facade.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] with what the protocol cannot ask for.
    pub fn of(query: &RowQuery) -> threadkeep::Result<RemoteQuery> {
        let absent = [
            ("active and archived threads at once", query.within.is_none()),
            ("threads whose rollouts are gone", query.missing),
            ("directories below one", query.under.is_some()),
            ("times", query.since.is_some() || query.until.is_some()),
            ("titles", query.title.is_some()),
            ("names", query.name.is_some()),
            ("branches", query.branch.is_some()),
            ("repositories", query.repo.is_some()),
            ("commits", query.commit.is_some()),
            ("models", query.model.is_some()),
            ("files that were changed", query.among.is_some()),
        ];
        if let Some((what, _)) = absent.iter().find(|(_, is_asked)| *is_asked) {
            let told = format!("a server cannot be asked for {what}: leave that flag out, or read the home itself");
            return Err(threadkeep::Error::new(ErrorKind::InvalidInput, told));
        }
        let kinds = || SOURCE_KINDS.map(String::from).to_vec();
        Ok(RemoteQuery {
            archived: query.within == Some(Collection::Archived),
            source_kinds: query.source_kinds.clone().unwrap_or_else(kinds),
            provider: query.provider.clone(),
            cwd: query.cwd.clone(),
            sort: query.sort,
            ascending: query.ascending,
        })
    }
}

/// Gives a page of threads.
#[derive(Clone, Debug)]
pub struct PageOfRemoteThreads {
    /// The threads; what the protocol does not say of them is empty.
    pub rows: Vec<ThreadRow>,
    /// What the server shows of each; empty but for a search.
    pub snippets: Vec<String>,
    /// Where the next page begins; none at the end.
    pub next: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListParams<'a> {
    cursor: Option<&'a str>,
    limit: u32,
    sort_key: &'static str,
    sort_direction: &'static str,
    model_providers: Vec<&'a str>,
    source_kinds: &'a [String],
    archived: bool,
    cwd: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    data: Vec<T>,
    #[serde(default)]
    next_cursor: Option<String>,
    #[serde(default)]
    backwards_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Gives where the next page begins, behind one that began at a cursor. A server that gives the same cursor again gives no more.
    fn next_after(&mut self, cursor: Option<&str>) -> Option<String> {
        self.next_cursor.take().filter(|next| Some(next.as_str()) != cursor)
    }
}

impl RemoteThreads {
    /// Connects to a server, and introduces this program. `token` is shown where there is one.
    ///
    /// # Errors
    ///
    /// Nobody listens there, or whoever does speaks another protocol, or lets this program not in.
    pub fn connect(address: &RemoteAddress, token: Option<&str>) -> threadkeep::Result<RemoteThreads> {
        Ok(RemoteThreads { channel: Channel::open(address, token)? })
    }

    /// Gives a page of at most `limit` threads, where a server gives at most 100 at once.
    pub fn list(
        &mut self,
        query: &RemoteQuery,
        cursor: Option<&str>,
        limit: u32,
    ) -> threadkeep::Result<PageOfRemoteThreads> {
        let params = ListParams {
            cursor,
            limit: limit.clamp(1, PAGE),
            sort_key: sort_key(query.sort),
            sort_direction: if query.ascending { "asc" } else { "desc" },
            model_providers: query.provider.iter().map(String::as_str).collect(),
            source_kinds: &query.source_kinds,
            archived: query.archived,
            cwd: query.cwd.as_deref(),
        };
        let mut page: Page<Thread> = self.ask("thread/list", &params)?;
        let next = page.next_after(cursor);
        let rows = page.data.into_iter().map(|thread| thread.into_row(query.archived)).collect();
        Ok(PageOfRemoteThreads { rows, snippets: Vec::new(), next })
    }

    /// Gives the first turn of a thread in which a text stands, by its id.
    ///
    /// # Errors
    ///
    /// The server does not know the method, or the thread.
    pub fn first_turn_with(&mut self, thread: &str, text: &str) -> threadkeep::Result<Option<String>> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct OccurrencesParams<'a> {
            thread_id: &'a str,
            search_term: &'a str,
            limit: u32,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Occurrence {
            turn_id: String,
        }
        let params = OccurrencesParams { thread_id: thread, search_term: text, limit: 1 };
        let page: Page<Occurrence> = self.ask("thread/searchOccurrences", &params)?;
        Ok(page.data.into_iter().next().map(|occurrence| occurrence.turn_id))
    }

    /// Finds a thread by its id, by at least eight characters of one, or by its name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and [`ErrorKind::Ambiguous`] where several threads answer to it.
    pub fn find(&mut self, wanted: &str) -> threadkeep::Result<ThreadRow> {
        let row = self.look_up(wanted)?;
        // It may come to stand in a command line, where something else could be a flag.
        let id = thread_id(&row.id).map_err(|why| {
            threadkeep::Error::new(ErrorKind::Corrupt, format!("the server's answer has an id that is none: {why}"))
        })?;
        Ok(ThreadRow { id, ..row })
    }

    fn look_up(&mut self, wanted: &str) -> threadkeep::Result<ThreadRow> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct ReadParams<'a> {
            thread_id: &'a str,
        }
        #[derive(Deserialize)]
        struct Read {
            thread: Thread,
        }
        if let Ok(id) = thread_id(wanted) {
            let read = self.channel.call("thread/read", &ReadParams { thread_id: &id })?;
            return match read {
                Ok(result) => Ok(parse::<Read>("thread/read", &result)?.thread.into_row_by_path()),
                Err(error) if error.code == crate::error::INVALID_REQUEST => Err(threadkeep::Error::new(
                    ErrorKind::NotFound,
                    format!("the server has no thread {wanted}: {}", error.message),
                )),
                Err(error) => Err(refused("thread/read", &error)),
            };
        }
        let mut found = self.named(wanted)?;
        match (found.pop(), found.len()) {
            (Some(row), 0) => Ok(row),
            (Some(row), _) => {
                found.push(row);
                let ids: Vec<_> = found.iter().take(5).map(|row| row.id.as_str()).collect();
                let told =
                    format!("{} threads answer to {wanted}: {}; name one by its id", found.len(), ids.join(", "));
                Err(threadkeep::Error::new(ErrorKind::Ambiguous, told))
            }
            (None, _) => {
                Err(threadkeep::Error::new(ErrorKind::NotFound, format!("no thread of the server is {wanted}")))
            }
        }
    }

    /// Gives the threads whose name this is, or whose id begins so.
    fn named(&mut self, wanted: &str) -> threadkeep::Result<Vec<ThreadRow>> {
        let (mut by_id, mut by_name) = (Vec::new(), Vec::new());
        for archived in [false, true] {
            let within = if archived { Collection::Archived } else { Collection::Active };
            let query = RowQuery { within: Some(within), sort: SortKey::Created, ..RowQuery::default() };
            let query = RemoteQuery::of(&query)?;
            let mut cursor = None;
            loop {
                let page = self.list(&query, cursor.as_deref(), PAGE)?;
                for row in page.rows {
                    if wanted.len() >= ID_BEGINNING && begins_with(&row.id, wanted) {
                        by_id.push(row);
                    } else if row.name.as_deref() == Some(wanted) {
                        by_name.push(row);
                    }
                }
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(if by_id.is_empty() { by_name } else { by_id })
    }

    /// Gives a page of at most `limit` of a thread's turns, or of as many as a page has for 0.
    pub fn turns(
        &mut self,
        thread: &str,
        cursor: Option<&str>,
        limit: u32,
        newest_first: bool,
    ) -> threadkeep::Result<PageOfTurns> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct TurnsParams<'a> {
            thread_id: &'a str,
            cursor: Option<&'a str>,
            limit: u32,
            sort_direction: &'static str,
            items_view: &'static str,
        }
        let params = TurnsParams {
            thread_id: thread,
            cursor,
            limit: if limit == 0 { TURNS } else { limit.min(TURNS) },
            sort_direction: if newest_first { "desc" } else { "asc" },
            items_view: "full",
        };
        let mut page: Page<Box<RawValue>> = self.ask("thread/turns/list", &params)?;
        let next = page.next_after(cursor);
        let turns = page.data.iter().map(|turn| turn.get().to_owned()).collect();
        Ok(PageOfTurns { turns, next, back: page.backwards_cursor, hit: None })
    }

    /// Gives a page of the threads in which a text stands, as the server's own search finds it; of all that people talk in where no
    /// sources are named.
    pub fn search(
        &mut self,
        text: &str,
        archived: bool,
        source_kinds: &[String],
        cursor: Option<&str>,
        limit: u32,
    ) -> threadkeep::Result<PageOfRemoteThreads> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct SearchParams<'a> {
            search_term: &'a str,
            archived: bool,
            #[serde(skip_serializing_if = "<[String]>::is_empty")]
            source_kinds: &'a [String],
            cursor: Option<&'a str>,
            limit: u32,
        }
        #[derive(Deserialize)]
        struct Match {
            thread: Thread,
            snippet: String,
        }
        let params = SearchParams { search_term: text, archived, source_kinds, cursor, limit: limit.clamp(1, PAGE) };
        let mut page: Page<Match> = self.ask("thread/search", &params)?;
        let next = page.next_after(cursor);
        let (rows, snippets) =
            page.data.into_iter().map(|found| (found.thread.into_row(archived), found.snippet)).unzip();
        Ok(PageOfRemoteThreads { rows, snippets, next })
    }

    fn ask<T: serde::de::DeserializeOwned>(&mut self, method: &str, params: &impl Serialize) -> threadkeep::Result<T> {
        let result = self.channel.call(method, params)?.map_err(|error| refused(method, &error))?;
        parse(method, &result)
    }
}

fn parse<T: serde::de::DeserializeOwned>(method: &str, result: &RawValue) -> threadkeep::Result<T> {
    serde_json::from_str(result.get()).map_err(|error| {
        let told = format!("the server's answer to {method} cannot be read: {error}");
        threadkeep::Error::new(ErrorKind::Corrupt, told)
    })
}

fn refused(method: &str, error: &RpcError) -> threadkeep::Error {
    threadkeep::Error::new(ErrorKind::Conflict, format!("the server refused {method}: {}", error.message))
}

fn sort_key(sort: SortKey) -> &'static str {
    match sort {
        SortKey::Created => "created_at",
        SortKey::Updated => "updated_at",
        SortKey::Recency => "recency_at",
    }
}

fn begins_with(id: &str, beginning: &str) -> bool {
    id.get(..beginning.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(beginning))
}
