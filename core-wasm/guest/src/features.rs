//! Exports of the world `parser`: the features beside threads.

use alloc::string::String;
use alloc::vec::Vec;

use contract::exports::{
    device_keys, goals, launching, marks, memories, moved_directories, personality, shell_snapshots, spawned_threads,
};
use contract::{
    AskedMarks, Edge, EdgeStatus, Goal, GoalChange, GoalStatus, Launch, LaunchFacts, MarkFilter, MarkedThread,
    MemoryBounds, MemoryExtraction, MemoryExtractionStep, MemoryRow, MovedDirectory, PersonalityStep, Rejection,
    RolloutAge, SnapshotVerdict, SpawnEdge, ThreadMarks,
};
use threadkeep_core::features;

use crate::runtime::{Component, export};

export! {
    goals __export_threadkeep_core_goals_0_5_0_cabi,
    launching __export_threadkeep_core_launching_0_5_0_cabi,
    marks __export_threadkeep_core_marks_0_5_0_cabi,
    memories __export_threadkeep_core_memories_0_5_0_cabi,
    device_keys __export_threadkeep_core_device_keys_0_5_0_cabi,
    moved_directories __export_threadkeep_core_moved_directories_0_5_0_cabi,
    shell_snapshots __export_threadkeep_core_shell_snapshots_0_5_0_cabi,
    personality __export_threadkeep_core_personality_0_5_0_cabi,
    spawned_threads __export_threadkeep_core_spawned_threads_0_5_0_cabi,
}

impl goals::Guest for Component {
    fn change_goal(current: Option<Goal>, change: GoalChange, now: i64) -> Result<Goal, Rejection> {
        features::goals::change_goal(current, change, now)
    }

    fn goal_status_of(name: String) -> Option<GoalStatus> {
        features::goals::goal_status_of(&name)
    }

    fn goal_status_name(status: GoalStatus) -> String {
        features::goals::goal_status_name(status).into()
    }
}

impl launching::Guest for Component {
    fn plan_launch(facts: LaunchFacts) -> Launch {
        features::launching::plan_launch(facts)
    }
}

impl marks::Guest for Component {
    fn change_tags(current: Vec<String>, words: Vec<String>) -> Result<Vec<String>, Rejection> {
        features::marks::change_tags(current, &words)
    }

    fn check_note(text: String) -> Result<String, Rejection> {
        features::marks::check_note(&text)
    }

    fn named_turn(turns: Vec<String>, wanted: String) -> Result<String, Rejection> {
        features::marks::named_turn(&turns, &wanted)
    }

    fn asked_marks_of(words: String) -> Result<AskedMarks, String> {
        features::marks::asked_marks_of(&words)
    }

    fn marked(threads: Vec<MarkedThread>, filter: MarkFilter) -> Result<Vec<String>, Rejection> {
        features::marks::marked(threads, &filter)
    }

    fn join_marks(here: ThreadMarks, coming: ThreadMarks) -> ThreadMarks {
        features::marks::join_marks(here, coming)
    }
}

impl memories::Guest for Component {
    fn change_memory_mode(current: Option<String>, to: String, given: bool) -> Result<String, Rejection> {
        features::memories::change_memory_mode(current.as_deref(), &to, given)
    }

    fn memory_candidates(rows: Vec<MemoryRow>, bounds: MemoryBounds, now: i64) -> Vec<String> {
        features::memories::memory_candidates(rows, &bounds, now)
    }

    fn change_extraction(
        current: Option<MemoryExtraction>,
        step: MemoryExtractionStep,
        now: i64,
    ) -> Result<MemoryExtraction, Rejection> {
        features::memories::change_extraction(current, step, now)
    }
}

impl device_keys::Guest for Component {
    fn check_binding(key: String, account: String, client: String) -> Result<(), Rejection> {
        features::device_keys::check_binding(&key, &account, &client)
    }
}

impl moved_directories::Guest for Component {
    fn current_directory(recorded: String, moves: Vec<MovedDirectory>) -> Option<String> {
        features::moved_directories::current_directory(&recorded, &moves)
    }

    fn recorded_directories(directory: String, below: bool, moves: Vec<MovedDirectory>) -> Vec<String> {
        features::moved_directories::recorded_directories(&directory, below, &moves)
    }

    fn check_moved(moved: MovedDirectory, moves: Vec<MovedDirectory>) -> Result<bool, Rejection> {
        features::moved_directories::check_moved(&moved, &moves)
    }
}

impl shell_snapshots::Guest for Component {
    fn snapshot_threads(names: Vec<String>) -> Vec<Option<String>> {
        names.iter().map(|name| features::shell_snapshots::snapshot_thread(name)).collect()
    }

    fn judge_snapshots(
        names: Vec<String>,
        rollouts: Vec<RolloutAge>,
        active: Vec<String>,
        retention: i64,
        now: i64,
    ) -> Vec<SnapshotVerdict> {
        features::shell_snapshots::judge_snapshots(&names, &rollouts, &active, retention, now)
    }
}

impl personality::Guest for Component {
    fn decide_personality(marked: bool, chosen: bool, threads: bool) -> PersonalityStep {
        features::personality::decide_personality(marked, chosen, threads)
    }
}

impl spawned_threads::Guest for Component {
    fn spawned(edges: Vec<SpawnEdge>, by: String, status: Option<EdgeStatus>, deep: bool) -> Vec<Edge> {
        features::spawned_threads::spawned(&edges, &by, status, deep)
    }
}
