//! Binding an address: a socket of the file system is its owner's alone from the first moment on.

use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, UnixListener, UnixStream};

use crate::Address;

/// Says why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Other machines reach the address, and there is no token.
    #[error("{0} can be reached from other machines; give a token file, or listen on 127.0.0.1")]
    NeedsToken(Address),
    /// Another server listens on the socket.
    #[error("another server listens on {0}; stop it, or choose another path")]
    InUse(PathBuf),
    /// Something that is no socket has the name.
    #[error("{0} is there and is no socket; choose another path")]
    InTheWay(PathBuf),
    /// Others than the owner may write in the socket's directory.
    #[error("the directory {0} is not yours alone, so that others could replace the socket; choose one with mode 0700")]
    OpenDirectory(PathBuf),
    /// The operating system refuses.
    #[error("{0} cannot be listened on: {1}")]
    Io(Address, io::Error),
}

/// An address that is listened on.
pub struct Listener {
    pub(crate) socket: Socket,
    address: Address,
    /// Removed with the listener.
    _file: Option<OwnSocket>,
}

pub(crate) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A socket in the file system, removed with its listener unless another one has its name by then.
struct OwnSocket {
    path: PathBuf,
    inode: u64,
}

impl Drop for OwnSocket {
    fn drop(&mut self) {
        if std::fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Listener {
    /// Listens on an address. `has_token` says whether clients must show one.
    ///
    /// A socket of the file system has mode 0600 and stands in a directory of its owner's alone, which is made with mode 0700 where
    /// it is not there. One that a killed server left is replaced.
    ///
    /// # Errors
    ///
    /// See [`BindError`].
    pub async fn bind(address: &Address, has_token: bool) -> Result<Listener, BindError> {
        if !address.is_local() && !has_token {
            return Err(BindError::NeedsToken(address.clone()));
        }
        let failed = |error| BindError::Io(address.clone(), error);
        match address {
            Address::Tcp(wanted) => {
                let listener = TcpListener::bind(wanted).await.map_err(failed)?;
                let address = Address::Tcp(listener.local_addr().map_err(failed)?);
                Ok(Listener { socket: Socket::Tcp(listener), address, _file: None })
            }
            Address::Unix(path) => {
                let (listener, file) = bind_unix(path).await?;
                Ok(Listener { socket: Socket::Unix(listener), address: address.clone(), _file: Some(file) })
            }
        }
    }

    /// Gives the address, with the port that the system chose.
    pub fn address(&self) -> &Address {
        &self.address
    }
}

async fn bind_unix(path: &Path) -> Result<(UnixListener, OwnSocket), BindError> {
    let failed = |error| BindError::Io(Address::Unix(path.into()), error);
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    let found = std::fs::metadata(directory).map_err(failed)?;
    if found.uid() != rustix::process::geteuid().as_raw() || found.mode() & 0o022 != 0 {
        return Err(BindError::OpenDirectory(directory.into()));
    }
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(BindError::InTheWay(path.into())),
        Ok(_) if UnixStream::connect(path).await.is_ok() => return Err(BindError::InUse(path.into())),
        Ok(_) => std::fs::remove_file(path).map_err(failed)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    // Bound where nobody else can look, and moved once its mode is right.
    let hidden = directory.join(format!(".listen-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&hidden);
    std::fs::DirBuilder::new().mode(0o700).create(&hidden).map_err(failed)?;
    let bound = (|| {
        let made = hidden.join("s");
        let listener = UnixListener::bind(&made)?;
        std::fs::set_permissions(&made, std::fs::Permissions::from_mode(0o600))?;
        std::fs::rename(&made, path)?;
        let inode = std::fs::symlink_metadata(path)?.ino();
        Ok((listener, OwnSocket { path: path.into(), inode }))
    })();
    let _ = std::fs::remove_dir_all(&hidden);
    bound.map_err(failed)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    fn unix(path: &Path) -> Address {
        Address::Unix(path.into())
    }

    #[test]
    fn a_socket_is_its_owners_alone_and_goes_with_its_listener() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/deep/socket");
        run(async {
            let listener = Listener::bind(&unix(&path), false).await.unwrap();
            let mode = |path: &Path| std::fs::symlink_metadata(path).unwrap().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(path.parent().unwrap()), 0o700);
            assert!(matches!(Listener::bind(&unix(&path), false).await, Err(BindError::InUse(_))));
            drop(listener);
            assert!(std::fs::read_dir(path.parent().unwrap()).unwrap().next().is_none());
        });
    }

    #[test]
    fn a_socket_that_a_killed_server_left_is_replaced_and_another_file_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        run(async {
            drop(Listener::bind(&unix(&path), false).await.unwrap());
            std::fs::write(&path, "words").unwrap();
            assert!(matches!(Listener::bind(&unix(&path), false).await, Err(BindError::InTheWay(_))));
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "words");
        });
    }

    #[test]
    fn a_directory_in_which_others_write_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let bound = run(Listener::bind(&unix(&directory.path().join("socket")), false));
        assert!(matches!(bound, Err(BindError::OpenDirectory(_))));
    }

    #[test]
    fn an_address_that_others_reach_needs_a_token() {
        let address = "0.0.0.0:0".parse().unwrap();
        assert!(matches!(run(Listener::bind(&address, false)), Err(BindError::NeedsToken(_))));
        assert!(run(Listener::bind(&address, true)).is_ok());
    }
}
