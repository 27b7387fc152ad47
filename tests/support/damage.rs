//! Ways for a rollout to be wrong.

use std::fs;
use std::path::Path;

/// Changes a plain rollout line by line. What is after the last newline counts as a line, empty or not, so that a file
/// that is well ended stays so.
pub fn edit_lines(path: &Path, edit: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let text = fs::read(path).unwrap();
    let mut lines: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    edit(&mut lines);
    fs::write(path, lines.join(&b'\n')).unwrap();
}

/// How many bytes stand before a line, counted from 1.
pub fn line_offset(path: &Path, line: usize) -> u64 {
    let text = fs::read(path).unwrap();
    let before = text.split_inclusive(|byte| *byte == b'\n').take(line - 1);
    before.map(|line| line.len() as u64).sum()
}
