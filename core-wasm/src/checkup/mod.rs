//! What is wrong with a home, and what would mend it.
//!
//! ```text
//! a file        → check            how it is: lines, ordinals, where its history begins
//! two files     → joint            does a fork go on where its base ends
//! a thread      → examine          files and lore against the row here and against Codex's own
//! the home      → examine_home     databases, locks, modes
//! a thread      → views            where it is shown, and why not
//! findings      → edits            a finding carries what would mend it
//! edits         → choose           a plan: those that were asked for, each once
//! a path        → carried          whose thread the head names, which an edit may need
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
mod joint;
mod plan;
mod retell;
mod thread;
mod views;

pub use check::{check, records_in};
pub use fit::{fit, inverse};
pub use home::examine_home;
pub use joint::joint;
pub use plan::{carried, choose};
pub use retell::retell;
pub use thread::examine;
pub use views::views;
