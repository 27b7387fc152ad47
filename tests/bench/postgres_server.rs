//! A server of PostgreSQL of the benchmark's own: in a directory that goes with it, on a port of the machine itself.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long it may take to start.
const START: Duration = Duration::from_secs(60);

/// Is a server that runs.
pub(crate) struct PostgresServer {
    // Kept for as long as it is written to.
    _directory: TempDir,
    port: u16,
    process: Child,
}

impl PostgresServer {
    /// Starts one; none where there is no PostgreSQL.
    pub(crate) fn start() -> Option<PostgresServer> {
        let programs = programs()?;
        let directory = tempfile::tempdir().unwrap();
        if is_root() {
            assert!(Command::new("chown").arg("nobody").arg(directory.path()).status().unwrap().success());
        }
        let data = directory.path().join("data");
        let mut init = unprivileged(&programs.join("initdb"), directory.path());
        init.arg("-D").arg(&data).args(["-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let output = init.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut run = unprivileged(&programs.join("postgres"), directory.path());
        run.arg("-D").arg(&data).args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        run.args(["-c", "unix_socket_directories="]);
        let process = run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = PostgresServer { _directory: directory, port, process };
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(since.elapsed() < START, "the server does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    /// Gives the URL of a schema of its own.
    pub(crate) fn url(&self, schema: &str) -> String {
        format!("postgres://owner@127.0.0.1:{}/postgres?schema={schema}", self.port)
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // An interrupt, as the server has it, is a stop that waits for nobody.
        let _ = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

/// The server goes with the thread that started it, and refuses to run as root.
fn unprivileged(program: &Path, directory: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]).current_dir(directory);
    if is_root() {
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
    }
    command.arg(program);
    command
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

/// Finds the directory of the server's programs: the newest of those that Debian has, or else that of the path.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())));
    let newest = debian.max().map(|(_, path)| path.join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = newest.into_iter().chain(std::env::split_paths(&path));
    let has_setpriv = std::env::split_paths(&path).any(|place| place.join("setpriv").exists());
    places.find(|place| has_setpriv && place.join("initdb").exists() && place.join("postgres").exists())
}
