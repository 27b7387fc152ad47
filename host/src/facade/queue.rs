//! The facade, queues: messages that wait for their turn in a thread. Threads are named as [`Threadkeep::find`] finds them.

use super::{Error, Result, Threadkeep};
use crate::features::queue::{self, QueuedMessage};
use crate::platform::error_kind::ErrorKind;

impl Threadkeep {
    /// Gives what waits in a thread, in its order.
    pub fn queued_messages(&self, wanted: &str) -> Result<Vec<QueuedMessage>> {
        Ok(queue::list(self.state().as_ref(), &self.id_of(wanted)?)?)
    }

    /// Puts a message, JSON, behind all others of a thread; gives it with its id.
    pub fn queue_message(&self, wanted: &str, content: String) -> Result<QueuedMessage> {
        let thread = self.id_of(wanted)?;
        let random = || {
            getrandom::u64()
                .map_err(|error| Error::new(ErrorKind::Internal, format!("no randomness for an id: {error}")))
        };
        let message = QueuedMessage { id: format!("{:016x}{:016x}", random()?, random()?), content };
        queue::add(self.state().as_ref(), &thread, &message)?;
        Ok(message)
    }

    /// Changes what a message says.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where there is no such message.
    pub fn update_queued_message(&self, wanted: &str, message: &QueuedMessage) -> Result<()> {
        let thread = self.id_of(wanted)?;
        let missing = || Error::new(ErrorKind::NotFound, format!("no message {} waits in {thread}", message.id));
        queue::update(self.state().as_ref(), &thread, message)?.map(drop).ok_or_else(missing)
    }

    /// Takes a message away; false where there is no such message.
    pub fn delete_queued_message(&self, wanted: &str, id: &str) -> Result<bool> {
        Ok(queue::delete(self.state().as_ref(), &self.id_of(wanted)?, id)?)
    }

    /// Puts the messages of a thread into another order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] where these are not all of them, each once.
    pub fn reorder_queue(&self, wanted: &str, ids: &[String]) -> Result<()> {
        let thread = self.id_of(wanted)?;
        match queue::reorder(self.state().as_ref(), &thread, ids)? {
            true => Ok(()),
            false => {
                let why = format!("these are not all messages that wait in {thread}, each once");
                Err(Error::new(ErrorKind::InvalidInput, why))
            }
        }
    }
}
