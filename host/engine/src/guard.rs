//! Bounds a guest: its memory, and how long it may run without asking the host for anything.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use wasmtime::{Config, Engine, Store, StoreLimitsBuilder, UpdateDeadline};

use crate::cancellation::Cancellation;
use crate::engine_config;
use crate::error::CoreError;

/// How long a guest may run without calling the host.
const BUDGET: Duration = Duration::from_secs(20);
/// How many bytes of memory one instance may have.
const MEMORY: usize = 512 << 20;
/// How often a running guest is checked.
const TICK: Duration = Duration::from_millis(20);

/// Bounds one instance: a limit on memory, the time since the guest was last in the host, and a flag by which it is cancelled.
pub(crate) struct Guard {
    limits: wasmtime::StoreLimits,
    memory: usize,
    since: Instant,
    budget: Duration,
    cancellation: Cancellation,
}

impl Guard {
    /// Makes a guard with this program's limits.
    pub(crate) fn new(cancellation: Cancellation) -> Guard {
        Guard::with_limits(MEMORY, BUDGET, cancellation)
    }

    /// Makes a guard with a limit on memory in bytes, and on the time that the guest may run without asking the host.
    pub(crate) fn with_limits(memory: usize, budget: Duration, cancellation: Cancellation) -> Guard {
        let limits = StoreLimitsBuilder::new().memory_size(memory).trap_on_grow_failure(true).build();
        Guard { limits, memory, since: Instant::now(), budget, cancellation }
    }

    /// Gives a guard with the same limits for a fresh instance, which has used none of them.
    pub(crate) fn fresh(self) -> Guard {
        Guard::with_limits(self.memory, self.budget, self.cancellation)
    }

    /// Begins the guest's time anew.
    pub(crate) fn rearm(&mut self) {
        self.since = Instant::now();
    }
}

/// Is implemented by the data of a store, which carries a [`Guard`].
pub(crate) trait Guarded: 'static {
    /// Gives the guard.
    fn guard(&mut self) -> &mut Guard;
}

/// Makes a store whose guests are bounded by its data's guard.
pub(crate) fn guarded_store<T: Guarded>(engine: &Engine, data: T) -> Store<T> {
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

/// Makes an engine with this program's settings and a ticker.
pub(crate) fn ticking_engine() -> Result<Engine, CoreError> {
    ticking_engine_of(&engine_config::engine_config())
}

/// Makes an engine that reserves no address space, and a ticker.
pub(crate) fn small_ticking_engine() -> Result<Engine, CoreError> {
    ticking_engine_of(&engine_config::small_engine_config())
}

/// Makes an engine with these settings, and a ticker.
pub(crate) fn ticking_engine_of(config: &Config) -> Result<Engine, CoreError> {
    let engine = Engine::new(config).map_err(|e| CoreError::Load(format!("{e:#}")))?;
    start_ticker(&engine);
    Ok(engine)
}

/// How many guests run, and how many tickers rest because none does.
static RUNNING: AtomicUsize = AtomicUsize::new(0);
static RESTING: AtomicUsize = AtomicUsize::new(0);
static REST: Mutex<()> = Mutex::new(());
static WORK: Condvar = Condvar::new();

/// Stands for a guest that runs. Without one there are no ticks.
pub(crate) struct Running(());

/// Begins to run a guest.
pub(crate) fn running() -> Running {
    RUNNING.fetch_add(1, Ordering::SeqCst);
    if RESTING.load(Ordering::SeqCst) > 0 {
        // Who is about to rest holds this, and looks once more before.
        drop(REST.lock().unwrap_or_else(PoisonError::into_inner));
        WORK.notify_all();
    }
    Running(())
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Rests while no guest runs: a process that has nothing to do is not woken.
fn rest() {
    let resting = REST.lock().unwrap_or_else(PoisonError::into_inner);
    RESTING.fetch_add(1, Ordering::SeqCst);
    let rested = WORK.wait_while(resting, |()| RUNNING.load(Ordering::SeqCst) == 0);
    RESTING.fetch_sub(1, Ordering::SeqCst);
    drop(rested);
}

/// Starts the thread that advances the epoch while guests run, for as long as anybody uses the engine.
fn start_ticker(engine: &Engine) {
    let weak = engine.weak();
    std::thread::spawn(move || {
        loop {
            rest();
            std::thread::sleep(TICK);
            match weak.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    });
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use wasmtime::component::{Component, Linker};

    use super::*;

    /// The data of a store with nothing but the guard.
    struct Bare(Guard);

    impl Guarded for Bare {
        fn guard(&mut self) -> &mut Guard {
            &mut self.0
        }
    }

    /// A component whose three exports answer, loop, and ask for memory without end.
    const UNRULY: &str = r#"
        (component
            (core module $inner
                (memory 1)
                (func (export "answer") (result i32) (i32.const 42))
                (func (export "loop") (result i32) (loop (br 0)) (unreachable))
                (func (export "grow") (result i32)
                    (loop (drop (memory.grow (i32.const 16))) (br 0))
                    (unreachable)))
            (core instance $i (instantiate $inner))
            (func (export "answer") (result u32) (canon lift (core func $i "answer")))
            (func (export "loop") (result u32) (canon lift (core func $i "loop")))
            (func (export "grow") (result u32) (canon lift (core func $i "grow"))))
    "#;

    fn call(engine: &Engine, export: &str, cancellation: &Cancellation) -> Result<(u32,), String> {
        let component = Component::new(engine, wat::parse_str(UNRULY).unwrap()).unwrap();
        let linker: Linker<Bare> = Linker::new(engine);
        let guard = Guard::with_limits(4 << 20, Duration::from_millis(200), cancellation.clone());
        let mut store = guarded_store(engine, Bare(guard));
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let export = instance.get_typed_func::<(), (u32,)>(&mut store, export).unwrap();
        let _running = running();
        export.call(&mut store, ()).map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn a_looping_and_an_over_allocating_guest_fail_alone() {
        let engine = ticking_engine().unwrap();
        let call = |export: &str| call(&engine, export, &Cancellation::default());
        assert_eq!(call("answer").unwrap(), (42,));
        let looped = call("loop").unwrap_err();
        assert!(looped.contains("without an answer"), "{looped}");
        let grown = call("grow").unwrap_err();
        assert!(grown.contains("memory"), "{grown}");
        assert_eq!(call("answer").unwrap(), (42,));
    }

    #[test]
    fn a_guest_that_runs_is_ended_by_a_cancellation() {
        let engine = ticking_engine().unwrap();
        let cancellation = Cancellation::default();
        cancellation.cancel();
        let ended = call(&engine, "loop", &cancellation).unwrap_err();
        assert!(ended.contains("cancelled"), "{ended}");
    }
}
