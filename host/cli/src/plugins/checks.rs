//! Checks of plugins: what they found, and what would mend it.

use std::collections::HashMap;
use std::fmt::Write as _;

use threadkeep::contract::{self, ProposedChange, RowQuery, ThreadRow};
use threadkeep::documents::{self, PluginFinding};
use threadkeep::{Error, Threadkeep};
use threadkeep_plugins::manifest::PluginKind;
use threadkeep_plugins::{Finding, PluginError, Proposal, Severity};

use super::{LimitArguments, Loaded, PAGE};
use crate::context::Context;
use crate::failure::Usage;
use crate::{interrupt, text};

/// What a check found.
#[derive(Clone)]
pub(crate) struct Found {
    plugin: String,
    finding: Finding,
    /// The thread that it is about.
    thread: Option<ThreadRow>,
}

/// Has the checks of these plugins look at the threads that lists show, or at the one that is named.
pub(crate) fn ask(
    context: &Context,
    threadkeep: &Threadkeep,
    plugins: &[String],
    thread: Option<&str>,
    limits: &LimitArguments,
) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    if plugins.is_empty() {
        return Ok(found);
    }
    let rows = match thread {
        Some(thread) => vec![threadkeep.find(thread, None)?.row],
        None => {
            let query = RowQuery { within: None, fold_children: false, ..RowQuery::default() };
            threadkeep.every_thread(&query)?.into_iter().map(|listed| listed.row).collect()
        }
    };
    let (directory, limits) = (context.plugin_directory()?, limits.limits()?);
    let cancellation = interrupt::cancellation()?;
    for name in plugins {
        let loaded = Loaded::load(&directory, name, limits.clone(), &cancellation)?;
        if loaded.record.manifest.kind != PluginKind::Check {
            let kind = loaded.record.manifest.kind.name();
            return Err(Usage(format!("the plugin {name} is no check, but one of the kind {kind}")).into());
        }
        found.append(&mut examine(context, &loaded, threadkeep, rows.clone())?);
    }
    Ok(found)
}

/// Has a check look at threads.
pub(crate) fn examine(
    context: &Context,
    loaded: &Loaded,
    threadkeep: &Threadkeep,
    rows: Vec<ThreadRow>,
) -> anyhow::Result<Vec<Found>> {
    let mut told = Vec::new();
    let by_id: HashMap<&str, &ThreadRow> = rows.iter().map(|row| (&*row.id, row)).collect();
    let plugin = &loaded.record.manifest.name;
    for page in rows.chunks(PAGE) {
        let asked: Vec<String> = page.iter().map(|row| row.id.clone()).collect();
        let given = loaded.given(threadkeep, page.to_vec(), context, &[]);
        for finding in loaded.plugin.examine(given, &asked).map_err(Error::from)? {
            let thread = finding.thread.as_deref().and_then(|thread| by_id.get(thread).copied().cloned());
            let found = Found { plugin: plugin.clone(), finding, thread };
            found.check(&loaded.record.offers.codes).map_err(Error::from)?;
            told.push(found);
        }
    }
    Ok(told)
}

impl Found {
    /// Gives its code.
    pub(crate) fn code(&self) -> &str {
        &self.finding.code
    }

    /// Says whether it is more than a note.
    pub(crate) fn is_serious(&self) -> bool {
        !matches!(self.finding.severity, Severity::Note)
    }

    /// Checks what the contract says of findings, which the plugin may not have kept to.
    fn check(&self, codes: &[String]) -> Result<(), PluginError> {
        let no_answer = |why: String| Err(PluginError::Answer { plugin: self.plugin.clone(), why });
        let finding = &self.finding;
        if finding.thread.is_some() && self.thread.is_none() {
            return no_answer("it found something in a thread that it was not asked about".into());
        }
        if !codes.contains(&finding.code) {
            let code: String = finding.code.chars().take(40).collect();
            return no_answer(format!("it found something of the code {code:?}, which is none of its own"));
        }
        match (&finding.proposal, &finding.thread) {
            (Some(_), None) => no_answer("it proposes something, and names no thread".into()),
            _ => Ok(()),
        }
    }

    /// Gives what it proposes, for a plan of repairs.
    pub(crate) fn proposal(self) -> Option<contract::Proposal> {
        let change = match self.finding.proposal? {
            Proposal::SetName(name) => ProposedChange::Name(name),
            Proposal::Archive => ProposedChange::Archive,
            Proposal::Unarchive => ProposedChange::Unarchive,
        };
        let code = format!("{}/{}", self.plugin, self.finding.code);
        Some(contract::Proposal { code, reason: self.finding.text, thread: self.thread?, change })
    }

    /// Gives the document of it.
    pub(crate) fn document(self) -> PluginFinding {
        let Found { plugin, finding, .. } = self;
        let remedy = finding.proposal.as_ref().and(finding.thread.as_ref());
        let remedy = remedy.map(|thread| format!("threadkeep repair apply --check {plugin} --thread {thread}"));
        PluginFinding {
            code: finding.code,
            plugin,
            remedy,
            severity: match finding.severity {
                Severity::Fault => documents::Severity::Error,
                Severity::Warning => documents::Severity::Warning,
                Severity::Note => documents::Severity::Info,
            },
            text: finding.text,
            thread: finding.thread,
        }
    }
}

/// Gives the lines of a finding for a person.
pub(crate) fn finding_line(finding: &PluginFinding) -> String {
    let severity = match finding.severity {
        documents::Severity::Error => "error",
        documents::Severity::Warning => "warning",
        documents::Severity::Info => "info",
    };
    let thread = finding.thread.as_deref().map(|thread| format!("{thread}: ")).unwrap_or_default();
    let mut told = format!("{severity}: {}: {thread}{}\n", text::plain(&finding.code), text::plain(&finding.text));
    if let Some(remedy) = &finding.remedy {
        let _ = writeln!(told, "  -> {}", text::plain(remedy));
    }
    told
}
