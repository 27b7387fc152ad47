//! Failures: messages on stderr, and the exit code.

use std::io::{self, IsTerminal as _, Write as _};

use threadkeep::{ErrorKind, documents};

pub(crate) use crate::exit;
use crate::help;
use crate::pager;
use crate::settings::Unreadable;
use crate::text;
use crate::text::color::{Meaning, Stream, paint};

/// Says what is wrong with how the program was called.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Says what has to be answered where nobody can be asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NeedsAnswer(pub(crate) String);

/// Says who is at work on what is wanted.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Held(pub(crate) String);

/// Says that no turn has the text that was looked for.
#[derive(Debug, thiserror::Error)]
#[error("no turn from there on says '{0}'")]
pub(crate) struct NoSuchText(pub(crate) String);

/// Prints a message for people on stderr; that nobody reads it is no failure.
pub(crate) fn say(message: &str) {
    if !pager::holds(message) {
        print("threadkeep:", message);
    }
}

fn print(head: &str, message: &str) {
    let _ = writeln!(io::stderr(), "{head} {}", text::plain(message));
}

/// Prints an error: its document in a line where `json` asks for it; else a line at a time, with the flag that is to blame where
/// there is one.
pub(crate) fn report_error(error: &anyhow::Error, json: bool) {
    if json {
        return print_document(&document_of(error));
    }
    let argument = error.downcast_ref::<threadkeep::Error>().and_then(threadkeep::Error::argument);
    let flag = argument.map(|argument| format!("--{argument}: ")).unwrap_or_default();
    let head = paint(Stream::Err, Meaning::Error, "threadkeep:");
    format!("{flag}{error:#}").lines().for_each(|line| print(&head, line));
    if let Some(step) = next_step(error) {
        print(&head, &step);
    }
}

/// Says what to do next about an error whose own text does not; none where nothing can be said, or the text itself says it.
fn next_step(error: &anyhow::Error) -> Option<String> {
    let known = error.downcast_ref::<threadkeep::Error>();
    if error.is::<NoSuchText>() {
        let step =
            "`threadkeep search WORDS` looks through all threads, with --in commands,outputs through what was run too";
        return Some(step.into());
    }
    let kind = match known {
        Some(known) if known.hint().is_some() => return None,
        Some(known) => known.kind(),
        None => error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map(ErrorKind::of_io)?,
    };
    let step = match kind {
        ErrorKind::Busy | ErrorKind::TimedOut => "try again once that process is done, or wait longer: --wait SECONDS",
        ErrorKind::Denied => {
            "see who may read and write there; the index may be kept elsewhere: --state-dir DIR, or --no-state"
        }
        ErrorKind::Corrupt => "`threadkeep doctor` says what is damaged, and what mends it",
        ErrorKind::Io => "see to the path and to the disk; `threadkeep status` says where home and index are",
        ErrorKind::NeedsState => "leave --no-state out, or fill the index: threadkeep init",
        ErrorKind::InvalidInput => return Some(usage_step()),
        ErrorKind::Internal => {
            "`--record FILE` notes down what was asked, fit for a report after `threadkeep debug redact FILE`"
        }
        _ => return None,
    };
    Some(step.into())
}

/// Names the help of the command that was called.
fn usage_step() -> String {
    let words: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let command = words.iter().find(|word| help::is_command(word));
    format!("`threadkeep {}--help` says how it is called", command.map(|word| format!("{word} ")).unwrap_or_default())
}

/// Prints what is wrong with the command line: as the parser does, or as a document where `json` asks for it.
pub(crate) fn report_usage(error: &clap::Error, json: bool) {
    if !json {
        let _ = error.print();
        return;
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    // The parts are: what is wrong, tips, the usage, where there is help.
    let mut parts = text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let message = parts.next().unwrap_or_default();
    let tips: Vec<String> = parts.filter(|part| !part.is_empty() && !part.starts_with("Usage:")).collect();
    let hint = Some(tips.join("; ")).filter(|hint| !hint.is_empty()).or_else(|| Some(usage_step()));
    print_document(&documents::Error {
        kind: ErrorKind::InvalidInput,
        message,
        hint,
        argument: None,
        candidates: Vec::new(),
        more_candidates: 0,
    });
}

fn print_document(document: &documents::Error) {
    let text = serde_json::to_string(document).unwrap_or_default();
    let text = if io::stderr().is_terminal() { text::escaped(&text) } else { text };
    let _ = writeln!(io::stderr(), "{text}");
}

/// Makes the document of any error of a command.
fn document_of(error: &anyhow::Error) -> documents::Error {
    let known = error.downcast_ref::<threadkeep::Error>();
    let of_io = || error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map(ErrorKind::of_io);
    let kind = match known {
        Some(known) => known.kind(),
        None if error.is::<Usage>() || error.is::<Unreadable>() => ErrorKind::InvalidInput,
        None if error.is::<NoSuchText>() => ErrorKind::NotFound,
        None if error.is::<NeedsAnswer>() => ErrorKind::Ambiguous,
        None if error.is::<Held>() => ErrorKind::Busy,
        None => of_io().unwrap_or(ErrorKind::Conflict),
    };
    let message = match known {
        // With the words that say during what it happened, and without the hint.
        Some(known) => {
            let text = format!("{error:#}");
            let hint = known.hint().map(|hint| format!("; {hint}"));
            hint.and_then(|hint| text.strip_suffix(&hint).map(String::from)).unwrap_or(text)
        }
        None => format!("{error:#}"),
    };
    match known {
        Some(known) => {
            let document = known.document();
            let hint = document.hint.or_else(|| next_step(error));
            documents::Error { message, hint, ..document }
        }
        None => {
            // For people the message itself says what would make sense.
            let hint = next_step(error).or_else(|| error.is::<Usage>().then(usage_step));
            documents::Error { kind, message, hint, argument: None, candidates: Vec::new(), more_candidates: 0 }
        }
    }
}

/// Gives the exit code for an error, by its kind where it is one of the library.
pub(crate) fn exit_code_of(error: &anyhow::Error) -> u8 {
    if error.is::<Usage>() || error.is::<Unreadable>() {
        return exit::USAGE;
    }
    if error.is::<NoSuchText>() {
        return exit::NOT_FOUND;
    }
    if error.is::<NeedsAnswer>() {
        return exit::AMBIGUOUS;
    }
    if error.is::<Held>() {
        return exit::HELD;
    }
    match error.downcast_ref::<threadkeep::Error>().map(threadkeep::Error::kind) {
        Some(ErrorKind::InvalidInput | ErrorKind::NeedsState) => exit::USAGE,
        Some(ErrorKind::NotFound) => exit::NOT_FOUND,
        Some(ErrorKind::Ambiguous) => exit::AMBIGUOUS,
        _ => exit::FAILED,
    }
}

/// Says whether whoever read the output had enough: `threadkeep list | head`.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
