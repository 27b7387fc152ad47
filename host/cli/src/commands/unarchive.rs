//! The command `unarchive`.

use clap::Args;
use threadkeep::Threadkeep;

use super::archive::move_all;
use crate::arguments::ThreadArguments;
use crate::context::Context;
use crate::tell_codex::TellCodex;

/// `unarchive`
#[derive(Args)]
pub(crate) struct Unarchive {
    #[command(flatten)]
    threads: ThreadArguments,
    #[command(flatten)]
    tell_codex: TellCodex,
}

impl Unarchive {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        move_all(context, &self.threads, self.tell_codex, Threadkeep::unarchive)
    }
}
