//! Who is let in: a token, where there is one, and no page of a browser that was not allowed.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use hyper::header::{ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, HOST, HeaderMap, HeaderName, ORIGIN};
use hyper::http::{Method, StatusCode};
use subtle::ConstantTimeEq;

use crate::Address;

/// The characters that a token has at least.
const MIN_TOKEN: usize = 16;

/// A secret that clients show as `Authorization: Bearer TOKEN`.
#[derive(Clone)]
pub struct Token(String);

/// Says why a file holds no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error("the token file {0} cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// What stands in it is too short, or no text of one line.
    #[error("the token file {0} holds no token; write one line of at least 16 letters, digits and signs into it")]
    NoToken(PathBuf),
}

impl Token {
    /// Reads a token from a file: its one line, without spaces around it.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or holds no token of at least 16 visible ASCII characters.
    pub fn read(path: &Path) -> Result<Token, TokenError> {
        let text = std::fs::read_to_string(path).map_err(|error| TokenError::Unreadable(path.into(), error))?;
        let token = text.trim();
        let is_token = token.len() >= MIN_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic());
        if is_token { Ok(Token(token.into())) } else { Err(TokenError::NoToken(path.into())) }
    }

    /// Compares in a time that does not tell how much of it was right.
    fn is(&self, shown: &[u8]) -> bool {
        bool::from(self.0.as_bytes().ct_eq(shown))
    }
}

/// Says who is let in.
#[derive(Clone, Default)]
pub struct Guard {
    token: Option<Token>,
    allowed_origins: Vec<String>,
    /// Of a TCP address: whether the name that was asked for must be one of this machine.
    needs_local_host: bool,
}

impl Guard {
    /// Makes the guard of an address: who has the token, where there is one, and pages of these origins, as browsers write them. An
    /// address of this machine alone answers to a name of this machine alone, so that no page comes in by a name of its own.
    pub fn new(address: &Address, token: Option<Token>, allowed_origins: Vec<String>) -> Guard {
        let needs_local_host = matches!(address, Address::Tcp(_)) && address.is_local();
        Guard { token, allowed_origins, needs_local_host }
    }

    /// Says what is wrong with a request, by its method and headers; none where it is let in. A browser that asks beforehand what a
    /// page may do (`OPTIONS`) shows no token: it gets no data either.
    pub fn refusal(&self, method: &Method, headers: &HeaderMap) -> Option<(StatusCode, String)> {
        let text =
            |name: HeaderName| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        if let Some(origin) = text(ORIGIN)
            && !self.allowed_origins.contains(&origin)
        {
            let why = "pages of this origin are not let in; start the server with --allow-origin if they should be\n";
            return Some((StatusCode::FORBIDDEN, why.into()));
        }
        if self.needs_local_host && text(HOST).is_some_and(|host| !is_local_name(&host)) {
            let why = "this address answers to 127.0.0.1, [::1] and localhost alone; ask for one of these\n";
            return Some((StatusCode::FORBIDDEN, why.into()));
        }
        let asks_beforehand = *method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let token = self.token.as_ref().filter(|_| !(asks_beforehand && headers.contains_key(ORIGIN)))?;
        let shown = headers.get(AUTHORIZATION).map(|value| value.as_bytes());
        let shown = shown.and_then(|value| {
            let (scheme, token) = value.split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
        });
        match shown.is_some_and(|shown| token.is(shown)) {
            true => None,
            false => Some((StatusCode::UNAUTHORIZED, "show the server's token: Authorization: Bearer TOKEN\n".into())),
        }
    }
}

/// A name of this machine, with a port or without.
fn is_local_name(host: &str) -> bool {
    let without_port = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = without_port.map_or(host, |(name, _)| name);
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        || host.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    fn headers(of: &[(HeaderName, &str)]) -> HeaderMap {
        of.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    fn status(guard: &Guard, of: &[(HeaderName, &str)]) -> Option<u16> {
        status_of(guard, Method::GET, of)
    }

    fn status_of(guard: &Guard, method: Method, of: &[(HeaderName, &str)]) -> Option<u16> {
        guard.refusal(&method, &headers(of)).map(|(status, _)| status.as_u16())
    }

    #[test]
    fn a_page_is_let_in_only_where_its_origin_was_allowed() {
        let address = "127.0.0.1:1".parse().unwrap();
        let guard = Guard::new(&address, None, vec!["http://localhost:3000".into()]);
        assert_eq!(status(&guard, &[]), None);
        assert_eq!(status(&guard, &[(ORIGIN, "http://localhost:3000")]), None);
        for origin in ["http://127.0.0.1:1", "http://evil.example", "null", "", "HTTP://LOCALHOST:3000"] {
            assert_eq!(status(&guard, &[(ORIGIN, origin)]), Some(403), "{origin}");
        }
    }

    #[test]
    fn an_address_of_this_machine_answers_to_its_names_alone() {
        let guard = |address: &str| Guard::new(&address.parse().unwrap(), None, Vec::new());
        for host in ["127.0.0.1:1", "127.0.0.1", "localhost:9", "LOCALHOST", "[::1]:7", "[::1]"] {
            assert_eq!(status(&guard("127.0.0.1:1"), &[(HOST, host)]), None, "{host}");
        }
        for host in ["evil.example", "evil.example:1", "192.168.0.1:1", "127.0.0.1.evil.example", ""] {
            assert_eq!(status(&guard("127.0.0.1:1"), &[(HOST, host)]), Some(403), "{host}");
        }
        assert_eq!(status(&guard("unix:///a"), &[(HOST, "whatever")]), None);
    }

    #[test]
    fn who_has_no_token_or_another_one_is_not_let_in() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, " 0123456789abcdef \n").unwrap();
        let guard = Guard::new(&"0.0.0.0:1".parse().unwrap(), Some(Token::read(&path).unwrap()), Vec::new());
        for right in ["Bearer 0123456789abcdef", "bearer 0123456789abcdef"] {
            assert_eq!(status(&guard, &[(AUTHORIZATION, right)]), None);
        }
        for wrong in ["", "Bearer", "Bearer ", "0123456789abcdef", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0"]
        {
            assert_eq!(status(&guard, &[(AUTHORIZATION, wrong)]), Some(401), "{wrong}");
        }
        assert_eq!(status(&guard, &[]), Some(401));
        let (origin, asks) = ((ORIGIN, "https://page.example"), (ACCESS_CONTROL_REQUEST_METHOD, "POST"));
        let page =
            Guard::new(&"0.0.0.0:1".parse().unwrap(), Some(Token::read(&path).unwrap()), vec![origin.1.to_owned()]);
        assert_eq!(
            status_of(&page, Method::OPTIONS, &[origin.clone(), asks.clone()]),
            None,
            "a browser asks without the token"
        );
        assert_eq!(status_of(&page, Method::OPTIONS, &[asks]), Some(401));
        assert_eq!(status_of(&page, Method::POST, &[origin]), Some(401));
        for short in ["", "short", "0123456789 abcdef 0123"] {
            std::fs::write(&path, short).unwrap();
            assert!(matches!(Token::read(&path), Err(TokenError::NoToken(_))), "{short}");
        }
    }
}
