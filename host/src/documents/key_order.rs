//! Objects with their keys in alphabetical order, at every depth.

use serde::ser::Error as _;
use serde::{Serialize, Serializer};

/// Serialises a value with the keys of all its objects in alphabetical order.
///
/// Raw JSON in it is read and written anew: without white space, its keys in order too. Numbers that no 64 bits hold lose
/// digits. An error is raw JSON that is nested too deeply.
pub(super) fn serialize<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    // The maps of `serde_json` are sorted, unless something turned on its feature `preserve_order`.
    serde_json::to_value(value).map_err(S::Error::custom)?.serialize(serializer)
}
