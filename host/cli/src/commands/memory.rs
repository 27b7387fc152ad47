//! The command `memory`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use threadkeep::documents::{
    FailedClaim, FinishedClaim, MemoryCandidates, MemoryClaims, MemoryMode, RenewedClaim, Time,
};
use threadkeep::features::memories::MemoryBounds;

use crate::arguments::ThreadArgument;
use crate::context::Context;
use crate::dates::{self, Moment};
use crate::failure::exit;
use crate::source_kind::{SourceKind, collection};
use crate::tell_codex::{Change, TellCodex, Untold};
use crate::values;

/// `memory`
#[derive(Subcommand)]
pub(crate) enum Memory {
    /// Show the memory mode of a thread, or set it
    Mode {
        #[command(flatten)]
        thread: ThreadArgument,
        /// May memories be taken from it; polluted: it took in what somebody outside wrote
        mode: Option<Mode>,
        /// Only as a program may: what is disabled or polluted stays so
        #[arg(long, requires = "mode")]
        observed: bool,
        #[command(flatten)]
        tell_codex: TellCodex,
    },
    /// List threads whose memories may be extracted now, newest first
    Candidates(Bounds),
    /// Claim candidates for a worker
    Claim {
        #[command(flatten)]
        bounds: Bounds,
        /// Who works
        #[arg(long, value_name = "NAME", value_parser = values::text)]
        worker: String,
        /// For how long
        #[arg(long, value_name = "SPAN", default_value = "1h", value_parser = dates::duration)]
        lease: Duration,
    },
    /// Keep a claim, from now on
    Renew {
        #[command(flatten)]
        claim: Claimed,
        /// For how long
        #[arg(long, value_name = "SPAN", default_value = "1h", value_parser = dates::duration)]
        lease: Duration,
    },
    /// Give a claim back, done
    Finish {
        #[command(flatten)]
        claim: Claimed,
        /// The update of the thread up to which it is done: updatedAt of the claim
        #[arg(long, value_name = "TIME", value_parser = dates::moment, allow_negative_numbers = true)]
        up_to: Moment,
    },
    /// Give a claim back, not done
    Fail {
        #[command(flatten)]
        claim: Claimed,
        /// When it may be tried again
        #[arg(long, value_name = "SPAN", default_value = "1h", value_parser = dates::duration)]
        retry_after: Duration,
    },
}

/// A claim that stands.
#[derive(Args)]
pub(crate) struct Claimed {
    #[command(flatten)]
    thread: ThreadArgument,
    /// The token of the claim
    token: String,
}

/// Which threads are candidates.
#[derive(Args)]
pub(crate) struct Bounds {
    /// Not updated for this long
    #[arg(long, value_name = "SPAN", default_value = "6h", value_parser = dates::duration)]
    idle: Duration,
    /// Updated within this time
    #[arg(long, value_name = "SPAN", default_value = "30d", value_parser = dates::duration)]
    window: Duration,
    /// Archived threads only
    #[arg(long, conflicts_with = "all")]
    archived: bool,
    /// Active and archived threads
    #[arg(long)]
    all: bool,
    /// Only threads from these sources [default: cli,vscode]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    source: Vec<SourceKind>,
    /// How many threads, 0 for all
    #[arg(long, value_name = "N", default_value_t = 16, allow_negative_numbers = true)]
    limit: u32,
}

/// May memories be taken from a thread?
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Mode {
    Enabled,
    Disabled,
    Polluted,
}

impl Memory {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        match self {
            Memory::Mode { thread, mode, observed, tell_codex } => {
                return mode_of(context, &thread, mode, observed, tell_codex);
            }
            Memory::Candidates(bounds) => {
                let threadkeep = context.owner("memory candidates", "needs")?;
                let found = threadkeep.memory_candidates(&bounds.core(), bounds.limit)?;
                let text = || found.iter().map(|(id, _)| format!("{id}\n")).collect();
                context.print(MemoryCandidates::from(&found[..]), text)?;
            }
            Memory::Claim { bounds, worker, lease } => {
                let threadkeep = context.owner("memory claim", "needs")?;
                let claims = threadkeep.claim_memories(&worker, &bounds.core(), lease, bounds.limit)?;
                let text = || claims.iter().map(|claim| format!("{}  {}\n", claim.thread, claim.token)).collect();
                context.print(MemoryClaims::from(&claims[..]), text)?;
            }
            Memory::Renew { claim: Claimed { thread, token }, lease } => {
                let threadkeep = context.owner("memory renew", "needs")?;
                let renewed = threadkeep.renew_memory_claim(&thread.id, &token, lease)?;
                let until = Time::from_millis(renewed.until);
                let text = format!("{until}\n");
                context.print(RenewedClaim { thread_id: renewed.thread, until }, || text)?;
            }
            Memory::Finish { claim: Claimed { thread, token }, up_to } => {
                let threadkeep = context.owner("memory finish", "needs")?;
                let finished = threadkeep.finish_memory_claim(&thread.id, &token, up_to.at)?;
                let up_to = Time::from_millis(finished.until);
                context.print(FinishedClaim { thread_id: finished.thread, up_to }, String::new)?;
            }
            Memory::Fail { claim: Claimed { thread, token }, retry_after } => {
                let threadkeep = context.owner("memory fail", "needs")?;
                let failed = threadkeep.fail_memory_claim(&thread.id, &token, retry_after)?;
                let retry_after = Time::from_millis(failed.until);
                context.print(FailedClaim { retry_after, thread_id: failed.thread }, String::new)?;
            }
        }
        Ok(exit::DONE)
    }
}

fn mode_of(
    context: &Context,
    thread: &ThreadArgument,
    mode: Option<Mode>,
    observed: bool,
    tell_codex: TellCodex,
) -> anyhow::Result<u8> {
    let (threadkeep, (thread_id, memory_mode)) = match mode {
        None => {
            let threadkeep = context.reader()?;
            let mode = threadkeep.memory_mode(&thread.id)?;
            (threadkeep, mode)
        }
        Some(mode) => {
            let threadkeep = context.owner("memory mode", "needs")?;
            let mode = threadkeep.set_memory_mode(&thread.id, mode.name(), observed)?;
            (threadkeep, mode)
        }
    };
    let text = format!("{}\n", memory_mode.as_deref().unwrap_or("none"));
    let threads = [thread_id.clone()];
    context.print(MemoryMode { memory_mode, thread_id }, || text)?;
    if mode.is_none() {
        return Ok(exit::DONE);
    }
    let untold = Untold::perhaps_if(threadkeep.is_known_to_codex(&threads).unwrap_or(false));
    tell_codex.after(context, threadkeep, untold, &threads, Change::MemoryMode)
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Mode::Enabled => "enabled",
            Mode::Disabled => "disabled",
            Mode::Polluted => "polluted",
        }
    }
}

impl Bounds {
    fn core(&self) -> MemoryBounds {
        let named: &[SourceKind] = match self.source.contains(&SourceKind::Any) {
            true => SourceKind::value_variants(),
            false => &self.source,
        };
        MemoryBounds {
            idle: millis(self.idle),
            window: millis(self.window),
            within: collection(self.archived, self.all),
            source_kinds: (!self.source.is_empty()).then(|| SourceKind::names(named)),
        }
    }
}

fn millis(span: Duration) -> i64 {
    span.as_millis().min(i64::MAX as u128) as i64
}
