//! A server whose threads are browsed in the place of a home's. Whoever begins the browser knows its protocol.

use std::sync::Arc;

use threadkeep::ServedHome;
use threadkeep::contract::{PageOfTurns, ThreadRow};

/// Whose threads are browsed.
pub enum Browsed {
    /// Those of a home, with the one handle there is.
    Home(Arc<ServedHome>),
    /// Those of a server. No home is read then.
    Server(BrowsedServer),
}

/// Says which server is browsed.
pub struct BrowsedServer {
    /// Answers what is asked.
    pub server: Box<dyn ThreadServer>,
    /// Where it is, as the command line takes it.
    pub address: String,
    /// The command that goes on with a thread, whose id comes behind it.
    pub resume: String,
}

/// Answers for a server, one request after the other.
pub trait ThreadServer: Send {
    /// Says whether there is a connection. Without one every request fails at once.
    fn is_connected(&self) -> bool;

    /// Connects again.
    ///
    /// # Errors
    ///
    /// No server answers, or it lets this program not in.
    fn connect(&mut self) -> threadkeep::Result<()>;

    /// Gives a page of the active or the archived threads, of every source, newest first.
    ///
    /// # Errors
    ///
    /// The connection is lost, or the server refuses; so below.
    fn list(&mut self, archived: bool, cursor: Option<&str>) -> threadkeep::Result<ServerPage>;

    /// Gives a page of the threads in which a text stands.
    ///
    /// # Errors
    ///
    /// As [`ThreadServer::list`].
    fn search(&mut self, search: &ServerSearch, cursor: Option<&str>) -> threadkeep::Result<ServerPage>;

    /// Gives the first turn of a thread in which a text stands, by its id.
    ///
    /// # Errors
    ///
    /// As [`ThreadServer::list`].
    fn first_turn_with(&mut self, thread: &str, text: &str) -> threadkeep::Result<Option<String>>;

    /// Gives what is known of a thread.
    ///
    /// # Errors
    ///
    /// As [`ThreadServer::list`], and where there is no such thread.
    fn find(&mut self, thread: &str) -> threadkeep::Result<ThreadRow>;

    /// Gives a page of at most `limit` turns of a thread.
    ///
    /// # Errors
    ///
    /// As [`ThreadServer::find`].
    fn turns(
        &mut self,
        thread: &str,
        cursor: Option<&str>,
        limit: u32,
        newest_first: bool,
    ) -> threadkeep::Result<PageOfTurns>;

    /// Gives a thread a name.
    ///
    /// # Errors
    ///
    /// As [`ThreadServer::find`].
    fn rename(&mut self, thread: &str, name: &str) -> threadkeep::Result<()>;

    /// Puts a thread into the archive, with all that it spawned.
    ///
    /// # Errors
    ///
    /// As [`ThreadServer::find`].
    fn archive(&mut self, thread: &str) -> threadkeep::Result<()>;

    /// Takes a thread out of the archive, with all that it spawned.
    ///
    /// # Errors
    ///
    /// As [`ThreadServer::find`].
    fn unarchive(&mut self, thread: &str) -> threadkeep::Result<()>;
}

/// Says what a server searches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSearch {
    /// The text, letter by letter.
    pub text: String,
    /// In archived threads, not in active ones.
    pub archived: bool,
    /// In threads of these sources alone.
    pub source_kinds: Vec<String>,
}

/// A page of threads that a server gives.
#[derive(Clone, Debug, Default)]
pub struct ServerPage {
    /// The threads.
    pub rows: Vec<ThreadRow>,
    /// What stands around the text in each; empty but for a search.
    pub snippets: Vec<String>,
    /// Where the next page begins; none at the end.
    pub next: Option<String>,
}
