use std::collections::{HashMap, HashSet};

/// Holds records of a log that hang on each other, each on an earlier one, so that there are branches that were given up.
///
/// A log may hold several conversations; the caller numbers them.
#[derive(Debug, Default)]
pub struct Branches {
    nodes: Vec<Node>,
    by_id: HashMap<String, usize>,
}

#[derive(Debug)]
struct Node {
    line: usize,
    parent: Option<usize>,
    conversation: usize,
    group: Option<String>,
}

impl Branches {
    /// Tells whether a record is known.
    pub fn contains(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// Tells which conversation a record is part of.
    pub fn conversation_of(&self, id: &str) -> Option<usize> {
        Some(self.nodes[*self.by_id.get(id)?].conversation)
    }

    /// Adds the record of a line. If what it hangs on is not known, it hangs on the record before it in its conversation. Records of
    /// one group stay together: if one is on a branch, all are.
    pub fn add(&mut self, id: &str, line: usize, parent: Option<&str>, conversation: usize, group: Option<&str>) {
        let parent = parent.and_then(|parent| self.by_id.get(parent).copied());
        let parent = parent.or_else(|| self.nodes.iter().rposition(|node| node.conversation == conversation));
        self.by_id.insert(id.to_owned(), self.nodes.len());
        self.nodes.push(Node { line, parent, conversation, group: group.map(str::to_owned) });
    }

    /// The lines of a conversation, each with whether it is on the branch that the newest record ends.
    pub fn lines_of(&self, conversation: usize) -> HashMap<usize, bool> {
        let mut on_branch = HashSet::new();
        let mut at = self.nodes.iter().rposition(|node| node.conversation == conversation);
        while let Some(index) = at {
            on_branch.insert(index);
            // A parent stands before its child, so this ends.
            at = self.nodes[index].parent.filter(|parent| *parent < index);
        }
        let groups: HashSet<_> = on_branch.iter().filter_map(|index| self.nodes[*index].group.as_ref()).collect();
        let of_conversation = self.nodes.iter().enumerate().filter(|(_, node)| node.conversation == conversation);
        let live = |(index, node): (usize, &Node)| {
            (node.line, on_branch.contains(&index) || node.group.as_ref().is_some_and(|group| groups.contains(group)))
        };
        of_conversation.map(live).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_record_ends_the_branch_and_a_group_stays_together() {
        let mut branches = Branches::default();
        branches.add("a", 1, None, 0, None);
        branches.add("b", 2, Some("a"), 0, None);
        branches.add("c", 3, Some("a"), 0, Some("g"));
        branches.add("d", 4, Some("c"), 0, Some("g"));
        branches.add("e", 5, Some("c"), 0, None);
        branches.add("other", 6, None, 1, None);
        let mut lines: Vec<_> = branches.lines_of(0).into_iter().collect();
        lines.sort();
        assert_eq!(lines, [(1, true), (2, false), (3, true), (4, true), (5, true)]);
        assert_eq!(branches.conversation_of("other"), Some(1));
    }

    #[test]
    fn a_record_whose_parent_is_not_there_hangs_on_the_one_before() {
        let mut branches = Branches::default();
        branches.add("a", 1, Some("gone"), 0, None);
        branches.add("b", 2, Some("gone, too"), 0, None);
        assert!(branches.lines_of(0).values().all(|live| *live));
    }
}
