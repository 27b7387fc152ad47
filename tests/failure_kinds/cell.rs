//! One command on one home in trouble: what it is to do, and what it does.

use support::{Outcome, Program};

use super::ground::{Ground, Template};

/// What a command is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected<'a> {
    /// It answers, and has nothing to say.
    Answered,
    /// It answers, and says on stderr what is wrong.
    Warned,
    /// It ends well, and prints no document: it serves, tells what happens, or shows a change of another program's file.
    Ended,
    /// It ends likewise, and says on stderr what is wrong.
    EndedWarned,
    /// It answers, and its exit code says that something is left to mend.
    LeftToMend,
    /// It does what can be done, says what cannot, and fails.
    PartlyDone,
    /// It fails, with the exit code of this kind, and in its words.
    Failed(&'a str),
    /// It says on stderr what is wrong, goes on, and then fails so.
    WarnedAndFailed(&'a str),
}

impl Expected<'_> {
    /// Reads a cell of the table.
    pub(super) fn of(cell: &str) -> Expected<'_> {
        match cell {
            "ok" => Expected::Answered,
            "warned" => Expected::Warned,
            "ended" => Expected::Ended,
            "ended+" => Expected::EndedWarned,
            "mend" => Expected::LeftToMend,
            "part" => Expected::PartlyDone,
            kind => match kind.strip_suffix('+') {
                Some(kind) => Expected::WarnedAndFailed(kind),
                None => Expected::Failed(kind),
            },
        }
    }

    /// Says in what an outcome is otherwise; nothing where it is as expected.
    pub(super) fn otherwise(self, outcome: &Outcome, words: &[&str]) -> Option<String> {
        let is = Came::of(outcome);
        let says = words.iter().any(|word| outcome.stderr.contains(word));
        let answered = |code| is.document && is.code == Some(code);
        let failed = |kind: &str| is.failed(kind);
        let ended = !is.document && is.code == Some(0);
        // What is left to be asked for is no trouble.
        let quiet = outcome.stderr.lines().all(|line| line.contains("only when asked for: threadkeep "));
        let fits = match self {
            Expected::Answered => answered(0) && quiet,
            Expected::Warned => answered(0) && says,
            Expected::Ended => ended,
            Expected::EndedWarned => ended && says,
            Expected::LeftToMend => answered(5),
            Expected::PartlyDone => answered(1) && says,
            Expected::Failed(kind) => failed(kind),
            Expected::WarnedAndFailed(kind) => failed(kind) && says,
        };
        let said = if says { "as it is" } else { "otherwise" };
        let sound = !outcome.stderr.contains("panicked");
        (!fits || !sound).then(|| {
            let Came { code, document, .. } = is;
            let document = if document { "a document" } else { "no document" };
            format!("exit code {code:?}, {document}, told {said}: {}", outcome.stderr.trim())
        })
    }
}

/// The exit code that a kind of failure has.
fn code_of(kind: &str) -> i32 {
    match kind {
        "invalidInput" | "needsState" => 2,
        "notFound" => 3,
        "ambiguous" => 4,
        _ => 1,
    }
}

/// The words by which a person recognises a kind of failure.
const WORDS: [(&str, &[&str]); 4] = [
    ("busy", &["locked", "already has a writer", "has it open", "is filling the state DB", "is open in"]),
    ("corrupt", &["damaged", "is broken", "malformed", "not a database", "orruption"]),
    ("denied", &["ermission denied", "readonly", "ead-only"]),
    (
        "notFound",
        &[
            "is not there",
            "no thread '",
            "No such file",
            "there is no",
            "is there any more",
            "is bound",
            "was not relocated",
            "no backup is called",
        ],
    ),
];

/// What a run came to.
struct Came<'a> {
    code: Option<i32>,
    /// What it said last.
    last: &'a str,
    /// It printed a document.
    document: bool,
}

impl<'a> Came<'a> {
    fn of(outcome: &'a Outcome) -> Came<'a> {
        let last = outcome.stderr.lines().last().unwrap_or_default();
        Came { code: outcome.code, last, document: !outcome.stdout.is_empty() }
    }

    /// Says whether it failed, and told so in the words of this kind and of no other.
    fn failed(&self, kind: &str) -> bool {
        let told = |words: &[&str]| words.iter().any(|word| self.last.contains(word));
        let as_such = |(name, words): &(&str, &[&str])| (*name == kind) == told(words);
        let in_words = WORDS.iter().all(|known| WORDS.iter().all(|(name, _)| *name != kind) || as_such(known));
        !self.last.is_empty() && self.code == Some(code_of(kind)) && in_words
    }
}

/// Runs a command line on a copy of the template that is in trouble.
pub(super) fn run(program: &Program, template: &Template, line: &str) -> Outcome {
    let ground = Ground::new(template);
    let (home, state) = (ground.home(), ground.state());
    let mut arguments = vec!["--json".to_owned(), "--wait".to_owned(), "0".to_owned()];
    arguments.extend(["--home".to_owned(), home.display().to_string()]);
    arguments.extend(["--state-dir".to_owned(), state.display().to_string()]);
    arguments.extend(line.split_whitespace().map(|word| ground.word(word)));
    program.run(arguments)
}
