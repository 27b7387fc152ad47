//! The background server of Codex, which the terminals of a home share (0.171 and later): it keeps the lock of a thread for a while
//! after the last terminal went, and lets the next one join it.

use std::path::Path;

use serde::Deserialize;

use crate::platform::own_files::read_own_file;

/// Where Codex writes down which process it is.
const FILE: &str = "app-server-daemon/daemon.pid";
/// No such file is longer, in bytes.
const LONGEST: u64 = 64 << 10;

/// Gives the id of the process that is, or was, the background server of a home; none where none is written down.
pub(crate) fn background_server_of(home: &Path) -> Option<u32> {
    #[derive(Deserialize)]
    struct Server {
        pid: u32,
    }
    let text = read_own_file(&home.join(FILE), LONGEST).ok()?;
    serde_json::from_slice::<Server>(&text).ok().map(|server| server.pid)
}
