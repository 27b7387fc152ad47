//! Writes reports over many threads.

use crate::bindings::imports::threadkeep::plugin::types::{Error, Setting};
use crate::bindings::report::exports::threadkeep::plugin::report::Guest;
use crate::{About, Result, Settings};

pub use crate::bindings::report::exports::threadkeep::plugin::report::Heading;

/// Does what a report does.
pub trait Report {
    /// What it is.
    const ABOUT: About;

    /// Its reports; always the same.
    fn reports() -> Vec<Heading>;

    /// Writes a report of the threads that were handed over to the output.
    ///
    /// # Errors
    ///
    /// Whatever the plugin says.
    fn run(name: &str, settings: &Settings) -> Result<()>;
}

impl Heading {
    /// A report: its name (small letters, digits and `-`), what a user reads, and the extension of the file that it is.
    pub fn new(name: &str, title: &str, extension: &str) -> Self {
        let [name, title, extension] = [name, title, extension].map(str::to_owned);
        Self { name, title, extension }
    }
}

impl<T: Report> Guest for T {
    fn reports() -> Vec<Heading> {
        super::log_panics();
        T::reports()
    }

    fn run(name: String, settings: Vec<Setting>) -> Result<(), Error> {
        super::call(|| T::run(&name, &settings.into()))
    }
}

/// Exports a type as the plugin that it is.
#[macro_export]
macro_rules! report {
    ($plugin:ident) => {
        $crate::export_about!($plugin, $crate::report::Report, Report);
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::report::export_report!($plugin with_types_in $crate::bindings::report);
    };
}
