//! Messages of the protocol: one JSON object each, without a `jsonrpc` member.
//!
//! A request has an id, a method and parameters; an answer the same id and a result or an error; a notification no id. Nothing that
//! comes in is dropped: what is no message is answered with an error, with the id where one can be made out.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::error::{INVALID_REQUEST, PARSE_ERROR, RpcError};

/// The bytes of a message at most. Codex's own server closes the connection over 16 MiB, too.
pub const MAX_MESSAGE: usize = 16 << 20;

/// The id of a request: a text or a whole number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum RequestId {
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
}

/// A message that came in.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A request, which is answered.
    Request(Request),
    /// A notification, or an answer to something that was never asked: neither is answered.
    Unanswered,
    /// No message of the protocol: the id, where it has one, and what is wrong.
    Malformed(Option<RequestId>, RpcError),
}

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) id: RequestId,
    pub(crate) method: String,
    pub(crate) params: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Members {
    #[serde(default, deserialize_with = "present")]
    id: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "present")]
    method: Option<Box<RawValue>>,
    params: Option<Box<RawValue>>,
    result: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
}

/// Reads a member that is there, be it null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::deserialize(deserializer).map(Some)
}

/// Reads a message.
pub(crate) fn read(text: &str) -> Incoming {
    let malformed = |id, code, why: String| Incoming::Malformed(id, RpcError::new(code, why));
    let members: Members = match serde_json::from_str(text) {
        Ok(members) => members,
        Err(error) if error.is_data() => {
            return malformed(None, INVALID_REQUEST, format!("a message is one JSON object: {error}"));
        }
        Err(error) => return malformed(None, PARSE_ERROR, format!("the message is no JSON: {error}")),
    };
    let id = match members.id.as_deref().map(RawValue::get) {
        None => None,
        Some(id) => match serde_json::from_str(id) {
            Ok(id) => Some(id),
            Err(_) => {
                let shown: String = id.chars().take(40).collect();
                return malformed(None, INVALID_REQUEST, format!("an id is a text or a whole number, not {shown}"));
            }
        },
    };
    let method = match members.method.as_deref().map(|method| serde_json::from_str::<String>(method.get())) {
        Some(Ok(method)) => method,
        Some(Err(_)) => return malformed(id, INVALID_REQUEST, "the method is no text".into()),
        // An answer, which nobody here waits for.
        None if id.is_some() && (members.result.is_some() || members.error.is_some()) => return Incoming::Unanswered,
        None => return malformed(id, INVALID_REQUEST, "a message has a method".into()),
    };
    match id {
        Some(id) => Incoming::Request(Request { id, method, params: members.params }),
        None => Incoming::Unanswered,
    }
}

/// Writes an answer: its text.
pub(crate) fn answer(id: &RequestId, result: &Result<Box<RawValue>, RpcError>) -> String {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Answer<'a> {
        Result { id: &'a RequestId, result: &'a RawValue },
        Error { id: &'a RequestId, error: &'a RpcError },
    }
    let answer = match result {
        Ok(result) => Answer::Result { id, result },
        Err(error) => Answer::Error { id, error },
    };
    text(&answer)
}

/// Writes the answer to a message whose id is not known: a null stands for it.
pub(crate) fn answer_to_malformed(id: Option<&RequestId>, error: &RpcError) -> String {
    #[derive(Serialize)]
    struct Answer<'a> {
        id: Option<&'a RequestId>,
        error: &'a RpcError,
    }
    text(&Answer { id, error })
}

/// What is told without being asked.
#[derive(Clone, Debug)]
pub(crate) struct Notification {
    pub(crate) method: &'static str,
    pub(crate) params: Box<RawValue>,
}

impl Notification {
    /// Makes a notification out of its parameters.
    pub(crate) fn new(method: &'static str, params: &impl Serialize) -> Result<Notification, RpcError> {
        Ok(Notification { method, params: raw(params)? })
    }

    /// Writes it, as told now.
    pub(crate) fn text(&self) -> String {
        #[derive(Serialize)]
        struct Members<'a> {
            method: &'a str,
            params: &'a RawValue,
            /// Milliseconds since the epoch.
            #[serde(rename = "emittedAtMs")]
            emitted_at_ms: u64,
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let emitted_at_ms = u64::try_from(now.as_millis()).unwrap_or_default();
        text(&Members { method: self.method, params: &self.params, emitted_at_ms })
    }
}

/// Writes a value as JSON.
pub(crate) fn raw(value: &impl Serialize) -> Result<Box<RawValue>, RpcError> {
    serde_json::value::to_raw_value(value).map_err(|error| {
        RpcError::new(crate::error::INTERNAL_ERROR, format!("the answer cannot be written as JSON: {error}"))
    })
}

fn text(message: &impl Serialize) -> String {
    // Texts, numbers and JSON that was read or written before: there is nothing that could not be written.
    serde_json::to_string(message).unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_an_id_a_method_and_parameters() {
        for (id, written) in [("1", "1"), ("\"a\"", "\"a\""), ("-7", "-7")] {
            let text =
                format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"thread/list","params":{{"limit":1}},"more":0}}"#);
            let Incoming::Request(request) = read(&text) else { panic!("{text} is a request") };
            assert_eq!(request.method, "thread/list");
            assert_eq!(request.params.unwrap().get(), r#"{"limit":1}"#);
            assert_eq!(serde_json::to_string(&request.id).unwrap(), written);
        }
    }

    #[test]
    fn what_is_no_message_is_told_of() {
        for (text, code) in [
            ("{", PARSE_ERROR),
            ("", PARSE_ERROR),
            ("[]", INVALID_REQUEST),
            ("5", INVALID_REQUEST),
            (r#"{"id":1.5,"method":"x"}"#, INVALID_REQUEST),
            (r#"{"id":[1],"method":"x"}"#, INVALID_REQUEST),
            (r#"{"id":null,"method":"x"}"#, INVALID_REQUEST),
            (r#"{"id":1}"#, INVALID_REQUEST),
            (r#"{"id":1,"method":5}"#, INVALID_REQUEST),
            ("{}", INVALID_REQUEST),
        ] {
            let Incoming::Malformed(_, error) = read(text) else { panic!("{text} is malformed") };
            assert_eq!(error.code, code, "{text}");
        }
    }

    #[test]
    fn notifications_and_answers_are_not_answered() {
        for text in
            [r#"{"method":"initialized"}"#, r#"{"id":1,"result":{}}"#, r#"{"id":1,"error":{"code":1,"message":""}}"#]
        {
            assert!(matches!(read(text), Incoming::Unanswered), "{text}");
        }
    }
}
