//! A model that answers every request of the Responses API in a few words, and remembers what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Result, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// A model that listens on a port of this machine for as long as the tests run.
pub(super) struct Model {
    pub(super) port: u16,
    requests: Arc<Mutex<Vec<Value>>>,
}

impl Model {
    pub(super) fn start() -> Model {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::<Mutex<Vec<Value>>>::default();
        let asked = requests.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let asked = asked.clone();
                // A client that goes away has what it wanted.
                std::thread::spawn(move || drop(serve(&stream, &asked)));
            }
        });
        Model { port, requests }
    }

    pub(super) fn requests(&self) -> Vec<Value> {
        self.requests.lock().unwrap().clone()
    }
}

/// One request a connection.
fn serve(stream: &TcpStream, asked: &Mutex<Vec<Value>>) -> Result<()> {
    let mut from = BufReader::new(stream);
    let mut head = String::new();
    while from.read_line(&mut head)? > 2 {}
    let header = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        let mut values = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim());
        values.next().map(str::to_owned)
    };
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    if header("content-encoding").as_deref() == Some("zstd") {
        body = zstd::decode_all(body.as_slice())?;
    }
    let mut to = stream;
    if !head.starts_with("POST") {
        let list = r#"{"object":"list","data":[],"models":[]}"#;
        let length = list.len();
        return write!(
            to,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{list}"
        );
    }
    let request: Value = serde_json::from_slice(&body)?;
    let items = answer(&request);
    asked.lock().unwrap().push(request);
    write!(to, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")?;
    let mut event = |kind: &str, mut data: Value| {
        data["type"] = kind.into();
        write!(to, "event: {kind}\ndata: {data}\n\n")
    };
    event("response.created", json!({"response": {"id": "resp_1", "status": "in_progress", "output": []}}))?;
    for (at, item) in items.iter().enumerate() {
        event("response.output_item.done", json!({"output_index": at, "item": item}))?;
    }
    let usage = json!({
        "input_tokens": 100, "input_tokens_details": {"cached_tokens": 40}, "output_tokens": 20,
        "output_tokens_details": {"reasoning_tokens": 5}, "total_tokens": 120,
    });
    let response = json!({"id": "resp_1", "status": "completed", "output": items, "usage": usage});
    event("response.completed", json!({"response": response}))
}

/// Words; before them a command, if the last thing that was said asks for one by `[shell]`.
fn answer(request: &Value) -> Vec<Value> {
    let input = request["input"].as_array().map(Vec::as_slice).unwrap_or_default();
    let number = input.len();
    let is_output = |item: &Value| item["type"].as_str().is_some_and(|kind| kind.ends_with("_output"));
    let said = input.iter().rev().find(|item| item["role"] == "user" || is_output(item));
    if said.is_some_and(|said| said["role"] == "user" && said.to_string().contains("[shell]")) {
        let arguments = json!({"cmd": "echo from the shell"}).to_string();
        return vec![json!({
            "type": "function_call", "id": format!("fc_{number}"), "call_id": format!("call_{number}"),
            "name": "exec_command", "arguments": arguments,
        })];
    }
    vec![json!({
        "type": "message", "id": format!("msg_{number}"), "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": format!("Answer {number}."), "annotations": [], "logprobs": []}],
    })]
}
