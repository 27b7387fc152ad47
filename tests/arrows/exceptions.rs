//! What breaks the rules today, and why it does. The lists only shrink: an entry that is no longer needed fails a test.

pub(super) struct Exception {
    /// A file, below the workspace; for arrows also a directory, for all files in it.
    pub(super) from: &'static str,
    /// For arrows a module of the same crate, with all that are in it; else the crate or the word.
    pub(super) to: &'static str,
    pub(super) why: &'static str,
}

const fn except(from: &'static str, to: &'static str, why: &'static str) -> Exception {
    Exception { from, to, why }
}

const BOUNDARY: &str = "one struct answers all imports; each capability is to answer its own";
const CORE: &str = "the core's modules are to be ordered together with its contract";

/// Uses of modules that point upward or close a circle.
pub(super) const ARROWS: &[Exception] = &[
    except("core-wasm/src/assemble.rs", "change::patch", CORE),
    except("core-wasm/src/checkup/thread/codex.rs", "checkup::thread::metadata", CORE),
    except("core-wasm/src/checkup/thread/codex.rs", "checkup::thread::rebuilt", CORE),
    except("core-wasm/src/turns/chain.rs", "checkup", CORE),
    except("core-wasm/src/write/batch.rs", "write::pen", CORE),
    except("core-wasm/src/write/legacy.rs", "write::pen", CORE),
    except("core-wasm/src/write/paginated.rs", "write::pen", CORE),
    except("host/src/component/bindings.rs", "rollouts", BOUNDARY),
    except("host/src/component/tape", "component::world", BOUNDARY),
    except("host/src/component/world.rs", "db", BOUNDARY),
    except("host/src/component/world.rs", "index::backfill", BOUNDARY),
    except("host/src/component/world.rs", "rollouts", BOUNDARY),
];

/// Crates that a manifest asks for and must not.
pub(super) const DEPENDENCIES: &[Exception] = &[];

/// Words that stand outside their places.
pub(super) const WORDS: &[Exception] = &[];
