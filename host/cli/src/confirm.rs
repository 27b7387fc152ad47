//! Asks a person before something is done that cannot be undone easily.

use std::io::{IsTerminal as _, Write as _};

use crate::failure::Usage;

/// Requires a terminal to ask on, unless `yes` is set; without either it is wrong usage, and `otherwise` says what to add.
pub(crate) fn require_terminal(yes: bool, otherwise: &str) -> Result<(), Usage> {
    match yes || (std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        true => Ok(()),
        false => Err(Usage(format!("there is no terminal to ask on: {otherwise}"))),
    }
}

/// Shows the preview, asks the question, and says whether the answer is yes.
pub(crate) fn ask(preview: &str, question: &str) -> anyhow::Result<bool> {
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{preview}{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
