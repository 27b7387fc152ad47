//! Every answer and every notification is valid by the schemas of Codex's protocol.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use support::{protocol_schemas, real_homes, schema};

use super::{Asker, EVERY_KIND};

/// The type of what a method answers.
fn answer_of(method: &str) -> &'static str {
    match method {
        "account/read" => "GetAccountResponse",
        "config/read" => "ConfigReadResponse",
        "configRequirements/read" => "ConfigRequirementsReadResponse",
        "model/list" => "ModelListResponse",
        "rollout/compress" => "RolloutCompressResponse",
        "server/diagnostics" => "ServerDiagnosticsResponse",
        "skills/list" => "SkillsListResponse",
        "thread/archive" => "ThreadArchiveResponse",
        "thread/delete" => "ThreadDeleteResponse",
        "thread/fork" => "ThreadForkResponse",
        "thread/goal/clear" => "ThreadGoalClearResponse",
        "thread/goal/get" => "ThreadGoalGetResponse",
        "thread/goal/set" => "ThreadGoalSetResponse",
        "thread/inject_items" => "ThreadInjectItemsResponse",
        "thread/items/list" => "ThreadItemsListResponse",
        "thread/items/read" => "ThreadItemsReadResponse",
        "thread/list" => "ThreadListResponse",
        "thread/loaded/list" => "ThreadLoadedListResponse",
        "thread/memoryMode/set" => "ThreadMemoryModeSetResponse",
        "thread/metadata/update" => "ThreadMetadataUpdateResponse",
        "thread/name/set" => "ThreadSetNameResponse",
        "thread/queue/add" => "ThreadQueueAddResponse",
        "thread/queue/delete" => "ThreadQueueDeleteResponse",
        "thread/queue/list" => "ThreadQueueListResponse",
        "thread/queue/reorder" => "ThreadQueueReorderResponse",
        "thread/queue/update" => "ThreadQueueUpdateResponse",
        "thread/read" => "ThreadReadResponse",
        "thread/resume" => "ThreadResumeResponse",
        "thread/revert" => "ThreadRevertResponse",
        "thread/search" => "ThreadSearchResponse",
        "thread/search/cancel" => "ThreadSearchCancelResponse",
        "thread/searchOccurrences" => "ThreadSearchOccurrencesResponse",
        "thread/start" => "ThreadStartResponse",
        "thread/turns/list" => "ThreadTurnsListResponse",
        "thread/unarchive" => "ThreadUnarchiveResponse",
        "thread/unsubscribe" => "ThreadUnsubscribeResponse",
        "threadSection/list" => "ThreadSectionListResponse",
        _ => panic!("{method} has no answer here"),
    }
}

struct Judge<'a> {
    asker: &'a Asker,
    schemas: &'a BTreeMap<String, Value>,
    asked: usize,
    told: usize,
}

impl Judge<'_> {
    #[track_caller]
    fn ask(&mut self, method: &str, params: Value) -> Value {
        let (answer, notes) =
            self.asker.try_ask(method, &params).unwrap_or_else(|error| panic!("{method} {params}: {error}"));
        let faults = schema::faults(&self.schemas[answer_of(method)], &answer);
        assert!(faults.is_empty(), "{method} {params}:\n{}", faults.join("\n"));
        for note in &notes {
            let faults = schema::faults(&self.schemas["ServerNotification"], note);
            assert!(faults.is_empty(), "{note}:\n{}", faults.join("\n"));
        }
        self.asked += 1;
        self.told += notes.len();
        answer
    }
}

#[test]
fn every_answer_and_notification_is_valid_by_the_schemas_of_the_protocol() {
    let Some(schemas) = protocol_schemas() else { return };
    for home in real_homes(&["h029", "h050", "h130", "h169-main", "h171-craft", "h171-main"]) {
        let asker = Asker::of(&home.path);
        let mut judge = Judge { asker: &asker, schemas: &schemas, asked: 0, told: 0 };
        for method in ["account/read", "model/list", "skills/list", "config/read", "configRequirements/read"] {
            judge.ask(method, json!({}));
        }
        let list = json!({"limit": 100, "modelProviders": [], "sourceKinds": EVERY_KIND});
        let list = judge.ask("thread/list", list);
        judge.ask("thread/list", json!({"archived": true}));
        judge.ask("threadSection/list", json!({}));
        judge.ask("server/diagnostics", json!({}));
        judge.ask("thread/search", json!({"searchTerm": "the", "limit": 5}));
        judge.ask("thread/search/cancel", json!({"requestId": 7}));
        for thread in list["data"].as_array().unwrap() {
            let of = json!({"threadId": thread["id"]});
            judge.ask("thread/read", json!({"threadId": thread["id"], "includeTurns": true}));
            judge.ask("thread/turns/list", of.clone());
            judge.ask("thread/searchOccurrences", json!({"threadId": thread["id"], "searchTerm": "e"}));
            judge.ask("thread/goal/get", of.clone());
            let items = judge.ask("thread/items/list", of.clone());
            if let Some(item) = items["data"].get(0) {
                let wanted = json!([item["item"]["id"]]);
                judge.ask(
                    "thread/items/read",
                    json!({"threadId": thread["id"], "turnId": item["turnId"], "itemIds": wanted}),
                );
            }
            judge.ask("thread/resume", json!({"threadId": thread["id"], "initialTurnsPage": {"limit": 2}}));
            judge.ask("thread/loaded/list", json!({}));
            judge.ask("thread/name/set", json!({"threadId": thread["id"], "name": " a name "}));
            judge.ask("thread/memoryMode/set", json!({"threadId": thread["id"], "mode": "disabled"}));
            judge.ask("thread/metadata/update", json!({"threadId": thread["id"], "gitInfo": {"branch": "b"}}));
            judge.ask("thread/goal/set", json!({"threadId": thread["id"], "objective": "o", "tokenBudget": 9}));
            judge.ask("thread/goal/clear", of.clone());
            queue(&mut judge, &thread["id"]);
            judge.ask("thread/unsubscribe", of.clone());
            judge.ask("thread/archive", of.clone());
            judge.ask("thread/unarchive", of);
        }
        judge.ask("thread/start", json!({"cwd": home.path}));
        assert!(judge.asked > 100 && judge.told > 20, "{}: {} and {}", home.name, judge.asked, judge.told);
    }
}

fn queue(judge: &mut Judge<'_>, thread: &Value) {
    let input = json!([{"type": "text", "text": "later", "text_elements": []}]);
    let added = |judge: &mut Judge<'_>, id: &str| {
        let params = json!({"threadId": thread, "clientUserMessageId": id, "input": input});
        judge.ask("thread/queue/add", params)["queuedSubmission"]["id"].clone()
    };
    let (one, other) = (added(judge, "a"), added(judge, "b"));
    judge.ask("thread/queue/reorder", json!({"threadId": thread, "queuedSubmissionIds": [other, one]}));
    let changed = json!({"threadId": thread, "queuedSubmissionId": one, "input": input});
    judge.ask("thread/queue/update", changed);
    let waiting = judge.ask("thread/queue/list", json!({"threadId": thread}));
    let ids: Vec<&Value> = waiting["data"].as_array().unwrap().iter().map(|waiting| &waiting["id"]).collect();
    assert_eq!(ids, [&other, &one]);
    for id in [&one, &other] {
        let deleted = judge.ask("thread/queue/delete", json!({"threadId": thread, "queuedSubmissionId": id}));
        assert_eq!(deleted["deleted"], true);
    }
    assert_eq!(judge.ask("thread/queue/list", json!({"threadId": thread}))["data"], json!([]));
}
