//! What somebody knows of a home who was shown it once and goes by what is told since; and what is there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use threadkeep::contract::{RowQuery, Subject};
use threadkeep::{Happening, Threadkeep, WatchEvent};

/// A thread, as far as events tell of it: the items of every turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Thread {
    archived: bool,
    name: Option<String>,
    turns: BTreeMap<String, BTreeSet<String>>,
}

/// All threads.
pub(super) type Model = BTreeMap<String, Thread>;

/// Threads that were looked at again since the last silence: what is told of them may have been seen already.
#[derive(Default)]
pub(super) struct Ahead {
    all: bool,
    threads: BTreeSet<String>,
}

impl Ahead {
    /// Notes that all was told that there was to tell.
    pub(super) fn caught_up(&mut self) {
        *self = Ahead::default();
    }
}

/// What is there.
pub(super) fn there(threadkeep: &Threadkeep) -> Model {
    let rows = threadkeep.every_thread(&RowQuery::default()).unwrap();
    let thread = |id: String, archived, name| {
        let turns = turns(threadkeep, &id)?;
        Some((id, Thread { archived, name, turns }))
    };
    rows.into_iter().filter_map(|listed| thread(listed.row.id, listed.row.archived, listed.row.name)).collect()
}

/// The turns of a thread; none of one that is not there at this moment.
fn turns(threadkeep: &Threadkeep, id: &str) -> Option<BTreeMap<String, BTreeSet<String>>> {
    let mut transcript = threadkeep.transcript(&Subject::Thread(id.into())).ok()?;
    let text = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let (mut turns, mut cursor) = (BTreeMap::new(), None::<String>);
    loop {
        let page = transcript.page(cursor.as_deref(), 0, false).ok()?;
        for turn in &page.turns {
            let turn: Value = serde_json::from_str(turn).unwrap();
            turns.insert(text(&turn), turn["items"].as_array().unwrap().iter().map(text).collect());
        }
        cursor = page.next;
        if cursor.is_none() {
            return Some(turns);
        }
    }
}

/// Takes in what was told. Nothing is told that is known already, and of nobody who is not known, unless it was looked at again.
pub(super) fn take(model: &mut Model, ahead: &mut Ahead, event: WatchEvent, threadkeep: &Threadkeep) {
    let WatchEvent::Thread(event) = event else {
        *model = there(threadkeep);
        ahead.all = true;
        return;
    };
    let id = event.thread;
    let may_be_known = ahead.all || ahead.threads.contains(&id);
    let said = format!("{id}: {:?}", event.happening);
    let news = |is_news: bool| assert!(is_news || may_be_known, "{said}");
    match event.happening {
        Happening::New => return news(model.insert(id, Thread::default()).is_none()),
        Happening::Deleted => return news(model.remove(&id).is_some()),
        _ => {}
    }
    let Some(thread) = model.get_mut(&id) else { return news(false) };
    match event.happening {
        Happening::Archived => news(!std::mem::replace(&mut thread.archived, true)),
        Happening::Unarchived => news(std::mem::replace(&mut thread.archived, false)),
        Happening::Named(name) => {
            news(thread.name != name);
            thread.name = name;
        }
        Happening::TurnStarted { turn } => {
            news(!thread.turns.contains_key(&turn));
            thread.turns.entry(turn).or_default();
        }
        Happening::TurnEnded { turn, .. } => news(thread.turns.contains_key(&turn)),
        Happening::ItemFinished { turn, item, .. } => {
            let is_known = thread.turns.contains_key(&turn);
            news(is_known && thread.turns.entry(turn).or_default().insert(item.unwrap()));
        }
        Happening::TurnsChanged => {
            if let Some(turns) = turns(threadkeep, &id) {
                thread.turns = turns;
                ahead.threads.insert(id);
            }
        }
        Happening::New | Happening::Deleted | Happening::State(_) => {}
    }
}
