//! Listens for HTTP on a loopback address or a Unix socket, and lets in whom it should.
//!
//! ```text
//! Address ─→ bind ─→ Listener ─→ serve ─→ a connection each ─→ Guard ─→ the service
//! ```
//!
//! A page that a browser shows may ask any server of the machine, so that a request with an `Origin` is refused unless that origin
//! was allowed. An address that other machines reach needs a token. A connection that says nothing for long is closed, and there are
//! never more than [`MAX_CONNECTIONS`].

mod address;
mod guard;
mod listener;
mod serve;

pub use address::{Address, AddressError};
pub use guard::{Guard, Token, TokenError};
pub use listener::{BindError, Listener};
pub use serve::{Body, MAX_CONNECTIONS, Place, health_response, serve, stopped, text_response};
