//! Changes of threads that a server is asked for.

use serde::Serialize;
use serde_json::value::RawValue;

use super::RemoteThreads;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfThread<'a> {
    thread_id: &'a str,
}

impl RemoteThreads {
    /// Gives a thread a name; the protocol cannot take one away.
    ///
    /// # Errors
    ///
    /// The server refuses, or cannot be talked to; so below.
    pub fn rename(&mut self, thread: &str, name: &str) -> threadkeep::Result<()> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct NameParams<'a> {
            thread_id: &'a str,
            name: &'a str,
        }
        self.change("thread/name/set", &NameParams { thread_id: thread, name })
    }

    /// Puts a thread into the archive, with all that it spawned.
    ///
    /// # Errors
    ///
    /// As [`RemoteThreads::rename`].
    pub fn archive(&mut self, thread: &str) -> threadkeep::Result<()> {
        self.change("thread/archive", &OfThread { thread_id: thread })
    }

    /// Takes a thread out of the archive, with all that it spawned.
    ///
    /// # Errors
    ///
    /// As [`RemoteThreads::rename`].
    pub fn unarchive(&mut self, thread: &str) -> threadkeep::Result<()> {
        self.change("thread/unarchive", &OfThread { thread_id: thread })
    }

    /// Asks for a change, whose answer says nothing that is needed.
    fn change(&mut self, method: &str, params: &impl Serialize) -> threadkeep::Result<()> {
        self.ask::<Box<RawValue>>(method, params).map(drop)
    }
}
