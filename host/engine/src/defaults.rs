//! Defaults of what hosts hand to the core.

use crate::contract::{MarkFilter, NewThread, RowQuery, SortKey, ThreadMarks, ThreadRow};

impl Default for NewThread {
    /// Gives a thread whose id is to be chosen; its working directory and its source must still be set.
    fn default() -> NewThread {
        NewThread {
            id: None,
            cwd: String::new(),
            source: String::new(),
            originator: "threadkeep".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            model_provider: None,
            instructions: None,
            git_sha: None,
            git_branch: None,
            git_origin_url: None,
            parent_thread_id: None,
        }
    }
}

impl Default for ThreadRow {
    /// Gives the row of a thread of which nothing is known.
    fn default() -> ThreadRow {
        ThreadRow {
            id: String::new(),
            path: String::new(),
            archived: false,
            name: None,
            name_source: None,
            preview: String::new(),
            title: String::new(),
            first_user_message: None,
            cwd: None,
            last_cwd: None,
            created_at: 0,
            updated_at: 0,
            recency_at: 0,
            source: "\"unknown\"".into(),
            source_kind: "unknown".into(),
            model_provider: None,
            model: None,
            cli_version: None,
            git_branch: None,
            git_sha: None,
            git_origin_url: None,
            tokens_used: None,
            parent_thread_id: None,
            forked_from_id: None,
            base_thread_id: None,
            history_mode: "paginated".into(),
            memory_mode: None,
            missing: false,
        }
    }
}

impl Default for RowQuery {
    /// Gives the query for all threads, the one that was updated last first, with sub-agents as threads of their own.
    fn default() -> RowQuery {
        RowQuery {
            within: None,
            source_kinds: None,
            fold_children: false,
            missing: false,
            provider: None,
            cwd: None,
            under: None,
            also_cwd: Vec::new(),
            also_under: Vec::new(),
            since: None,
            until: None,
            title: None,
            name: None,
            branch: None,
            repo: None,
            also_in_repo: Vec::new(),
            among: None,
            commit: None,
            model: None,
            sort: SortKey::Updated,
            ascending: false,
        }
    }
}

impl Default for MarkFilter {
    /// Gives the filter that lets every thread pass.
    fn default() -> MarkFilter {
        MarkFilter { tags: Vec::new(), without: Vec::new(), pinned: false }
    }
}

impl Default for ThreadMarks {
    /// Gives no marks.
    fn default() -> ThreadMarks {
        ThreadMarks { tags: Vec::new(), pinned: false, notes: Vec::new() }
    }
}
