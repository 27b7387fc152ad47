//! Goes through spawned threads: a tree, unless somebody's rows say otherwise.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::ToString;
use alloc::vec::Vec;

use contract::{Edge, EdgeStatus, SpawnEdge};

/// Threadkeep's own record counts before Codex's; of what nobody has closed, nothing is known but that it was spawned.
fn status(edge: &SpawnEdge) -> EdgeStatus {
    match edge.ours.as_deref().or(edge.codex.as_deref()) {
        Some("closed") => EdgeStatus::Closed,
        _ => EdgeStatus::Open,
    }
}

/// Returns the threads that a thread spawned, those that they spawned and so on: nearest first, each once.
pub fn spawned(edges: &[SpawnEdge], by: &str, wanted: Option<EdgeStatus>, deep: bool) -> Vec<Edge> {
    let mut children: BTreeMap<&str, Vec<&SpawnEdge>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| wanted.is_none_or(|wanted| wanted == status(edge))) {
        children.entry(&edge.parent).or_default().push(edge);
    }
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([by]);
    let mut level = VecDeque::from([by]);
    while !level.is_empty() {
        let mut next: Vec<&SpawnEdge> =
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
