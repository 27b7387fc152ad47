//! Further columns of lists.

use crate::bindings::column::exports::threadkeep::plugin::column::Guest;
use crate::bindings::imports::threadkeep::plugin::types::Error;
use crate::{About, Result, ThreadId};

pub use crate::bindings::column::exports::threadkeep::plugin::column::{Cell, Heading};

/// Does what a plugin with columns does.
pub trait Column {
    /// What it is.
    const ABOUT: About;

    /// Its columns; always the same.
    fn headings() -> Vec<Heading>;

    /// A cell for each of these threads, in their order.
    ///
    /// # Errors
    ///
    /// Whatever the plugin says.
    fn cells(heading: &str, threads: &[ThreadId]) -> Result<Vec<Cell>>;
}

impl<T: Column> Guest for T {
    fn headings() -> Vec<Heading> {
        super::log_panics();
        T::headings()
    }

    fn cells(heading: String, threads: Vec<ThreadId>) -> Result<Vec<Cell>, Error> {
        super::call(|| T::cells(&heading, &threads))
    }
}

/// Exports a type as the plugin that it is.
#[macro_export]
macro_rules! column {
    ($plugin:ident) => {
        $crate::export_about!($plugin, $crate::column::Column, Column);
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::column::export_column!($plugin with_types_in $crate::bindings::column);
    };
}
