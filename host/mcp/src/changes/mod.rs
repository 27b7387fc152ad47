//! Changes of threads: planned, shown, and made once the plan's token is handed back.
//!
//! ```text
//! plan ──→ what would change, as it was found ──→ kept under a token, of this client alone, for a while
//! confirm ──→ the same plan made again: equal? ──→ carried out ──→ receipt, kept in the token's place
//! ```

mod change;
mod plans;
mod receipt;
mod steps;

pub(crate) use change::{Action, Request, plan};
pub(crate) use plans::{Plans, Taken, VALID_FOR};
pub(crate) use receipt::{Receipt, carry_out};
