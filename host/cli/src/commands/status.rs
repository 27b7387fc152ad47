//! The command `status`.

use clap::Args;
use threadkeep::documents;

use crate::context::Context;
use crate::failure::{exit, say};
use crate::text;

/// `status`
#[derive(Args)]
pub(crate) struct Status {}

impl Status {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let status = context.inspector()?.status()?;
        status.warnings.iter().for_each(|warning| say(warning));
        context.print(documents::Status::from(&status), || text::status(&status))?;
        Ok(exit::DONE)
    }
}
