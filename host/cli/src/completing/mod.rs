//! Completion of a command line that is being typed: what the script of a shell asks, answered from the parser and the index.
//!
//! ```text
//! threadkeep completions SHELL ─→ a script ─→ at each TAB: THREADKEEP_COMPLETE=SHELL threadkeep -- WORDS ─→ candidates
//! ```
//!
//! The answer comes within the time of a keystroke. Nothing is created or changed for it, and nothing is said: what cannot be
//! known is no candidate.

mod index;

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;
use std::sync::Arc;

use clap::builder::StyledStr;
use clap::{Arg, Command, ValueEnum};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _};
use clap_complete::env::{CompleteEnv, Shells};
use threadkeep::health::doctor::CODES;

use crate::failure::exit;
use crate::help::subjects;
use crate::settings::{SETTINGS, Settings};
use index::Index;

/// The variable by which a script asks; it names the shell.
const VARIABLE: &str = "THREADKEEP_COMPLETE";
/// The program, as scripts call it.
const PROGRAM: &str = "threadkeep";

/// A shell for which there is a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

impl Shell {
    fn name(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
            Shell::Powershell => "powershell",
        }
    }

    /// Gives the script that has this shell complete the program's command lines. The program is called by its name, so that the
    /// script may be installed before the program is.
    pub(crate) fn script(self) -> std::io::Result<String> {
        let shells = Shells::builtins();
        let unknown = || std::io::Error::other(format!("no script for {} is known", self.name()));
        let shell = shells.completer(self.name()).ok_or_else(unknown)?;
        let mut script = Vec::new();
        shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
        let script = String::from_utf8(script).map_err(std::io::Error::other)?;
        Ok(script.trim().to_owned() + "\n")
    }
}

/// Says whether the program was started by such a script.
pub(crate) fn is_asked() -> bool {
    let is_set = |value: OsString| !value.is_empty() && value != "0";
    std::env::var_os(VARIABLE).is_some_and(is_set) && std::env::args_os().nth(1).is_some_and(|first| first == "--")
}

/// Prints the candidates for the word at which the cursor stands. The exit code lets the shell complete by itself where there is no
/// answer.
pub(crate) fn answer(parser: impl Fn() -> Command) -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let is_bash = std::env::var_os(VARIABLE).is_some_and(|shell| shell == Shell::Bash.name());
    let index = Arc::new(Index::asked_by(&words, is_bash));
    let with_candidates = || complete_below(parser(), &[], &index);
    let here = std::env::current_dir().ok();
    match CompleteEnv::with_factory(with_candidates).var(VARIABLE).try_complete(words, here.as_deref()) {
        Ok(true) => ExitCode::from(exit::DONE),
        Ok(false) | Err(_) => ExitCode::from(exit::FAILED),
    }
}

/// What stands in an argument that neither the parser nor the file system can complete.
#[derive(Clone, Copy)]
enum Kind {
    Code,
    Directory,
    Home,
    Plugin,
    Setting,
    Tag,
    Thread,
    ThreadOrTag,
    Topic,
    /// A fact that threads have: a branch, a model, a provider, a repository.
    Fact(index::Fact),
}

impl Kind {
    /// Says what stands in an argument of a command, by their names.
    fn of(command: &[String], argument: &str) -> Option<Kind> {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        Some(match (&words[..], argument) {
            (["help"], "words") => Kind::Topic,
            (["tag"], "words") => Kind::ThreadOrTag,
            (["doctor"], "only" | "explain") | (["repair", _], "with") => Kind::Code,
            (["doctor"], "with") | (["repair", _], "check") | (["import"], "format") => Kind::Plugin,
            (["plugin", ..], "name") => Kind::Plugin,
            (["config", _], "name") => Kind::Setting,
            (["relocate"], "old" | "undo") | (_, "cwd" | "under") => Kind::Directory,
            ([], "home") => Kind::Home,
            (["device-key", ..], _) => return None,
            (_, "id" | "ids" | "thread" | "threads" | "wanted" | "place" | "follow" | "active" | "resume") => {
                Kind::Thread
            }
            (_, "tag") => Kind::Tag,
            (_, "branch") => Kind::Fact(|row| row.git_branch.clone()),
            (_, "model") => Kind::Fact(|row| row.model.clone()),
            (_, "provider") => Kind::Fact(|row| row.model_provider.clone()),
            (_, "repo") => Kind::Fact(|row| row.git_origin_url.clone()),
            _ => return None,
        })
    }

    /// Gives the candidates for what stands in the argument so far.
    fn candidates(self, index: &Index, typed: &OsStr) -> Vec<CompletionCandidate> {
        let Some(text) = typed.to_str() else { return Vec::new() };
        let words = |words: Vec<String>| candidates(words.into_iter().map(|word| (word, None)), text);
        match self {
            Kind::Code => words(CODES.map(String::from).to_vec()),
            Kind::Fact(fact) => index.facts(fact, text),
            Kind::Plugin => words(index::plugins()),
            Kind::Setting => {
                words(SETTINGS.iter().map(|setting| setting.name.to_owned()).chain(named_homes()).collect())
            }
            Kind::Tag => index.tags(text),
            Kind::Thread => index.threads(text),
            Kind::ThreadOrTag => match text.strip_prefix('+') {
                Some(tag) => index.tags(tag).into_iter().map(|tag| tag.add_prefix("+")).collect(),
                None => index.threads(text),
            },
            Kind::Topic => candidates(subjects().map(|(name, about)| (name.into(), about.map(String::from))), text),
            Kind::Directory => joined(index.directories(text), PathCompleter::dir().complete(typed)),
            Kind::Home => {
                let names =
                    Settings::read().map(|settings| settings.homes().iter().map(|name| (*name).into()).collect());
                joined(words(names.unwrap_or_default()), PathCompleter::dir().complete(typed))
            }
        }
    }
}

fn joined(mut first: Vec<CompletionCandidate>, then: Vec<CompletionCandidate>) -> Vec<CompletionCandidate> {
    first.extend(then);
    first
}

/// The names of settings that a person made.
fn named_homes() -> Vec<String> {
    let names = Settings::read().map(|settings| settings.homes().iter().map(|name| format!("homes.{name}")).collect());
    names.unwrap_or_default()
}

/// Gives those words that begin with what was typed, in their order.
fn candidates(words: impl IntoIterator<Item = (String, Option<String>)>, typed: &str) -> Vec<CompletionCandidate> {
    let begins = |word: &str| {
        let beginning = word.get(..typed.len());
        beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(typed))
    };
    let fitting = words.into_iter().filter(|(word, _)| begins(word)).enumerate();
    let candidate = |(at, (word, help)): (usize, (String, Option<String>))| {
        CompletionCandidate::new(word).help(help.map(StyledStr::from)).display_order(Some(at))
    };
    fitting.map(candidate).collect()
}

/// Has the arguments of a command, and of those below it, completed by the index.
fn complete_below(command: Command, words: &[String], index: &Arc<Index>) -> Command {
    let completed = |argument: Arg| match Kind::of(words, argument.get_id().as_str()) {
        Some(kind) => {
            let index = index.clone();
            argument.add(ArgValueCompleter::new(move |typed: &OsStr| kind.candidates(&index, typed)))
        }
        None => argument,
    };
    let below = |command: Command| {
        let words = [words, &[command.get_name().to_owned()]].concat();
        complete_below(command, &words, index)
    };
    command.mut_args(completed).mut_subcommands(below)
}
