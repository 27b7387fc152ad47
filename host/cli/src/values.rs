//! Parsers for values of flags. The error is a sentence, before which clap names the flag.

use std::path::PathBuf;

pub(crate) use threadkeep_terminal::paths::without_tilde;

/// Gives a text as it is; one without anything but white space is an error.
pub(crate) fn text(given: &str) -> Result<String, String> {
    match given.trim().is_empty() {
        true => Err("it is empty".into()),
        false => Ok(given.into()),
    }
}

/// Gives a directory as rollouts name it: absolute, without a slash at its end. A name of Windows's is left as it is.
pub(crate) fn directory(given: &str) -> Result<String, String> {
    if is_of_windows(text(given)?.as_str()) {
        return Ok(given.into());
    }
    let absolute = std::path::absolute(without_tilde(given)).map_err(|error| error.to_string())?;
    let absolute = absolute.to_string_lossy();
    let trimmed = absolute.trim_end_matches('/');
    Ok(if trimmed.is_empty() { "/".into() } else { trimmed.into() })
}

/// Stands for a patch on standard input where a commit may be named.
pub(crate) const STANDARD_INPUT: &str = "-";

/// Gives a commit's SHA, or how it begins; or the sign for standard input.
pub(crate) fn commit(given: &str) -> Result<String, String> {
    let is_name = (4..=64).contains(&given.len()) && given.bytes().all(|byte| byte.is_ascii_hexdigit());
    match is_name || given == STANDARD_INPUT {
        true => Ok(given.into()),
        false => Err("it is no SHA of a commit: 4 to 64 hexadecimal digits".into()),
    }
}

/// Gives the directory that is meant where a repository may be named: one that is there and is written as a path is.
pub(crate) fn directory_in(given: &str) -> Option<PathBuf> {
    let directory = given.starts_with(['.', '/', '~']).then(|| PathBuf::from(without_tilde(given)))?;
    directory.is_dir().then_some(directory)
}

/// A drive, or what begins with two backslashes.
fn is_of_windows(given: &str) -> bool {
    let drive = matches!(given.as_bytes(), [letter, b':', rest @ ..]
        if letter.is_ascii_alphabetic() && matches!(rest.first(), None | Some(b'/' | b'\\')));
    drive || given.starts_with("\\\\")
}
