//! What is wrong with a home, and what would mend it.
//!
//! ```text
//! a file        → check            how it is: lines, ordinals, where its history begins
//! two files     → joint            does a fork go on where its base ends
//! a thread      → examine          files and lore against the row here and against Codex's own
//! the home      → examine_home     databases, locks, modes
//! findings      → edits            a finding carries what would mend it; a plan is a list of those
//! a thread      → views            where it is shown, and why not
//! an edit       → fit, inverse     may it still be made; what takes it back
//! ```
//!
//! Nothing here is looked up: whoever asks has gathered it, and the same facts give the same findings and the same plan.

mod types;

pub use types::*;

mod check;
mod fit;
mod found;
mod home;
mod retell;
mod thread;
mod views;

pub use check::{check, joint};
pub use fit::{fit, inverse};
pub use home::examine_home;
pub use retell::retell;
pub use thread::examine;
pub use views::views;
