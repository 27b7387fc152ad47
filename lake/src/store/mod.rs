//! Objects, read and written one after the other; what is asynchronous below ends here.

mod failure;
mod open;
mod staged;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};
use tokio::runtime::Runtime;

pub use open::{Access, open};

use crate::error::{Error, Result};
use failure::{Secrets, failed};

/// Is how many objects are written, read or deleted at once.
const AT_ONCE: usize = 8;

/// Gives access to the objects of a destination.
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    runtime: Runtime,
    /// What stands before the paths, for people and engines.
    shown: String,
    /// Where the objects lie as files, if they do.
    directory: Option<PathBuf>,
    secrets: Secrets,
}

/// Describes an object that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its path below the destination.
    pub path: String,
    /// When it was written, in milliseconds since 1970, by the store's clock.
    pub modified: i64,
}

/// Says what became of an object that was to be made only if it was not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It was made, now or by a try before whose answer was lost.
    Made,
    /// There is another one of the same path.
    Taken,
}

impl Store {
    /// Uses objects that are open already; `shown` stands before their paths in what is told.
    ///
    /// # Errors
    ///
    /// The system may refuse what is needed to wait for answers.
    pub fn of(objects: Arc<dyn ObjectStore>, shown: String, directory: Option<PathBuf>) -> Result<Store> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Pipe { what: "starting", error })?;
        Ok(Store { objects, runtime, shown, directory, secrets: Secrets::of_environment() })
    }

    /// Gives the name of an object for people and engines.
    pub fn shown(&self, path: &str) -> String {
        if path.is_empty() { self.shown.clone() } else { format!("{}/{path}", self.shown) }
    }

    /// Reads an object; none if it is not there.
    ///
    /// # Errors
    ///
    /// The store may fail.
    pub fn get(&self, path: &str) -> Result<Option<Bytes>> {
        let at = place(path)?;
        let read = async { self.objects.get(&at).await?.bytes().await };
        match self.runtime.block_on(read) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed("reading", path, &error)),
        }
    }

    /// Reads the part of an object from `start`, or its last bytes where `start` is none.
    ///
    /// # Errors
    ///
    /// The store may fail, also because there is no such object any more.
    pub fn get_part(&self, path: &str, start: Option<u64>, length: u64) -> Result<Bytes> {
        let at = place(path)?;
        let range = match start {
            Some(start) => GetRange::Bounded(start..start + length),
            None => GetRange::Suffix(length),
        };
        let options = GetOptions { range: Some(range), ..GetOptions::default() };
        let read = async { self.objects.get_opts(&at, options).await?.bytes().await };
        self.runtime.block_on(read).map_err(|error| self.failed("reading", path, &error))
    }

    /// Writes objects, several at once; all of them are there when it returns without an error.
    ///
    /// # Errors
    ///
    /// The store may fail; then any of them may be there.
    pub fn put_all(&self, objects: Vec<(String, Bytes)>) -> Result<()> {
        let mut placed = Vec::with_capacity(objects.len());
        for (path, bytes) in objects {
            placed.push((place(&path)?, path, bytes));
        }
        let puts = placed.into_iter().map(|(at, path, bytes)| async move {
            let put = self.objects.put(&at, PutPayload::from_bytes(bytes)).await;
            put.map(|_| ()).map_err(|error| self.failed("writing", &path, &error))
        });
        self.runtime.block_on(stream::iter(puts).buffer_unordered(AT_ONCE).try_collect())
    }

    /// Makes an object only if there is none of its path.
    ///
    /// # Errors
    ///
    /// The store may fail. Then nothing is known: the object may still come to be.
    pub fn create(&self, path: &str, bytes: Vec<u8>) -> Result<Creation> {
        let at = place(path)?;
        let bytes = Bytes::from(bytes);
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let put = self.objects.put_opts(&at, PutPayload::from_bytes(bytes.clone()), options);
        let Err(error) = self.runtime.block_on(put) else {
            return Ok(Creation::Made);
        };
        // A try whose answer was lost has made it all the same; the next try then finds its own object in the way.
        match self.get(path) {
            Ok(Some(there)) if there == bytes => Ok(Creation::Made),
            Ok(Some(_)) => Ok(Creation::Taken),
            Ok(None) | Err(_) => Err(self.failed("writing", path, &error)),
        }
    }

    /// Lists the objects below a directory.
    ///
    /// # Errors
    ///
    /// The store may fail.
    pub fn list(&self, directory: &str) -> Result<Vec<Listed>> {
        let at = place(directory)?;
        let listed = self.objects.list(Some(&at)).map_ok(|object| Listed {
            path: object.location.to_string(),
            modified: object.last_modified.timestamp_millis(),
        });
        self.runtime.block_on(listed.try_collect()).map_err(|error| self.failed("listing", directory, &error))
    }

    /// Lists the names of the directories in a directory.
    ///
    /// # Errors
    ///
    /// The store may fail.
    pub fn directories(&self, directory: &str) -> Result<Vec<String>> {
        let at = place(directory)?;
        let listed = self.runtime.block_on(self.objects.list_with_delimiter(Some(&at)));
        match listed {
            Ok(listed) => {
                let names = listed.common_prefixes.iter().filter_map(|path| path.filename().map(str::to_owned));
                Ok(names.collect())
            }
            Err(object_store::Error::NotFound { .. }) if self.directory.is_some() => Ok(Vec::new()),
            Err(error) => Err(self.failed("listing", directory, &error)),
        }
    }

    /// Deletes objects; one that is not there is no failure.
    ///
    /// # Errors
    ///
    /// The store may fail; then some may be left.
    pub fn delete_all(&self, paths: &[String]) -> Result<u64> {
        let mut places = Vec::with_capacity(paths.len());
        for path in paths {
            places.push(Ok(place(path)?));
        }
        let deleted = async {
            let mut results = self.objects.delete_stream(stream::iter(places).boxed());
            let mut count = 0;
            while let Some(result) = results.next().await {
                match result {
                    Ok(_) => count += 1,
                    Err(object_store::Error::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(count)
        };
        self.runtime.block_on(deleted).map_err(|error| self.failed("deleting below", "v1", &error))
    }

    /// Deletes what writes that were killed left in a directory of files, older than a moment; a bucket has nothing of the kind.
    pub fn delete_staged(&self, directory: &str, before: i64) -> u64 {
        self.directory.as_deref().map_or(0, |root| staged::delete(&root.join(directory), before))
    }

    fn failed(&self, action: &'static str, path: &str, error: &object_store::Error) -> Error {
        failed(action, path, error, &self.secrets)
    }
}

fn place(path: &str) -> Result<Path> {
    Path::parse(path).map_err(|error| Error::Internal(format!("'{path}' is no path: {error}")))
}
