//! Asks a person before something is done that cannot be undone easily.

use std::io::{IsTerminal as _, Write as _};

use crate::failure::Usage;
use crate::text;

/// Says whether there is a terminal to ask on.
pub(crate) fn is_possible() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Requires a terminal to ask on, unless `yes` is set; without either it is wrong usage, and `otherwise` says what to add.
pub(crate) fn require_terminal(yes: bool, otherwise: &str) -> Result<(), Usage> {
    match yes || is_possible() {
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

/// Has a person choose one of several lines by its number, and gives its place; anything else chooses nothing, which is an error.
pub(crate) fn choose(question: &str, choices: &[String]) -> anyhow::Result<usize> {
    let mut stderr = std::io::stderr().lock();
    writeln!(stderr, "{}", text::plain(question))?;
    for (at, choice) in choices.iter().enumerate() {
        writeln!(stderr, "  {}  {}", at + 1, text::plain(choice))?;
    }
    write!(stderr, "number [none] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    let number = answer.trim().parse::<usize>().ok().filter(|number| (1..=choices.len()).contains(number));
    number.map(|number| number - 1).ok_or_else(|| anyhow::anyhow!("nothing was chosen, and nothing was started"))
}
