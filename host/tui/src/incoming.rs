//! All that comes to the thread that draws.

use crate::model::messages::Event;

/// Something comes.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// Something for the model.
    Event(Event),
    /// A signal, by its number.
    Signal(i32),
    /// Nothing can be read from the terminal any more.
    InputEnded,
}
