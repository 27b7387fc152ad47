//! What Codex's own clients ask before they show anything: accounts, models, settings, none of which are here.

use serde::Serialize;

use super::{Answer, Call, MethodResult};

/// Says that no account is needed: a client that is told otherwise asks its user to sign in.
pub(super) fn account(_: &Call<'_>) -> MethodResult {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Account {
        account: Option<()>,
        requires_openai_auth: bool,
    }
    Answer::of(&Account { account: None, requires_openai_auth: false })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EmptyPage {
    data: [(); 0],
    next_cursor: Option<()>,
}

/// Gives no models: this server runs none.
pub(super) fn models(_: &Call<'_>) -> MethodResult {
    Answer::of(&EmptyPage { data: [], next_cursor: None })
}

/// Gives no skills.
pub(super) fn skills(_: &Call<'_>) -> MethodResult {
    #[derive(Serialize)]
    struct Skills {
        data: [(); 0],
    }
    Answer::of(&Skills { data: [] })
}

/// Demands nothing of a client's settings.
pub(super) fn config_requirements(_: &Call<'_>) -> MethodResult {
    #[derive(Serialize)]
    struct Requirements {
        requirements: Option<()>,
    }
    Answer::of(&Requirements { requirements: None })
}

/// Gives no settings: each client has its own.
pub(super) fn config(_: &Call<'_>) -> MethodResult {
    #[derive(Serialize)]
    struct Nothing {}
    #[derive(Serialize)]
    struct Config {
        config: Nothing,
        origins: Nothing,
    }
    Answer::of(&Config { config: Nothing {}, origins: Nothing {} })
}
