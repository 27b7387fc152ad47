//! Bodies of requests: each of a bounded length, read within a time, and all that are being read together bounded, too.

use std::fmt::Display;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body as HttpBody;
use hyper::http::{Response, StatusCode};
use threadkeep_listen::{Body, text_response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes of a body at most.
pub(super) const MAX_BODY: usize = 4 << 20;
/// The bytes of all bodies that are there at a time.
const ALL_BODIES: usize = 64 << 20;
/// How much of a body that is too long is read all the same, so that its client gets to read why.
const READ_ALL_THE_SAME: usize = 64 << 20;
/// How long a client may take for a body.
const WITHIN: Duration = Duration::from_secs(10);

/// The room for bodies, in bytes.
#[derive(Clone)]
pub(super) struct Bodies(Arc<Semaphore>);

impl Default for Bodies {
    fn default() -> Bodies {
        Bodies(Arc::new(Semaphore::new(ALL_BODIES)))
    }
}

/// The room that a body takes, until it is dropped.
type Room = Option<OwnedSemaphorePermit>;

impl Bodies {
    /// Reads a body, or says why not.
    pub(super) async fn read<B>(&self, body: B) -> Result<(Bytes, Room), Box<Response<Body>>>
    where
        B: HttpBody<Data = Bytes> + Unpin,
        B::Error: Display,
    {
        let refused = |status, why: String| Err(Box::new(text_response(status, why)));
        match tokio::time::timeout(WITHIN, self.read_slowly(Box::pin(body))).await {
            Ok(Ok(read)) => Ok(read),
            Ok(Err((status, why))) => refused(status, why),
            Err(_) => {
                let why = format!("the body did not come within {} seconds\n", WITHIN.as_secs());
                refused(StatusCode::REQUEST_TIMEOUT, why)
            }
        }
    }

    async fn read_slowly<B>(&self, mut body: Pin<Box<B>>) -> Result<(Bytes, Room), (StatusCode, String)>
    where
        B: HttpBody<Data = Bytes>,
        B::Error: Display,
    {
        let (mut read, mut room): (BytesMut, Room) = (BytesMut::new(), None);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| (StatusCode::BAD_REQUEST, format!("the body broke off: {error}\n")))?;
            let Ok(data) = frame.into_data() else { continue };
            if data.len() > MAX_BODY - read.len() {
                drop((read, room));
                pass_over(body).await;
                let why = format!("a message is at most {MAX_BODY} bytes long\n");
                return Err((StatusCode::PAYLOAD_TOO_LARGE, why));
            }
            let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
            let Ok(more) = self.0.clone().try_acquire_many_owned(length) else {
                let why = "too many messages are being read; try again in a moment\n";
                return Err((StatusCode::SERVICE_UNAVAILABLE, why.into()));
            };
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
            read.extend_from_slice(&data);
        }
        Ok((read.freeze(), room))
    }
}

/// Reads on, and keeps nothing.
async fn pass_over<B: HttpBody<Data = Bytes>>(mut body: Pin<Box<B>>) {
    let mut passed = 0;
    while passed < READ_ALL_THE_SAME
        && let Some(Ok(frame)) = body.frame().await
    {
        passed += frame.data_ref().map_or(0, Bytes::len);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use http_body_util::Full;

    use super::*;

    fn read(bodies: &Bodies, length: usize) -> Result<(Bytes, Room), u16> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let read = runtime.block_on(bodies.read(Full::new(Bytes::from(vec![b'x'; length]))));
        read.map_err(|response| response.status().as_u16())
    }

    #[test]
    fn a_body_over_the_limit_is_refused_and_so_is_one_for_which_there_is_no_room() {
        let bodies = Bodies::default();
        assert_eq!(read(&bodies, MAX_BODY).unwrap().0.len(), MAX_BODY);
        assert_eq!(read(&bodies, MAX_BODY + 1).err(), Some(413));
        let kept: Vec<_> = (0..ALL_BODIES / MAX_BODY).map(|_| read(&bodies, MAX_BODY).unwrap()).collect();
        assert_eq!(read(&bodies, 1).err(), Some(503));
        drop(kept);
        assert!(read(&bodies, 1).is_ok(), "room comes back with what took it");
    }
}
