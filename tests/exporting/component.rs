//! What leaves is the same by the component and by the native core, piece by piece.

use std::sync::LazyLock;

use proptest::prelude::*;
use support::{File, Script, Setting, any_rollout, imports_of, same};
use threadkeep_contract::{ExportDetail, ExportFormat, ExportOptions, ExportPiece, Subject, ThreadMarks, ThreadNote};
use threadkeep_core::export::Exporter;
use threadkeep_engine::{Core, Runtime, calls};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::load().unwrap());

const FORMATS: [ExportFormat; 5] =
    [ExportFormat::Markdown, ExportFormat::Html, ExportFormat::PlainText, ExportFormat::Json, ExportFormat::Jsonl];

/// Notes on the thread and on the turn that generated rollouts begin with.
fn marks() -> ThreadMarks {
    let note = |turn: Option<&str>| ThreadNote { turn: turn.map(Into::into), text: "noted\n`here`".into(), at: 1 };
    ThreadMarks { tags: vec!["a".into(), "b".into()], pinned: true, notes: vec![note(None), note(Some("t1"))] }
}

fn options(format: ExportFormat) -> ExportOptions {
    ExportOptions {
        format,
        detail: ExportDetail::Everything,
        turns: None,
        marks: marks(),
        whole_outputs: false,
        full_record: false,
        depth: 0,
        subagents: Some(vec!["019ca8a0-0000-7000-8000-000000000009".into()]),
        image_directory: Some("assets".into()),
        redact_secrets: true,
        anonymize: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn component_and_native_core_write_the_same(rollout in any_rollout(), format in 0..FORMATS.len()) {
        let path = "sessions/2026/03/01/rollout.jsonl".to_string();
        let file = vec![File::of(&path, String::from_utf8_lossy(&rollout.bytes()))];
        let setting = Setting { file, ..Setting::default() };
        let (native_world, world) = (Script::of(&setting).unwrap(), Script::of(&setting).unwrap());
        let (of, options) = (Subject::Rollout(path), options(FORMATS[format]));
        let mut native = Exporter::open(&native_world, &of, options.clone()).unwrap();
        let mut core = Core::new(&RUNTIME, imports_of(&world));
        let opened = core.call(&calls::OpenExporter { of: same(&of), options: same(&options) }).unwrap().unwrap();
        let mut any = false;
        loop {
            let pieces: Vec<ExportPiece> = native.next(&native_world).unwrap();
            let told = core.call(&calls::NextPieces { exporter: opened.number }).unwrap().unwrap();
            prop_assert_eq!(same::<_, Vec<ExportPiece>>(told), pieces.clone());
            if pieces.is_empty() {
                break;
            }
            any = true;
        }
        prop_assert!(any);
    }
}
