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

/// Gives one model, which stands for none: Codex's terminal opens no thread where it is offered none and its user set none.
pub(super) fn models(_: &Call<'_>) -> MethodResult {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Page {
        data: [Model; 1],
        next_cursor: Option<()>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Model {
        id: &'static str,
        model: &'static str,
        display_name: &'static str,
        description: &'static str,
        hidden: bool,
        is_default: bool,
        default_reasoning_effort: &'static str,
        supported_reasoning_efforts: [Effort; 1],
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Effort {
        reasoning_effort: &'static str,
        description: &'static str,
    }
    let none = Model {
        id: "none",
        model: "none",
        display_name: "none",
        description: "Threads can be read and kept here; no model runs",
        hidden: false,
        is_default: true,
        default_reasoning_effort: "none",
        supported_reasoning_efforts: [Effort { reasoning_effort: "none", description: "No model runs" }],
    };
    Answer::of(&Page { data: [none], next_cursor: None })
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
