//! PostgreSQL as a target: the same tables by the same rules, in a schema of their own.
//!
//! A row waits in a temporary table until its commit, which is one transaction: the row of the home in `homes` is locked, so two
//! runs of one home come one after the other, and what waits is put among the rows, of which there is one for a key. What is
//! decided lies in `schema` and `address`; the rest asks the server.

mod address;
mod encode;
mod encryption;
mod failure;
mod maintain;
mod migrate;
mod passfile;
mod read;
mod run;
mod schema;

use postgres::Client;

pub use address::is_database;
pub use maintain::{compact, forget};
pub use migrate::migrate;
pub use read::Reading;

use crate::error::Result;
use address::Address;
use failure::failed;

/// Knows a database; each call connects anew.
pub struct Database {
    address: Address,
}

/// Understands a URL of PostgreSQL, with what the environment and the file of passwords have for it.
///
/// # Errors
///
/// The URL may make no sense.
pub fn open(destination: &str) -> Result<Database> {
    Ok(Database { address: address::parse(destination, |name| std::env::var(name).ok())? })
}

impl Database {
    /// Names the database to people.
    pub fn shown(&self) -> &str {
        &self.address.shown
    }

    /// Gives SQL that makes the views of the current rows, as they are made with the tables.
    ///
    /// # Errors
    ///
    /// The server may fail, and there may be no tables.
    pub fn views(&self) -> Result<String> {
        let mut client = self.connect()?;
        migrate::require(self, &mut client)?;
        let as_reader = migrate::has_views_of_readers(self, &mut client)?;
        Ok(schema::views(&self.address.schema, as_reader))
    }

    fn schema(&self) -> &str {
        &self.address.schema
    }

    fn connect(&self) -> Result<Client> {
        let connector = encryption::connector(&self.address.trust)?;
        let mut client = self.address.config.connect(connector).map_err(|error| self.failed("connecting", &error))?;
        // Whoever holds a lock for long is told of rather than waited for, and who waited sees what the other one did.
        client
            .batch_execute(
                "SET client_min_messages = warning; SET lock_timeout = '60s'; \
                 SET default_transaction_isolation = 'read committed'",
            )
            .map_err(|error| self.failed("connecting", &error))?;
        Ok(client)
    }

    fn password(&self) -> Option<&[u8]> {
        self.address.config.get_password()
    }

    fn failed(&self, action: &'static str, error: &postgres::Error) -> crate::Error {
        failed(action, error, self.password())
    }
}
