//! The command `name`.

use clap::Args;

use crate::arguments::ThreadArgument;
use crate::context::Context;
use crate::tell_codex::{Change, TellCodex, Untold};
use crate::text;

/// `name`
#[derive(Args)]
pub(crate) struct Name {
    #[command(flatten)]
    thread: ThreadArgument,
    /// What the thread is to be called
    #[arg(value_name = "NAME", required_unless_present = "clear", conflicts_with = "clear")]
    name: Option<String>,
    /// Take its name away, whoever gave it
    #[arg(long)]
    clear: bool,
    #[command(flatten)]
    tell_codex: TellCodex,
}

impl Name {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let threadkeep = context.owner("name", "writes")?;
        let row = threadkeep.name(&self.thread.id, self.name.as_deref())?;
        context.print(threadkeep.thread_document(row.clone())?, || match &row.name {
            Some(name) => format!("{}  {}\n", row.id, text::plain(name)),
            None => format!("{}\n", row.id),
        })?;
        let thread = [row.id];
        let untold = Untold::perhaps_if(threadkeep.is_known_to_codex(&thread).unwrap_or(false));
        self.tell_codex.after(context, threadkeep, untold, &thread, Change::Named)
    }
}
