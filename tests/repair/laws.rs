//! What an edit and its invert_edits have to do with each other, natively.

use proptest::prelude::*;
use support::{blank_row, same};
use threadkeep_contract::{
    Applicability, Cell, Change, CheckInput, CodexChange, CurrentValue, Edit, EditTarget, HeadThread, ModeChange,
    Proposal, ProposalVerdict, ProposedChange, ThreadRow, Value,
};
use threadkeep_core::health::repair::invert::invert_edits;
use threadkeep_core::health::repair::preconditions::check_preconditions;
use threadkeep_core::health::repair::propose::judge_proposal;
use threadkeep_core::health::repair::select::select_edits;

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        (-3..3i64).prop_map(Value::Integer),
        "[a-c]{0,2}".prop_map(Value::Text),
        prop::collection::vec(any::<u8>(), 0..2).prop_map(Value::Blob),
        Just(Value::Real(0.5)),
    ]
}

fn cells(values: &[Value]) -> Vec<Cell> {
    let columns = ["a", "b", "c"];
    values.iter().zip(columns).map(|(value, column)| Cell { column: column.into(), value: value.clone() }).collect()
}

fn side() -> impl Strategy<Value = Option<Vec<Value>>> {
    prop::option::weighted(0.8, prop::collection::vec(any_value(), 3))
}

fn edit(change: Change) -> Edit {
    let words = || String::from("w");
    Edit {
        code: words(),
        thread: None,
        reason: words(),
        target: EditTarget::Codex,
        change,
        preconditions: vec![],
        opt_in: false,
        safe_while_open: false,
    }
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let row = (side(), side()).prop_filter("something changes", |(before, after)| before != after).prop_map(
        |(before, after)| {
            let key = vec![Cell { column: "id".into(), value: Value::Integer(1) }];
            let [before, after] = [before, after].map(|side| side.map(|values| cells(&values)));
            edit(Change::CodexRow(CodexChange { table: "t".into(), key, before, after }))
        },
    );
    let mode = (0..0o700u32, 1..0o77u32).prop_map(|(before, more)| {
        edit(Change::Mode(ModeChange { path: String::new(), before, after: before + more }))
    });
    let names = Just(edit(Change::SetAside(("a".into(), "b".into()))));
    let fill = Just(edit(Change::FillState(("pending".into(), "complete".into()))));
    let of_thread = |change| Edit { thread: Some("t".into()), ..edit(change) };
    let name = any::<bool>().prop_map(move |back| {
        let (none, some) = (None, Some("n".to_string()));
        of_thread(Change::Name(if back { (some, none) } else { (none, some) }))
    });
    let archived = any::<bool>().prop_map(move |into| of_thread(Change::Archived((!into, into))));
    prop_oneof![8 => row, 1 => mode, 1 => names, 1 => fill, 1 => name, 1 => archived]
}

/// What stands before an edit is made, and after.
fn standings(edit: &Edit) -> (CurrentValue, CurrentValue) {
    match edit.change.clone() {
        Change::CodexRow(change) => (CurrentValue::CodexRow(change.before), CurrentValue::CodexRow(change.after)),
        Change::StateRow(change) => (CurrentValue::StateRow(change.before), CurrentValue::StateRow(change.after)),
        Change::Mode(change) => (CurrentValue::Mode(Some(change.before)), CurrentValue::Mode(Some(change.after))),
        Change::FillState((before, after)) => (CurrentValue::Phase(before), CurrentValue::Phase(after)),
        Change::SetAside(_) => (CurrentValue::Names((true, false)), CurrentValue::Names((false, true))),
        Change::Name((before, after)) => (CurrentValue::Name(before), CurrentValue::Name(after)),
        Change::Archived((before, after)) => (CurrentValue::Archived(before), CurrentValue::Archived(after)),
    }
}

fn tried(edit: &Edit, current: CurrentValue, open: Option<u32>) -> Applicability {
    let preconditions = edit.preconditions.iter().map(|(_, thread)| HeadThread::Thread(thread.clone())).collect();
    check_preconditions(&CheckInput { edit: edit.clone(), current, preconditions, open })
}

#[test]
fn an_edit_waits_until_what_it_needs_can_be_looked_at() {
    let id = || vec![Cell { column: "id".into(), value: Value::Text("a".into()) }];
    let change = CodexChange { table: "threads".into(), key: id(), before: Some(id()), after: None };
    let removal = |thread: &str| Edit {
        preconditions: vec![("sessions/a.jsonl".into(), thread.into())],
        ..edit(Change::CodexRow(change.clone()))
    };
    let tried = |edit: Edit, head: HeadThread| {
        let current = CurrentValue::CodexRow(change.before.clone());
        check_preconditions(&CheckInput { edit, current, preconditions: vec![head], open: None })
    };
    let rejected = |applicability: Applicability| match applicability {
        Applicability::Rejected(why) => why,
        other => panic!("{other:?}"),
    };
    // What is to be gone.
    assert_eq!(tried(removal(""), HeadThread::Absent), Applicability::Applicable);
    assert!(rejected(tried(removal(""), HeadThread::Unknown("denied".into()))).contains("could not be looked at"));
    assert!(rejected(tried(removal(""), HeadThread::Thread("a".into()))).contains("is there again"));
    // What is to be there.
    assert_eq!(tried(removal("a"), HeadThread::Thread("a".into())), Applicability::Applicable);
    for head in
        [HeadThread::Absent, HeadThread::Nobody, HeadThread::Unknown("denied".into()), HeadThread::Thread("b".into())]
    {
        rejected(tried(removal("a"), head));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn taken_back_twice_edits_are_what_they_were(edits in prop::collection::vec(any_edit(), 0..5)) {
        prop_assert_eq!(invert_edits(invert_edits(edits.clone())), edits);
    }

    #[test]
    fn an_edit_fits_is_done_and_then_its_inverse_fits(edit in any_edit()) {
        let (before, after) = standings(&edit);
        prop_assert_eq!(tried(&edit, before.clone(), None), Applicability::Applicable);
        prop_assert_eq!(tried(&edit, after.clone(), None), Applicability::Done);
        let back = invert_edits(vec![edit]).remove(0);
        let (now, then) = standings(&back);
        if !matches!(back.change, Change::SetAside(_)) {
            prop_assert_eq!((&now, &then), (&after, &before));
        }
        prop_assert_eq!(tried(&back, now, None), Applicability::Applicable);
        prop_assert_eq!(tried(&back, then, None), Applicability::Done);
    }

    #[test]
    fn whatever_else_stands_is_refused_in_words(edit in any_edit(), other in side()) {
        let Change::CodexRow(change) = &edit.change else { return Ok(()) };
        let other = other.map(|values| cells(&values));
        if other != change.before && other != change.after {
            let Applicability::Rejected(why) = tried(&edit, CurrentValue::CodexRow(other), None) else {
                return Err(TestCaseError::fail("not refused"));
            };
            prop_assert!(!why.is_empty());
        }
    }

    #[test]
    fn what_is_done_is_done_whoever_has_the_database_open_and_nothing_else_is_begun(edit in any_edit()) {
        let (before, after) = standings(&edit);
        prop_assert_eq!(tried(&edit, after, Some(7)), Applicability::Done);
        let Applicability::Rejected(why) = tried(&edit, before.clone(), Some(7)) else {
            return Err(TestCaseError::fail("not refused"));
        };
        prop_assert!(why.contains("process 7"));
        prop_assert_eq!(tried(&Edit { safe_while_open: true, ..edit }, before, Some(7)), Applicability::Applicable);
    }
}

#[test]
fn a_withheld_value_stands_for_every_one_of_its_length_and_cannot_be_put_in() {
    let row = |before, after| {
        let cell = |value| vec![Cell { column: "a".into(), value }];
        let key = vec![Cell { column: "id".into(), value: Value::Null }];
        edit(Change::CodexRow(CodexChange {
            table: "t".into(),
            key,
            before: Some(cell(before)),
            after: Some(cell(after)),
        }))
    };
    let stands =
        |text: &str| CurrentValue::CodexRow(Some(vec![Cell { column: "a".into(), value: Value::Text(text.into()) }]));
    let edit = row(Value::Withheld(3), Value::Null);
    assert_eq!(tried(&edit, stands("abc"), None), Applicability::Applicable);
    assert!(matches!(tried(&edit, stands("ab"), None), Applicability::Rejected(_)));
    assert!(matches!(tried(&row(Value::Null, Value::Withheld(3)), stands("abc"), None), Applicability::Rejected(_)));
}

#[test]
fn a_plan_has_what_was_asked_for_and_every_change_once() {
    let one = edit(Change::SetAside(("a".into(), "b".into())));
    let need = ("sessions/x".to_string(), "t".to_string());
    let again = Edit { reason: "v".into(), preconditions: vec![need.clone()], safe_while_open: true, ..one.clone() };
    let asked =
        Edit { code: "c".into(), opt_in: true, change: Change::FillState(("a".into(), "b".into())), ..one.clone() };
    let own = Edit { target: EditTarget::State, ..one.clone() };
    let all = vec![one.clone(), again, asked.clone(), own.clone()];
    let merged = Edit { reason: "w; v".into(), preconditions: vec![need], ..one };
    assert_eq!(select_edits(all.clone(), &[EditTarget::Codex], &[]), std::slice::from_ref(&merged));
    assert_eq!(select_edits(all.clone(), &[EditTarget::Codex], &["c".into()]), [merged, asked]);
    assert_eq!(select_edits(all, &[EditTarget::State], &[]), [own]);
}

#[test]
fn a_proposal_becomes_one_edit_or_none_or_is_refused_in_words() {
    let thread = |path: &str, archived| ThreadRow { id: "t".into(), path: path.into(), archived, ..same(blank_row()) };
    let proposed = |thread: &ThreadRow, change| {
        let (code, reason) = ("checks/lost".to_string(), "it lies about".to_string());
        judge_proposal(Proposal { code, reason, thread: thread.clone(), change })
    };
    let here = thread("sessions/2026/01/01/rollout.jsonl", false);
    let edit_of = |verdict| match verdict {
        ProposalVerdict::Edit(edit) => (edit.change, edit.target),
        other => panic!("{other:?}"),
    };
    let refusal_of = |verdict| match verdict {
        ProposalVerdict::Refused(why) => why,
        other => panic!("{other:?}"),
    };
    let archived = (Change::Archived((false, true)), EditTarget::State);
    assert_eq!(edit_of(proposed(&here, ProposedChange::Archive)), archived);
    assert_eq!(proposed(&here, ProposedChange::Unarchive), ProposalVerdict::AlreadySo);
    let named = ThreadRow { name: Some("n".into()), ..here.clone() };
    assert_eq!(proposed(&named, ProposedChange::Name(" n ".into())), ProposalVerdict::AlreadySo);
    let renamed = Change::Name((Some("n".into()), Some("m".into())));
    assert_eq!(edit_of(proposed(&named, ProposedChange::Name("m".into()))), (renamed, EditTarget::State));
    assert!(refusal_of(proposed(&here, ProposedChange::Name(String::new()))).contains("not empty"));
    assert!(refusal_of(proposed(&here, ProposedChange::Name("a\u{1b}b".into()))).contains("control character"));
    let foreign = thread("state/claude-code/00/1.jsonl", false);
    for change in [ProposedChange::Archive, ProposedChange::Name("n".into())] {
        assert!(refusal_of(proposed(&foreign, change)).contains("another program's"));
    }
}
