//! The command `pin`.

use clap::Args;

use super::tag::mark_all;
use crate::arguments::ThreadArguments;
use crate::context::Context;

/// `pin`
#[derive(Args)]
pub(crate) struct Pin {
    #[command(flatten)]
    threads: ThreadArguments,
}

impl Pin {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        mark_all(context, "pin", &self.threads.ids, |threadkeep, wanted| threadkeep.pin(wanted, true))
    }
}
