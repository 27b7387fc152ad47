//! The whole life of an embedder's thread: `thread_manager [HOME [STATE_DIR]]`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example is a program")]

use std::path::PathBuf;

use threadkeep::contract::Subject;
use threadkeep::platform::home::{Home, locate};
use threadkeep::threads::store::{Item, NewThread, Resume, RowQuery, ThreadStore as _, TurnEnd, UserMessage};
use threadkeep::{Options, Threadkeep};

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let env = |name: &str| std::env::var_os(name);

    // The handle's life is decided here, once: the process owns the state.
    let options = Options::new(Home::open(&locate(args.next(), env)?, env)?);
    let state_dir = args.next().unwrap_or_else(|| options.state_dir.clone());
    let threadkeep = Threadkeep::open(Options { state_dir, ..options })?;
    let report = threadkeep.start_report().cloned().unwrap_or_default();
    println!("{} rollouts, {} of them new", report.scanned, report.stored);

    // A thread, and a turn of it. Nothing is on disk before the first flush.
    let store = threadkeep.store();
    let thread = store.create(NewThread {
        cwd: std::env::current_dir()?.to_string_lossy().into_owned(),
        source: "\"exec\"".into(),
        originator: "thread_manager".into(),
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
    for listed in threadkeep.list(&RowQuery::default(), None, 5)?.rows {
        println!("{}  {}", listed.row.id, listed.row.title);
    }
    println!("{}", threadkeep.find(&thread, None)?.row.preview);
    for turn in threadkeep.transcript(&Subject::Thread(thread.clone()))?.page(None, 20, false)?.turns {
        println!("{turn}");
    }

    // Going on, naming, archiving.
    store.resume(&Resume::Thread(thread.clone()))?;
    store.append(&thread, &[Item::Reasoning("Or by boat.".into()), Item::TurnEnded(TurnEnd::Interrupted)])?;
    println!("named {}", threadkeep.name(&thread, Some("The way to the lake"))?.title);
    store.shutdown(&thread)?;
    for row in threadkeep.archive(&thread)?.threads {
        println!("archived {}", threadkeep.home().absolute(&row.path).display());
    }
    threadkeep.take_warnings().iter().for_each(|warning| eprintln!("{warning}"));
    Ok(())
}
