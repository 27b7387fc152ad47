//! Answers are those of the real server, on homes of every release, but for the differences that are meant.

use serde_json::{Value, json};
use support::codex::Installed;
use support::{read_home, real_homes, recorded_answers};

use super::{Asker, EVERY_KIND, ids};
use crate::plain_reading::MEANT;
use crate::turns::{CODEX_READS, without_meant};

/// What the store does not keep of a thread: null in every answer.
const NOT_KEPT: [&str; 6] =
    ["originator", "reasoningEffort", "threadSource", "projectId", "daybreakEnabled", "attachedToThreadId"];
/// Fields that differ from what Codex's database says because that is not what the rollouts say.
const BY_THE_ROLLOUTS: [&str; 3] = ["createdAt", "updatedAt", "recencyAt"];

/// What is wrong with a thread, held against Codex's answer.
fn differences(home: &str, ours: &Value, theirs: &Value) -> Vec<String> {
    let id = theirs["id"].as_str().unwrap();
    let is_meant = |field: &str| {
        MEANT
            .iter()
            .any(|(of, begin, name, _)| *of == home && id.starts_with(begin) && *name == field && field != "cwd")
    };
    let mut wrong = Vec::new();
    for (field, theirs) in theirs.as_object().unwrap() {
        let ours = &ours[field];
        let is_right = match field.as_str() {
            "turns" => true,
            field if NOT_KEPT.contains(&field) => ours.is_null(),
            field if BY_THE_ROLLOUTS.contains(&field) => ours.is_i64(),
            // Codex reads no model out of records of that age.
            "model" if home == "h050" => ours == theirs || theirs.is_null(),
            field => ours == theirs || is_meant(field),
        };
        if !is_right {
            wrong.push(format!("{home} {id} {field}: {ours}, Codex: {theirs}"));
        }
    }
    wrong
}

#[test]
fn every_thread_and_its_turns_are_what_codex_answers_but_for_the_meant_differences() {
    for home in real_homes(&CODEX_READS) {
        let (asker, oracle) = (Asker::of(&home.path), home.oracle().unwrap());
        let mut wrong = Vec::new();
        for (id, answer) in oracle.as_object().unwrap() {
            let answer: Value =
                serde_json::from_str(&answer.to_string().replace("<home>", home.path.to_str().unwrap())).unwrap();
            let read = asker.ask("thread/read", json!({"threadId": id, "includeTurns": true}));
            let mode = answer["read"]["historyMode"].as_str().unwrap();
            wrong.extend(differences(&home.name, &read["thread"], &answer["read"]));
            let turns = read["thread"]["turns"].as_array().unwrap();
            let theirs = answer["turns"].as_array().unwrap();
            assert_eq!(turns.len(), theirs.len(), "{} {id}", home.name);
            for (turn, theirs) in turns.iter().zip(theirs) {
                let turn = without_meant(turn.clone(), theirs, mode, &home.name);
                assert!(turn == *theirs, "{} {id}:\n{turn:#}\nCodex: {theirs:#}", home.name);
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// The threads of Codex's list, each once: it has a thread that went back once for each of its files.
fn each_once<'a>(ids: &[&'a str]) -> Vec<&'a str> {
    let mut each: Vec<&str> = Vec::new();
    for id in ids {
        if !each.contains(id) {
            each.push(id);
        }
    }
    each
}

/// A thread that is attached to another one, which Codex hides and the store does not know of.
const ATTACHED: &str = "01a20206-7302-7db3-98bb-7a5d624d781d";

/// Recorded requests whose answers depend on what the store does not keep.
fn asks_for_what_is_not_kept(params: &Value) -> bool {
    ["attachedToThreadId", "includeAttachedThreads", "projectId"].iter().any(|field| params.get(field).is_some())
}

#[test]
fn every_recorded_list_has_the_threads_that_codex_lists_in_its_order() {
    let Some(recorded) = recorded_answers("list") else { return };
    let home = real_homes(&["h169-main"]).next().unwrap();
    let asker = Asker::of(&home.path);
    let reverted: Vec<String> = read_home(&home.path)
        .threads
        .iter()
        .filter(|(_, thread)| thread.files.len() > 1)
        .map(|(id, _)| id.clone())
        .collect();
    let (mut lists, mut errors) = (0, 0);
    for answer in recorded.iter().filter(|answer| answer["method"] == "thread/list") {
        let params = &answer["params"];
        if asks_for_what_is_not_kept(params) || params.as_array().is_some() {
            continue;
        }
        if let Some(error) = answer.get("error") {
            let refused = asker.refused("thread/list", params.clone());
            assert_eq!(
                (json!(refused.code), json!(refused.message)),
                (error["code"].clone(), error["message"].clone())
            );
            errors += 1;
            continue;
        }
        // Codex's cursors are in whole seconds.
        if params.get("cursor").is_some_and(|cursor| !cursor.is_null()) {
            continue;
        }
        let ours = asker.ask("thread/list", params.clone());
        let theirs = each_once(&ids(&answer["result"]["data"]));
        // A page of Codex's in which a thread stands twice is short by one.
        let is_short =
            reverted.iter().any(|id| ids(&answer["result"]["data"]).iter().filter(|one| *one == id).count() > 1);
        let ours_ids: Vec<&str> = ids(&ours["data"]).into_iter().filter(|id| *id != ATTACHED).collect();
        let is_short = is_short || ids(&ours["data"]).contains(&ATTACHED);
        let theirs = if is_short { theirs[..theirs.len().min(ours_ids.len())].to_vec() } else { theirs };
        let shown = if is_short { &ours_ids[..theirs.len().min(ours_ids.len())] } else { &ours_ids[..] };
        assert_eq!(shown, theirs, "{params}");
        assert_eq!(ours["backwardsCursor"].is_null(), answer["result"]["backwardsCursor"].is_null(), "{params}");
        assert_eq!(
            ours["nextCursor"].is_null() || is_short,
            answer["result"]["nextCursor"].is_null() || is_short,
            "{params}"
        );
        lists += 1;
    }
    assert!(lists > 60 && errors > 10, "{lists} lists, {errors} errors");
}

#[test]
fn recorded_reads_of_every_kind_are_answered_alike() {
    let Some(recorded) = recorded_answers("read") else { return };
    let home = real_homes(&["h169-main"]).next().unwrap();
    let asker = Asker::of(&home.path);
    let mut compared = 0;
    for answer in &recorded {
        let (Some(method), params) = (answer["method"].as_str(), &answer["params"]) else { continue };
        let theirs = &answer["result"];
        match method {
            "thread/read" | "thread/search" if answer.get("error").is_some() => {
                let refused = asker.refused(method, params.clone());
                let error = &answer["error"];
                assert_eq!(
                    (json!(refused.code), json!(refused.message)),
                    (error["code"].clone(), error["message"].clone())
                );
            }
            "thread/turns/list" if answer.get("error").is_none() && params.get("cursor").is_none() => {
                let ours = asker.ask(method, params.clone());
                let data = |answer: &Value| -> Vec<Value> {
                    let turn = |turn: &Value| json!([turn["id"], turn["itemsView"], turn["status"], turn["items"]]);
                    answer["data"].as_array().unwrap().iter().map(turn).collect()
                };
                if !is_legacy(&asker, params) {
                    assert_eq!(data(&ours), data(theirs), "{params}");
                }
                assert_eq!(ours["nextCursor"].is_null(), theirs["nextCursor"].is_null(), "{params}");
            }
            "thread/items/list" | "thread/items/read"
                if answer.get("error").is_none() && params.get("cursor").is_none() =>
            {
                let ours = asker.ask(method, params.clone());
                assert_eq!(ours["data"], theirs["data"], "{params}");
                assert_eq!(ours["nextCursor"].is_null(), theirs["nextCursor"].is_null(), "{params}");
            }
            "getConversationSummary" if params.get("conversationId").is_some() && answer.get("error").is_none() => {
                let ours = &asker.ask(method, params.clone())["summary"];
                for field in ["conversationId", "preview", "modelProvider", "cliVersion", "source", "gitInfo"] {
                    assert_eq!(ours[field], theirs["summary"][field], "{params}");
                }
            }
            "thread/searchOccurrences" if answer.get("error").is_none() && params.get("cursor").is_none() => {
                let ours = asker.ask(method, params.clone());
                let data = |answer: &Value| -> Vec<Value> {
                    let place = |place: &Value| {
                        json!([place["turnId"], place["itemId"], place["snippet"], place["snippetMatchRange"]])
                    };
                    answer["data"].as_array().unwrap().iter().map(place).collect()
                };
                assert_eq!(data(&ours), data(theirs), "{params}");
            }
            _ => continue,
        }
        compared += 1;
    }
    assert!(compared > 50, "{compared}");
}

fn is_legacy(asker: &Asker, params: &Value) -> bool {
    let read = asker.ask("thread/read", json!({"threadId": params["threadId"]}));
    read["thread"]["historyMode"] == "legacy"
}

#[test]
fn the_codex_of_this_machine_answers_the_same() {
    for installed in Installed::each() {
        for home in real_homes(&["h171-main", "h160"]) {
            home.relocate();
            let asker = Asker::of(&home.path);
            let Some(mut codex) = installed.start(&home.path) else { continue };
            let kinds = json!(EVERY_KIND);
            let list = json!({"limit": 100, "modelProviders": [], "sourceKinds": kinds});
            let theirs = codex.call("thread/list", list.clone());
            let ours = asker.ask("thread/list", list);
            let known = each_once(&ids(&theirs["data"]));
            let ours: Vec<&str> = ids(&ours["data"]).into_iter().filter(|id| known.contains(id)).collect();
            assert_eq!(ours, known, "{}", home.name);
            for id in each_once(&ids(&theirs["data"])) {
                let of = json!({"threadId": id, "limit": 3});
                let (ours, theirs) = (asker.ask("thread/turns/list", of.clone()), codex.call("thread/turns/list", of));
                assert_eq!(ids(&ours["data"]), ids(&theirs["data"]), "{} {id}", home.name);
                assert_eq!(ours["nextCursor"].is_null(), theirs["nextCursor"].is_null(), "{} {id}", home.name);
            }
        }
    }
}
