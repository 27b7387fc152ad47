//! From what a user gives as destination to a store.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store::RetryConfig;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;

use super::Store;
use crate::error::{Error, Result};

/// Says what a destination is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To write what may be the first tables there; a directory is made.
    Push,
    /// For what is there already.
    Existing,
}

/// Opens a directory, or `s3://BUCKET/PREFIX` with the credentials of the environment.
///
/// # Errors
///
/// The destination may make no sense, or not be there.
pub fn open(destination: &str, access: Access) -> Result<Store> {
    match destination.split_once("://") {
        Some(("s3", place)) => open_bucket(destination, place),
        Some(("file", path)) => open_directory(path, access),
        Some(_) => Err(unusable(destination, "only directories, s3:// and postgres:// are known")),
        None => open_directory(destination, access),
    }
}

fn open_bucket(destination: &str, place: &str) -> Result<Store> {
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let prefix = prefix.trim_matches('/');
    if bucket.is_empty() {
        return Err(unusable(destination, "there is no bucket in it"));
    }
    let at = object_store::path::Path::parse(prefix).map_err(|error| unusable(destination, &error.to_string()))?;
    // The first one to choose wins, and all choose the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let retries = RetryConfig { max_retries: 8, retry_timeout: Duration::from_secs(90), ..RetryConfig::default() };
    let bucket_store = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_retry(retries)
        .build()
        .map_err(|error| super::failed("opening", bucket, &error, &super::Secrets::of_environment()))?;
    let shown = format!("s3://{bucket}/{prefix}").trim_end_matches('/').to_owned();
    Store::of(Arc::new(PrefixStore::new(bucket_store, at)), shown, None)
}

fn open_directory(path: &str, access: Access) -> Result<Store> {
    if path.is_empty() {
        return Err(unusable(path, "it is empty"));
    }
    let failed = |error: std::io::Error| unusable(path, &error.to_string());
    if access == Access::Push {
        std::fs::create_dir_all(path).map_err(failed)?;
    } else if !Path::new(path).is_dir() {
        return Err(Error::NoTables(path.to_owned()));
    }
    let directory = Path::new(path).canonicalize().map_err(failed)?;
    let files = LocalFileSystem::new_with_prefix(&directory)
        .map_err(|error| super::failed("opening", path, &error, &super::Secrets::of_environment()))?
        .with_fsync(true);
    Store::of(Arc::new(files), directory.to_string_lossy().into_owned(), Some(directory))
}

fn unusable(destination: &str, reason: &str) -> Error {
    // An address may carry credentials.
    let shown = if destination.contains('@') { "…" } else { destination };
    Error::Destination { destination: shown.into(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::{Access, open};
    use crate::error::ErrorKind;

    #[test]
    fn what_is_no_destination_is_refused() {
        for wrong in ["", "s3://", "s3:///x", "http://host/x", "gs://bucket"] {
            let error = open(wrong, Access::Existing).err().expect(wrong);
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{wrong}");
        }
        let error = open("https://me:pass@host/x", Access::Push).err().expect("no destination");
        assert!(!error.to_string().contains("pass"));
    }

    #[test]
    fn a_directory_is_made_for_what_is_pushed_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let below = directory.path().join("a/b");
        let destination = below.to_string_lossy();
        assert_eq!(open(&destination, Access::Existing).err().map(|error| error.kind()), Some(ErrorKind::NotFound));
        let store = open(&destination, Access::Push).expect("it is made");
        assert!(below.is_dir() && store.shown("v1").ends_with("a/b/v1"));
    }
}
