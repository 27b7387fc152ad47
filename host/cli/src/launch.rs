//! The command line that goes on with a thread in the program that it is of.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use threadkeep::contract::ThreadRow;
use threadkeep::platform::foreign_place::ForeignPlace;
use threadkeep::platform::home;

use crate::context::Context;
use crate::failure::Usage;
use crate::remote::{RemoteServer, RemoteToken};
use crate::text::output;

/// The program that Codex's threads are of.
const CODEX: &str = "codex";
/// Codex's own command that goes on with a thread.
const RESUME: &str = "resume";
/// The variable in which Codex finds the token that it shows a server.
const TOKEN: &str = "THREADKEEP_REMOTE_TOKEN";
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
    /// None where it does not matter: the thread is a server's.
    directory: Option<String>,
    /// The home, where the program would take another one by itself.
    home: Option<PathBuf>,
    /// What the program shows a server; in no word of the command.
    token: Option<RemoteToken>,
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
        let mut words = words_of(context, program)?;
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
        let directory = Some(directory.into());
        Ok(LaunchCommand { words, directory, home, token: None, is_of_codex: program == CODEX })
    }

    /// Gives the command for a thread of a server, which Codex goes on with there.
    pub(crate) fn on_server(context: &Context, server: &RemoteServer, thread: &str) -> Result<LaunchCommand, Usage> {
        let mut words = LaunchCommand::words_on_server(context, server)?;
        words.push(thread.into());
        Ok(LaunchCommand { words, directory: None, home: None, token: server.token.clone(), is_of_codex: true })
    }

    /// Gives the words of such a command; the id of a thread comes behind them.
    pub(crate) fn words_on_server(context: &Context, server: &RemoteServer) -> Result<Vec<String>, Usage> {
        let mut words = words_of(context, CODEX)?;
        words.extend([RESUME.into(), "--remote".into(), server.address.to_string()]);
        if server.token.is_some() {
            words.extend(["--remote-auth-token-env".into(), TOKEN.into()]);
        }
        Ok(words)
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
        let mut line = self.directory.as_ref().map(|dir| format!("cd {} && ", quoted(dir))).unwrap_or_default();
        if let Some(home) = &self.home {
            line.push_str(&format!("CODEX_HOME={} ", quoted(&home.to_string_lossy())));
        }
        line + &with_token(self.token.as_ref(), &self.words)
    }

    /// Starts the program in the place of this one; comes back only where that cannot be done, with the reason.
    pub(crate) fn start(&self) -> anyhow::Error {
        let Some((program, arguments)) = self.words.split_first() else {
            return anyhow::anyhow!("there is no program");
        };
        let mut command = Command::new(program);
        command.args(arguments);
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        if let Some(home) = &self.home {
            command.env("CODEX_HOME", home);
        }
        if let Some(token) = &self.token {
            command.env(TOKEN, &token.text);
        }
        let error = command.exec();
        let place = self.directory.as_ref().map(|directory| format!(" in {directory}")).unwrap_or_default();
        anyhow::anyhow!(
            "{program} cannot be started{place}: {error}; the settings resume.codex and the like say what it is called"
        )
    }
}

/// Gives the command that goes on with a thread of a server, as a shell takes it, but for the id behind it.
pub(crate) fn resume_on_server(context: &Context, server: &RemoteServer) -> Result<String, Usage> {
    Ok(with_token(server.token.as_ref(), &LaunchCommand::words_on_server(context, server)?))
}

/// Gives words as a shell takes them, which reads the token out of its file.
fn with_token(token: Option<&RemoteToken>, words: &[String]) -> String {
    let token = token.map(|token| format!("{TOKEN}=\"$(cat {})\" ", quoted(&token.file.to_string_lossy())));
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    token.unwrap_or_default() + &words.join(" ")
}

fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.into(), |word| word.into_owned())
}

/// Gives the words with which a program is started, as the settings say.
fn words_of(context: &Context, program: &str) -> Result<Vec<String>, Usage> {
    let configured = context.global.programs.iter().find(|(name, _)| name == program).map(|(_, words)| &**words);
    let known = PROGRAMS.iter().find(|(name, _)| *name == program).map(|(_, words)| *words);
    let name = format!("resume.{program}");
    let template = configured.or(known).ok_or_else(|| {
        Usage(format!(
            "it is not known how {program} goes on with a thread: threadkeep config set {name} 'PROGRAM {{id}}'"
        ))
    })?;
    let words = shlex::split(template).filter(|words| !words.is_empty());
    words.ok_or_else(|| Usage(format!("the setting {name} is no command: {template}")))
}
