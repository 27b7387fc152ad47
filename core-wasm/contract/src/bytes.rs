//! Gives chunks of text their bytes, in whichever form they came.

use alloc::string::String;
use alloc::vec::Vec;

use crate::Chunk;

impl Chunk {
    /// Returns its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Chunk::Text(text) => text.as_bytes(),
            Chunk::Bytes(bytes) => bytes,
        }
    }

    /// Returns its bytes, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Chunk::Text(text) => text.into_bytes(),
            Chunk::Bytes(bytes) => bytes,
        }
    }

    /// Returns how many bytes it has.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Says whether it has none, which of a file means its end.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for Chunk {
    fn default() -> Chunk {
        Chunk::Bytes(Vec::new())
    }
}

impl From<Vec<u8>> for Chunk {
    fn from(bytes: Vec<u8>) -> Chunk {
        Chunk::Bytes(bytes)
    }
}

impl From<String> for Chunk {
    fn from(text: String) -> Chunk {
        Chunk::Text(text)
    }
}
