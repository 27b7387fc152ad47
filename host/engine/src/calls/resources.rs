//! Calls of what the core keeps open between calls: transcripts, prompts, parsers, salvages. An open thing is known by its number
//! among those of its instance, so that a recording can name it.

use serde::Serialize;
use wasmtime::component::ResourceAny;

use crate::contract::{
    Chunk, Extraction, FileFacts, Found, Gap, LookupError, MergeResult, NoThread, PageOfRecords, PageOfTurns,
    SalvageContext, Subject, SurveyResult,
};
use crate::instance::Instance;
use crate::recording::{bytes, chunk};

/// Holds the number of a transcript or a prompt that the core has open, with what can be told at once.
#[derive(Clone, Debug, Serialize)]
pub struct Opened {
    /// Its number among the open things of the instance.
    pub number: usize,
    /// The thread.
    pub found: Found,
    /// What the files of the history should hold and do not.
    pub gaps: Vec<Gap>,
}

super::call::calls! {
    /// `history.transcript.open`, with `found` and `gaps`
    OpenTranscript "history.transcript.open" { of: Subject } -> Result<Opened, LookupError>: |call, instance| {
        let Instance { store, exports, .. } = instance;
        let transcript = exports.threadkeep_core_history().transcript();
        let handle = match transcript.call_open(&mut *store, &call.of)? {
            Ok(handle) => handle,
            Err(error) => return Ok(Err(error)),
        };
        let found = transcript.call_found(&mut *store, handle)?;
        let gaps = transcript.call_gaps(&mut *store, handle)?;
        Ok(Ok(Opened { number: instance.keep(handle), found, gaps }))
    };

    /// `history.transcript.page`
    TurnsPage "history.transcript.page" {
        transcript: usize, cursor: Option<String>, limit: u32, newest_first: bool,
    } -> Result<PageOfTurns, LookupError>: |call, instance| {
        let handle = instance.open(call.transcript)?;
        let history = instance.exports.threadkeep_core_history();
        let cursor = call.cursor.as_deref();
        history.transcript().call_page(&mut instance.store, handle, cursor, call.limit, call.newest_first)
    };

    /// `history.transcript.around`
    TurnsAround "history.transcript.around" {
        transcript: usize, text: String, cursor: Option<String>, limit: u32, newest_first: bool,
    } -> Result<PageOfTurns, LookupError>: |call, instance| {
        let handle = instance.open(call.transcript)?;
        let history = instance.exports.threadkeep_core_history();
        let (text, cursor) = (&call.text, call.cursor.as_deref());
        history.transcript().call_around(&mut instance.store, handle, text, cursor, call.limit, call.newest_first)
    };

    /// `history.transcript.records`
    RecordsPage "history.transcript.records" {
        transcript: usize, cursor: Option<String>,
    } -> Result<PageOfRecords, LookupError>: |call, instance| {
        let handle = instance.open(call.transcript)?;
        let history = instance.exports.threadkeep_core_history();
        history.transcript().call_records(&mut instance.store, handle, call.cursor.as_deref())
    };

    /// `history.prompt.open`, with `found` and `gaps`
    OpenPrompt "history.prompt.open" { of: Subject } -> Result<Opened, LookupError>: |call, instance| {
        let Instance { store, exports, .. } = instance;
        let prompt = exports.threadkeep_core_history().prompt();
        let handle = match prompt.call_open(&mut *store, &call.of)? {
            Ok(handle) => handle,
            Err(error) => return Ok(Err(error)),
        };
        let found = prompt.call_found(&mut *store, handle)?;
        let gaps = prompt.call_gaps(&mut *store, handle)?;
        Ok(Ok(Opened { number: instance.keep(handle), found, gaps }))
    };

    /// `history.prompt.next`
    PromptItems "history.prompt.next" { prompt: usize } -> Result<Vec<String>, LookupError>: |call, instance| {
        let handle = instance.open(call.prompt)?;
        instance.exports.threadkeep_core_history().prompt().call_next(&mut instance.store, handle)
    };

    /// Gives back an open thing that is not consumed by a function.
    Close "close" { number: usize } -> (): |call, instance| {
        match instance.take(call.number) {
            Some(handle) => handle.resource_drop(&mut instance.store),
            None => Ok(()),
        }
    };

    /// `parsing.parser`
    OpenParser "parsing.parser" { file: FileFacts } -> usize: |call, instance| {
        let parsing = instance.exports.threadkeep_core_parsing();
        let handle: ResourceAny = parsing.parser().call_constructor(&mut instance.store, &call.file)?;
        Ok(instance.keep(handle))
    };

    /// `parsing.parser.feed`
    FeedParser "parsing.parser.feed" {
        parser: usize, #[serde(with = "chunk")] piece: Chunk,
    } -> (): |call, instance| {
        let handle = instance.open(call.parser)?;
        instance.exports.threadkeep_core_parsing().parser().call_feed(&mut instance.store, handle, &call.piece)
    };

    /// `parsing.parser.finish`
    FinishParser "parsing.parser.finish" { parser: usize } -> Result<Extraction, NoThread>: |call, instance| {
        let handle = instance.consume(call.parser)?;
        instance.exports.threadkeep_core_parsing().parser().call_finish(&mut instance.store, handle)
    };

    /// `salvage.surveyor`
    OpenSurveyor "salvage.surveyor" { of: SalvageContext } -> usize: |call, instance| {
        let salvage = instance.exports.threadkeep_core_salvage();
        let handle = salvage.surveyor().call_constructor(&mut instance.store, &call.of)?;
        Ok(instance.keep(handle))
    };

    /// `salvage.surveyor.feed`
    FeedSurveyor "salvage.surveyor.feed" {
        surveyor: usize, #[serde(with = "chunk")] piece: Chunk,
    } -> (): |call, instance| {
        let handle = instance.open(call.surveyor)?;
        instance.exports.threadkeep_core_salvage().surveyor().call_feed(&mut instance.store, handle, &call.piece)
    };

    /// `salvage.surveyor.finish`
    FinishSurveyor "salvage.surveyor.finish" {
        surveyor: usize, fault: Option<String>,
    } -> SurveyResult: |call, instance| {
        let handle = instance.consume(call.surveyor)?;
        let salvage = instance.exports.threadkeep_core_salvage();
        salvage.surveyor().call_finish(&mut instance.store, handle, call.fault.as_deref())
    };

    /// `salvage.copier`
    OpenCopier "salvage.copier" { #[serde(with = "bytes")] state: Vec<u8> } -> usize: |call, instance| {
        let salvage = instance.exports.threadkeep_core_salvage();
        let handle = salvage.copier().call_constructor(&mut instance.store, &call.state)?;
        Ok(instance.keep(handle))
    };

    /// `salvage.copier.feed`
    FeedCopier "salvage.copier.feed" {
        copier: usize, #[serde(with = "chunk")] piece: Chunk,
    } -> Chunk: |call, instance| {
        let handle = instance.open(call.copier)?;
        instance.exports.threadkeep_core_salvage().copier().call_feed(&mut instance.store, handle, &call.piece)
    };

    /// `salvage.copier.finish`
    FinishCopier "salvage.copier.finish" { copier: usize } -> Chunk: |call, instance| {
        let handle = instance.consume(call.copier)?;
        instance.exports.threadkeep_core_salvage().copier().call_finish(&mut instance.store, handle)
    };

    /// `salvage.merger`
    OpenMerger "salvage.merger" { names: (String, String) } -> usize: |call, instance| {
        let salvage = instance.exports.threadkeep_core_salvage();
        let (first, second) = &call.names;
        let handle = salvage.merger().call_constructor(&mut instance.store, (first, second))?;
        Ok(instance.keep(handle))
    };

    /// `salvage.merger.feed`
    FeedMerger "salvage.merger.feed" {
        merger: usize, second: bool, #[serde(with = "chunk")] piece: Chunk,
    } -> (): |call, instance| {
        let handle = instance.open(call.merger)?;
        let salvage = instance.exports.threadkeep_core_salvage();
        salvage.merger().call_feed(&mut instance.store, handle, call.second, &call.piece)
    };

    /// `salvage.merger.finish`
    FinishMerger "salvage.merger.finish" { merger: usize } -> MergeResult: |call, instance| {
        let handle = instance.consume(call.merger)?;
        instance.exports.threadkeep_core_salvage().merger().call_finish(&mut instance.store, handle)
    };
}
