//! Device keys: bindings, kept in the state DB alone.

use serde_json::json;
use support::{Collection, Program, Rollout, handle, uuid7};
use tempfile::{TempDir, tempdir};
use threadkeep::db::FeatureError;
use threadkeep::features::device_keys;

fn home() -> TempDir {
    let home = tempdir().unwrap();
    Rollout::paginated(&uuid7(1_772_359_200_123, 1)).user("the words").write(home.path(), Collection::Active);
    home
}

#[test]
fn a_key_is_bound_bound_anew_shown_listed_and_forgotten() {
    let (home, state) = (home(), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    let put = program.json(["device-key", "put", "key b", "--account", "me", "--client", "desk"]);
    let mut keys: Vec<&String> = put.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["accountUserId", "clientId", "createdAt", "keyId", "updatedAt"]);
    program.run(["device-key", "put", "a", "--account", "me", "--client", "lap"]).well();
    let again = program.json(["device-key", "put", "key b", "--account", "you", "--client", "desk"]);
    assert_eq!((&again["accountUserId"], &again["createdAt"]), (&json!("you"), &put["createdAt"]));
    assert_eq!(program.json(["device-key", "get", "key b"]), again);
    let list = program.json(["device-key", "list"]);
    let ids: Vec<&str> = list["items"].as_array().unwrap().iter().map(|key| key["keyId"].as_str().unwrap()).collect();
    assert_eq!(ids, ["a", "key b"]);
    assert_eq!(program.json(["device-key", "delete", "a"]), json!({"keyId": "a", "deleted": true}));
    program.run(["device-key", "delete", "a"]).ended(3);
    program.run(["device-key", "get", "a"]).ended(3);
    program.run(["init", "--rebuild"]).well();
    assert_eq!(program.json(["device-key", "get", "key b"]), again);
}

#[test]
fn ids_that_cannot_be_are_refused() {
    let (home, state) = (home(), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    let long = "x".repeat(513);
    for (key, account, client) in
        [("", "a", "c"), ("k", " ", "c"), ("k", "a", ""), ("k\n", "a", "c"), ("k", "a", "c\u{7f}"), (&*long, "a", "c")]
    {
        let refused = program.run(["device-key", "put", key, "--account", account, "--client", client]).ended(2);
        assert!(refused.stderr.contains("must"), "{}", refused.stderr);
    }
    program.run(["device-key", "put", &long[1..], "--account", "a", "--client", "c"]).well();
    program.run(["device-key", "put", "k", "--account", "a"]).ended(2);
}

#[test]
fn without_a_handle_it_is_refused_with_the_reason() {
    let (home, state) = (home(), tempdir().unwrap());
    for command in [&["put", "k", "--account", "a", "--client", "c"][..], &["get", "k"], &["delete", "k"], &["list"]] {
        let refused = Program::stateless(home.path()).run([&["device-key"], command].concat()).ended(2);
        assert!(refused.stderr.contains("state DB") && refused.stderr.contains("--no-state"), "{}", refused.stderr);
    }
    assert!(matches!(device_keys::put(None, "k", "a", "c", 1), Err(FeatureError::NeedsState(_))));
    assert!(matches!(device_keys::list(None), Err(FeatureError::NeedsState(_))));
    let handle = handle(home.path(), state.path());
    let bound = device_keys::put(Some(&handle.state), "k", "a", "c", 7).unwrap();
    assert_eq!((bound.created_at, bound.updated_at), (7, 7));
    assert_eq!(device_keys::put(Some(&handle.state), "k", "a", "d", 9).unwrap().created_at, 7);
    // A state DB that cannot be had is a failure, not a reason to go on without.
    let blocked = home.path().join("blocked");
    std::fs::write(&blocked, "").unwrap();
    Program::on(home.path(), &blocked).run(["device-key", "list"]).ended(1);
}
