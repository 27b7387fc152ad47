//! A client of the program's MCP server, by lines or by HTTP, as the protocol says, and nothing of the server's own code.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::http::HttpResponse;
use crate::mcp_http::message_of;
use crate::{McpHttpServer, Program, Running};

/// How a client and its server speak.
enum Wire {
    Lines { running: Running, input: Option<ChildStdin>, output: BufReader<ChildStdout> },
    Http { address: SocketAddr, headers: Vec<(String, String)> },
}

/// A client whose server runs.
pub struct McpClient {
    wire: Wire,
    number: u64,
    /// What the server said of itself.
    pub server: Value,
}

impl McpClient {
    /// Starts the server for all threads of a home.
    pub fn of(program: &Program) -> McpClient {
        McpClient::start(&mut program.command(["mcp", "--scope", "all"]))
    }

    /// Starts the server in a directory, for the threads of its repository.
    pub fn inside(program: &Program, directory: &Path) -> McpClient {
        McpClient::start(program.command(["mcp"]).current_dir(directory))
    }

    /// Starts a server, and says hello.
    pub fn start(command: &mut Command) -> McpClient {
        McpClient::silent(command).introduced()
    }

    /// Begins a session with a server that listens.
    pub fn over_http(server: &McpHttpServer) -> McpClient {
        McpClient::over_http_with(server, &[])
    }

    /// Begins one with headers of its own.
    pub fn over_http_with(server: &McpHttpServer, headers: &[(&str, &str)]) -> McpClient {
        let usual = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")];
        let headers = usual.iter().chain(headers).map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let wire = Wire::Http { address: server.address, headers };
        McpClient { wire, number: 0, server: Value::Null }.introduced()
    }

    fn introduced(mut self) -> McpClient {
        let hello = json!({
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "tests", "version": "1" }
        });
        self.server = self.request("initialize", hello)["result"].take();
        self.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        self
    }

    /// The session's id, of a client by HTTP.
    pub fn session(&self) -> Option<&str> {
        let Wire::Http { headers, .. } = &self.wire else { return None };
        headers.iter().find(|(name, _)| name == "Mcp-Session-Id").map(|(_, id)| id.as_str())
    }

    /// Starts a server without a word.
    pub fn silent(command: &mut Command) -> McpClient {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut running = Running::start(command);
        let (input, output) = (Some(running.stdin()), BufReader::new(running.stdout()));
        McpClient { wire: Wire::Lines { running, input, output }, number: 0, server: Value::Null }
    }

    /// Sends a message that is not answered, or none at all.
    pub fn say(&mut self, line: &str) {
        match &mut self.wire {
            Wire::Lines { input, .. } => {
                let input = input.as_mut().unwrap();
                writeln!(input, "{line}").unwrap();
                input.flush().unwrap();
            }
            Wire::Http { .. } => assert_eq!(self.post(line).status, 202, "{line}"),
        }
    }

    /// Asks, and gives the whole answer.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        let id = self.number;
        let asked = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string();
        if let Wire::Http { .. } = self.wire {
            let response = self.post(&asked);
            if let (Wire::Http { headers, .. }, Some(session)) = (&mut self.wire, response.header("mcp-session-id")) {
                headers.push(("Mcp-Session-Id".into(), session.into()));
            }
            let message = message_of(&response);
            assert_eq!(message["id"], id, "{message}");
            return message;
        }
        self.say(&asked);
        loop {
            let message = self.receive();
            if message["id"] == id {
                return message;
            }
        }
    }

    /// Gives the next message of a server that speaks by lines.
    fn receive(&mut self) -> Value {
        let Wire::Lines { output, .. } = &mut self.wire else { panic!("it speaks by HTTP") };
        let mut line = String::new();
        assert!(output.read_line(&mut line).unwrap() > 0, "the server has ended");
        serde_json::from_str(&line).unwrap()
    }

    /// Sends a message by HTTP.
    fn post(&self, message: &str) -> HttpResponse {
        let Wire::Http { address, headers } = &self.wire else { panic!("it speaks by lines") };
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        HttpResponse::of(*address, "POST /mcp", &headers, message.as_bytes())
    }

    /// Calls a tool, and gives its result.
    pub fn result(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.request("tools/call", json!({ "name": tool, "arguments": arguments }));
        assert!(answer["result"].is_object(), "{answer}");
        answer["result"].clone()
    }

    /// Calls a tool that answers, and gives what it says; its text says the same.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.result(tool, arguments);
        assert_eq!(result["isError"], false, "{result}");
        let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(text, result["structuredContent"]);
        text
    }

    /// Calls a tool that cannot answer, and gives the reason.
    pub fn refusal(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.result(tool, arguments);
        assert_eq!(result["isError"], true, "{result}");
        result["structuredContent"]["error"].clone()
    }

    /// Calls a tool again and again until nothing is left, and gives all answers.
    pub fn pages(&mut self, tool: &str, arguments: &Value) -> Vec<Value> {
        let mut arguments = arguments.clone();
        let mut pages = Vec::new();
        loop {
            let page = self.call(tool, arguments.clone());
            arguments["cursor"] = page["nextCursor"].clone();
            pages.push(page);
            if arguments["cursor"].is_null() {
                return pages;
            }
            assert!(pages.len() < 5_000, "{tool} {arguments} comes to no end");
        }
    }

    /// Closes the server's input, and waits for its end.
    pub fn end(self) -> Option<i32> {
        let Wire::Lines { running, input, .. } = self.wire else { panic!("it speaks by HTTP") };
        drop(input);
        running.output().status.code()
    }
}
