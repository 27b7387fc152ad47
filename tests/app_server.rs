//! The methods of Codex's app-server protocol: equal to the real server's answers, valid by its schemas, bounded.

mod branching;
mod changes;
mod equal;
mod kept;
mod pages;
mod plugins;
mod schemas;
mod searching;

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use threadkeep::platform::home::Home;
use threadkeep::{Options, Threadkeep};
use threadkeep_app_server::{DirectClient, RpcError};

/// Every kind of source.
const EVERY_KIND: [&str; 10] = [
    "cli",
    "vscode",
    "exec",
    "appServer",
    "subAgent",
    "subAgentReview",
    "subAgentCompact",
    "subAgentThreadSpawn",
    "subAgentOther",
    "unknown",
];

/// A client of a home, with a state DB of its own.
struct Asker {
    client: DirectClient,
    _state: TempDir,
}

impl Asker {
    fn of(home: &Path) -> Asker {
        let state = tempfile::tempdir().unwrap();
        let home = Home::open(home, |_| None).unwrap();
        let options = Options { state_dir: state.path().to_path_buf(), ..Options::new(home) };
        Asker { client: DirectClient::new(Threadkeep::open(options).unwrap()), _state: state }
    }

    fn try_ask(&self, method: &str, params: &Value) -> Result<(Value, Vec<Value>), RpcError> {
        let answer = self.client.ask(method, &params.to_string())?;
        let notes = answer.notifications.iter().map(|note| serde_json::from_str(note).unwrap()).collect();
        Ok((serde_json::from_str(&answer.result).unwrap(), notes))
    }

    #[track_caller]
    fn ask(&self, method: &str, params: Value) -> Value {
        self.try_ask(method, &params).unwrap_or_else(|error| panic!("{method} {params}: {error}")).0
    }

    /// The error of a method.
    #[track_caller]
    fn refused(&self, method: &str, params: Value) -> RpcError {
        match self.try_ask(method, &params) {
            Err(error) => error,
            Ok((answer, _)) => panic!("{method} {params}: {answer}"),
        }
    }

    /// Everything that a method pages through, and how many pages that were.
    #[track_caller]
    fn pages(&self, method: &str, mut params: Value) -> (Vec<Value>, usize) {
        let (mut all, mut pages) = (Vec::new(), 0);
        loop {
            let page = self.ask(method, params.clone());
            all.extend(page["data"].as_array().unwrap().iter().cloned());
            pages += 1;
            if page["nextCursor"].is_null() {
                return (all, pages);
            }
            params["cursor"] = page["nextCursor"].clone();
        }
    }
}

/// The ids of things.
fn ids(things: &Value) -> Vec<&str> {
    let things = things.as_array().unwrap().iter();
    things.map(|thing| thing.pointer("/thread/id").or(thing.get("id")).and_then(Value::as_str).unwrap()).collect()
}
