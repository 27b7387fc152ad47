//! The command `init`.

use clap::Args;
use threadkeep::documents;
use threadkeep::{Options, StateAccess};

use crate::context::Context;
use crate::failure::exit;
use crate::text;

/// `init`
#[derive(Args)]
pub(crate) struct Init {
    /// Read every rollout again; names are kept
    #[arg(long)]
    rebuild: bool,
    /// Leave the index of what was said to the first search
    #[arg(long)]
    no_index: bool,
}

impl Init {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        context.with_state("init", "fills")?;
        let anew = |options| Options { rebuild: self.rebuild, check: true, ..options };
        let threadkeep = context.open(StateAccess::Own, anew)?;
        let threads = threadkeep.totals()?.threads;
        let report = threadkeep.start_report().cloned().unwrap_or_default();
        let indexed = if self.no_index { 0 } else { threadkeep.update_text_index()? };
        context.print(documents::Init::new(&report, indexed), || text::report(&report, threads))?;
        Ok(exit::DONE)
    }
}
