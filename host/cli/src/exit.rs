//! The exit codes, which are the same for every command.

pub(crate) const DONE: u8 = 0;
pub(crate) const FAILED: u8 = 1;
pub(crate) const USAGE: u8 = 2;
pub(crate) const NOT_FOUND: u8 = 3;
pub(crate) const AMBIGUOUS: u8 = 4;
pub(crate) const FINDINGS_REMAIN: u8 = 5;
pub(crate) const HELD: u8 = 6;

/// Says what each means.
pub(crate) const MEANINGS: [(u8, &str, &str); 7] = [
    (DONE, "done", "The command did what was asked."),
    (FAILED, "failed", "It could not be done, or not all of it. The last line says why."),
    (USAGE, "wrong usage", "The command line makes no sense, a setting is wrong, or there is no terminal to ask on."),
    (NOT_FOUND, "not found", "No thread, text, plugin or backup is what was asked for."),
    (AMBIGUOUS, "ambiguous", "Several threads are meant, or something has to be decided and there is nobody to ask."),
    (FINDINGS_REMAIN, "left to mend", "doctor, or a check of a plugin, found something that should be mended."),
    (HELD, "held", "resume: the thread is being written by another program."),
];
