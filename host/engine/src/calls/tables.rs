//! Calls that make rows of tables.

use serde::Serialize;

use crate::contract::{
    Found, Gap, LookupError, ModelPrice, RedactionCount, Subject, TableOptions, ThreadCounts, ThreadRow, TurnLines,
    UsageLines, UsageRollouts, UsageThreads,
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
}

super::call::calls! {
    /// `tables.turn-table.open`, with `found` and `gaps`
    OpenTurnTable "tables.turn-table.open" { of: Subject, options: TableOptions } -> Result<OpenedTurnTable, LookupError>: |call, instance| {
        let Instance { store, exports, .. } = instance;
        let table = exports.threadkeep_core_tables().turn_table();
        let handle = match table.call_open(&mut *store, &call.of, &call.options)? {
            Ok(handle) => handle,
            Err(error) => return Ok(Err(error)),
        };
        let found = table.call_found(&mut *store, handle)?;
        let gaps = table.call_gaps(&mut *store, handle)?;
        Ok(Ok(OpenedTurnTable { number: instance.keep(handle), found, gaps }))
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

    /// `tables.usage-table.next`
    NextUsageLines "tables.usage-table.next" { table: usize } -> Vec<UsageLines>: |call, instance| {
        let handle = instance.open(call.table)?;
        instance.exports.threadkeep_core_tables().usage_table().call_next(&mut instance.store, handle)
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
