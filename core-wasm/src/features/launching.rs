//! Decides how a thread is gone on with in Codex: where, and with which of the rights that it had.
//!
//! ```text
//! named or here ─→ there
//! last directory ─→ there and the first one too? alike: there; else it is asked
//!               └─→ gone: it is asked, of those of the same remote that are there
//! recorded sandbox or approval narrower than the configured one ─→ passed on
//! ```
//!
//! What is passed on never allows more than what is configured: where the configuration does not say how wide it is, only
//! what nothing is narrower than is passed on.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use contract::{
    Configured, DirectoryQuestion, Launch, LaunchDirectory, LaunchFacts, LaunchSetting, Place, WantedDirectory,
};

use crate::text::json::Cursor;
use crate::text::paths::is_foreign;

/// Providers that every Codex has.
const BUILT_IN_PROVIDERS: [&str; 5] = ["openai", "ollama", "lmstudio", "oss", "amazon-bedrock"];

/// Sandboxes, the narrowest first.
const SANDBOXES: [&str; 3] = ["read-only", "workspace-write", "danger-full-access"];

/// Approval policies, the one that asks most first.
const APPROVALS: [&str; 4] = ["untrusted", "on-request", "on-failure", "never"];

/// Returns how a thread is gone on with.
pub fn plan_launch(facts: LaunchFacts) -> Launch {
    let mut launch = Launch {
        directory: directory(&facts),
        policy: Vec::new(),
        settings: Vec::new(),
        is_archived: facts.thread.archived,
        warnings: Vec::new(),
    };
    if is_foreign(&facts.thread.path) {
        return Launch { is_archived: false, ..launch };
    }
    let LaunchFacts { recorded, configured, thread, current_policy, .. } = &facts;
    let recorded = recorded.clone().unwrap_or_default();
    if let Some(sandbox) = recorded.sandbox_policy.as_deref().and_then(sandbox_mode) {
        let configured = configured.sandbox_mode.as_deref();
        let passed = !current_policy && is_narrower(&SANDBOXES, &sandbox, configured);
        if passed {
            launch.policy.extend(["--sandbox".to_owned(), sandbox.clone()]);
        }
        launch.settings.extend(setting("sandbox", &sandbox, configured, passed));
    }
    if let Some(approval) = recorded.approval_mode {
        let configured = configured.approval_policy.as_deref();
        let passed = !current_policy && is_narrower(&APPROVALS, &approval, configured);
        if passed {
            launch.policy.extend(approval_arguments(&approval));
        }
        launch.settings.extend(setting("approval", &approval, configured, passed));
    }
    if let Some(model) = &thread.model {
        launch.settings.extend(setting("model", model, configured.model.as_deref(), false));
    }
    if let Some(provider) = &thread.model_provider {
        launch.settings.extend(setting("provider", provider, Some(&configured.model_provider), false));
        if !is_known(configured, provider) {
            launch.warnings.push(format!(
                "Codex's configuration has no provider '{provider}', which the thread was written with: Codex may refuse to go \
                 on with it until config.toml has it again"
            ));
        }
    }
    launch
}

/// Where it is gone on, or what is asked.
fn directory(facts: &LaunchFacts) -> LaunchDirectory {
    let asked = |why: String, gone: Option<&Place>| {
        let there = [&facts.last, &facts.first].into_iter().flatten().filter(|place| place.is_there);
        let offered = there.map(|place| &place.path).chain(&facts.same_remote).chain([&facts.here]);
        let mut choices: Vec<String> = Vec::new();
        for path in offered {
            if !choices.contains(path) {
                choices.push(path.clone());
            }
        }
        LaunchDirectory::Asked(DirectoryQuestion { why, choices, gone: gone.map(|place| place.path.clone()) })
    };
    match &facts.directory {
        WantedDirectory::Named(path) => return LaunchDirectory::Chosen(path.clone()),
        WantedDirectory::Here => return LaunchDirectory::Chosen(facts.here.clone()),
        WantedDirectory::Recorded => {}
    }
    match (&facts.first, &facts.last) {
        (None, None) => asked("it is not recorded in which directory the thread was".into(), None),
        (_, Some(last)) if !last.is_there => {
            asked(format!("its directory {} is not there any more", last.path), Some(last))
        }
        (Some(first), Some(last)) if first.path != last.path => {
            asked(format!("the thread began in {}, and its last turn was in {}", first.path, last.path), None)
        }
        (_, Some(last)) => LaunchDirectory::Chosen(last.path.clone()),
        (Some(first), None) if first.is_there => LaunchDirectory::Chosen(first.path.clone()),
        (Some(first), None) => asked(format!("its directory {} is not there any more", first.path), Some(first)),
    }
}

/// Says whether what was recorded is narrower than what is configured: for certain, whatever a configuration means that does not
/// say it.
fn is_narrower(order: &[&str], recorded: &str, configured: Option<&str>) -> bool {
    let rank = |value: &str| order.iter().position(|known| *known == value);
    match (rank(recorded), configured) {
        (None, _) => false,
        (Some(recorded), None) => recorded == 0,
        (Some(recorded), Some(configured)) => rank(configured).is_some_and(|configured| recorded < configured),
    }
}

/// The arguments that ask at least as much. Newer versions take two policies by a flag, and have no `on-failure`.
fn approval_arguments(approval: &str) -> Vec<String> {
    match approval {
        "untrusted" => Vec::from(["-c".to_owned(), "approval_policy=\"untrusted\"".to_owned()]),
        _ => Vec::from(["--ask-for-approval".to_owned(), "on-request".to_owned()]),
    }
}

fn setting(name: &str, recorded: &str, configured: Option<&str>, is_passed_on: bool) -> Option<LaunchSetting> {
    (configured != Some(recorded)).then(|| LaunchSetting {
        name: name.to_owned(),
        recorded: recorded.to_owned(),
        configured: configured.map(ToOwned::to_owned),
        is_passed_on,
    })
}

fn is_known(configured: &Configured, provider: &str) -> bool {
    provider == configured.model_provider
        || BUILT_IN_PROVIDERS.contains(&provider)
        || configured.providers.iter().any(|known| known == provider)
}

/// The mode of a sandbox, by a recorded policy: `{"type":"read-only"}`, or, of older versions, `{"mode":"read-only"}`.
fn sandbox_mode(policy: &str) -> Option<String> {
    let mut mode = None;
    let read = Cursor::new(policy.as_bytes()).object(|c, key| match key.raw() {
        b"type" | b"mode" => c.text().map(|text| mode = text.map(|text| text.decode().into_owned())),
        _ => c.skip(),
    });
    mode.filter(|_| read.is_ok())
}
