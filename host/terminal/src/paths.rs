//! Paths as people write them.

/// Gives a path with the directory of the user in the place of a `~` at its beginning: a shell leaves that of `--cwd=~/kites` as it
/// is.
pub fn without_tilde(given: &str) -> String {
    let home = std::env::var("HOME").ok().filter(|home| !home.is_empty());
    match (given.strip_prefix('~'), home) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => home + rest,
        _ => given.into(),
    }
}
