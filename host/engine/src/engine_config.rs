//! The one place that says how the core is compiled and run.
//!
//! `build/` takes this file in as a module of its own: an image compiled ahead of time loads only into an engine with
//! the very same settings, so there must be no second list of them.

use wasmtime::{Config, OptLevel, WasmBacktraceDetails};

/// Settings of every engine that compiles or runs the core.
///
/// What is not named here keeps its default on purpose: on 64-bit hosts an instance's memory reserves 4 GiB of address
/// space, not of RAM, so that it never moves and loads and stores need no bounds check.
pub(crate) fn engine_config() -> Config {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        // The core's `memchr` is built for it.
        .wasm_simd(true)
        // A call that loops is ended by the deadline. Counting fuel would cost more and bound work instead of time.
        .epoch_interruption(true)
        // A fresh instance maps the initial memory out of the image instead of copying it.
        .memory_init_cow(true)
        // Else an environment variable would decide, and could make the embedded image unloadable.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        // A trap still names the guest's functions. The tables for places inside them would only slow the start.
        .generate_address_map(false)
        // They are for unwinders other than wasmtime's, and registered at every start.
        .native_unwind_info(false);
    config
}

/// Settings of an engine where address space is limited: an instance's memory takes what it needs, and moves when it grows.
/// Loads and stores are checked, so the embedded image is not for it.
#[allow(dead_code, reason = "the build script compiles for the other one alone")]
pub(crate) fn small_engine_config() -> Config {
    let mut config = engine_config();
    config
        .memory_reservation(0)
        .memory_guard_size(0)
        .memory_reservation_for_growth(GROWTH)
        .guard_before_linear_memory(false);
    config
}

/// So many bytes a memory can grow by before it moves.
const GROWTH: u64 = 16 << 20;
