//! `name`, `archive`, `unarchive`, `delete`, `metadata`.

use std::fmt::Write as _;

use serde_json::{Value, json};
use threadkeep::component::types::ThreadRow;
use threadkeep::startup::Config;
use threadkeep::threads::change::{ChangeError, Changes, Deletion, MetadataPatch, Relocated};

use super::Session;
use crate::cli::args::{Delete, Field, Metadata, Name, Relocate};
use crate::cli::item::Item;
use crate::cli::{Usage, code_of, complain, confirm, exit, say, text};

impl Session {
    /// Without the state DB only what is one rename can be changed; that is asked for, or refused here.
    fn changes(&self, refresh: bool) -> anyhow::Result<Changes> {
        let state = match self.global.no_state {
            true => None,
            false => Some(self.start(&Config { refresh, ..self.config() })?.0),
        };
        Changes::new(&self.runtime, &self.home, state.as_ref()).map_err(exit_code)
    }

    pub(super) fn with_state(&self, command: &str) -> anyhow::Result<()> {
        match self.global.no_state {
            true => Err(Usage(format!("{command} writes the state DB, so it cannot go with --no-state")).into()),
            false => Ok(()),
        }
    }

    pub(super) fn name(&self, name: &Name) -> anyhow::Result<()> {
        self.with_state("name")?;
        let mut changes = self.changes(!self.global.no_refresh)?;
        let row = changes.name(&name.id, name.name.as_deref()).map_err(exit_code)?;
        self.print(Item::new(&row, &self.home)?.now_in(self.current_cwd(&row)), || match &row.name {
            Some(name) => format!("{}  {}\n", row.id, text::plain(name)),
            None => format!("{}\n", row.id),
        })
    }

    pub(super) fn metadata(&self, metadata: &Metadata) -> anyhow::Result<()> {
        self.with_state("metadata")?;
        let patch = patch(metadata)?;
        let mut changes = self.changes(!self.global.no_refresh)?;
        let row = changes.patch(&metadata.id, &patch).map_err(exit_code)?;
        self.print(Item::new(&row, &self.home)?.now_in(self.current_cwd(&row)), || format!("{}\n", row.id))
    }

    /// Those that can be are moved, whatever becomes of the others; the answer is the exit code of the first that cannot.
    pub(super) fn relocate(
        &self,
        wanted: &Relocate,
        relocate: impl Fn(&mut Changes, &str) -> Result<Relocated, ChangeError>,
    ) -> anyhow::Result<u8> {
        let mut changes = self.changes(!self.global.no_refresh)?;
        let (mut items, mut moved, mut paths, mut failed, mut code) =
            (vec![], vec![], String::new(), vec![], exit::DONE);
        for wanted in &wanted.ids {
            match relocate(&mut changes, wanted).map_err(exit_code) {
                Ok(relocated) => {
                    items.extend(self.items(&relocated.threads)?);
                    if relocated.renamings.is_empty() && !self.global.json {
                        say(&format!("'{wanted}' is there already"));
                    }
                    for renaming in &relocated.renamings {
                        let [from, to] = [&renaming.from, &renaming.to].map(|path| self.place_of(path));
                        let _ = writeln!(paths, "{}", text::shown(&to));
                        moved.push(json!({"from": from, "to": to}));
                    }
                }
                Err(error) => {
                    if code == exit::DONE {
                        code = code_of(&error);
                    }
                    complain(&error);
                    failed.push(wanted);
                }
            }
        }
        self.print(json!({"items": items, "moved": moved, "failed": failed}), || paths)?;
        Ok(code)
    }

    pub(super) fn delete(&self, delete: &Delete) -> anyhow::Result<()> {
        if !delete.dry_run {
            self.with_state("delete")?;
            confirm::can_ask(delete.yes, "--yes deletes, --dry-run shows what would go")?;
        }
        // Whoever deletes must know every fork and every file: rows are never simply trusted.
        let mut changes = self.changes(true)?;
        let deletion = changes.plan_delete(&delete.id, delete.with_forks).map_err(exit_code)?;
        let preview = || self.preview(&deletion);
        if !delete.dry_run {
            let (threads, files) = (deletion.threads.len(), deletion.files.len());
            let question = format!("delete {threads} thread(s) with {files} file(s) for good?");
            if !delete.yes && !confirm::agreed(&preview(), &question)? {
                anyhow::bail!("nothing was deleted");
            }
            changes.delete(&deletion).map_err(exit_code)?;
        }
        let files: Vec<String> = deletion.files.iter().map(|path| self.place_of(path)).collect();
        let items = self.items(&deletion.threads)?;
        self.print(json!({"items": items, "files": files, "deleted": !delete.dry_run}), preview)
    }

    /// What goes, a line a thread and a line a file.
    fn preview(&self, deletion: &Deletion) -> String {
        let mut out = String::new();
        for thread in &deletion.threads {
            let _ = writeln!(out, "{}  {}", thread.id, text::plain(&thread.title));
        }
        for path in &deletion.files {
            let _ = writeln!(out, "{}", text::shown(&self.place_of(path)));
        }
        out
    }

    fn place_of(&self, path: &str) -> String {
        self.home.absolute(path).to_string_lossy().into_owned()
    }

    fn items(&self, threads: &[ThreadRow]) -> anyhow::Result<Vec<Value>> {
        threads
            .iter()
            .map(|row| Ok(serde_json::to_value(Item::new(row, &self.home)?.now_in(self.current_cwd(row)))?))
            .collect()
    }
}

/// What is to be patched: what is named is set, what is cleared is cleared, the rest is left.
fn patch(metadata: &Metadata) -> anyhow::Result<MetadataPatch> {
    let field = |field: Field, flag: &str, value: &Option<String>| match (value, metadata.clear.contains(&field)) {
        (Some(_), true) => Err(Usage(format!("{flag} cannot be set and cleared at once"))),
        (None, true) => Ok(Some(None)),
        (value, false) => Ok(value.clone().map(Some)),
    };
    let patch = MetadataPatch {
        git_sha: field(Field::GitSha, "--git-sha", &metadata.git_sha)?,
        git_branch: field(Field::GitBranch, "--git-branch", &metadata.git_branch)?,
        git_origin_url: field(Field::GitOriginUrl, "--git-origin-url", &metadata.git_origin_url)?,
        memory_mode: field(Field::MemoryMode, "--memory-mode", &metadata.memory_mode)?,
    };
    match patch == MetadataPatch::default() {
        true => Err(Usage("there is nothing to change: name a field, or --clear one".into()).into()),
        false => Ok(patch),
    }
}

/// Each failure by its own exit code.
pub(super) fn exit_code(error: ChangeError) -> anyhow::Error {
    match error {
        ChangeError::Lookup(error) => error.into(),
        ChangeError::Wrong(_) | ChangeError::NeedsState(_) => Usage(error.to_string()).into(),
        error => error.into(),
    }
}
