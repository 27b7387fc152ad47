//! Plans of one client that wait to be confirmed, and receipts of those that were.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::change::Planned;
use super::receipt::Receipt;
use crate::failure::Failure;

/// How many plans and receipts are kept; the oldest ones go first.
const MOST: usize = 16;
/// How long a plan may be confirmed.
pub(crate) const VALID_FOR: Duration = Duration::from_secs(10 * 60);

/// The plans of one client.
#[derive(Default)]
pub(crate) struct Plans(Mutex<Vec<Kept>>);

struct Kept {
    token: String,
    at: Instant,
    content: Content,
}

enum Content {
    Planned(Box<Planned>),
    /// It is being carried out.
    Running,
    Done(Receipt),
}

/// What a token stands for.
pub(crate) enum Taken {
    /// A plan, which is the caller's to carry out now.
    Plan(Box<Planned>),
    /// What came of it: it was confirmed before.
    Receipt(Receipt),
}

impl Plans {
    /// Keeps a plan; gives its token, which nobody can guess.
    pub(crate) fn keep(&self, planned: Planned) -> Result<String, Failure> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| Failure::internal(format!("no token can be made: {error}")))?;
        let token = format!("{:032x}", u128::from_be_bytes(bytes));
        let mut kept = self.kept();
        let content = Content::Planned(Box::new(planned));
        kept.push(Kept { token: token.clone(), at: Instant::now(), content });
        if kept.len() > MOST
            && let Some(oldest) = kept.iter().position(|kept| !matches!(kept.content, Content::Running))
        {
            kept.remove(oldest);
        }
        Ok(token)
    }

    /// Takes what a token stands for; a plan is nobody else's until it is given back.
    pub(crate) fn take(&self, token: &str) -> Result<Taken, Failure> {
        let mut all = self.kept();
        let kept = all.iter_mut().find(|kept| kept.token == token).ok_or_else(unknown)?;
        match std::mem::replace(&mut kept.content, Content::Running) {
            Content::Planned(planned) => Ok(Taken::Plan(planned)),
            Content::Running => Err(Failure::busy("this change is being made")),
            Content::Done(receipt) => {
                kept.content = Content::Done(receipt.clone());
                Ok(Taken::Receipt(receipt))
            }
        }
    }

    /// Keeps what came of a plan in its place.
    pub(crate) fn finish(&self, token: &str, receipt: Receipt) {
        self.set(token, Content::Done(receipt));
    }

    /// Gives a plan back that was not carried out, to be confirmed again.
    pub(crate) fn give_back(&self, token: &str, planned: Box<Planned>) {
        self.set(token, Content::Planned(planned));
    }

    /// Forgets a plan that is not so any more.
    pub(crate) fn forget(&self, token: &str) {
        self.kept().retain(|kept| kept.token != token);
    }

    fn set(&self, token: &str, content: Content) {
        if let Some(kept) = self.kept().iter_mut().find(|kept| kept.token == token) {
            kept.content = content;
        }
    }

    /// Gives those that are still valid.
    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| matches!(kept.content, Content::Running) || kept.at.elapsed() < VALID_FOR);
        kept
    }
}

fn unknown() -> Failure {
    Failure::not_found("there is no plan of this token: it is older than ten minutes, of another session, or of none")
        .with_hint("make a new plan with plan_change")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::super::change::{Action, Request};
    use super::*;

    fn planned(number: usize) -> Planned {
        let request = Request { action: Action::Name, thread: number.to_string(), name: None };
        Planned { request, threads: Vec::new(), steps: Vec::new(), repair: None }
    }

    #[test]
    fn a_plan_is_taken_once_and_its_receipt_again_and_again() {
        let plans = Plans::default();
        let token = plans.keep(planned(1)).unwrap();
        assert!(matches!(plans.take(&token), Ok(Taken::Plan(_))));
        assert!(plans.take(&token).is_err(), "it is being carried out");
        plans.finish(&token, Receipt::default());
        for _ in 0..2 {
            assert!(matches!(plans.take(&token), Ok(Taken::Receipt(_))));
        }
        assert!(Plans::default().take(&token).is_err(), "it is of another client");
    }

    #[test]
    fn plans_are_few_and_end_with_their_time() {
        let plans = Plans::default();
        let tokens: Vec<String> = (0..=MOST).map(|number| plans.keep(planned(number)).unwrap()).collect();
        assert!(plans.take(&tokens[0]).is_err(), "the oldest one went");
        assert!(plans.take(&tokens[1]).is_ok());
        let long_ago = Instant::now().checked_sub(VALID_FOR).unwrap();
        plans.0.lock().unwrap().iter_mut().for_each(|kept| kept.at = long_ago);
        assert!(plans.take(&tokens[2]).is_err());
        assert_eq!(plans.kept().len(), 1, "what is being carried out comes to its end");
    }
}
