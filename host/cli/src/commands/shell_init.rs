//! The command `shell-init`: a script by which a key of the shell opens the browser.

use std::io::Write as _;

use anyhow::Context as _;
use clap::Args;

use crate::context::Context;
use crate::failure::{Usage, exit};
use crate::shell::{Key, Script, Shell, is_found_by_name};

/// `shell-init`
#[derive(Args)]
pub(crate) struct ShellInit {
    /// The shell
    shell: Shell,
    /// The key: ctrl-LETTER, alt-LETTER, alt-DIGIT, ctrl-alt-LETTER, f1 to f12, or up to three of them, as in 'ctrl-x ctrl-t'
    #[arg(long, value_name = "KEY", default_value = "alt-j")]
    key: Key,
    /// Take the key though something else is bound to it
    #[arg(long)]
    force: bool,
}

impl ShellInit {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        if context.global.json {
            return Err(Usage("--json: what shell-init prints is a script for a shell, and no document".into()).into());
        }
        let program = match is_found_by_name("threadkeep", &std::env::var_os("PATH").unwrap_or_default()) {
            true => None,
            false => Some(own_path()?),
        };
        let script = Script { key: &self.key, is_forced: self.force, program: program.as_deref() };
        let mut stdout = context.stdout();
        stdout.write_all(self.shell.script(&script).as_bytes())?;
        stdout.flush()?;
        Ok(exit::DONE)
    }
}

/// Gives the place of this program.
fn own_path() -> anyhow::Result<String> {
    let path = std::env::current_exe().context("threadkeep is not in $PATH, and where it is cannot be told")?;
    path.into_os_string().into_string().map_err(|path| {
        anyhow::anyhow!("threadkeep is not in $PATH, and a script cannot name where it is: {}", path.to_string_lossy())
    })
}
