//! The command line that goes on with a thread in the program that it is of.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use threadkeep::contract::ThreadRow;
use threadkeep::platform::foreign_place::ForeignPlace;
use threadkeep::platform::home;

use crate::context::Context;
use crate::failure::Usage;
use crate::text::output;

/// The program that Codex's threads are of.
const CODEX: &str = "codex";
/// Codex's own command that goes on with a thread.
const RESUME: &str = "resume";
/// What programs are called where the settings do not say it. `{id}` is the program's own id of the thread; Codex's arguments
/// follow its name.
const PROGRAMS: [(&str, &str); 4] = [
    (CODEX, "codex"),
    ("claude-code", "claude --resume {id}"),
    ("gemini-cli", "gemini --resume {id}"),
    ("opencode", "opencode --session {id}"),
];

/// Gives the line that tells a person at a terminal how to go on with a thread; nothing for a program that reads the output, and
/// where there is no rollout.
pub(crate) fn hint(context: &Context, thread: &ThreadRow) -> String {
    match thread.missing || context.global.json || !output::is_terminal() {
        true => String::new(),
        false => format!("go on with it: threadkeep resume {}\n", thread.id),
    }
}

/// A program with its arguments, and where it is started.
pub(crate) struct LaunchCommand {
    /// The program and its arguments.
    pub(crate) words: Vec<String>,
    directory: String,
    /// The home, where the program would take another one by itself.
    home: Option<PathBuf>,
    is_of_codex: bool,
}

impl LaunchCommand {
    /// Gives the command for a thread of a home; `own_id` is the other program's own id of one that is not Codex's.
    pub(crate) fn of(
        context: &Context,
        root: &Path,
        thread: &ThreadRow,
        own_id: Option<String>,
        policy: &[String],
        directory: &str,
    ) -> Result<LaunchCommand, Usage> {
        let program = ForeignPlace::of(&thread.path).map_or(CODEX, |place| place.program);
        let configured = context.global.programs.iter().find(|(name, _)| name == program).map(|(_, words)| &**words);
        let known = PROGRAMS.iter().find(|(name, _)| *name == program).map(|(_, words)| *words);
        let name = format!("resume.{program}");
        let template = configured.or(known).ok_or_else(|| {
            Usage(format!(
                "it is not known how {program} goes on with a thread: threadkeep config set {name} 'PROGRAM {{id}}'"
            ))
        })?;
        let words = shlex::split(template).filter(|words| !words.is_empty());
        let mut words = words.ok_or_else(|| Usage(format!("the setting {name} is no command: {template}")))?;
        if program == CODEX {
            words.push(RESUME.into());
            words.extend(policy.iter().cloned());
            words.extend(["--cd".into(), directory.into(), thread.id.clone()]);
        } else {
            let id = own_id.unwrap_or_else(|| thread.id.clone());
            words.iter_mut().for_each(|word| *word = word.replace("{id}", &id));
        }
        let usual = home::locate(None, |name| std::env::var_os(name)).ok();
        let is_usual = usual.is_some_and(|usual| usual == root);
        let home = (program == CODEX && !is_usual).then(|| root.to_path_buf());
        Ok(LaunchCommand { words, directory: directory.into(), home, is_of_codex: program == CODEX })
    }

    /// Gives the command that goes on with a fork of the same thread, which Codex alone makes.
    pub(crate) fn forking(mut self) -> Result<LaunchCommand, Usage> {
        match self.words.iter_mut().find(|word| *word == RESUME) {
            Some(word) if self.is_of_codex => {
                *word = "fork".into();
                Ok(self)
            }
            _ => Err(Usage("only Codex's own threads can be forked".into())),
        }
    }

    /// Gives the command as a shell takes it.
    pub(crate) fn for_shell(&self) -> String {
        let quoted = |word: &str| shlex::try_quote(word).map_or_else(|_| word.into(), |word| word.into_owned());
        let words: Vec<String> = self.words.iter().map(|word| quoted(word)).collect();
        let home = self.home.as_ref().map(|home| format!("CODEX_HOME={} ", quoted(&home.to_string_lossy())));
        format!("cd {} && {}{}", quoted(&self.directory), home.unwrap_or_default(), words.join(" "))
    }

    /// Starts the program in the place of this one; comes back only where that cannot be done, with the reason.
    pub(crate) fn start(&self) -> anyhow::Error {
        let Some((program, arguments)) = self.words.split_first() else {
            return anyhow::anyhow!("there is no program");
        };
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.directory);
        if let Some(home) = &self.home {
            command.env("CODEX_HOME", home);
        }
        let error = command.exec();
        anyhow::anyhow!(
            "{program} cannot be started in {}: {error}; the settings resume.codex and the like say what it is called",
            self.directory
        )
    }
}
