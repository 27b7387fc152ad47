//! Opening several homes, to be read as one.

use std::path::{Path, PathBuf};

use threadkeep::{Cancellation, Homes};

use crate::context::Context;
use crate::failure::{Usage, say};
use crate::text;

/// Homes that are open, and those that are away.
pub(crate) struct OpenHomes {
    pub(crate) homes: Homes,
    /// How each is shown, in their order.
    pub(crate) labels: Vec<String>,
    /// Those that cannot be read now.
    pub(crate) away: Vec<threadkeep::documents::AwayHome>,
}

impl Context {
    /// Gives the homes that were named, where they are several.
    pub(crate) fn several_homes(&self) -> Option<&[PathBuf]> {
        let named = if self.global.home.len() > 1 { &self.global.home } else { &self.global.homes };
        (named.len() > 1).then_some(named)
    }

    /// Refuses several homes, for a question that is asked of one.
    pub(crate) fn one_home(&self, question: &str) -> Result<(), Usage> {
        match self.global.home.len() > 1 {
            true => Err(Usage(format!("{question} asks one home: name one with --home"))),
            false => Ok(()),
        }
    }

    /// Opens homes for a command that only reads, each with a handle of its own. One that is away is said, and told of in the document;
    /// its threads are not shown.
    ///
    /// # Errors
    ///
    /// Fails where a flag names what one home has, and where every home is away.
    pub(crate) fn open_homes(&self, named: &[PathBuf], cancellation: &Cancellation) -> anyhow::Result<OpenHomes> {
        let of_one = [("--state-dir", self.global.state_dir.is_some()), ("--record", self.global.record.is_some())];
        if let Some((flag, _)) = of_one.iter().find(|(_, is_given)| *is_given) {
            return Err(Usage(format!("{flag} is of one home, and several are named")).into());
        }
        let (mut members, mut roots, mut away) = (Vec::new(), Vec::new(), Vec::new());
        let mut seen = Vec::new();
        for root in named {
            let real = std::fs::canonicalize(root).unwrap_or_else(|_| root.clone());
            if seen.contains(&real) {
                continue;
            }
            seen.push(real);
            let opened = match is_empty(root) {
                true => Err(anyhow::anyhow!("{} is empty: no Codex home is there", root.display())),
                false => self.reader_of(root, cancellation.clone()),
            };
            match opened {
                Ok(threadkeep) => {
                    members.push(threadkeep);
                    roots.push(root.clone());
                }
                Err(error) => {
                    say(&format!("the home {} is away, and its threads are not shown: {error:#}", root.display()));
                    let home = root.to_string_lossy().into_owned();
                    away.push(threadkeep::documents::AwayHome { home, message: format!("{error:#}") });
                }
            }
        }
        if members.is_empty() {
            anyhow::bail!("none of the {} can be read", text::count(away.len(), "home"));
        }
        Ok(OpenHomes { homes: Homes::new(members)?, labels: labels(&roots), away })
    }
}

/// Says whether nothing is in a directory, as where a disk is to be mounted; such a home is taken for away.
fn is_empty(directory: &Path) -> bool {
    std::fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none())
}

/// Gives short names that tell homes apart: their last names, with as many before as it takes.
fn labels(roots: &[PathBuf]) -> Vec<String> {
    let end = |root: &Path, names: usize| {
        let parts: Vec<_> = root.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        parts[parts.len().saturating_sub(names)..].join("/")
    };
    let label = |root: &PathBuf| {
        let others = || roots.iter().filter(|other| *other != root);
        let names =
            (1..=root.components().count()).find(|&names| others().all(|other| end(other, names) != end(root, names)));
        end(root, names.unwrap_or(usize::MAX))
    };
    roots.iter().map(label).collect()
}
