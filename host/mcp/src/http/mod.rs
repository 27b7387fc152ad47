//! Clients by streamable HTTP, on one path, a session each.
//!
//! ```text
//! listener ─→ its guard: origin, host, token ─→ body, bounded ─→ a message ─→ the protocol ─→ a server of the session
//! ```

mod body;
mod origins;
mod sessions;

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Body as HttpBody;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::http::{Method, Request, Response, StatusCode};
use rmcp::ErrorData;
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use threadkeep_listen::{Address, Body, health_response, text_response};

use crate::server::{SESSION, Server};
use body::Bodies;
use origins::Origins;
use sessions::Sessions;

/// The path on which clients ask.
pub const PATH: &str = "/mcp";

/// Answers the clients of a listener.
#[derive(Clone)]
pub(crate) struct HttpServer {
    protocol: StreamableHttpService<Server, Sessions>,
    sessions: Arc<Sessions>,
    bodies: Bodies,
    origins: Origins,
}

impl HttpServer {
    /// Makes one for an address, and pages of these origins.
    pub(crate) fn new(server: &Server, address: &Address, origins: &[String]) -> HttpServer {
        let sessions = Arc::new(Sessions::default());
        let server = server.clone();
        let config = config(address, origins);
        HttpServer {
            protocol: StreamableHttpService::new(move || Ok(server.for_session()), sessions.clone(), config),
            sessions,
            bodies: Bodies::default(),
            origins: Origins::new(origins),
        }
    }

    /// Ends every session, and whatever is being sent.
    pub(crate) fn stop(&self) {
        self.protocol.config.cancellation_token.cancel();
    }

    /// Answers a request.
    pub(crate) async fn respond<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Display,
    {
        if let Some(response) = health_response(&request) {
            return response;
        }
        if request.uri().path() != PATH {
            return text_response(StatusCode::NOT_FOUND, format!("agents are answered on {PATH}\n"));
        }
        if let Some(response) = self.origins.answer_beforehand(&request) {
            return response;
        }
        let origin = self.origins.of(&request);
        let mut response = match *request.method() {
            Method::POST => self.post(request).await.unwrap_or_else(|refusal| *refusal),
            Method::DELETE => ended(sent(self.protocol.handle(request).await)),
            _ => sent(self.protocol.handle(request).await),
        };
        if let Some(origin) = origin {
            Origins::allow(&mut response, origin);
        }
        response
    }

    /// Reads a message, and has it answered.
    async fn post<B>(&self, request: Request<B>) -> Result<Response<Body>, Box<Response<Body>>>
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Display,
    {
        let (parts, body) = request.into_parts();
        if !parts.headers.get(CONTENT_TYPE).is_some_and(is_json) {
            let why = "a message is JSON: send Content-Type: application/json\n";
            return Err(Box::new(text_response(StatusCode::UNSUPPORTED_MEDIA_TYPE, why)));
        }
        let (body, room) = self.bodies.read(body).await?;
        let message: ClientJsonRpcMessage = serde_json::from_slice(&body).map_err(|error| no_message(&error))?;
        let begins = matches!(&message, ClientJsonRpcMessage::Request(request)
            if matches!(request.request, ClientRequest::InitializeRequest(_)));
        if begins && !parts.headers.contains_key(SESSION) && !self.sessions.has_room().await {
            let why = "there are too many sessions, all of them in use; end one, or try again in a minute\n";
            let mut response = text_response(StatusCode::SERVICE_UNAVAILABLE, why);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("60"));
            return Err(Box::new(response));
        }
        drop(message);
        let answer = self.protocol.handle(Request::from_parts(parts, Full::new(body))).await;
        drop(room);
        Ok(sent(answer))
    }
}

/// Has the protocol's own library check hosts and origins too: one of the two may be wrong.
fn config(address: &Address, origins: &[String]) -> StreamableHttpServerConfig {
    // Nobody is promised to get an answer again whose connection broke: what is asked anew is answered anew.
    let config = StreamableHttpServerConfig::default()
        .with_sse_retry(None)
        .with_allowed_origins(origins.iter().cloned())
        .enforce_origin_validation()
        .with_max_request_body_bytes(body::MAX_BODY);
    match address {
        Address::Tcp(socket) if address.is_local() => {
            config.with_allowed_hosts(["localhost".into(), "127.0.0.1".into(), "::1".into(), socket.ip().to_string()])
        }
        _ => config.disable_allowed_hosts(),
    }
}

/// Says that a session has ended in the way that every client takes for that.
fn ended(mut response: Response<Body>) -> Response<Body> {
    if response.status() == StatusCode::ACCEPTED {
        *response.status_mut() = StatusCode::NO_CONTENT;
    }
    response
}

fn is_json(content_type: &HeaderValue) -> bool {
    let named = content_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    named.trim().eq_ignore_ascii_case("application/json")
}

/// Makes the response to what is no message, as the protocol says it.
fn no_message(error: &serde_json::Error) -> Box<Response<Body>> {
    let refusal = match error.is_data() {
        true => ErrorData::invalid_request("the body is no message of JSON-RPC 2.0", None),
        false => ErrorData::parse_error("the body is no JSON", None),
    };
    let json = serde_json::to_string(&ServerJsonRpcMessage::error(refusal, None)).unwrap_or_default();
    let mut response = text_response(StatusCode::BAD_REQUEST, json);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Box::new(response)
}

/// Gives a response of the protocol's library as a listener sends it.
fn sent<B>(response: Response<B>) -> Response<Body>
where
    B: HttpBody<Data = Bytes, Error = Infallible> + Send + 'static,
{
    response.map(|body| body.map_err(|never| match never {}).boxed_unsync())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use hyper::header::{ACCEPT, HOST, HeaderName, ORIGIN};
    use threadkeep::platform::home::Home;
    use threadkeep::{Options, StateAccess};

    use super::*;
    use crate::config::Config;
    use crate::guard::Scope;

    const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

    fn server(home: &std::path::Path, origins: &[String]) -> HttpServer {
        let options = Options { access: StateAccess::Without, ..Options::new(Home::open(home, |_| None).unwrap()) };
        let config = Config {
            options,
            scope: Scope::All,
            own_thread: None,
            directory: home.into(),
            prices: Vec::new(),
            allows_writes: false,
            plugins: None,
            zone: jiff::tz::TimeZone::UTC,
            warn: |_| {},
        };
        HttpServer::new(&Server::new(config), &"127.0.0.1:1".parse().unwrap(), origins)
    }

    #[test]
    fn hosts_and_origins_are_checked_behind_the_guard_too() {
        let home = tempfile::tempdir().unwrap();
        let allowed = "https://page.example";
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let asked = |headers: &[(HeaderName, &str)]| {
            let usual = [(CONTENT_TYPE, "application/json"), (ACCEPT, "application/json, text/event-stream")];
            let mut request = Request::post(PATH);
            for (name, value) in usual.iter().chain(headers) {
                request = request.header(name, *value);
            }
            let request = request.body(Full::new(Bytes::from(PING))).unwrap();
            let answer = async { server(home.path(), &[allowed.into()]).respond(request).await.status().as_u16() };
            runtime.block_on(answer)
        };
        assert_eq!(asked(&[(HOST, "evil.example")]), 403);
        assert_eq!(asked(&[(HOST, "127.0.0.1:1"), (ORIGIN, "http://evil.example")]), 403);
        for let_in in [&[(HOST, "localhost:1")][..], &[(HOST, "127.0.0.1:1"), (ORIGIN, allowed)]] {
            // A ping needs a session.
            assert!(![200, 403].contains(&asked(let_in)), "{let_in:?}");
        }
    }
}
