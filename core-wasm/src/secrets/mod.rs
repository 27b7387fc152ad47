//! Takes secrets out of what leaves a home: exports, and answers to programs that hand them on.
//!
//! ```text
//! text ──→ scan ──┬─ tokens   what is known by its beginning (keys of services)        ──→ ranges ──→ Redactor ──→ text
//!                 ├─ names    what a secret-sounding name is given (`DB_PASSWORD=…`)
//!                 ├─ headers  `Authorization`, cookies, flags of commands
//!                 ├─ syntax   SQL, calls, XML, long keys of an environment
//!                 ├─ urls     passwords before an `@`
//!                 └─ blocks   private keys
//! ```
//!
//! A secret is known by its form or by the name that it is given, never by how random it looks: hashes of commits and checksums stay.
//! What only stands for a secret stays too: `$TOKEN`, `<your-key>`, `****`, `process.env.KEY`, a type.
//!
//! Every text is gone through once: the time is linear in its length, whatever stands in it. What was redacted comes out of a
//! second redaction as it is. Of JSON whole strings are changed, so that JSON stays JSON ([`json`]).
//!
//! Arrows lead from `json` to `redactor`, from there to `persons` and `scan`, and from `scan` to the other modules.

mod blocks;
mod headers;
pub mod json;
mod names;
mod persons;
pub mod redactor;
mod scan;
mod syntax;
mod tokens;
mod urls;
mod values;

pub use redactor::{Finding, Redaction, Redactor, clear_json};

/// What kind of secret it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretKind {
    /// A key of a service, known by how it begins.
    ApiKey,
    /// What a name that sounds like a key or a token is given.
    Token,
    /// What a name that sounds like a password is given, and what stands before the `@` of a URL.
    Password,
    /// A private key.
    PrivateKey,
    /// Credentials of a request: an `Authorization` header, a bearer token.
    Authorization,
    /// The values of cookies.
    Cookie,
    /// A home directory, or a user's name.
    Person,
}

impl SecretKind {
    /// Names the kind, as it stands in the place of a secret and in reports.
    pub fn name(self) -> &'static str {
        match self {
            SecretKind::ApiKey => "api-key",
            SecretKind::Token => "token",
            SecretKind::Password => "password",
            SecretKind::PrivateKey => "private-key",
            SecretKind::Authorization => "authorization",
            SecretKind::Cookie => "cookie",
            SecretKind::Person => "person",
        }
    }

    /// Returns what stands in the place of a secret.
    fn placeholder(self) -> &'static str {
        match self {
            SecretKind::ApiKey => "[redacted:api-key]",
            SecretKind::Token => "[redacted:token]",
            SecretKind::Password => "[redacted:password]",
            SecretKind::PrivateKey => "[redacted:private-key]",
            SecretKind::Authorization => "[redacted:authorization]",
            SecretKind::Cookie => "[redacted:cookie]",
            SecretKind::Person => "user",
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests;
