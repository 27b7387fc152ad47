//! The methods without a connection, for programs that have the home open themselves.

use serde_json::value::RawValue;
use threadkeep::{Cancellation, Threadkeep};

use crate::client::Client;
use crate::envelope::Notification;
use crate::error::{INVALID_PARAMS, RpcError};
use crate::kept::KeptAnswers;
use crate::loaded::LoadedThreads;
use crate::methods::{Call, CallPlugins, find};

/// The number of the one connection that there seems to be.
const CONNECTION: u64 = 0;

/// Asks the methods of the protocol as a client that may call experimental ones; it has no plugins.
pub struct DirectClient {
    threads: Threadkeep,
    loaded: LoadedThreads,
    kept: KeptAnswers,
    client: Client,
}

/// What comes of a method.
#[derive(Clone, Debug)]
pub struct DirectAnswer {
    /// The result, as JSON.
    pub result: String,
    /// What clients are told behind it: each a notification as JSON.
    pub notifications: Vec<String>,
}

impl DirectClient {
    /// Makes a client of a home.
    pub fn new(threads: Threadkeep) -> DirectClient {
        let mut client = Client::default();
        client.is_experimental = true;
        client.name = "direct".into();
        DirectClient { threads, loaded: LoadedThreads::default(), kept: KeptAnswers::default(), client }
    }

    /// Calls a method with parameters, which are JSON.
    ///
    /// # Errors
    ///
    /// As the method answers them; code -32602 where they are no JSON.
    pub fn ask(&self, method: &str, params: &str) -> Result<DirectAnswer, RpcError> {
        let params: Option<&RawValue> = serde_json::from_str(params)
            .map_err(|error| RpcError::new(INVALID_PARAMS, format!("the parameters are no JSON: {error}")))?;
        let cancellation = Cancellation::default();
        let call = Call {
            threads: &self.threads,
            client: &self.client,
            params,
            loaded: &self.loaded,
            kept: &self.kept,
            connection: CONNECTION,
            plugins: CallPlugins { installed: None, cancellation: &cancellation },
        };
        let answer = (find(method, &self.client)?.run)(&call)?;
        let notifications = answer.notices.iter().map(Notification::text).collect();
        Ok(DirectAnswer { result: answer.result.get().to_owned(), notifications })
    }
}
