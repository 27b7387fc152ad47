//! Where a server is, as Codex's own programs write it.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteAddress {
    /// A host and a port.
    Tcp(String),
    /// A socket in the file system.
    Unix(PathBuf),
}

/// Says why a text names no server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} names no server; write ws://HOST:PORT, unix://PATH, or unix:// for the socket in the home where Codex looks for one"
)]
pub struct RemoteAddressError(String);

impl RemoteAddress {
    /// Reads an address. `unix://` alone is the socket in a home where Codex looks for its server.
    ///
    /// # Errors
    ///
    /// The text names no server.
    pub fn read(written: &str, home: &Path) -> Result<RemoteAddress, RemoteAddressError> {
        let wrong = || RemoteAddressError(written.into());
        if let Some(path) = written.strip_prefix("unix://") {
            return Ok(RemoteAddress::Unix(match path {
                "" => home.join("app-server-control/app-server-control.sock"),
                path => path.into(),
            }));
        }
        let rest = written.strip_prefix("ws://").ok_or_else(wrong)?;
        let authority = rest.split('/').next().unwrap_or_default();
        let port = authority.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
        if matches!(port, Some(Ok(_))) { Ok(RemoteAddress::Tcp(authority.into())) } else { Err(wrong()) }
    }
}

impl fmt::Display for RemoteAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RemoteAddress::Tcp(authority) => write!(out, "ws://{authority}"),
            RemoteAddress::Unix(path) => write!(out, "unix://{}", path.display()),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn servers_are_named_as_codex_names_them() {
        let read = |written| RemoteAddress::read(written, Path::new("/home"));
        assert_eq!(read("ws://127.0.0.1:7"), Ok(RemoteAddress::Tcp("127.0.0.1:7".into())));
        assert_eq!(read("ws://[::1]:7/rpc"), Ok(RemoteAddress::Tcp("[::1]:7".into())));
        assert_eq!(read("unix:///a/b"), Ok(RemoteAddress::Unix("/a/b".into())));
        for written in ["ws://127.0.0.1:7", "unix:///a/b"] {
            assert_eq!(read(written).unwrap().to_string(), written);
        }
        let control = "/home/app-server-control/app-server-control.sock";
        assert_eq!(read("unix://"), Ok(RemoteAddress::Unix(control.into())));
        for wrong in ["", "ws://host", "ws://host:port", "http://host:7", "/a/b"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
