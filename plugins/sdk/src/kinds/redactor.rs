//! Takes out of texts what must not leave.

use crate::bindings::imports::threadkeep::plugin::types::Error;
use crate::bindings::redactor::exports::threadkeep::plugin::redactor::Guest;
use crate::{About, Result};

pub use crate::bindings::redactor::exports::threadkeep::plugin::redactor::Redacted;

/// Does what a redactor does.
pub trait Redactor {
    /// What it is.
    const ABOUT: About;

    /// A text again, without what must not leave.
    ///
    /// # Errors
    ///
    /// Whatever the plugin says.
    fn redact(text: &str) -> Result<Redacted>;
}

impl<T: Redactor> Guest for T {
    fn redact(texts: Vec<String>) -> Result<Vec<Redacted>, Error> {
        super::call(|| texts.iter().map(|text| T::redact(text)).collect())
    }
}

/// Exports a type as the plugin that it is.
#[macro_export]
macro_rules! redactor {
    ($plugin:ident) => {
        $crate::export_about!($plugin, $crate::redactor::Redactor, Redactor);
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::redactor::export_redactor!($plugin with_types_in $crate::bindings::redactor);
    };
}
