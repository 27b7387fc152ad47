//! Decides which threads are put away that nobody has used for long.

use alloc::string::String;

use contract::{PruneAction, PruneFacts, PruneScope};

/// Says why a thread is left as it is; none where the action is done. What somebody is writing, and what a user marked as worth
/// keeping, is left out unless it is named.
pub fn why_left(thread: &PruneFacts, action: PruneAction, scope: PruneScope) -> Option<String> {
    if thread.foreign {
        return Some("it is another program's: put it away there".into());
    }
    let done = match action {
        PruneAction::Archive => thread.archived.then_some("it is archived already"),
        PruneAction::Compress => thread.compressed.then_some("it is compressed already"),
        PruneAction::Delete => thread.has_forks.then_some("the history of other threads begins in it"),
    };
    let goes_with_family = action != PruneAction::Compress;
    let rules = [
        (thread.running, "somebody is writing it"),
        (thread.named && !scope.named, "it has a name: --include-named"),
        (thread.pinned && !scope.pinned, "it is pinned or in a section: --include-pinned"),
        (thread.family_is_left && goes_with_family, "a thread that it spawned is left"),
    ];
    let rule = rules.into_iter().find_map(|(applies, why)| applies.then_some(why));
    done.or(rule).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: PruneFacts = PruneFacts {
        archived: false,
        compressed: false,
        named: false,
        pinned: false,
        running: false,
        has_forks: false,
        foreign: false,
        family_is_left: false,
    };
    const NOTHING: PruneScope = PruneScope { named: false, pinned: false };
    const ALL: [PruneAction; 3] = [PruneAction::Archive, PruneAction::Compress, PruneAction::Delete];

    #[test]
    fn what_is_running_named_or_pinned_is_left_unless_it_is_included() {
        let everything = PruneScope { named: true, pinned: true };
        for action in ALL {
            assert_eq!(why_left(&OLD, action, NOTHING), None);
            let (named, pinned) = (PruneFacts { named: true, ..OLD }, PruneFacts { pinned: true, ..OLD });
            for thread in [&named, &pinned] {
                assert!(why_left(thread, action, NOTHING).is_some() && why_left(thread, action, everything).is_none());
            }
            assert!(why_left(&PruneFacts { running: true, ..OLD }, action, everything).is_some());
        }
    }

    #[test]
    fn what_is_another_programs_is_left_whatever_is_included() {
        let everything = PruneScope { named: true, pinned: true };
        assert!(ALL.iter().all(|action| why_left(&PruneFacts { foreign: true, ..OLD }, *action, everything).is_some()));
    }

    #[test]
    fn what_is_done_already_or_would_take_others_along_is_left() {
        let left = |thread: PruneFacts| ALL.map(|action| why_left(&thread, action, NOTHING).is_some());
        assert_eq!(left(PruneFacts { archived: true, ..OLD }), [true, false, false]);
        assert_eq!(left(PruneFacts { compressed: true, ..OLD }), [false, true, false]);
        assert_eq!(left(PruneFacts { has_forks: true, ..OLD }), [false, false, true]);
        assert_eq!(left(PruneFacts { family_is_left: true, ..OLD }), [true, false, true]);
    }
}
