//! What the commands about what is kept beside threads have in common; `device-key`, `clean`, `migrate`.

use std::fmt::Write as _;

use serde_json::{Value, json};
use threadkeep::db::{FeatureError, StateDb};
use threadkeep::features::device_keys::{self, Binding};
use threadkeep::features::personality::{self, Outcome};
use threadkeep::features::shell_snapshots::{self, Fate, Snapshot};
use threadkeep::startup::Config;

use super::Session;
use crate::cli::args::keeping::{Clean, DeviceKey, Migrate};
use crate::cli::{NotStored, Usage, confirm, item, say, text};

/// Milliseconds of now.
pub(super) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Each failure by its own exit code.
pub(super) fn exit_code(error: FeatureError) -> anyhow::Error {
    match error {
        FeatureError::Invalid(_) | FeatureError::NeedsState(_) => Usage(error.to_string()).into(),
        error => error.into(),
    }
}

impl Session {
    /// The handle, for a command that cannot do without it.
    pub(super) fn handle(&self, command: &str) -> anyhow::Result<StateDb> {
        match self.global.no_state {
            true => Err(Usage(format!("{command} needs the state DB, so it cannot go with --no-state")).into()),
            false => Ok(self.start(&self.config())?.0),
        }
    }

    /// The id of a thread, found as `find` finds it.
    pub(super) fn id_of(&self, state: Option<&StateDb>, wanted: &str) -> anyhow::Result<String> {
        Ok(self.finder(state)?.find(wanted, None)?.row.id)
    }

    /// `device-key`
    pub(super) fn device_key(&self, asked: &DeviceKey) -> anyhow::Result<()> {
        let state = match self.global.no_state {
            true => None,
            false => Some(self.start(&self.config())?.0),
        };
        let state = state.as_ref();
        match asked {
            DeviceKey::Put { key, account, client } => {
                let binding = device_keys::put(state, key, account, client, now()).map_err(exit_code)?;
                self.print(binding_document(&binding), || binding_line(&binding))
            }
            DeviceKey::Get { key } => {
                let binding = device_keys::get(state, key).map_err(exit_code)?;
                let binding = binding.ok_or_else(|| NotStored(format!("no device key '{key}' is bound")))?;
                self.print(binding_document(&binding), || binding_line(&binding))
            }
            DeviceKey::Delete { key } => {
                if !device_keys::delete(state, key).map_err(exit_code)? {
                    return Err(NotStored(format!("no device key '{key}' is bound")).into());
                }
                self.print(json!({"keyId": key, "deleted": true}), String::new)
            }
            DeviceKey::List => {
                let bindings = device_keys::list(state).map_err(exit_code)?;
                let items: Vec<Value> = bindings.iter().map(binding_document).collect();
                self.print(json!({"items": items}), || bindings.iter().map(binding_line).collect())
            }
        }
    }

    /// `clean`
    pub(super) fn clean(
        &self,
        Clean::ShellSnapshots { older_than, active, dry_run, yes }: &Clean,
    ) -> anyhow::Result<()> {
        if !dry_run {
            confirm::can_ask(*yes, "--yes removes, --dry-run shows what would go")?;
        }
        // Whoever removes must know every rollout: rows are never simply trusted.
        let state = match self.global.no_state {
            true => None,
            false => match self.start(&Config { refresh: true, ..self.config() }) {
                Ok((state, _)) => Some(state),
                Err(error) => {
                    say(&format!("{error:#}; answering from the files"));
                    None
                }
            },
        };
        let own = std::env::var("CODEX_THREAD_ID").ok().filter(|id| !id.is_empty());
        let mut threads = Vec::new();
        for id in active {
            threads.push(self.id_of(state.as_ref(), id)?);
        }
        threads.extend(own);
        let plan = shell_snapshots::plan(&self.runtime, &self.home, state.as_ref(), *older_than, &threads)
            .map_err(exit_code)?;
        let going = plan.iter().filter(|snapshot| snapshot.fate.is_final()).count();
        if !dry_run && going > 0 {
            let question = format!("remove {going} shell snapshot(s) for good?");
            if !yes && !confirm::agreed(&lines(&plan), &question)? {
                anyhow::bail!("nothing was removed");
            }
            shell_snapshots::remove(&self.home, &plan).map_err(exit_code)?;
        }
        if !self.global.json {
            for left in plan.iter().filter(|snapshot| snapshot.fate == Fate::Foreign) {
                say(&format!("{} is no snapshot of a thread, and was left", left.name));
            }
        }
        let of = |wanted: fn(Fate) -> bool| -> Vec<Value> {
            let wanted = plan.iter().filter(|snapshot| wanted(snapshot.fate));
            wanted
                .map(|snapshot| json!({"name": snapshot.name, "size": snapshot.size, "why": why(snapshot.fate)}))
                .collect()
        };
        let document = json!({
            "items": of(Fate::is_final),
            "kept": of(|fate| matches!(fate, Fate::Active | Fate::Fresh)),
            "left": of(|fate| fate == Fate::Foreign),
            "removed": !dry_run,
        });
        self.print(document, || lines(&plan))
    }

    /// `migrate`
    pub(super) fn migrate(&self, Migrate::Personality { yes }: &Migrate) -> anyhow::Result<()> {
        confirm::can_ask(*yes, "--yes sets the personality where there is none")?;
        let state = self.start_to_look();
        if !yes {
            let outcome = personality::look(&self.runtime, &self.home, state.as_ref()).map_err(exit_code)?;
            let question = "set personality = \"pragmatic\" in config.toml?";
            if outcome == Outcome::Set && !confirm::agreed("", question)? {
                anyhow::bail!("nothing was changed");
            }
        }
        let outcome = personality::migrate(&self.runtime, &self.home, state.as_ref()).map_err(exit_code)?;
        let (reason, words) = match outcome {
            Outcome::Set => (None, "personality = \"pragmatic\" is set"),
            Outcome::DoneBefore => (Some("doneBefore"), "this home was migrated before; nothing was changed"),
            Outcome::Chosen => (Some("chosen"), "a personality is chosen already; config.toml was left as it is"),
            Outcome::NoThreads => (Some("noThreads"), "there are no threads; config.toml was left as it is"),
        };
        let document = json!({"changed": outcome == Outcome::Set, "reason": reason});
        self.print(document, || format!("{words}\n"))
    }
}

fn binding_document(binding: &Binding) -> Value {
    json!({
        "keyId": binding.key_id,
        "accountUserId": binding.account_user_id,
        "clientId": binding.client_id,
        "createdAt": item::time(binding.created_at),
        "updatedAt": item::time(binding.updated_at),
    })
}

fn binding_line(binding: &Binding) -> String {
    let shown = |part: &str| text::plain(part);
    let Binding { key_id, account_user_id, client_id, .. } = binding;
    format!("{}  {}  {}\n", shown(key_id), shown(account_user_id), shown(client_id))
}

fn why(fate: Fate) -> &'static str {
    match fate {
        Fate::Active => "active",
        Fate::Fresh => "fresh",
        Fate::Orphaned => "orphaned",
        Fate::Expired => "expired",
        Fate::Foreign => "foreign",
    }
}

/// What goes, and for what.
fn lines(plan: &[Snapshot]) -> String {
    let mut out = String::new();
    for snapshot in plan.iter().filter(|snapshot| snapshot.fate.is_final()) {
        let _ = writeln!(out, "{}  {}", text::plain(&snapshot.name), why(snapshot.fate));
    }
    out
}
