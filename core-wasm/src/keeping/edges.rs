//! Spawned threads: a tree, unless somebody's rows say otherwise.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// `keeping.edge-status`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Status {
    Open,
    Closed,
}

/// `keeping.spawn-edge`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Known {
    pub parent: String,
    pub child: String,
    pub ours: Option<String>,
    pub codex: Option<String>,
}

/// `keeping.edge`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Edge {
    pub parent: String,
    pub child: String,
    pub status: Status,
}

/// Threadkeep's own record counts before Codex's; of what nobody has closed, nothing is known but that it was spawned.
fn status(edge: &Known) -> Status {
    match edge.ours.as_deref().or(edge.codex.as_deref()) {
        Some("closed") => Status::Closed,
        _ => Status::Open,
    }
}

/// `keeping.spawned`
pub fn spawned(edges: &[Known], by: &str, wanted: Option<Status>, deep: bool) -> Vec<Edge> {
    let mut children: BTreeMap<&str, Vec<&Known>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| wanted.is_none_or(|wanted| wanted == status(edge))) {
        children.entry(&edge.parent).or_default().push(edge);
    }
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([by]);
    let mut level = VecDeque::from([by]);
    while !level.is_empty() {
        let mut next: Vec<&Known> =
            level.drain(..).flat_map(|id| children.get(id).into_iter().flatten().copied()).collect();
        next.sort_by(|a, b| a.child.cmp(&b.child));
        for edge in next {
            if seen.insert(&edge.child) {
                let (parent, child) = (edge.parent.to_string(), edge.child.to_string());
                found.push(Edge { parent, child, status: status(edge) });
                level.push_back(&edge.child);
            }
        }
        if !deep {
            break;
        }
    }
    found
}
