//! What can be asked of the commands about what is kept beside threads.

use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::SourceKind;
use crate::cli::values;

/// A thread.
#[derive(ClapArgs)]
pub(in crate::cli) struct Thread {
    /// An id, at least 8 characters of one, or a name
    #[arg(value_name = "ID", value_parser = values::text)]
    pub(in crate::cli) id: String,
}

/// `goal`
#[derive(Subcommand)]
pub(in crate::cli) enum Goal {
    /// Show the goal of a thread; where there is none here, the one that Codex keeps
    Get(Thread),
    /// Give a thread a goal, or reword its goal or change its budget
    Set(SetGoal),
    /// Forget the goal; one that Codex keeps shows again
    Clear(Thread),
    /// Stop working at it
    Pause(Thread),
    /// Work at it again
    Resume(Thread),
    /// It cannot go on without the user
    Block(Thread),
    /// The provider's limit of use is reached
    UsageLimit(Thread),
    /// It is reached, which is final
    Complete(Thread),
    /// Count what was used, while it is worked at
    Account(Account),
}

/// `goal set`
#[derive(ClapArgs)]
pub(in crate::cli) struct SetGoal {
    #[command(flatten)]
    pub(in crate::cli) thread: Thread,
    /// What is to be reached; without it, only the budget changes
    #[arg(value_name = "OBJECTIVE", required_unless_present_any = ["budget", "no_budget"])]
    pub(in crate::cli) objective: Option<String>,
    /// How many tokens may be used for it
    #[arg(long, value_name = "TOKENS", conflicts_with = "no_budget", allow_negative_numbers = true)]
    pub(in crate::cli) budget: Option<i64>,
    /// As many tokens as it takes
    #[arg(long)]
    pub(in crate::cli) no_budget: bool,
}

/// `goal account`
#[derive(ClapArgs)]
pub(in crate::cli) struct Account {
    #[command(flatten)]
    pub(in crate::cli) thread: Thread,
    /// Tokens that were used
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub(in crate::cli) tokens: i64,
    /// Seconds that were worked
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub(in crate::cli) seconds: i64,
}

/// `memory`
#[derive(Subcommand)]
pub(in crate::cli) enum Memory {
    /// Show the memory mode of a thread, or set it
    Mode {
        #[command(flatten)]
        thread: Thread,
        /// May memories be taken from it; polluted: it took in what somebody outside wrote
        mode: Option<Mode>,
        /// Only as a program may: what is disabled or polluted stays so
        #[arg(long, requires = "mode")]
        observed: bool,
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
        #[arg(long, value_name = "SPAN", default_value = "1h", value_parser = values::duration)]
        lease: Duration,
    },
    /// Keep a claim, from now on
    Renew {
        #[command(flatten)]
        claim: Claimed,
        /// For how long
        #[arg(long, value_name = "SPAN", default_value = "1h", value_parser = values::duration)]
        lease: Duration,
    },
    /// Give a claim back, done
    Finish {
        #[command(flatten)]
        claim: Claimed,
        /// The update of the thread up to which it is done: updatedAt of the claim
        #[arg(long, value_name = "TIME", value_parser = values::time, allow_negative_numbers = true)]
        up_to: i64,
    },
    /// Give a claim back, not done
    Fail {
        #[command(flatten)]
        claim: Claimed,
        /// When it may be tried again
        #[arg(long, value_name = "SPAN", default_value = "1h", value_parser = values::duration)]
        retry_after: Duration,
    },
}

/// A claim that stands.
#[derive(ClapArgs)]
pub(in crate::cli) struct Claimed {
    #[command(flatten)]
    pub(in crate::cli) thread: Thread,
    /// The token of the claim
    pub(in crate::cli) token: String,
}

/// Which threads are candidates.
#[derive(ClapArgs)]
pub(in crate::cli) struct Bounds {
    /// Not updated for this long
    #[arg(long, value_name = "SPAN", default_value = "6h", value_parser = values::duration)]
    pub(in crate::cli) idle: Duration,
    /// Updated within this time
    #[arg(long, value_name = "SPAN", default_value = "30d", value_parser = values::duration)]
    pub(in crate::cli) window: Duration,
    /// Archived threads only
    #[arg(long, conflicts_with = "all")]
    pub(in crate::cli) archived: bool,
    /// Active and archived threads
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// Only threads from these sources [default: cli,vscode]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub(in crate::cli) source: Vec<SourceKind>,
    /// How many threads, 0 for all
    #[arg(long, value_name = "N", default_value_t = 16, allow_negative_numbers = true)]
    pub(in crate::cli) limit: u32,
}

/// May memories be taken from a thread?
#[derive(Clone, Copy, ValueEnum)]
pub(in crate::cli) enum Mode {
    Enabled,
    Disabled,
    Polluted,
}

/// `device-key`
#[derive(Subcommand)]
pub(in crate::cli) enum DeviceKey {
    /// Bind a key, anew if it was bound before
    Put {
        /// The key's id
        key: String,
        /// The account's user id
        #[arg(long, value_name = "ID")]
        account: String,
        /// The client's id
        #[arg(long, value_name = "ID")]
        client: String,
    },
    /// Show the binding of a key
    Get {
        /// The key's id
        key: String,
    },
    /// Forget a key
    Delete {
        /// The key's id
        key: String,
    },
    /// List all keys
    List,
}

/// `clean`
#[derive(Subcommand)]
pub(in crate::cli) enum Clean {
    /// Remove shell snapshots whose thread has no rollout, or none that was written lately
    ShellSnapshots {
        /// How long a thread's snapshots stay after its last update
        #[arg(long, value_name = "SPAN", default_value = "3d", value_parser = values::duration)]
        older_than: Duration,
        /// A thread that is being worked at: its snapshots stay; $CODEX_THREAD_ID and threads that are being written are too
        #[arg(long, value_name = "ID", value_parser = values::text)]
        active: Vec<String>,
        /// Only show what would go
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(long, conflicts_with = "dry_run")]
        yes: bool,
    },
}

/// `migrate`
#[derive(Subcommand)]
pub(in crate::cli) enum Migrate {
    /// Set personality = "pragmatic" in a home that has threads and whose user has not chosen one
    Personality {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}
