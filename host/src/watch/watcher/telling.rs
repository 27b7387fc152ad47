//! Compares threads with what was known of them, and tells what became of them.

use std::sync::Arc;
use std::time::Instant;

use threadkeep_engine::calls::CompareThreads;
use threadkeep_engine::contract::{LastTurn, SeenThread, ThreadChange, ThreadState, TurnEvent};

use super::{ASKED, CODEX, Watcher};
use crate::db::Database;
use crate::watch::error::WatchError;
use crate::watch::events::{Happening, ThreadEvent, WatchEvent};
use crate::watch::known::KnownThread;
use crate::watch::states;

impl Watcher {
    /// Tells what became of a thread, with what happened in its rollout, after which its last turn stands so.
    pub(super) fn tell_of_turns(
        &mut self,
        database: &Database,
        thread: &str,
        turns: Vec<TurnEvent>,
        last: LastTurn,
    ) -> Result<(), WatchError> {
        let state = self.state_of(thread, last.clone())?;
        self.tell(database, thread, turns, state, Some(last))
    }

    /// Tells what became of a thread whose last turn stands as it stood.
    pub(super) fn tell_of(&mut self, database: &Database, thread: &str) -> Result<(), WatchError> {
        let known = self.known.threads.get(thread);
        let (state, last) = known.map_or((ThreadState::Done, None), |known| (known.seen.state, known.last.clone()));
        self.tell(database, thread, Vec::new(), state, last)
    }

    fn tell(
        &mut self,
        database: &Database,
        thread: &str,
        turns: Vec<TurnEvent>,
        state: ThreadState,
        last: Option<LastTurn>,
    ) -> Result<(), WatchError> {
        let row = database.row(thread.into())?;
        let there = row.as_ref().filter(|row| !row.missing);
        let now = there.map(|row| SeenThread { archived: row.archived, name: row.name.clone(), state });
        let before = self.known.threads.get(thread).map(|known| known.seen.clone());
        let changes = self.core.call(&CompareThreads { before, now: now.clone() })?;
        match now {
            Some(seen) => drop(self.known.threads.insert(thread.into(), KnownThread { seen, last })),
            None => drop(self.known.threads.remove(thread)),
        }
        let row = row.map(Arc::new);
        // How it stands follows from what happened.
        let (states, others): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|change| matches!(change, ThreadChange::State(_)));
        let others = others.into_iter().map(Happening::from);
        let states = states.into_iter().map(Happening::from);
        for happening in others.chain(turns.into_iter().map(Happening::from)).chain(states) {
            let event = ThreadEvent { thread: thread.into(), row: row.clone(), happening };
            self.subscribers.tell(&WatchEvent::Thread(event));
        }
        Ok(())
    }

    /// Looks again at how a thread stands.
    pub(super) fn look_at_writer(&mut self, database: &Database, thread: &str) -> Result<(), WatchError> {
        let Some(known) = self.known.threads.get(thread) else { return Ok(()) };
        let state_then = known.seen.state;
        let last = match known.last.clone() {
            Some(last) => last,
            None => {
                let Some(row) = database.row(thread.into())? else { return Ok(()) };
                let Ok(last) = states::last_turn(&mut self.core, &row.path)? else { return Ok(()) };
                last
            }
        };
        let state = self.state_of(thread, last.clone())?;
        match self.known.threads.get_mut(thread) {
            Some(known) if state == state_then => known.last = Some(last),
            _ => return self.tell(database, thread, Vec::new(), state, Some(last)),
        }
        Ok(())
    }

    /// Says how a thread stands. What was only just asked counts as allowed: a call that needs no leave looks like one for a
    /// moment.
    fn state_of(&mut self, thread: &str, last: LastTurn) -> Result<ThreadState, WatchError> {
        let asked = last.question.as_ref().filter(|question| !question.wants_answer).map(|question| question.asked_at);
        let state = states::state_of(&mut self.core, &self.home, thread, last)?;
        let age = asked.map(|asked| jiff::Timestamp::now().as_millisecond().saturating_sub(asked));
        if state == ThreadState::Waiting && age.is_some_and(|age| (0..ASKED.as_millis() as i64).contains(&age)) {
            self.rechecks.insert(thread.into(), Instant::now() + ASKED);
            return Ok(ThreadState::Running);
        }
        Ok(state)
    }

    /// Reads names anew, and tells which are others now.
    pub(super) fn read_names(&mut self, database: &Database) -> Result<(), WatchError> {
        self.due.names = None;
        self.due.codex = Instant::now() + CODEX;
        for warning in database.import_sources(&self.home)? {
            self.subscribers.warn(&warning);
        }
        for (thread, archived, name) in database.names_and_collections()? {
            let known = self.known.threads.get(&thread);
            if known.is_some_and(|known| (known.seen.archived, &known.seen.name) != (archived, &name)) {
                self.tell_of(database, &thread)?;
            }
        }
        Ok(())
    }
}
