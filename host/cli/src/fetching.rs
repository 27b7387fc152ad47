//! What `import` is told of a place that threads were pushed to: which of them come.

use std::path::PathBuf;

use clap::Args;
use threadkeep::Threadkeep;
use threadkeep::push::{FetchRequest, Fetched, is_place_of_tables};

use crate::dates::{self, Moment};
use crate::failure::{Usage, say};
use crate::tables_place::{lake_program, place};
use crate::{text, values};

/// The flags.
#[derive(Args)]
#[command(next_help_heading = "Which threads come, of a place that they were pushed to")]
pub(crate) struct Fetching {
    /// Only threads with this id, or with ids that begin so
    #[arg(long = "id", value_name = "ID", value_parser = values::text)]
    ids: Vec<String>,
    /// Only threads of this directory and below, as it is called where they ran
    #[arg(long, value_name = "DIR", value_parser = values::text)]
    under: Option<String>,
    /// Only threads of this git repository: its origin URL in any form, or the end of it, as OWNER/NAME
    #[arg(long, value_name = "URL", value_parser = values::text)]
    repo: Option<String>,
    /// Only threads in which anything happened from this time on: 2026-03-01, yesterday, 7d, …
    #[arg(long, value_name = "TIME", value_parser = dates::moment, allow_negative_numbers = true)]
    since: Option<Moment>,
    /// Only threads in which nothing happened from this time on
    #[arg(long, value_name = "TIME", value_parser = dates::moment, allow_negative_numbers = true)]
    until: Option<Moment>,
    /// Only threads of this machine, by its id or by its name there
    #[arg(long, value_name = "MACHINE", value_parser = values::text)]
    machine: Option<String>,
}

impl Fetching {
    /// Fetches what is wanted of the places among some sources. Gives the sources that are files then, and what has to be kept until
    /// they are imported.
    pub(crate) fn fetch(
        &self,
        sources: &[PathBuf],
        threadkeep: &Threadkeep,
    ) -> anyhow::Result<(Vec<PathBuf>, Option<Fetched>)> {
        let is_place = |source: &&PathBuf| source.to_str().is_some_and(is_place_of_tables);
        let (places, mut files): (Vec<&PathBuf>, Vec<&PathBuf>) = sources.iter().partition(is_place);
        let request = self.request();
        let [only] = places.as_slice() else {
            let why = match places.len() {
                0 if request == FetchRequest::default() => return Ok((sources.to_vec(), None)),
                0 => {
                    "--id, --under, --repo, --since, --until and --machine go with a place that threads were pushed to"
                }
                _ => "one place that threads were pushed to can be imported at a time",
            };
            return Err(Usage(why.into()).into());
        };
        let named = only.to_str().unwrap_or_default();
        let fetched = threadkeep.fetch_pushed(&lake_program()?, &place(named)?, &request)?;
        if fetched.not_whole > 0 {
            let count = text::count(fetched.not_whole, "thread");
            let said = match fetched.not_whole {
                1 => "was pushed without its whole text, and cannot come: `push --whole` sends it",
                _ => "were pushed without their whole texts, and cannot come: `push --whole` sends them",
            };
            say(&format!("{count} more {said}"));
        }
        for (thread, reason) in &fetched.broken {
            say(&format!("{thread} is not all there, and cannot come: {reason}"));
        }
        files.extend(&fetched.files);
        Ok((files.into_iter().cloned().collect(), Some(fetched)))
    }

    fn request(&self) -> FetchRequest {
        let [since, until] = [&self.since, &self.until].map(|moment| moment.as_ref().map(|moment| moment.at));
        FetchRequest {
            ids: self.ids.clone(),
            under: self.under.clone(),
            repository: self.repo.clone(),
            since,
            until,
            machine: self.machine.clone(),
        }
    }
}
