//! What can be asked.

pub(super) mod backup;
mod change;
pub(super) mod compress;
pub(super) mod doctor;
pub(super) mod exec;
pub(super) mod keeping;
pub(super) mod relocate;
pub(super) mod repair;
pub(super) mod salvage;
pub(super) mod why;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::values;

pub(super) use change::{Delete, Field, Metadata, Name, Relocate};

/// Finds, lists, reads, records and changes the threads of a Codex home.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 ambiguous, 5 something is left to mend.
#[derive(Parser)]
#[command(version, about, long_about, max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Flags of every command.
#[derive(ClapArgs)]
#[command(next_help_heading = "With every command")]
pub(super) struct Global {
    /// The Codex home [default: $CODEX_HOME, else ~/.codex]
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) home: Option<PathBuf>,
    /// Where the state DB is [default: a directory of the home's own in $THREADKEEP_STATE_DIR, else HOME/threadkeep]
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) state_dir: Option<PathBuf>,
    /// Answer from the files alone: the state DB is neither opened nor created
    #[arg(long, global = true)]
    pub(super) no_state: bool,
    /// Trust the rows: do not look for files that changed
    #[arg(long, global = true)]
    pub(super) no_refresh: bool,
    /// How long to wait for another process that is filling the state DB
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30, allow_negative_numbers = true)]
    pub(super) wait: u32,
    /// Print one JSON document
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Write down what the core asked of the home and was told, for `debug replay`; it holds what the threads say
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
}

/// The commands.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Fill the state DB, or bring it up to date
    Init(Init),
    /// Say how the home and its state DB stand, changing nothing
    Status,
    /// Say what is wrong with the home, and what would mend it, changing nothing
    ///
    /// Exit code 5 when a repair would mend an error or a warning.
    Doctor(doctor::Doctor),
    /// List threads, newest first
    List(List),
    /// Say where a thread is
    Find(Find),
    /// Show what is known of a thread, and what was said and done in it
    Read(Read),
    /// Show what was said and done in a thread
    Turns(Turns),
    /// Give a thread a name, or take it away
    Name(Name),
    /// Put threads with all that they spawned into the archive
    Archive(Relocate),
    /// Bring threads with all that they spawned back from the archive
    Unarchive(Relocate),
    /// Delete a thread with all that it spawned, after showing what goes
    Delete(Delete),
    /// Correct what is known of a thread: git facts, memory mode
    Metadata(Metadata),
    /// Find the threads of a project directory that was moved or renamed under its new place
    Relocate(relocate::Relocate),
    /// Store rollouts smaller that nobody has written for long
    Compress(compress::Compress),
    /// Say where a thread is, where it is shown, and why not
    Why(why::Why),
    /// Copy what can be read of a damaged rollout into a new one
    Salvage(salvage::Salvage),
    /// Copies of the databases and indexes, and back
    #[command(subcommand)]
    Backup(backup::Backup),
    /// What a thread is to reach, and what may be used for it
    #[command(subcommand)]
    Goal(keeping::Goal),
    /// Whose threads may give memories, and who is extracting them
    #[command(subcommand)]
    Memory(keeping::Memory),
    /// Which account and client a device key belongs to
    #[command(subcommand)]
    DeviceKey(keeping::DeviceKey),
    /// Remove what nobody needs any more
    #[command(subcommand)]
    Clean(keeping::Clean),
    /// Bring a home up to date, once
    #[command(subcommand)]
    Migrate(keeping::Migrate),
    /// Run a program and record it as a thread
    ///
    /// What it writes is passed on unchanged. A program that prints one JSON event a line, as `codex exec --json` does, has
    /// its messages, commands and file changes recorded as such. The exit code is the program's own; the thread's id is the
    /// last line of the output.
    Exec(exec::Exec),
    /// Mend what is wrong with the home, or take that back
    #[command(subcommand)]
    Repair(repair::Repair),
    /// Look into what the core decides
    #[command(subcommand)]
    Debug(Debug),
}

/// `init`
#[derive(ClapArgs)]
pub(super) struct Init {
    /// Read every rollout again; names are kept
    #[arg(long)]
    pub(super) rebuild: bool,
}

/// `list`
#[derive(ClapArgs)]
pub(super) struct List {
    /// How many threads, 0 for all; those under another one do not count
    #[arg(long, value_name = "N", default_value_t = 50, allow_negative_numbers = true)]
    pub(super) limit: u32,
    /// Where to go on: nextCursor of the page before
    #[arg(long, value_name = "CURSOR", value_parser = values::text)]
    pub(super) cursor: Option<String>,
    /// Archived threads only
    #[arg(long, conflicts_with = "all")]
    pub(super) archived: bool,
    /// Active and archived threads
    #[arg(long)]
    pub(super) all: bool,
    /// Only threads from these sources [default: any]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub(super) source: Vec<SourceKind>,
    /// Sub-agents as threads of their own, not under a parent that is in the list too
    #[arg(long)]
    pub(super) flat: bool,
    /// Only this model provider
    #[arg(long, value_name = "NAME", value_parser = values::text)]
    pub(super) provider: Option<String>,
    /// Only threads that began or last ran in this directory
    #[arg(long, value_name = "DIR", value_parser = values::directory)]
    pub(super) cwd: Option<String>,
    /// Only threads that began or last ran in this directory or below it
    #[arg(long, value_name = "DIR", value_parser = values::directory)]
    pub(super) under: Option<String>,
    /// Which time the list goes by
    #[arg(long, value_name = "KEY", default_value = "updated")]
    pub(super) sort: Sort,
    /// Oldest first
    #[arg(long)]
    pub(super) asc: bool,
    /// Only from this time on: 2026-03-01, or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = values::time, allow_negative_numbers = true)]
    pub(super) since: Option<i64>,
    /// Only before this time
    #[arg(long, value_name = "TIME", value_parser = values::time, allow_negative_numbers = true)]
    pub(super) until: Option<i64>,
    /// Only threads whose title or preview contains this
    #[arg(long, value_name = "TEXT", value_parser = values::text)]
    pub(super) title: Option<String>,
    /// Only threads that were given a name which contains this
    #[arg(long, value_name = "TEXT", value_parser = values::text)]
    pub(super) name: Option<String>,
    /// Only threads that began on this git branch
    #[arg(long, value_name = "NAME", value_parser = values::text)]
    pub(super) branch: Option<String>,
    /// Only threads of this git repository: its origin URL, or the end of it, as OWNER/NAME
    #[arg(long, value_name = "URL", value_parser = values::text)]
    pub(super) repo: Option<String>,
    /// Only threads that are known and whose rollouts are gone
    #[arg(long)]
    pub(super) missing: bool,
}

/// `find`
#[derive(ClapArgs)]
pub(super) struct Find {
    /// Ids, at least 8 characters of each, or names
    #[arg(value_name = "ID", required = true, value_parser = values::text)]
    pub(super) ids: Vec<String>,
    /// Archived threads only
    #[arg(long, conflicts_with = "all")]
    pub(super) archived: bool,
    /// Active and archived threads; the default
    #[arg(long)]
    pub(super) all: bool,
    /// Say which rows and files were looked at, what each said, and which rule decided
    #[arg(long)]
    pub(super) explain: bool,
}

/// `read`
#[derive(ClapArgs)]
pub(super) struct Read {
    /// What is known of the thread, and no turns
    #[arg(long, conflicts_with_all = ["limit", "cursor", "desc", "tail", "around"])]
    pub(super) no_turns: bool,
    #[command(flatten)]
    pub(super) turns: Turns,
}

/// `turns`
#[derive(ClapArgs)]
pub(super) struct Turns {
    /// An id, at least 8 characters of one, or a name
    #[arg(required_unless_present = "path", conflicts_with = "path", value_parser = values::text)]
    pub(super) id: Option<String>,
    /// A rollout instead, as it stands alone; a relative path begins at the home
    #[arg(long, value_name = "FILE")]
    pub(super) path: Option<PathBuf>,
    /// How many turns, 0 for all [default: 20, or 5 with --around]
    #[arg(long, value_name = "N", conflicts_with = "tail", allow_negative_numbers = true)]
    pub(super) limit: Option<u32>,
    /// Where to go on: nextCursor of the page before, or backwardsCursor with the other direction
    #[arg(long, value_name = "CURSOR", conflicts_with = "tail", value_parser = values::text)]
    pub(super) cursor: Option<String>,
    /// Newest first
    #[arg(long, conflicts_with = "tail")]
    pub(super) desc: bool,
    /// Only the last turns, oldest first; nextCursor goes on to earlier ones, with --desc
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "around")]
    #[arg(allow_negative_numbers = true)]
    pub(super) tail: Option<u32>,
    /// The turns around the first one, from the cursor on, in which this was said or done; --desc looks from the end
    #[arg(long, value_name = "TEXT", value_parser = values::text)]
    pub(super) around: Option<String>,
}

/// `debug`
#[derive(Subcommand)]
pub(super) enum Debug {
    /// Run what --record wrote again, without a home, and hold the answers against the recorded ones
    Replay {
        /// The recording
        file: PathBuf,
    },
    /// Print a recording with nothing in it that people wrote, fit to go with a report
    Redact {
        /// The recording
        file: PathBuf,
    },
    /// Print, as JSON, the items that a model would be given to continue a thread, from the files alone
    PromptInput {
        /// An id, at least 8 characters of one, or a name
        #[arg(required_unless_present = "path", conflicts_with = "path", value_parser = values::text)]
        id: Option<String>,
        /// A rollout instead; a relative path begins at the home
        #[arg(long, value_name = "FILE")]
        path: Option<PathBuf>,
    },
}

/// Which time a list goes by.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Sort {
    /// When the thread was created
    Created,
    /// Time of its last record
    Updated,
    /// When its last turn began
    Recency,
}

/// Codex's `ThreadSourceKind`s.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
#[value(rename_all = "camelCase")]
pub(super) enum SourceKind {
    Any,
    Cli,
    Vscode,
    Exec,
    AppServer,
    SubAgent,
    SubAgentReview,
    SubAgentCompact,
    SubAgentThreadSpawn,
    SubAgentOther,
    Unknown,
}

impl SourceKind {
    /// The kinds that rows carry and that this one stands for; none for any.
    pub(super) fn row_kinds(self) -> Option<&'static [&'static str]> {
        Some(match self {
            SourceKind::Any => return None,
            SourceKind::Cli => &["cli"],
            SourceKind::Vscode => &["vscode"],
            SourceKind::Exec => &["exec"],
            SourceKind::AppServer => &["appServer"],
            SourceKind::SubAgent => &["subAgentReview", "subAgentCompact", "subAgentThreadSpawn", "subAgentOther"],
            SourceKind::SubAgentReview => &["subAgentReview"],
            SourceKind::SubAgentCompact => &["subAgentCompact"],
            SourceKind::SubAgentThreadSpawn => &["subAgentThreadSpawn"],
            SourceKind::SubAgentOther => &["subAgentOther"],
            SourceKind::Unknown => &["unknown"],
        })
    }
}
