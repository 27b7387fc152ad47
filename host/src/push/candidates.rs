//! Tells which threads a place may lack something of.
//!
//! A thread is as it was pushed where its row and its rollouts are, with its tags and what the rows of tables are to hold: that is the
//! first part of its stamp. Making a row of every thread takes longer than it takes to read the state DB, so the second part is a
//! checksum of what that knows of the thread. Where it is the same, no row is made.

use std::collections::{HashMap, HashSet};

use threadkeep_engine::contract::{FileFacts, RowQuery, TableOptions, ThreadRow};
use threadkeep_tables::SCHEMA_VERSION;
use twox_hash::XxHash3_128;

use super::PushRequest;
use super::error::PushError;
use crate::db::Database;
use crate::features::marks;
use crate::features::pushed::{HomeSums, PushedThread, joined};
use crate::threads::directories::widen;
use crate::threads::reader::ThreadReader;

/// A thread of which something may have to be sent.
pub(super) struct Candidate {
    /// The thread.
    pub(super) id: String,
    /// When it was created.
    pub(super) created_at: i64,
    /// Checksums by which a change is seen.
    pub(super) stamp: Vec<u8>,
    /// The bytes of its rollouts.
    pub(super) bytes: u64,
    /// Its tags.
    pub(super) tags: Vec<String>,
    /// Its row, where that is not read with its turns.
    pub(super) row: Option<ThreadRow>,
}

/// Lists candidates.
pub(super) struct Candidates<'a> {
    reader: &'a ThreadReader,
    database: &'a Database,
    request: &'a PushRequest,
    excluded: &'a [RowQuery],
    forgotten: HashSet<String>,
    sums: HomeSums,
    /// Of all that the rows of every thread depend on.
    of_all: u128,
}

/// What a list of candidates has.
#[derive(Default)]
pub(super) struct ListedCandidates {
    /// Those that the place is to have, in the order in which they were created.
    pub(super) candidates: Vec<Candidate>,
    /// How many others there are that it is never to have.
    pub(super) forgotten: u64,
}

impl<'a> Candidates<'a> {
    /// Begins with what is known of the home as it is now. Threads that `excluded` lets pass never leave, nor those that are forgotten.
    pub(super) fn new(
        reader: &'a ThreadReader,
        database: &'a Database,
        request: &'a PushRequest,
        excluded: &'a [RowQuery],
        forgotten: Vec<String>,
        sums: HomeSums,
    ) -> Result<Candidates<'a>, PushError> {
        // What directories are called elsewhere on the disk is part of a query.
        let queries: Vec<RowQuery> = std::iter::once(&request.rows).chain(excluded).map(widen).collect();
        let PushRequest { only_usage, whole, redact_secrets, anonymize, prices, machine_name, .. } = request;
        let of_request = (
            (queries, only_usage, whole, redact_secrets, format!("{anonymize:?} {prices:?}"), machine_name),
            (&forgotten, SCHEMA_VERSION, env!("CARGO_PKG_VERSION")),
        );
        let of_request = XxHash3_128::oneshot(&serde_json::to_vec(&of_request)?);
        let of_all = joined(&[of_request, sums.rest]);
        let forgotten = forgotten.into_iter().collect();
        Ok(Candidates { reader, database, request, excluded, forgotten, sums, of_all })
    }

    /// Returns a checksum of all by which it is seen that the place may lack something.
    pub(super) fn sum(&self) -> Vec<u8> {
        joined(&[self.of_all, self.sums.all]).to_le_bytes().to_vec()
    }

    /// Says whether a thread is known to be as it was pushed, without a look at its row.
    pub(super) fn is_unchanged(&self, id: &str, pushed: &PushedThread) -> bool {
        self.sum_of(id).is_some_and(|sum| pushed.stamp.get(STAMP..) == Some(sum.as_slice()))
    }

    /// Returns the threads that are not known to be as they were pushed.
    pub(super) fn maybe_changed(&self, pushed: &HashMap<String, PushedThread>) -> Vec<String> {
        let is_maybe_changed = |id: &&String| pushed.get(*id).is_none_or(|pushed| !self.is_unchanged(id, pushed));
        self.sums.threads.keys().filter(is_maybe_changed).cloned().collect()
    }

    /// Lists those of some threads that the place is to have.
    pub(super) fn list(&self, mut threads: Vec<String>) -> Result<ListedCandidates, PushError> {
        if threads.is_empty() {
            return Ok(ListedCandidates::default());
        }
        if let Some(among) = &self.request.rows.among {
            let among: HashSet<&String> = among.iter().collect();
            threads.retain(|id| among.contains(id));
        }
        // A list of all is not looked through thread by thread.
        let is_all = threads.len() == self.sums.threads.len();
        let among = (!is_all).then(|| threads.clone());
        let query = RowQuery { missing: false, among: among.clone(), ..self.request.rows.clone() };
        let mut rows: Vec<ThreadRow> = self.reader.every_thread(&query)?.into_iter().map(|listed| listed.row).collect();
        // Ids are mostly in the order in which threads were created, and rows that follow each other in time are packed well.
        rows.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        let all = rows.len();
        let mut excluded = HashSet::new();
        for query in self.excluded {
            let query = RowQuery { among: among.clone(), ..query.clone() };
            excluded.extend(self.reader.every_thread(&query)?.into_iter().map(|listed| listed.row.id));
        }
        rows.retain(|row| !self.forgotten.contains(&row.id) && !excluded.contains(&row.id));
        let forgotten = (all - rows.len()) as u64;
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        let mut rollouts = self.database.rollouts_by_thread(&ids)?;
        let mut tags = marks::in_short(self.database, &ids)?;
        let candidate = |row: ThreadRow| {
            let files = rollouts.remove(&row.id).unwrap_or_default();
            let tags = tags.remove(&row.id).map(|marks| marks.tags).unwrap_or_default();
            self.candidate(row, &files, tags)
        };
        Ok(ListedCandidates { candidates: rows.into_iter().map(candidate).collect::<Result<_, _>>()?, forgotten })
    }

    fn candidate(&self, row: ThreadRow, files: &[FileFacts], tags: Vec<String>) -> Result<Candidate, PushError> {
        let TableOptions { texts, redact_secrets, anonymize } = self.request.options();
        let options = (texts, redact_secrets, format!("{anonymize:?}"), self.request.whole, SCHEMA_VERSION);
        let mut stamp =
            XxHash3_128::oneshot(&serde_json::to_vec(&(&row, files, &tags, options))?).to_le_bytes().to_vec();
        stamp.extend(self.sum_of(&row.id).unwrap_or_default());
        let bytes = files.iter().map(|file| file.size).sum();
        let (id, created_at) = (row.id.clone(), row.created_at);
        Ok(Candidate { id, created_at, stamp, bytes, tags, row: (!texts).then_some(row) })
    }

    fn sum_of(&self, id: &str) -> Option<[u8; STAMP]> {
        self.sums.threads.get(id).map(|&sum| joined(&[self.of_all, sum]).to_le_bytes())
    }
}

impl Candidate {
    /// Says whether its row is as it was pushed.
    pub(super) fn is_as(&self, pushed: &PushedThread) -> bool {
        self.stamp.get(..STAMP) == pushed.stamp.get(..STAMP)
    }
}

/// The bytes of each of the two checksums.
const STAMP: usize = size_of::<u128>();
