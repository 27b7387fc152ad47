//! What browsers are told of pages that were allowed: without these headers a page cannot ask, though the guard lets it in.

use std::sync::Arc;

use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderName, HeaderValue, ORIGIN, VARY,
};
use hyper::http::{Method, Request, Response, StatusCode};
use threadkeep_listen::{Body, text_response};

/// What a page may send beside a message.
const HEADERS: &str =
    "Accept, Authorization, Content-Type, Last-Event-ID, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id";

/// The pages that may ask.
#[derive(Clone)]
pub(super) struct Origins(Arc<[String]>);

impl Origins {
    pub(super) fn new(allowed: &[String]) -> Origins {
        Origins(allowed.into())
    }

    /// Gives the origin of a request, where it is one that may ask.
    pub(super) fn of<B>(&self, request: &Request<B>) -> Option<HeaderValue> {
        let origin = request.headers().get(ORIGIN)?;
        self.0.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }

    /// Answers a browser that asks what a page may do, before the page does it.
    pub(super) fn answer_beforehand<B>(&self, request: &Request<B>) -> Option<Response<Body>> {
        let origin = self.of(request).filter(|_| *request.method() == Method::OPTIONS)?;
        let mut response = text_response(StatusCode::NO_CONTENT, "");
        let headers = [
            (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
            (ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
            (ACCESS_CONTROL_MAX_AGE, "600"),
        ];
        set(&mut response, headers);
        Origins::allow(&mut response, origin);
        Some(response)
    }

    /// Lets a page read a response.
    pub(super) fn allow(response: &mut Response<Body>, origin: HeaderValue) {
        set(response, [(ACCESS_CONTROL_EXPOSE_HEADERS, "Mcp-Session-Id"), (VARY, "Origin")]);
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
}

fn set<const N: usize>(response: &mut Response<Body>, headers: [(HeaderName, &'static str); N]) {
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}
