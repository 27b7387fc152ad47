//! Answers that are given again.
//!
//! Clients read the same threads again and again. An answer is kept together with what shows whether anything changed of which it was
//! made, and is given while nothing did: it is never older than one that is made anew. The stamp is taken before an answer is made, for
//! which the rollout must be known: so the second answer is the first that is kept.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::value::RawValue;
use threadkeep::{ThreadStamp, Threadkeep};

/// How many threads are known at most; then all are forgotten.
const MOST: usize = 4_096;
/// The bytes of an answer that is kept at most.
const LONGEST: usize = 16 * 1024;

/// Keeps answers by the id of their thread.
#[derive(Default)]
pub(crate) struct KeptAnswers(Mutex<HashMap<String, Kept>>);

struct Kept {
    /// The home path of the thread's rollout.
    path: String,
    /// An answer, and what it was made of.
    answer: Option<(Evidence, Box<RawValue>)>,
}

/// Shows of what an answer was made.
#[derive(Clone, PartialEq)]
pub(crate) struct Evidence {
    stamp: ThreadStamp,
    /// Whether a client had the thread open.
    is_open: bool,
}

impl KeptAnswers {
    /// Gives the answer of a thread if it is kept and nothing changed; else what is to be given to [`KeptAnswers::keep`] with a new one.
    pub(crate) fn get(
        &self,
        threads: &Threadkeep,
        id: &str,
        is_open: bool,
    ) -> Result<Box<RawValue>, Option<(String, Evidence)>> {
        let Some(path) = self.lock().get(id).map(|kept| kept.path.clone()) else { return Err(None) };
        let Some(stamp) = threads.stamp(&path) else { return Err(None) };
        let now = Evidence { stamp, is_open };
        match self.lock().get(id).and_then(|kept| kept.answer.as_ref()) {
            Some((evidence, answer)) if *evidence == now => Ok(answer.clone()),
            _ => Err(Some((path, now))),
        }
    }

    /// Keeps the answer of a thread whose rollout is at this home path.
    pub(crate) fn keep(&self, id: &str, path: String, before: Option<(String, Evidence)>, answer: &RawValue) {
        let evidence = before.filter(|(known, _)| *known == path).map(|(_, evidence)| evidence);
        let answer = evidence.filter(|_| answer.get().len() <= LONGEST).map(|evidence| (evidence, answer.to_owned()));
        let mut kept = self.lock();
        if kept.len() >= MOST && !kept.contains_key(id) {
            kept.clear();
        }
        kept.insert(id.to_owned(), Kept { path, answer });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
