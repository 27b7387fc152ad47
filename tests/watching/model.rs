//! What somebody knows of a home who was shown it once and goes by what is told since; and what is there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use threadkeep::contract::{RowQuery, Subject};
use threadkeep::{Happening, Threadkeep, WatchEvent};

/// The items of every turn.
type Turns = BTreeMap<String, BTreeSet<String>>;

/// A thread, as far as events tell of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Thread {
    archived: bool,
    name: Option<String>,
    /// None while they are to be read, and the rollout is not there.
    turns: Option<Turns>,
}

impl Default for Thread {
    fn default() -> Thread {
        Thread { archived: false, name: None, turns: Some(Turns::new()) }
    }
}

/// All threads.
pub(super) type Model = BTreeMap<String, Thread>;

/// Threads that were looked at again: what is told of them may have been seen already.
#[derive(Default)]
pub(super) struct Ahead {
    all: bool,
    threads: BTreeSet<String>,
}

/// What is there.
pub(super) fn there(threadkeep: &Threadkeep) -> Model {
    let rows = threadkeep.every_thread(&RowQuery::default()).unwrap();
    let thread = |id: String, archived, name| {
        let turns = turns(threadkeep, &id);
        (id, Thread { archived, name, turns })
    };
    rows.into_iter().map(|listed| thread(listed.row.id, listed.row.archived, listed.row.name)).collect()
}

/// Reads the turns that could not be read when they should have been.
pub(super) fn read_on(model: &mut Model, ahead: &mut Ahead, threadkeep: &Threadkeep) {
    for (id, thread) in model.iter_mut().filter(|(_, thread)| thread.turns.is_none()) {
        thread.turns = turns(threadkeep, id);
        ahead.threads.insert(id.clone());
    }
}

/// The turns of a thread; none of one that is not there at this moment.
fn turns(threadkeep: &Threadkeep, id: &str) -> Option<Turns> {
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
        Happening::State(_) => {}
        Happening::TurnsChanged => {
            thread.turns = turns(threadkeep, &id);
            ahead.threads.insert(id);
        }
        happening => {
            // What was not read yet is read with this.
            if let Some(turns) = &mut thread.turns {
                news(take_turn(turns, happening));
            }
        }
    }
}

/// Takes in what happened in a turn; says whether that was news.
fn take_turn(turns: &mut Turns, happening: Happening) -> bool {
    match happening {
        Happening::TurnStarted { turn } => turns.insert(turn, BTreeSet::new()).is_none(),
        Happening::TurnEnded { turn, .. } => turns.contains_key(&turn),
        Happening::ItemFinished { turn, item, .. } => {
            let is_known = turns.contains_key(&turn);
            turns.entry(turn).or_default().insert(item.unwrap()) && is_known
        }
        _ => true,
    }
}
