//! Holds a trait and a macro for each kind of plugin.

pub mod check;
pub mod column;
pub mod exporter;
pub mod importer;
pub mod redactor;
pub mod report;

use std::sync::Once;

use crate::bindings::about::exports::threadkeep::plugin::about::{Kind, Manifest};
use crate::{About, Error, Result, bindings};

/// Writes panics to the log: what follows one is a trap, which has no words.
fn log_panics() {
    static ONCE: Once = Once::new();
    if cfg!(target_arch = "wasm32") {
        ONCE.call_once(|| std::panic::set_hook(Box::new(|panic| crate::log::error(&panic.to_string()))));
    }
}

type ContractError = bindings::imports::threadkeep::plugin::types::Error;

#[doc(hidden)]
pub fn describe(about: About, kind: Kind) -> Manifest {
    log_panics();
    Manifest {
        name: about.name.to_owned(),
        version: about.version.to_owned(),
        summary: about.summary.to_owned(),
        kind,
        wants: about.wants.iter().map(|want| (*want).to_owned()).collect(),
    }
}

/// Calls a plugin, and returns what the contract wants.
fn call<T>(run: impl FnOnce() -> Result<T>) -> Result<T, ContractError> {
    log_panics();
    run().map_err(Error::into_contract)
}

/// Exports of a plugin what all kinds export.
#[doc(hidden)]
#[macro_export]
macro_rules! export_about {
    ($plugin:ident, $Trait:path, $Kind:ident) => {
        impl $crate::bindings::about::exports::threadkeep::plugin::about::Guest for $plugin {
            fn describe() -> $crate::bindings::about::exports::threadkeep::plugin::about::Manifest {
                use $crate::bindings::about::exports::threadkeep::plugin::about::Kind;
                $crate::describe(<$plugin as $Trait>::ABOUT, Kind::$Kind)
            }
        }
        // Natively the names of exports are none that a linker takes.
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::about::export_about!($plugin with_types_in $crate::bindings::about);
    };
}
