//! A client of the app-server, by standard streams and by WebSocket, and a server to talk to.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use crate::{Program, Running};

/// How long an answer is waited for: by far longer than any takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// What introduces a client that may call everything.
pub fn introduction() -> Value {
    json!({
        "clientInfo": {"name": "tests", "title": null, "version": "1"},
        "capabilities": {"experimentalApi": true},
    })
}

/// A server on a socket.
pub struct Server {
    /// Its process.
    pub running: Running,
    /// Where it listens.
    pub socket: PathBuf,
}

impl Server {
    /// Starts a server, whose socket is in the program's own place, and waits until it listens.
    pub fn start(program: &Program, socket: &Path) -> Server {
        Server::start_with(program, socket, &[])
    }

    /// Starts one with further arguments.
    pub fn start_with(program: &Program, socket: &Path, arguments: &[&str]) -> Server {
        let listen = format!("unix://{}", socket.display());
        let running = program.spawn(["app-server", "--listen", &listen].iter().chain(arguments));
        let mut server = Server { running, socket: socket.into() };
        while UnixStream::connect(socket).is_err() {
            assert!(!server.running.is_over(), "the server ended before it listened");
            std::thread::sleep(Duration::from_millis(2));
        }
        server
    }

    /// Connects, and introduces itself.
    pub fn client(&self) -> Client {
        let mut client = self.stranger();
        client.call("initialize", introduction()).unwrap();
        client.send(&json!({"method": "initialized"}));
        client
    }

    /// Connects, and says nothing.
    pub fn stranger(&self) -> Client {
        let stream = UnixStream::connect(&self.socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = client("ws://localhost/rpc", stream).unwrap();
        Client { socket, next: 0, told: Vec::new() }
    }
}

/// A client by WebSocket.
pub struct Client {
    /// Its connection.
    pub socket: WebSocket<UnixStream>,
    next: i64,
    /// What it was told while it waited for answers.
    pub told: Vec<Value>,
}

impl Client {
    /// Sends a message.
    pub fn send(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).unwrap();
    }

    /// Sends a request, and gives its id.
    pub fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        let id = self.next;
        self.send(&json!({"id": id, "method": method, "params": params}));
        id
    }

    /// The next message; the reason where the server ended the connection.
    pub fn receive(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => return Ok(serde_json::from_str(text.as_str()).unwrap()),
                Ok(Message::Close(frame)) => return Err(frame),
                Ok(_) => {}
                Err(error) => panic!("the connection broke: {error}"),
            }
        }
    }

    /// Asks, and waits for the answer: the result, or the code and the message of the error.
    pub fn call(&mut self, method: &str, params: Value) -> Result<Value, (i64, String)> {
        let id = self.ask(method, params);
        loop {
            let message = self.receive().unwrap();
            if message["id"] == id {
                return answered(message);
            }
            self.told.push(message);
        }
    }
}

/// A client by standard streams.
pub struct Lines {
    running: Running,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Lines {
    /// Starts a server that it alone talks to.
    pub fn start(program: &Program) -> Lines {
        let mut command = program.command(["app-server", "--listen", "stdio://"]);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = Running::start(command);
        let (input, output) = (Some(running.stdin()), BufReader::new(running.stdout()));
        Lines { running, input, output }
    }

    /// Writes bytes, whatever they are.
    pub fn write(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    /// Sends a message.
    pub fn send(&mut self, message: &Value) {
        self.write(format!("{message}\n").as_bytes());
    }

    /// The next message.
    pub fn receive(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Says no more, and gives what still comes, when the server has ended.
    pub fn finish(mut self) -> Vec<Value> {
        drop(self.input.take());
        let rest = self.output.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        self.running.outcome().well();
        rest
    }
}

/// The result of an answer, or the code and the message of its error.
pub fn answered(mut message: Value) -> Result<Value, (i64, String)> {
    match message.get("error") {
        Some(error) => Err((error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())),
        None => Ok(message["result"].take()),
    }
}

/// A frame of text, as a client sends it: masked, here with zeros.
pub fn masked(text: &[u8]) -> Vec<u8> {
    let length = match text.len() {
        length @ 0..126 => vec![0x80 | length as u8],
        length @ 126..65_536 => [vec![0x80 | 126], (length as u16).to_be_bytes().to_vec()].concat(),
        length => [vec![0x80 | 127], (length as u64).to_be_bytes().to_vec()].concat(),
    };
    [&[0x81], length.as_slice(), &[0; 4], text].concat()
}
