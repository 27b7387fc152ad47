//! The questions to the core whose answers depend on the world, each as data: what can be asked can also be recorded, and
//! asked again where there is no world.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasmtime::component::ResourceAny;

use super::exports::changing::{Error as ChangeError, Relocation, Removal};
use super::exports::compression::Selection;
use super::exports::history::{Gap, PageOfRecords, PageOfTurns, Subject};
use super::exports::lookup::{Error, Explanation, Found, PageOfRows};
use super::exports::startup::{Error as GateError, Findings, Outcome};
use super::exports::writing::{Error as WritingError, Moment, Resumed};
use super::imports::state::RowQuery;
use super::types::Collection;
use super::{Imports, Instance};

/// Is implemented by each question that the core is asked.
pub trait Ask: Serialize + DeserializeOwned {
    /// Interface and function.
    const NAME: &'static str;
    /// What the core answers.
    type Answer: Serialize;
    /// Asks it.
    fn of<W: Imports>(&self, instance: &mut Instance<W>) -> wasmtime::Result<Self::Answer>;
}

macro_rules! asks {
    ($(
        $(#[$doc:meta])*
        $Ask:ident $name:literal { $($(#[$field_doc:meta])* $field:ident: $Field:ty),* $(,)? } -> $Answer:ty:
            |$ask:ident, $instance:ident| $body:expr;
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, Deserialize)]
            pub struct $Ask { $($(#[$field_doc])* pub $field: $Field),* }

            impl Ask for $Ask {
                const NAME: &'static str = $name;
                type Answer = $Answer;
                fn of<W: Imports>(&self, $instance: &mut Instance<W>) -> wasmtime::Result<$Answer> {
                    let $ask = self;
                    $body
                }
            }
        )*

        /// Asks what a recording says was asked; none where it is no question of this program.
        pub(super) fn ask_again<W: Imports>(
            name: &str,
            with: serde_json::Value,
            instance: &mut Instance<W>,
        ) -> Option<wasmtime::Result<serde_json::Value>> {
            match name {
                $($name => Some((|| {
                    let ask: $Ask = serde_json::from_value(with)?;
                    Ok(serde_json::to_value(ask.of(instance)?)?)
                })()),)*
                _ => None,
            }
        }
    };
}

asks! {
    /// `lookup.find`
    Find "lookup.find" {
        /// An id, the beginning of one, or a name.
        wanted: String,
        /// The only collection to be looked at.
        within: Option<Collection>,
    } -> Result<Found, Error>: |ask, instance| {
        instance.exports.threadkeep_core_lookup().call_find(&mut instance.store, &ask.wanted, ask.within)
    };

    /// `lookup.explain`
    Explain "lookup.explain" {
        /// An id, the beginning of one, or a name.
        wanted: String,
        /// The only collection to be looked at.
        within: Option<Collection>,
    } -> Explanation: |ask, instance| {
        instance.exports.threadkeep_core_lookup().call_explain(&mut instance.store, &ask.wanted, ask.within)
    };

    /// `lookup.at`
    At "lookup.at" {
        /// Home path of a rollout.
        path: String,
    } -> Result<Found, Error>: |ask, instance| {
        instance.exports.threadkeep_core_lookup().call_at(&mut instance.store, &ask.path)
    };

    /// `lookup.page`
    Page "lookup.page" {
        /// Which rows, in which order.
        query: RowQuery,
        /// Where to go on.
        cursor: Option<String>,
        /// How many rows, 0 for all.
        limit: u32,
    } -> Result<PageOfRows, Error>: |ask, instance| {
        let cursor = ask.cursor.as_deref();
        instance.exports.threadkeep_core_lookup().call_page(&mut instance.store, &ask.query, cursor, ask.limit)
    };

    /// `history.transcript.open`, with what can be told at once
    Open "history.open" {
        /// Whose history.
        of: Subject,
    } -> Result<Opened, Error>: |ask, instance| open(instance, &ask.of);

    /// `history.transcript.page`
    Turns "history.page" {
        /// Number of an open transcript.
        transcript: usize,
        /// Where to go on.
        cursor: Option<String>,
        /// How many turns, 0 for as many as fit.
        limit: u32,
        /// The direction.
        newest_first: bool,
    } -> Result<PageOfTurns, Error>: |ask, instance| {
        let transcript = instance.transcript(ask.transcript)?;
        let cursor = ask.cursor.as_deref();
        let history = instance.exports.threadkeep_core_history();
        history.transcript().call_page(&mut instance.store, transcript, cursor, ask.limit, ask.newest_first)
    };

    /// `history.transcript.around`
    Around "history.around" {
        /// Number of an open transcript.
        transcript: usize,
        /// What was said or done.
        text: String,
        /// Where to begin.
        cursor: Option<String>,
        /// How many turns, 0 for as many as fit.
        limit: u32,
        /// The direction of the search.
        newest_first: bool,
    } -> Result<Option<PageOfTurns>, Error>: |ask, instance| {
        let transcript = instance.transcript(ask.transcript)?;
        let cursor = ask.cursor.as_deref();
        let history = instance.exports.threadkeep_core_history();
        history
            .transcript()
            .call_around(&mut instance.store, transcript, &ask.text, cursor, ask.limit, ask.newest_first)
    };

    /// `history.transcript.records`
    Records "history.records" {
        /// Number of an open transcript.
        transcript: usize,
        /// Where to go on.
        cursor: Option<String>,
    } -> Result<PageOfRecords, Error>: |ask, instance| {
        let transcript = instance.transcript(ask.transcript)?;
        let history = instance.exports.threadkeep_core_history();
        history.transcript().call_records(&mut instance.store, transcript, ask.cursor.as_deref())
    };

    /// Gives a transcript back.
    Close "history.close" {
        /// Number of an open transcript.
        transcript: usize,
    } -> (): |ask, instance| {
        let slot = instance.transcripts.get_mut(ask.transcript).and_then(Option::take);
        slot.map_or(Ok(()), |transcript| transcript.resource_drop(&mut instance.store))
    };

    /// `writing.resume`
    GoOn "writing.resume" {
        /// Home path of a plain rollout.
        path: String,
        /// When.
        at: Moment,
    } -> Result<Resumed, WritingError>: |ask, instance| {
        instance.exports.threadkeep_core_writing().call_resume(&mut instance.store, &ask.path, ask.at)
    };

    /// `changing.archive`
    Archive "changing.archive" {
        /// An id, the beginning of one, or a name.
        wanted: String,
    } -> Result<Relocation, ChangeError>: |ask, instance| {
        instance.exports.threadkeep_core_changing().call_archive(&mut instance.store, &ask.wanted)
    };

    /// `changing.unarchive`
    Unarchive "changing.unarchive" {
        /// An id, the beginning of one, or a name.
        wanted: String,
    } -> Result<Relocation, ChangeError>: |ask, instance| {
        instance.exports.threadkeep_core_changing().call_unarchive(&mut instance.store, &ask.wanted)
    };

    /// `changing.delete`
    Delete "changing.delete" {
        /// An id, the beginning of one, or a name.
        wanted: String,
        /// With what was forked from it.
        with_forks: bool,
    } -> Result<Removal, ChangeError>: |ask, instance| {
        instance.exports.threadkeep_core_changing().call_delete(&mut instance.store, &ask.wanted, ask.with_forks)
    };

    /// `history.prompt.open`, with what can be told at once
    OpenPrompt "history.prompt" {
        /// Whose history.
        of: Subject,
    } -> Result<OpenedPrompt, Error>: |ask, instance| open_prompt(instance, &ask.of);

    /// `history.prompt.next`
    PromptItems "history.items" {
        /// Number of an open prompt.
        prompt: usize,
    } -> Result<Vec<String>, Error>: |ask, instance| {
        let known = instance.prompts.get(ask.prompt).copied().flatten();
        let prompt = known.ok_or_else(|| wasmtime::format_err!("prompt {} is not open", ask.prompt))?;
        instance.exports.threadkeep_core_history().prompt().call_next(&mut instance.store, prompt)
    };

    /// Gives a prompt back.
    ClosePrompt "history.prompt-close" {
        /// Number of an open prompt.
        prompt: usize,
    } -> (): |ask, instance| {
        let slot = instance.prompts.get_mut(ask.prompt).and_then(Option::take);
        slot.map_or(Ok(()), |prompt| prompt.resource_drop(&mut instance.store))
    };

    /// `startup.run`
    Gate "startup.run" {
        /// How long to wait for another process, milliseconds.
        bound: i64,
        /// Bring a complete state DB up to date.
        refresh: bool,
    } -> Result<Outcome, GateError>: |ask, instance| {
        instance.exports.threadkeep_core_startup().call_run(&mut instance.store, ask.bound, ask.refresh)
    };

    /// `startup.survey`
    Survey "startup.survey" {} -> Result<Findings, GateError>: |_ask, instance| {
        instance.exports.threadkeep_core_startup().call_survey(&mut instance.store)
    };

    /// `compression.select`
    Select "compression.select" {
        /// What was modified before that time is due, nanoseconds since the epoch.
        before: i64,
    } -> Result<Selection, String>: |ask, instance| {
        instance.exports.threadkeep_core_compression().call_select(&mut instance.store, ask.before)
    };
}

/// Holds the number of a transcript that the core has open.
#[derive(Clone, Debug, Serialize)]
pub struct Opened {
    /// Its number among those of the instance.
    pub transcript: usize,
    /// The thread.
    pub found: Found,
    /// What the files of the history should hold and do not.
    pub gaps: Vec<Gap>,
}

fn open<W: Imports>(instance: &mut Instance<W>, of: &Subject) -> wasmtime::Result<Result<Opened, Error>> {
    let Instance { store, exports, transcripts, .. } = instance;
    let history = exports.threadkeep_core_history();
    let calls = history.transcript();
    let handle = match calls.call_open(&mut *store, of)? {
        Ok(handle) => handle,
        Err(error) => return Ok(Err(error)),
    };
    transcripts.push(Some(handle));
    let found = calls.call_found(&mut *store, handle)?;
    let gaps = calls.call_gaps(&mut *store, handle)?;
    Ok(Ok(Opened { transcript: transcripts.len() - 1, found, gaps }))
}

/// Holds the number of a prompt that the core has open.
#[derive(Clone, Debug, Serialize)]
pub struct OpenedPrompt {
    /// Its number among those of the instance.
    pub prompt: usize,
    /// The thread.
    pub found: Found,
    /// What the files of the history should hold and do not.
    pub gaps: Vec<Gap>,
}

fn open_prompt<W: Imports>(instance: &mut Instance<W>, of: &Subject) -> wasmtime::Result<Result<OpenedPrompt, Error>> {
    let Instance { store, exports, prompts, .. } = instance;
    let calls = exports.threadkeep_core_history().prompt();
    let handle = match calls.call_open(&mut *store, of)? {
        Ok(handle) => handle,
        Err(error) => return Ok(Err(error)),
    };
    prompts.push(Some(handle));
    let found = calls.call_found(&mut *store, handle)?;
    let gaps = calls.call_gaps(&mut *store, handle)?;
    Ok(Ok(OpenedPrompt { prompt: prompts.len() - 1, found, gaps }))
}

impl<W: Imports> Instance<W> {
    fn transcript(&self, number: usize) -> wasmtime::Result<ResourceAny> {
        let known = self.transcripts.get(number).copied().flatten();
        known.ok_or_else(|| wasmtime::format_err!("transcript {number} is not open"))
    }
}
