//! PostgreSQL holds the same rows by the same rules, whatever happens in between.

mod faults;
mod rights;
mod rows;
pub(crate) mod server;
mod writers;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use threadkeep_lake::database::{Database, Reading, compact, forget};
use threadkeep_lake::push;
use threadkeep_lake::read::Wanted;
use threadkeep_tables::TABLES;

use crate::model::Place;
use crate::support::{Found, WholeTexts, pushed, read_back};
use server::Server;

struct Schema<'s> {
    server: &'s Server,
    name: String,
    database: Database,
}

impl Schema<'_> {
    fn of<'s>(server: &'s Server, name: &str) -> Schema<'s> {
        Schema { server, name: name.to_owned(), database: server.database(name) }
    }
}

impl Place for Schema<'_> {
    fn push(&self, input: &str, options: push::Options) {
        pushed(&self.database, input, options).0.unwrap();
    }

    fn forget(&self, threads: &BTreeSet<String>) {
        forget(&self.database, threads).unwrap();
    }

    fn compact(&self) {
        compact(&self.database).unwrap();
    }

    fn found(&self) -> Found {
        self.server.found(&self.name)
    }

    fn texts(&self) -> WholeTexts {
        match Reading::open(&self.database) {
            Ok(mut reading) => read_back(Ok(&mut reading), &Wanted::default()).unwrap(),
            Err(_) => WholeTexts::new(),
        }
    }

    fn is_anywhere(&self, text: &str) -> bool {
        let mut client = self.server.connect("owner");
        TABLES.iter().any(|table| {
            let sql = format!(
                "SELECT EXISTS (SELECT FROM {}.rows_{} AS r WHERE strpos(r::text, $1) > 0)",
                self.name, table.name
            );
            client.query_one(&sql, &[&text]).unwrap().get(0)
        })
    }
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadkeep-lake"));
    command.args(arguments).env_remove("PGPASSWORD").env("PGPASSFILE", "/nonexistent");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}
