//! The command `doctor`: says what is wrong with a home.

use std::fmt::Write as _;

use clap::Args;
use threadkeep::documents::{self, Counts, Mendable, PluginFinding};
use threadkeep::health::doctor::{Checkup, Depth, Finding, Severity};

use crate::context::Context;
use crate::failure::{exit, say};
use crate::plugins::LimitArguments;
use crate::plugins::checks::{self, Found};
use crate::text::color::{Meaning, Stream, paint};
use crate::text::{self, findings};
use crate::values;

/// How many findings of one code are printed.
const MAX_SHOWN: usize = 10;

/// `doctor`
#[derive(Args)]
pub(crate) struct Doctor {
    /// Look at the beginnings and ends of rollouts only
    #[arg(long)]
    quick: bool,
    /// Look at one thread: an id, at least 8 characters of one, or a name
    #[arg(long, value_name = "ID", value_parser = values::text)]
    thread: Option<String>,
    /// Tell only of these findings, by their codes
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = values::text)]
    only: Vec<String>,
    /// Also have this check of a plugin look at the threads, several times
    #[arg(long, value_name = "PLUGIN", value_parser = values::text)]
    with: Vec<String>,
    #[command(flatten)]
    limits: LimitArguments,
    /// Print every finding, not only the first 10 of a kind
    #[arg(long)]
    all: bool,
}

impl Doctor {
    /// Runs the command; the exit code is 5 where findings remain that can be mended.
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let depth = if self.quick { Depth::Ends } else { Depth::Whole };
        let threadkeep = context.inspector()?;
        if self.with.is_empty() {
            threadkeep.check_codes(&self.only, "only")?;
        }
        let mut checkup = threadkeep.doctor(depth, self.thread.as_deref())?;
        checkup.warnings.iter().for_each(|warning| say(warning));
        if !self.only.is_empty() {
            checkup.findings.retain(|finding| self.only.contains(&finding.code));
        }
        let mut found = checks::ask(context, &threadkeep, &self.with, self.thread.as_deref(), &self.limits)?;
        if !self.only.is_empty() {
            found.retain(|found| self.only.iter().any(|code| code == found.code()));
        }
        let serious = found.iter().filter(|found| found.is_serious()).count();
        let left = documents::left_to_mend(&checkup.findings) + serious;
        let found_by_plugins: Vec<PluginFinding> = found.into_iter().map(Found::document).collect();
        let document = || {
            let checkup = documents::Checkup::new(&checkup, depth, threadkeep.home());
            checkup.with_plugin_findings(found_by_plugins.clone())
        };
        context.print(context.global.json.then(document), || {
            let most = if self.all { usize::MAX } else { MAX_SHOWN };
            let told = describe(&checkup, &Counts::of(&checkup.findings), most, !self.only.is_empty());
            found_by_plugins.iter().map(checks::finding_line).chain([told]).collect()
        })?;
        Ok(if left > 0 { exit::FINDINGS_REMAIN } else { exit::DONE })
    }
}

/// Gives the findings by severity and code, with what a code means once.
fn describe(checkup: &Checkup, counts: &Counts, most: usize, filtered: bool) -> String {
    let mut looked = format!("{} threads in {} rollouts", checkup.threads, checkup.files);
    if checkup.known_by_rows > 0 {
        let _ = write!(looked, " and {} without any", checkup.known_by_rows);
    }
    if checkup.findings.is_empty() {
        return match filtered {
            true => format!("nothing of these codes was found: {looked} were looked at\n"),
            false => format!("nothing is wrong: {looked} were looked at\n"),
        };
    }
    let mut out = String::new();
    for group in groups(&checkup.findings) {
        let Some(first) = group.first() else { continue };
        let (severity, code) = (severity(first.severity), text::plain(&first.code));
        let _ = writeln!(out, "{severity}: {code} ({})", group.len());
        findings::paragraph(&mut out, "  ", &first.meaning);
        for finding in group.iter().take(most) {
            out.push_str(&findings::finding(finding));
        }
        if group.len() > most {
            let _ = writeln!(out, "    and {} more, which --all shows", group.len() - most);
        }
        findings::paragraph(&mut out, "  -> ", &first.remedy);
        out.push('\n');
    }
    let Counts { error, warning, info } = counts;
    let _ = writeln!(out, "{looked}: {error} errors, {warning} warnings, {info} notes");
    let unasked = |finding: &&Finding| finding.edits.iter().any(|edit| !edit.opt_in);
    let mended: Vec<&Finding> = checkup.findings.iter().filter(unasked).collect();
    if !mended.is_empty() {
        let target = target_flag(&mended);
        let all = checkup.findings.len();
        let _ = writeln!(out, "{} of {all} can be mended: threadkeep repair apply{target}", mended.len());
    }
    let only_asked = |finding: &&Finding| !finding.edits.is_empty() && !unasked(finding);
    let asked: Vec<&Finding> = checkup.findings.iter().filter(only_asked).collect();
    if !asked.is_empty() {
        let mut codes: Vec<String> = asked.iter().map(|finding| text::plain(&finding.code)).collect();
        codes.sort_unstable();
        codes.dedup();
        let target = target_flag(&asked);
        let (count, codes) = (asked.len(), codes.join(","));
        let _ = writeln!(out, "{count} more only when asked for: threadkeep repair apply{target} --with {codes}");
    }
    out
}

/// Gives the flag that a repair of these findings needs.
fn target_flag(findings: &[&Finding]) -> &'static str {
    match Mendable::of(findings.iter().copied()) {
        Mendable::None | Mendable::State => "",
        Mendable::Codex => " --target codex",
        Mendable::All => " --target all",
    }
}

fn severity(severity: Severity) -> String {
    let (meaning, word) = match severity {
        Severity::Error => (Meaning::Error, "error"),
        Severity::Warning => (Meaning::Warning, "warning"),
        Severity::Info => (Meaning::Note, "info"),
    };
    paint(Stream::Out, meaning, word)
}

/// Groups findings by severity, code and meaning; they come sorted by the first two.
fn groups(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let same = |group: &&mut Vec<&Finding>| {
            group.first().is_some_and(|first| {
                (first.severity, &first.code, &first.meaning) == (finding.severity, &finding.code, &finding.meaning)
            })
        };
        match groups.iter_mut().rev().find(same) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}
