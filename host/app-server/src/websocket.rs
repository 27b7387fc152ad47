//! Messages in WebSocket frames of text, one each, on TCP and on Unix sockets.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hyper::body::Incoming;
use hyper::header::{
    CONNECTION, HeaderMap, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use threadkeep_listen::{Body, Place, health_response, stopped, text_response};
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::connection::Connection;
use crate::envelope::MAX_MESSAGE;
use crate::error::RpcError;
use crate::outbox::OutboxReader;
use crate::server::{Naming, Server};

/// How long a client may take to read a message.
const READ_WITHIN: Duration = Duration::from_secs(60);
/// How long a client may take to close a connection that ends.
const CLOSED_WITHIN: Duration = Duration::from_secs(1);
/// The bytes of the buffers of a connection.
const BUFFER: usize = 8 * 1024;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Answers a request: whether the server lives, or with a WebSocket.
pub(crate) async fn respond(
    server: Arc<Server>,
    naming: Naming,
    mut request: Request<Incoming>,
    stop: watch::Receiver<bool>,
) -> Response<Body> {
    if let Some(response) = health_response(&request) {
        return response;
    }
    let Some(key) = key_of(&request) else {
        return text_response(StatusCode::UPGRADE_REQUIRED, "this server speaks WebSocket, version 13\n");
    };
    let place = request.extensions().get::<Place>().cloned();
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let upgraded = match upgrade.await {
            Ok(upgraded) => TokioIo::new(upgraded),
            Err(error) => return tracing::debug!(%error, "no WebSocket came of a request"),
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_frame_size(Some(MAX_MESSAGE))
            .max_message_size(Some(MAX_MESSAGE));
        let socket = WebSocketStream::from_raw_socket(upgraded, Role::Server, Some(config)).await;
        serve(Connection::open(server, naming), socket, stop).await;
        drop(place);
    });
    let mut response = text_response(StatusCode::SWITCHING_PROTOCOLS, "");
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, key);
    response
}

/// Gives the answer to the key of a request for a WebSocket; none where it asks for none (RFC 6455, section 4.2.1).
fn key_of(request: &Request<Incoming>) -> Option<HeaderValue> {
    let headers = request.headers();
    let is_upgrade = *request.method() == Method::GET
        && names(headers, CONNECTION, "upgrade")
        && names(headers, UPGRADE, "websocket")
        && headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| is_upgrade)?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}

/// Says whether a header names a word in its list, whatever the case of letters.
fn names(headers: &HeaderMap, header: HeaderName, word: &str) -> bool {
    let values = headers.get_all(header).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|named| named.trim().eq_ignore_ascii_case(word))
}

/// Why a WebSocket ends.
type End = (CloseCode, String);

async fn serve((connection, outbox): (Connection, OutboxReader), socket: Socket, stop: watch::Receiver<bool>) {
    let (sink, mut stream) = socket.split();
    let (ending, ended) = watch::channel(None);
    let writer = tokio::spawn(write(outbox, sink, ended));
    let end = read(connection, &mut stream, stop).await;
    // Nobody waits for the writer's end if it has ended by itself.
    let _ = ending.send(Some(end));
    let _ = writer.await;
    // A socket that is closed before all that came was taken breaks off, and the reason is lost with it.
    let rest = async { while let Some(Ok(_)) = stream.next().await {} };
    let _ = tokio::time::timeout(CLOSED_WITHIN, rest).await;
}

/// Takes messages until the client goes, or must go; why.
async fn read(mut connection: Connection, stream: &mut SplitStream<Socket>, mut stop: watch::Receiver<bool>) -> End {
    loop {
        let message = tokio::select! {
            message = stream.next() => message,
            () = stopped(&mut stop) => {
                return (CloseCode::Away, "the server is ending".into());
            }
        };
        let received = match message {
            Some(Ok(Message::Text(text))) => connection.receive(text.as_str()).await,
            Some(Ok(Message::Binary(_))) => {
                connection.refuse(RpcError::invalid("a message is a frame of text, not of bytes")).await
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(()),
            Some(Ok(Message::Close(_))) | None => return (CloseCode::Normal, String::new()),
            Some(Err(Error::Capacity(_))) => {
                return (CloseCode::Size, format!("a message is at most {MAX_MESSAGE} bytes long"));
            }
            Some(Err(Error::Utf8(_))) => return (CloseCode::Invalid, "text is UTF-8".into()),
            Some(Err(Error::Protocol(error))) => return (CloseCode::Protocol, error.to_string()),
            Some(Err(error)) => {
                tracing::debug!(%error, "a connection broke");
                return (CloseCode::Normal, String::new());
            }
        };
        if received.is_err() {
            return (CloseCode::Again, "the messages of the server were not read".into());
        }
    }
}

/// Sends messages until there are no more or the connection ends, and says why that is.
async fn write(
    mut outbox: OutboxReader,
    mut sink: SplitSink<Socket, Message>,
    mut ended: watch::Receiver<Option<End>>,
) {
    let (code, reason) = loop {
        // What was answered before the end is sent before it.
        let text = tokio::select! {
            biased;
            text = outbox.next() => text,
            end = ended.wait_for(Option::is_some) => {
                break end.ok().and_then(|end| end.clone()).unwrap_or((CloseCode::Normal, String::new()));
            }
        };
        let Some(mut text) = text else {
            if !outbox.has_overflowed() {
                // The connection has no clone of the outbox any more: it is ending.
                let end = ended.wait_for(Option::is_some).await;
                break end.ok().and_then(|end| end.clone()).unwrap_or((CloseCode::Normal, String::new()));
            }
            tracing::warn!("a client did not read what it was told, and was let go");
            break (CloseCode::Again, "what the server tells was not read; connect again, and ask anew".into());
        };
        let sending = async {
            loop {
                sink.feed(Message::text(text)).await?;
                match outbox.next_now() {
                    Some(more) => text = more,
                    None => return sink.flush().await,
                }
            }
        };
        match tokio::time::timeout(READ_WITHIN, sending).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return tracing::debug!(%error, "a connection broke"),
            Err(_) => return tracing::warn!("a client read nothing for a minute, and was let go"),
        }
    };
    // A reason has at most 123 bytes (RFC 6455, section 5.5.1).
    let reason: String = reason.chars().filter(char::is_ascii).take(123).collect();
    let close = async {
        let _ = sink.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
        let _ = sink.close().await;
    };
    let _ = tokio::time::timeout(CLOSED_WITHIN, close).await;
}
