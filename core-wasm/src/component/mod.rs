//! The core as a component: the imports of `wit/core.wit` fill the traits of [`crate::ports`], its exports call the
//! decisions. Nothing is decided here.

/// Converts field by field between the contract's record and the core's own.
macro_rules! fields {
    ($from:expr => $into:path { $($field:ident),* $(,)? } with { $($special:ident: $value:expr),* $(,)? }) => {{
        let from = $from;
        $(let $special = $value(&from);)*
        $into { $($field: from.$field,)* $($special,)* }
    }};
}

mod changing;
mod checkup;
mod convert;
mod events;
mod imports;
mod keeping;
mod lookup;
mod salvaging;
mod writing;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::types as core_types;
use crate::{assemble, cold, extract, names, redact, startup};

wit_bindgen::generate!({
    path: "../wit",
    world: "core",
});

use exports::threadkeep::core as exported;
use threadkeep::core::types;

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// A panic is a trap: it costs the call, and the host says which one.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

struct Component;
export!(Component);

/// The imports.
struct World;

fn extraction(from: core_types::Extraction) -> exported::parsing::Extraction {
    fields!(from => exported::parsing::Extraction { thread, state, bad_count, unread, continues, bytes_read } with {
        bad_lines: |from: &core_types::Extraction| from.bad_lines.iter().cloned().map(Into::into).collect(),
    })
}

fn no_thread(none: core_types::NoThread) -> exported::parsing::NoThread {
    let line = none.line.map(Into::into);
    exported::parsing::NoThread { reason: none.reason, line, passing: none.passing }
}

impl exported::parsing::Guest for Component {
    fn extract(
        file: types::FileFacts,
        earlier: Option<Vec<u8>>,
    ) -> Result<exported::parsing::Extraction, exported::parsing::NoThread> {
        let extracted = extract::extract(&World, &file.into(), earlier.as_deref(), extract::Limits::USUAL);
        extracted.map(extraction).map_err(no_thread)
    }

    fn index_names(lines: Vec<u8>, first: u64) -> Vec<types::NameClaim> {
        names::from_index(&lines, first).into_iter().map(Into::into).collect()
    }

    fn codex_names(rows: Vec<(String, types::CodexFacts)>) -> Vec<types::NameClaim> {
        let rows: Vec<(String, core_types::CodexFacts)> =
            rows.into_iter().map(|(id, facts)| (id, facts.into())).collect();
        names::from_codex(&rows).into_iter().map(Into::into).collect()
    }
}

impl exported::repair::Guest for Component {
    fn assemble(dossiers: Vec<exported::repair::Dossier>, default_provider: String) -> Vec<types::ThreadRow> {
        let mut rows = Vec::new();
        for dossier in dossiers {
            let dossier = core_types::Dossier {
                id: dossier.id,
                files: dossier.files.into_iter().map(|file| (file.file.into(), file.state)).collect(),
                names: dossier.names.into_iter().map(Into::into).collect(),
                codex: dossier.codex.map(Into::into),
                patches: dossier.patches.into_iter().map(Into::into).collect(),
                row: dossier.row.map(Into::into),
                base_preview: dossier.base_preview,
            };
            let should = assemble::assemble(&dossier, &default_provider);
            rows.extend(should.filter(|should| assemble::differs(&dossier, should)).map(types::ThreadRow::from));
        }
        rows
    }

    fn judge(stands: types::ThreadRow, should: types::ThreadRow) -> Vec<types::Discrepancy> {
        assemble::judge(&stands.into(), &should.into()).into_iter().map(Into::into).collect()
    }
}

impl From<startup::GateError> for exported::startup::Error {
    fn from(error: startup::GateError) -> Self {
        match error {
            startup::GateError::TimedOut { owner, waited } => exported::startup::Error::TimedOut((owner, waited)),
            startup::GateError::NeverSettled(left) => exported::startup::Error::NeverSettled(left),
            startup::GateError::State(core_types::StateError::Corrupt(why)) => exported::startup::Error::Corrupt(why),
            startup::GateError::State(error) => exported::startup::Error::State(error.to_string()),
            startup::GateError::Files(error) => exported::startup::Error::Files(error.to_string()),
        }
    }
}

impl exported::startup::Guest for Component {
    fn run(bound: i64, refresh: bool) -> Result<exported::startup::Outcome, exported::startup::Error> {
        let outcome = startup::run(&World, bound, refresh)?;
        Ok(fields!(outcome => exported::startup::Outcome { scanned, stored, failed, waited, backfilled_here } with {}))
    }

    fn survey() -> Result<exported::startup::Findings, exported::startup::Error> {
        let survey = startup::survey(&World)?;
        Ok(fields!(survey => exported::startup::Findings { files, new, changed, vanished } with {}))
    }
}

impl exported::redaction::Guest for Component {
    fn text(text: Vec<u8>, salt: u64) -> Vec<u8> {
        redact::text(&text, salt)
    }

    fn entries(packed: Vec<u8>, salt: u64) -> Vec<u8> {
        redact::entries(&packed, salt)
    }

    fn heads(packed: Vec<u8>, salt: u64) -> Vec<u8> {
        redact::heads(&packed, salt)
    }
}

impl exported::compression::Guest for Component {
    fn select(before: i64) -> Result<exported::compression::Selection, String> {
        let selection = cold::select(&World, before).map_err(|error| error.to_string())?;
        Ok(fields!(selection => exported::compression::Selection { young, compressed, left } with {
            due: |from: &cold::Selection| {
                let due = from.due.iter().cloned();
                due.map(|due| exported::compression::Due { file: due.file.into(), thread: due.thread }).collect()
            },
        }))
    }
}
