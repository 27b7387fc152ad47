//! Every question to the core, as data: what can be asked can also be recorded, and asked again where there is no world. A call
//! has the name of its function in the contract, and its arguments.

mod call;
mod exporting;
mod features;
mod health;
mod importing;
mod resources;
mod search;
mod tables;
mod text;
mod threads;
mod usage;
mod watching;

use serde_json::Value;

use crate::instance::Instance;

pub use call::Call;
pub use exporting::*;
pub use features::*;
pub use health::*;
pub use importing::*;
pub use resources::*;
pub use search::*;
pub use tables::*;
pub use text::*;
pub use threads::*;
pub use usage::*;
pub use watching::*;

/// Asks what a recording says was asked; none where it is no question of this program.
pub(crate) fn make_again(name: &str, with: &Value, instance: &mut Instance) -> Option<crate::Trapped<Value>> {
    exporting::make_again(name, with, instance)
        .or_else(|| features::make_again(name, with, instance))
        .or_else(|| health::make_again(name, with, instance))
        .or_else(|| importing::make_again(name, with, instance))
        .or_else(|| resources::make_again(name, with, instance))
        .or_else(|| search::make_again(name, with, instance))
        .or_else(|| tables::make_again(name, with, instance))
        .or_else(|| text::make_again(name, with, instance))
        .or_else(|| threads::make_again(name, with, instance))
        .or_else(|| usage::make_again(name, with, instance))
        .or_else(|| watching::make_again(name, with, instance))
}
