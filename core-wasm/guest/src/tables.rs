//! Exports of the world `reader`: threads as rows of tables.

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use contract::exports::tables;
use contract::{
    Found, Gap, LookupError, ModelPrice, RedactionCount, Subject, TableOptions, ThreadCounts, ThreadRow, TurnLines,
    UsageLines, UsageRollouts, UsageThreads,
};
use threadkeep_core::tables as core_tables;
use threadkeep_core::usage::usage_table;

use crate::reading::World;
use crate::runtime::{Component, export};

export! {
    tables __export_threadkeep_core_tables_0_5_0_cabi,
}

impl tables::Guest for Component {
    type TurnTable = TurnTable;
    type UsageTable = UsageTable;

    fn thread_line(row: ThreadRow, counts: ThreadCounts, options: TableOptions) -> (String, Vec<RedactionCount>) {
        core_tables::thread_line(&row, &counts, &options)
    }

    fn deleted_thread_line(created_at: i64) -> String {
        core_tables::deleted_thread_line(created_at)
    }
}

/// Holds a `tables.turn-table`.
pub(crate) struct TurnTable(RefCell<core_tables::TurnTable>);

impl tables::GuestTurnTable for TurnTable {
    fn open(of: Subject, options: TableOptions) -> Result<tables::TurnTable, LookupError> {
        let table = core_tables::TurnTable::open(&World, &of, &options)?;
        Ok(tables::TurnTable::new(TurnTable(RefCell::new(table))))
    }

    fn found(&self) -> Found {
        self.0.borrow().found().clone()
    }

    fn gaps(&self) -> Vec<Gap> {
        self.0.borrow().gaps().to_vec()
    }

    fn next(&self) -> Result<Vec<TurnLines>, LookupError> {
        self.0.borrow_mut().next(&World)
    }

    fn report(&self) -> Vec<RedactionCount> {
        self.0.borrow().report()
    }
}

/// Holds a `tables.usage-table`.
pub(crate) struct UsageTable(RefCell<usage_table::UsageTable>);

impl tables::GuestUsageTable for UsageTable {
    fn open(prices: Vec<ModelPrice>, threads: UsageThreads, rollouts: UsageRollouts) -> tables::UsageTable {
        let table = usage_table::UsageTable::open(&prices, &threads, &rollouts);
        tables::UsageTable::new(UsageTable(RefCell::new(table)))
    }

    fn next(&self) -> Vec<UsageLines> {
        self.0.borrow_mut().next_lines()
    }
}
