//! `relocate`

use std::fmt::Write as _;

use serde_json::{Value, json};
use threadkeep::component::types::ThreadRow;
use threadkeep::features::moved_directories::{self, Evidence, Relocation};

use super::Session;
use super::keeping::exit_code;
use crate::cli::args::relocate::Relocate;
use crate::cli::{NotStored, confirm, item, say, text};

impl Session {
    pub(super) fn relocate_directory(&self, asked: &Relocate) -> anyhow::Result<()> {
        self.with_state("relocate")?;
        let (Some(old), Some(new)) = (&asked.old, &asked.new) else {
            let (state, _) = self.start(&self.config())?;
            let told = match &asked.undo {
                Some(old) => {
                    let gone = moved_directories::undo(&state, old).map_err(exit_code)?;
                    vec![gone.ok_or_else(|| NotStored(format!("{old} was not relocated")))?]
                }
                None => moved_directories::list(&state).map_err(exit_code)?,
            };
            let items: Vec<Value> = told.iter().map(document).collect();
            return self.print(json!({"items": items}), || told.iter().map(line).collect());
        };
        if !asked.dry_run {
            confirm::can_ask(asked.yes, "--yes relocates, --dry-run shows the evidence")?;
        }
        let (state, _) = self.start(&self.config())?;
        let is_new = moved_directories::check(&state, old, new).map_err(exit_code)?;
        let evidence = moved_directories::evidence(&self.runtime, &self.home, &state, old, new)?;
        if is_new && !asked.dry_run {
            let question = format!("find the threads of {old} under {new}?");
            if !asked.yes && !confirm::agreed(&words(&evidence, old, new), &question)? {
                anyhow::bail!("nothing was changed");
            }
            moved_directories::relocate(&state, old, new, jiff::Timestamp::now().as_millisecond())
                .map_err(exit_code)?;
        }
        if !self.global.json && !asked.dry_run {
            say(if is_new {
                "Codex is told of it by: threadkeep repair apply --target codex"
            } else {
                "that was told already"
            });
        }
        let Evidence { from_exists, to_exists, origin, threads, same_origin, origins } = &evidence;
        let origins: Vec<Value> =
            origins.iter().map(|(url, threads)| json!({"url": url, "threads": threads})).collect();
        let document = json!({
            "from": old,
            "to": new,
            "fromExists": from_exists,
            "toExists": to_exists,
            "origin": origin,
            "threads": threads,
            "sameOrigin": same_origin,
            "origins": origins,
            "relocated": is_new && !asked.dry_run,
        });
        self.print(document, || words(&evidence, old, new))
    }

    /// Where a thread's directory is now, if that is another place than was recorded.
    pub(super) fn current_cwd(&self, row: &ThreadRow) -> Option<String> {
        self.relocations.get()?.current(row.cwd.as_deref()).ok().flatten()
    }
}

fn document(told: &Relocation) -> Value {
    json!({"from": told.from, "to": told.to, "at": item::time(told.at)})
}

fn line(told: &Relocation) -> String {
    format!("{} -> {}\n", text::shown(&told.from), text::shown(&told.to))
}

fn words(evidence: &Evidence, old: &str, new: &str) -> String {
    let mut out = String::new();
    let there = |is_there: bool, yes: &str, no: &str| if is_there { yes.to_owned() } else { no.to_owned() };
    let _ = writeln!(out, "{}  {}", text::shown(old), there(evidence.from_exists, "is still there", "is gone"));
    let _ = writeln!(out, "{}  {}", text::shown(new), there(evidence.to_exists, "is there", "is not there"));
    let _ = writeln!(out, "threads  {}", evidence.threads);
    match &evidence.origin {
        Some(origin) => {
            let _ = writeln!(out, "origin  {}, which {} of them recorded", text::plain(origin), evidence.same_origin);
        }
        None => out.push_str("origin  no git remote is told at the new place\n"),
    }
    for (url, threads) in evidence.origins.iter().take(10) {
        let _ = writeln!(out, "recorded  {} in {threads}", text::plain(url));
    }
    out
}
