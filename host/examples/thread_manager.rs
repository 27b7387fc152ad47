//! The whole life of an embedder's thread: `thread_manager [HOME [STATE_DIR]]`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it got")]

use std::path::PathBuf;
use std::sync::Arc;

use threadkeep::component::Runtime;
use threadkeep::db::state_dir;
use threadkeep::platform::home::{Home, locate};
use threadkeep::startup::{Config, init};
use threadkeep::threads::store::{
    Item, LocalThreadStore, NewThread, Resume, RowQuery, ThreadStore, TurnEnd, UserMessage,
};

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let env = |name: &str| std::env::var_os(name);

    // The handle's life is decided here, once, and the store gets it.
    let runtime = Runtime::load()?;
    let home = Arc::new(Home::open(&locate(args.next(), env)?, env)?);
    let config = Config::of(state_dir(home.root(), args.next(), None));
    let (state, report) = init(&runtime, &home, &config)?;
    println!("{} rollouts, {} of them new", report.scanned, report.stored);
    let store = LocalThreadStore::new(&runtime, &home, Some(state));

    // A thread, and a turn of it. Nothing is on disk before the first flush.
    let thread = store.create(NewThread {
        cwd: std::env::current_dir()?.to_string_lossy().into_owned(),
        source: "\"exec\"".into(),
        originator: "thread_manager".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        ..NewThread::default()
    })?;
    let ask = UserMessage { text: "How far is it to the lake?".into(), images: Vec::new() };
    store.append(&thread, &[Item::UserMessage(ask)])?;
    store.flush(&thread)?;
    println!("flushed {}", store.path(&thread)?.display());
    store.append(&thread, &[Item::AgentMessage("Two hours on foot.".into()), Item::TurnEnded(TurnEnd::Completed)])?;
    store.shutdown(&thread)?;
    println!("shut down {thread}");

    // Looking: lists, one thread, its turns.
    for listed in store.list(&RowQuery::default(), None, 5)?.rows {
        println!("{}  {}", listed.row.id, listed.row.title);
    }
    println!("{}", store.read(&thread, None)?.row.preview);
    for turn in store.turns(&thread, None, 20, false)?.turns {
        println!("{turn}");
    }

    // Going on, naming, archiving.
    store.resume(&Resume::Thread(thread.clone()))?;
    store.append(&thread, &[Item::Reasoning("Or by boat.".into()), Item::TurnEnded(TurnEnd::Interrupted)])?;
    store.name(&thread, Some("The way to the lake"))?;
    store.shutdown(&thread)?;
    for row in store.archive(&thread)? {
        println!("archived {}", home.absolute(&row.path).display());
    }
    store.take_warnings().iter().for_each(|warning| eprintln!("{warning}"));
    Ok(())
}
