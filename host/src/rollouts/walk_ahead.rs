//! A walk that is begun while the state DB is still being opened and checked: the two wait for different things.

use std::sync::{Arc, Mutex, PoisonError};

use threadkeep_engine::contract::{FileError, FileFacts};
use threadkeep_engine::imports::{HeadsWalker, Reader, Rollouts, Walker};

use super::Pages;
use super::columns::EntryColumns;
use super::prefetch::Prefetch;
use crate::platform::home::Home;

/// Gives the rollouts of a home; the first walk over them is on its way already.
pub(crate) struct WalkAhead {
    home: Arc<Home>,
    begun: Mutex<Option<Prefetch<EntryColumns>>>,
}

impl WalkAhead {
    /// Begins the walk. Where it cannot be begun, the one who asks for it is told why.
    pub(crate) fn begin(home: &Arc<Home>) -> Arc<WalkAhead> {
        let begun = Mutex::new(Prefetch::start(home).ok());
        Arc::new(WalkAhead { home: home.clone(), begun })
    }

    /// Gives up the walk that is on its way: files were moved, or may have been, since it began.
    pub(crate) fn give_up(&self) {
        drop(self.take());
    }

    fn take(&self) -> Option<Prefetch<EntryColumns>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Rollouts for WalkAhead {
    fn stat(&self, at: &str) -> Result<FileFacts, FileError> {
        self.home.stat(at)
    }

    fn open(&self, at: &str, offset: u64) -> Result<Box<dyn Reader>, FileError> {
        Rollouts::open(&*self.home, at, offset)
    }

    fn walk(&self) -> Result<Box<dyn Walker>, FileError> {
        match self.take() {
            Some(begun) => Ok(Box::new(Pages::<EntryColumns>::Prefetch(begun))),
            None => self.home.walk(),
        }
    }

    fn heads(&self) -> Result<Box<dyn HeadsWalker>, FileError> {
        self.home.heads()
    }

    fn files_named(&self, part: &str) -> Result<Vec<String>, FileError> {
        self.home.files_named(part)
    }
}
