//! A client of the program's MCP server: a line a message, as the protocol says, and nothing of the server's own code.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::{Program, Running};

/// A client whose server runs.
pub struct McpClient {
    running: Running,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
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
        let mut client = McpClient::silent(command);
        let hello = json!({
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "tests", "version": "1" }
        });
        client.server = client.request("initialize", hello)["result"].take();
        client.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        client
    }

    /// Starts a server without a word.
    pub fn silent(command: &mut Command) -> McpClient {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut running = Running::start(command);
        let (input, output) = (Some(running.stdin()), BufReader::new(running.stdout()));
        McpClient { running, input, output, number: 0, server: Value::Null }
    }

    /// Sends a line.
    pub fn say(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
        input.flush().unwrap();
    }

    /// Gives the next message of the server.
    pub fn receive(&mut self) -> Value {
        let mut line = String::new();
        assert!(self.output.read_line(&mut line).unwrap() > 0, "the server has ended");
        serde_json::from_str(&line).unwrap()
    }

    /// Asks, and gives the whole answer.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        let id = self.number;
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string());
        loop {
            let message = self.receive();
            if message["id"] == id {
                return message;
            }
        }
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
    pub fn end(mut self) -> Option<i32> {
        drop(self.input.take());
        self.running.output().status.code()
    }
}
