//! Exports of the world `parser`: threads that come from elsewhere, and those that are put away.

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use contract::exports::{importing, pruning};
use contract::{
    BundleFile, BundleThread, Chunk, ImportDecision, IncomingThread, PruneAction, PruneFacts, PruneScope, RolloutHead,
    SourceContent,
};
use threadkeep_core::change::prune;
use threadkeep_core::transfer;

use crate::runtime::{Component, export};

export! {
    importing __export_threadkeep_core_importing_0_5_0_cabi,
    pruning __export_threadkeep_core_pruning_0_5_0_cabi,
}

impl importing::Guest for Component {
    type SourceReader = SourceReader;
    type Flattener = Flattener;

    fn destination(head: RolloutHead, path: Option<String>, archived: bool, utc_offset: i32) -> String {
        transfer::destination(&head, path.as_deref(), archived, utc_offset)
    }

    fn decide(incoming: IncomingThread) -> ImportDecision {
        transfer::decide(&incoming)
    }

    fn redaction_mark(beginning: Chunk) -> Option<(u64, String)> {
        transfer::redaction_mark(beginning.as_bytes())
    }

    fn is_marked_redacted(beginning: Chunk) -> bool {
        transfer::is_marked_redacted(beginning.as_bytes())
    }

    fn bundle_manifest(program: String, made: i64, threads: Vec<BundleThread>, files: u64, bytes: u64) -> String {
        transfer::bundle_manifest(&program, made, &threads, files, bytes)
    }

    fn bundle_file_line(file: BundleFile) -> String {
        transfer::bundle_file_line(&file)
    }
}

/// Holds an `importing.source-reader`.
pub(crate) struct SourceReader(RefCell<transfer::SourceReader>);

impl importing::GuestSourceReader for SourceReader {
    fn new(name: String) -> SourceReader {
        SourceReader(RefCell::new(transfer::SourceReader::new(&name)))
    }

    fn feed(&self, piece: Chunk) {
        self.0.borrow_mut().feed(piece.as_bytes());
    }

    fn finish(this: importing::SourceReader) -> Result<SourceContent, String> {
        this.into_inner::<SourceReader>().0.into_inner().finish()
    }
}

/// Holds an `importing.flattener`.
pub(crate) struct Flattener(RefCell<transfer::Flattener>);

impl importing::GuestFlattener for Flattener {
    fn new(thread: String, redacted: bool) -> Flattener {
        Flattener(RefCell::new(transfer::Flattener::new(&thread, redacted)))
    }

    fn head(&self, piece: Chunk) -> bool {
        self.0.borrow_mut().head(piece.as_bytes())
    }

    fn begin_part(&self, from: u64, until: Option<u64>) {
        self.0.borrow_mut().begin_part(from, until);
    }

    fn feed(&self, piece: Chunk) -> Chunk {
        self.0.borrow_mut().feed(piece.as_bytes()).into()
    }

    fn end_part(&self) -> Chunk {
        self.0.borrow_mut().end_part().into()
    }
}

impl pruning::Guest for Component {
    fn why_left(thread: PruneFacts, action: PruneAction, scope: PruneScope) -> Option<String> {
        prune::why_left(&thread, action, scope)
    }
}
