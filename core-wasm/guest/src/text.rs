//! Exports of the world `parser`: text into facts, rows into lists, items into lines.

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use contract::exports::{
    derivation, foreign_sessions, naming, parsing, program_events, queries, redaction, salvage, secrets, statistics,
    writing,
};
use contract::{
    Begun, Chunk, ClearedText, CodexFacts, Discrepancy, Extraction, FileFacts, ForeignEntry, ForeignSession, HomePage,
    Item, MergeResult, MergedHomes, NameClaim, NewThread, NoThread, Patch, ProgramEvent, Rejection, RowKey, RowQuery,
    SalvageContext, SurveyResult, ThreadInputs, ThreadRow, TurnEnd, UsageQuery, UsageRollouts, UsageStatistics,
    UsageThreads, WriteContext, WriteError, Written,
};
use threadkeep_core::change::naming::{check_name, index_line};
use threadkeep_core::rollout::{parse, redact, salvage as salvaging};
use threadkeep_core::rows::{derive, diff, names, patch, query, several_homes};
use threadkeep_core::secrets::clear_json;
use threadkeep_core::text::{directories, letters, repositories};
use threadkeep_core::usage::count;
use threadkeep_core::write::{foreign, program_events as events, writer};

use crate::runtime::{Component, export};

export! {
    parsing __export_threadkeep_core_parsing_0_5_0_cabi,
    derivation __export_threadkeep_core_derivation_0_5_0_cabi,
    queries __export_threadkeep_core_queries_0_5_0_cabi,
    writing __export_threadkeep_core_writing_0_5_0_cabi,
    foreign_sessions __export_threadkeep_core_foreign_sessions_0_5_0_cabi,
    naming __export_threadkeep_core_naming_0_5_0_cabi,
    program_events __export_threadkeep_core_program_events_0_5_0_cabi,
    redaction __export_threadkeep_core_redaction_0_5_0_cabi,
    salvage __export_threadkeep_core_salvage_0_5_0_cabi,
    secrets __export_threadkeep_core_secrets_0_5_0_cabi,
    statistics __export_threadkeep_core_statistics_0_5_0_cabi,
}

impl parsing::Guest for Component {
    type Parser = Parser;

    fn index_names(lines: Chunk, first: u64) -> Vec<NameClaim> {
        names::index_names(lines.as_bytes(), first)
    }

    fn codex_names(rows: Vec<(String, CodexFacts)>) -> Vec<NameClaim> {
        names::codex_names(&rows)
    }
}

/// Holds a `parsing.parser`.
pub(crate) struct Parser(RefCell<parse::Parser>);

impl parsing::GuestParser for Parser {
    fn new(file: FileFacts) -> Parser {
        Parser(RefCell::new(parse::Parser::new(&file)))
    }

    fn feed(&self, piece: Chunk) {
        self.0.borrow_mut().feed(piece.as_bytes());
    }

    fn finish(this: parsing::Parser) -> Result<Extraction, NoThread> {
        this.into_inner::<Parser>().0.into_inner().finish()
    }
}

impl derivation::Guest for Component {
    fn derive_rows(threads: Vec<ThreadInputs>, default_provider: String) -> Vec<ThreadRow> {
        derive::derive_rows(&threads, &default_provider)
    }

    fn diff_rows(current: ThreadRow, desired: ThreadRow) -> Vec<Discrepancy> {
        diff::diff_rows(&current, &desired)
    }
}

impl queries::Guest for Component {
    fn merge_homes(pages: Vec<HomePage>, ascending: bool, limit: u32) -> MergedHomes {
        several_homes::merge_homes(&pages, ascending, limit)
    }

    fn matches(row: ThreadRow, query: RowQuery) -> bool {
        query::matches(&row, &query)
    }

    fn page(all: Vec<ThreadRow>, query: RowQuery, after: Option<RowKey>, limit: u32) -> Vec<ThreadRow> {
        query::page(all, &query, after.as_ref(), limit)
    }

    fn children(
        all: Vec<ThreadRow>,
        query: RowQuery,
        parents: Vec<String>,
        after: Option<RowKey>,
        limit: u32,
    ) -> Vec<ThreadRow> {
        query::children(all, &query, &parents, after.as_ref(), limit)
    }

    fn directory_key(directory: String) -> String {
        directories::directory_key(&directory)
    }

    fn repository_key(url: String) -> String {
        repositories::repository_key(&url)
    }

    fn text_without_case(text: String) -> String {
        letters::without_case(&text)
    }
}

impl writing::Guest for Component {
    fn begin(thread: NewThread, at: WriteContext) -> Result<Begun, WriteError> {
        writer::begin(&thread, at)
    }

    fn write(state: Vec<u8>, items: Vec<Item>, now: i64) -> Result<Written, WriteError> {
        writer::write(&state, &items, now)
    }
}

impl foreign_sessions::Guest for Component {
    type ForeignWriter = ForeignWriter;

    fn thread_of(program: String, session: String) -> String {
        foreign::thread_of(&program, &session)
    }
}

/// Holds a `foreign-sessions.foreign-writer`.
pub(crate) struct ForeignWriter(RefCell<foreign::ForeignWriter>);

impl foreign_sessions::GuestForeignWriter for ForeignWriter {
    fn new(session: ForeignSession) -> ForeignWriter {
        ForeignWriter(RefCell::new(foreign::ForeignWriter::new(&session)))
    }

    fn write(&self, entries: Vec<ForeignEntry>) -> String {
        self.0.borrow_mut().write(&entries)
    }
}

impl naming::Guest for Component {
    fn check_name(given: String) -> Result<String, Rejection> {
        check_name(&given)
    }

    fn index_line(thread: ThreadRow, name: String, at_ns: i64) -> String {
        index_line(&thread, &name, at_ns)
    }

    fn check_patch(patch: Patch) -> Result<Patch, Rejection> {
        patch::check_patch(patch)
    }
}

impl program_events::Guest for Component {
    fn read_line(state: Vec<u8>, line: Chunk, now: i64) -> Option<ProgramEvent> {
        events::read_line(&state, line.as_bytes(), now)
    }

    fn unfinished_items(state: Vec<u8>, now: i64) -> Vec<Item> {
        events::unfinished_items(&state, now)
    }

    fn turn_end_of(told: Option<TurnEnd>, interrupted: bool, exit_code: Option<i32>, signal: Option<i32>) -> TurnEnd {
        events::turn_end_of(told, interrupted, exit_code, signal)
    }

    fn shell_line(argv: Vec<String>) -> String {
        events::shell_line(&argv)
    }
}

impl redaction::Guest for Component {
    fn text(text: Chunk, salt: u64) -> Chunk {
        redact::chunk(text, salt)
    }
}

impl secrets::Guest for Component {
    fn clear_json(json: String) -> ClearedText {
        clear_json(json)
    }
}

impl statistics::Guest for Component {
    fn count(query: UsageQuery, threads: UsageThreads, rollouts: UsageRollouts) -> UsageStatistics {
        count::count(&query, &threads, rollouts)
    }
}

impl salvage::Guest for Component {
    type Surveyor = Surveyor;
    type Copier = Copier;
    type Merger = Merger;
}

/// Holds a `salvage.surveyor`.
pub(crate) struct Surveyor(RefCell<salvaging::Surveyor>);

impl salvage::GuestSurveyor for Surveyor {
    fn new(of: SalvageContext) -> Surveyor {
        Surveyor(RefCell::new(salvaging::Surveyor::new(of)))
    }

    fn feed(&self, piece: Chunk) {
        self.0.borrow_mut().feed(piece.as_bytes());
    }

    fn finish(this: salvage::Surveyor, fault: Option<String>) -> SurveyResult {
        this.into_inner::<Surveyor>().0.into_inner().finish(fault)
    }
}

/// Holds a `salvage.copier`: none by a state that is no plan's.
pub(crate) struct Copier(RefCell<Option<salvaging::Copier>>);

impl salvage::GuestCopier for Copier {
    fn new(state: Vec<u8>) -> Copier {
        Copier(RefCell::new(salvaging::Copier::new(&state)))
    }

    fn feed(&self, piece: Chunk) -> Chunk {
        self.0.borrow_mut().as_mut().map(|copier| copier.feed(piece.as_bytes())).unwrap_or_default().into()
    }

    fn finish(this: salvage::Copier) -> Chunk {
        this.into_inner::<Copier>().0.into_inner().map(salvaging::Copier::finish).unwrap_or_default().into()
    }
}

/// Holds a `salvage.merger`.
pub(crate) struct Merger(RefCell<salvaging::Merger>);

impl salvage::GuestMerger for Merger {
    fn new(names: (String, String)) -> Merger {
        Merger(RefCell::new(salvaging::Merger::new(names)))
    }

    fn feed(&self, second: bool, piece: Chunk) {
        self.0.borrow_mut().feed(second, piece.as_bytes());
    }

    fn finish(this: salvage::Merger) -> MergeResult {
        this.into_inner::<Merger>().0.into_inner().finish()
    }
}
