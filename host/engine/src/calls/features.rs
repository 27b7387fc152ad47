//! Calls for the rules of what is kept beside threads.

use crate::contract::{
    AskedMarks, Edge, EdgeStatus, Goal, GoalChange, GoalStatus, Launch, LaunchFacts, MarkFilter, MarkedThread,
    MemoryBounds, MemoryExtraction, MemoryExtractionStep, MemoryRow, MovedDirectory, PersonalityStep, Rejection,
    RolloutAge, SnapshotVerdict, SpawnEdge, ThreadMarks,
};

super::call::calls! {
    /// `goals.change-goal`
    ChangeGoal "goals.change-goal" { current: Option<Goal>, change: GoalChange, now: i64 } -> Result<Goal, Rejection>: |call, instance| {
        instance.exports.threadkeep_core_goals().call_change_goal(&mut instance.store, call.current.as_ref(), &call.change, call.now)
    };
    /// `goals.goal-status-of`
    GoalStatusOf "goals.goal-status-of" { name: String } -> Option<GoalStatus>: |call, instance| {
        instance.exports.threadkeep_core_goals().call_goal_status_of(&mut instance.store, &call.name)
    };
    /// `goals.goal-status-name`
    GoalStatusName "goals.goal-status-name" { status: GoalStatus } -> String: |call, instance| {
        instance.exports.threadkeep_core_goals().call_goal_status_name(&mut instance.store, call.status)
    };
    /// `marks.change-tags`
    ChangeTags "marks.change-tags" { current: Vec<String>, words: Vec<String> } -> Result<Vec<String>, Rejection>: |call, instance| {
        instance.exports.threadkeep_core_marks().call_change_tags(&mut instance.store, &call.current, &call.words)
    };
    /// `marks.check-note`
    CheckNote "marks.check-note" { text: String } -> Result<String, Rejection>: |call, instance| {
        instance.exports.threadkeep_core_marks().call_check_note(&mut instance.store, &call.text)
    };
    /// `marks.named-turn`
    NamedTurn "marks.named-turn" { turns: Vec<String>, wanted: String } -> Result<String, Rejection>: |call, instance| {
        instance.exports.threadkeep_core_marks().call_named_turn(&mut instance.store, &call.turns, &call.wanted)
    };
    /// `marks.asked-marks-of`
    AskedMarksOf "marks.asked-marks-of" { words: String } -> Result<AskedMarks, String>: |call, instance| {
        instance.exports.threadkeep_core_marks().call_asked_marks_of(&mut instance.store, &call.words)
    };
    /// `marks.marked`
    Marked "marks.marked" { threads: Vec<MarkedThread>, filter: MarkFilter } -> Result<Vec<String>, Rejection>: |call, instance| {
        instance.exports.threadkeep_core_marks().call_marked(&mut instance.store, &call.threads, &call.filter)
    };
    /// `marks.join-marks`
    JoinMarks "marks.join-marks" { here: ThreadMarks, coming: ThreadMarks } -> ThreadMarks: |call, instance| {
        instance.exports.threadkeep_core_marks().call_join_marks(&mut instance.store, &call.here, &call.coming)
    };
    /// `memories.change-memory-mode`
    ChangeMemoryMode "memories.change-memory-mode" { current: Option<String>, to: String, given: bool } -> Result<String, Rejection>: |call, instance| {
        instance.exports.threadkeep_core_memories().call_change_memory_mode(&mut instance.store, call.current.as_deref(), &call.to, call.given)
    };
    /// `launching.plan-launch`
    PlanLaunch "launching.plan-launch" { facts: LaunchFacts } -> Launch: |call, instance| {
        instance.exports.threadkeep_core_launching().call_plan_launch(&mut instance.store, &call.facts)
    };
    /// `memories.memory-candidates`
    MemoryCandidates "memories.memory-candidates" { rows: Vec<MemoryRow>, bounds: MemoryBounds, now: i64 } -> Vec<String>: |call, instance| {
        instance.exports.threadkeep_core_memories().call_memory_candidates(&mut instance.store, &call.rows, &call.bounds, call.now)
    };
    /// `memories.change-extraction`
    ChangeExtraction "memories.change-extraction" { current: Option<MemoryExtraction>, step: MemoryExtractionStep, now: i64 } -> Result<MemoryExtraction, Rejection>: |call, instance| {
        instance.exports.threadkeep_core_memories().call_change_extraction(&mut instance.store, call.current.as_ref(), &call.step, call.now)
    };
    /// `device-keys.check-binding`
    CheckDeviceKey "device-keys.check-binding" { key: String, account: String, client: String } -> Result<(), Rejection>: |call, instance| {
        instance.exports.threadkeep_core_device_keys().call_check_binding(&mut instance.store, &call.key, &call.account, &call.client)
    };
    /// `moved-directories.current-directory`
    CurrentDirectory "moved-directories.current-directory" { recorded: String, moves: Vec<MovedDirectory> } -> Option<String>: |call, instance| {
        instance.exports.threadkeep_core_moved_directories().call_current_directory(&mut instance.store, &call.recorded, &call.moves)
    };
    /// `moved-directories.recorded-directories`
    RecordedDirectories "moved-directories.recorded-directories" { directory: String, below: bool, moves: Vec<MovedDirectory> } -> Vec<String>: |call, instance| {
        instance.exports.threadkeep_core_moved_directories().call_recorded_directories(&mut instance.store, &call.directory, call.below, &call.moves)
    };
    /// `moved-directories.check-moved`
    CheckMoved "moved-directories.check-moved" { moved: MovedDirectory, moves: Vec<MovedDirectory> } -> Result<bool, Rejection>: |call, instance| {
        instance.exports.threadkeep_core_moved_directories().call_check_moved(&mut instance.store, &call.moved, &call.moves)
    };
    /// `shell-snapshots.snapshot-threads`
    SnapshotThreads "shell-snapshots.snapshot-threads" { names: Vec<String> } -> Vec<Option<String>>: |call, instance| {
        instance.exports.threadkeep_core_shell_snapshots().call_snapshot_threads(&mut instance.store, &call.names)
    };
    /// `shell-snapshots.judge-snapshots`
    JudgeSnapshots "shell-snapshots.judge-snapshots" { names: Vec<String>, rollouts: Vec<RolloutAge>, active: Vec<String>, retention: i64, now: i64 } -> Vec<SnapshotVerdict>: |call, instance| {
        instance.exports.threadkeep_core_shell_snapshots().call_judge_snapshots(&mut instance.store, &call.names, &call.rollouts, &call.active, call.retention, call.now)
    };
    /// `personality.decide-personality`
    DecidePersonality "personality.decide-personality" { marked: bool, chosen: bool, threads: bool } -> PersonalityStep: |call, instance| {
        instance.exports.threadkeep_core_personality().call_decide_personality(&mut instance.store, call.marked, call.chosen, call.threads)
    };
    /// `spawned-threads.spawned`
    SpawnedThreads "spawned-threads.spawned" { edges: Vec<SpawnEdge>, by: String, status: Option<EdgeStatus>, deep: bool } -> Vec<Edge>: |call, instance| {
        instance.exports.threadkeep_core_spawned_threads().call_spawned(&mut instance.store, &call.edges, &call.by, call.status, call.deep)
    };
}
