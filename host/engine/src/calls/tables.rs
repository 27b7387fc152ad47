//! Calls that make rows of tables.

use serde::Serialize;

use crate::contract::{
    Found, Gap, KnownRequests, KnownTurns, LookupError, ModelPrice, RedactionCount, Subject, TableOptions,
    ThreadCounts, ThreadRequests, ThreadRow, TurnLines, UsageRollouts, UsageThreads,
};
use crate::instance::Instance;

/// Holds the number of a table of turns that the core has open, with what can be told at once.
#[derive(Clone, Debug, Serialize)]
pub struct OpenedTurnTable {
    /// Its number among the open things of the instance.
    pub number: usize,
    /// The thread.
    pub found: Found,
    /// What the files of the history should hold and do not.
    pub gaps: Vec<Gap>,
    /// The history goes on from what was known.
    pub goes_on: bool,
    /// What is known by whoever has the rows of all turns.
    pub now: KnownTurns,
}

super::call::calls! {
    /// `tables.turn-tables`
    OpenTurnTables "tables.turn-tables" { options: TableOptions } -> usize: |call, instance| {
        let Instance { store, exports, .. } = instance;
        let handle = exports.threadkeep_core_tables().turn_tables().call_constructor(&mut *store, &call.options)?;
        Ok(instance.keep(handle))
    };

    /// `tables.turn-tables.open`, with `found`, `gaps`, `goes-on` and `now` of the table
    OpenTurnTable "tables.turn-tables.open" { tables: usize, of: Subject, known: Option<KnownTurns> } -> Result<OpenedTurnTable, LookupError>: |call, instance| {
        let tables = instance.open(call.tables)?;
        let Instance { store, exports, .. } = instance;
        let handle = match exports.threadkeep_core_tables().turn_tables().call_open(&mut *store, tables, &call.of, call.known)? {
            Ok(handle) => handle,
            Err(error) => return Ok(Err(error)),
        };
        let table = exports.threadkeep_core_tables().turn_table();
        let found = table.call_found(&mut *store, handle)?;
        let gaps = table.call_gaps(&mut *store, handle)?;
        let goes_on = table.call_goes_on(&mut *store, handle)?;
        let now = table.call_now(&mut *store, handle)?;
        Ok(Ok(OpenedTurnTable { number: instance.keep(handle), found, gaps, goes_on, now }))
    };

    /// `tables.turn-table.next`
    NextTurnLines "tables.turn-table.next" { table: usize } -> Result<Vec<TurnLines>, LookupError>: |call, instance| {
        let handle = instance.open(call.table)?;
        instance.exports.threadkeep_core_tables().turn_table().call_next(&mut instance.store, handle)
    };

    /// `tables.turn-table.report`
    ReportTurnTable "tables.turn-table.report" { table: usize } -> Vec<RedactionCount>: |call, instance| {
        let handle = instance.open(call.table)?;
        instance.exports.threadkeep_core_tables().turn_table().call_report(&mut instance.store, handle)
    };

    /// `tables.usage-table.open`
    OpenUsageTable "tables.usage-table.open" { prices: Vec<ModelPrice>, threads: UsageThreads, rollouts: UsageRollouts } -> usize: |call, instance| {
        let Instance { store, exports, .. } = instance;
        let table = exports.threadkeep_core_tables().usage_table();
        let handle = table.call_open(&mut *store, &call.prices, &call.threads, &call.rollouts)?;
        Ok(instance.keep(handle))
    };

    /// `tables.usage-table.compare`
    CompareUsage "tables.usage-table.compare" { table: usize, known: Vec<KnownRequests> } -> Vec<ThreadRequests>: |call, instance| {
        let handle = instance.open(call.table)?;
        instance.exports.threadkeep_core_tables().usage_table().call_compare(&mut instance.store, handle, &call.known)
    };

    /// `tables.usage-table.lines`
    MakeUsageLines "tables.usage-table.lines" { table: usize, thread: u32, known: u32 } -> String: |call, instance| {
        let handle = instance.open(call.table)?;
        let table = instance.exports.threadkeep_core_tables().usage_table();
        table.call_lines(&mut instance.store, handle, call.thread, call.known)
    };

    /// `tables.thread-line`
    MakeThreadLine "tables.thread-line" { row: ThreadRow, counts: ThreadCounts, options: TableOptions } -> (String, Vec<RedactionCount>): |call, instance| {
        instance.exports.threadkeep_core_tables().call_thread_line(&mut instance.store, &call.row, &call.counts, &call.options)
    };

    /// `tables.deleted-thread-line`
    MakeDeletedThreadLine "tables.deleted-thread-line" { created_at: i64 } -> String: |call, instance| {
        instance.exports.threadkeep_core_tables().call_deleted_thread_line(&mut instance.store, call.created_at)
    };
}
