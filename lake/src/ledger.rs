//! The manifests of an owner in a store: reading the newest, and committing the next.

use crate::error::{Error, Result};
use crate::manifest::{Change, Manifest, follow};
use crate::paths::{self, Owner, ROOT};
use crate::store::{Creation, Listed, Store};

/// Is how often a commit is tried again where others were quicker.
const TRIES: usize = 100;
/// Is how often the newest manifest is looked for where it goes while it is read.
const LOOKS: usize = 10;

/// Knows the newest manifest of an owner.
pub struct Ledger<'s> {
    store: &'s Store,
    owner: Owner,
    newest: Option<Manifest>,
}

impl<'s> Ledger<'s> {
    /// Reads the newest manifest of an owner, who may have none.
    ///
    /// # Errors
    ///
    /// The store may fail, and the manifest may be damaged or of a newer program.
    pub fn open(store: &'s Store, owner: Owner) -> Result<Ledger<'s>> {
        let newest = newest(store, &owner)?;
        Ok(Ledger { store, owner, newest })
    }

    /// Gives the newest manifest as it is known.
    pub fn newest(&self) -> Option<&Manifest> {
        self.newest.as_ref()
    }

    /// Gives whose manifests they are.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Gives the store.
    pub fn store(&self) -> &'s Store {
        self.store
    }

    /// Commits the change that `plan` makes of the newest manifest; where another run was quicker, `plan` is asked again. Says
    /// whether there was anything to change.
    ///
    /// # Errors
    ///
    /// The store may fail, and then the change may be committed or not; what `plan` fails by is handed on.
    pub fn commit(&mut self, mut plan: impl FnMut(Option<&Manifest>) -> Result<Option<Change>>) -> Result<bool> {
        for _ in 0..TRIES {
            let Some(change) = plan(self.newest.as_ref())? else {
                return Ok(false);
            };
            let nonce = nonce()?;
            let next = follow(self.newest.as_ref(), &self.owner, &change, &nonce)?;
            let creation = self.store.create(&paths::manifest(&self.owner, next.sequence), next.bytes()?)?;
            if creation == Creation::Made {
                let last = listed(self.store, &self.owner)?.pop();
                if last.is_none_or(|(sequence, _)| sequence == next.sequence) {
                    self.newest = Some(next);
                    return Ok(true);
                }
            }
            // Who slept long enough finds a number free that was used and cleaned away; then the newest one does not rest on his.
            self.newest = newest(self.store, &self.owner)?;
            let rests_on_it = self.newest.as_ref().is_some_and(|newest| newest.changes.contains(&nonce));
            if creation == Creation::Made && rests_on_it {
                return Ok(true);
            }
        }
        Err(Error::Conflict("other runs of the same home were quicker every time".into()))
    }
}

/// Gives a text that no other run will ever make.
///
/// # Errors
///
/// The system may have no random numbers.
pub fn nonce() -> Result<String> {
    let mut bytes = [0; 10];
    getrandom::fill(&mut bytes).map_err(|error| Error::Internal(format!("there are no random numbers: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Lists the manifests of an owner, the newest last.
///
/// # Errors
///
/// The store may fail.
pub fn listed(store: &Store, owner: &Owner) -> Result<Vec<(u64, Listed)>> {
    let listed = store.list(&owner.manifests())?;
    let mut manifests: Vec<_> =
        listed.into_iter().filter_map(|listed| Some((paths::sequence(&listed.path)?, listed))).collect();
    manifests.sort_by_key(|(sequence, _)| *sequence);
    Ok(manifests)
}

/// Reads the newest manifest of an owner.
///
/// # Errors
///
/// The store may fail, and the manifest may be damaged or of a newer program.
pub fn newest(store: &Store, owner: &Owner) -> Result<Option<Manifest>> {
    for _ in 0..LOOKS {
        let Some((_, last)) = listed(store, owner)?.pop() else {
            return Ok(None);
        };
        if let Some(bytes) = store.get(&last.path)? {
            return Manifest::parse(&last.path, &bytes).map(Some);
        }
    }
    Err(Error::Conflict("the manifests change too fast to be read".into()))
}

/// Lists whoever has pushed to a destination.
///
/// # Errors
///
/// The store may fail.
pub fn owners(store: &Store) -> Result<Vec<Owner>> {
    let names = store.directories(&format!("{ROOT}/_manifests"))?;
    Ok(names.iter().filter_map(|name| Owner::of_directory(name)).collect())
}

/// Reads the newest manifests of all owners.
///
/// # Errors
///
/// The store may fail, and it is an error where nobody has pushed anything.
pub fn all(store: &Store) -> Result<Vec<Manifest>> {
    let mut manifests = Vec::new();
    for owner in owners(store)? {
        manifests.extend(newest(store, &owner)?);
    }
    if manifests.is_empty() { Err(Error::NoTables(store.shown(""))) } else { Ok(manifests) }
}
