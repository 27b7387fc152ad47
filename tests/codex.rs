//! What Threadkeep writes and changes, the real Codex takes for its own; what Codex then adds, Threadkeep reads. Needs
//! `CODEX_BIN`, and runs with each that this names.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use support::Program;
use support::codex::{Codex, Installed};
use tempfile::{TempDir, tempdir};

/// A home with a thread of two turns that Codex wrote, and that thread's id.
fn home(codex: &Installed) -> Option<(TempDir, String)> {
    let place = tempdir().unwrap();
    let mut codex = codex.start(place.path())?;
    let thread = codex.begin();
    codex.turn(&thread, "Count the herons");
    codex.turn(&thread, "Count them again");
    Some((place, thread))
}

fn program(home: &TempDir) -> Program {
    Program::on(home.path(), &home.path().join("threadkeep")).variable("PATH", std::env::var_os("PATH").unwrap())
}

/// What the user said, turn by turn, as Codex shows it.
fn asked(turns: &Value) -> Vec<String> {
    let first = |turn: &Value| turn["items"][0]["content"][0]["text"].as_str().unwrap_or_default().to_owned();
    turns.as_array().unwrap_or_else(|| panic!("{turns}")).iter().map(first).collect()
}

fn listed(codex: &mut Codex, more: Value) -> Vec<String> {
    let kinds = json!(["cli", "vscode", "exec", "appServer", "unknown"]);
    let mut query = json!({"limit": 100, "modelProviders": [], "sourceKinds": kinds});
    more.as_object().unwrap().iter().for_each(|(key, value)| query[key] = value.clone());
    let list = codex.call("thread/list", query);
    list["data"].as_array().unwrap().iter().map(|thread| thread["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn codex_lists_reads_and_goes_on_with_what_was_compressed() {
    for installed in Installed::each() {
        let Some((place, thread)) = home(&installed) else { continue };
        let path = program(&place).json(["find", &thread])["path"].as_str().unwrap().to_owned();
        let then = SystemTime::now() - Duration::from_secs(30 * 86_400);
        File::options().write(true).open(&path).unwrap().set_modified(then).unwrap();
        assert_eq!(program(&place).json(["compress"])["compressed"][0]["path"], path);
        assert!(fs::exists(format!("{path}.zst")).unwrap() && !fs::exists(&path).unwrap());
        let mut codex = installed.start(place.path()).unwrap();
        assert_eq!(listed(&mut codex, json!({})), [thread.as_str()]);
        let read = codex.call("thread/read", json!({"threadId": thread, "includeTurns": true}));
        assert_eq!(asked(&read["thread"]["turns"]), ["Count the herons", "Count them again"]);
        let resumed = codex.call("thread/resume", json!({"threadId": thread}));
        assert_eq!(asked(&resumed["thread"]["turns"]), ["Count the herons", "Count them again"]);
        codex.turn(&thread, "And once more");
        drop(codex);
        let turns = program(&place).json(["turns", &thread]);
        assert_eq!(asked(&turns["items"]), ["Count the herons", "Count them again", "And once more"]);
    }
}

#[test]
fn codex_finds_what_was_archived_here_and_brought_back() {
    for installed in Installed::each() {
        let Some((place, thread)) = home(&installed) else { continue };
        program(&place).run(["archive", &thread]).well();
        program(&place).run(["unarchive", &thread]).well();
        let mut codex = installed.start(place.path()).unwrap();
        let resumed = codex.call("thread/resume", json!({"threadId": thread}));
        assert_eq!(asked(&resumed["thread"]["turns"]), ["Count the herons", "Count them again"]);
        drop(codex);
        program(&place).run(["archive", &thread]).well();
        // Of a thread that its own database has as active, Codex shows an archived file nowhere; once it has made that anew,
        // it does.
        for entry in fs::read_dir(place.path()).unwrap().flatten() {
            if entry.file_name().to_string_lossy().contains(".sqlite") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        let mut codex = installed.start(place.path()).unwrap();
        assert_eq!(listed(&mut codex, json!({})), Vec::<String>::new());
        assert_eq!(listed(&mut codex, json!({"archived": true})), [thread.as_str()]);
        codex.call("thread/unarchive", json!({"threadId": thread}));
        assert_eq!(program(&place).json(["find", &thread])["archived"], false);
        codex.call("thread/archive", json!({"threadId": thread}));
        program(&place).run(["unarchive", &thread]).well();
        // Without filters it looks at the files. (It does not go on with a thread that it has archived itself.)
        let list = codex.call("thread/list", json!({"limit": 100}));
        assert_eq!(list["data"][0]["id"], json!(thread), "{list}");
    }
}

#[test]
fn a_thread_that_codex_is_writing_is_left_alone() {
    for installed in Installed::each() {
        let Some((place, _)) = home(&installed) else { continue };
        let mut codex = installed.start(place.path()).unwrap();
        let thread = codex.begin();
        codex.turn(&thread, "I am still here");
        let refused = program(&place).run(["exec", "--resume", &thread, "--", "true"]).ended(1);
        assert!(refused.stderr.contains(&format!("already has a writer (pid {})", codex.id())), "{}", refused.stderr);
        let report = program(&place).json(["compress", "--older-than", "0s"]);
        let reasons: Vec<_> =
            report["skipped"].as_array().unwrap().iter().map(|left| left["reason"].to_string()).collect();
        assert!(reasons.iter().any(|reason| reason.contains("already has a writer")), "{report}");
    }
}

#[test]
fn codex_lists_reads_goes_on_with_and_archives_what_exec_recorded() {
    for installed in Installed::each() {
        let place = tempdir().unwrap();
        let Some(codex) = installed.start(place.path()) else { continue };
        drop(codex);
        let exec = |words: &[&str], script: &str| {
            let work = place.path().join("work");
            let words = [&["exec", "--cwd", work.to_str().unwrap()], words, &["--", "sh", "-c", script]].concat();
            let outcome = program(&place).run(words);
            outcome.stdout.lines().last().unwrap().to_owned()
        };
        let thread = exec(&["--prompt", "Build it"], "echo built");
        exec(&["--last", "--prompt", "Break it"], "echo broken; exit 3");
        let events = r#"
        echo '{"type":"thread.started","thread_id":"x"}'
        echo '{"type":"item.completed","item":{"id":"1","type":"reasoning","text":"Hm"}}'
        echo '{"type":"item.completed","item":{"id":"2","type":"file_change","changes":[{"path":"/a","kind":"add"}],"status":"completed"}}'
        echo '{"type":"item.completed","item":{"id":"3","type":"agent_message","text":"It is mended"}}'
        echo '{"type":"turn.completed","usage":{"input_tokens":10,"cached_input_tokens":0,"output_tokens":2}}'
    "#;
        exec(&["--last", "--prompt", "Mend it"], events);
        let mut codex = installed.start(place.path()).unwrap();
        assert_eq!(listed(&mut codex, json!({})), [thread.as_str()]);
        let resumed = codex.call("thread/resume", json!({"threadId": thread}));
        let turns = &resumed["thread"]["turns"];
        assert_eq!(asked(turns), ["Build it", "Break it", "Mend it"]);
        let statuses: Vec<_> = turns.as_array().unwrap().iter().map(|turn| turn["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["completed", "failed", "completed"]);
        let command = &turns[0]["items"][1];
        assert_eq!((&command["type"], &command["aggregatedOutput"]), (&json!("commandExecution"), &json!("built\n")));
        let kinds: Vec<_> =
            turns[2]["items"].as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["userMessage", "reasoning", "fileChange", "agentMessage"]);
        codex.turn(&thread, "What came of it?");
        let request = codex.requests().pop().unwrap()["input"].to_string();
        for said in ["Build it", "built", "Break it", "broken", "Mend it", "It is mended", "What came of it?"] {
            assert!(request.contains(said), "the model is not told of '{said}': {request}");
        }
        drop(codex);
        let turns = program(&place).json(["turns", &thread]);
        assert_eq!(asked(&turns["items"]), ["Build it", "Break it", "Mend it", "What came of it?"]);
        let mut codex = installed.start(place.path()).unwrap();
        codex.call("thread/archive", json!({"threadId": thread}));
        assert_eq!(program(&place).json(["find", &thread])["archived"], true);
    }
}

#[test]
fn what_codex_exec_prints_is_recorded_as_what_it_did() {
    for installed in Installed::each() {
        let place = tempdir().unwrap();
        let Some(codex) = installed.start(place.path()) else { continue };
        let outer = tempdir().unwrap();
        let words = [&["exec", "--prompt", "Count", "--"].map(Into::into)[..], &codex.exec("Count the herons [shell]")]
            .concat();
        let outcome = program(&outer).variable("CODEX_HOME", place.path()).run(words).well();
        let turns = program(&outer).json(["turns", outcome.stdout.lines().last().unwrap()]);
        let items = turns["items"][0]["items"].as_array().unwrap().clone();
        let kinds: Vec<_> = items.iter().map(|item| item["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["userMessage", "commandExecution", "agentMessage"]);
        assert_eq!(items[1]["aggregatedOutput"], "from the shell\n");
    }
}
