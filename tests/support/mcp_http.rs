//! The program's MCP server over HTTP, and what a client of it sends.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{ChildStderr, Stdio};

use serde_json::Value;

use crate::http::HttpResponse;
use crate::{Program, Running};

/// A server that listens on a port of this machine.
pub struct McpHttpServer {
    /// Its process.
    pub running: Running,
    /// Where it listens.
    pub address: SocketAddr,
    /// What else it says, once it has ended.
    words: std::thread::JoinHandle<String>,
}

impl McpHttpServer {
    /// Starts the server for all threads of a home.
    pub fn of(program: &Program) -> McpHttpServer {
        McpHttpServer::with(program, &["--scope", "all"])
    }

    /// Starts it with these arguments.
    pub fn with(program: &Program, arguments: &[&str]) -> McpHttpServer {
        McpHttpServer::on(program, 0, arguments)
    }

    /// Starts it on a port; 0 lets the system choose one.
    pub fn on(program: &Program, port: u16, arguments: &[&str]) -> McpHttpServer {
        let mut command = program.command(["mcp", "--listen", &format!("http://127.0.0.1:{port}")]);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut running = Running::start(&mut command);
        let mut words = BufReader::new(running.stderr());
        let mut line = String::new();
        words.read_line(&mut line).unwrap();
        let address = line.trim().split("http://").nth(1).and_then(|rest| rest.strip_suffix("/mcp"));
        let address = address.unwrap_or_else(|| panic!("it does not listen: {line}")).parse().unwrap();
        McpHttpServer { running, address, words: std::thread::spawn(move || rest_of(words)) }
    }

    /// Sends a message, with headers beside those that every client sends.
    pub fn post(&self, more: &[(&str, &str)], body: &[u8]) -> HttpResponse {
        let usual = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")];
        let usual = usual.into_iter().filter(|(name, _)| !more.iter().any(|(other, _)| name == other));
        let lines: Vec<_> = usual.chain(more.iter().copied()).collect();
        HttpResponse::of(self.address, "POST /mcp", &lines, body)
    }

    /// Waits for its end; the exit code, and what it said since it listened.
    pub fn ended(self) -> (Option<i32>, String) {
        let code = self.running.output().status.code();
        (code, self.words.join().unwrap())
    }
}

fn rest_of(mut words: BufReader<ChildStderr>) -> String {
    let mut rest = String::new();
    let _ = std::io::Read::read_to_string(&mut words, &mut rest);
    rest
}

/// Gives the message of a response, of whichever form it is.
pub(crate) fn message_of(response: &HttpResponse) -> Value {
    let is_stream = response.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
    let data = match is_stream {
        true => response.body.lines().filter_map(|line| line.strip_prefix("data: ")).find(|data| !data.is_empty()),
        false => Some(response.body.as_str()),
    };
    serde_json::from_str(data.unwrap_or_default()).unwrap_or_else(|_| panic!("no message: {response:?}"))
}
