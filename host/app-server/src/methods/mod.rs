//! The methods that are answered, by their names.
//!
//! A method takes a [`Call`] and gives an [`Answer`]: its result, and what all clients are told behind it. What it does with threads
//! the facade does; here stands what Codex's protocol calls it.

mod branching;
mod changing;
mod goals;
mod listing;
mod living;
mod plugins;
mod queue;
mod reading;
mod searching;
mod starting;
mod threads;
mod turns;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use threadkeep::Threadkeep;

use crate::client::Client;
use crate::envelope::{Notification, RequestId, raw};
use crate::error::{METHOD_NOT_FOUND, RpcError};
use crate::kept::KeptAnswers;
use crate::loaded::{ConnectionId, LoadedThreads};
use crate::protocol::Status;

pub(crate) use living::close;
pub(crate) use plugins::CallPlugins;

/// What a method is given.
pub(crate) struct Call<'a> {
    /// The home, as it can be read at the moment; it ends what is asked through it when the client goes.
    pub(crate) threads: &'a Threadkeep,
    /// Who asks.
    pub(crate) client: &'a Client,
    /// The parameters as they came.
    pub(crate) params: Option<&'a RawValue>,
    /// The threads that clients have open.
    pub(crate) loaded: &'a LoadedThreads,
    /// Answers that may be given again.
    pub(crate) kept: &'a KeptAnswers,
    /// The connection on which the call came.
    pub(crate) connection: ConnectionId,
    /// What there is of plugins.
    pub(crate) plugins: CallPlugins<'a>,
}

impl Call<'_> {
    /// Reads the parameters, in Codex's words where they are not right.
    pub(crate) fn read<P: DeserializeOwned>(&self) -> Result<P, RpcError> {
        read_params(self.params)
    }
}

/// Reads parameters, in Codex's words where they are not right.
pub(crate) fn read_params<P: DeserializeOwned>(params: Option<&RawValue>) -> Result<P, RpcError> {
    let invalid = |why: &dyn std::fmt::Display| RpcError::invalid(format!("Invalid request: {why}"));
    let params = params.ok_or_else(|| invalid(&"missing field `params`"))?;
    serde_json::from_str(params.get()).map_err(|error| {
        // Codex names no place in what was sent.
        let why = error.to_string();
        invalid(&why.rsplit_once(" at line ").map_or(why.as_str(), |(why, _)| why))
    })
}

/// What a method gives.
pub(crate) struct Answer {
    pub(crate) result: Box<RawValue>,
    /// What every client is told behind the answer.
    pub(crate) notices: Vec<Notification>,
    /// Another request of the same client that is to end, if it is under way.
    pub(crate) cancels: Option<RequestId>,
}

impl Answer {
    /// Makes an answer of its result alone.
    pub(crate) fn of(result: &impl serde::Serialize) -> MethodResult {
        Ok(Answer::with(raw(result)?))
    }

    /// Makes an answer of its result alone, which is JSON already.
    pub(crate) fn with(result: Box<RawValue>) -> Answer {
        Answer { result, notices: Vec::new(), cancels: None }
    }

    /// Adds another request of the same client that is to end.
    pub(crate) fn cancelling(self, request: RequestId) -> Answer {
        Answer { cancels: Some(request), ..self }
    }

    /// Adds what every client is told.
    pub(crate) fn telling_everyone(mut self, notification: Notification) -> Answer {
        self.notices.push(notification);
        self
    }
}

/// What comes of a method.
pub(crate) type MethodResult = Result<Answer, RpcError>;

/// A method of the protocol.
pub(crate) struct Method {
    /// Its name.
    pub(crate) name: &'static str,
    /// Whether only clients that say `experimentalApi` may call it.
    pub(crate) is_experimental: bool,
    /// Whether other requests of the same client need not wait for it, nor it for them.
    pub(crate) is_beside: bool,
    /// Whether it changes something, which waits for the state DB.
    pub(crate) is_change: bool,
    /// Answers a call.
    pub(crate) run: fn(&Call<'_>) -> MethodResult,
}

const fn stable(name: &'static str, run: fn(&Call<'_>) -> MethodResult) -> Method {
    Method { name, is_experimental: false, is_beside: false, is_change: false, run }
}

const fn experimental(name: &'static str, run: fn(&Call<'_>) -> MethodResult) -> Method {
    Method { name, is_experimental: true, is_beside: false, is_change: false, run }
}

impl Method {
    const fn beside(self) -> Method {
        Method { is_beside: true, ..self }
    }

    const fn changing(self) -> Method {
        Method { is_change: true, ..self }
    }
}

/// Every method but `initialize`, which a connection answers itself.
const METHODS: &[Method] = &[
    stable("account/read", starting::account),
    stable("config/read", starting::config),
    stable("configRequirements/read", starting::config_requirements),
    stable("getConversationSummary", reading::summary),
    stable("model/list", starting::models),
    experimental("rollout/compress", changing::compress).beside().changing(),
    experimental("server/diagnostics", changing::diagnostics).beside(),
    stable("skills/list", starting::skills),
    stable("thread/archive", changing::archive).changing(),
    stable("thread/compact/start", living::needs_a_model),
    stable("thread/delete", changing::delete).changing(),
    stable("thread/fork", branching::fork).changing(),
    stable("thread/goal/clear", goals::clear).changing(),
    stable("thread/goal/get", goals::get),
    stable("thread/goal/set", goals::set).changing(),
    stable("thread/inject_items", living::inject).changing(),
    stable("thread/items/list", turns::items),
    experimental("thread/items/read", turns::read_items),
    stable("thread/list", listing::list),
    stable("thread/loaded/list", reading::loaded),
    experimental("thread/memoryMode/set", changing::memory_mode).changing(),
    stable("thread/metadata/update", changing::metadata).changing(),
    stable("thread/name/set", changing::name).changing(),
    experimental("thread/queue/add", queue::add).changing(),
    experimental("thread/queue/delete", queue::delete).changing(),
    experimental("thread/queue/list", queue::list).changing(),
    experimental("thread/queue/reorder", queue::reorder).changing(),
    experimental("thread/queue/start", queue::start).changing(),
    experimental("thread/queue/update", queue::update).changing(),
    stable("thread/read", reading::read),
    stable("thread/resume", living::resume),
    stable("thread/revert", branching::revert).changing(),
    experimental("thread/search", searching::search).beside(),
    experimental("thread/search/cancel", searching::cancel).beside(),
    experimental("thread/search/stream", searching::stream).beside(),
    experimental("thread/search/stream/cancel", searching::cancel).beside(),
    experimental("thread/searchOccurrences", searching::search_occurrences),
    stable("thread/shellCommand", living::needs_a_model),
    stable("thread/start", living::start).changing(),
    stable("thread/turns/list", turns::list),
    stable("thread/unarchive", changing::unarchive).changing(),
    stable("thread/unsubscribe", living::unsubscribe).changing(),
    stable("threadSection/list", listing::sections),
    // It goes ahead though every place for searches is taken.
    stable("threadkeep/cancel", searching::cancel),
    stable("threadkeep/plugin/list", plugins::list),
    stable("threadkeep/thread/export", plugins::export).beside(),
    stable("turn/interrupt", living::needs_a_model),
    stable("turn/start", living::needs_a_model),
    stable("turn/steer", living::needs_a_model),
];

/// Says that nobody has a thread open any more.
pub(crate) fn not_loaded(thread: &str) -> Result<Notification, RpcError> {
    living::status_changed(thread, Status::NotLoaded)
}

/// Finds a method that a client may call.
///
/// # Errors
///
/// Codex's own words for a method that is experimental and was not asked for; for one that this server does not have, that it has not.
pub(crate) fn find(name: &str, client: &Client) -> Result<&'static Method, RpcError> {
    let method = METHODS.iter().find(|method| method.name == name);
    let method = method.ok_or_else(|| {
        let shown: String = name.chars().take(80).collect();
        RpcError::new(
            METHOD_NOT_FOUND,
            format!("{shown} is not supported: this server keeps threads and runs no model"),
        )
    })?;
    match method.is_experimental && !client.is_experimental {
        true => Err(RpcError::invalid(format!("{name} requires experimentalApi capability"))),
        false => Ok(method),
    }
}
