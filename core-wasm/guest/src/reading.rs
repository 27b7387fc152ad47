//! Exports of the world `reader`: what is read of the files.

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use contract::exports::{
    compression, file_checks, history, lookup, resuming, rollout_reading, storage_measuring, text_indexing,
    usage_reading, watching,
};
use contract::{
    BranchRequest, Branched, CheckedFile, CodexFields, Collection, Depth, Explanation, Extraction, FileError,
    FileFacts, FollowedTurns, Found, Gap, HeadThread, HistoryBase, IndexTerm, IndexedText, LastTurn, LookupError,
    NoThread, PageOfRecords, PageOfTurns, PathPattern, Presence, Resumed, RolloutSpace, RolloutTouches, SeenThread,
    Selection, Subject, TextKind, ThreadChange, ThreadNames, ThreadState, WriteContext, WriteError, WriterFacts,
};
use threadkeep_core::health::{base, check, codex_fields};
use threadkeep_core::history::{follow, prompt, transcript};
use threadkeep_core::lookup::find;
use threadkeep_core::rollout::extract::{Limits, extract};
use threadkeep_core::rollout::head::head_thread;
use threadkeep_core::rows::changes;
use threadkeep_core::search::{index, terms, touched};
use threadkeep_core::usage::{reader, storage};
use threadkeep_core::{compress, write};

use crate::runtime::{Component, export};

#[cfg(not(feature = "core"))]
pub(crate) use threadkeep_core::ports::imports::FilesOnly as World;
#[cfg(feature = "core")]
pub(crate) use threadkeep_core::ports::imports::Imports as World;

export! {
    rollout_reading __export_threadkeep_core_rollout_reading_0_5_0_cabi,
    file_checks __export_threadkeep_core_file_checks_0_5_0_cabi,
    lookup __export_threadkeep_core_lookup_0_5_0_cabi,
    history __export_threadkeep_core_history_0_5_0_cabi,
    resuming __export_threadkeep_core_resuming_0_5_0_cabi,
    compression __export_threadkeep_core_compression_0_5_0_cabi,
    text_indexing __export_threadkeep_core_text_indexing_0_5_0_cabi,
    storage_measuring __export_threadkeep_core_storage_measuring_0_5_0_cabi,
    usage_reading __export_threadkeep_core_usage_reading_0_5_0_cabi,
    watching __export_threadkeep_core_watching_0_5_0_cabi,
}

impl rollout_reading::Guest for Component {
    fn extract(file: FileFacts, earlier: Option<Vec<u8>>) -> Result<Extraction, NoThread> {
        extract(&World, &file, earlier.as_deref(), Limits::USUAL)
    }

    fn head_threads(paths: Vec<String>) -> Vec<HeadThread> {
        paths.iter().map(|path| head_thread(&World, path)).collect()
    }
}

impl file_checks::Guest for Component {
    fn check(file: FileFacts, depth: Depth, known: Option<Vec<u8>>) -> CheckedFile {
        check::check(&World, &file, depth, known.as_deref())
    }

    fn check_base(files: Vec<String>, base: HistoryBase) -> Option<String> {
        base::check_base(&World, &files, &base)
    }

    fn codex_fields(path: String) -> Option<CodexFields> {
        codex_fields::codex_fields(&World, &path)
    }
}

impl lookup::Guest for Component {
    fn find(wanted: String, within: Option<Collection>) -> Result<Found, LookupError> {
        find::find(&World, &wanted, within)
    }

    fn find_own(wanted: String) -> Result<Found, LookupError> {
        find::find_own(&World, &wanted)
    }

    fn explain(wanted: String, within: Option<Collection>) -> Explanation {
        find::explain(&World, &wanted, within)
    }

    fn find_by_path(path: String) -> Result<Found, LookupError> {
        find::find_by_path(&World, &path)
    }
}

impl resuming::Guest for Component {
    fn resume(path: String, at: WriteContext) -> Result<Resumed, WriteError> {
        write::resume::resume(&World, &path, at.random_bits)
    }

    fn branch(path: String, request: BranchRequest, at: WriteContext) -> Result<Branched, WriteError> {
        write::branch::branch(&World, &path, &request, at)
    }
}

impl compression::Guest for Component {
    fn select(before: i64) -> Result<Selection, FileError> {
        compress::select(&World, before)
    }
}

impl history::Guest for Component {
    type Transcript = Transcript;
    type Prompt = Prompt;
}

/// Holds a `history.transcript`, and whose it is.
pub(crate) struct Transcript(Found, transcript::Transcript);

impl history::GuestTranscript for Transcript {
    fn open(of: Subject) -> Result<history::Transcript, LookupError> {
        let (found, transcript) = transcript::Transcript::open(&World, &of)?;
        Ok(history::Transcript::new(Transcript(found, transcript)))
    }

    fn found(&self) -> Found {
        self.0.clone()
    }

    fn gaps(&self) -> Vec<Gap> {
        self.1.gaps().to_vec()
    }

    fn page(&self, cursor: Option<String>, limit: u32, newest_first: bool) -> Result<PageOfTurns, LookupError> {
        self.1.page(&World, cursor.as_deref(), limit, newest_first)
    }

    fn around(
        &self,
        text: String,
        cursor: Option<String>,
        limit: u32,
        newest_first: bool,
    ) -> Result<PageOfTurns, LookupError> {
        self.1.around(&World, &text, cursor.as_deref(), limit, newest_first)
    }

    fn records(&self, cursor: Option<String>) -> Result<PageOfRecords, LookupError> {
        self.1.records(&World, cursor.as_deref())
    }
}

/// Holds a `history.prompt`, and whose it is.
pub(crate) struct Prompt(Found, RefCell<prompt::Prompt>);

impl history::GuestPrompt for Prompt {
    fn open(of: Subject) -> Result<history::Prompt, LookupError> {
        let (found, prompt) = prompt::Prompt::open(&World, &of)?;
        Ok(history::Prompt::new(Prompt(found, RefCell::new(prompt))))
    }

    fn found(&self) -> Found {
        self.0.clone()
    }

    fn gaps(&self) -> Vec<Gap> {
        self.1.borrow().gaps().to_vec()
    }

    fn next(&self) -> Result<Vec<String>, LookupError> {
        self.1.borrow_mut().next(&World)
    }
}

impl storage_measuring::Guest for Component {
    fn measure(path: String) -> Result<RolloutSpace, FileError> {
        storage::measure(&World, &path)
    }
}

impl usage_reading::Guest for Component {
    fn version() -> u32 {
        reader::VERSION
    }

    fn read(file: FileFacts, earlier: Option<Vec<u8>>) -> Result<Vec<u8>, FileError> {
        reader::read_usage(&World, &file, earlier.as_deref())
    }
}

impl text_indexing::Guest for Component {
    fn version() -> u32 {
        index::VERSION
    }

    fn index_file(file: FileFacts, earlier: Option<Vec<u8>>) -> Result<IndexedText, FileError> {
        index::index_file(&World, &file, earlier.as_deref())
    }

    fn index_names(names: Vec<ThreadNames>) -> Vec<String> {
        index::index_names(&names)
    }

    fn find_terms(paths: Vec<String>, terms: Vec<IndexTerm>, kinds: Vec<TextKind>) -> Vec<Result<Presence, FileError>> {
        let mut finder = terms::TermFinder::new(&terms, &kinds);
        paths.iter().map(|path| finder.find(&World, path)).collect()
    }

    fn find_terms_in_names(names: Vec<ThreadNames>, terms: Vec<IndexTerm>) -> Vec<u64> {
        terms::find_terms_in_names(&names, &terms)
    }

    fn find_touches(path: String, pattern: PathPattern) -> Result<RolloutTouches, FileError> {
        touched::find_touches(&World, &path, &pattern)
    }
}

impl watching::Guest for Component {
    fn follow(file: FileFacts, state: Vec<u8>, known: u64) -> Result<FollowedTurns, FileError> {
        follow::follow(&World, &file, &state, known)
    }

    fn read_last_turn(path: String) -> Result<LastTurn, FileError> {
        follow::read_last_turn(&World, &path)
    }

    fn state_of(last: LastTurn, writer: Option<WriterFacts>) -> ThreadState {
        changes::state_of(&last, writer.as_ref())
    }

    fn compare(before: Option<SeenThread>, now: Option<SeenThread>) -> Vec<ThreadChange> {
        changes::compare(before.as_ref(), now.as_ref())
    }
}
