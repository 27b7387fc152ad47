//! Where a server listens, as it is written.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A port of an address of this machine; 0 lets the system choose one.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

/// Says why a text names no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no address to listen on; write IP:PORT, ws://IP:PORT, http://IP:PORT or unix://PATH")]
pub struct AddressError(String);

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(written: &str) -> Result<Address, AddressError> {
        let wrong = || AddressError(written.into());
        if let Some(path) = written.strip_prefix("unix://") {
            return if path.is_empty() { Err(wrong()) } else { Ok(Address::Unix(path.into())) };
        }
        let rest = ["ws://", "http://"].iter().find_map(|scheme| written.strip_prefix(scheme)).unwrap_or(written);
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let rest = match rest.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => rest.into(),
        };
        rest.parse().map(Address::Tcp).map_err(|_| wrong())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(out),
            Address::Unix(path) => write!(out, "unix://{}", path.display()),
        }
    }
}

impl Address {
    /// Says whether this machine alone reaches it.
    pub fn is_local(&self) -> bool {
        match self {
            Address::Tcp(address) => address.ip().is_loopback(),
            Address::Unix(_) => true,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_in_several_ways() {
        for written in ["127.0.0.1:7", "ws://127.0.0.1:7", "http://127.0.0.1:7/", "ws://localhost:7"] {
            assert_eq!(written.parse(), Ok(Address::Tcp(([127, 0, 0, 1], 7).into())), "{written}");
        }
        assert_eq!("unix:///tmp/a".parse(), Ok(Address::Unix("/tmp/a".into())));
        for wrong in ["", "127.0.0.1", "unix://", "ws://example.org:7", "wss://127.0.0.1:7", "127.0.0.1:70000"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn loopback_addresses_and_sockets_are_local() {
        for (written, is_local) in [
            ("127.0.0.1:1", true),
            ("[::1]:1", true),
            ("unix:///a", true),
            ("0.0.0.0:1", false),
            ("192.168.0.1:1", false),
        ] {
            assert_eq!(written.parse::<Address>().unwrap().is_local(), is_local, "{written}");
        }
    }
}
