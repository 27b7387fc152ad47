//! What real agents wrote, imported by the shipped importers as a user does it.

use std::collections::BTreeSet;

use serde_json::json;
use support::{Program, real_agent, shipped_plugin};
use tempfile::tempdir;

/// A release of an agent, the importer for it, where its sessions are, and how many there are.
const RELEASES: [(&str, &str, &str, usize); 4] = [
    ("claude-1.0.128", "claude-code", ".claude/projects", 33),
    ("claude-2.1.332", "claude-code", ".claude/projects", 40),
    ("gemini-0.61.0", "gemini-cli", ".gemini/tmp", 21),
    ("opencode-1.18.33", "opencode", ".local/share/opencode", 22),
];

#[test]
fn sessions_of_real_agents_are_threads_that_are_read_once() {
    for (release, importer, place, sessions) in RELEASES {
        let unpacked = tempdir().unwrap();
        let Some(user) = real_agent(release, &unpacked) else { return };
        let (home, state, plugins) = (tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
        let program =
            Program::on(home.path(), state.path()).variable("THREADKEEP_PLUGIN_DIR", plugins.path().join("plugins"));
        let file = shipped_plugin(importer).unwrap_or_else(|| panic!("{importer} is not built: run `make plugins`"));
        program.run(["plugin", "install", file.to_str().unwrap(), "--yes"]).well();
        let place = user.join(place);
        let import = || program.json(["import", "--format", importer, place.to_str().unwrap()]);
        let imported = import();
        assert_eq!((&imported["read"], &imported["failed"]), (&json!(sessions), &json!(0)), "{release}");
        let listed = program.json(["list", "--limit", "0", "--all", "--flat", "--source", "any"]);
        let items = listed["items"].as_array().unwrap();
        let ids: BTreeSet<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), sessions, "{release}");
        assert!(items.iter().all(|item| item["program"] == importer), "{listed}");
        let has_parent = |item: &serde_json::Value| item["parentThreadId"].as_str().is_some_and(|id| ids.contains(id));
        assert!(items.iter().any(has_parent), "{release}: no thread of a sub-agent hangs on another one");
        for id in &ids {
            assert!(!program.json(["turns", *id])["items"].as_array().unwrap().is_empty(), "{release}: {id}");
        }
        let totals = program.json(["stats"])["totals"].clone();
        assert!(totals["totalTokens"].as_u64() > Some(0), "{release}: {totals}");
        let again = import();
        assert_eq!((&again["read"], &again["failed"]), (&json!(0), &json!(0)), "{release}");
    }
}
