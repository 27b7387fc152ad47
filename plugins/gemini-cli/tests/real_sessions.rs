//! Reads what a real agent wrote, where `THREADKEEP_TEST_AGENTS` names a directory with its home.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::path::PathBuf;

use gemini_cli::GeminiCli;
use threadkeep_plugin::importer::{Happening, Outcome};
use threadkeep_plugin::testing::{Home, Imported};

#[test]
fn sessions_of_0_61_are_read() {
    let directory = std::env::var_os("THREADKEEP_TEST_AGENTS").map(PathBuf::from);
    let directory = directory.map(|agents| agents.join("gemini-0.61.0/home/sam/.gemini/tmp"));
    let Some(directory) = directory.filter(|directory| directory.is_dir()) else {
        eprintln!("skipped: THREADKEEP_TEST_AGENTS has no home of Gemini CLI 0.61.0");
        return;
    };
    let imported = Home::new().directory(directory).import::<GeminiCli>().expect("all files can be read");
    assert_eq!(imported.len(), 21);
    assert!(imported.iter().all(Imported::has_whole_turns));
    let cwds = imported.iter().filter_map(|imported| imported.session.cwd.as_deref());
    assert!(cwds.clone().count() == imported.len() && cwds.clone().any(|cwd| cwd == "/home/sam/code/notes ü"));
    let find = |id: &str| imported.iter().find(|imported| imported.session.id.starts_with(id)).expect("it is there");

    // Resumed twice, which left a second file and lists that hold less than what was told before.
    let resumed = find("4110448c");
    let prompts = [
        "Add a greeting function to app.py and show me the file, second time.",
        "Run the tests.",
        "Please ask two helpers.",
    ];
    assert_eq!(resumed.prompts(), prompts);
    let failed = resumed.happenings().into_iter().find_map(|what| match what {
        Happening::Command(command) if command.outcome == Outcome::Failed => command.exit_code,
        _ => None,
    });
    assert_eq!(failed, Some(3));
    let called = resumed.happenings().into_iter().filter_map(|what| match what {
        Happening::SubAgent((session, _)) => session.as_deref(),
        _ => None,
    });
    for session in called {
        assert_eq!(find(session).session.parent.as_deref(), Some(resumed.session.id.as_str()));
    }
    assert_eq!(find("c1e286ca").prompts(), ["Add a greeting function on the screen", "hello after the rewind"]);
}
