//! Lists and reads served to eight threads at once, over one handle: `thread_server [HOME [STATE_DIR]]`.

#![expect(clippy::print_stdout, reason = "an example is a program")]

use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};

use threadkeep::platform::home::{Home, locate};
use threadkeep::threads::store::RowQuery;
use threadkeep::{Options, StateAccess, Threadkeep};

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let env = |name: &str| std::env::var_os(name);
    let options = Options::new(Home::open(&locate(args.next(), env)?, env)?);
    let state_dir = args.next().unwrap_or_else(|| options.state_dir.clone());
    let threadkeep = Threadkeep::open(Options { state_dir, access: StateAccess::OwnOrFiles, ..options })?;

    let ids: Vec<String> =
        threadkeep.list(&RowQuery::default(), None, 0)?.rows.into_iter().map(|listed| listed.row.id).collect();
    let (requests, inbox) = sync_channel::<String>(64);
    let inbox = Arc::new(Mutex::new(inbox));
    let server = |threadkeep: Threadkeep, inbox: Arc<Mutex<std::sync::mpsc::Receiver<String>>>| {
        move || -> threadkeep::Result<u64> {
            let mut answered = 0;
            while let Some(id) = inbox.lock().ok().and_then(|inbox| inbox.recv().ok()) {
                let page = threadkeep.list(&RowQuery::default(), None, 10)?;
                answered += u64::from(threadkeep.find(&id, None)?.row.id == id && !page.rows.is_empty());
            }
            Ok(answered)
        }
    };
    let servers: Vec<_> = (0..8).map(|_| std::thread::spawn(server(threadkeep.clone(), inbox.clone()))).collect();
    ids.iter().cycle().take(ids.len() * 8).try_for_each(|id| requests.send(id.clone()))?;
    drop(requests);
    let answered = servers.into_iter().map(|server| server.join().unwrap_or(Ok(0))).sum::<Result<u64, _>>()?;
    println!("{answered} of {} requests answered", ids.len() * 8);
    Ok(())
}
