//! The thread store: one suite for every store there is, and what only the one of a home can show.

mod conformance;
mod recorder;

use std::sync::Arc;

use serde_json::Value;
use tempfile::{TempDir, tempdir};
use threadkeep::db::StateDb;
use threadkeep::platform::home::Home;
use threadkeep::startup::{self, Config};
use threadkeep::threads::store::{
    Item, LocalThreadStore, MemoryThreadStore, NewThread, RowQuery, ThreadRow, ThreadStore, Tokens, TurnEnd, TurnStart,
    UserMessage,
};
use threadkeep_engine::Runtime;

/// A store, and what it is kept in for as long as the test runs.
struct Setting {
    store: Box<dyn ThreadStore>,
    _kept_in: Option<(TempDir, TempDir)>,
}

fn runtime() -> Runtime {
    Runtime::load().unwrap()
}

/// A home of one's own, with a handle.
struct Place {
    dir: TempDir,
    state_dir: TempDir,
    home: Arc<Home>,
}

impl Place {
    fn new() -> Place {
        let (dir, state_dir) = (tempdir().unwrap(), tempdir().unwrap());
        let home = Arc::new(Home::open(dir.path(), |_| None).unwrap());
        Place { dir, state_dir, home }
    }

    fn state(&self) -> StateDb {
        startup::init(&runtime(), &self.home, &Config::of(self.state_dir.path().into())).unwrap().0
    }

    fn store(&self) -> LocalThreadStore {
        LocalThreadStore::new(&runtime(), &self.home, Some(self.state()))
    }

    fn without_state(&self) -> LocalThreadStore {
        LocalThreadStore::new(&runtime(), &self.home, None)
    }
}

fn local() -> Setting {
    let place = Place::new();
    let store = Box::new(place.store());
    Setting { store, _kept_in: Some((place.dir, place.state_dir)) }
}

fn memory() -> Setting {
    Setting { store: Box::new(MemoryThreadStore::new(&runtime()).unwrap()), _kept_in: None }
}

fn new_thread() -> NewThread {
    NewThread {
        id: None,
        cwd: "/src/pond".into(),
        source: "\"cli\"".into(),
        originator: "tests".into(),
        version: "0.1.0".into(),
        model_provider: Some("mock".into()),
        instructions: None,
        git_sha: Some("b80d5c2e71f349aa9c06de1f4b7a8350c2e9d671".into()),
        git_branch: Some("main".into()),
        git_origin_url: Some("https://git.example/pond.git".into()),
        parent_thread_id: None,
    }
}

fn user(text: &str) -> Item {
    Item::UserMessage(UserMessage { text: text.into(), images: Vec::new() })
}

fn turn(said: &str, answered: &str) -> Vec<Item> {
    vec![
        Item::TurnStarted(TurnStart { cwd: None, model: Some("mirror-1".into()) }),
        user(said),
        Item::AgentMessage(answered.into()),
        Item::Tokens(Tokens { input: 900, cached_input: 400, output: 100, reasoning_output: 20 }),
        Item::TurnEnded(TurnEnd::Completed),
    ]
}

fn row(store: &dyn ThreadStore, thread: &str) -> ThreadRow {
    store.read(thread, None).unwrap().row
}

fn everything() -> RowQuery {
    RowQuery::default()
}

fn ids(store: &dyn ThreadStore) -> Vec<String> {
    let page = store.list(&everything(), None, 0).unwrap();
    page.rows.into_iter().map(|listed| listed.row.id).collect()
}

fn turns(store: &dyn ThreadStore, thread: &str) -> Vec<Value> {
    let page = store.turns(thread, None, 0, false).unwrap();
    page.turns.iter().map(|turn| serde_json::from_str(turn).unwrap()).collect()
}
