//! What keys send.

#![expect(missing_docs, reason = "they are called as they are")]

pub const UP: &str = "\u{1b}[A";
pub const DOWN: &str = "\u{1b}[B";
pub const RIGHT: &str = "\u{1b}[C";
pub const LEFT: &str = "\u{1b}[D";
pub const HOME: &str = "\u{1b}[H";
pub const END: &str = "\u{1b}[F";
pub const PAGE_UP: &str = "\u{1b}[5~";
pub const PAGE_DOWN: &str = "\u{1b}[6~";
pub const ENTER: &str = "\r";
pub const TAB: &str = "\t";
pub const ESCAPE: &str = "\u{1b}";
pub const BACKSPACE: &str = "\u{7f}";
pub const CTRL_C: &str = "\u{3}";
pub const CTRL_N: &str = "\u{e}";
pub const CTRL_P: &str = "\u{10}";
pub const CTRL_U: &str = "\u{15}";
pub const CTRL_Z: &str = "\u{1a}";
