//! Who may use whom: layers, circles, dependencies and words, kept by reading the sources of every crate. A failure names
//! the file and the line. There are no exceptions.

mod code;
mod graph;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use code::{Module, Named, Token, modules, tokens};
use graph::{Arrow, arrows, circular, groups};

/// The library's modules, bottom to top: each uses those before it only. What stands at the root itself is of the last.
const LAYERS: &[&str] = &[
    "platform",
    "rollouts",
    "db",
    "features",
    "index",
    "threads",
    "watch",
    "health",
    "documents",
    "export",
    "push",
    "facade",
];

const LIBRARY: &str = "host/src";

/// Crates that a manifest must not ask for: what shows things to people is no business of the library, the core's own code
/// reaches it as a component alone, and no database is below the engine.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "host/Cargo.toml",
        &["axum", "clap", "crossterm", "indicatif", "ratatui", "rmcp", "threadkeep-core", "tokio", "unicode-width"],
    ),
    ("host/mcp/Cargo.toml", &["clap", "crossterm", "rusqlite", "threadkeep-core", "threadkeep-engine"]),
    ("host/plugins/Cargo.toml", &["clap", "crossterm", "rusqlite", "threadkeep-core", "threadkeep-engine"]),
    ("host/tui/Cargo.toml", &["clap", "rusqlite", "threadkeep-core", "threadkeep-engine", "tokio"]),
    ("host/engine/Cargo.toml", &["cap-fs-ext", "cap-std", "rusqlite", "threadkeep", "threadkeep-core", "zstd"]),
];

/// All that a manifest may ask for. The core reaches no system.
const PERMITTED: &[(&str, &[&str])] = &[
    (
        "core-wasm/Cargo.toml",
        &[
            "foldhash",
            "hashbrown",
            "memchr",
            "regex",
            "regex-syntax",
            "serde_json",
            "shlex",
            "simdutf8",
            "threadkeep-contract",
            "twox-hash",
            "unicode-normalization",
            "wide",
        ],
    ),
    ("core-wasm/contract/Cargo.toml", &["serde", "wit-bindgen"]),
    ("core-wasm/guest/Cargo.toml", &["dlmalloc", "threadkeep-contract", "threadkeep-core", "wit-bindgen"]),
];

/// The crates that alone may ask for a crate, of the whole workspace; what only its tests use is meant too.
const ALONE: &[(&str, &[&str])] = &[
    ("wasmtime", &["host/engine/Cargo.toml", "host/plugins/Cargo.toml"]),
    ("wat", &["host/engine/Cargo.toml", "tests/Cargo.toml"]),
];

/// Words of the host's and of the tests' code, and where alone they may stand. (The core makes the JSON that Codex's items
/// are.)
const PLACES: &[(&str, &[&str])] = &[
    ("rusqlite", &["host/src/db", "host/src/features", "tests"]),
    ("json!", &["host/src/documents", "host/app-server/src/protocol", "host/tui/src/preview/tests", "tests"]),
    ("wasmtime", &["host/engine", "host/plugins"]),
];

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
    assert_none("these point upward", arrows.iter().filter(|arrow| arrow.points_upward()).map(Arrow::shown));
}

#[test]
fn no_modules_of_a_crate_use_each_other_in_a_circle() {
    let mut wrong = Vec::new();
    for src in crates() {
        let arrows = arrows(&workspace(), &src);
        // Between layers there is an order.
        for group in groups(&arrows).iter().filter(|group| src != LIBRARY || !group.is_empty()) {
            wrong.extend(circular(&arrows, group).into_iter().map(Arrow::shown));
        }
    }
    assert_none("parts of circles", wrong);
}

/// The manifests of the workspace, its own and those of its crates.
fn manifests() -> Vec<String> {
    let members = manifest("Cargo.toml")["workspace"]["members"].as_array().unwrap().clone();
    members.iter().map(|member| format!("{}/Cargo.toml", member.as_str().unwrap())).collect()
}

/// The crates that a manifest asks for in tables of these kinds, for whatever target.
fn dependencies(file: &str, kinds: &[&str]) -> BTreeSet<String> {
    let manifest = manifest(file);
    let targets = manifest.get("target").and_then(|targets| targets.as_table());
    let tables = targets.into_iter().flat_map(|targets| targets.values().filter_map(|target| target.as_table()));
    let of = |table: &toml::Table| {
        let tables = kinds.iter().filter_map(|kind| table.get(*kind)?.as_table());
        tables.flat_map(|kind| kind.keys().cloned()).collect::<Vec<_>>()
    };
    tables.chain([&manifest]).flat_map(of).collect()
}

#[test]
fn no_crate_depends_on_what_it_must_not() {
    // What only its tests use is left out.
    let built = |file: &str| dependencies(file, &["dependencies", "build-dependencies"]);
    let shown = |file: &str, name: String| format!("{file}: {name}");
    let mut found = Vec::new();
    for (file, crates) in FORBIDDEN {
        let wrong = built(file).into_iter().filter(|name| crates.contains(&name.as_str()));
        found.extend(wrong.map(|name| shown(file, name)));
    }
    for (file, crates) in PERMITTED {
        let wrong = built(file).into_iter().filter(|name| !crates.contains(&name.as_str()));
        found.extend(wrong.map(|name| shown(file, name)));
    }
    for (name, owners) in ALONE {
        let asks = |file: &String| {
            !owners.contains(&file.as_str())
                && dependencies(file, &["dependencies", "build-dependencies", "dev-dependencies"]).contains(*name)
        };
        found.extend(manifests().into_iter().filter(asks).map(|file| shown(&file, (*name).to_owned())));
    }
    assert_none("dependencies that must not stand there", found);
}

#[test]
fn sql_json_and_the_runtime_of_components_are_named_in_their_places_only() {
    let sources =
        crates().into_iter().filter(|src| src.starts_with("host/")).chain(["host/examples".into(), "tests".into()]);
    let files: Vec<Module> = sources.flat_map(|src| modules(&workspace(), &src)).collect();
    let mut found = Vec::new();
    for (word, places) in PLACES {
        let word_tokens: Vec<_> = tokens(word).into_iter().map(|token| token.text).collect();
        let is_word = |at: &[Token]| at.iter().map(|token| &token.text).eq(&word_tokens);
        let has = |module: &&Module| module.tokens.windows(word_tokens.len()).any(is_word);
        let is_in = |file: &str, place: &str| file.strip_prefix(place).is_some_and(|rest| rest.starts_with(['/', '.']));
        let outside = |module: &&Module| !places.iter().any(|place| is_in(&module.file, place));
        let wrong = files.iter().filter(outside).filter(has);
        found.extend(wrong.map(|module| format!("{}: {word}", module.file)));
    }
    assert_none("words that must not stand there", found);
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
