//! `memory`

use std::time::Duration;

use clap::ValueEnum as _;
use serde_json::{Value, json};
use threadkeep::component::types::Collection;
use threadkeep::features::memories::{self, MemoryBounds};
use threadkeep::threads::change::{Changes, MetadataPatch};

use super::Session;
use super::change::exit_code as change_code;
use super::keeping::{exit_code, now};
use crate::cli::args::SourceKind;
use crate::cli::args::keeping::{Bounds, Claimed, Memory, Mode};
use crate::cli::item;

impl Session {
    /// `memory`
    pub(super) fn memory(&self, asked: &Memory) -> anyhow::Result<()> {
        match asked {
            Memory::Mode { thread, mode, observed } => self.memory_mode(&thread.id, *mode, !observed),
            Memory::Candidates(bounds) => {
                let state = self.handle("memory candidates")?;
                let found =
                    memories::candidates(&state, &core_bounds(bounds), bounds.limit, now()).map_err(exit_code)?;
                let item = |(id, updated): &(String, i64)| json!({"threadId": id, "updatedAt": item::time(*updated)});
                let items: Vec<Value> = found.iter().map(item).collect();
                self.print(json!({"items": items}), || found.iter().map(|(id, _)| format!("{id}\n")).collect())
            }
            Memory::Claim { bounds, worker, lease } => {
                let state = self.handle("memory claim")?;
                let claims = memories::claim(&state, worker, &core_bounds(bounds), millis(*lease), bounds.limit, now())
                    .map_err(exit_code)?;
                let item = |claim: &memories::Claim| {
                    json!({
                        "threadId": claim.thread,
                        "token": claim.token,
                        "until": item::time(claim.until),
                        "updatedAt": item::time(claim.updated_at),
                    })
                };
                let items: Vec<Value> = claims.iter().map(item).collect();
                self.print(json!({"items": items}), || {
                    claims.iter().map(|claim| format!("{}  {}\n", claim.thread, claim.token)).collect()
                })
            }
            Memory::Renew { claim: Claimed { thread, token }, lease } => {
                let state = self.handle("memory renew")?;
                let id = self.id_of(Some(&state), &thread.id)?;
                let until = memories::renew(&state, &id, token, millis(*lease), now()).map_err(exit_code)?;
                let until = item::time(until);
                self.print(json!({"threadId": id, "until": until}), || format!("{until}\n"))
            }
            Memory::Finish { claim: Claimed { thread, token }, up_to } => {
                let state = self.handle("memory finish")?;
                let id = self.id_of(Some(&state), &thread.id)?;
                memories::finish(&state, &id, token, *up_to, now()).map_err(exit_code)?;
                self.print(json!({"threadId": id, "upTo": item::time(*up_to)}), String::new)
            }
            Memory::Fail { claim: Claimed { thread, token }, retry_after } => {
                let state = self.handle("memory fail")?;
                let id = self.id_of(Some(&state), &thread.id)?;
                let now = now();
                memories::fail(&state, &id, token, millis(*retry_after), now).map_err(exit_code)?;
                let again = item::time(now.saturating_add(millis(*retry_after)));
                self.print(json!({"threadId": id, "retryAfter": again}), String::new)
            }
        }
    }

    fn memory_mode(&self, wanted: &str, mode: Option<Mode>, given: bool) -> anyhow::Result<()> {
        let row = match mode {
            None => self.look_up(wanted, None)?.row,
            Some(mode) => {
                let state = self.handle("memory mode")?;
                let row = self.finder(Some(&state))?.find(wanted, None)?.row;
                let to = match mode {
                    Mode::Enabled => "enabled",
                    Mode::Disabled => "disabled",
                    Mode::Polluted => "polluted",
                };
                let next = memories::next_mode(&state, row.memory_mode.as_deref(), to, given).map_err(exit_code)?;
                if row.memory_mode.as_ref() == Some(&next) {
                    row
                } else {
                    let patch = MetadataPatch { memory_mode: Some(Some(next)), ..MetadataPatch::default() };
                    let mut changes = Changes::new(&self.runtime, &self.home, Some(&state)).map_err(change_code)?;
                    changes.patch(&row.id, &patch).map_err(change_code)?
                }
            }
        };
        let mode = row.memory_mode.as_deref();
        self.print(json!({"threadId": row.id, "memoryMode": mode}), || format!("{}\n", mode.unwrap_or("none")))
    }
}

fn core_bounds(bounds: &Bounds) -> MemoryBounds {
    let Bounds { idle, window, archived, all, source, .. } = bounds;
    let within = match (archived, all) {
        (true, _) => Some(Collection::Archived),
        (_, true) => None,
        _ => Some(Collection::Active),
    };
    let named: &[SourceKind] = match source.contains(&SourceKind::Any) {
        true => SourceKind::value_variants(),
        false => source,
    };
    let kinds = || named.iter().filter_map(|kind| kind.row_kinds()).flatten().map(|kind| kind.to_string());
    let source_kinds = (!source.is_empty()).then(|| kinds().collect());
    MemoryBounds { idle: millis(*idle), window: millis(*window), within, source_kinds }
}

fn millis(span: Duration) -> i64 {
    span.as_millis().min(i64::MAX as u128) as i64
}
