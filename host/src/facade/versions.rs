//! The versions of what a program of this library is made of.

use sha2::{Digest as _, Sha256};

use crate::features::SCHEMA;
use crate::platform::hex::hex;

/// What a program of this library is made of.
#[derive(Clone, Debug)]
pub struct Versions {
    /// The version of the library.
    pub library: &'static str,
    /// The SHA-256 of the core's component, in hexadecimal digits.
    pub component: String,
    /// The contract between the core and this library.
    pub contract: &'static str,
    /// The version of the state DB's schema.
    pub schema: i64,
}

/// Says what this program is made of.
pub fn versions() -> Versions {
    let sum = Sha256::digest(threadkeep_engine::COMPONENT);
    Versions {
        library: env!("CARGO_PKG_VERSION"),
        component: hex(sum),
        contract: threadkeep_engine::CONTRACT,
        schema: SCHEMA.version(),
    }
}
