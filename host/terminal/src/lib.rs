//! What people at a terminal read and write: texts that cannot drive it, their width in columns, paths, times, and the zone in which times
//! are shown.

pub mod ages;
pub mod dates;
pub mod paths;
pub mod visible;
pub mod width;
pub mod zone;
