//! Compares directories by their names alone, however those are written: by Windows, by what Windows and Linux call each
//! other's files, with slashes too many, with `.` and `..`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::letters::without_case;

/// Returns the one name of all that mean a directory. It is to be compared, not to be shown.
///
/// A drive is where Linux on Windows has it, `/mnt/c`, and its names have no case; a file of such a Linux is where that
/// Linux has it, whatever the distribution is called.
pub fn directory_key(directory: &str) -> String {
    if !is_of_windows(directory) {
        return with_drives(plain("/", directory));
    }
    let slashed = directory.replace('\\', "/");
    let name = ["//?/", "//./"].iter().find_map(|prefix| slashed.strip_prefix(prefix)).unwrap_or(&slashed);
    let share = match name.get(..4) {
        Some(unc) if unc.eq_ignore_ascii_case("unc/") => name.get(4..),
        _ => name.strip_prefix("//"),
    };
    match share {
        Some(share) => match of_distribution(share) {
            Some(inside) => with_drives(plain("/", &format!("/{inside}"))),
            None => without_case(&plain("//", &format!("/{share}"))),
        },
        None => match name.split_once(':') {
            Some((drive, rest)) => without_case(&format!("/mnt/{drive}{}", plain("/", rest).trim_end_matches('/'))),
            None => without_case(&plain("/", name)),
        },
    }
}

/// Says whether a directory lies in another one or is it, by the keys of both.
pub fn is_under(key: &str, under: &str) -> bool {
    key == under || key.strip_prefix(under.trim_end_matches('/')).is_some_and(|below| below.starts_with('/'))
}

/// A drive, a share, or one of the forms that begin with `\\?\`; with slashes too, where nothing else is meant by them.
fn is_of_windows(directory: &str) -> bool {
    let drive = matches!(directory.as_bytes(), [letter, b':', rest @ ..]
        if letter.is_ascii_alphabetic() && matches!(rest.first(), None | Some(b'/' | b'\\')));
    let share = directory.strip_prefix("//").is_some_and(|share| of_distribution(share).is_some());
    drive || share || ["\\\\", "//?/", "//./"].iter().any(|prefix| directory.starts_with(prefix))
}

/// What a share of the files of a Linux on Windows names in it.
fn of_distribution(share: &str) -> Option<&str> {
    let (server, rest) = share.split_once('/')?;
    let is_one = server.eq_ignore_ascii_case("wsl$") || server.eq_ignore_ascii_case("wsl.localhost");
    is_one.then(|| rest.split_once('/').map_or("", |(_, inside)| inside))
}

/// Without empty parts and `.`, and with `..` followed; what begins with a slash begins with the root.
fn plain(root: &str, path: &str) -> String {
    let is_absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if is_absolute => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if is_absolute { format!("{root}{joined}") } else { joined }
}

/// Names below a drive have no case.
fn with_drives(path: String) -> String {
    let drive = path.strip_prefix("/mnt/").is_some_and(|rest| {
        let (drive, _) = rest.split_once('/').unwrap_or((rest, ""));
        drive.len() == 1 && drive.bytes().all(|letter| letter.is_ascii_alphabetic())
    });
    if drive { without_case(&path) } else { path }
}

#[cfg(test)]
mod tests;
