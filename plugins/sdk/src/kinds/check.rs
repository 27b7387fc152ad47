//! Further checks of the doctor's.

use crate::bindings::check::exports::threadkeep::plugin::check::Guest;
use crate::bindings::imports::threadkeep::plugin::types::Error;
use crate::{About, Result, ThreadId};

pub use crate::bindings::check::exports::threadkeep::plugin::check::{Finding, Proposal, Severity};

/// Does what a check does.
pub trait Check {
    /// What it is.
    const ABOUT: About;

    /// The codes of its findings; always the same.
    fn codes() -> Vec<String>;

    /// Looks at these threads.
    ///
    /// # Errors
    ///
    /// Whatever the plugin says.
    fn examine(threads: &[ThreadId]) -> Result<Vec<Finding>>;
}

impl<T: Check> Guest for T {
    fn codes() -> Vec<String> {
        super::log_panics();
        T::codes()
    }

    fn examine(threads: Vec<ThreadId>) -> Result<Vec<Finding>, Error> {
        super::call(|| T::examine(&threads))
    }
}

/// Exports a type as the plugin that it is.
#[macro_export]
macro_rules! check {
    ($plugin:ident) => {
        $crate::export_about!($plugin, $crate::check::Check, Check);
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::check::export_check!($plugin with_types_in $crate::bindings::check);
    };
}
