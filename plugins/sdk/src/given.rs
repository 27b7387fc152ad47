//! Calls the small interfaces that a plugin is given.

/// Says something to the user who runs the plugin.
pub mod log {
    use crate::host;

    /// How much it matters.
    pub use crate::bindings::imports::threadkeep::plugin::log::Level;

    /// Writes a line to the log.
    pub fn write(level: Level, text: &str) {
        host::log(level, text);
    }

    /// Says something that helps whoever wrote the plugin.
    pub fn debug(text: &str) {
        write(Level::Debug, text);
    }

    /// Says something.
    pub fn info(text: &str) {
        write(Level::Info, text);
    }

    /// Says that something is not as it should be.
    pub fn warning(text: &str) {
        write(Level::Warning, text);
    }

    /// Says that something went wrong.
    pub fn error(text: &str) {
        write(Level::Error, text);
    }
}

/// Says how far the plugin is.
pub mod progress {
    /// Reports that so much is done, and of how much where that is known.
    pub fn report(done: u64, of: Option<u64>) {
        crate::host::progress(done, of);
    }
}

/// Tells the time.
pub mod clock {
    /// The time of the run in milliseconds since 1970; it stands still until the plugin has come to its end.
    pub fn now() -> crate::Millis {
        crate::host::now()
    }
}

/// Numbers that look random.
pub mod random {
    /// The next number; the same ones come in every run.
    pub fn next() -> u32 {
        crate::host::random()
    }
}

/// Where what the plugin makes is written.
pub mod output {
    use crate::{Result, host};

    /// Begins a file of this name, with `/` between its parts.
    ///
    /// # Errors
    ///
    /// The user gave no directory, or the name is not one for a file below it.
    pub fn begin(name: &str) -> Result<()> {
        host::begin(name)
    }

    /// Writes text.
    ///
    /// # Errors
    ///
    /// More was written than the run may.
    pub fn text(text: &str) -> Result<()> {
        host::text(text)
    }

    /// Writes bytes.
    ///
    /// # Errors
    ///
    /// As for [`text`].
    pub fn bytes(bytes: &[u8]) -> Result<()> {
        host::bytes(bytes)
    }
}
