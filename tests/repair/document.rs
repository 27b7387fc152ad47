//! A plan comes back from its document as it was, and what is no plan is refused with a reason.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use support::{blank_row, same};
use threadkeep::contract::{
    Cell, Change, CodexChange, Edit, EditTarget, ModeChange, Provenance, StateChange, ThreadRow, Value,
};
use threadkeep::health::repair::{self, Plan};

use super::ground::{World, everything, path_entry};

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Integer),
        any::<f64>().prop_filter("a database has none", |number| !number.is_nan()).prop_map(Value::Real),
        any::<String>().prop_map(Value::Text),
        any::<Vec<u8>>().prop_map(Value::Blob),
        any::<u64>().prop_map(Value::Withheld),
    ]
}

fn any_cells() -> impl Strategy<Value = Vec<Cell>> {
    prop::collection::btree_map("[a-z_\" ]{0,9}", any_value(), 0..5)
        .prop_map(|cells| cells.into_iter().map(|(column, value)| Cell { column, value }).collect::<Vec<_>>())
        .prop_shuffle()
}

fn any_row() -> impl Strategy<Value = ThreadRow> {
    const SOURCES: [Option<Provenance>; 4] =
        [None, Some(Provenance::SessionIndex), Some(Provenance::CodexDb), Some(Provenance::User)];
    let texts = (any::<String>(), any::<Option<String>>(), any::<Option<String>>());
    (texts, prop::sample::select(&SOURCES), any::<(i64, Option<i64>, bool)>()).prop_map(
        |((id, name, cwd), name_source, (created_at, tokens_used, archived))| ThreadRow {
            id,
            name,
            name_source,
            cwd,
            created_at,
            tokens_used,
            archived,
            ..same(blank_row())
        },
    )
}

pub(super) fn any_edit() -> impl Strategy<Value = Edit> {
    let change = prop_oneof![
        (prop::option::of(any_row()), prop::option::of(any_row()))
            .prop_map(|(before, after)| Change::StateRow(StateChange { before, after })),
        (any::<String>(), any_cells(), prop::option::of(any_cells()), prop::option::of(any_cells()))
            .prop_map(|(table, key, before, after)| Change::CodexRow(CodexChange { table, key, before, after })),
        (any::<String>(), 0..=0o777u32, 0..=0o777u32).prop_map(|(path, before, after)| Change::Mode(ModeChange {
            path,
            before,
            after
        })),
        any::<(String, String)>().prop_map(Change::FillState),
        any::<(String, String)>().prop_map(Change::SetAside),
        any::<(Option<String>, Option<String>)>().prop_map(Change::Name),
        any::<(bool, bool)>().prop_map(Change::Archived),
    ];
    let words = (any::<String>(), any::<Option<String>>(), any::<String>());
    let preconditions = prop::collection::vec(any::<(String, String)>(), 0..3);
    (words, prop::sample::select(&[EditTarget::State, EditTarget::Codex][..]), change, preconditions, any::<bool>())
        .prop_map(|((code, thread, reason), target, change, preconditions, safe_while_open)| Edit {
            code,
            thread,
            reason,
            target,
            change,
            preconditions,
            opt_in: false,
            safe_while_open,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_plan_comes_back_as_it_was_written(entries in prop::collection::vec(any_edit(), 0..4)) {
        let plan = Plan { home: "/a/home".into(), target: repair::Target::All, made: "2026".into(), entries };
        let text = plan.to_json().unwrap();
        prop_assert_eq!(&Plan::from_json(&text).unwrap(), &plan);
        // By whatever writes JSON, prettily too.
        let again: Json = serde_json::from_str(&text).unwrap();
        let pretty = serde_json::to_string_pretty(&again).unwrap();
        prop_assert_eq!(Plan::from_json(&pretty).unwrap().to_json().unwrap().len(), text.len());
    }
}

#[test]
fn what_is_no_plan_of_this_home_is_refused_with_a_reason() {
    let world = World::newest();
    let before = world.rows();
    let whole: Json =
        serde_json::from_str(&std::fs::read_to_string(world.plan(json!([path_entry(&world)]))).unwrap()).unwrap();
    let with = |pointer: &str, value: Json| {
        let mut plan = whole.clone();
        *plan.pointer_mut(pointer).unwrap() = value;
        plan.to_string()
    };
    let without = |field: &str| {
        let mut plan = whole.clone();
        plan["entries"][0]["change"].as_object_mut().unwrap().remove(field);
        plan.to_string()
    };
    let twice = whole.to_string().replace("\"rollout_path\":\"/old", "\"rollout_path\":\"/a\",\"rollout_path\":\"/old");
    for (text, word) in [
        (String::from("junk"), "cannot be read"),
        (String::new(), "cannot be read"),
        (String::from("[]"), "cannot be read"),
        (with("/version", json!(2)), "version 2"),
        (with("/home", json!("/another")), "made for the home /another"),
        (with("/entries/0/change/kind", json!("shell")), "cannot be read"),
        (with("/entries/0/change/after/rollout_path", json!(1.5)), "cannot be read"),
        (with("/entries/0/change/after/rollout_path", json!({"blob": "0"})), "cannot be read"),
        (with("/entries/0/change/after/rollout_path", json!({"blob": "é"})), "cannot be read"),
        (with("/entries/0/change/after/rollout_path", json!(true)), "cannot be read"),
        (with("/entries/0/code", json!(null)), "cannot be read"),
        (without("before"), "before"),
        (without("key"), "key"),
        (twice, "twice"),
    ] {
        let file = world.state.path().join("bad.json");
        std::fs::write(&file, &text).unwrap();
        let outcome =
            world.program.run(["repair".as_ref(), "apply".as_ref(), file.as_os_str(), "--yes".as_ref()]).ended(1);
        assert!(outcome.stderr.contains(word), "{text}\n{}", outcome.stderr);
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn entries_can_be_taken_out_of_a_plan_that_was_saved() {
    let world = World::newest();
    let plan = world.plan(everything(&world));
    let mut document: Json = serde_json::from_str(&std::fs::read_to_string(&plan).unwrap()).unwrap();
    document["entries"].as_array_mut().unwrap().truncate(2);
    let done = world.apply(document["entries"].clone()).well().json();
    assert_eq!(done["done"], 2);
}
