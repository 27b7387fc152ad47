//! Counts what a run takes, and ends it where a limit is reached.

use std::time::Instant;

use threadkeep::Cancellation;
use wasmtime::ResourceLimiter;

use crate::limits::{LimitKind, Limits, Reached};

/// Says that the user ended the run.
#[derive(Debug, thiserror::Error)]
#[error("it was cancelled")]
pub(crate) struct WasCancelled;

/// Counts what one run takes.
pub(crate) struct Meter {
    limits: Limits,
    began: Instant,
    cancellation: Cancellation,
    memory: u64,
    tables: u64,
    calls: u64,
    traffic: u64,
    output: u64,
    files: u64,
    log: u64,
    threads: u64,
}

impl Meter {
    pub(crate) fn new(limits: Limits, cancellation: Cancellation) -> Meter {
        Meter {
            limits,
            began: Instant::now(),
            cancellation,
            memory: 0,
            tables: 0,
            calls: 0,
            traffic: 0,
            output: 0,
            files: 0,
            log: 0,
            threads: 0,
        }
    }

    /// Gives the sentence that a limit is reached.
    pub(crate) fn reached(&self, kind: LimitKind) -> Reached {
        Reached { kind, limit: self.limits.of(kind) }
    }

    /// Fails where the time is over, however it was spent, or the user ended the run.
    pub(crate) fn check_time(&self) -> wasmtime::Result<()> {
        if self.cancellation.is_cancelled() {
            return Err(WasCancelled.into());
        }
        match self.began.elapsed() < self.limits.time() {
            true => Ok(()),
            false => Err(self.reached(LimitKind::Time).into()),
        }
    }

    /// Counts a call of the host with so many bytes of arguments.
    pub(crate) fn call(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.check_time()?;
        self.spend(LimitKind::Calls, 1)?;
        self.moved(bytes)
    }

    /// Counts bytes that the plugin is given.
    pub(crate) fn moved(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.spend(LimitKind::Traffic, bytes as u64)
    }

    /// Counts so much of a limit; fails where there is not so much left.
    pub(crate) fn spend(&mut self, kind: LimitKind, amount: u64) -> wasmtime::Result<()> {
        match self.has_spent(kind, amount) {
            true => Ok(()),
            false => Err(self.reached(kind).into()),
        }
    }

    /// Counts memory back that is held for it no longer.
    pub(crate) fn give_back_memory(&mut self, bytes: u64) {
        self.memory = self.memory.saturating_sub(bytes);
    }

    /// Counts likewise, and says whether it was still within the limit.
    pub(crate) fn has_spent(&mut self, kind: LimitKind, amount: u64) -> bool {
        let limit = self.limits.of(kind);
        let spent = match kind {
            LimitKind::Calls => &mut self.calls,
            LimitKind::Traffic => &mut self.traffic,
            LimitKind::Output => &mut self.output,
            LimitKind::Files => &mut self.files,
            LimitKind::Log => &mut self.log,
            LimitKind::Threads => &mut self.threads,
            LimitKind::Memory => &mut self.memory,
            LimitKind::Tables => &mut self.tables,
            // These are counted by whoever has them.
            LimitKind::Time | LimitKind::Instances | LimitKind::Handles | LimitKind::Stack | LimitKind::Transfer => {
                return true;
            }
        };
        *spent = spent.saturating_add(amount);
        *spent <= limit
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.spend(LimitKind::Memory, desired.saturating_sub(current) as u64)?;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.spend(LimitKind::Tables, desired.saturating_sub(current) as u64)?;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.limits.of(LimitKind::Instances) as usize
    }

    fn tables(&self) -> usize {
        self.limits.of(LimitKind::Instances) as usize
    }

    fn memories(&self) -> usize {
        self.limits.of(LimitKind::Instances) as usize
    }
}
