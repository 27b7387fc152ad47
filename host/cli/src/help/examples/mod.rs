//! Examples of every command, as data: help shows them, man pages have them, and the tests run each one on the tests' own home.

mod changing;
mod keeping;
mod reading;

/// A command line, and what it does.
pub(super) struct Example {
    /// As it is typed.
    pub(super) line: &'static str,
    /// In a few words.
    pub(super) does: &'static str,
}

/// Examples of a command, by its words; of the program itself by none.
type Examples = (&'static str, &'static [Example]);

const fn example(line: &'static str, does: &'static str) -> Example {
    Example { line, does }
}

/// Gives the examples of a command.
pub(super) fn examples_of(words: &str) -> Vec<&'static Example> {
    let all = [reading::EXAMPLES, changing::EXAMPLES, keeping::EXAMPLES].concat();
    all.into_iter().filter(|(command, _)| *command == words).flat_map(|(_, examples)| examples).collect()
}
