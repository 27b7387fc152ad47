//! A push of one home into the tables.

use std::collections::BTreeSet;
use std::io::Write as _;

use arrow_array::RecordBatch;
use postgres::{Client, GenericClient};
use threadkeep_tables::TABLES;

use super::encode::Encoded;
use super::schema::{self, quoted};
use super::{Database, failure, maintain, migrate};
use crate::error::Result;
use crate::paths::Owner;
use crate::push::{Batches, Opened, Options, Target, Written};

/// Is how much may wait here, before the server takes it into temporary tables.
const WAITING: usize = 8 << 20;
/// Is how much is handed to the connection at once.
const PART: usize = 256 << 10;

impl Target for Database {
    fn begin(&self, owner: Owner, options: Options) -> Result<Box<dyn Batches + '_>> {
        let mut client = self.connect()?;
        migrate::ready(self, &mut client)?;
        let highest =
            highest(self, &mut client, &owner, "").map_err(|error| self.failed("reading what was pushed", &error))?;
        let forgotten =
            forgotten(self, &mut client, &owner).map_err(|error| self.failed("reading what was pushed", &error))?;
        let waiting = TABLES.iter().map(|_| Encoded::default()).collect();
        Ok(Box::new(Run {
            database: self,
            client,
            owner,
            options,
            opened: Opened { version: highest.unwrap_or(0) + 1, is_new: highest.is_none(), forgotten },
            has_committed: false,
            waiting,
            has_stages: false,
            staged: vec![false; TABLES.len()],
            written: Written::default(),
        }))
    }
}

struct Run<'d> {
    database: &'d Database,
    client: Client,
    owner: Owner,
    options: Options,
    /// As it is known by now.
    opened: Opened,
    /// Whether this run has committed rows of its version.
    has_committed: bool,
    /// What the server has not got yet of each table.
    waiting: Vec<Encoded>,
    has_stages: bool,
    /// Which temporary tables have anything: whoever pushes nothing into a table needs no right to it.
    staged: Vec<bool>,
    written: Written,
}

impl Batches for Run<'_> {
    fn opened(&self) -> Opened {
        self.opened.clone()
    }

    fn rows(&mut self, table: usize, rows: &RecordBatch) -> Result<()> {
        *self.written.rows.entry(TABLES[table].name).or_default() += rows.num_rows() as u64;
        self.waiting[table].push(&TABLES[table], rows)?;
        if self.waiting.iter().map(Encoded::len).sum::<usize>() >= WAITING { self.stage() } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<()> {
        self.stage()?;
        if !self.staged.contains(&true) {
            return Ok(());
        }
        let (version, forgotten) = self.publish().map_err(|error| self.database.failed("writing rows", &error))?;
        self.opened.version = version;
        self.opened.forgotten = forgotten;
        self.has_committed = true;
        self.staged.fill(false);
        Ok(())
    }

    fn finish(&mut self) -> Result<Written> {
        if self.options.compact && self.has_committed {
            self.written.removed = maintain::drop_dead(self.database, &mut self.client, &self.owner)?;
        }
        Ok(std::mem::take(&mut self.written))
    }

    /// The temporary tables go with the connection.
    fn abandon(&mut self) {}
}

impl Run<'_> {
    /// Hands what waits to the server, where nobody else sees it.
    fn stage(&mut self) -> Result<()> {
        let database = self.database;
        for ((table, waiting), staged) in TABLES.iter().zip(&mut self.waiting).zip(&mut self.staged) {
            let Some(bytes) = waiting.take() else { continue };
            if !self.has_stages {
                let made = self.client.batch_execute(&schema::create_stages());
                made.map_err(|error| database.failed("making temporary tables", &error))?;
                self.has_stages = true;
            }
            let copy = self.client.copy_in(&schema::copy(table));
            let mut copy = copy.map_err(|error| database.failed("copying rows", &error))?;
            for part in bytes.chunks(PART) {
                let taken = copy.write_all(part);
                taken.map_err(|error| failure::of_stream("copying rows", &error, database.password()))?;
            }
            copy.finish().map_err(|error| database.failed("copying rows", &error))?;
            self.written.bytes += bytes.len() as u64;
            *staged = true;
        }
        Ok(())
    }

    /// Puts what waits in temporary tables among the rows of all, and gives the version that they got, and what is forgotten.
    fn publish(&mut self) -> std::result::Result<(i64, BTreeSet<String>), postgres::Error> {
        let (database, owner) = (self.database, &self.owner);
        let name = quoted(database.schema());
        let mut transaction = self.client.transaction()?;
        // Whoever of one home comes second waits here, and sees then what the first has committed.
        transaction.execute(
            &format!(
                "INSERT INTO {name}.homes (machine, home, highest_version) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING"
            ),
            &[&owner.machine, &owner.home],
        )?;
        let highest = highest(database, &mut transaction, owner, " FOR UPDATE")?.unwrap_or(0);
        let version = version(self.opened.version, highest, self.has_committed);
        let forgotten = forgotten(database, &mut transaction, owner)?;
        let new: Vec<&String> = forgotten.difference(&self.opened.forgotten).collect();
        for (table, _) in TABLES.iter().zip(&self.staged).filter(|(_, staged)| **staged) {
            if table.of_threads() && !new.is_empty() {
                let sql = format!("DELETE FROM {} WHERE thread = ANY($1)", schema::stage(table));
                transaction.execute(&sql, &[&new])?;
            }
            transaction.execute(&schema::drop_repeated(table), &[])?;
            let sql = schema::upsert(database.schema(), table);
            transaction.execute(&sql, &[&owner.machine, &owner.home, &version])?;
        }
        transaction.execute(
            &format!(
                "UPDATE {name}.homes SET highest_version = $3, changed_at = now() WHERE machine = $1 AND home = $2"
            ),
            &[&owner.machine, &owner.home, &version],
        )?;
        transaction.batch_execute(&schema::empty_stages())?;
        transaction.commit()?;
        Ok((version, forgotten))
    }
}

/// Says by which version a commit goes: a run of the same version that comes behind takes a higher one.
fn version(own: i64, highest: i64, has_committed: bool) -> i64 {
    if highest < own || (has_committed && highest == own) { own } else { highest + 1 }
}

/// Gives the highest version that a home has pushed; none where it never has.
fn highest(
    database: &Database,
    client: &mut impl GenericClient,
    owner: &Owner,
    lock: &str,
) -> std::result::Result<Option<i64>, postgres::Error> {
    let name = quoted(database.schema());
    let sql = format!("SELECT highest_version FROM {name}.homes WHERE machine = $1 AND home = $2{lock}");
    Ok(client.query_opt(&sql, &[&owner.machine, &owner.home])?.map(|row| row.get(0)))
}

fn forgotten(
    database: &Database,
    client: &mut impl GenericClient,
    owner: &Owner,
) -> std::result::Result<BTreeSet<String>, postgres::Error> {
    let name = quoted(database.schema());
    let sql = format!("SELECT thread FROM {name}.forgotten WHERE machine = $1 AND home = $2");
    Ok(client.query(&sql, &[&owner.machine, &owner.home])?.iter().map(|row| row.get(0)).collect())
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn who_comes_behind_takes_a_higher_version_and_who_goes_on_keeps_his() {
        assert_eq!(version(1, 0, false), 1);
        assert_eq!(version(3, 2, false), 3);
        assert_eq!(version(3, 3, false), 4);
        assert_eq!(version(3, 3, true), 3);
        assert_eq!(version(3, 7, true), 8);
    }
}
