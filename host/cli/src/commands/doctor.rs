//! The command `doctor`: says what is wrong with a home.

use std::fmt::Write as _;

use clap::Args;
use threadkeep::documents::{self, Counts, FindingCode, FindingCodes, Mendable, PluginFinding};
use threadkeep::finding_code;
use threadkeep::health::doctor::{Checkup, Depth, Finding, Severity};

use crate::context::Context;
use crate::failure::{exit, say};
use crate::plugins::LimitArguments;
use crate::plugins::checks::{self, Found};
use crate::text::color::{Meaning, Stream, paint};
use crate::text::{self, codes, count, findings};
use crate::values;

/// The code of the note that nearly every home has: what is open to nobody but root on a machine of one's own.
const OPEN_TO_OTHERS: &str = "open-to-others";
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
    #[arg(hide_short_help = true)]
    with: Vec<String>,
    #[command(flatten)]
    limits: LimitArguments,
    /// Print every finding, not only the first 10 of a kind
    #[arg(long)]
    all: bool,
    /// Instead: list the codes that findings may have, and what mends them; no home is looked at
    #[arg(long, help_heading = CODES_HEADING, conflicts_with_all = ["quick", "thread", "only", "with", "all", "explain"])]
    codes: bool,
    /// Instead: tell what a code means, how it comes about and what to do
    #[arg(long, value_name = "CODE", help_heading = CODES_HEADING, value_parser = values::text)]
    #[arg(conflicts_with_all = ["quick", "thread", "only", "with", "all"])]
    explain: Option<String>,
}

const CODES_HEADING: &str = "Codes";

impl Doctor {
    /// Runs the command; the exit code is 5 where findings remain that can be mended.
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        if self.codes {
            context.print(FindingCodes::all(), || codes::list(text::width()))?;
            return Ok(exit::DONE);
        }
        if let Some(code) = &self.explain {
            let known = finding_code(code, "explain")?;
            context.print(FindingCode::of(known.code), || codes::explanation(known))?;
            return Ok(exit::DONE);
        }
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

/// Gives what matters first, then the findings by severity and code, with what a code means once.
fn describe(checkup: &Checkup, counts: &Counts, most: usize, filtered: bool) -> String {
    let mut looked = format!("{} in {}", count(checkup.threads, "thread"), count(checkup.files, "rollout"));
    if checkup.known_by_rows > 0 {
        let _ = write!(looked, " and {} without any", checkup.known_by_rows);
    }
    let (usual, told): (Vec<&Finding>, Vec<&Finding>) =
        checkup.findings.iter().partition(|finding| !filtered && most < usize::MAX && is_usual(finding));
    let mut out = String::new();
    if told.is_empty() {
        let _ = match filtered {
            true => writeln!(out, "nothing of these codes was found: {looked} were looked at"),
            false => writeln!(out, "nothing is wrong: {looked} were looked at"),
        };
    } else {
        let Counts { error, warning, info } = counts;
        let notes = info - usual.len();
        let (errors, warnings, notes) = (count(*error, "error"), count(*warning, "warning"), count(notes, "note"));
        let _ = writeln!(out, "{errors}, {warnings}, {notes}: {looked} were looked at");
        summarize(&mut out, &told);
    }
    for group in groups(&told) {
        let Some(first) = group.first() else { continue };
        let (severity, code) = (severity(first.severity), text::plain(&first.code));
        let _ = writeln!(out, "\n{severity}: {code} ({})", group.len());
        findings::paragraph(&mut out, "  ", &first.meaning);
        for finding in group.iter().take(most) {
            out.push_str(&findings::finding(finding));
        }
        if group.len() > most {
            let _ = writeln!(out, "    and {} more, which --all shows", group.len() - most);
        }
        findings::paragraph(&mut out, "  -> ", &first.remedy);
    }
    for finding in usual {
        let severity = severity(finding.severity);
        let (code, places) = (text::plain(&finding.code), count(finding.evidence.len(), "place"));
        let _ = writeln!(out, "\n{severity}: {code} ({places}), as in most homes: threadkeep doctor --explain {code}");
    }
    out
}

/// Says what repairs would do about findings.
fn summarize(out: &mut String, told: &[&Finding]) {
    let unasked = |finding: &Finding| finding.edits.iter().any(|edit| !edit.opt_in);
    let mended: Vec<&Finding> = told.iter().copied().filter(|finding| unasked(finding)).collect();
    if !mended.is_empty() {
        let target = target_flag(&mended);
        let _ = writeln!(out, "{} of {} can be mended: threadkeep repair apply{target}", mended.len(), told.len());
    }
    let only_asked = |finding: &Finding| !finding.edits.is_empty() && !unasked(finding);
    let asked: Vec<&Finding> = told.iter().copied().filter(|finding| only_asked(finding)).collect();
    if !asked.is_empty() {
        let mut codes: Vec<String> = asked.iter().map(|finding| text::plain(&finding.code)).collect();
        codes.sort_unstable();
        codes.dedup();
        let (more, target, codes) = (asked.len(), target_flag(&asked), codes.join(","));
        let _ = writeln!(out, "{more} more only when asked for: threadkeep repair apply{target} --with {codes}");
    }
}

/// Says whether a finding is a note that nearly every home has, of which nothing has to be told but that it is there.
fn is_usual(finding: &Finding) -> bool {
    finding.severity == Severity::Info && finding.code == OPEN_TO_OTHERS
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
fn groups<'a>(findings: &[&'a Finding]) -> Vec<Vec<&'a Finding>> {
    let mut groups: Vec<Vec<&'a Finding>> = Vec::new();
    for &finding in findings {
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
