//! The exports that decide what a change comes to: `changing`.

use alloc::string::String;
use alloc::vec::Vec;

use super::exported::changing;
use super::threadkeep::core::types;
use super::{Component, World};
use crate::change::{self, naming, patch};
use crate::types::Collection;

impl From<change::ChangeError> for changing::Error {
    fn from(error: change::ChangeError) -> Self {
        match error {
            change::ChangeError::Lookup(error) => changing::Error::Lookup(error.into()),
            change::ChangeError::Occupied(renaming) => changing::Error::Occupied(renaming.into()),
            change::ChangeError::Forks(forks) => changing::Error::Forks(forks.into_iter().map(Into::into).collect()),
        }
    }
}

impl From<change::Renaming> for changing::Renaming {
    fn from(renaming: change::Renaming) -> Self {
        fields!(renaming => changing::Renaming { from, to } with {})
    }
}

impl From<change::Relocation> for changing::Relocation {
    fn from(plan: change::Relocation) -> Self {
        changing::Relocation {
            threads: plan.threads.into_iter().map(Into::into).collect(),
            renamings: plan.renamings.into_iter().map(Into::into).collect(),
        }
    }
}

impl changing::Guest for Component {
    fn archive(wanted: String) -> Result<changing::Relocation, changing::Error> {
        Ok(change::relocate(&World, &wanted, Collection::Archived)?.into())
    }

    fn unarchive(wanted: String) -> Result<changing::Relocation, changing::Error> {
        Ok(change::relocate(&World, &wanted, Collection::Active)?.into())
    }

    fn delete(wanted: String, with_forks: bool) -> Result<changing::Removal, changing::Error> {
        let plan = change::remove(&World, &wanted, with_forks)?;
        let threads = plan.threads.into_iter().map(Into::into).collect();
        Ok(changing::Removal { threads, files: plan.files })
    }

    fn name(given: String) -> Result<String, String> {
        naming::name(&given)
    }

    fn index_line(thread: String, name: String, at_ns: i64) -> Vec<u8> {
        naming::index_line(&thread, &name, at_ns)
    }

    fn checked(patch: types::Patch) -> Result<types::Patch, String> {
        patch::checked(patch.into()).map(Into::into)
    }
}
