//! Which threads are wanted, and whose where several homes have one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::error::{Error, Result};
use crate::paths::Owner;

/// Says which threads are wanted; all where nothing is said.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those with these ids, or whose ids begin so.
    pub ids: Vec<String>,
    /// Those of this directory and below.
    pub under: Option<String>,
    /// Those of this git repository: its URL in any form, or the end of it.
    pub repository: Option<String>,
    /// Those in which anything happened from this time on, in milliseconds since 1970.
    pub since: Option<i64>,
    /// Those in which nothing happened from this time on.
    pub until: Option<i64>,
    /// Those of this machine, by its id or name.
    pub machine: Option<String>,
}

/// Is a thread of a home, as the newest row of it says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptThread {
    /// The thread's id.
    pub thread: String,
    /// The machine.
    pub machine: String,
    /// The home on it.
    pub home: String,
    /// What people call the machine.
    #[serde(skip)]
    pub machine_name: Option<String>,
    /// The generation of its rows.
    #[serde(skip)]
    pub generation: i64,
    /// When it began, in milliseconds since 1970.
    pub created_at: i64,
    /// When anything last happened in it.
    pub updated_at: i64,
    /// Where it ran.
    pub project: Option<String>,
    /// The URL of the git remote there.
    pub repository: Option<String>,
    /// How many lines its whole text has; none where it was not pushed whole.
    pub records: Option<i64>,
}

impl Wanted {
    fn wants(&self, thread: &KeptThread) -> bool {
        let is_id = self.ids.is_empty() || self.ids.iter().any(|id| thread.thread.starts_with(id.as_str()));
        let is_there = self.under.as_deref().is_none_or(|under| {
            let rest = thread.project.as_deref().and_then(|project| project.strip_prefix(under.trim_end_matches('/')));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let is_of_repository = self.repository.as_deref().is_none_or(|wanted| {
            thread.repository.as_deref().is_some_and(|repository| is_repository(repository, wanted))
        });
        let is_of_machine = self
            .machine
            .as_deref()
            .is_none_or(|machine| thread.machine == machine || thread.machine_name.as_deref() == Some(machine));
        let is_of_time = self.since.is_none_or(|since| thread.updated_at >= since)
            && self.until.is_none_or(|until| thread.updated_at < until);
        is_id && is_there && is_of_repository && is_of_machine && is_of_time
    }
}

/// Says whether a URL is that of a repository which is named by its URL in any form, or by the end of it, as OWNER/NAME.
fn is_repository(url: &str, wanted: &str) -> bool {
    let (url, wanted) = (plain_url(url), plain_url(wanted));
    let before = url.strip_suffix(&wanted);
    !wanted.is_empty() && before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// Gives a URL of git as HOST/PATH: `https://user@host/path.git` and `git@host:path` are the same repository.
fn plain_url(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{}{path}", host.replacen(':', "/", 1)).to_lowercase()
}

/// Chooses threads, as their rows come.
pub struct Choice<'w> {
    wanted: &'w Wanted,
    chosen: BTreeMap<String, KeptThread>,
    not_whole: BTreeSet<String>,
}

impl<'w> Choice<'w> {
    /// Begins.
    pub fn of(wanted: &'w Wanted) -> Choice<'w> {
        Choice { wanted, chosen: BTreeMap::new(), not_whole: BTreeSet::new() }
    }

    /// Takes notice of a thread. Of several homes the one counts in which it went on for longest.
    pub fn see(&mut self, thread: KeptThread) {
        if !self.wanted.wants(&thread) {
            return;
        }
        if thread.records.is_none() {
            self.not_whole.insert(thread.thread);
            return;
        }
        let reach =
            |thread: &KeptThread| (thread.updated_at, thread.records, thread.machine.clone(), thread.home.clone());
        match self.chosen.get_mut(&thread.thread) {
            Some(known) if reach(known) >= reach(&thread) => {}
            Some(known) => *known = thread,
            None => _ = self.chosen.insert(thread.thread.clone(), thread),
        }
    }

    /// Gives the threads, those of a home and month together, and how many are wanted and nowhere whole.
    ///
    /// # Errors
    ///
    /// One that is asked for by its id may not be there, or nowhere be whole.
    pub fn end(self) -> Result<(Vec<KeptThread>, u64)> {
        let not_whole: Vec<String> =
            self.not_whole.into_iter().filter(|thread| !self.chosen.contains_key(thread)).collect();
        for id in &self.wanted.ids {
            if self.chosen.keys().any(|thread| thread.starts_with(id.as_str())) {
                continue;
            }
            return Err(match not_whole.iter().find(|thread| thread.starts_with(id.as_str())) {
                Some(thread) => Error::NotWhole(thread.clone()),
                None => Error::NoThreads(vec![id.clone()]),
            });
        }
        let mut threads: Vec<KeptThread> = self.chosen.into_values().collect();
        threads.sort_by(|one, other| {
            let place = |thread: &KeptThread| (thread.machine.clone(), thread.home.clone(), thread.created_at);
            place(one).cmp(&place(other)).then_with(|| one.thread.cmp(&other.thread))
        });
        Ok((threads, not_whole.len() as u64))
    }
}

impl KeptThread {
    /// Gives whose it is.
    pub fn owner(&self) -> Owner {
        Owner { machine: self.machine.clone(), home: self.home.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, KeptThread, Wanted};
    use crate::error::Error;

    fn thread(id: &str, machine: &str, updated_at: i64, records: Option<i64>) -> KeptThread {
        KeptThread {
            thread: id.into(),
            machine: machine.into(),
            home: "h".into(),
            updated_at,
            project: Some("/work/app/web".into()),
            repository: Some("git@example.org:Team/app.git".into()),
            machine_name: Some("desk".into()),
            records,
            ..KeptThread::default()
        }
    }

    fn chosen(wanted: &Wanted, threads: &[KeptThread]) -> (Vec<String>, u64) {
        let mut choice = Choice::of(wanted);
        threads.iter().for_each(|thread| choice.see(thread.clone()));
        let (threads, not_whole) = choice.end().expect("a choice");
        (threads.into_iter().map(|thread| format!("{}@{}", thread.thread, thread.machine)).collect(), not_whole)
    }

    #[test]
    fn of_several_homes_the_one_counts_in_which_a_thread_went_on_for_longest() {
        let threads = [
            thread("a", "m1", 5, Some(3)),
            thread("a", "m2", 7, Some(2)),
            thread("a", "m3", 9, None),
            thread("b", "m1", 5, None),
        ];
        assert_eq!(chosen(&Wanted::default(), &threads), (vec!["a@m2".into()], 1));
    }

    #[test]
    fn each_filter_leaves_others_out() {
        let threads = [thread("abc", "m1", 5, Some(3))];
        let some = |text: &str| Some(text.to_owned());
        let yes = [
            Wanted { ids: vec!["ab".into()], ..Wanted::default() },
            Wanted { under: some("/work/app/"), ..Wanted::default() },
            Wanted { under: some("/work/app/web"), ..Wanted::default() },
            Wanted { repository: some("https://me@example.org/team/app"), ..Wanted::default() },
            Wanted { repository: some("team/app"), ..Wanted::default() },
            Wanted { since: Some(5), until: Some(6), ..Wanted::default() },
            Wanted { machine: some("m1"), ..Wanted::default() },
            Wanted { machine: some("desk"), ..Wanted::default() },
        ];
        let no = [
            Wanted { under: some("/work/ap"), ..Wanted::default() },
            Wanted { repository: some("am/app"), ..Wanted::default() },
            Wanted { since: Some(6), ..Wanted::default() },
            Wanted { until: Some(5), ..Wanted::default() },
            Wanted { machine: some("m2"), ..Wanted::default() },
        ];
        assert!(yes.iter().all(|wanted| chosen(wanted, &threads).0.len() == 1));
        assert!(no.iter().all(|wanted| chosen(wanted, &threads).0.is_empty()));
    }

    #[test]
    fn a_thread_that_is_asked_for_and_not_there_is_named() {
        let wanted = Wanted { ids: vec!["a".into(), "b".into()], ..Wanted::default() };
        let mut choice = Choice::of(&wanted);
        choice.see(thread("abc", "m1", 5, Some(3)));
        assert!(matches!(choice.end(), Err(Error::NoThreads(ids)) if ids == ["b"]));
        let mut choice = Choice::of(&wanted);
        choice.see(thread("abc", "m1", 5, None));
        assert!(matches!(choice.end(), Err(Error::NotWhole(id)) if id == "abc"));
    }
}
