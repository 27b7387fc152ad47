//! The one place that says how plugins are compiled and run.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use wasmtime::{Config, Engine, OptLevel, WasmBacktraceDetails};

use crate::error::PluginError;
use crate::limits::{LimitKind, Limits};

/// How often a running plugin is checked.
const TICK: Duration = Duration::from_millis(10);

/// Makes the engine for a plugin with these limits.
///
/// The same inputs give the same bytes on every machine: numbers that are none have one form, and what processors do differently is
/// done as the standard says. What a plugin has no use for is not there: wide memories, threads. What is not built into the runtime,
/// garbage collection, exceptions and asynchronous functions, is refused by that.
pub(crate) fn plugin_engine(limits: &Limits) -> Result<Engine, PluginError> {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .wasm_memory64(false)
        .epoch_interruption(true)
        .memory_init_cow(true)
        // A page of the stack is kept for what the host does on it.
        .max_wasm_stack(limits.of(LimitKind::Stack).clamp(16 << 10, 4 << 20) as usize)
        // Else an environment variable would decide.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .generate_address_map(false)
        .native_unwind_info(false);
    if address_space_is_limited() {
        config
            .memory_reservation(0)
            .memory_guard_size(0)
            .memory_reservation_for_growth(GROWTH)
            .guard_before_linear_memory(false);
    }
    Engine::new(&config).map_err(|error| PluginError::Runtime(format!("{error:#}")))
}

/// So many bytes a memory can grow by before it moves, where address space is limited.
const GROWTH: u64 = 16 << 20;

/// So much address space the memories of a plugin may reserve, where each has its own 4 GB.
const RESERVED: u64 = 24 << 30;

fn address_space_is_limited() -> bool {
    rustix::process::getrlimit(rustix::process::Resource::As).current.is_some_and(|limit| limit < RESERVED)
}

/// Advances the engine's clock while it lives: without it no plugin runs, and with none of them nothing wakes the process.
pub(crate) struct Ticker {
    ended: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> Result<Ticker, PluginError> {
        let ended = Arc::new((Mutex::new(false), Condvar::new()));
        let (engine, told) = (engine.clone(), Arc::clone(&ended));
        let tick = move || {
            let (flag, wake) = &*told;
            let mut is_over = flag.lock().unwrap_or_else(PoisonError::into_inner);
            while !*is_over {
                is_over = wake.wait_timeout(is_over, TICK).unwrap_or_else(PoisonError::into_inner).0;
                engine.increment_epoch();
            }
        };
        let thread = std::thread::Builder::new().name("plugin-clock".into()).spawn(tick);
        let thread = thread.map_err(|error| PluginError::Runtime(format!("a thread cannot be started: {error}")))?;
        Ok(Ticker { ended, thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        let (flag, wake) = &*self.ended;
        *flag.lock().unwrap_or_else(PoisonError::into_inner) = true;
        wake.notify_all();
        if let Some(thread) = self.thread.take() {
            // It only counts, so it cannot have failed.
            let _ = thread.join();
        }
    }
}
