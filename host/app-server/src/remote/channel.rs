//! A connection to a server: a request at a time, over WebSocket.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use threadkeep::ErrorKind;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{HandshakeError, Message, WebSocket, client};

use super::address::RemoteAddress;
use crate::error::RpcError;

/// How long a server may take for an answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(120);
/// The bytes of an answer at most: a whole page of turns may be large.
const MAX_ANSWER: usize = 256 << 20;

trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

/// A connection to a server that knows this program.
pub(super) struct Channel {
    socket: WebSocket<Box<dyn Stream>>,
    next_id: i64,
    shown: String,
}

#[derive(Serialize)]
struct Asked<'a, P> {
    id: i64,
    method: &'a str,
    params: &'a P,
}

#[derive(Serialize)]
struct Told {
    method: &'static str,
}

#[derive(Deserialize)]
struct Answered {
    id: Option<RawId>,
    result: Option<Box<RawValue>>,
    error: Option<RpcError>,
}

/// An id; requests of the server's own have texts, too.
#[derive(Deserialize, PartialEq)]
#[serde(untagged)]
enum RawId {
    Number(i64),
    Other(serde::de::IgnoredAny),
}

impl Channel {
    pub(super) fn open(address: &RemoteAddress, token: Option<&str>) -> threadkeep::Result<Channel> {
        let shown = address.to_string();
        let failed = |error: std::io::Error| {
            let told = format!("no server answers at {shown}: {error}; start one with app-server --listen");
            threadkeep::Error::new(ErrorKind::of_io(&error), told)
        };
        let (stream, url): (Box<dyn Stream>, String) = match address {
            RemoteAddress::Tcp(authority) => {
                let stream = TcpStream::connect(authority).map_err(failed)?;
                stream.set_nodelay(true).map_err(failed)?;
                stream.set_read_timeout(Some(ANSWERS_WITHIN)).map_err(failed)?;
                (Box::new(stream), format!("ws://{authority}/"))
            }
            RemoteAddress::Unix(path) => {
                let stream = UnixStream::connect(path).map_err(failed)?;
                stream.set_read_timeout(Some(ANSWERS_WITHIN)).map_err(failed)?;
                (Box::new(stream), "ws://localhost/rpc".into())
            }
        };
        let no_websocket = |why: String| {
            threadkeep::Error::new(ErrorKind::Conflict, format!("what answers at {shown} is no app-server: {why}"))
        };
        let mut request = url.into_client_request().map_err(|error| no_websocket(error.to_string()))?;
        if let Some(token) = token {
            let header = HeaderValue::from_str(&format!("Bearer {token}"));
            let header =
                header.map_err(|_| threadkeep::Error::new(ErrorKind::InvalidInput, "the token is no header's text"))?;
            request.headers_mut().insert(AUTHORIZATION, header);
        }
        let config = WebSocketConfig::default().max_message_size(Some(MAX_ANSWER)).max_frame_size(Some(MAX_ANSWER));
        let opened = client::client_with_config(request, stream, Some(config));
        let (socket, _) = opened.map_err(|error| match error {
            HandshakeError::Failure(tokio_tungstenite::tungstenite::Error::Http(response)) => {
                let status = response.status().as_u16();
                let told = match status {
                    401 => format!("the server at {shown} wants a token; name its file with --remote-token-file"),
                    _ => format!("the server at {shown} refuses with status {status}"),
                };
                threadkeep::Error::new(ErrorKind::Denied, told)
            }
            error => no_websocket(error.to_string()),
        })?;
        let mut channel = Channel { socket, next_id: 0, shown };
        channel.introduce()?;
        Ok(channel)
    }

    fn introduce(&mut self) -> threadkeep::Result<()> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Introduction {
            client_info: ClientInfo,
            capabilities: Capabilities,
        }
        #[derive(Serialize)]
        struct ClientInfo {
            name: &'static str,
            title: Option<()>,
            version: &'static str,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Capabilities {
            experimental_api: bool,
        }
        let client_info = ClientInfo { name: "threadkeep", title: None, version: env!("CARGO_PKG_VERSION") };
        let introduction = Introduction { client_info, capabilities: Capabilities { experimental_api: true } };
        let introduced = self.call("initialize", &introduction)?;
        introduced.map_err(|error| {
            let told = format!("the server at {} does not know this program: {}", self.shown, error.message);
            threadkeep::Error::new(ErrorKind::Conflict, told)
        })?;
        self.send(&Told { method: "initialized" })
    }

    /// Asks, and waits for the answer; what is told meanwhile is passed over.
    pub(super) fn call(
        &mut self,
        method: &str,
        params: &impl Serialize,
    ) -> threadkeep::Result<Result<Box<RawValue>, RpcError>> {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&Asked { id, method, params })?;
        loop {
            let text = match self.socket.read() {
                Ok(Message::Text(text)) => text,
                Ok(Message::Close(frame)) => {
                    let why = frame.map(|frame| format!(": {}", frame.reason)).unwrap_or_default();
                    return Err(self.broken(&format!("it closed the connection{why}")));
                }
                Ok(_) => continue,
                Err(error) => return Err(self.broken(&error)),
            };
            let answered: Answered = serde_json::from_str(text.as_str()).map_err(|error| self.broken(&error))?;
            if answered.id != Some(RawId::Number(id)) {
                continue;
            }
            return Ok(match (answered.result, answered.error) {
                (_, Some(error)) => Err(error),
                (Some(result), None) => Ok(result),
                (None, None) => return Err(self.broken(&"its answer has neither a result nor an error")),
            });
        }
    }

    fn send(&mut self, message: &impl Serialize) -> threadkeep::Result<()> {
        let text = serde_json::to_string(message).map_err(|error| self.broken(&error))?;
        self.socket.send(Message::text(text)).map_err(|error| self.broken(&error))
    }

    fn broken(&self, why: &dyn std::fmt::Display) -> threadkeep::Error {
        threadkeep::Error::new(ErrorKind::Io, format!("the server at {} cannot be talked to: {why}", self.shown))
    }
}
