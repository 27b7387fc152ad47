//! Exports of the world `parser`: what is wrong, where a thread is shown, and what would mend it.

use alloc::string::String;
use alloc::vec::Vec;

use contract::exports::{diagnosis, repair, visibility};
use contract::{
    Applicability, CheckContext, CheckInput, Edit, EditTarget, Finding, HomeFacts, Proposal, ProposalVerdict,
    ThreadFacts, View, Viewer,
};
use threadkeep_core::health;
use threadkeep_core::text::paths::canonical_id;

use crate::runtime::{Component, export};

export! {
    diagnosis __export_threadkeep_core_diagnosis_0_5_0_cabi,
    visibility __export_threadkeep_core_visibility_0_5_0_cabi,
    repair __export_threadkeep_core_repair_0_5_0_cabi,
}

impl diagnosis::Guest for Component {
    fn canonical_ids(ids: Vec<String>) -> Vec<Option<String>> {
        ids.iter().map(|id| canonical_id(id)).collect()
    }

    fn diagnose_threads(context: CheckContext, threads: Vec<ThreadFacts>) -> Vec<Finding> {
        health::diagnose::diagnose_threads(&context, &threads)
    }

    fn diagnose_home(facts: HomeFacts) -> Vec<Finding> {
        health::home::diagnose_home(&facts)
    }
}

impl visibility::Guest for Component {
    fn views(context: CheckContext, of: ThreadFacts, viewer: Viewer) -> Vec<View> {
        health::visibility::views(&context, &of, &viewer)
    }
}

impl repair::Guest for Component {
    fn select_edits(edits: Vec<Edit>, targets: Vec<EditTarget>, codes: Vec<String>) -> Vec<Edit> {
        health::repair::select::select_edits(edits, &targets, &codes)
    }

    fn judge_proposals(proposals: Vec<Proposal>) -> Vec<ProposalVerdict> {
        proposals.into_iter().map(health::repair::propose::judge_proposal).collect()
    }

    fn check_preconditions(inputs: Vec<CheckInput>) -> Vec<Applicability> {
        inputs.iter().map(health::repair::preconditions::check_preconditions).collect()
    }

    fn invert_edits(edits: Vec<Edit>) -> Vec<Edit> {
        health::repair::invert::invert_edits(edits)
    }
}
