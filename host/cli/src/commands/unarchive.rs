//! The command `unarchive`.

use clap::Args;
use threadkeep::Threadkeep;

use super::archive::move_all;
use crate::arguments::ThreadArguments;
use crate::context::Context;

/// `unarchive`
#[derive(Args)]
pub(crate) struct Unarchive {
    #[command(flatten)]
    threads: ThreadArguments,
}

impl Unarchive {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        move_all(context, &self.threads, Threadkeep::unarchive)
    }
}
