//! The methods that are answered, by their names.
//!
//! A method takes a [`Call`] and gives an [`Answer`]: its result, and what all clients are told behind it. What it does with threads
//! the facade does; here stands what Codex's protocol calls it.

mod starting;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use threadkeep::{Cancellation, Threadkeep};

use crate::client::Client;
use crate::envelope::{Notification, raw};
use crate::error::{METHOD_NOT_FOUND, RpcError};

/// What a method is given.
pub(crate) struct Call<'a> {
    /// The home, as it can be read at the moment; it ends what is asked through it when the client goes.
    pub(crate) threads: &'a Threadkeep,
    /// Who asks.
    pub(crate) client: &'a Client,
    /// The parameters as they came.
    pub(crate) params: Option<&'a RawValue>,
    /// Whether the client wants no answer any more.
    pub(crate) cancellation: &'a Cancellation,
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
    /// What is told behind the answer.
    pub(crate) notices: Vec<Notice>,
}

/// What is told to clients.
pub(crate) struct Notice {
    pub(crate) notification: Notification,
    pub(crate) audience: Audience,
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Whoever asked.
    Asker,
    /// Every client that has introduced itself.
    Everyone,
}

impl Answer {
    /// Makes an answer of its result alone.
    pub(crate) fn of(result: &impl serde::Serialize) -> MethodResult {
        Ok(Answer { result: raw(result)?, notices: Vec::new() })
    }

    /// Adds what every client is told.
    pub(crate) fn telling_everyone(self, notification: Notification) -> Answer {
        self.telling(notification, Audience::Everyone)
    }

    /// Adds what the asker alone is told.
    pub(crate) fn telling_asker(self, notification: Notification) -> Answer {
        self.telling(notification, Audience::Asker)
    }

    fn telling(mut self, notification: Notification, audience: Audience) -> Answer {
        self.notices.push(Notice { notification, audience });
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
    /// Answers a call.
    pub(crate) run: fn(&Call<'_>) -> MethodResult,
}

const fn stable(name: &'static str, run: fn(&Call<'_>) -> MethodResult) -> Method {
    Method { name, is_experimental: false, is_beside: false, run }
}

/// Every method but `initialize`, which a connection answers itself.
const METHODS: &[Method] = &[
    stable("account/read", starting::account),
    stable("config/read", starting::config),
    stable("configRequirements/read", starting::config_requirements),
    stable("model/list", starting::models),
    stable("skills/list", starting::skills),
];

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
