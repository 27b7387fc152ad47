//! Plans of edits: what is selected is selected again, what is taken back twice stands, and each edit is applicable, done or
//! rejected, and never two of them.

use std::sync::LazyLock;

use threadkeep_contract::{
    Applicability, Cell, Change, CheckInput, CodexChange, CurrentValue, Edit, EditTarget, EntryKind, FileFacts,
    HeadThread, ModeChange, StateChange, ThreadFile, ThreadInputs, ThreadRow, Value,
};
use threadkeep_core::health::repair::{invert::invert_edits, preconditions::check_preconditions, select::select_edits};
use threadkeep_core::rollout::parse::Parser;
use threadkeep_core::rows::derive::derive_row;

use super::Input;

const CODES: [&str; 3] = ["missing-row", "wrong-metadata", "missing-file"];

fn text(input: &mut Input<'_>) -> String {
    let length = input.below(6);
    String::from_utf8_lossy(input.take(length)).into_owned()
}

fn value(input: &mut Input<'_>) -> Value {
    match input.below(6) {
        0 => Value::Null,
        1 => Value::Integer(i64::from(input.byte())),
        2 => Value::Real(f64::from(input.byte()) / 4.0),
        3 => Value::Text(text(input)),
        4 => Value::Blob(input.take(3).to_vec()),
        _ => Value::Withheld(u64::from(input.byte())),
    }
}

fn cells(input: &mut Input<'_>) -> Option<Vec<Cell>> {
    let count = input.below(4);
    let cell = |at: usize, input: &mut Input<'_>| Cell { column: format!("c{at}"), value: value(input) };
    (count < 3).then(|| (0..=count).map(|at| cell(at, input)).collect())
}

/// A row as it follows from a small rollout.
fn plain_row() -> ThreadRow {
    const HEAD: &[u8] = br#"{"timestamp":"2026-03-01T10:00:00.000Z","type":"session_meta","payload":{"id":"019ca8a0-0000-7000-8000-000000000001","timestamp":"2026-03-01T10:00:00.000Z","cwd":"/src"}}"#;
    let path = "sessions/2026/03/01/rollout.jsonl".into();
    let file = FileFacts { path, kind: EntryKind::File, size: 0, modified_ns: 0, inode: 0 };
    let mut parser = Parser::new(&file);
    parser.feed(HEAD);
    let said = parser.finish().expect("it is a rollout");
    let inputs = ThreadInputs {
        id: said.thread,
        files: vec![ThreadFile { file, state: said.state }],
        names: Vec::new(),
        codex: None,
        patches: Vec::new(),
        row: None,
        base_preview: None,
    };
    derive_row(&inputs, "openai").expect("a thread with a file has a row")
}

fn row(input: &mut Input<'_>) -> Option<ThreadRow> {
    static PLAIN: LazyLock<ThreadRow> = LazyLock::new(plain_row);
    let kind = input.below(3);
    (kind > 0).then(|| ThreadRow { title: text(input), archived: kind == 1, ..PLAIN.clone() })
}

fn name(input: &mut Input<'_>) -> Option<String> {
    (input.below(3) > 0).then(|| text(input))
}

fn edit(input: &mut Input<'_>) -> Edit {
    let change = match input.below(7) {
        0 => Change::StateRow(StateChange { before: row(input), after: row(input) }),
        1 => Change::CodexRow(CodexChange {
            table: "threads".into(),
            key: vec![Cell { column: "id".into(), value: Value::Text(text(input)) }],
            before: cells(input),
            after: cells(input),
        }),
        2 => Change::Mode(ModeChange {
            path: text(input),
            before: u32::from(input.byte()),
            after: u32::from(input.byte()),
        }),
        3 => Change::FillState((text(input), text(input))),
        4 => Change::Name((name(input), name(input))),
        5 => Change::Archived((input.below(2) == 0, input.below(2) == 0)),
        _ => Change::SetAside((text(input), text(input))),
    };
    let flags = input.byte();
    let preconditions = (0..input.below(3)).map(|_| (text(input), text(input))).collect();
    Edit {
        code: CODES[input.below(CODES.len())].into(),
        thread: (flags & 1 != 0).then(|| text(input)),
        reason: text(input),
        target: if flags & 2 != 0 { EditTarget::State } else { EditTarget::Codex },
        change,
        preconditions,
        opt_in: flags & 4 != 0,
        safe_while_open: flags & 8 != 0,
    }
}

fn current(input: &mut Input<'_>, edit: &Edit) -> CurrentValue {
    // Mostly what the edit is about, as it was, as it will be, or otherwise.
    let which = input.below(4);
    match &edit.change {
        Change::StateRow(change) if which < 3 => CurrentValue::StateRow(match which {
            0 => change.before.clone(),
            1 => change.after.clone(),
            _ => row(input),
        }),
        Change::CodexRow(change) if which < 3 => CurrentValue::CodexRow(match which {
            0 => change.before.clone(),
            1 => change.after.clone(),
            _ => cells(input),
        }),
        Change::Mode(change) if which < 3 => CurrentValue::Mode(match which {
            0 => Some(change.before),
            1 => Some(change.after),
            _ => None,
        }),
        Change::FillState((before, after)) if which < 2 => {
            CurrentValue::Phase(if which == 0 { before.clone() } else { after.clone() })
        }
        Change::Name((before, after)) if which < 2 => {
            CurrentValue::Name(if which == 0 { before.clone() } else { after.clone() })
        }
        Change::Archived(_) if which < 2 => CurrentValue::Archived(which == 0),
        _ => CurrentValue::Names((input.below(2) == 0, input.below(2) == 0)),
    }
}

pub(crate) fn check(input: &[u8]) {
    let mut input = Input(input);
    let mut edits = Vec::new();
    while !input.is_over() && edits.len() < 8 {
        edits.push(edit(&mut input));
    }
    let twice = invert_edits(invert_edits(edits.clone()));
    assert_eq!(twice.len(), edits.len());
    assert!(twice.iter().zip(&edits).all(|(twice, once)| twice.change == once.change));
    let targets = [EditTarget::State, EditTarget::Codex];
    let codes = [CODES[0].to_owned()];
    let selected = select_edits(edits.clone(), &targets, &codes);
    assert_eq!(select_edits(selected.clone(), &targets, &codes), selected);
    assert!(select_edits(edits.clone(), &[], &codes).is_empty());
    for edit in edits {
        let current = current(&mut input, &edit);
        let head = |(_, thread): &(String, String)| match input.below(5) {
            0 => HeadThread::Absent,
            1 => HeadThread::Nobody,
            2 => HeadThread::Unknown("denied".into()),
            _ => HeadThread::Thread(thread.clone()),
        };
        let preconditions: Vec<HeadThread> = edit.preconditions.iter().map(head).collect();
        let unknown = preconditions.iter().any(|head| matches!(head, HeadThread::Unknown(_)));
        let open = (input.below(3) == 0).then_some(7);
        let done = CheckInput { edit, current, preconditions, open };
        let applicability = check_preconditions(&done);
        assert!(!unknown || applicability != Applicability::Applicable, "what could not be looked at is unknown");
        if let Applicability::Rejected(why) = &applicability {
            assert!(!why.is_empty());
        }
        // Nobody in the way never makes an edit less applicable.
        if applicability != Applicability::Applicable {
            let alone = check_preconditions(&CheckInput { open: None, ..done.clone() });
            assert!(open.is_some() || alone == applicability);
        }
    }
}
