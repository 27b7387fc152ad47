//! The commands.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use serde_json::json;
use threadkeep_lake::store::{Access, open};
use threadkeep_lake::views::{Engine, views};
use threadkeep_lake::{Error, compact, forget, ledger, push};

/// Writes rows of threads as Parquet into a directory or an S3 bucket, where other engines read them.
///
/// DEST is a directory, or s3://BUCKET/PREFIX with the credentials of the environment: AWS_ACCESS_KEY_ID,
/// AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL, or the role of the machine or container. An endpoint of
/// http:// is used only where AWS_ALLOW_HTTP=true. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found.
#[derive(Parser)]
#[command(name = "threadkeep-lake", version, about, long_about)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Take rows from standard input, as `threadkeep push` makes them, and write them
    Push {
        /// A directory or s3://BUCKET/PREFIX
        dest: String,
        /// Merge small files in the end, where there are enough of them
        #[arg(long)]
        compact: bool,
        /// After how many megabytes of rows they are committed, at the end of a thread
        #[arg(long, value_name = "MB", default_value_t = 64, value_parser = clap::value_parser!(u16).range(0..=1024))]
        commit_every: u16,
        #[command(flatten)]
        grace: Grace,
    },
    /// Take threads out of every file of every machine, and never let them come back
    Forget {
        /// A directory or s3://BUCKET/PREFIX
        dest: String,
        /// The whole ids of the threads
        #[arg(required = true)]
        id: Vec<String>,
        #[command(flatten)]
        grace: Grace,
    },
    /// Merge small files, and leave out rows that no longer count
    Compact {
        /// A directory or s3://BUCKET/PREFIX
        dest: String,
        #[command(flatten)]
        grace: Grace,
    },
    /// List the files that readers should read
    Files {
        /// A directory or s3://BUCKET/PREFIX
        dest: String,
        /// Those of one table alone
        #[arg(long)]
        table: Option<String>,
        /// A JSON object a line, with table, month, machine, home, rows and bytes
        #[arg(long)]
        json: bool,
    },
    /// Print SQL that makes a view of the current rows of each table
    Views {
        /// A directory or s3://BUCKET/PREFIX
        dest: String,
        /// The engine that will run it
        #[arg(long, value_parser = parse_engine)]
        engine: Engine,
    },
}

#[derive(clap::Args)]
struct Grace {
    /// How long files stay that no manifest names: readers and writers may still be at work with them
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    grace: u64,
}

impl Grace {
    fn duration(&self) -> Duration {
        Duration::from_secs(self.grace)
    }
}

fn parse_engine(name: &str) -> Result<Engine, String> {
    Engine::of(name).ok_or_else(|| format!("the engines are {}", Engine::NAMES.join(", ")))
}

/// Runs a command.
pub(crate) fn run(arguments: Arguments, output: &mut (impl Write + Send)) -> anyhow::Result<()> {
    match arguments.command {
        Command::Push { dest, compact, commit_every, grace } => {
            let options =
                push::Options { grace: grace.duration(), compact, commit_bytes: usize::from(commit_every) << 20 };
            push_to(&dest, output, options)
        }
        Command::Forget { dest, id, grace } => {
            let threads: BTreeSet<String> = id.into_iter().collect();
            let done = forget::run(&open(&dest, Access::Existing)?, &threads, grace.duration())?;
            tell(
                output,
                &json!({"forgotten": {"threads": threads.len(), "replaced": done.replaced, "removed": done.removed}}),
            )
        }
        Command::Compact { dest, grace } => {
            let done = compact::run(&open(&dest, Access::Existing)?, grace.duration())?;
            let (merged, written, dropped, removed) = (done.merged, done.written, done.dropped, done.removed);
            tell(
                output,
                &json!({"compacted": {"merged": merged, "written": written, "dropped": dropped, "removed": removed}}),
            )
        }
        Command::Files { dest, table, json } => files(&dest, table.as_deref(), json, output),
        Command::Views { dest, engine } => {
            let store = open(&dest, Access::Existing)?;
            output.write_all(views(engine, &store.shown("")).as_bytes()).context("writing SQL failed")
        }
    }
}

/// A destination that makes no sense is told as an answer, too: whoever started this program reads those.
fn push_to(dest: &str, output: &mut (impl Write + Send), options: push::Options) -> anyhow::Result<()> {
    match open(dest, Access::Push) {
        Ok(store) => Ok(push::run(&store, io::stdin().lock(), output, options)?),
        Err(error) => {
            let _ = tell(
                output,
                &json!({"failed": {"kind": error.kind(), "message": error.to_string(), "hint": error.hint()}}),
            );
            Err(error.into())
        }
    }
}

fn files(dest: &str, table: Option<&str>, json: bool, output: &mut impl Write) -> anyhow::Result<()> {
    if let Some(table) = table.filter(|table| threadkeep_tables::table(table).is_none()) {
        let names: Vec<&str> = threadkeep_tables::TABLES.iter().map(|table| table.name).collect();
        return Err(Error::Usage(format!("there is no table '{table}', but {}", names.join(", "))).into());
    }
    let store = open(dest, Access::Existing)?;
    for manifest in ledger::all(&store)? {
        for file in manifest.files.iter().filter(|file| table.is_none_or(|table| table == file.table)) {
            let path = store.shown(&file.path);
            if json {
                let (machine, home) = (&manifest.machine, &manifest.home);
                tell(
                    output,
                    &json!({"path": path, "table": file.table, "month": file.month, "machine": machine, "home": home,
                        "rows": file.rows, "bytes": file.bytes}),
                )?;
            } else {
                writeln!(output, "{path}").context("writing paths failed")?;
            }
        }
    }
    Ok(())
}

fn tell(output: &mut impl Write, line: &serde_json::Value) -> anyhow::Result<()> {
    writeln!(output, "{line}").context("writing the answer failed")
}
