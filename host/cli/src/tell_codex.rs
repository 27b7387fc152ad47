//! What follows a change that Codex does not see: words, or the repair that tells its database.

use clap::Args;
use threadkeep::Threadkeep;

use crate::context::Context;
use crate::failure::{exit, say};
use crate::text::count;

/// Whether Codex is told.
#[derive(Args, Clone, Copy)]
pub(crate) struct TellCodex {
    /// Tell Codex's own database too, as `repair apply --target codex` does; `repair undo` takes that back
    #[arg(long)]
    tell_codex: bool,
}

/// What Codex does not know.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Untold {
    /// All there is to know.
    Nothing,
    /// Something, perhaps: that is to be found out.
    Perhaps,
    /// Something, for certain.
    Certainly,
}

/// What was changed.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Change {
    /// Threads went into the archive, or came back.
    Moved,
    /// A name was given or taken away.
    Named,
    /// Threads were deleted.
    Deleted,
    /// Something else that is known of a thread was corrected.
    Corrected,
    /// Whether memories may be taken of it.
    MemoryMode,
    /// A thread came, or went on.
    Recorded,
}

impl Change {
    /// Gives the code of the repairs that tell it, where they are only made when asked for.
    fn code(self) -> Option<&'static str> {
        (self == Change::Deleted).then_some("missing-file")
    }

    /// Says what Codex does as long as it is not told.
    fn until_told(self) -> &'static str {
        match self {
            Change::Moved => "it lists what moved slowly or not at all, and neither shows the turns nor resumes it",
            Change::Named => "it shows the name from before",
            Change::Deleted => "its database keeps a row that leads nowhere",
            Change::Corrected => "it shows what it knew before",
            Change::MemoryMode => "it goes by the memory mode from before",
            Change::Recorded => "its lists may leave the thread out, or show it as it was before",
        }
    }
}

impl Untold {
    /// Gives what is certain where something is so, and nothing else.
    pub(crate) fn if_so(is_so: bool) -> Untold {
        if is_so { Untold::Certainly } else { Untold::Nothing }
    }

    /// Gives what is to be found out where something is so.
    pub(crate) fn perhaps_if(is_so: bool) -> Untold {
        if is_so { Untold::Perhaps } else { Untold::Nothing }
    }
}

impl TellCodex {
    /// Gives what Codex does not know of a thread that was written to: all of it, or perhaps something.
    pub(crate) fn after_writing(threadkeep: &Threadkeep, thread: &str) -> Untold {
        match threadkeep.is_new_to_codex(thread) {
            Ok(true) => Untold::Certainly,
            _ => Untold::perhaps_if(threadkeep.is_known_to_codex(&[thread.into()]).unwrap_or(false)),
        }
    }

    /// Refuses to tell Codex without the journal, by which that could be taken back.
    pub(crate) fn check(self, context: &Context) -> anyhow::Result<()> {
        match self.tell_codex {
            true => Ok(context.with_state("--tell-codex", "writes")?),
            false => Ok(()),
        }
    }

    /// Says that Codex does not see a change of these threads, and what follows from that, or tells it; the exit code. The state DB is closed first, whose handle this takes.
    pub(crate) fn after(
        self,
        context: &Context,
        threadkeep: Threadkeep,
        untold: Untold,
        threads: &[String],
        change: Change,
    ) -> anyhow::Result<u8> {
        drop(threadkeep);
        context.close();
        if threads.is_empty() || (untold == Untold::Nothing && !self.tell_codex) {
            return Ok(exit::DONE);
        }
        let code = change.code();
        let with = code.map(|code| format!(" --with {code}")).unwrap_or_default();
        let only = if let [thread] = threads { format!(" --thread {thread}") } else { String::new() };
        let command = format!("threadkeep repair apply --target codex{with}{only}");
        let say_untold = || {
            say(&format!("Codex does not see this yet; tell it by: {command}"));
            if !context.global.json {
                say(&format!("until then {}", change.until_told()));
            }
        };
        if untold == Untold::Certainly && !self.tell_codex {
            say_untold();
            return Ok(exit::DONE);
        }
        let threadkeep = context.inspector()?;
        let codes: Vec<String> = code.map(String::from).into_iter().collect();
        let plan = match threadkeep.plan_telling_codex(threads, &codes) {
            // The change itself is made.
            Err(error) if !self.tell_codex => {
                say(&format!("whether Codex sees this could not be found out: {error}"));
                return Ok(exit::DONE);
            }
            plan => plan?,
        };
        context.warn();
        if plan.entries.is_empty() {
            return Ok(exit::DONE);
        }
        if !self.tell_codex {
            say_untold();
            return Ok(exit::DONE);
        }
        let outcome = threadkeep.apply_repair(&plan)?;
        context.warn();
        for (edit, why) in &outcome.refused {
            say(&format!("Codex was not told: {}: {why}", edit.reason));
        }
        if !outcome.done.is_empty() {
            let changes = count(outcome.done.len(), "change");
            say(&format!("Codex was told by {changes}, which `threadkeep repair undo` takes back"));
        }
        Ok(if outcome.refused.is_empty() { exit::DONE } else { exit::FAILED })
    }
}
