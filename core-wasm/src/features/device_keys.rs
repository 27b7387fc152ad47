//! Checks bindings of device keys.

use contract::Rejection;

use super::bounded::check_text;

/// Longest id, in characters.
const LONGEST: usize = 512;

/// Checks a binding: key id, account user id, client id.
pub fn check_binding(key: &str, account: &str, client: &str) -> Result<(), Rejection> {
    check_text("the key id", key, LONGEST)?;
    check_text("the account user id", account, LONGEST)?;
    check_text("the client id", client, LONGEST)
}
