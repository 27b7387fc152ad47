//! Plans what would mend a home: nothing but edits.

pub mod invert;
pub mod preconditions;
pub mod propose;
pub mod select;
