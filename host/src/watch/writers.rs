//! Who is at work on a thread: the process that holds the lock of its writer, and what that has started.

use threadkeep_engine::contract::WriterFacts;

use crate::platform::home::Home;
use crate::platform::writer_lock::{LOCK_DIRECTORY, writer_of};

/// Gives what is known of the writer of a thread; none where nobody holds its lock.
pub(crate) fn writer_facts(home: &Home, thread: &str) -> Option<WriterFacts> {
    let pid = writer_of(home, thread)?;
    Some(WriterFacts { newest_child: pid.and_then(system::newest_child) })
}

/// Gives the ids of threads whose lock files are there, whether or not somebody holds them.
pub(crate) fn threads_with_lock_files(home: &Home) -> Vec<String> {
    let entries = std::fs::read_dir(home.absolute(LOCK_DIRECTORY)).into_iter().flatten().flatten();
    entries.filter_map(|entry| thread_of(entry.file_name().to_str()?).map(String::from)).collect()
}

/// Gives the thread whose lock a file of this name is.
pub(super) fn thread_of(name: &str) -> Option<&str> {
    name.strip_suffix(".lock").filter(|thread| !thread.is_empty() && !thread.starts_with('.'))
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs::{read_dir, read_to_string};

    /// The unit of times in `/proc/PID/stat`: `USER_HZ`, which is the same on every system.
    const TICKS_A_SECOND: u64 = 100;

    /// Gives when a process started the last of its own that still run, in milliseconds since the epoch.
    pub(super) fn newest_child(pid: u32) -> Option<i64> {
        let tasks = read_dir(format!("/proc/{pid}/task")).ok()?.flatten();
        let children = tasks.filter_map(|task| read_to_string(task.path().join("children")).ok());
        let ticks = |child: &str| {
            let stat = read_to_string(format!("/proc/{child}/stat")).ok()?;
            // The name stands in parentheses and may hold anything; the time is the 20th field behind it.
            stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse::<u64>().ok()
        };
        let newest = children.flat_map(|text| text.split_whitespace().filter_map(ticks).max()).max()?;
        let uptime: f64 = read_to_string("/proc/uptime").ok()?.split(' ').next()?.parse().ok()?;
        let age = (uptime * 1_000.0) as i64 - (newest * 1_000 / TICKS_A_SECOND) as i64;
        Some(jiff::Timestamp::now().as_millisecond() - age)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    /// Is known nowhere.
    pub(super) fn newest_child(_: u32) -> Option<i64> {
        None
    }
}
