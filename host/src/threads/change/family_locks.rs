//! The writer locks of all threads that a change is about. A process may have so many files open only: of a large family each
//! thread's lock is held while its own files move.

use std::collections::{HashMap, VecDeque};

use super::error::ChangeError;
use crate::db::Database;
use crate::platform::home::Home;
use crate::platform::writer_lock::WriterLock;
use crate::rollouts::other_form;

/// So many locks are held at once.
const MOST: usize = 64;

/// Holds the locks of a family: all of them, or, of a large one, those of the threads whose files move now.
pub(super) struct FamilyLocks<'a> {
    home: &'a Home,
    held: VecDeque<(String, WriterLock)>,
    /// The thread of each file; none of a small family, whose locks are all held.
    owners: Option<HashMap<String, String>>,
    first: String,
    /// A thread whose lock the caller holds.
    own: Option<&'a str>,
}

impl<'a> FamilyLocks<'a> {
    /// Takes the locks of these threads, but for one that the caller holds. Fails where somebody writes one of them.
    pub(super) fn take(
        home: &'a Home,
        state: Option<&Database>,
        threads: &[String],
        own: Option<&'a str>,
    ) -> Result<FamilyLocks<'a>, ChangeError> {
        let first = threads.first().cloned().unwrap_or_default();
        let mut locks = FamilyLocks { home, held: VecDeque::new(), owners: None, first, own };
        for thread in threads.iter().filter(|thread| own != Some(thread)) {
            let lock = WriterLock::take(home, thread)?;
            if threads.len() <= MOST {
                locks.held.push_back((thread.clone(), lock));
            }
        }
        if threads.len() > MOST {
            let files = state.map(Database::files_and_threads).transpose()?.unwrap_or_default();
            locks.owners = Some(files.into_iter().filter_map(|(path, thread)| Some((path, thread?))).collect());
        }
        Ok(locks)
    }

    /// Holds the lock of the thread that a file belongs to, whatever its path is now: it goes by the one that is recorded.
    pub(super) fn hold(&mut self, recorded: &str) -> Result<(), ChangeError> {
        let Some(owners) = &self.owners else { return Ok(()) };
        let owner = owners.get(recorded).or_else(|| owners.get(&other_form(recorded))).unwrap_or(&self.first);
        if self.own == Some(owner) || self.held.iter().map(|(held, _)| held).any(|held| held == owner) {
            return Ok(());
        }
        let lock = WriterLock::take(self.home, owner)?;
        self.held.push_back((owner.clone(), lock));
        if self.held.len() > MOST {
            self.held.pop_front();
        }
        Ok(())
    }
}
