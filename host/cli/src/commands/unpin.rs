//! The command `unpin`.

use clap::Args;

use super::tag::mark_all;
use crate::arguments::ThreadArguments;
use crate::context::Context;

/// `unpin`
#[derive(Args)]
pub(crate) struct Unpin {
    #[command(flatten)]
    threads: ThreadArguments,
}

impl Unpin {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        mark_all(context, "unpin", &self.threads.ids, |threadkeep, wanted| threadkeep.pin(wanted, false))
    }
}
