//! Shows which row follows from files, names, and what users and Codex say.

use std::format;
use std::string::String;

use contract::{CodexFacts, EntryKind, FileFacts, NameClaim, Patch, PatchField, Provenance, ThreadFile, ThreadInputs};

use super::{derive_row, derive_rows};
use crate::rollout::parse::Parser;

const ID: &str = "0198c0de-0000-7000-8000-0000000000ab";

fn file(path: &str, text: &str) -> ThreadFile {
    let file =
        FileFacts { path: path.into(), kind: EntryKind::File, size: text.len() as u64, modified_ns: 0, inode: 1 };
    let mut parser = Parser::new(&file);
    parser.feed(text.as_bytes());
    ThreadFile { file, state: parser.finish().map(|extraction| extraction.state).unwrap_or_default() }
}

fn meta(at: &str) -> String {
    format!(
        "{{\"timestamp\":\"{at}\",\"type\":\"session_meta\",\"payload\":{{\"id\":\"{ID}\",\"timestamp\":\"{at}\",\
         \"cwd\":\"/work\",\"source\":\"cli\",\"git\":{{\"branch\":\"main\"}}}}}}\n"
    )
}

fn said(at: &str, text: &str) -> String {
    format!(
        "{{\"timestamp\":\"{at}\",\"type\":\"event_msg\",\"payload\":{{\"type\":\"user_message\",\"message\":\"{text}\"}}}}\n"
    )
}

fn inputs(files: impl IntoIterator<Item = ThreadFile>) -> ThreadInputs {
    ThreadInputs {
        id: ID.into(),
        files: files.into_iter().collect(),
        names: [].into(),
        codex: None,
        patches: [].into(),
        row: None,
        base_preview: None,
    }
}

#[test]
fn a_file_tells_who_a_thread_is_and_how_it_stands() {
    let text = meta("2026-01-02T03:04:05.000Z") + &said("2026-01-02T03:04:06.000Z", "hello");
    let row = derive_row(&inputs([file("sessions/a.jsonl", &text)]), "openai");
    let row = row.expect("a row");
    assert_eq!((row.id.as_str(), row.path.as_str(), row.archived, row.missing), (ID, "sessions/a.jsonl", false, false));
    assert_eq!((row.title.as_str(), row.preview.as_str(), row.cwd.as_deref()), ("hello", "hello", Some("/work")));
    assert_eq!((row.source.as_str(), row.source_kind.as_str()), ("\"cli\"", "cli"));
    assert_eq!((row.model_provider.as_deref(), row.git_branch.as_deref()), (Some("openai"), Some("main")));
    assert_eq!(row.updated_at - row.created_at, 1_000);
}

#[test]
fn of_two_files_the_first_says_who_and_the_newest_says_where() {
    let old = file(
        "archived_sessions/a.jsonl",
        &(meta("2026-01-01T00:00:00.000Z") + &said("2026-01-01T00:00:01.000Z", "old")),
    );
    let new = file("sessions/b.jsonl", &(meta("2026-01-02T00:00:00.000Z") + &said("2026-01-02T00:00:01.000Z", "new")));
    let one = derive_row(&inputs([old.clone(), new.clone()]), "");
    assert_eq!(one, derive_row(&inputs([new, old]), ""));
    let row = one.expect("a row");
    assert_eq!((row.path.as_str(), row.preview.as_str(), row.archived), ("sessions/b.jsonl", "old", false));
}

#[test]
fn names_and_patches_are_laid_over_what_files_say() {
    let text = meta("2026-01-02T03:04:05.000Z") + &said("2026-01-02T03:04:06.000Z", "hello");
    let mut inputs = inputs([file("sessions/a.jsonl", &text)]);
    inputs.names.push(NameClaim { thread: ID.into(), name: "named".into(), source: Provenance::User, given: None });
    inputs.patches.push(Patch { field: PatchField::GitBranch, value: None });
    let row = derive_row(&inputs, "").expect("a row");
    assert_eq!((row.title.as_str(), row.name_source, row.git_branch), ("named", Some(Provenance::User), None));
}

#[test]
fn a_row_that_is_right_is_left_out() {
    let text = meta("2026-01-02T03:04:05.000Z");
    let mut inputs = inputs([file("sessions/a.jsonl", &text)]);
    let row = derive_rows(core::slice::from_ref(&inputs), "").pop();
    assert!(row.is_some());
    inputs.row = row;
    assert_eq!(derive_rows(&[inputs], ""), []);
}

#[test]
fn without_files_the_row_stays_or_codex_remembers() {
    let text = meta("2026-01-02T03:04:05.000Z");
    let row = derive_row(&inputs([file("sessions/a.jsonl", &text)]), "");
    let gone = derive_row(&ThreadInputs { row: row.clone(), ..inputs([]) }, "");
    assert_eq!(gone, row.map(|row| contract::ThreadRow { missing: true, ..row }));
    let codex =
        CodexFacts { created_at: Some(5), rollout_path: Some("/x/sessions/a.jsonl".into()), ..CodexFacts::default() };
    let remembered = derive_row(&ThreadInputs { codex: Some(codex), ..inputs([]) }, "").expect("a row");
    assert_eq!((remembered.path.as_str(), remembered.missing, remembered.created_at), ("sessions/a.jsonl", true, 5));
    assert_eq!(derive_row(&inputs([]), ""), None);
}
