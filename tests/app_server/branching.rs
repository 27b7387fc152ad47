//! Forks and reverts: the histories that come of them, here and in the real Codex.

use serde_json::{Value, json};
use support::codex::Installed;
use support::{Collection, Rollout, uuid7};
use tempfile::{TempDir, tempdir};

use super::{Asker, ids};

const AT: i64 = 1_772_000_000_000;

fn home_of(rollout: Rollout) -> TempDir {
    let home = tempdir().unwrap();
    rollout.write(home.path(), Collection::Active);
    home
}

fn said(rollout: Rollout) -> Rollout {
    let rollout = rollout.at_millis(AT).cwd("/src/app");
    (0..3).fold(rollout, |rollout, turn| rollout.user(&format!("question {turn}")).agent("So."))
}

fn turns(asker: &Asker, thread: &Value) -> Vec<Value> {
    let read = asker.ask("thread/read", json!({"threadId": thread, "includeTurns": true}));
    read["thread"]["turns"].as_array().unwrap().clone()
}

#[test]
fn a_fork_has_the_history_up_to_where_it_was_made() {
    for rollout in [Rollout::paginated(&uuid7(AT, 1)), Rollout::legacy(&uuid7(AT, 1))] {
        let home = home_of(said(rollout));
        let asker = Asker::of(home.path());
        let id = json!(uuid7(AT, 1));
        let all = turns(&asker, &id);
        assert_eq!(all.len(), 3);
        for (more, kept) in [
            (json!({}), 3),
            (json!({"lastTurnId": all[0]["id"]}), 1),
            (json!({"lastTurnId": all[2]["id"]}), 3),
            (json!({"beforeTurnId": all[2]["id"]}), 2),
        ] {
            let mut params = json!({"threadId": id, "excludeTurns": true});
            params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let (forked, notes) = asker.try_ask("thread/fork", &params).unwrap();
            assert_eq!(notes[0]["method"], "thread/started");
            assert_eq!(notes[0]["params"]["thread"]["id"], forked["thread"]["id"]);
            assert_eq!(forked["thread"]["forkedFromId"], id);
            assert_ne!(forked["thread"]["id"], id);
            let kept_turns = turns(&asker, &forked["thread"]["id"]);
            assert_eq!(ids(&Value::from(kept_turns)), ids(&Value::from(all[..kept].to_vec())), "{params}");
        }
        assert_eq!(turns(&asker, &id), all);
    }
}

#[test]
fn a_thread_goes_back_to_an_earlier_turn_and_its_older_file_stays() {
    let home = home_of(said(Rollout::paginated(&uuid7(AT, 1))));
    let asker = Asker::of(home.path());
    let id = json!(uuid7(AT, 1));
    let all = turns(&asker, &id);
    let before = asker.ask("thread/read", json!({"threadId": id}))["thread"]["path"].clone();
    let params = json!({"threadId": id, "beforeTurnId": all[1]["id"]});
    let (reverted, notes) = asker.try_ask("thread/revert", &params).unwrap();
    assert_eq!(notes[0]["method"], "thread/reverted");
    assert_ne!(reverted["thread"]["path"], before);
    assert!(std::fs::exists(before.as_str().unwrap()).unwrap());
    assert_eq!(turns(&asker, &id), all[..1]);
}

#[test]
fn codex_reads_and_goes_on_with_what_was_forked_here_and_what_it_keeps_does_not_go_back() {
    for installed in Installed::each() {
        let place = tempdir().unwrap();
        let Some(mut codex) = installed.start(place.path()) else { continue };
        let thread = codex.begin();
        for question in ["Count the herons", "Count them again", "And once more"] {
            codex.turn(&thread, question);
        }
        drop(codex);
        let asker = Asker::of(place.path());
        let all = turns(&asker, &json!(thread));
        let forked = asker.ask("thread/fork", json!({"threadId": thread, "lastTurnId": all[1]["id"]}));
        let fork = forked["thread"]["id"].as_str().unwrap().to_owned();
        let back = json!({"threadId": thread, "beforeTurnId": all[1]["id"]});
        assert!(asker.refused("thread/revert", back).message.contains("fork the thread"));
        let mut codex = installed.start(place.path()).unwrap();
        for (id, kept) in [(&fork, 2), (&thread, 3)] {
            codex.call("thread/resume", json!({"threadId": id}));
            codex.turn(id, "What now?");
            let read = codex.call("thread/read", json!({"threadId": id, "includeTurns": true}));
            assert_eq!(read["thread"]["turns"].as_array().unwrap().len(), kept + 1, "{installed} {read}");
            assert_eq!(turns(&asker, &json!(id)).len(), kept + 1);
        }
    }
}
