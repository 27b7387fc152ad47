//! What a plugin may see of the threads that are handed over to it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Names a part of a thread that is granted as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Grant {
    /// Where a thread comes from and when.
    Facts,
    /// What it is called.
    Names,
    /// Where it was at work.
    Places,
    /// What it used.
    Usage,
    /// What was said and done in it.
    History,
}

impl Grant {
    /// All there are.
    pub const ALL: [Grant; 5] = [Grant::Facts, Grant::Names, Grant::Places, Grant::Usage, Grant::History];

    /// Gives its name, as the contract and the command line have it.
    pub fn name(self) -> &'static str {
        match self {
            Grant::Facts => "facts",
            Grant::Names => "names",
            Grant::Places => "places",
            Grant::Usage => "usage",
            Grant::History => "history",
        }
    }

    /// Gives the grant of a name; none where there is none.
    pub fn of_name(name: &str) -> Option<Grant> {
        Grant::ALL.into_iter().find(|grant| grant.name() == name)
    }

    /// Says for a person what is seen by it.
    pub fn meaning(self) -> &'static str {
        match self {
            Grant::Facts => "where threads come from, when they were begun and last changed",
            Grant::Names => "names, titles and first messages of threads",
            Grant::Places => "directories, git branches, commits and remotes of threads",
            Grant::Usage => "models and tokens of threads",
            Grant::History => "everything that was said and done in threads",
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Is a set of grants.
pub type Grants = BTreeSet<Grant>;

/// Gives the names of grants, for a person.
pub fn names_of<'a>(grants: impl IntoIterator<Item = &'a Grant>) -> String {
    let names: Vec<_> = grants.into_iter().map(|grant| grant.name()).collect();
    if names.is_empty() { "nothing".into() } else { names.join(", ") }
}

/// Decides what an installed plugin is granted when a new version of it comes: what it was granted and still wants, and what the user
/// grants now. What it wants beyond that it is not given.
pub fn grants_after_update(before: &Grants, wanted: &Grants, granted_now: &Grants) -> Grants {
    before.union(granted_now).filter(|grant| wanted.contains(grant)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_granted_nothing_that_nobody_granted() {
        let before = Grants::from([Grant::Facts, Grant::Usage]);
        let wanted = Grants::from([Grant::Facts, Grant::History, Grant::Names]);
        assert_eq!(grants_after_update(&before, &wanted, &Grants::new()), Grants::from([Grant::Facts]));
        let now = Grants::from([Grant::Names, Grant::Places]);
        assert_eq!(grants_after_update(&before, &wanted, &now), Grants::from([Grant::Facts, Grant::Names]));
    }
}
