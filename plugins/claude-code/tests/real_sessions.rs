//! Reads what real agents wrote, where `THREADKEEP_TEST_AGENTS` names directories of homes.

use std::collections::BTreeMap;

use claude_code::ClaudeCode;
use threadkeep_plugin::importer::{Entry, Happening, Importer, Session};
use threadkeep_plugin::testing::Home;
use threadkeep_plugin::{Result, source};

fn homes(agent: &str) -> Vec<std::path::PathBuf> {
    let Some(root) = std::env::var_os("THREADKEEP_TEST_AGENTS") else {
        eprintln!("skipped: THREADKEEP_TEST_AGENTS is not set");
        return Vec::new();
    };
    let mut homes: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    homes.retain(|home| home.file_name().is_some_and(|name| name.to_string_lossy().starts_with(agent)));
    homes.sort();
    homes
}

fn read_all(home: &Home) -> BTreeMap<String, (Session, Vec<Entry>)> {
    home.ask(|| {
        let mut units = BTreeMap::<String, Vec<String>>::new();
        for file in source::files() {
            let name = file.unwrap().name;
            if let Some(unit) = ClaudeCode::unit_of(&name) {
                units.entry(unit).or_default().push(name);
            }
        }
        let mut all = BTreeMap::new();
        for files in units.values() {
            for session in ClaudeCode::sessions(files).unwrap() {
                let entries = ClaudeCode::entries(&session.id, files).unwrap().collect::<Result<Vec<_>>>().unwrap();
                assert!(all.insert(session.id.clone(), (session, entries)).is_none());
            }
        }
        all
    })
}
