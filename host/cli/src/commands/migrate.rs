//! The command `migrate`.

use clap::Subcommand;
use threadkeep::documents::PersonalityMigration;
use threadkeep::features::personality::Outcome;

use crate::confirm;
use crate::context::Context;
use crate::failure::exit;

/// `migrate`
#[derive(Subcommand)]
pub(crate) enum Migrate {
    /// Set personality = "pragmatic" in a home that has threads and whose user has not chosen one
    Personality {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

impl Migrate {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let Migrate::Personality { yes } = self;
        confirm::require_terminal(yes, "--yes sets the personality where there is none")?;
        let threadkeep = context.reader()?;
        if !yes {
            let outcome = threadkeep.preview_personality()?;
            let question = "set personality = \"pragmatic\" in config.toml?";
            if outcome == Outcome::Set && !confirm::ask("", question)? {
                anyhow::bail!("nothing was changed");
            }
        }
        let outcome = threadkeep.migrate_personality()?;
        let message = match outcome {
            Outcome::Set => "personality = \"pragmatic\" is set",
            Outcome::DoneBefore => "this home was migrated before; nothing was changed",
            Outcome::Chosen => "a personality is chosen already; config.toml was left as it is",
            Outcome::NoThreads => "there are no threads; config.toml was left as it is",
        };
        context.print(PersonalityMigration::from(outcome), || format!("{message}\n"))?;
        Ok(exit::DONE)
    }
}
