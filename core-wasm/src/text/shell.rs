//! Writes words as a shell would be told them.

use alloc::string::String;

/// Joins words, each quoted where it has to be.
pub fn command_line(words: &[&str]) -> String {
    shlex::try_join(words.iter().copied()).unwrap_or_else(|_| words.join(" "))
}
