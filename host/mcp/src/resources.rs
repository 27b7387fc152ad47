//! Threads and turns as resources: `thread://ID` and `thread://ID/turns/N`, turns counted from 1.

use rmcp::model::{ReadResourceResult, ResourceContents, ResourceTemplate};
use serde_json::Value;

use crate::failure::Failure;
use crate::tools::{Question, as_resource};

const JSON: &str = "application/json";

/// A thread, or a turn of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ThreadUri {
    thread: String,
    turn: Option<u32>,
}

impl ThreadUri {
    /// Reads it; none where it is no such resource.
    pub(crate) fn read(uri: &str) -> Option<ThreadUri> {
        let path = uri.strip_prefix("thread://")?;
        let (thread, turn) = match path.split_once("/turns/") {
            Some((thread, number)) => (thread, Some(number.parse().ok()?)),
            None => (path, None),
        };
        is_id(thread).then(|| ThreadUri { thread: thread.into(), turn })
    }
}

/// Says whether a text has the form of an id; names are no part of a URI.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Gives the forms that resources have.
pub(crate) fn templates() -> Vec<ResourceTemplate> {
    let template = |uri: &str, name: &str, description: &str| {
        ResourceTemplate::new(uri, name).with_description(description).with_mime_type(JSON)
    };
    vec![
        template("thread://{id}", "thread", "A thread from its beginning, as read_thread reads it"),
        template("thread://{id}/turns/{number}", "turn", "A turn of a thread, counted from 1"),
    ]
}

/// Reads a resource.
pub(crate) fn read(question: &Question<'_>, uri: &ThreadUri) -> Result<Value, Failure> {
    as_resource(question, &uri.thread, uri.turn)
}

/// Makes the result of what was read.
pub(crate) fn result(uri: &str, value: &Value) -> ReadResourceResult {
    ReadResourceResult::new(vec![ResourceContents::text(value.to_string(), uri).with_mime_type(JSON)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_of_threads_and_turns_are_read_and_nothing_else_is() {
        let id = "019ca8a0-0000-7000-8000-000000000001";
        let thread = |turn| Some(ThreadUri { thread: id.into(), turn });
        assert_eq!(ThreadUri::read(&format!("thread://{id}")), thread(None));
        assert_eq!(ThreadUri::read(&format!("thread://{id}/turns/7")), thread(Some(7)));
        for wrong in ["", "thread://", "thread://../../etc/passwd", "file:///etc/passwd", "thread://a name"] {
            assert_eq!(ThreadUri::read(wrong), None, "{wrong}");
        }
        assert_eq!(ThreadUri::read(&format!("thread://{id}/turns/-1")), None);
    }
}
