//! Compares threads with what was known of them, and tells what became of them and what happened in their rollouts.

use std::sync::Arc;
use std::time::Instant;

use threadkeep_engine::calls::{CompareThreads, Follow};
use threadkeep_engine::contract::{
    EntryKind, FileError, LastTurn, SeenThread, ThreadChange, ThreadRow, ThreadState, TurnEvent,
};

use super::{ASKED, CODEX, GONE, SHARE, Watcher};
use crate::db::Database;
use crate::rollouts;
use crate::watch::error::WatchError;
use crate::watch::events::{Happening, ThreadEvent, WatchEvent};
use crate::watch::known::{KnownThread, News, Told};
use crate::watch::stamp::Stamp;
use crate::watch::states;

/// What a look at a rollout came to.
enum Read {
    /// This happened in it; so its last turn stands, where that was looked at; and what was told reaches to here.
    Turns(Vec<TurnEvent>, Option<LastTurn>, Told),
    /// It is not there.
    Gone,
    /// It cannot be read for this reason.
    Refused(String),
}

impl Watcher {
    /// Looks at the threads that were noted. One that could not be looked at stays noted.
    pub(super) fn look_at_touched(&mut self, database: &Database) -> Result<(), WatchError> {
        while let Some(thread) = self.touched.first().cloned() {
            self.look_at_thread(database, &thread, false)?;
            self.touched.remove(&thread);
        }
        Ok(())
    }

    /// Compares a thread with what was known of it: by its row, and by its current rollout, whichever file that is now. That its
    /// rollouts are gone counts at once where it `is_certain`, and else where they are forgotten here.
    pub(super) fn look_at_thread(
        &mut self,
        database: &Database,
        thread: &str,
        is_certain: bool,
    ) -> Result<(), WatchError> {
        let row = database.row(thread.into())?.map(Arc::new);
        let known = self.known.thread(thread);
        let Some(there) = row.clone().filter(|row| !row.missing) else {
            let Some(known) = known else { return Ok(()) };
            let file = self.known.file(&known.told.path);
            if !is_certain && file.is_some_and(|file| file.thread.as_deref() == Some(thread)) {
                // Others have found it gone, or move it.
                self.wait_for(thread, &known.told.path);
                return Ok(());
            }
            self.followable(thread);
            return self.tell(thread, row, Some(known.seen), None, Vec::new());
        };
        let (turns, last, told) = match self.read(&there.path, known.as_ref().map(|known| &known.told)) {
            Read::Turns(turns, last, told) => (turns, last, told),
            Read::Gone => {
                self.wait_for(thread, &there.path);
                return Ok(());
            }
            Read::Refused(why) => {
                self.follow_again(thread, &there.path, &why);
                return Ok(());
            }
        };
        self.followable(thread);
        let before = known.as_ref().map(|known| known.seen.clone());
        let (state, last) = match (last, known) {
            (Some(last), _) => (self.state_of(thread, last.clone())?, Some(last)),
            (None, Some(known)) => (known.seen.state, known.last),
            (None, None) => (ThreadState::Done, None),
        };
        let seen = SeenThread { archived: there.archived, name: there.name.clone(), state };
        self.tell(thread, Some(there), before, Some(KnownThread { seen, last, told }), turns)
    }

    /// Looks at a thread and its rollout again when that is back, or gone for certain.
    fn wait_for(&mut self, thread: &str, path: &str) {
        let then = Instant::now() + GONE;
        self.vanished.entry(path.into()).or_insert(then);
        self.rechecks.insert(thread.into(), then);
    }

    /// Reads what is news in a rollout, to one who was told so far; to one who was told nothing, all.
    fn read(&mut self, path: &str, told: Option<&Told>) -> Read {
        let facts = match rollouts::facts(&self.home, path) {
            Ok(facts) if facts.kind == EntryKind::File => facts,
            Ok(_) | Err(FileError::NotFound | FileError::NotAFile) => return Read::Gone,
            Err(error) => return Read::Refused(error.message()),
        };
        let news = told.map_or(News::Behind(0), |told| told.news(&facts));
        let is_anything = news == News::Anything;
        let (state, known) = match news {
            News::Nothing(told) => return Read::Turns(Vec::new(), None, told),
            News::From(state) => (state, 0),
            News::Behind(known) => (Vec::new(), known),
            News::Anything => (Vec::new(), u64::MAX),
        };
        let followed = match self.core.call(&Follow { file: facts.clone(), state, known }) {
            Ok(Ok(followed)) => followed,
            Ok(Err(FileError::NotFound)) => return Read::Gone,
            Ok(Err(error)) => return Read::Refused(error.message()),
            Err(error) => return Read::Refused(error.to_string()),
        };
        // What came while it was read shows in its size at the next look.
        let told = Told { path: path.into(), stamp: Stamp::from(&facts), state: followed.state };
        let changed = is_anything.then_some(TurnEvent::Changed);
        Read::Turns(changed.into_iter().chain(followed.events).collect(), Some(followed.last), told)
    }

    /// Tells what became of a thread, with what happened in its rollout, and knows it so from now on.
    fn tell(
        &mut self,
        thread: &str,
        row: Option<Arc<ThreadRow>>,
        before: Option<SeenThread>,
        now: Option<KnownThread>,
        turns: Vec<TurnEvent>,
    ) -> Result<(), WatchError> {
        let seen = now.as_ref().map(|now| now.seen.clone());
        let changes = self.core.call(&CompareThreads { before, now: seen })?;
        match now {
            Some(now) => self.known.put_thread(thread, now),
            None => self.known.forget_thread(thread),
        }
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
        let Some(known) = self.known.thread(thread) else { return Ok(()) };
        let last = match known.last {
            Some(last) => last,
            None => {
                let Some(row) = database.row(thread.into())? else { return Ok(()) };
                let Ok(last) = states::last_turn(&mut self.core, &row.path)? else { return Ok(()) };
                last
            }
        };
        let state = self.state_of(thread, last.clone())?;
        // Whatever else became of it is told when it is looked at.
        let seen = SeenThread { state, ..known.seen.clone() };
        let is_as_before = seen == known.seen;
        let now = KnownThread { seen, last: Some(last), told: known.told };
        if is_as_before {
            self.known.put_thread(thread, now);
            return Ok(());
        }
        let row = database.row(thread.into())?.map(Arc::new);
        self.tell(thread, row, Some(known.seen), Some(now), Vec::new())
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

    /// Reads names anew, and notes the threads that have others now.
    pub(super) fn read_names(&mut self, database: &Database) -> Result<(), WatchError> {
        (self.due.names, self.due.names_since) = (None, None);
        let began = Instant::now();
        for warning in database.import_sources(&self.home)? {
            self.subscribers.warn(&warning);
        }
        let (known, touched) = (&self.known, &mut self.touched);
        database.each_thread_there(|there| {
            let known = known.name_and_archive(&there.id);
            if known.is_some_and(|known| known != (there.name.as_deref(), there.archived)) {
                touched.insert(there.id);
            }
        })?;
        self.due.codex = Instant::now() + CODEX.max(began.elapsed() * SHARE);
        self.look_at_touched(database)
    }
}
