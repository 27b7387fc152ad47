//! The commands.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use serde_json::json;
use threadkeep_lake::database::Reading;
use threadkeep_lake::read::{Files, Wanted};
use threadkeep_lake::store::{Access, open};
use threadkeep_lake::views::{Engine, views};
use threadkeep_lake::{Error, compact, database, forget, ledger, push, read, rewrite};

/// Writes rows of threads as Parquet into a directory or an S3 bucket, or into PostgreSQL, where others read them.
///
/// DEST is a directory, or s3://BUCKET/PREFIX with the credentials of the environment: AWS_ACCESS_KEY_ID,
/// AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL, or the role of the machine or container. An endpoint of
/// http:// is used only where AWS_ALLOW_HTTP=true. Or it is postgres://USER@HOST/DATABASE, with what PGHOST, PGPORT, PGUSER,
/// PGDATABASE, PGPASSWORD, PGPASSFILE, PGSSLMODE and PGSSLROOTCERT say, and ?schema=NAME for another schema than threadkeep.
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found.
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
        /// A directory, s3://BUCKET/PREFIX or postgres://HOST/DATABASE
        dest: String,
        /// Merge small files in the end, where there are enough of them; in a database, drop rows that no longer count
        #[arg(long)]
        compact: bool,
        /// After how many megabytes of rows they are committed, at the end of a thread
        #[arg(long, value_name = "MB", default_value_t = 64, value_parser = clap::value_parser!(u16).range(0..=1024))]
        commit_every: u16,
        #[command(flatten)]
        grace: Grace,
    },
    /// Print threads that were pushed whole, line by line, as `threadkeep import` takes them
    Read {
        /// A directory, s3://BUCKET/PREFIX or postgres://HOST/DATABASE
        dest: String,
        /// Only threads with this id, or with ids that begin so; may be given several times
        #[arg(long)]
        id: Vec<String>,
        /// Only threads of this directory and below
        #[arg(long, value_name = "DIR")]
        under: Option<String>,
        /// Only threads of this git repository: its URL in any form, or the end of it, as OWNER/NAME
        #[arg(long, value_name = "URL")]
        repo: Option<String>,
        /// Only threads in which anything happened from this time on
        #[arg(long, value_name = "MILLISECONDS", allow_negative_numbers = true)]
        since: Option<i64>,
        /// Only threads in which nothing happened from this time on
        #[arg(long, value_name = "MILLISECONDS", allow_negative_numbers = true)]
        until: Option<i64>,
        /// Only threads of this machine, by its id or name
        #[arg(long, value_name = "MACHINE")]
        machine: Option<String>,
        /// Say which threads they are, without their lines
        #[arg(long)]
        list: bool,
    },
    /// Take threads out of everything of every machine, and never let them come back
    Forget {
        /// A directory, s3://BUCKET/PREFIX or postgres://HOST/DATABASE
        dest: String,
        /// The whole ids of the threads
        #[arg(required = true)]
        id: Vec<String>,
        #[command(flatten)]
        grace: Grace,
    },
    /// Merge small files, and leave out rows that no longer count
    Compact {
        /// A directory, s3://BUCKET/PREFIX or postgres://HOST/DATABASE
        dest: String,
        #[command(flatten)]
        grace: Grace,
    },
    /// Make the tables and views of a database, or bring them to this version; a push of who may does that, too
    Migrate {
        /// postgres://HOST/DATABASE
        dest: String,
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
        /// A directory, s3://BUCKET/PREFIX or postgres://HOST/DATABASE
        dest: String,
        /// The engine that will run it: duckdb, clickhouse or spark for files, postgres for a database, where they are made already
        #[arg(long, value_parser = parse_engine)]
        engine: Reader,
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

/// Says who runs the views.
#[derive(Clone, Copy)]
enum Reader {
    Files(Engine),
    Postgres,
}

fn parse_engine(name: &str) -> Result<Reader, String> {
    let engine = if name == "postgres" { Some(Reader::Postgres) } else { Engine::of(name).map(Reader::Files) };
    engine.ok_or_else(|| format!("the engines are {}, postgres", Engine::NAMES.join(", ")))
}

/// Runs a command.
pub(crate) fn run(arguments: Arguments, output: &mut (impl Write + Send)) -> anyhow::Result<()> {
    match arguments.command {
        Command::Push { dest, compact, commit_every, grace } => {
            let options =
                push::Options { grace: grace.duration(), compact, commit_bytes: usize::from(commit_every) << 20 };
            if database::is_database(&dest) {
                push_to(database::open(&dest), output, options)
            } else {
                push_to(open(&dest, Access::Push), output, options)
            }
        }
        Command::Read { dest, id, under, repo, since, until, machine, list } => {
            let wanted = Wanted { ids: id, under, repository: repo, since, until, machine };
            let mut output = BufWriter::with_capacity(256 << 10, output);
            let read = |telling: &mut read::Telling<'_>| {
                if database::is_database(&dest) {
                    telling.threads(&mut Reading::open(&database::open(&dest)?)?, &wanted, list)
                } else {
                    telling.threads(&mut Files::open(&open(&dest, Access::Existing)?)?, &wanted, list)
                }
            };
            Ok(read::run(&mut output, read)?)
        }
        Command::Forget { dest, id, grace } => {
            let threads: BTreeSet<String> = id.into_iter().collect();
            let (replaced, removed) = if database::is_database(&dest) {
                (0, database::forget(&database::open(&dest)?, &threads)?)
            } else {
                let done = forget::run(&open(&dest, Access::Existing)?, &threads, grace.duration())?;
                (done.replaced, done.removed)
            };
            tell(output, &json!({"forgotten": {"threads": threads.len(), "replaced": replaced, "removed": removed}}))
        }
        Command::Compact { dest, .. } if database::is_database(&dest) => {
            let dropped = database::compact(&database::open(&dest)?)?;
            tell(output, &json!({"compacted": {"merged": 0, "written": 0, "dropped": dropped, "removed": 0}}))
        }
        Command::Compact { dest, grace } => {
            let done = compact::run(&open(&dest, Access::Existing)?, grace.duration())?;
            let (merged, written, dropped, removed) = (done.merged, done.written, done.dropped, done.removed);
            tell(
                output,
                &json!({"compacted": {"merged": merged, "written": written, "dropped": dropped, "removed": removed}}),
            )
        }
        Command::Migrate { dest } if database::is_database(&dest) => {
            let version = database::migrate(&database::open(&dest)?)?;
            tell(output, &json!({"migrated": {"version": version}}))
        }
        Command::Migrate { .. } => {
            Err(Error::Usage("only a database is migrated: files have no tables to make".into()).into())
        }
        Command::Files { dest, .. } if database::is_database(&dest) => {
            let reason = "a database has no files to list: ask its tables, or its views of the current rows";
            Err(Error::Usage(reason.into()).into())
        }
        Command::Files { dest, table, json } => files(&dest, table.as_deref(), json, output),
        Command::Views { dest, engine } => {
            let sql = match (engine, database::is_database(&dest)) {
                (Reader::Postgres, true) => database::open(&dest)?.views()?,
                (Reader::Files(engine), false) => {
                    let store = open(&dest, Access::Existing)?;
                    // Where an older program has pushed last, nothing tells of columns that came since.
                    if !ledger::owners(&store)?.is_empty() && !rewrite::are_columns_told(&store)? {
                        rewrite::tell_columns(&store)?;
                    }
                    views(engine, &store.shown(""))
                }
                (Reader::Postgres, false) => {
                    return Err(
                        Error::Usage("PostgreSQL reads no files: push to postgres://HOST/DATABASE".into()).into()
                    );
                }
                (Reader::Files(_), true) => {
                    return Err(Error::Usage("the views of a database are those of --engine postgres".into()).into());
                }
            };
            output.write_all(sql.as_bytes()).context("writing SQL failed")
        }
    }
}

/// A destination that makes no sense is told as an answer, too: whoever started this program reads those.
fn push_to(
    target: Result<impl push::Target, Error>,
    output: &mut (impl Write + Send),
    options: push::Options,
) -> anyhow::Result<()> {
    match target {
        Ok(target) => Ok(push::run(&target, io::stdin().lock(), output, options)?),
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
