//! The forms that texts and bytes have in a recording.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::contract::Chunk;

/// Gives a chunk as text where it is one, so that people can read it in a recording; both mean the same.
pub(crate) fn as_text(chunk: Chunk) -> Chunk {
    match chunk {
        Chunk::Bytes(bytes) => String::from_utf8(bytes).map_or_else(|no| Chunk::Bytes(no.into_bytes()), Chunk::Text),
        text => text,
    }
}

#[derive(Serialize, Deserialize)]
struct Bytes {
    bytes: Vec<Piece>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Piece {
    Text(String),
    Raw(Vec<u8>),
}

impl Bytes {
    fn of(bytes: &[u8]) -> Bytes {
        let pieces = bytes.utf8_chunks().flat_map(|chunk| {
            let valid = Some(chunk.valid()).filter(|valid| !valid.is_empty()).map(|valid| Piece::Text(valid.into()));
            let invalid = Some(chunk.invalid()).filter(|raw| !raw.is_empty()).map(|raw| Piece::Raw(raw.into()));
            valid.into_iter().chain(invalid)
        });
        Bytes { bytes: pieces.collect() }
    }

    fn joined(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for piece in self.bytes {
            match piece {
                Piece::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                Piece::Raw(raw) => bytes.extend_from_slice(&raw),
            }
        }
        bytes
    }
}

/// The form of state that only the core understands.
pub(crate) mod bytes {
    use super::{Bytes, Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        Bytes::of(bytes).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        Bytes::deserialize(deserializer).map(Bytes::joined)
    }
}

/// The form of such state where there may be none.
pub(crate) mod optional_bytes {
    use super::{Bytes, Deserialize as _, Deserializer, Serialize as _, Serializer};

    #[expect(clippy::ref_option, reason = "serde hands the field over so")]
    pub(crate) fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        bytes.as_deref().map(Bytes::of).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
        Option::<Bytes>::deserialize(deserializer).map(|bytes| bytes.map(Bytes::joined))
    }
}

/// The form of a chunk of text, which is text wherever it can be.
pub(crate) mod chunk {
    use super::{Chunk, Deserialize as _, Deserializer, Serialize as _, Serializer, as_text};

    pub(crate) fn serialize<S: Serializer>(chunk: &Chunk, serializer: S) -> Result<S::Ok, S::Error> {
        as_text(chunk.clone()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Chunk, D::Error> {
        Chunk::deserialize(deserializer)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_were_whatever_they_are() {
        for bytes in
            [&b""[..], b"text", "\u{e9}\n".as_bytes(), b"a\xffb\xc3", b"\xff\xfe", "a\u{0}\u{10330}".as_bytes()]
        {
            let text = serde_json::to_string(&Bytes::of(bytes)).unwrap();
            assert_eq!(serde_json::from_str::<Bytes>(&text).unwrap().joined(), bytes, "{text}");
        }
    }
}
