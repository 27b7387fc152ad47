//! A server of PostgreSQL of the test's own: in a directory that goes with it, on a port of the machine itself.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use postgres::{Client, Config, NoTls};
use tempfile::TempDir;
use threadkeep_lake::database::{Database, open};

use crate::support::Found;

/// Stands in nothing that anybody is told.
pub(crate) const PASSWORD: &str = "hushhush";

/// Is a server that runs.
pub(crate) struct Server {
    directory: TempDir,
    port: u16,
    process: Child,
}

impl Server {
    /// Starts one; none where there is no PostgreSQL.
    #[allow(clippy::print_stderr, reason = "who runs the tests should know what was not tried")]
    pub(crate) fn start() -> Option<Server> {
        let Some(programs) = programs() else {
            eprintln!("NOT TRIED: PostgreSQL, since it is not there; .ci/setup postgres installs it");
            return None;
        };
        let directory = tempfile::tempdir().unwrap();
        Some(Server::start_in(directory, &programs))
    }

    fn start_in(directory: TempDir, programs: &Path) -> Server {
        let password = directory.path().join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        if is_root() {
            let paths = [directory.path().as_os_str(), password.as_os_str()];
            assert!(Command::new("chown").arg("nobody").args(paths).status().unwrap().success());
        }
        let data = directory.path().join("data");
        let mut init = unprivileged(&programs.join("initdb"), directory.path());
        init.arg("-D").arg(&data).arg("--pwfile").arg(&password);
        init.args(["-U", "owner", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let output = init.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = run(&directory, programs, port);
        let server = Server { directory, port, process };
        server.wait();
        server
    }

    fn wait(&self) {
        let since = Instant::now();
        while self.client("owner").is_none() {
            assert!(since.elapsed() < Duration::from_secs(60), "the server does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.directory.path().join("log")).unwrap()).into_owned()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Gives the URL for a user and a schema.
    pub(crate) fn url(&self, user: &str, schema: &str) -> String {
        format!("postgres://{user}:{PASSWORD}@127.0.0.1:{}/postgres?schema={schema}", self.port)
    }

    /// Gives the URL without a password.
    pub(crate) fn bare_url(&self) -> String {
        format!("postgres://owner@127.0.0.1:{}/postgres", self.port)
    }

    pub(crate) fn database(&self, schema: &str) -> Database {
        open(&self.url("owner", schema)).unwrap()
    }

    fn client(&self, user: &str) -> Option<Client> {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port).user(user).password(PASSWORD).dbname("postgres");
        config.connect(NoTls).ok()
    }

    pub(crate) fn connect(&self, user: &str) -> Client {
        self.client(user).unwrap()
    }

    /// Runs SQL as its owner.
    pub(crate) fn execute(&self, sql: &str) {
        self.connect("owner").batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// Stops it as if the machine had lost its power, and starts it again.
    pub(crate) fn crash(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let programs = programs().unwrap();
        std::thread::sleep(Duration::from_millis(500));
        let _ = std::fs::remove_file(self.data().join("postmaster.pid"));
        self.process = run(&self.directory, &programs, self.port);
        self.wait();
    }

    /// Finds what the views of a schema hold.
    pub(crate) fn found(&self, schema: &str) -> Found {
        let mut client = self.connect("owner");
        let is_there = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&format!("{schema}.items")]).unwrap();
        if !is_there.get::<_, bool>(0) {
            return Found::new();
        }
        found_by(&mut client, schema)
    }
}

/// Finds what the views of a schema hold for whoever asks, all at one moment.
pub(crate) fn found_by(client: &mut Client, schema: &str) -> Found {
    let mut transaction =
        client.build_transaction().isolation_level(postgres::IsolationLevel::RepeatableRead).start().unwrap();
    let mut found = Found::new();
    for row in transaction.query(&format!("SELECT thread FROM {schema}.threads"), &[]).unwrap() {
        found.entry(row.get(0)).or_default();
    }
    for row in transaction.query(&format!("SELECT thread, turn FROM {schema}.turns"), &[]).unwrap() {
        found.get_mut(row.get::<_, &str>(0)).unwrap().entry(row.get(1)).or_default();
    }
    let mut changes = found.clone();
    for (table, found) in [("items", &mut found), ("file_changes", &mut changes)] {
        for row in transaction.query(&format!("SELECT thread, turn, item FROM {schema}.{table}"), &[]).unwrap() {
            let turn = found.get_mut(row.get::<_, &str>(0)).unwrap().get_mut(&row.get(1)).unwrap();
            assert!(turn.insert(row.get(2)), "no row is there twice");
        }
    }
    assert_eq!(found, changes, "a change belongs to each item");
    let requests = transaction.query_one(&format!("SELECT count(*) FROM {schema}.usage"), &[]).unwrap();
    let turns: usize = found.values().map(|turns| turns.len()).sum();
    assert_eq!(requests.get::<_, i64>(0), turns as i64, "a request belongs to each turn");
    found
}

impl Drop for Server {
    fn drop(&mut self) {
        // An interrupt, as the server has it, is a stop that waits for nobody.
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(10) {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run(directory: &TempDir, programs: &Path, port: u16) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(directory.path().join("log")).unwrap();
    let mut command = unprivileged(&programs.join("postgres"), directory.path());
    command.arg("-D").arg(directory.path().join("data")).args([
        "-p",
        &port.to_string(),
        "-c",
        "listen_addresses=127.0.0.1",
    ]);
    command.args(["-c", "unix_socket_directories=", "-c", "log_statement=all", "-c", "fsync=off"]);
    // Some tests turn encryption on by a certificate that lies there.
    if directory.path().join("data/server.crt").exists() {
        command.args(["-c", "ssl=on"]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
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
    std::fs::metadata("/proc/self").is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0)
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
