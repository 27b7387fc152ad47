//! Checks texts that somebody else made up.

use alloc::format;

use contract::Rejection;

/// Rejects a text that is empty, longer than `longest` characters, or has something in it that moves a cursor.
pub(super) fn check_text(what: &str, text: &str, longest: usize) -> Result<(), Rejection> {
    let fault = if text.trim().is_empty() {
        "must not be empty".into()
    } else if text.chars().count() > longest {
        format!("must be at most {longest} characters")
    } else if text.chars().any(char::is_control) {
        "must not hold control characters".into()
    } else {
        return Ok(());
    };
    Err(Rejection::Invalid(format!("{what} {fault}")))
}
