//! Bounds a guest: its memory, and how long it may run without asking the host for anything.

use std::time::{Duration, Instant};

use wasmtime::{Engine, Store, StoreLimitsBuilder, UpdateDeadline};

use super::{CoreError, engine_config};
use crate::platform::cancellation::Cancellation;

/// How long a guest may run without calling the host.
const BUDGET: Duration = Duration::from_secs(20);
/// How many bytes of memory one instance may have.
const MEMORY: usize = 512 << 20;
/// How often a running guest is checked.
const TICK: Duration = Duration::from_millis(20);

/// Bounds one instance. Every store of this program carries one: a limit on memory, the time since the guest was last in the
/// host, and a flag by which it is cancelled.
pub struct Guard {
    limits: wasmtime::StoreLimits,
    since: Instant,
    budget: Duration,
    cancellation: Cancellation,
}

impl Guard {
    /// Makes a guard with a limit on memory in bytes, and on the time that the guest may run without asking the host.
    pub fn new(memory: usize, budget: Duration) -> Guard {
        let limits = StoreLimitsBuilder::new().memory_size(memory).trap_on_grow_failure(true).build();
        Guard { limits, since: Instant::now(), budget, cancellation: Cancellation::default() }
    }

    /// Has the guest stopped when this is cancelled.
    pub(super) fn obey(&mut self, cancellation: &Cancellation) {
        self.cancellation = cancellation.clone();
    }

    /// Begins the guest's time anew.
    pub fn rearm(&mut self) {
        self.since = Instant::now();
    }
}

impl Default for Guard {
    fn default() -> Self {
        Guard::new(MEMORY, BUDGET)
    }
}

/// Is implemented by the data of a store, which carries a [`Guard`].
pub trait Guarded: 'static {
    /// Gives the guard.
    fn guard(&mut self) -> &mut Guard;
}

/// Makes a store whose guests are bounded by its data's guard.
pub fn guarded_store<T: Guarded>(engine: &Engine, data: T) -> Store<T> {
    let mut store = Store::new(engine, data);
    store.limiter(|data| &mut data.guard().limits);
    store.epoch_deadline_callback(|mut context| {
        let guard = context.data_mut().guard();
        if guard.cancellation.is_cancelled() {
            return Err(wasmtime::format_err!("it was cancelled"));
        }
        match guard.since.elapsed() < guard.budget {
            true => Ok(UpdateDeadline::Continue(1)),
            false => Err(wasmtime::format_err!("it ran for {:?} without an answer", guard.budget)),
        }
    });
    store.set_epoch_deadline(1);
    store
}

/// Makes an engine with this program's settings and a ticker, for embedders' own components and for tests.
pub fn ticking_engine() -> Result<Engine, CoreError> {
    let engine = Engine::new(&engine_config::engine_config()).map_err(|e| CoreError::Load(format!("{e:#}")))?;
    start_ticker(&engine);
    Ok(engine)
}

/// Starts the thread that advances the epoch for as long as anybody uses the engine.
fn start_ticker(engine: &Engine) {
    let weak = engine.weak();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(TICK);
            match weak.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    });
}
