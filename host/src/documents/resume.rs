//! How a thread is gone on with.

use schemars::JsonSchema;
use serde::Serialize;
use threadkeep_engine::contract::LaunchSetting;

/// How a thread is gone on with in the program that it is of.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Resumption {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The absolute path of the directory in which it is started.
    pub directory: String,
    /// Whether the thread is in the archive, out of which it has to be taken first.
    pub is_archived: bool,
    /// Settings that are not what they were.
    pub settings: Vec<ResumptionSetting>,
    /// The thread.
    pub thread_id: String,
}

/// A setting that is not what it was.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ResumptionSetting {
    /// What the configuration says now; null where it says nothing.
    pub configured: Option<String>,
    /// Whether what was recorded is passed on, since it allows less.
    pub is_passed_on: bool,
    /// `sandbox`, `approval`, `model` or `provider`.
    pub name: String,
    /// What the last turn of the thread had.
    pub recorded: String,
}

impl From<LaunchSetting> for ResumptionSetting {
    fn from(setting: LaunchSetting) -> ResumptionSetting {
        let LaunchSetting { name, recorded, configured, is_passed_on } = setting;
        ResumptionSetting { configured, is_passed_on, name, recorded }
    }
}
