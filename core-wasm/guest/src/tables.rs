//! Exports of the world `reader`: threads as rows of tables.

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use contract::exports::tables;
use contract::{
    Found, Gap, KnownRequests, KnownTurns, LookupError, ModelPrice, RedactionCount, Subject, TableOptions,
    ThreadCounts, ThreadRequests, ThreadRow, TurnLines, UsageRollouts, UsageThreads,
};
use threadkeep_core::tables as core_tables;
use threadkeep_core::usage::usage_table;

use crate::reading::World;
use crate::runtime::{Component, export};

export! {
    tables __export_threadkeep_core_tables_0_5_0_cabi,
}

impl tables::Guest for Component {
    type TurnTables = TurnTables;
    type TurnTable = TurnTable;
    type UsageTable = UsageTable;

    fn thread_line(row: ThreadRow, counts: ThreadCounts, options: TableOptions) -> (String, Vec<RedactionCount>) {
        core_tables::thread_line(&row, &counts, &options)
    }

    fn deleted_thread_line(created_at: i64) -> String {
        core_tables::deleted_thread_line(created_at)
    }
}

/// Holds a `tables.turn-tables`.
pub(crate) struct TurnTables(RefCell<core_tables::TurnTables>);

impl tables::GuestTurnTables for TurnTables {
    fn new(options: TableOptions) -> TurnTables {
        TurnTables(RefCell::new(core_tables::TurnTables::new(options)))
    }

    fn open(&self, of: Subject, known: Option<KnownTurns>) -> Result<tables::TurnTable, LookupError> {
        let table = self.0.borrow_mut().open(&World, &of, known.as_ref())?;
        Ok(tables::TurnTable::new(TurnTable(RefCell::new(table))))
    }
}

/// Holds a `tables.turn-table`.
pub(crate) struct TurnTable(RefCell<core_tables::TurnTable>);

impl tables::GuestTurnTable for TurnTable {
    fn found(&self) -> Found {
        self.0.borrow().found().clone()
    }

    fn gaps(&self) -> Vec<Gap> {
        self.0.borrow().gaps().to_vec()
    }

    fn goes_on(&self) -> bool {
        self.0.borrow().goes_on()
    }

    fn now(&self) -> KnownTurns {
        self.0.borrow().now()
    }

    fn next(&self) -> Result<Vec<TurnLines>, LookupError> {
        self.0.borrow_mut().next(&World)
    }

    fn report(&self) -> Vec<RedactionCount> {
        self.0.borrow().report()
    }
}

/// Holds a `tables.usage-table`.
pub(crate) struct UsageTable(usage_table::UsageTable);

impl tables::GuestUsageTable for UsageTable {
    fn open(prices: Vec<ModelPrice>, threads: UsageThreads, rollouts: UsageRollouts) -> tables::UsageTable {
        tables::UsageTable::new(UsageTable(usage_table::UsageTable::open(&prices, &threads, rollouts)))
    }

    fn compare(&self, known: Vec<KnownRequests>) -> Vec<ThreadRequests> {
        self.0.compare(&known)
    }

    fn lines(&self, thread: u32, known: u32) -> String {
        self.0.lines(thread, known)
    }
}
