//! Tells which threads there are, the newest first, and from then on what becomes of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use threadkeep::contract::{MarkFilter, RowQuery};
use threadkeep::{ErrorKind, Happening, ServedHome, Threadkeep, Watch, WatchEvent, WatchOptions};

use super::here::Here;
use super::{Answers, Ending, begin_alone};
use crate::model::messages::LibraryEvent;
use crate::model::scope::Scope;
use crate::model::thread::LoadedThread;

/// How many threads are told at first, of the narrowest scope and of all: those that fit on a screen, and a few more.
const FIRST: u32 = 100;
/// How many threads are asked for at a time then: few enough not to keep a search waiting.
const PAGE: u32 = 500;
/// How long is waited for what happens; whoever ends the browser does not wait for it.
const LONG: Duration = Duration::from_secs(3_600);

/// Tells what is there and what happens, until the browser ends.
pub(super) fn tell(home: &Arc<ServedHome>, here: &Here, ending: &Ending, answers: &Answers) {
    let Some(threads) = readable(home, answers) else { return };
    let threads = threads.cancellable(ending.cancellation.clone());
    if let Err(error) = tell_first(&threads, here, answers) {
        answers.send(LibraryEvent::Warning(format!("the threads cannot be listed: {error}")));
    }
    if threads.state().is_none() {
        answers.send(LibraryEvent::Filling(Some("reading the home".into())));
        // The files tell of everything as long as there is no handle; once there is one, all is told again.
        tell_all(&threads, answers);
        home.wait_until_settled();
        answers.send(LibraryEvent::Filling(None));
    }
    // Nothing is in the way of the first threads; what changed since they were read comes behind them.
    drop(home.fresh_threads());
    loop {
        match home.follow(&WatchOptions::default()) {
            Ok(Some((threads, watch))) => {
                ending.wakes(watch.waker());
                let threads = threads.cancellable(ending.cancellation.clone());
                tell_all(&threads, answers);
                // It may take long, and what happens meanwhile is told.
                let (indexed, told) = (threads.clone(), answers.clone());
                drop(begin_alone("index", answers.clone(), move || index(&indexed, &told)));
                if follow(home, &threads, &watch, answers) {
                    continue;
                }
            }
            Ok(None) => {}
            Err(error) => {
                let why = format!("what happens in the home cannot be followed, f5 reads it again: {error}");
                answers.send(LibraryEvent::Warning(why));
                if let Ok(threads) = home.threads() {
                    tell_all(&threads.cancellable(ending.cancellation.clone()), answers);
                }
            }
        }
        return;
    }
}

/// Tells everything again.
pub(super) fn reload(home: &Arc<ServedHome>, ending: &Ending, answers: &Answers) {
    match home.fresh_threads() {
        Ok(threads) => tell_all(&threads.cancellable(ending.cancellation.clone()), answers),
        Err(error) => answers.send(LibraryEvent::Unreadable(error.to_string())),
    }
}

fn readable(home: &ServedHome, answers: &Answers) -> Option<Threadkeep> {
    match home.threads() {
        Ok(threads) => Some(threads),
        Err(_) if home.is_stopped() => None,
        Err(error) => {
            answers.send(LibraryEvent::Unreadable(error.to_string()));
            None
        }
    }
}

/// Tells the newest threads of all, then the newest of the narrowest scope, for which more has to be looked at.
fn tell_first(threads: &Threadkeep, here: &Here, answers: &Answers) -> threadkeep::Result<()> {
    // Without a handle every rollout would be read for this.
    if threads.state().is_none() {
        return Ok(());
    }
    for scope in [Scope::Everywhere, Scope::Worktree] {
        let mut query = RowQuery::default();
        here.narrow(&mut query, scope, threads);
        let page = threads.list(&query, None, FIRST)?;
        answers.send(LibraryEvent::Threads(page.rows.iter().map(|listed| LoadedThread::of(&listed.row)).collect()));
        tell_pinned(threads, answers);
    }
    Ok(())
}

/// Tells all threads, those that are gone by not telling them.
fn tell_all(threads: &Threadkeep, answers: &Answers) {
    let (query, mut cursor) = (RowQuery::default(), None);
    answers.send(LibraryEvent::AllThreadsBegin);
    loop {
        match threads.list(&query, cursor.as_deref(), PAGE) {
            Ok(page) => {
                let told = page.rows.iter().map(|listed| LoadedThread::of(&listed.row)).collect();
                answers.send(LibraryEvent::Threads(told));
                cursor = page.next;
            }
            Err(error) => {
                answers.send(LibraryEvent::Warning(format!("not all threads can be listed: {error}")));
                return;
            }
        }
        if cursor.is_none() {
            break;
        }
    }
    tell_pinned(threads, answers);
    answers.send(LibraryEvent::AllThreads);
    threads.take_warnings().into_iter().for_each(|warning| answers.send(LibraryEvent::Warning(warning)));
}

/// Tells which threads are pinned.
pub(super) fn tell_pinned(threads: &Threadkeep, answers: &Answers) {
    let mut query = RowQuery::default();
    let filter = MarkFilter { pinned: true, ..MarkFilter::default() };
    if threads.state().is_some() && threads.keep_marked(&mut query, &filter).is_ok() {
        answers.send(LibraryEvent::Pinned(query.among.unwrap_or_default()));
    }
}

/// Brings the index of what was said up to date, so that the first search need not.
fn index(threads: &Threadkeep, answers: &Answers) {
    if let Err(error) = threads.update_text_index()
        && error.kind() != ErrorKind::Cancelled
    {
        answers.send(LibraryEvent::Warning(format!("not all that was said can be searched: {error}")));
    }
    answers.send(LibraryEvent::Indexed);
}

/// Tells what happens until the browser ends; true where everything is to be told again.
fn follow(home: &ServedHome, threads: &Threadkeep, watch: &Watch, answers: &Answers) -> bool {
    while !home.is_stopped() {
        let events = watch.next(LONG);
        let (mut told, mut changed, mut gone) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for event in events {
            let WatchEvent::Thread(event) = event else { return true };
            let is_gone = event.happening == Happening::Deleted;
            match event.row.filter(|row| !is_gone && !row.missing) {
                Some(row) => {
                    gone.remove(&event.thread);
                    told.push(LoadedThread::of(&row));
                }
                None => drop(gone.insert(event.thread.clone())),
            }
            changed.insert(event.thread);
        }
        if !told.is_empty() {
            answers.send(LibraryEvent::Threads(told));
        }
        gone.into_iter().for_each(|thread| answers.send(LibraryEvent::Gone(thread)));
        changed.into_iter().for_each(|thread| answers.send(LibraryEvent::Changed(thread)));
        watch.take_warnings().into_iter().for_each(|warning| answers.send(LibraryEvent::Warning(warning)));
        drop(threads.take_warnings());
    }
    false
}
