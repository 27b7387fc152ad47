//! Who may use whom: layers, circles, dependencies and words, kept by reading the sources of every crate. A failure names
//! the file and the line. What cannot be mended yet is listed in `arrows/exceptions.rs`, and taken from there again as soon
//! as it is mended: that an entry is no longer needed is a failure too.

mod code;
mod exceptions;
mod graph;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use code::{Module, Named, Token, modules, tokens};
use exceptions::{ARROWS, DEPENDENCIES, Exception, WORDS};
use graph::{Arrow, arrows, circular, groups, is_at};

/// The library's modules, bottom to top: each uses those before it only. What stands at the root itself is of the last.
const LAYERS: &[&str] =
    &["platform", "component", "rollouts", "db", "features", "index", "threads", "health", "documents", "facade"];

const LIBRARY: &str = "host/src";

/// Crates that a manifest must not ask for.
const FORBIDDEN: &[(&str, &[&str])] = &[(
    "host/Cargo.toml",
    &["axum", "clap", "crossterm", "indicatif", "ratatui", "rmcp", "threadkeep-core", "tokio", "unicode-width"],
)];

/// All that a manifest may ask for. The core reaches no system.
const PERMITTED: &[(&str, &[&str])] =
    &[("core-wasm/Cargo.toml", &["dlmalloc", "memchr", "serde_json", "shlex", "wit-bindgen"])];

/// Words of the host's code, and where alone they may stand. (The core makes the JSON that Codex's items are.)
const PLACES: &[(&str, &[&str])] =
    &[("rusqlite", &["host/src/db", "host/src/features"]), ("json!", &["host/src/documents"])];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn manifest(file: &str) -> toml::Table {
    std::fs::read_to_string(workspace().join(file)).unwrap().parse().unwrap()
}

/// The directories of sources of the workspace's crates, but the tests' own.
fn crates() -> Vec<String> {
    let members = manifest("Cargo.toml")["workspace"]["members"].as_array().unwrap().clone();
    let dirs = members.iter().map(|member| format!("{}/src", member.as_str().unwrap()));
    let dirs: Vec<_> = dirs.filter(|dir| workspace().join(dir).is_dir()).collect();
    assert!(dirs.contains(&LIBRARY.to_owned()), "{dirs:?}");
    dirs
}

/// Fails with the lines, each once, if there are any.
fn assert_none(what: &str, lines: impl IntoIterator<Item = String>) {
    let lines: BTreeSet<String> = lines.into_iter().collect();
    assert!(lines.is_empty(), "{what}:\n{}", lines.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_module_of_the_library_has_a_layer_and_uses_only_lower_ones() {
    let arrows = arrows(&workspace(), LIBRARY);
    let placed = |arrow: &&Arrow| LAYERS.contains(&arrow.from[0].as_str());
    assert_none("not in LAYERS", arrows.iter().filter(|arrow| !placed(arrow)).map(|arrow| arrow.file.clone()));
    let upward = arrows.iter().filter(|arrow| arrow.points_upward() && !arrow.is_excepted());
    assert_none("these point upward", upward.map(Arrow::shown));
}

#[test]
fn no_modules_of_a_crate_use_each_other_in_a_circle() {
    let mut wrong = Vec::new();
    for src in crates() {
        let arrows = arrows(&workspace(), &src);
        let rest: Vec<_> = arrows.iter().filter(|arrow| !arrow.is_excepted()).collect();
        // Between layers there is an order.
        for group in groups(&arrows).iter().filter(|group| src != LIBRARY || !group.is_empty()) {
            wrong.extend(circular(&rest, &rest, group).into_iter().map(Arrow::shown));
        }
    }
    assert_none("parts of circles", wrong);
}

#[test]
fn every_excepted_arrow_is_there_and_wrong() {
    let mut unneeded: Vec<_> = ARROWS.iter().collect();
    for src in crates() {
        let arrows = arrows(&workspace(), &src);
        let rest: Vec<_> = arrows.iter().filter(|arrow| !arrow.is_excepted()).collect();
        unneeded.retain(|exception| {
            let these: Vec<_> = arrows.iter().filter(|arrow| arrow.is(exception)).collect();
            let all = [rest.as_slice(), &these].concat();
            let upward = src == LIBRARY && these.iter().any(|arrow| arrow.points_upward());
            !upward && groups(&arrows).iter().all(|group| circular(&these, &all, group).is_empty())
        });
    }
    let shown = |exception: &&Exception| format!("{} → {} ({})", exception.from, exception.to, exception.why);
    assert_none("exceptions for arrows to take away", unneeded.iter().map(shown));
}

/// The crates that a manifest asks for, of whatever kind and target; what only its tests use is left out.
fn dependencies(file: &str) -> BTreeSet<String> {
    let manifest = manifest(file);
    let targets = manifest.get("target").and_then(|targets| targets.as_table());
    let tables = targets.into_iter().flat_map(|targets| targets.values().filter_map(|target| target.as_table()));
    let of = |table: &toml::Table| {
        let kinds = ["dependencies", "build-dependencies"].into_iter().filter_map(|kind| table.get(kind)?.as_table());
        kinds.flat_map(|kind| kind.keys().cloned()).collect::<Vec<_>>()
    };
    tables.chain([&manifest]).flat_map(of).collect()
}

#[test]
fn no_crate_depends_on_what_it_must_not() {
    let mut found = Vec::new();
    for (file, crates) in FORBIDDEN {
        let wrong = dependencies(file).into_iter().filter(|name| crates.contains(&name.as_str()));
        found.extend(wrong.map(|name| ((*file).to_owned(), name)));
    }
    for (file, crates) in PERMITTED {
        let wrong = dependencies(file).into_iter().filter(|name| !crates.contains(&name.as_str()));
        found.extend(wrong.map(|name| ((*file).to_owned(), name)));
    }
    assert_excepted("dependencies", found, DEPENDENCIES);
}

#[test]
fn sql_and_json_are_made_in_their_places_only() {
    let host = crates().into_iter().filter(|src| src.starts_with("host/"));
    let files: Vec<Module> = host.flat_map(|src| modules(&workspace(), &src)).collect();
    let mut found = Vec::new();
    for (word, places) in PLACES {
        let word_tokens: Vec<_> = tokens(word).into_iter().map(|token| token.text).collect();
        let is_word = |at: &[Token]| at.iter().map(|token| &token.text).eq(&word_tokens);
        let has = |module: &&Module| module.tokens.windows(word_tokens.len()).any(is_word);
        let outside = |module: &&Module| !places.iter().any(|place| is_at(&module.file, place, "/"));
        let wrong = files.iter().filter(outside).filter(has);
        found.extend(wrong.map(|module| (module.file.clone(), (*word).to_owned())));
    }
    assert_excepted("words", found, WORDS);
}

/// Fails unless what was found is exactly what is excepted.
fn assert_excepted(what: &str, found: impl IntoIterator<Item = (String, String)>, exceptions: &[Exception]) {
    let found: BTreeSet<(String, String)> = found.into_iter().collect();
    let listed: BTreeSet<(String, String)> =
        exceptions.iter().map(|exception| (exception.from.to_owned(), exception.to.to_owned())).collect();
    let shown = |(file, name): &(String, String)| format!("{file}: {name}");
    assert_none(&format!("{what} that must not stand there"), found.difference(&listed).map(shown));
    assert_none(&format!("exceptions for {what} to take away"), listed.difference(&found).map(shown));
}

#[test]
fn a_path_is_seen_wherever_code_names_it_and_nowhere_else() {
    let module = |path: &[&str], source: &str| Module {
        path: path.iter().map(|name| (*name).to_owned()).collect(),
        file: String::new(),
        tokens: tokens(source),
    };
    let source = r###"
        //! crate::comment
        /* crate::comment /* crate::nested */ crate::comment */
        use std::fmt;
        use super::{b::{self, C as D}, e::*};
        pub use child::F;
        const TEXT: &str = "\"crate::string";
        const RAW: &[u8] = br#""crate::string"#;
        fn g<'a>(h: &'a crate::i::J<'a>, _: [char; 2]) -> impl Fn() + use<'a> { ['"', '\'']; super::super::k as crate::n }
        mod inner { use super::l; }
        use self::m;
    "###;
    let modules = [module(&["a", "x"], source), module(&["a", "x", "child"], "")];
    let named = modules[0].paths(&modules);
    let shown =
        |named: Named| format!("{} {} {}", named.line, named.segments.join("::"), named.alias.unwrap_or_default());
    let expected = [
        "5 a::b b",
        "5 a::b::C D",
        "5 a::e::* *",
        "6 a::x::child::F F",
        "9 i::J ",
        "9 k ",
        "9 n ",
        "10 a::x::l l",
        "11 a::x::m m",
    ];
    assert_eq!(named.into_iter().map(shown).collect::<Vec<_>>(), expected);
}
