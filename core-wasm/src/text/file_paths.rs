//! Reads paths of files as rollouts and people write them: with `/` between names, whatever system wrote them.

use alloc::string::String;
use alloc::vec::Vec;

use contract::PathPattern;

/// Says whether a path begins at a root: of a file system, or of a drive.
pub fn is_absolute(path: &str) -> bool {
    let drive = |bytes: &[u8]| bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':');
    path.starts_with(['/', '\\']) || drive(path.as_bytes())
}

/// Joins a path to the directory that it is relative to, if it is and there is one, without `.`, `..` and doubled slashes.
pub fn join(directory: Option<&str>, path: &str) -> String {
    let base = directory.filter(|_| !is_absolute(path)).unwrap_or_default();
    let begins_at_root = if base.is_empty() { path } else { base }.starts_with('/');
    let mut names: Vec<&str> = Vec::new();
    for name in base.split('/').chain(path.split('/')) {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|&name| name != "..") => drop(names.pop()),
            // Nothing is above the root.
            ".." if begins_at_root => {}
            name => names.push(name),
        }
    }
    let mut joined = String::from(if begins_at_root { "/" } else { "" });
    joined.push_str(&names.join("/"));
    joined
}

/// Makes a pattern of what a person wrote; none where it names nothing.
pub fn pattern(path: &str) -> Option<PathPattern> {
    let joined = join(None, path);
    let is_absolute = is_absolute(path);
    let path = joined.trim_end_matches('/');
    (is_absolute || !path.is_empty()).then(|| PathPattern { is_absolute, path: path.into() })
}

/// Says whether a pattern fits a path: it is that path or a directory above it; one that is relative may begin at any name.
pub fn fits(pattern: &PathPattern, path: &str) -> bool {
    let ends_there = |rest: &str| rest.is_empty() || rest.starts_with('/');
    if pattern.is_absolute {
        return path.strip_prefix(&*pattern.path).is_some_and(ends_there);
    }
    let begins_there = |at: usize| at == 0 || path.as_bytes()[at - 1] == b'/';
    let mut from = 0;
    while let Some(at) = path[from..].find(&*pattern.path).map(|at| from + at) {
        if begins_there(at) && ends_there(&path[at + pattern.path.len()..]) {
            return true;
        }
        // The next place may overlap this one.
        from = at + pattern.path.chars().next().map_or(1, char::len_utf8);
    }
    false
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails there")]
mod tests {
    use super::{fits, join, pattern};

    #[test]
    fn a_path_is_joined_to_its_directory_and_loses_what_names_nothing() {
        for (directory, path, joined) in [
            (Some("/w/app"), "src/main.rs", "/w/app/src/main.rs"),
            (Some("/w/app/"), "./a//b/../c", "/w/app/a/c"),
            (Some("/w"), "../../../x", "/x"),
            (Some("/w"), "/y/z", "/y/z"),
            (None, "a/./b", "a/b"),
            (None, "../a", "../a"),
            (Some("/w"), "C:\\a\\b", "C:\\a\\b"),
        ] {
            assert_eq!(join(directory, path), joined, "{directory:?} {path}");
        }
    }

    #[test]
    fn a_pattern_fits_whole_names_only() {
        for (wanted, path, expected) in [
            ("/w/app", "/w/app/src/main.rs", true),
            ("/w/app/", "/w/app", true),
            ("/w/ap", "/w/app/src/main.rs", false),
            ("/app", "/w/app/src", false),
            ("/", "/w", true),
            ("main.rs", "/w/app/src/main.rs", true),
            ("ain.rs", "/w/app/src/main.rs", false),
            ("main", "/w/app/src/main.rs", false),
            ("app/src", "/w/app/src/main.rs", true),
            ("pp/src", "/w/app/src/main.rs", false),
            ("app/sr", "/w/app/src/main.rs", false),
            ("a/a", "/aa/a/a", true),
            ("a/a", "a/b/aa/a", false),
            ("./src//main.rs", "src/main.rs", true),
            ("ü/日本", "/x/ü/日本/語", true),
        ] {
            assert_eq!(fits(&pattern(wanted).unwrap(), path), expected, "{wanted} {path}");
        }
        assert!([".", "", "./", "a/.."].iter().all(|wanted| pattern(wanted).is_none()));
    }
}
