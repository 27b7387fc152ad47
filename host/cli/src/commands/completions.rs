//! The command `completions`: a script by which a shell completes this program's command lines.

use std::io::Write as _;

use clap::Args;

use crate::completing::Shell;
use crate::context::Context;
use crate::failure::{Usage, exit};

/// `completions`
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        if context.global.json {
            return Err(Usage("--json: what completions prints is a script for a shell, and no document".into()).into());
        }
        let mut stdout = context.stdout();
        stdout.write_all(self.shell.script()?.as_bytes())?;
        stdout.flush()?;
        Ok(exit::DONE)
    }
}
