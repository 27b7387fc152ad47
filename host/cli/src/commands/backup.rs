//! The command `backup`: creates, lists, verifies and restores backups.

use std::fmt::Write as _;

use clap::Subcommand;
use threadkeep::documents::{Backup as BackupDocument, Backups, RestoredBackup, VerifiedBackups};
use threadkeep::health::backup::{Backup as SavedFile, PlannedFile, Verified, Wanted};

use crate::context::Context;
use crate::failure::{exit, say};
use crate::{confirm, text, values};

/// `backup`
#[derive(Subcommand)]
pub(crate) enum Backup {
    /// Copy the databases and indexes of the home and of the state directory
    Create {
        /// What for: a part of its name
        #[arg(long, value_name = "WORD", value_parser = values::text)]
        reason: Option<String>,
        /// How many backups of this reason are kept; the oldest ones go
        #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
        #[arg(allow_negative_numbers = true)]
        keep: u32,
        /// Codex's logs too, which may be huge
        #[arg(long)]
        logs: bool,
    },
    /// List the backups, newest first
    List,
    /// Check sums and databases of a backup, or of all
    Verify {
        /// Its name, or how it begins
        #[arg(value_name = "NAME", value_parser = values::text)]
        name: Option<String>,
    },
    /// Put the files of a backup back, after backing up what is there now
    Restore {
        /// Its name, or how it begins
        #[arg(value_name = "NAME", value_parser = values::text)]
        name: String,
        /// Only these of its files
        #[arg(long, value_name = "FILE", value_delimiter = ',', value_parser = values::text)]
        only: Vec<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

impl Backup {
    /// Runs the command without a handle: a state DB that cannot be used is backed up, and replaced, all the same.
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        match self {
            Backup::Create { reason, keep, logs } => {
                context.with_state("backup create", "writes")?;
                let wanted = Wanted { reason, keep: keep as usize, logs, needed: None };
                let made = context.inspector()?.create_backup(&wanted)?;
                for saved in made.files.iter().filter(|saved| saved.is_database()) {
                    if let Some(why) = &saved.damaged {
                        let place = saved.place.display();
                        say(&format!("{place} is damaged ({why}); its bytes were copied as they are"));
                    }
                }
                context.print(BackupDocument::from(&made), || line(&made))?;
                Ok(exit::DONE)
            }
            Backup::List => {
                let found = context.inspector()?.backups()?;
                context.print(Backups::from(&found[..]), || found.iter().map(line).collect())?;
                Ok(exit::DONE)
            }
            Backup::Verify { name } => verify(context, name.as_deref()),
            Backup::Restore { name, only, yes } => restore(context, &name, &only, yes),
        }
    }
}

/// Verifies one backup or all; the exit code is 1 if anything is wrong with one.
fn verify(context: &Context, name: Option<&str>) -> anyhow::Result<u8> {
    let found = context.inspector()?.verify_backups(name)?;
    found.unreadable.iter().for_each(|warning| say(warning));
    let verified = &found.verified[..];
    context.print(VerifiedBackups::from(verified), || verified.iter().map(verdict).collect())?;
    let sound = found.unreadable.is_empty() && verified.iter().all(|verified| verified.sound);
    Ok(if sound { exit::DONE } else { exit::FAILED })
}

fn restore(context: &Context, name: &str, only: &[String], yes: bool) -> anyhow::Result<u8> {
    context.with_state("backup restore", "writes")?;
    confirm::require_terminal(yes, "--yes puts the backup in the place of what is there")?;
    let threadkeep = context.inspector()?;
    let (name, restore) = threadkeep.prepare_restore(name, only)?;
    let planned_files = restore.planned_files();
    let question = format!("put {} of {name} back?", text::these(planned_files.len(), "file"));
    if !yes && !confirm::ask(&preview(&planned_files), &question)? {
        anyhow::bail!("nothing was restored");
    }
    let before = restore.carry_out().map_err(threadkeep::Error::from)?;
    if let (Some(before), false) = (&before, context.global.json) {
        say(&format!("what was there before is in {}", before.path.display()));
    }
    context.print(RestoredBackup::new(&name, &planned_files, before.as_ref()), || preview(&planned_files))?;
    Ok(exit::DONE)
}

fn line(backup: &SavedFile) -> String {
    let names: Vec<&str> = backup.files.iter().map(|saved| saved.name.as_str()).collect();
    format!("{}  {} bytes  {}\n", text::plain(&backup.name), backup.bytes, text::plain(&names.join(" ")))
}

fn verdict(verified: &Verified) -> String {
    let mut out = format!("{}  {}\n", text::plain(&verified.name), if verified.sound { "sound" } else { "not sound" });
    for fault in &verified.faults {
        let _ = writeln!(out, "  {}: {}", text::plain(&fault.file), text::plain(&fault.problem));
    }
    out
}

/// Gives a line for each file: its size, the size of what it replaces, and where.
fn preview(planned_files: &[PlannedFile]) -> String {
    let mut out = String::new();
    for PlannedFile { place, bytes, present_bytes, .. } in planned_files {
        let over = present_bytes.map_or("nothing".into(), |bytes| format!("{bytes} bytes"));
        let _ = writeln!(out, "{bytes} bytes over {over}  {}", text::shown(&place.to_string_lossy()));
    }
    out
}
