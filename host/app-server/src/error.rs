//! Errors of the protocol: a code, and a sentence for whoever asked.

use serde::{Deserialize, Serialize};
use threadkeep::platform::error_kind::ErrorKind;

/// Says why a request was not answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} (code {code})")]
pub struct RpcError {
    /// One of the codes below.
    pub code: i64,
    /// What is wrong, and what to do.
    pub message: String,
}

/// The message is no JSON.
pub(crate) const PARSE_ERROR: i64 = -32700;
/// The message is no request that is known, or asks for something that cannot be: Codex's code for all of these.
pub(crate) const INVALID_REQUEST: i64 = -32600;
/// The method is one of Codex's that this server does not have.
pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
/// What is asked for is malformed in a way for which Codex has this code.
pub(crate) const INVALID_PARAMS: i64 = -32602;
/// Something failed here.
pub(crate) const INTERNAL_ERROR: i64 = -32603;
/// More is asked at once than is done at once.
pub(crate) const OVERLOADED: i64 = -32001;

impl RpcError {
    /// Makes an error of a code and a message.
    pub(crate) fn new(code: i64, message: impl Into<String>) -> RpcError {
        RpcError { code, message: message.into() }
    }

    /// Makes the error of a request that asks for something that cannot be.
    pub(crate) fn invalid(message: impl Into<String>) -> RpcError {
        RpcError::new(INVALID_REQUEST, message)
    }
}

impl From<threadkeep::Error> for RpcError {
    /// Codex answers with the code of an invalid request where the fault is in what was asked, and of an internal error elsewhere.
    fn from(error: threadkeep::Error) -> RpcError {
        let code = match error.kind() {
            ErrorKind::NotFound | ErrorKind::Ambiguous | ErrorKind::InvalidInput | ErrorKind::Conflict => {
                INVALID_REQUEST
            }
            _ => INTERNAL_ERROR,
        };
        // The text ends with what to do.
        RpcError { code, message: error.to_string() }
    }
}
