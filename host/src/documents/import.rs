//! Threads that come from elsewhere.

use schemars::JsonSchema;
use serde::Serialize;
use threadkeep_engine::contract::ImportDecision;

use crate::platform::home::Home;
use crate::threads::import::bundle::BundleReport;
use crate::threads::import::{ImportPlan, ImportReport, UndonePlan};

/// What an import did, or would do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Import {
    /// Directories in which threads began that came, and that are not here.
    pub absent_directories: Vec<ImportDirectory>,
    /// Whether this is only what would be done.
    pub dry_run: bool,
    /// The import's name in the journal; null where nothing was to be done.
    pub import: Option<String>,
    /// The threads that were found.
    pub items: Vec<ImportedThread>,
    /// Files that were looked at and not taken.
    pub passed_over: Vec<PassedOverFile>,
}

/// A thread that was found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ImportedThread {
    /// The absolute paths of the files that came.
    pub files: Vec<String>,
    /// The thread's id.
    pub id: String,
    /// What a user called it; null where nobody did, or nothing says so.
    pub name: Option<String>,
    /// Why it did not come, or what it lacks; null where there is nothing to say.
    pub reason: Option<String>,
    /// Whether secrets were made unreadable in it before.
    pub redacted: bool,
    /// What became of it.
    pub result: ImportResult,
}

/// What became of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ImportResult {
    /// Its files came as they were.
    Imported,
    /// One file was made of a history of several.
    Flattened,
    /// It was here, with the same bytes.
    AlreadyHere,
    /// It is here with other bytes, and stays as it is.
    Collides,
    /// It was to come, and did not.
    Failed,
}

/// A directory that is not here.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ImportDirectory {
    /// Where it is said to be now; null where nobody said so.
    pub current: Option<String>,
    /// The absolute path that was recorded.
    pub path: String,
    /// How many threads began in it.
    pub threads: u64,
}

/// A file that was not taken.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PassedOverFile {
    /// The absolute path.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// An import that was taken back, or would be.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct UndoneImport {
    /// Whether this is only what would be done.
    pub dry_run: bool,
    /// The import's name in the journal.
    pub import: String,
    /// The threads that came.
    pub items: Vec<UndoneThread>,
}

/// A thread that came.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct UndoneThread {
    /// The absolute paths of its files.
    pub files: Vec<String>,
    /// The thread's id.
    pub id: String,
    /// Why it stays; null where it goes.
    pub reason: Option<String>,
    /// What became of it.
    pub result: UndoneResult,
}

/// What became of a thread that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UndoneResult {
    /// It is removed.
    Removed,
    /// It was gone before.
    Gone,
    /// It stays.
    Stays,
}

/// A bundle that was written.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Bundle {
    /// How many bytes its files have, decompressed.
    pub bytes: u64,
    /// The directories in which its threads began.
    pub directories: Vec<BundleDirectory>,
    /// How many files it has.
    pub files: u64,
    /// Its absolute path.
    pub path: String,
    /// The ids of its threads, those that others' histories begin in among them.
    pub threads: Vec<String>,
}

/// A directory in which threads of a bundle began.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct BundleDirectory {
    /// The absolute path that was recorded.
    pub path: String,
    /// How many threads began in it.
    pub threads: u64,
}

/// What is said of a thread whose base is nowhere.
const BASE_MISSING: &str = "its history begins in a thread that is nowhere: what comes before is not shown";

impl Import {
    /// Makes the document of what was planned, and of what was done where anything was.
    pub fn new(
        plan: &ImportPlan,
        report: Option<&ImportReport>,
        absent_directories: Vec<ImportDirectory>,
        home: &Home,
    ) -> Import {
        let absolute = |paths: &[String]| paths.iter().map(|path| shown(home, path)).collect();
        let mut items = Vec::new();
        for (at, thread) in plan.threads.iter().enumerate() {
            let done = report.and_then(|report| report.threads.get(at));
            let planned = thread.files();
            let failure = done.and_then(|done| done.failure.clone());
            let (result, reason) = match &thread.decision {
                _ if failure.is_some() => (ImportResult::Failed, failure),
                ImportDecision::Place(_) => {
                    (ImportResult::Imported, thread.is_base_missing.then(|| BASE_MISSING.to_owned()))
                }
                ImportDecision::Flatten => (ImportResult::Flattened, None),
                ImportDecision::AlreadyHere => (ImportResult::AlreadyHere, None),
                ImportDecision::Collides(why) => (ImportResult::Collides, Some(why.clone())),
            };
            items.push(ImportedThread {
                files: absolute(done.map_or(&planned, |done| &done.files)),
                id: thread.id.clone(),
                name: thread.name.clone(),
                reason,
                redacted: thread.redacted,
                result,
            });
        }
        let passed_over = plan
            .passed_over
            .iter()
            .map(|(path, reason)| PassedOverFile { path: path.to_string_lossy().into_owned(), reason: reason.clone() });
        Import {
            absent_directories,
            dry_run: report.is_none(),
            import: report.and_then(|report| report.name.clone()),
            items,
            passed_over: passed_over.collect(),
        }
    }

    /// Counts the threads of which this became.
    pub fn count(&self, result: ImportResult) -> usize {
        self.items.iter().filter(|item| item.result == result).count()
    }
}

impl UndoneImport {
    /// Makes the document of a plan, before or after it was done.
    pub fn new(plan: &UndonePlan, dry_run: bool, home: &Home) -> UndoneImport {
        let items = plan.threads.iter().map(|part| UndoneThread {
            files: part.files.iter().map(|path| shown(home, path)).collect(),
            id: part.id.clone(),
            reason: part.stays.clone(),
            result: match &part.stays {
                Some(_) => UndoneResult::Stays,
                None if part.files.is_empty() => UndoneResult::Gone,
                None => UndoneResult::Removed,
            },
        });
        UndoneImport { dry_run, import: plan.name.clone(), items: items.collect() }
    }
}

impl From<&BundleReport> for Bundle {
    fn from(report: &BundleReport) -> Bundle {
        let directory = |(path, threads): (&String, &u64)| BundleDirectory { path: path.clone(), threads: *threads };
        Bundle {
            bytes: report.bytes,
            directories: report.directories.iter().map(directory).collect(),
            files: report.files,
            path: report.path.to_string_lossy().into_owned(),
            threads: report.threads.iter().map(|row| row.id.clone()).collect(),
        }
    }
}

fn shown(home: &Home, path: &str) -> String {
    home.absolute(path).to_string_lossy().into_owned()
}
