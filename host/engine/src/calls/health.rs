//! Calls that say what is wrong, and what would mend it.

use crate::contract::{
    Applicability, CheckContext, CheckInput, CheckedFile, CodexFields, Depth, Edit, EditTarget, FileFacts, Finding,
    HistoryBase, HomeFacts, Proposal, ProposalVerdict, ThreadFacts, View, Viewer,
};
use crate::recording::optional_bytes;

super::call::calls! {
    /// `file-checks.check`
    CheckFile "file-checks.check" { file: FileFacts, depth: Depth, #[serde(with = "optional_bytes")] known: Option<Vec<u8>> } -> CheckedFile: |call, instance| {
        instance.exports.threadkeep_core_file_checks().call_check(&mut instance.store, &call.file, call.depth, call.known.as_deref())
    };
    /// `file-checks.check-base`
    CheckBase "file-checks.check-base" { files: Vec<String>, base: HistoryBase } -> Option<String>: |call, instance| {
        instance.exports.threadkeep_core_file_checks().call_check_base(&mut instance.store, &call.files, &call.base)
    };
    /// `file-checks.codex-fields`
    ReadCodexFields "file-checks.codex-fields" { path: String } -> Option<CodexFields>: |call, instance| {
        instance.exports.threadkeep_core_file_checks().call_codex_fields(&mut instance.store, &call.path)
    };
    /// `diagnosis.canonical-ids`
    CanonicalIds "diagnosis.canonical-ids" { ids: Vec<String> } -> Vec<Option<String>>: |call, instance| {
        instance.exports.threadkeep_core_diagnosis().call_canonical_ids(&mut instance.store, &call.ids)
    };
    /// `diagnosis.diagnose-threads`
    DiagnoseThreads "diagnosis.diagnose-threads" { context: CheckContext, threads: Vec<ThreadFacts> } -> Vec<Finding>: |call, instance| {
        instance.exports.threadkeep_core_diagnosis().call_diagnose_threads(&mut instance.store, &call.context, &call.threads)
    };
    /// `diagnosis.diagnose-home`
    DiagnoseHome "diagnosis.diagnose-home" { facts: HomeFacts } -> Vec<Finding>: |call, instance| {
        instance.exports.threadkeep_core_diagnosis().call_diagnose_home(&mut instance.store, &call.facts)
    };
    /// `visibility.views`
    ThreadViews "visibility.views" { context: CheckContext, of: ThreadFacts, viewer: Viewer } -> Vec<View>: |call, instance| {
        instance.exports.threadkeep_core_visibility().call_views(&mut instance.store, &call.context, &call.of, &call.viewer)
    };
    /// `repair.select-edits`
    SelectEdits "repair.select-edits" { edits: Vec<Edit>, targets: Vec<EditTarget>, codes: Vec<String> } -> Vec<Edit>: |call, instance| {
        instance.exports.threadkeep_core_repair().call_select_edits(&mut instance.store, &call.edits, &call.targets, &call.codes)
    };
    /// `repair.judge-proposals`
    JudgeProposals "repair.judge-proposals" { proposals: Vec<Proposal> } -> Vec<ProposalVerdict>: |call, instance| {
        instance.exports.threadkeep_core_repair().call_judge_proposals(&mut instance.store, &call.proposals)
    };
    /// `repair.check-preconditions`
    CheckPreconditions "repair.check-preconditions" { inputs: Vec<CheckInput> } -> Vec<Applicability>: |call, instance| {
        instance.exports.threadkeep_core_repair().call_check_preconditions(&mut instance.store, &call.inputs)
    };
    /// `repair.invert-edits`
    InvertEdits "repair.invert-edits" { edits: Vec<Edit> } -> Vec<Edit>: |call, instance| {
        instance.exports.threadkeep_core_repair().call_invert_edits(&mut instance.store, &call.edits)
    };
}
