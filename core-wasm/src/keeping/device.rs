//! Bindings of device keys.

use super::{Refusal, sound};

/// Longest id, in characters.
const LONGEST: usize = 512;

/// `keeping.check-device-key`
pub fn check(key: &str, account: &str, client: &str) -> Result<(), Refusal> {
    sound("the key id", key, LONGEST)?;
    sound("the account user id", account, LONGEST)?;
    sound("the client id", client, LONGEST)
}
