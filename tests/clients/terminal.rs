//! Codex's terminal on a server of ours: what people see, and what their keys do.

use support::Collection;
use support::terminal::Terminal;

use super::{Served, THREADS, codexes, id};

/// The terminal of a Codex; none where there is no terminal.
macro_rules! terminal {
    ($served:expr, $codex:expr, $words:expr) => {
        match Terminal::start(&$served.codex($codex, $words)) {
            Some(terminal) => terminal,
            None => return,
        }
    };
}

/// What the composer shows while nothing is typed.
const COMPOSER: &str = "Ask Codex to do anything";

#[test]
fn the_picker_lists_previews_archives_and_opens() {
    for codex in codexes() {
        let served = Served::start();
        let terminal = terminal!(served, &codex, &["resume", "--all"]);
        let newest = THREADS - 1;
        terminal.shows(&format!("question {newest}"));
        terminal.press(&["C-e"]);
        terminal.shows(&format!("answer {newest}"));
        terminal.press(&["C-e"]);
        terminal.press(&["C-t"]);
        terminal.until("the preview", |screen| {
            screen.contains("T R A N S C R I P T") && screen.contains(&format!("answer {newest}"))
        });
        terminal.press(&["q"]);
        terminal.shows("Resume a previous session");
        terminal.press(&["C-a"]);
        terminal.until("one less", |screen| !screen.contains(&format!("question {newest}")));
        assert_eq!(served.collection(&id(newest)), Some(Collection::Archived));
        // What is typed is looked for on every page.
        terminal.type_text("question 1");
        terminal.until("what stands on the last page", |screen| {
            screen.contains("Search: question 1") && screen.contains("question 19") && !screen.contains("question 58")
        });
        terminal.type_text("7");
        terminal.until("one alone", |screen| screen.contains("question 17") && !screen.contains("question 19"));
        terminal.press(&["Enter"]);
        terminal.until("the thread", |screen| screen.contains("answer 17") && screen.contains(COMPOSER));
    }
}

#[test]
fn an_open_thread_is_renamed_and_forked_and_a_message_is_refused_and_stays() {
    for codex in codexes() {
        let served = Served::start();
        let terminal = terminal!(served, &codex, &["resume", &id(7)]);
        terminal.until("the thread", |screen| screen.contains("answer 7") && screen.contains(COMPOSER));
        terminal.type_text("/rename The herons");
        terminal.shows("/rename The herons");
        terminal.press(&["Enter"]);
        terminal.until("the new name", |screen| screen.contains("The herons") && screen.contains(COMPOSER));
        let named = served.home.program().json(["find", &id(7)]);
        assert_eq!(named["name"], "The herons");
        terminal.type_text("/fork");
        terminal.shows("/fork");
        terminal.press(&["Enter"]);
        terminal.shows("Fork created");
        terminal.type_text("and the egrets?");
        terminal.shows("and the egrets?");
        terminal.press(&["Enter"]);
        let refused = terminal.shows("this needs a model");
        assert!(refused.rfind("and the egrets?") > refused.find("this needs a model"), "the draft stays:\n{refused}");
        assert_eq!(served.home.program().json(["list", "--limit", "0"])["items"].as_array().unwrap().len(), 61);
    }
}

#[test]
fn a_fork_and_the_list_of_agents_open_by_command() {
    for codex in codexes() {
        let served = Served::start();
        let terminal = terminal!(served, &codex, &["fork", &id(8)]);
        terminal.until("the fork", |screen| screen.contains("answer 8") && screen.contains(COMPOSER));
        let listed = served.home.program().json(["list", "--limit", "0"]);
        let from = listed["items"].as_array().unwrap().iter().filter(|item| item["forkedFromId"] == id(8).as_str());
        assert_eq!(from.count(), 1);
        drop(terminal);
        let terminal = terminal!(served, &codex, &["agents"]);
        terminal.shows("question 59");
    }
}
