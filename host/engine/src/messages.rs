//! What a host adds to the contract's types.

use crate::contract::{Chunk, FileError};

impl FileError {
    /// Gives the failure in words.
    pub fn message(&self) -> String {
        match self {
            FileError::NotFound => "it is not there".into(),
            FileError::Denied => "permission denied".into(),
            FileError::NotAFile => "not a regular file".into(),
            FileError::BrokenCompression(why) => format!("its compression is broken: {why}"),
            FileError::Io(why) => why.clone(),
        }
    }
}

impl Chunk {
    /// Gives the bytes of the text.
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Chunk::Text(text) => text.into_bytes(),
            Chunk::Bytes(bytes) => bytes,
        }
    }
}
