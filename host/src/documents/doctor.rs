//! What is wrong with a home.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::health::doctor as health;
use crate::platform::home::Home;
use crate::platform::path_text;

/// What is wrong with a home, its rollouts and its databases.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Checkup {
    /// What was looked at.
    pub checked: Checked,
    /// How many findings of each severity there are.
    pub counts: Counts,
    /// What was found: the worst first, then by code, thread and path.
    pub findings: Vec<Finding>,
    /// The absolute path of the home.
    #[serde(serialize_with = "path_text::serialize")]
    pub home: PathBuf,
    /// How many findings are errors, or warnings that a repair would mend.
    pub left_to_mend: usize,
    /// What checks of plugins found. It is absent unless any was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plugin_findings: Vec<PluginFinding>,
}

/// What was looked at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Checked {
    /// How many plain bytes of rollouts were read.
    pub bytes: u64,
    /// How closely the rollouts were looked at.
    pub depth: Depth,
    /// How many files claim to be rollouts.
    pub files: u64,
    /// How many threads have no rollout, and are known by rows of the state DB or of Codex's database alone.
    pub known_by_rows: u64,
    /// How many threads have rollouts.
    pub threads: u64,
}

/// How closely rollouts are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Depth {
    /// Their beginnings and ends were read.
    Ends,
    /// Every line was read.
    Whole,
}

/// How many findings of each severity there are.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Counts {
    /// How many errors there are.
    pub error: usize,
    /// How many notes there are.
    pub info: usize,
    /// How many warnings there are.
    pub warning: usize,
}

/// Something that is wrong, or worth knowing.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Finding {
    /// What it is, for programs; a code does not change.
    pub code: String,
    /// What shows it.
    pub evidence: Vec<Evidence>,
    /// The line of the file, counted from 1; null where it is about no line.
    pub line: Option<u64>,
    /// What it means to a user, in words.
    pub meaning: String,
    /// What a repair would have to change.
    pub mendable: Mendable,
    /// How many plain bytes of the file stand before the place; null where it is about no place.
    pub offset: Option<u64>,
    /// The absolute path of the file; null where it is about no file.
    pub path: Option<String>,
    /// What a user can do about it, in words.
    pub remedy: String,
    /// How bad it is.
    pub severity: Severity,
    /// The thread's id; null where it is about no thread.
    pub thread_id: Option<String>,
}

/// Something that shows a finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Evidence {
    /// What should be there; null where nothing should, or where that is not the point.
    pub expected: Option<String>,
    /// What is there; null where nothing is, or where that is not the point.
    pub found: Option<String>,
    /// What was looked at, in words.
    pub what: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// A thread is shown wrongly, or not at all.
    Error,
    /// Something will go wrong, or does so in rare cases.
    Warning,
    /// Nothing is wrong, but it is worth knowing.
    Info,
}

/// What a check of a plugin found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct PluginFinding {
    /// The kind of finding, as the plugin names it.
    pub code: String,
    /// The plugin.
    pub plugin: String,
    /// What would mend it, as a command; null where nothing is proposed.
    pub remedy: Option<String>,
    /// How much it weighs.
    pub severity: Severity,
    /// What was found.
    pub text: String,
    /// The thread; null where it is about none.
    pub thread: Option<String>,
}

/// What would have to be changed to mend something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Mendable {
    /// No repair mends it.
    None,
    /// The state DB, or modes of files.
    State,
    /// Codex's databases.
    Codex,
    /// Both.
    All,
}

impl Checkup {
    /// Makes the document of what was found at this depth.
    pub fn new(checkup: &health::Checkup, depth: health::Depth, home: &Home) -> Checkup {
        let findings = &checkup.findings;
        let depth = match depth {
            health::Depth::Ends => Depth::Ends,
            health::Depth::Whole => Depth::Whole,
        };
        Checkup {
            checked: Checked {
                bytes: checkup.bytes,
                depth,
                files: checkup.files,
                known_by_rows: checkup.known_by_rows,
                threads: checkup.threads,
            },
            counts: Counts::of(findings),
            findings: findings.iter().map(|finding| Finding::new(finding, home)).collect(),
            home: home.root().into(),
            left_to_mend: left_to_mend(findings),
            plugin_findings: Vec::new(),
        }
    }

    /// Adds what checks of plugins found.
    pub fn with_plugin_findings(self, plugin_findings: Vec<PluginFinding>) -> Checkup {
        Checkup { plugin_findings, ..self }
    }
}

impl Counts {
    /// Counts these findings.
    pub fn of(findings: &[health::Finding]) -> Counts {
        let count = |wanted| findings.iter().filter(|finding| finding.severity == wanted).count();
        let [error, info, warning] =
            [health::Severity::Error, health::Severity::Info, health::Severity::Warning].map(count);
        Counts { error, info, warning }
    }
}

impl Finding {
    /// Makes the document of a finding in this home.
    pub fn new(finding: &health::Finding, home: &Home) -> Finding {
        Finding {
            code: finding.code.clone(),
            evidence: finding.evidence.iter().map(Evidence::from).collect(),
            line: finding.line,
            meaning: finding.meaning.clone(),
            mendable: Mendable::of([finding]),
            offset: finding.offset,
            path: finding.path.as_deref().map(|path| home.absolute(path).to_string_lossy().into_owned()),
            remedy: finding.remedy.clone(),
            severity: finding.severity.into(),
            thread_id: finding.thread.clone(),
        }
    }
}

impl From<health::Severity> for Severity {
    fn from(severity: health::Severity) -> Severity {
        match severity {
            health::Severity::Error => Severity::Error,
            health::Severity::Warning => Severity::Warning,
            health::Severity::Info => Severity::Info,
        }
    }
}

impl From<&health::Evidence> for Evidence {
    fn from(evidence: &health::Evidence) -> Evidence {
        let health::Evidence { what, found, expected } = evidence;
        Evidence { expected: expected.clone(), found: found.clone(), what: what.clone() }
    }
}

impl Mendable {
    /// Says what would have to be changed to mend these findings.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a health::Finding>) -> Mendable {
        let edits = findings.into_iter().flat_map(|finding| &finding.edits);
        let targets = edits.fold((false, false), |(state, codex), edit| match edit.target {
            health::EditTarget::State => (true, codex),
            health::EditTarget::Codex => (state, true),
        });
        match targets {
            (true, true) => Mendable::All,
            (true, false) => Mendable::State,
            (false, true) => Mendable::Codex,
            (false, false) => Mendable::None,
        }
    }
}

/// Counts the findings that are errors, or warnings that a repair would mend.
pub fn left_to_mend(findings: &[health::Finding]) -> usize {
    findings.iter().filter(|finding| is_left_to_mend(finding)).count()
}

/// An error, or what a repair would change for the better.
fn is_left_to_mend(finding: &health::Finding) -> bool {
    match finding.severity {
        health::Severity::Error => true,
        health::Severity::Warning => !finding.edits.is_empty(),
        health::Severity::Info => false,
    }
}
