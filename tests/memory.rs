//! Memories: candidates, claims with a lease, and the mode of a thread.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Collection, Program, Rollout, handle, uuid7};
use tempfile::{TempDir, tempdir};
use threadkeep::contract::Collection as Within;
use threadkeep::features::memories::{self, MemoryBounds};
use threadkeep_contract::{MemoryExtraction, MemoryExtractionStep as Step, Rejection};
use threadkeep_core::features::memories::{change_extraction, change_memory_mode};

const AT: i64 = 1_772_359_200_000;
const HOUR: i64 = 3_600_000;

fn id(number: u64) -> String {
    uuid7(AT, number)
}

fn bounds() -> MemoryBounds {
    MemoryBounds { idle: HOUR, window: 100 * HOUR, within: Some(Within::Active), source_kinds: None }
}

/// 1 to 4: hours apart, the newest first to be listed; 5 archived, 6 of exec, 7 spawned by 1.
fn home() -> TempDir {
    let home = tempdir().unwrap();
    for number in 1..=4 {
        let at = AT + number as i64 * HOUR;
        Rollout::paginated(&id(number)).at_millis(at).user("words").write(home.path(), Collection::Active);
    }
    let one = Rollout::paginated(&id(1)).at_millis(AT + HOUR).user("words");
    Rollout::paginated(&id(5)).at_millis(AT).user("words").write(home.path(), Collection::Archived);
    Rollout::paginated(&id(6)).at_millis(AT).source("exec").user("words").write(home.path(), Collection::Active);
    Rollout::sub_agent(&id(7), &one, "count", "Ada").write(home.path(), Collection::Active);
    home
}

#[test]
fn candidates_are_idle_in_the_window_interactive_and_newest_first() {
    let (home, state) = (home(), tempdir().unwrap());
    let handle = handle(home.path(), state.path());
    let of = |bounds: &MemoryBounds, limit, now| {
        let found = memories::candidates(&handle.state, bounds, limit, now).unwrap();
        found.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    let late = AT + 20 * HOUR;
    assert_eq!(of(&bounds(), 0, late), [id(4), id(3), id(2), id(1)]);
    assert_eq!(of(&bounds(), 3, late), [id(4), id(3), id(2)]);
    // At that time the last one is not idle yet.
    assert_eq!(of(&bounds(), 0, AT + 4 * HOUR + HOUR / 2), [id(3), id(2), id(1)]);
    assert_eq!(of(&MemoryBounds { window: 17 * HOUR + HOUR / 2, ..bounds() }, 0, late), [id(4), id(3)]);
    assert_eq!(of(&MemoryBounds { within: Some(Within::Archived), ..bounds() }, 0, late), [id(5)]);
    let all = of(&MemoryBounds { within: None, ..bounds() }, 0, late);
    assert_eq!(all, [id(4), id(3), id(2), id(1), id(5)]);
    let kinds = Some(vec!["exec".into(), "subAgentThreadSpawn".into()]);
    assert_eq!(of(&MemoryBounds { source_kinds: kinds, ..bounds() }, 0, late), [id(6)], "a sub-agent never is one");
    assert_eq!(of(&MemoryBounds { idle: i64::MAX, ..bounds() }, 0, late), [""; 0]);
}

#[test]
fn a_claimed_thread_is_nobody_elses_until_it_is_given_back_or_the_lease_has_run_out() {
    let (home, place) = (home(), tempdir().unwrap());
    let handle = handle(home.path(), place.path());
    let state = &handle.state;
    let now = AT + 20 * HOUR;
    let claim = |limit, now| memories::claim(state, "w", &bounds(), HOUR, limit, now).unwrap();
    let first = claim(2, now);
    assert_eq!(first.iter().map(|claim| claim.thread.clone()).collect::<Vec<_>>(), [id(4), id(3)]);
    assert!(first[0].token != first[1].token && first[0].until == now + HOUR);
    let second = claim(0, now + 1);
    assert_eq!(second.iter().map(|claim| claim.thread.clone()).collect::<Vec<_>>(), [id(2), id(1)]);
    assert!(claim(0, now + 2).is_empty());

    // Done: no candidate until it is updated again. Not done: not before its time.
    let four = &first[0];
    memories::finish(state, &id(4), &four.token, four.updated_at, now).unwrap();
    memories::fail(state, &id(3), &first[1].token, 2 * HOUR, now).unwrap();
    assert!(memories::finish(state, &id(4), &four.token, four.updated_at, now).is_err(), "it was given back");
    assert!(claim(0, now + 3).is_empty());
    assert_eq!(memories::renew(state, &id(2), &second[0].token, 10 * HOUR, now).unwrap(), now + 10 * HOUR);
    // 1's lease has run out, 2's was renewed, 3's pause is over.
    let third = claim(0, now + 2 * HOUR + 5);
    assert_eq!(third.iter().map(|claim| claim.thread.clone()).collect::<Vec<_>>(), [id(3), id(1)]);
    let stale = memories::finish(state, &id(1), &second[1].token, AT, now).unwrap_err();
    assert!(stale.to_string().contains("token"), "{stale}");
    assert!(memories::fail(state, &id(5), "never given", HOUR, now).is_err());
    assert!(memories::claim(state, "", &bounds(), HOUR, 1, now + 50 * HOUR).is_err());
    assert!(memories::claim(state, "w", &bounds(), 0, 1, now + 50 * HOUR).is_err());

    // What came after the watermark is to be extracted.
    let grown = Rollout::paginated(&id(4)).at_millis(AT + 4 * HOUR).user("words").minutes(60).user("more");
    grown.write(home.path(), Collection::Active);
    drop(handle);
    let handle = support::handle(home.path(), place.path());
    let again = memories::candidates(&handle.state, &bounds(), 1, now).unwrap();
    assert_eq!(again[0].0, id(4));
}

#[test]
fn many_workers_share_the_threads_out_among_them() {
    let home = tempdir().unwrap();
    let state = tempdir().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let ids: BTreeSet<String> = (0..30).map(|number| uuid7(now - 48 * HOUR, number)).collect();
    for id in &ids {
        Rollout::paginated(id).at_millis(now - 48 * HOUR).user("words").write(home.path(), Collection::Active);
    }
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    let workers: Vec<_> = (0..8)
        .map(|worker| {
            let worker = format!("w{worker}");
            program.spawn(["--json", "--no-refresh", "memory", "claim", "--worker", &worker, "--limit", "5"])
        })
        .collect();
    let mut claimed = Vec::new();
    for worker in workers {
        let items = worker.outcome().well().json()["items"].clone();
        let items: Vec<Value> = items.as_array().unwrap().clone();
        assert!(items.len() <= 5);
        claimed.extend(items.iter().map(|item| item["threadId"].as_str().unwrap().to_owned()));
    }
    assert_eq!(claimed.len(), 30, "each once");
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>(), ids);
}

#[test]
fn the_command_line_goes_through_a_claims_life_and_sets_the_mode() {
    let home = tempdir().unwrap();
    let state = tempdir().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let at = now - 48 * HOUR;
    let (one, two) = (uuid7(at, 1), uuid7(at + HOUR, 2));
    for (id, at) in [(&one, at), (&two, at + HOUR)] {
        Rollout::paginated(id).at_millis(at).user("words").write(home.path(), Collection::Active);
    }
    let program = Program::on(home.path(), state.path());
    let ids = || {
        let list = program.json(["memory", "candidates"]);
        list["items"].as_array().unwrap().iter().map(|item| item["threadId"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(), [json!(two), json!(one)]);
    let claim = program.json(["memory", "claim", "--worker", "w", "--limit", "1"])["items"][0].clone();
    assert_eq!(claim["threadId"], json!(two));
    let token = claim["token"].as_str().unwrap();
    assert_eq!(ids(), [json!(one)]);
    program.run(["memory", "renew", &two, token, "--lease", "2h"]).well();
    program.run(["memory", "finish", &two, "wrong", "--up-to", "2026-03-01"]).ended(1);
    program.run(["memory", "finish", &two, token, "--up-to", claim["updatedAt"].as_str().unwrap()]).well();
    assert_eq!(ids(), [json!(one)]);

    let mode = |arguments: &[&str]| {
        let all: Vec<&str> = [&["memory", "mode", one.as_str()], arguments].concat();
        program.json(all)["memoryMode"].clone()
    };
    assert_eq!(mode(&[]), Value::Null);
    assert_eq!(mode(&["polluted", "--observed"]), "polluted");
    assert_eq!(mode(&["enabled", "--observed"]), "polluted", "it does not go back by itself");
    assert_eq!(ids(), [""; 0]);
    assert_eq!(mode(&["enabled"]), "enabled");
    assert_eq!(ids(), [json!(one)]);
    assert_eq!(mode(&["disabled"]), "disabled");
    assert_eq!(mode(&["polluted", "--observed"]), "disabled");
    program.run(["init", "--rebuild"]).well();
    assert_eq!(mode(&[]), "disabled");
    program.run(["memory", "mode", &one, "perhaps"]).ended(2);
    let stateless = Program::stateless(home.path());
    stateless.run(["memory", "mode", &one]).well();
    stateless.run(["memory", "mode", &one, "enabled"]).ended(2);
    stateless.run(["memory", "candidates"]).ended(2);
    program.run(["memory", "claim", "--worker", "w", "--lease", "soon"]).ended(2);
}

#[test]
fn only_the_user_undoes_pollution() {
    let of = |stands: Option<&str>, to, given| change_memory_mode(stands, to, given).unwrap();
    for stands in [None, Some("enabled"), Some("something newer")] {
        assert_eq!(of(stands, "polluted", false), "polluted");
    }
    assert_eq!(of(Some("polluted"), "enabled", false), "polluted");
    assert_eq!(of(Some("polluted"), "enabled", true), "enabled");
    assert_eq!(of(Some("disabled"), "polluted", false), "disabled");
    assert!(matches!(change_memory_mode(None, "", true), Err(Rejection::Invalid(_))));
}

proptest! {
    /// However claims, reports and time go: whoever comes with another token than the last one given changes nothing.
    #[test]
    fn a_stale_token_never_counts(steps in prop::collection::vec((0u8..4, 0usize..4, 1i64..40), 1..40)) {
        let (mut stands, mut given, mut now): (Option<MemoryExtraction>, Vec<String>, i64) = (None, Vec::new(), 0);
        for (kind, which, span) in steps {
            now += span;
            let token = given.iter().rev().nth(which).cloned().unwrap_or_default();
            let live = stands.as_ref().is_some_and(|e| e.token.is_some() && e.until.unwrap() > now);
            let wanted = match kind {
                0 => Step::Claim(("w".into(), format!("t{}", given.len()), span)),
                1 => Step::Renew((token.clone(), span)),
                2 => Step::Finish((token.clone(), now)),
                _ => Step::Fail((token.clone(), span)),
            };
            let current = stands.as_ref().and_then(|e| e.token.clone());
            match change_extraction(stands.clone(), wanted, now) {
                Ok(next) => {
                    if kind == 0 {
                        prop_assert!(!live);
                        given.push(next.token.clone().unwrap());
                    } else {
                        prop_assert_eq!(current, Some(token));
                    }
                    stands = Some(next);
                }
                Err(refusal) if kind == 0 => prop_assert!(live && refusal == Rejection::Claimed),
                Err(refusal) => {
                    prop_assert_ne!(current, Some(token));
                    prop_assert_eq!(refusal, Rejection::Stale);
                }
            }
        }
    }
}
