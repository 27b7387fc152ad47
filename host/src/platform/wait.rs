//! Waiting for other processes: how long at most, and who is told where it takes a while.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A wait that is over before is not told of.
const WORTH_TELLING: Duration = Duration::from_secs(1);
/// The first pause between two tries, and the longest one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// Is told, in a sentence, of a wait.
type Tell = dyn Fn(&str) + Send + Sync;

/// Says how long another process is waited for at most, each time that one is in the way, and whom to tell that it takes a
/// while. A main decides it, once.
#[derive(Clone)]
pub struct Wait {
    at_most: Duration,
    tell: Option<Arc<Tell>>,
}

impl Wait {
    /// Makes a wait of at most so long, of which nobody is told.
    pub fn at_most(at_most: Duration) -> Wait {
        Wait { at_most, tell: None }
    }

    /// Gives the same wait with a function that is told, in a sentence, of every wait that takes longer than a second.
    pub fn telling(self, tell: impl Fn(&str) + Send + Sync + 'static) -> Wait {
        Wait { tell: Some(Arc::new(tell)), ..self }
    }

    /// Gives how long it is at most.
    pub fn bound(&self) -> Duration {
        self.at_most
    }

    /// Begins a wait for something, in words.
    pub(crate) fn begin(&self, what: impl Into<String>) -> Waiting {
        Waiting { wait: self.clone(), what: what.into(), began: Instant::now(), next: PAUSES.0, told: false }
    }
}

impl Default for Wait {
    /// Gives the usual wait: at most 30 seconds.
    fn default() -> Wait {
        Wait::at_most(Duration::from_secs(30))
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wait({:?})", self.at_most)
    }
}

/// Is one wait, under way.
pub(crate) struct Waiting {
    wait: Wait,
    what: String,
    began: Instant,
    next: Duration,
    told: bool,
}

impl Waiting {
    /// Sleeps a little before the next try; false at once where it has been long enough.
    pub(crate) fn pause(&mut self) -> bool {
        let left = self.wait.at_most.saturating_sub(self.began.elapsed());
        if left.is_zero() {
            return false;
        }
        std::thread::sleep(self.next.min(left));
        self.next = (self.next * 2).min(PAUSES.1);
        self.tell_if_long();
        true
    }

    /// Tells of the wait, once, where it has taken a while and may take longer.
    pub(crate) fn tell_if_long(&mut self) {
        let (Some(tell), at_most) = (&self.wait.tell, self.wait.at_most) else { return };
        if !self.told && self.began.elapsed() >= WORTH_TELLING && at_most > WORTH_TELLING {
            self.told = true;
            tell(&format!("waiting for {}, at most {} s", self.what, at_most.as_secs()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn told(at_most: Duration) -> (Vec<String>, Duration) {
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = told.clone();
        let wait = Wait::at_most(at_most)
            .telling(move |words| sink.lock().into_iter().for_each(|mut all| all.push(words.into())));
        let mut waiting = wait.begin("a lock");
        let began = Instant::now();
        while waiting.pause() {}
        (told.lock().map(|all| all.clone()).unwrap_or_default(), began.elapsed())
    }

    #[test]
    fn a_wait_ends_after_its_time_and_is_told_once_where_it_is_long() {
        let (words, took) = told(Duration::ZERO);
        assert!(words.is_empty() && took < Duration::from_millis(50), "{words:?} {took:?}");
        let (words, took) = told(Duration::from_millis(200));
        assert!(words.is_empty() && took >= Duration::from_millis(200), "{words:?} {took:?}");
        let (words, took) = told(Duration::from_secs(2));
        assert_eq!(words, ["waiting for a lock, at most 2 s"]);
        assert!(took >= Duration::from_secs(2), "{took:?}");
    }
}
