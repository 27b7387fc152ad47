//! Writes threads in formats of its own.

use crate::bindings::exporter::exports::threadkeep::plugin::exporter::Guest;
use crate::bindings::imports::threadkeep::plugin::types::{Error, Setting};
use crate::{About, Result, Settings};

pub use crate::bindings::exporter::exports::threadkeep::plugin::exporter::Format;

/// Does what an exporter does.
pub trait Exporter {
    /// What it is.
    const ABOUT: About;

    /// Its formats; always the same.
    fn formats() -> Vec<Format>;

    /// Writes the threads that were handed over to the output.
    ///
    /// # Errors
    ///
    /// Whatever the plugin says.
    fn export(format: &str, settings: &Settings) -> Result<()>;
}

impl Format {
    /// A format: its name (small letters, digits and `-`), what a user reads, and of its files the extension and the media type.
    pub fn new(name: &str, title: &str, extension: &str, media_type: &str) -> Self {
        let [name, title, extension, media_type] = [name, title, extension, media_type].map(str::to_owned);
        Self { name, title, extension, media_type }
    }
}

impl<T: Exporter> Guest for T {
    fn formats() -> Vec<Format> {
        super::log_panics();
        T::formats()
    }

    fn export(format: String, settings: Vec<Setting>) -> Result<(), Error> {
        super::call(|| T::export(&format, &settings.into()))
    }
}

/// Exports a type as the plugin that it is.
#[macro_export]
macro_rules! exporter {
    ($plugin:ident) => {
        $crate::export_about!($plugin, $crate::exporter::Exporter, Exporter);
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::exporter::export_exporter!($plugin with_types_in $crate::bindings::exporter);
    };
}
