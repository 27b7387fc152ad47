//! What the real Codex does is told as it does it. Needs `CODEX_BIN`.

use serde_json::json;
use support::codex::Installed;
use tempfile::tempdir;
use threadkeep::contract::ThreadState;
use threadkeep::{Happening, WatchOptions};

use super::{model, open, until};

#[test]
fn what_codex_does_is_told_as_it_does_it() {
    for installed in Installed::each() {
        let (place, state) = (tempdir().unwrap(), tempdir().unwrap());
        let Some(mut codex) = installed.start(place.path()) else { continue };
        let threadkeep = open(place.path(), state.path());
        let watch = threadkeep.watch(&WatchOptions::default()).unwrap();
        let mut known = model::there(&threadkeep);
        let mut told = Vec::new();
        let mut hear = |wanted: &dyn Fn(&Happening) -> bool| {
            told.extend(until(&watch, |_, happening| wanted(happening)));
        };
        let thread = codex.begin();
        codex.turn(&thread, "Count the herons");
        hear(&|happening| *happening == Happening::State(ThreadState::Done));
        codex.turn(&thread, "Count them again");
        hear(&|happening| *happening == Happening::State(ThreadState::Done));
        codex.call("thread/name/set", json!({"threadId": thread, "name": "Herons"}));
        hear(&|happening| *happening == Happening::Named(Some("Herons".into())));
        codex.call("thread/archive", json!({"threadId": thread}));
        hear(&|happening| *happening == Happening::Archived);
        let running = told.iter().filter(|(_, happening)| *happening == Happening::State(ThreadState::Running));
        assert!(running.count() > 0, "{installed}: {told:?}");
        for (thread, happening) in told {
            let event = threadkeep::ThreadEvent { thread, row: None, happening };
            model::take(&mut known, &mut model::Ahead::default(), threadkeep::WatchEvent::Thread(event), &threadkeep);
        }
        assert_eq!(known, model::there(&threadkeep), "{installed}");
    }
}
