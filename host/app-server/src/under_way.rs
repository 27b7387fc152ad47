//! What is under way for a client, to be ended when it says so or is gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use threadkeep::Cancellation;

use crate::envelope::RequestId;

/// What is under way for a client.
#[derive(Clone, Default)]
pub(crate) struct UnderWay(Arc<Mutex<Switches>>);

#[derive(Default)]
struct Switches {
    /// Of the requests that are answered in their order.
    in_order: Cancellation,
    /// Of those that are worked at beside them.
    beside: HashMap<RequestId, Cancellation>,
    is_over: bool,
}

impl UnderWay {
    /// Gives the switch of the requests that are answered in their order.
    pub(crate) fn in_order(&self) -> Cancellation {
        self.lock().in_order.clone()
    }

    /// Notes that a request is worked at beside the others, and gives its switch.
    pub(crate) fn begin(&self, request: &RequestId) -> Cancellation {
        let mut switches = self.lock();
        let cancellation = Cancellation::default();
        if switches.is_over {
            cancellation.cancel();
        }
        switches.beside.insert(request.clone(), cancellation.clone());
        cancellation
    }

    /// Notes that a request is done.
    pub(crate) fn end(&self, request: &RequestId) {
        self.lock().beside.remove(request);
    }

    /// Ends a request that is worked at beside the others, if it is.
    pub(crate) fn cancel(&self, request: &RequestId) {
        if let Some(cancellation) = self.lock().beside.get(request) {
            cancellation.cancel();
        }
    }

    /// Ends everything: nobody wants an answer any more.
    pub(crate) fn cancel_all(&self) {
        let mut switches = self.lock();
        switches.is_over = true;
        switches.in_order.cancel();
        switches.beside.values().for_each(Cancellation::cancel);
    }

    fn lock(&self) -> MutexGuard<'_, Switches> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
