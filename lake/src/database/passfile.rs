//! The file of passwords that all clients of PostgreSQL share.

use std::path::{Path, PathBuf};

use postgres::Config;
use postgres::config::Host;

/// Finds the password for a connection; none where there is no file, no line for it, or others may read the file.
pub(crate) fn password(config: &Config, variable: &impl Fn(&str) -> Option<String>) -> Option<String> {
    let in_home = || variable("HOME").map(|home| Path::new(&home).join(".pgpass"));
    let path = variable("PGPASSFILE").map(PathBuf::from).or_else(in_home)?;
    if !is_private(&path) {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.as_str(),
        _ => "localhost",
    };
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let wanted = [host, &port, config.get_dbname().unwrap_or_default(), config.get_user().unwrap_or_default()];
    text.lines().find_map(|line| of_line(line, &wanted))
}

#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(path: &Path) -> bool {
    path.is_file()
}

/// Gives the password of a line, where it is for host, port, database and user.
fn of_line(line: &str, wanted: &[&str; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let fields = fields(line);
    let (password, pattern) = fields.split_last().filter(|(_, pattern)| pattern.len() == wanted.len())?;
    let fits = pattern.iter().zip(wanted).all(|(pattern, wanted)| pattern == "*" || pattern == wanted);
    fits.then(|| password.clone())
}

/// Takes a line apart at its colons; a backslash takes the next character as it is.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            ':' if fields.len() < 5 => {
                fields.push(String::new());
                continue;
            }
            '\\' => letters.next(),
            letter => Some(letter),
        };
        if let (Some(field), Some(letter)) = (fields.last_mut(), letter) {
            field.push(letter);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::of_line;

    #[test]
    fn the_line_for_the_connection_is_found() {
        let wanted = ["db.example", "5432", "team", "me"];
        let found = |line| of_line(line, &wanted);
        assert_eq!(found("db.example:5432:team:me:secret").as_deref(), Some("secret"));
        assert_eq!(found(r"*:*:*:me:a\:b\\c:d").as_deref(), Some(r"a:b\c:d"));
        for other in ["# *:*:*:*:x", "db.example:1:*:*:x", "*:*:*:*", "", "*:*:*:you:x"] {
            assert_eq!(found(other), None, "{other}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_not_used() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("passwords");
        std::fs::write(&path, "*:*:*:*:secret\n").expect("a file");
        let config: postgres::Config = "postgres://me@h/d".parse().expect("a URL");
        let variable = |name: &str| (name == "PGPASSFILE").then(|| path.to_string_lossy().into_owned());
        for (mode, expected) in [(0o600, Some("secret")), (0o644, None)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("permissions");
            assert_eq!(super::password(&config, &variable).as_deref(), expected, "{mode:o}");
        }
    }
}
