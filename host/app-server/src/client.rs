//! A client, as it introduced itself.

use std::collections::HashSet;

use serde::Deserialize;

/// A client that has introduced itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    /// Its name.
    pub(crate) name: String,
    /// Whether it may call experimental methods.
    pub(crate) is_experimental: bool,
    /// The notifications that it does not want, by their methods.
    opted_out: HashSet<String>,
}

/// What `initialize` is given.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Introduction {
    client_info: ClientInfo,
    #[serde(default)]
    capabilities: Option<Capabilities>,
}

#[derive(Deserialize)]
struct ClientInfo {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Capabilities {
    experimental_api: bool,
    opt_out_notification_methods: Option<Vec<String>>,
}

impl From<Introduction> for Client {
    fn from(introduction: Introduction) -> Client {
        let capabilities = introduction.capabilities.unwrap_or_default();
        Client {
            name: introduction.client_info.name,
            is_experimental: capabilities.experimental_api,
            opted_out: capabilities.opt_out_notification_methods.into_iter().flatten().collect(),
        }
    }
}

impl Client {
    /// Says whether it wants notifications of a method.
    pub(crate) fn wants(&self, method: &str) -> bool {
        !self.opted_out.contains(method)
    }
}
