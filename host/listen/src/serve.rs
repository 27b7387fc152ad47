//! Serving a listener: a connection each, until it is told to stop.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::http::{Method, Request, Response, StatusCode};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::listener::Socket;
use crate::{Guard, Listener};

/// How many connections there are at most; further ones are closed at once.
pub const MAX_CONNECTIONS: u32 = 4_096;
/// How long a client may take for the headers of a request.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// How long no connection is taken after the system gave none, as where it has no file left.
const PAUSE: Duration = Duration::from_millis(100);
/// How long what is being answered when the server ends may take.
const ANSWERED_WITHIN: Duration = Duration::from_millis(500);
/// How long what connections became may take to end with the server.
const ENDED_WITHIN: Duration = Duration::from_secs(3);
/// The bytes that are kept of a request before it is read.
const BUFFER: usize = 16 * 1024;

/// The place of a connection among the [`MAX_CONNECTIONS`], an extension of each of its requests. What a connection becomes, as a
/// WebSocket, keeps it for as long as it lives.
#[derive(Clone)]
pub struct Place(#[expect(dead_code, reason = "it is there to be dropped")] Arc<OwnedSemaphorePermit>);

/// The body of a response.
pub type Body = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// Makes a response of a status and a text.
pub fn text_response(status: StatusCode, text: impl Into<String>) -> Response<Body> {
    let body = Full::new(Bytes::from(text.into())).map_err(|never: Infallible| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// Answers whether the server lives; none where something else is asked.
pub fn health_response<B>(request: &Request<B>) -> Option<Response<Body>> {
    matches!(request.uri().path(), "/readyz" | "/healthz").then(|| match *request.method() {
        Method::GET | Method::HEAD => text_response(StatusCode::OK, ""),
        _ => text_response(StatusCode::METHOD_NOT_ALLOWED, "ask by GET\n"),
    })
}

/// Answers requests by `service`, each that the guard lets in, until `stop` is told true. Connections that are open then are told to
/// end, and waited for, a few seconds at most.
pub async fn serve<S, F>(listener: Listener, guard: Guard, service: S, mut stop: watch::Receiver<bool>)
where
    S: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let guard = Arc::new(guard);
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS as usize));
    loop {
        let accepted = tokio::select! {
            accepted = listener.socket.accept() => accepted,
            () = stopped(&mut stop) => break,
        };
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken for a moment");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            tracing::warn!(limit = MAX_CONNECTIONS, "a connection was refused: there are too many");
            continue;
        };
        let (guard, service, mut stop) = (guard.clone(), service.clone(), stop.clone());
        tokio::spawn(async move {
            let place = Place(Arc::new(place));
            let answer = service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(place.clone());
                let refusal = guard.refusal(request.method(), request.headers());
                let service = service.clone();
                async move {
                    let response = match refusal {
                        Some((status, why)) => text_response(status, why),
                        None => service(request).await,
                    };
                    Ok::<_, Infallible>(response)
                }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADERS_WITHIN)
                .max_buf_size(BUFFER)
                .serve_connection(TokioIo::new(stream), answer)
                .with_upgrades();
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stopped(&mut stop) => {
                    connection.as_mut().graceful_shutdown();
                    // What is being answered is, and nobody waits for a request that does not come.
                    match tokio::time::timeout(ANSWERED_WITHIN, connection).await {
                        Ok(ended) => ended,
                        Err(_) => return tracing::debug!("a connection was broken off"),
                    }
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    // What a connection became, as a WebSocket, says why it ends.
    let all_places = places.acquire_many(MAX_CONNECTIONS);
    if tokio::time::timeout(ENDED_WITHIN, all_places).await.is_err() {
        tracing::warn!("a connection did not end, and was broken off");
    }
}

/// Waits until the server is to stop; also where whoever would say so is gone.
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// What is read and written, of either kind of socket.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Socket {
    async fn accept(&self) -> std::io::Result<Box<dyn Stream>> {
        match self {
            Socket::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Answers are small and waited for: none waits for the next one to fill a packet.
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
            Socket::Unix(listener) => Ok(Box::new(listener.accept().await?.0)),
        }
    }
}
