//! The export `keeping`: conversions.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Component;
use super::convert::collection_in;
use super::exported::keeping;
use crate::keeping as core;

macro_rules! same {
    ($from:path => $into:path { $($name:ident),* $(,)? }) => {
        impl From<$from> for $into {
            fn from(from: $from) -> Self {
                use $from as From;
                match from { $(From::$name => Self::$name,)* }
            }
        }
    };
}

same!(keeping::GoalStatus => core::goal::Status {
    Active, Paused, Blocked, UsageLimited, BudgetLimited, Complete,
});
same!(core::goal::Status => keeping::GoalStatus {
    Active, Paused, Blocked, UsageLimited, BudgetLimited, Complete,
});
same!(core::snapshots::Fate => keeping::SnapshotFate { Foreign, Active, Fresh, Orphaned, Expired });
same!(core::personality::Step => keeping::PersonalityStep { DoneBefore, Chosen, NoThreads, Set });
same!(keeping::EdgeStatus => core::edges::Status { Open, Closed });
same!(core::edges::Status => keeping::EdgeStatus { Open, Closed });

impl From<core::Refusal> for keeping::Refusal {
    fn from(refusal: core::Refusal) -> Self {
        match refusal {
            core::Refusal::Nothing => keeping::Refusal::Nothing,
            core::Refusal::Invalid(why) => keeping::Refusal::Invalid(why),
            core::Refusal::Transition(from, to) => keeping::Refusal::Transition((from.into(), to.into())),
            core::Refusal::Claimed => keeping::Refusal::Claimed,
            core::Refusal::Stale => keeping::Refusal::Stale,
        }
    }
}

fn moves(moves: Vec<keeping::MovedDirectory>) -> Vec<core::directories::Moved> {
    moves.into_iter().map(|moved| fields!(moved => core::directories::Moved { from, to } with {})).collect()
}

impl From<keeping::Goal> for core::goal::Goal {
    fn from(goal: keeping::Goal) -> Self {
        fields!(goal => core::goal::Goal {
            objective, token_budget, tokens_used, seconds_used, created_at, updated_at,
        } with { status: |goal: &keeping::Goal| goal.status.into() })
    }
}

impl From<core::goal::Goal> for keeping::Goal {
    fn from(goal: core::goal::Goal) -> Self {
        fields!(goal => keeping::Goal {
            objective, token_budget, tokens_used, seconds_used, created_at, updated_at,
        } with { status: |goal: &core::goal::Goal| goal.status.into() })
    }
}

impl From<keeping::GoalChange> for core::goal::Change {
    fn from(change: keeping::GoalChange) -> Self {
        use core::goal::{Budget, Change};
        match change {
            keeping::GoalChange::Set((objective, budget)) => Change::Set(
                objective,
                match budget {
                    keeping::BudgetChange::Keep => Budget::Keep,
                    keeping::BudgetChange::Lift => Budget::Lift,
                    keeping::BudgetChange::Of(tokens) => Budget::Of(tokens),
                },
            ),
            keeping::GoalChange::Enter(status) => Change::Enter(status.into()),
            keeping::GoalChange::Account((tokens, seconds)) => Change::Account(tokens, seconds),
        }
    }
}

fn extraction_in(from: keeping::Extraction) -> core::memory::Extraction {
    fields!(from => core::memory::Extraction { watermark, worker, token, until, retry_after } with {})
}

fn extraction_out(from: core::memory::Extraction) -> keeping::Extraction {
    fields!(from => keeping::Extraction { watermark, worker, token, until, retry_after } with {})
}

fn row(row: keeping::MemoryRow) -> core::memory::Row {
    let keeping::MemoryRow { id, updated_at, archived, source_kind, spawned, memory_mode, extraction } = row;
    let extraction = extraction.map(extraction_in);
    core::memory::Row { id, updated_at, archived, source_kind, spawned, memory_mode, extraction }
}

impl keeping::Guest for Component {
    fn current_directory(recorded: String, told: Vec<keeping::MovedDirectory>) -> Option<String> {
        core::directories::current(&recorded, &moves(told))
    }

    fn recorded_directories(directory: String, below: bool, told: Vec<keeping::MovedDirectory>) -> Vec<String> {
        core::directories::recorded(&directory, below, &moves(told))
    }

    fn check_moved(
        moved: keeping::MovedDirectory,
        told: Vec<keeping::MovedDirectory>,
    ) -> Result<bool, keeping::Refusal> {
        let moved = fields!(moved => core::directories::Moved { from, to } with {});
        Ok(core::directories::check(&moved, &moves(told))?)
    }

    fn change_goal(
        stands: Option<keeping::Goal>,
        change: keeping::GoalChange,
        now: i64,
    ) -> Result<keeping::Goal, keeping::Refusal> {
        Ok(core::goal::change(stands.map(Into::into), change.into(), now)?.into())
    }

    fn goal_status_of(name: String) -> Option<keeping::GoalStatus> {
        core::goal::Status::of(&name).map(Into::into)
    }

    fn goal_status_name(status: keeping::GoalStatus) -> String {
        core::goal::Status::from(status).name().to_string()
    }

    fn change_memory_mode(stands: Option<String>, to: String, given: bool) -> Result<String, keeping::Refusal> {
        Ok(core::memory::mode(stands.as_deref(), &to, given)?)
    }

    fn memory_candidates(rows: Vec<keeping::MemoryRow>, bounds: keeping::MemoryBounds, now: i64) -> Vec<String> {
        let bounds = fields!(bounds => core::memory::Bounds { idle, window, source_kinds } with {
            within: |bounds: &keeping::MemoryBounds| bounds.within.map(collection_in),
        });
        core::memory::candidates(rows.into_iter().map(row).collect(), &bounds, now)
    }

    fn change_extraction(
        stands: Option<keeping::Extraction>,
        step: keeping::ExtractionStep,
        now: i64,
    ) -> Result<keeping::Extraction, keeping::Refusal> {
        use core::memory::Step;
        let step = match step {
            keeping::ExtractionStep::Claim((worker, token, lease)) => Step::Claim { worker, token, lease },
            keeping::ExtractionStep::Renew((token, lease)) => Step::Renew { token, lease },
            keeping::ExtractionStep::Finish((token, watermark)) => Step::Finish { token, watermark },
            keeping::ExtractionStep::Fail((token, pause)) => Step::Fail { token, pause },
        };
        Ok(extraction_out(core::memory::step(stands.map(extraction_in), step, now)?))
    }

    fn check_device_key(key: String, account: String, client: String) -> Result<(), keeping::Refusal> {
        Ok(core::device::check(&key, &account, &client)?)
    }

    fn snapshot_threads(names: Vec<String>) -> Vec<Option<String>> {
        names.iter().map(|name| core::snapshots::thread_of(name)).collect()
    }

    fn sweep_snapshots(
        names: Vec<String>,
        rollouts: Vec<keeping::RolloutAge>,
        active: Vec<String>,
        retention: i64,
        now: i64,
    ) -> Vec<keeping::SnapshotFate> {
        let rollout =
            |from: keeping::RolloutAge| fields!(from => core::snapshots::Rollout { path, thread, modified } with {});
        let rollouts: Vec<_> = rollouts.into_iter().map(rollout).collect();
        core::snapshots::sweep(&names, &rollouts, &active, retention, now).into_iter().map(Into::into).collect()
    }

    fn personality(marked: bool, chosen: bool, threads: bool) -> keeping::PersonalityStep {
        core::personality::decide(marked, chosen, threads).into()
    }

    fn spawned(
        edges: Vec<keeping::SpawnEdge>,
        by: String,
        status: Option<keeping::EdgeStatus>,
        deep: bool,
    ) -> Vec<keeping::Edge> {
        let known =
            |from: keeping::SpawnEdge| fields!(from => core::edges::Known { parent, child, ours, codex } with {});
        let edges: Vec<_> = edges.into_iter().map(known).collect();
        let out = |edge: core::edges::Edge| keeping::Edge {
            parent: edge.parent,
            child: edge.child,
            status: edge.status.into(),
        };
        core::edges::spawned(&edges, &by, status.map(Into::into), deep).into_iter().map(out).collect()
    }
}
