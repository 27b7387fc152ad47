//! Asking before something is gone for good.

use std::io::{IsTerminal as _, Write as _};

use crate::failure::Usage;

/// Somebody is there to be asked; otherwise it is wrong usage to call without `--yes`.
pub(crate) fn can_ask(yes: bool, otherwise: &str) -> Result<(), Usage> {
    match yes || (std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        true => Ok(()),
        false => Err(Usage(format!("there is no terminal to ask on: {otherwise}"))),
    }
}

/// Asks, after showing what it is about.
pub(crate) fn agreed(preview: &str, question: &str) -> anyhow::Result<bool> {
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{preview}{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
