//! The command reference is what `--help` prints. `THREADKEEP_WRITE_REFERENCE` has it written anew.

use std::fs;

use support::Program;

use super::{project, text_of};
use crate::helping;

const BEGINS: &str = "# Commands

This is what `threadkeep COMMAND --help` prints. It is generated: `THREADKEEP_WRITE_REFERENCE=1 make test` writes it, and a test compares.
What every command takes stands in the first part alone. What help has no room for is in [commands-notes.md](commands-notes.md).
";

/// Help without what every command takes.
fn own_part(help: &str) -> String {
    let Some((own, shared)) = help.split_once("\nWith every command:\n") else {
        return help.to_owned();
    };
    match shared.split_once("\nExamples:\n") {
        Some((_, examples)) => format!("{own}\nExamples:\n{examples}"),
        None => own.to_owned(),
    }
}

#[test]
fn the_command_reference_is_what_help_prints() {
    let program = Program::new().variable("COLUMNS", "100");
    let mut reference = BEGINS.to_owned();
    for words in helping::pages().into_keys() {
        let help = program.run(words.split_whitespace().chain(["--help"])).well().stdout;
        let shown = if words.is_empty() { help } else { own_part(&help) };
        let shown: Vec<&str> = shown.trim().lines().map(str::trim_end).collect();
        let name = format!("threadkeep {words}");
        reference += &format!("\n## {}\n\n```text\n{}\n```\n", name.trim(), shown.join("\n"));
    }
    if std::env::var_os("THREADKEEP_WRITE_REFERENCE").is_some() {
        fs::write(project().join("docs/commands.md"), &reference).unwrap();
    }
    let written = text_of("docs/commands.md");
    let differs = reference.lines().zip(written.lines()).find(|(is, was)| is != was);
    assert_eq!(differs, None, "THREADKEEP_WRITE_REFERENCE=1 writes docs/commands.md anew");
    assert_eq!(reference, written, "THREADKEEP_WRITE_REFERENCE=1 writes docs/commands.md anew");
}
