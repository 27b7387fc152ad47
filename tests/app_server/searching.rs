//! `thread/search`: it finds what Codex's finds, in what was said and in the context that stands before it.

use serde_json::{Value, json};
use support::codex::Installed;
use support::hourly::{began, id, legacy, paginated};
use support::{Collection, Program, Rollout, read_home, real_homes};
use tempfile::tempdir;

use super::{Asker, EVERY_KIND, ids};

/// The threads in which a text is found, in the order of the answer, each with its snippet.
fn found(asker: &Asker, term: &str) -> Vec<(String, String)> {
    let params = json!({"searchTerm": term, "sourceKinds": EVERY_KIND, "limit": 2});
    let (all, _) = asker.pages("thread/search", params);
    let one = |found: &Value| {
        (found["thread"]["id"].as_str().unwrap().to_owned(), found["snippet"].as_str().unwrap().to_owned())
    };
    all.iter().map(one).collect()
}

/// A message in the user's role that no event tells of, as `thread/inject_items` writes it.
fn injected(text: &str) -> String {
    let message = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]});
    json!({"timestamp": "2026-03-01T18:00:00.000Z", "ordinal": 900, "type": "response_item", "payload": message})
        .to_string()
}

#[test]
fn a_search_of_a_client_finds_context_in_any_case_and_other_searches_do_not() {
    let home = tempdir().unwrap();
    let bare = Rollout::bare(&id(3)).at_millis(began(3)).cwd("/src/heron").user("Count them").agent("Nine.");
    for rollout in [
        legacy(1).cwd("/src/heron").user("Where is it?").agent("By the lake."),
        paginated(2).cwd("/src/egret").user("In /SRC/HERON I think").agent("It is."),
        bare,
        paginated(4).cwd("/src/egret").user("Nothing").agent("No.").verbatim(injected("Herons, as was told before")),
        legacy(5).cwd("/src/heron").user("Look").agent("I do.").compressed(),
    ] {
        rollout.write(home.path(), Collection::Active);
    }
    let asker = Asker::of(home.path());
    let of = |term: &str| found(&asker, term);
    let threads = |term: &str| of(term).into_iter().map(|(thread, _)| thread).collect::<Vec<_>>();
    assert_eq!(threads("<CWD>/src/heron"), [id(5), id(3), id(1)]);
    assert_eq!(threads("/src/heron"), [id(5), id(3), id(2), id(1)]);
    assert_eq!(threads("HERONS, as was"), [id(4)]);
    assert_eq!(
        threads("may be read and written"),
        [] as [&str; 0],
        "what the program tells as a developer is no context"
    );
    let (_, snippet) = &of("<cwd>/src/egret")[0];
    assert!(snippet.contains("<environment_context> <cwd>/src/egret</cwd>"), "{snippet}");
    // What somebody said is no context, though the model was told it, too.
    let program = Program::on(home.path(), &home.path().join("state"));
    let numbers = |arguments: &[&str]| {
        let answer = program.run(["--json", "search"].iter().chain(arguments)).json();
        let thread = |item: &Value| item["thread"]["id"].as_str().unwrap().to_owned();
        answer["items"].as_array().unwrap().iter().map(thread).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&["-i", "--literal", "/src/heron"]), [id(2)]);
    assert_eq!(numbers(&["-i", "--literal", "/src/heron", "--in", "all"]), [id(2)]);
    assert_eq!(numbers(&["-i", "--literal", "/src/heron", "--in", "context"]), [id(5), id(3), id(1)]);
    assert_eq!(numbers(&["--in", "context", "environment_context", "heron"]), [id(5), id(3), id(1)]);
    assert_eq!(numbers(&["--in", "context", "where"]), [] as [&str; 0]);
    let hits = program.run(["--json", "search", "--thread", &id(1), "--in", "prompts,context", "heron"]).json();
    let hit = &hits["items"][0];
    assert_eq!((&hits["total"], &hit["kind"]), (&json!(1), &json!("context")), "{hits}");
    assert!(
        hit["turnId"].is_null() && hit["cursor"].is_null() && hit["line"].is_u64() && hit["path"].is_string(),
        "{hit}"
    );
}

/// Texts of every sort: tags and values of context, words of people and agents, summaries, what stands nowhere.
const TERMS: [&str; 16] = [
    "environment_context",
    "<CWD>",
    "agents.md",
    "approval",
    "injected",
    "zsh",
    "the",
    "parser",
    "delegate",
    "Done with",
    "checkpoint",
    "turn_aborted",
    "timezone",
    "café",
    "🚀",
    "it stands nowhere",
];

#[test]
fn a_search_finds_the_threads_that_the_codex_of_this_machine_finds() {
    for installed in Installed::each() {
        for home in real_homes(&["h171-main", "h160", "h130"]) {
            home.relocate();
            let asker = Asker::of(&home.path);
            let Some(mut codex) = installed.start(&home.path) else { continue };
            let mut most = 0;
            let reading = read_home(&home.path);
            for archived in [false, true] {
                let list = json!({"sourceKinds": EVERY_KIND, "modelProviders": [], "limit": 100, "archived": archived});
                let listed = codex.call("thread/list", list);
                // Codex searches the last file of a thread that went back, and hides those that are attached to others.
                let is_known = |id: &&str| ids(&listed["data"]).contains(id) && reading.threads[*id].files.len() == 1;
                for term in TERMS {
                    let params =
                        json!({"searchTerm": term, "sourceKinds": EVERY_KIND, "limit": 100, "archived": archived});
                    let (ours, theirs) =
                        (asker.ask("thread/search", params.clone()), codex.call("thread/search", params));
                    let known = |found: &Value| -> Vec<String> {
                        ids(&found["data"]).into_iter().filter(is_known).map(str::to_owned).collect()
                    };
                    assert_eq!(known(&ours), known(&theirs), "{} {term} {archived}", home.name);
                    let lacks = ids(&theirs["data"]).into_iter().find(|id| !ids(&ours["data"]).contains(id));
                    assert_eq!(lacks, None, "{} {term} {archived}", home.name);
                    most = most.max(known(&ours).len());
                }
            }
            assert!(most > 5, "{}", home.name);
        }
    }
}
