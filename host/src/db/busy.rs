//! What SQLite does while another process has a database locked: it waits as every other part of the program does.

use rusqlite::Connection;

use super::StateError;
use crate::platform::wait::{Wait, Waiting};

/// Has a connection wait so long for other processes, `who` in words, each time that one is in the way.
pub(super) fn wait_for(connection: &mut Connection, wait: &Wait, who: &'static str) -> Result<(), StateError> {
    let wait = wait.clone();
    let mut waiting: Option<Waiting> = None;
    // It is told how often it was called for this lock.
    let on_busy = move |tries: i32| {
        if tries == 0 {
            waiting = None;
        }
        waiting.get_or_insert_with(|| wait.begin(who)).pause()
    };
    Ok(connection.busy_handler(Some(on_busy))?)
}
