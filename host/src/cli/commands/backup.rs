//! `backup`

use std::fmt::Write as _;

use serde_json::json;
use threadkeep::health::backup::{self as backups, Backup, BackupError, Putting, Restore, Verified, Wanted};

use super::Session;
use crate::cli::args::backup::Backup as Asked;
use crate::cli::{NotStored, Usage, confirm, exit, say, text};

impl Session {
    /// Needs no handle: a state DB that cannot be used is backed up, and replaced, all the same.
    pub(super) fn backup(&self, asked: &Asked) -> anyhow::Result<u8> {
        match asked {
            Asked::Create { reason, keep, logs } => {
                self.with_state("backup create")?;
                let wanted = Wanted { reason: reason.clone(), keep: *keep as usize, logs: *logs };
                let made = backups::create(&self.home, &self.state_dir, None, &wanted).map_err(exit_code)?;
                for saved in made.files.iter().filter(|saved| saved.is_database()) {
                    if let Some(why) = &saved.damaged {
                        say(&format!(
                            "{} is damaged ({why}); its bytes were copied as they are",
                            saved.place.display()
                        ));
                    }
                }
                self.print(&made, || line(&made))?;
            }
            Asked::List => {
                let (found, wrong) = backups::backups(&self.state_dir).map_err(exit_code)?;
                self.warn(&wrong);
                if let Some(name) = backups::unfinished(&self.state_dir) {
                    say(&format!("restoring {name} was broken off; `backup restore {name}` goes on with it"));
                }
                self.print(json!({"items": found}), || found.iter().map(line).collect())?;
            }
            Asked::Verify { name } => return self.verify(name.as_deref()),
            Asked::Restore { name, only, yes } => self.restore(name, only, *yes)?,
        }
        Ok(exit::DONE)
    }

    /// Exit code 1 if anything is wrong with one.
    fn verify(&self, name: Option<&str>) -> anyhow::Result<u8> {
        let (wanted, wrong) = match name {
            Some(name) => (vec![backups::named(&self.state_dir, name).map_err(exit_code)?], Vec::new()),
            None => backups::backups(&self.state_dir).map_err(exit_code)?,
        };
        self.warn(&wrong);
        let verified: Vec<Verified> = wanted.iter().map(backups::verify).collect::<Result<_, _>>()?;
        self.print(json!({"items": verified}), || verified.iter().map(judgement).collect())?;
        let sound = wrong.is_empty() && verified.iter().all(|verified| verified.sound);
        Ok(if sound { exit::DONE } else { exit::FAILED })
    }

    fn restore(&self, name: &str, only: &[String], yes: bool) -> anyhow::Result<()> {
        self.with_state("backup restore")?;
        confirm::can_ask(yes, "--yes puts the backup in the place of what is there")?;
        let backup = backups::named(&self.state_dir, name).map_err(exit_code)?;
        let restore = Restore::of(&self.home, &self.state_dir, backup.clone(), only).map_err(exit_code)?;
        let puttings = restore.puttings();
        let question = format!("put these {} file(s) of {} back?", puttings.len(), backup.name);
        if !yes && !confirm::agreed(&preview(&puttings), &question)? {
            anyhow::bail!("nothing was restored");
        }
        let before = restore.carry_out().map_err(exit_code)?;
        if let (Some(before), false) = (&before, self.global.json) {
            say(&format!("what was there before is in {}", before.path.display()));
        }
        let document = json!({"backup": backup.name, "items": puttings, "before": before.map(|before| before.name)});
        self.print(document, || preview(&puttings))
    }
}

fn line(backup: &Backup) -> String {
    let names: Vec<&str> = backup.files.iter().map(|saved| saved.name.as_str()).collect();
    format!("{}  {} bytes  {}\n", text::plain(&backup.name), backup.bytes, text::plain(&names.join(" ")))
}

fn judgement(verified: &Verified) -> String {
    let mut out = format!("{}  {}\n", text::plain(&verified.name), if verified.sound { "sound" } else { "not sound" });
    for fault in &verified.faults {
        let _ = writeln!(out, "  {}: {}", text::plain(&fault.file), text::plain(&fault.problem));
    }
    out
}

/// A line a file: how large it is, how large what it replaces, and where.
fn preview(puttings: &[Putting]) -> String {
    let mut out = String::new();
    for Putting { place, bytes, present_bytes, .. } in puttings {
        let over = present_bytes.map_or("nothing".into(), |bytes| format!("{bytes} bytes"));
        let _ = writeln!(out, "{bytes} bytes over {over}  {}", text::shown(&place.to_string_lossy()));
    }
    out
}

/// Each failure by its own exit code.
fn exit_code(error: BackupError) -> anyhow::Error {
    match error {
        BackupError::Unknown(_) => NotStored(error.to_string()).into(),
        BackupError::NotHeld(..) | BackupError::Reason(_) => Usage(error.to_string()).into(),
        error => error.into(),
    }
}
