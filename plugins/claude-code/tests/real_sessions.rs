//! Reads what real agents wrote, where `THREADKEEP_TEST_AGENTS` names a directory with their homes.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::path::PathBuf;

use claude_code::ClaudeCode;
use threadkeep_plugin::importer::{Happening, Outcome};
use threadkeep_plugin::testing::{Home, Imported, tokens_written};

fn home(version: &str) -> Option<Vec<Imported>> {
    let directory = std::env::var_os("THREADKEEP_TEST_AGENTS").map(PathBuf::from);
    let directory = directory.map(|agents| agents.join(format!("claude-{version}/home/sam/.claude/projects")));
    let Some(directory) = directory.filter(|directory| directory.is_dir()) else {
        eprintln!("skipped: THREADKEEP_TEST_AGENTS has no home of Claude Code {version}");
        return None;
    };
    let imported = Home::new().directory(directory).import::<ClaudeCode>().expect("all files can be read");
    for imported in &imported {
        assert!(imported.has_whole_turns(), "{imported:?}");
        assert!(!imported.prompts().is_empty(), "{imported:?}");
        assert!(imported.session.created_at <= imported.session.updated_at);
        assert!(imported.session.cwd.as_ref().is_some_and(|cwd| cwd.starts_with("/home/sam/code")));
    }
    Some(imported)
}

fn find<'a>(imported: &'a [Imported], id: &str) -> &'a Imported {
    imported.iter().find(|imported| imported.session.id.starts_with(id)).expect("the session is there")
}

#[test]
fn sessions_of_2_1_are_read() {
    let Some(imported) = home("2.1.332") else { return };
    // As many as files with a prompt; tokens as the API counted them, each answer once.
    assert_eq!(tokens_written(&imported), 4562);
    let rewound = find(&imported, "d18e894f");
    assert_eq!(rewound.session.title.as_deref(), Some("Tea shop – Größe"));
    assert_eq!(rewound.prompts(), ["hello from the screen", "what did we do instead"]);
    assert_eq!(find(&imported, "6561b79a").session.forked_from.as_deref(), Some(rewound.session.id.as_str()));

    let parent = find(&imported, "c3971cb6");
    let called = parent.happenings().into_iter().filter_map(|what| match what {
        Happening::SubAgent((session, _)) => session.as_deref(),
        _ => None,
    });
    for session in called {
        assert_eq!(find(&imported, session).session.parent.as_deref(), Some(parent.session.id.as_str()));
    }
    assert_eq!(parent.happenings().iter().filter(|what| matches!(what, Happening::SubAgent(_))).count(), 2);
}

#[test]
fn sessions_of_1_0_are_read() {
    let Some(imported) = home("1.0.128") else { return };
    assert_eq!(tokens_written(&imported), 3374);
    let parent = find(&imported, "451d07c6-e5bf-4ce0-97a6-f3cea964e0aa");
    let sub_agent = imported.iter().find(|imported| imported.session.parent.as_ref() == Some(&parent.session.id));
    let sub_agent = sub_agent.expect("it stands in the same file");
    assert_eq!(sub_agent.prompts(), ["COUNTLINES: count the lines of each Python file here and report."]);
    assert!(parent.happenings().contains(&&Happening::Compacted));
    // Stopped within a command; the next prompt is a turn of its own.
    let stopped = find(&imported, "5ee9ecca");
    let outcomes = stopped.happenings().into_iter().filter_map(|what| match what {
        Happening::Command(command) => Some(command.outcome),
        _ => None,
    });
    assert_eq!(outcomes.collect::<Vec<_>>(), [Outcome::Interrupted]);
}
