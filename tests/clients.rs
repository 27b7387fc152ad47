//! Clients of the app-server that nobody here wrote: the real Codex, in its terminal and by its commands, and the Python packages
//! that speak its protocol. They run where `CODEX_BIN` and `CODEX_PYTHON` name them, and say so where they do not.

mod commands;
mod python;
mod resuming;
mod terminal;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::app_server::Server;
use support::{Collection, HomeAndState, Rollout, uuid7};
use tempfile::TempDir;

const AT: i64 = 1_772_000_000_000;
/// More than two pages of a picker.
const THREADS: u64 = 60;

fn id(number: u64) -> String {
    uuid7(AT + number as i64 * 60_000, number)
}

fn thread(number: u64) -> Rollout {
    let at = AT + number as i64 * 60_000;
    let begun = match number % 3 {
        0 => Rollout::legacy(&id(number)),
        _ => Rollout::paginated(&id(number)),
    };
    begun.at_millis(at).cwd("/src/app").user(&format!("question {number}")).agent(&format!("answer {number}"))
}

/// A home with a server, and a home of the client's own.
struct Served {
    home: HomeAndState,
    server: Server,
    client_home: TempDir,
}

impl Served {
    fn start() -> Served {
        let home = HomeAndState::new();
        (0..THREADS).for_each(|number| home.write(&thread(number)));
        // A list without filters has the threads of this provider.
        fs::write(home.home.path().join("config.toml"), "model_provider = \"harbour\"\n").unwrap();
        let server = Server::start(&home.program(), &home.state.path().join("run/socket"));
        let client_home = tempfile::tempdir().unwrap();
        let config = "check_for_update_on_startup = false\n[analytics]\nenabled = false\n";
        fs::write(client_home.path().join("config.toml"), config).unwrap();
        Served { home, server, client_home }
    }

    /// Words of a Codex that asks this server.
    fn codex(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        let address = format!("unix://{}", self.server.socket.display());
        command.args(words).args(["--remote", &address]).current_dir(self.client_home.path()).env_clear();
        command.env("CODEX_HOME", self.client_home.path()).env("HOME", self.client_home.path());
        command.env("PATH", "/usr/bin:/bin");
        command
    }

    /// The collection in which a thread's rollout lies.
    fn collection(&self, thread: &str) -> Option<Collection> {
        let holds = |directory: PathBuf| support::listing(&directory).into_keys().any(|path| path.contains(thread));
        let root = self.home.home.path();
        match (holds(root.join("sessions")), holds(root.join("archived_sessions"))) {
            (true, _) => Some(Collection::Active),
            (_, true) => Some(Collection::Archived),
            _ => None,
        }
    }
}

/// The Codexes of this machine that know `--remote`.
fn codexes() -> Vec<PathBuf> {
    let named = std::env::var_os("CODEX_BIN").unwrap_or_default();
    let knows = |program: &PathBuf| {
        let help = Command::new(program).arg("--help").output();
        help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("--remote <"))
    };
    let all: Vec<PathBuf> = std::env::split_paths(&named).filter(knows).collect();
    if all.is_empty() {
        support::skipped("no real Codex with --remote (CODEX_BIN)");
    }
    all
}
