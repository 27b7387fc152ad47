//! Checks of plugins: what they found, and what would mend it.

use std::fmt::Write as _;

use threadkeep::contract::ThreadRow;
use threadkeep::documents::{self, PluginFinding};
use threadkeep::{Error, Threadkeep};
use threadkeep_plugins::{Finding, PluginError, Proposal, Severity};

use super::{Loaded, PAGE};
use crate::context::Context;
use crate::text;

/// Has a check look at threads.
pub(crate) fn examine(
    context: &Context,
    loaded: &Loaded,
    threadkeep: &Threadkeep,
    rows: Vec<ThreadRow>,
) -> anyhow::Result<Vec<PluginFinding>> {
    let mut told = Vec::new();
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let name = &loaded.record.manifest.name;
    for page in rows.chunks(PAGE) {
        let asked: Vec<String> = page.iter().map(|row| row.id.clone()).collect();
        let given = loaded.given(threadkeep, page.to_vec(), context, &[]);
        for finding in loaded.plugin.examine(given, &asked).map_err(Error::from)? {
            if finding.thread.as_ref().is_some_and(|thread| !ids.contains(thread)) {
                let why = "it found something in a thread that it was not asked about".into();
                return Err(Error::from(PluginError::Answer { plugin: name.clone(), why }).into());
            }
            told.push(document_of(name, finding, &loaded.record.offers.codes).map_err(Error::from)?);
        }
    }
    Ok(told)
}

/// Makes the document of a finding of a check.
fn document_of(plugin: &str, finding: Finding, codes: &[String]) -> Result<PluginFinding, PluginError> {
    let no_answer = |why: String| PluginError::Answer { plugin: plugin.into(), why };
    if !codes.contains(&finding.code) {
        let code: String = finding.code.chars().take(40).collect();
        return Err(no_answer(format!("it found something of the code {code:?}, which is none of its own")));
    }
    let remedy = match (&finding.proposal, &finding.thread) {
        (None, _) => None,
        (Some(_), None) => return Err(no_answer("it proposes something, and names no thread".into())),
        (Some(Proposal::SetName(name)), Some(thread)) => {
            Some(format!("threadkeep name {thread} {}", shell_word(&text::plain(name))))
        }
        (Some(Proposal::Archive), Some(thread)) => Some(format!("threadkeep archive {thread}")),
        (Some(Proposal::Unarchive), Some(thread)) => Some(format!("threadkeep unarchive {thread}")),
    };
    Ok(PluginFinding {
        code: finding.code,
        plugin: plugin.into(),
        remedy,
        severity: match finding.severity {
            Severity::Fault => documents::Severity::Error,
            Severity::Warning => documents::Severity::Warning,
            Severity::Note => documents::Severity::Info,
        },
        text: finding.text,
        thread: finding.thread,
    })
}

/// Gives a text as one word of a shell's.
fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
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
