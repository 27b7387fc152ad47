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

/// Takes in what was told. Nothing is told that is known already, and of nobody who is not known.
pub(super) fn take(model: &mut Model, event: WatchEvent, threadkeep: &Threadkeep) {
    let WatchEvent::Thread(event) = event else {
        *model = there(threadkeep);
        return;
    };
    let id = event.thread;
    let said = format!("{id}: {:?}", event.happening);
    if event.happening == Happening::New {
        assert!(model.insert(id, Thread::default()).is_none(), "{said}");
        return;
    }
    if event.happening == Happening::Deleted {
        assert!(model.remove(&id).is_some(), "{said}");
        return;
    }
    let thread = model.get_mut(&id).unwrap_or_else(|| panic!("{said}"));
    match event.happening {
        Happening::Archived => assert!(!std::mem::replace(&mut thread.archived, true), "{said}"),
        Happening::Unarchived => assert!(std::mem::replace(&mut thread.archived, false), "{said}"),
        Happening::Named(name) => {
            assert_ne!(thread.name, name, "{said}");
            thread.name = name;
        }
        Happening::TurnStarted { turn } => assert!(thread.turns.insert(turn, BTreeSet::new()).is_none(), "{said}"),
        Happening::TurnEnded { turn, .. } => assert!(thread.turns.contains_key(&turn), "{said}"),
        Happening::ItemFinished { turn, item, .. } => {
            let items = thread.turns.get_mut(&turn).unwrap_or_else(|| panic!("{said}"));
            assert!(items.insert(item.unwrap()), "{said}");
        }
        Happening::TurnsChanged => {
            if let Some(turns) = turns(threadkeep, &id) {
                thread.turns = turns;
            }
        }
        Happening::New | Happening::Deleted | Happening::State(_) => {}
    }
}
