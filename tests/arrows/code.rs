//! A reading of Rust source that is enough to see what it names: words and paths, without comments and strings.

use std::path::Path;

/// A word or a sign of the source; a whole string or character is a sign `"`.
pub(super) struct Token {
    pub(super) text: String,
    line: usize,
}

/// A path that a module names, from the root of its crate.
pub(super) struct Named {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
    /// What it is called there, if `use` brings it in.
    pub(super) alias: Option<String>,
}

/// A file of a crate.
pub(super) struct Module {
    pub(super) path: Vec<String>,
    pub(super) file: String,
    pub(super) tokens: Vec<Token>,
}

pub(super) fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let (mut found, mut at, mut line) = (Vec::new(), 0, 1);
    while at < chars.len() {
        let rest = &chars[at..];
        let (kind, length) = next(rest);
        if let Some(text) = kind {
            found.push(Token { text, line });
        }
        line += rest[..length].iter().filter(|c| **c == '\n').count();
        at += length;
    }
    found
}

/// What comes first, and how many characters it takes.
fn next(rest: &[char]) -> (Option<String>, usize) {
    let quoted = Some("\"".to_owned());
    let word = |c: &char| c.is_alphanumeric() || *c == '_';
    match rest {
        [c, ..] if c.is_whitespace() => (None, 1),
        ['/', '/', ..] => (None, rest.iter().position(|c| *c == '\n').unwrap_or(rest.len())),
        ['/', '*', ..] => (None, block_comment(rest)),
        ['"', ..] => (quoted, string(rest)),
        ['b' | 'c', '"', ..] => (quoted, 1 + string(&rest[1..])),
        ['b' | 'c', 'r', '"' | '#', ..] => (quoted, 1 + raw_string(&rest[1..])),
        ['r', '"', ..] | ['r', '#', '"' | '#', ..] => (quoted, raw_string(rest)),
        ['\'', '\\', _, ..] => (quoted, 3 + rest[3..].iter().position(|c| *c == '\'').map_or(0, |end| end + 1)),
        ['\'', _, '\'', ..] => (quoted, 3),
        [':', ':', ..] => (Some("::".to_owned()), 2),
        ['r', '#', ..] => (None, 2),
        [c, ..] if word(c) => {
            let length = rest.iter().position(|c| !word(c)).unwrap_or(rest.len());
            (Some(rest[..length].iter().collect()), length)
        }
        _ => (Some(rest[0].to_string()), 1),
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] if depth == 1 => return at + 2,
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

fn string(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Of `r#"…"#`, from the `r` on.
fn raw_string(rest: &[char]) -> usize {
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    let closing: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = 2 + hashes;
    let end = rest[body..].windows(closing.len()).position(|window| window == closing);
    body + end.map_or(0, |end| end + closing.len())
}

impl Module {
    /// The paths of its own crate that it names: those that begin with `crate`, `self` or `super`, and those that `use` takes
    /// from a module below it.
    pub(super) fn paths(&self, modules: &[Module]) -> Vec<Named> {
        let text = |at: usize| self.tokens.get(at).map_or("", |token| token.text.as_str());
        let below = |name: &str| {
            let is =
                |path: &[String]| path.split_last().is_some_and(|(last, above)| last == name && above == self.path);
            modules.iter().any(|module| is(&module.path))
        };
        let (mut found, mut depth, mut at) = (Vec::new(), 0, 0);
        // Modules that are written out in this one, and how deep in braces.
        let mut inner: Vec<(&str, usize)> = Vec::new();
        while at < self.tokens.len() {
            let mut named = Vec::new();
            let mut behind = at + 1;
            match text(at) {
                "mod" if text(at + 2) == "{" => inner.push((text(at + 1), depth)),
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    inner.pop_if(|(_, opened)| *opened == depth);
                }
                "use" if text(at + 1) != "<" => behind = tree(&self.tokens, at + 1, &mut Vec::new(), &mut named),
                "crate" | "self" | "super" if text(behind) == "::" => {
                    while text(behind) == "::" && is_word(text(behind + 1)) {
                        behind += 2;
                    }
                    let segments = (at..behind).step_by(2).map(|at| text(at).to_owned()).collect();
                    named.push(Named { segments, line: self.tokens[at].line, alias: None });
                }
                _ => {}
            }
            at = behind;
            let mut here = self.path.clone();
            here.extend(inner.iter().map(|(name, _)| (*name).to_owned()));
            let child = |name: &str| inner.is_empty() && below(name);
            found.extend(named.into_iter().filter_map(|named| rooted(named, here.clone(), child)));
        }
        found
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Reads a `use` of `a::{b, c::d as e}` from a token on, adds its paths and returns the first token behind.
fn tree(tokens: &[Token], mut at: usize, prefix: &mut Vec<String>, found: &mut Vec<Named>) -> usize {
    let depth = prefix.len();
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let leaf = |at: usize, segments: &[String]| {
        let line = tokens.get(at).map_or(0, |token| token.line);
        Named { segments: segments.to_vec(), line, alias: segments.last().cloned() }
    };
    if text(at) == "::" {
        at += 1;
    }
    loop {
        match text(at) {
            "{" => {
                at += 1;
                while !matches!(text(at), "}" | "") {
                    at = tree(tokens, at, prefix, found);
                    at += usize::from(text(at) == ",");
                }
                at += 1;
                break;
            }
            "self" if depth > 0 && prefix.len() == depth => {
                found.push(leaf(at, prefix));
                at += 1;
                break;
            }
            segment => {
                prefix.push(segment.to_owned());
                at += 1;
                if text(at) != "::" {
                    found.push(leaf(at - 1, prefix));
                    break;
                }
                at += 1;
            }
        }
    }
    if text(at) == "as" {
        if let Some(named) = found.last_mut() {
            named.alias = Some(text(at + 1).to_owned());
        }
        at += 2;
    }
    prefix.truncate(depth);
    at
}

/// The same from the crate's root; none if it begins in another crate.
fn rooted(named: Named, mut here: Vec<String>, child: impl Fn(&str) -> bool) -> Option<Named> {
    let mut rest = named.segments.as_slice();
    match rest.first()?.as_str() {
        "crate" => (here, rest) = (Vec::new(), &rest[1..]),
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|first| first == "super") {
                here.pop();
                rest = &rest[1..];
            }
        }
        first if child(first) => {}
        _ => return None,
    }
    here.extend_from_slice(rest);
    Some(Named { segments: here, ..named })
}

/// A crate's modules, read from its directory of sources below the workspace; none if there is no such directory.
pub(super) fn modules(workspace: &Path, src: &str) -> Vec<Module> {
    let mut found = Vec::new();
    let mut waiting = vec![(src.to_owned(), Vec::new())];
    let root = if workspace.join(src).join("lib.rs").is_file() { "lib.rs" } else { "main.rs" };
    while let Some((dir, module)) = waiting.pop() {
        for entry in std::fs::read_dir(workspace.join(&dir)).into_iter().flatten() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let file = format!("{dir}/{name}");
            let mut path: Vec<String> = module.clone();
            if name != "mod.rs" && !(dir == src && name == root) {
                path.push(name.trim_end_matches(".rs").to_owned());
            }
            if workspace.join(&file).is_dir() {
                waiting.push((file, path));
            } else if name.ends_with(".rs") {
                let tokens = tokens(&std::fs::read_to_string(workspace.join(&file)).unwrap());
                found.push(Module { path, file, tokens });
            }
        }
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    found
}
