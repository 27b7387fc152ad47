//! What waits to be asked of the server: of each kind what still matters, and what a person waits for first.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::messages::{Action, Request, Search, WantedTurns};

/// Something that is done in one go: a few requests to the server at most.
pub(super) enum Step {
    Act(Action),
    Search(Search),
    Turns(WantedTurns),
    Prompts(PromptsFrom),
    Titles(Arc<str>),
    List(ListFrom),
}

/// From where on prompts are read.
pub(super) struct PromptsFrom {
    pub(super) generation: u64,
    pub(super) id: Arc<str>,
    pub(super) cursor: Option<String>,
    /// So many turns were read.
    pub(super) number: u64,
}

/// From where on threads are listed: the active ones, then the archived ones.
#[derive(Default)]
pub(super) struct ListFrom {
    pub(super) archived: bool,
    pub(super) cursor: Option<String>,
}

impl ListFrom {
    /// Says whether this is the first page.
    pub(super) fn is_begin(&self) -> bool {
        !self.archived && self.cursor.is_none()
    }
}

/// What waits.
#[derive(Default)]
pub(super) struct Waiting {
    acts: VecDeque<Action>,
    search: Option<Search>,
    turns: Option<WantedTurns>,
    prompts: Option<PromptsFrom>,
    titles: VecDeque<Arc<str>>,
    list: Option<ListFrom>,
}

impl Waiting {
    /// Takes a request; an older one that it outdates goes.
    pub(super) fn add(&mut self, request: Request) {
        match request {
            Request::Act(action) => self.acts.push_back(action),
            Request::Search(search) => self.search = Some(search),
            Request::Turns(wanted) => self.turns = Some(wanted),
            Request::Prompts { generation, id } => {
                self.prompts = Some(PromptsFrom { generation, id, cursor: None, number: 0 });
            }
            Request::Titles(ids) => self.titles.extend(ids),
            Request::Reload => self.list = Some(ListFrom::default()),
            _ => {}
        }
    }

    /// Takes what is to be done behind something that was done, unless something newer of its kind came meanwhile.
    pub(super) fn go_on(&mut self, step: Step) {
        match step {
            Step::Act(action) => self.acts.push_front(action),
            Step::Search(search) => drop(self.search.get_or_insert(search)),
            Step::Turns(wanted) => drop(self.turns.get_or_insert(wanted)),
            Step::Prompts(from) => drop(self.prompts.get_or_insert(from)),
            Step::Titles(id) => self.titles.push_front(id),
            Step::List(from) if from.is_begin() => self.list = Some(from),
            Step::List(from) => drop(self.list.get_or_insert(from)),
        }
    }

    /// Gives what is done next; the list comes where nothing else is asked for.
    pub(super) fn next(&mut self) -> Option<Step> {
        if let Some(action) = self.acts.pop_front() {
            return Some(Step::Act(action));
        }
        let asked = self.search.take().map(Step::Search);
        let asked = asked.or_else(|| self.turns.take().map(Step::Turns));
        let asked = asked.or_else(|| self.prompts.take().map(Step::Prompts));
        let asked = asked.or_else(|| self.titles.pop_front().map(Step::Titles));
        asked.or_else(|| self.list.take().map(Step::List))
    }

    /// Gives the next change; all else is forgotten.
    pub(super) fn next_act(&mut self) -> Option<Step> {
        let acts = std::mem::take(&mut self.acts);
        *self = Waiting { acts, ..Waiting::default() };
        self.acts.pop_front().map(Step::Act)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::arrange::Archived;
    use crate::model::messages::TurnsFrom;
    use crate::model::scope::Scope;
    use crate::model::typed::Typed;

    fn search(generation: u64) -> Request {
        let (typed, scope, archived) = (Typed::of("tide"), Scope::Everywhere, Archived::Hidden);
        Request::Search(Search { generation, typed, scope, archived, all_sources: false, cursor: None })
    }

    fn turns(generation: u64) -> WantedTurns {
        WantedTurns { generation, id: "a".into(), from: TurnsFrom::End, columns: 80, full_outputs: false }
    }

    fn kinds(waiting: &mut Waiting) -> Vec<String> {
        let kind = |step: Step| match step {
            Step::Act(Action::Archive { ids }) => format!("archive {}", ids.concat()),
            Step::Act(_) => "act".into(),
            Step::Search(search) => format!("search {}", search.generation),
            Step::Turns(turns) => format!("turns {}", turns.generation),
            Step::Prompts(from) => format!("prompts {} {}", from.generation, from.number),
            Step::Titles(id) => format!("titles {id}"),
            Step::List(from) => format!("list {:?}", from.cursor),
        };
        std::iter::from_fn(|| waiting.next()).map(kind).collect()
    }

    #[test]
    fn the_newest_search_and_turns_count_alone_and_the_list_comes_last() {
        let mut waiting = Waiting::default();
        waiting.add(Request::Reload);
        waiting.add(Request::Titles(vec!["a".into(), "b".into()]));
        (1..4).for_each(|generation| waiting.add(search(generation)));
        (1..4).for_each(|generation| waiting.add(Request::Turns(turns(generation))));
        waiting.add(Request::Prompts { generation: 1, id: "a".into() });
        for id in ["a", "b"] {
            waiting.add(Request::Act(Action::Archive { ids: vec![id.into()] }));
        }
        let all = ["archive a", "archive b", "search 3", "turns 3", "prompts 1 0", "titles a", "titles b", "list None"];
        assert_eq!(kinds(&mut waiting), all);
    }

    #[test]
    fn what_goes_on_gives_way_to_what_is_newer() {
        let mut waiting = Waiting::default();
        waiting.add(Request::Turns(turns(2)));
        waiting.go_on(Step::Turns(turns(1)));
        waiting.add(Request::Reload);
        waiting.go_on(Step::List(ListFrom { archived: false, cursor: Some("page 2".into()) }));
        assert_eq!(kinds(&mut waiting), ["turns 2", "list None"]);
        waiting.go_on(Step::List(ListFrom { archived: false, cursor: Some("page 2".into()) }));
        // A change may have moved any thread.
        waiting.go_on(Step::List(ListFrom::default()));
        assert_eq!(kinds(&mut waiting), ["list None"]);
    }

    #[test]
    fn at_the_end_changes_alone_are_done() {
        let mut waiting = Waiting::default();
        waiting.add(Request::Reload);
        waiting.add(search(1));
        waiting.add(Request::Act(Action::Archive { ids: vec!["a".into()] }));
        assert!(matches!(waiting.next_act(), Some(Step::Act(_))));
        assert!(waiting.next_act().is_none() && waiting.next().is_none());
    }
}
