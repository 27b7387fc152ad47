//! Tells clients what others did in the home: another Codex, a command line, another server.
//!
//! The home's watcher brings the rows up to date before it tells of a change, so that whoever asks then is answered with it. What a
//! client did through this server was told with its answer, and is not told again. Of turns and items those alone hear that have the
//! thread open.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use threadkeep::contract::Subject;
use threadkeep::{Happening, ThreadEvent, Threadkeep, WatchEvent, WatchOptions};

use crate::envelope::Notification;
use crate::error::RpcError;
use crate::protocol::{Status, Thread};
use crate::server::Server;

/// How long nothing is asked where nothing happens.
const PATIENCE: Duration = Duration::from_secs(600);

/// Follows a home until the server ends; there must be a handle, which is waited for.
pub(crate) fn follow(server: &Arc<Server>) {
    let (threads, watch) = match server.home.follow(&WatchOptions::default()) {
        Ok(Some(followed)) => followed,
        Ok(None) => return,
        Err(error) => return tracing::warn!(%error, "what others do in the home is not told to clients"),
    };
    server.is_followed_by(watch.waker());
    while !server.home.is_stopped() {
        for event in watch.next(PATIENCE) {
            if let WatchEvent::Thread(event) = event
                && let Err(error) = tell(server, &threads, &event)
            {
                tracing::warn!(%error, thread = event.thread, "a change of a thread is not told to clients");
            }
        }
        for warning in watch.take_warnings() {
            tracing::warn!("{warning}");
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfThread<'a> {
    thread_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Renamed<'a> {
    thread_id: &'a str,
    thread_name: Option<&'a str>,
}

#[derive(Serialize)]
struct Started<'a> {
    thread: &'a Thread,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfTurn<'a> {
    thread_id: &'a str,
    turn: &'a RawValue,
}

fn tell(server: &Server, threads: &Threadkeep, event: &ThreadEvent) -> Result<(), RpcError> {
    let thread_id = event.thread.as_str();
    let of_thread = |method| Notification::new(method, &OfThread { thread_id });
    let notification = match &event.happening {
        Happening::New => {
            let Some(row) = &event.row else { return Ok(()) };
            let (home, provider) = (threads.home(), threads.default_provider());
            let thread = Thread::new(row.as_ref().clone(), home, provider, Status::NotLoaded)?;
            Notification::new("thread/started", &Started { thread: &thread })?
        }
        Happening::Archived => of_thread("thread/archived")?,
        Happening::Unarchived => of_thread("thread/unarchived")?,
        Happening::Deleted => {
            server.loaded.forget(thread_id);
            of_thread("thread/deleted")?
        }
        Happening::Named(name) => {
            Notification::new("thread/name/updated", &Renamed { thread_id, thread_name: name.as_deref() })?
        }
        Happening::TurnStarted { turn } => return tell_turn(server, threads, thread_id, turn, "turn/started"),
        Happening::TurnEnded { turn, .. } => return tell_turn(server, threads, thread_id, turn, "turn/completed"),
        // Codex tells how threads stand that it runs itself; clients read the items of a turn when that ends.
        Happening::State(_) | Happening::ItemFinished { .. } | Happening::TurnsChanged => return Ok(()),
    };
    server.hub.tell_of_others(&notification);
    Ok(())
}

/// Tells those who have the thread open of its last turn, if that is the one.
fn tell_turn(
    server: &Server,
    threads: &Threadkeep,
    thread: &str,
    turn: &str,
    method: &'static str,
) -> Result<(), RpcError> {
    #[derive(serde::Deserialize)]
    struct TurnId {
        id: String,
    }
    let listeners = server.loaded.holders(thread);
    if listeners.is_empty() {
        return Ok(());
    }
    let failed = |error| RpcError::from(threadkeep::Error::from(error));
    let mut transcript = threads.transcript(&Subject::Thread(thread.to_owned()))?;
    let page = transcript.page(None, 1, true).map_err(failed)?;
    let Some(text) = page.turns.into_iter().next() else { return Ok(()) };
    let unreadable = |error: serde_json::Error| RpcError::new(crate::error::INTERNAL_ERROR, error.to_string());
    let TurnId { id } = serde_json::from_str(&text).map_err(unreadable)?;
    if id == turn {
        let turn = RawValue::from_string(text).map_err(unreadable)?;
        let notification = Notification::new(method, &OfTurn { thread_id: thread, turn: &turn })?;
        server.hub.tell_some(&notification, |client| listeners.contains(&client));
    }
    Ok(())
}
