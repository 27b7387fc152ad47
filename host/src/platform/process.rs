//! What the system tells of another process.

use std::fmt;
use std::fs::{read_link, read_to_string};

/// Describes a process to a person who may want to end it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessDescription {
    /// Its id; none where it cannot be seen from here.
    pub pid: Option<u32>,
    /// The name of its program, where the system tells it.
    pub program: Option<String>,
    /// The terminal that it reads, such as `pts/3`; none where it reads none, or the system does not tell.
    pub terminal: Option<String>,
}

impl ProcessDescription {
    /// Describes a process by its id.
    pub(crate) fn of(pid: Option<u32>) -> ProcessDescription {
        let terminal = |pid: u32| {
            let open = (0..3).filter_map(|number| read_link(format!("/proc/{pid}/fd/{number}")).ok());
            let mut names = open.filter_map(|path| Some(path.strip_prefix("/dev").ok()?.to_str()?.to_owned()));
            names.find(|name| name.starts_with("pts/") || name.starts_with("tty"))
        };
        ProcessDescription { pid, program: pid.and_then(program_of), terminal: pid.and_then(terminal) }
    }
}

/// Gives the name of the program that a process runs, where the system tells it.
pub(crate) fn program_of(pid: u32) -> Option<String> {
    Some(read_to_string(format!("/proc/{pid}/comm")).ok()?.trim_end().to_owned())
}

impl fmt::Display for ProcessDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.pid, &self.program) {
            (Some(pid), Some(program)) => write!(f, "{program} (pid {pid})")?,
            (Some(pid), None) => write!(f, "the process {pid}")?,
            (None, _) => f.write_str("a process that cannot be seen from here")?,
        }
        match &self.terminal {
            Some(terminal) => write!(f, " on {terminal}"),
            None => Ok(()),
        }
    }
}
