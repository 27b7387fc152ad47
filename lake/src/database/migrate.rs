//! Tables and views are made, and brought to this version, by who may; everybody else is told what is missing.

use postgres::{Client, GenericClient};

use super::schema::{self, Found, MIGRATIONS, NEWEST, quoted};
use super::{Database, failed};
use crate::error::{Error, ErrorKind, Result};

/// Is what an administrator is told to do.
const BY_OWNER: &str = "let the owner of the tables run `threadkeep-lake migrate` once";
/// Is the lock that two who migrate at once come one after the other by.
const LOCK: i64 = 0x7468_7265_6164;

/// Makes the tables and views, or brings them to this version, and gives it.
///
/// # Errors
///
/// The server may fail, the right may be missing, and the tables may be of a newer program.
pub fn migrate(database: &Database) -> Result<u32> {
    let mut client = database.connect()?;
    ready(database, &mut client)?;
    Ok(NEWEST)
}

/// Sees to it that the tables are those of this version.
pub(super) fn ready(database: &Database, client: &mut Client) -> Result<()> {
    if version(database, client)? < NEWEST {
        apply(database, client)?;
    }
    unaltered(database, client)
}

/// As [`ready`], where nothing is to be made.
pub(super) fn require(database: &Database, client: &mut Client) -> Result<()> {
    match version(database, client)? {
        0 => Err(Error::NoTables(database.shown().to_owned())),
        version if version < NEWEST => Err(Error::Usage(format!(
            "the tables are of version {version}, and this program needs {NEWEST}; {BY_OWNER}"
        ))),
        _ => unaltered(database, client),
    }
}

/// Gives the version of what is there; none is 0.
fn version(database: &Database, client: &mut impl GenericClient) -> Result<u32> {
    let fail = |error: postgres::Error| database.failed("looking for the tables", &error);
    let sql = "SELECT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
               WHERE n.nspname = $1 AND c.relname = 'migrations')";
    let is_there: bool = client.query_one(sql, &[&database.schema()]).map_err(fail)?.get(0);
    if !is_there {
        return Ok(0);
    }
    let sql = format!("SELECT coalesce(max(version), 0)::bigint FROM {}.migrations", quoted(database.schema()));
    let version: i64 = client.query_one(&sql, &[]).map_err(fail)?.get(0);
    let version = u32::try_from(version).unwrap_or(u32::MAX);
    if version > NEWEST {
        return Err(Error::Newer { path: database.shown().to_owned(), version });
    }
    Ok(version)
}

/// One transaction: there is a version as a whole or not at all.
fn apply(database: &Database, client: &mut Client) -> Result<()> {
    let as_reader = has_views_of_readers(database, client)?;
    let done = (|| {
        let mut transaction = client.transaction()?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])?;
        let name = quoted(database.schema());
        // Whoever may make no schema may still have been given one.
        let sql = "SELECT FROM pg_namespace WHERE nspname = $1";
        if transaction.query_opt(sql, &[&database.schema()])?.is_none() {
            transaction.batch_execute(&format!("CREATE SCHEMA {name}"))?;
        }
        transaction.batch_execute(&format!(
            "CREATE TABLE IF NOT EXISTS {name}.migrations (version integer PRIMARY KEY, applied_at timestamptz NOT NULL \
             DEFAULT now(), applied_by text NOT NULL DEFAULT current_user)"
        ))?;
        let sql = format!("SELECT coalesce(max(version), 0) FROM {name}.migrations");
        let there: i32 = transaction.query_one(&sql, &[])?.get(0);
        for (migration, version) in MIGRATIONS.iter().zip(1i32..).filter(|(_, version)| *version > there) {
            transaction.batch_execute(&migration.replace("{schema}", &name))?;
            transaction.execute(&format!("INSERT INTO {name}.migrations (version) VALUES ($1)"), &[&version])?;
        }
        transaction.batch_execute(&schema::views(database.schema(), as_reader))?;
        transaction.commit()
    })();
    done.map_err(|error| match failed("making the tables", &error, database.password()) {
        Error::Database { action, kind: ErrorKind::Denied, reason } => {
            Error::Database { action, kind: ErrorKind::Denied, reason: format!("{reason}; {BY_OWNER}") }
        }
        other => other,
    })
}

/// Says whether views can be made that show nobody more than the tables do.
pub(super) fn has_views_of_readers(database: &Database, client: &mut Client) -> Result<bool> {
    let sql = "SELECT current_setting('server_version_num')::integer >= 150000";
    let row = client.query_one(sql, &[]).map_err(|error| database.failed("looking for the tables", &error))?;
    Ok(row.get(0))
}

fn unaltered(database: &Database, client: &mut Client) -> Result<()> {
    let sql = "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), \
               a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' \
               FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace \
               WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped";
    let rows = client.query(sql, &[&database.schema()]);
    let rows = rows.map_err(|error| database.failed("looking for the tables", &error))?;
    let found =
        rows.iter().map(|row| Found { table: row.get(0), column: row.get(1), kind: row.get(2), demands: row.get(3) });
    match schema::altered(&found.collect::<Vec<_>>()) {
        None => Ok(()),
        Some((table, reason)) => Err(Error::Altered { table: format!("{}.{table}", database.schema()), reason }),
    }
}
