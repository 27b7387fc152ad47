//! Holds the files of new projects. `{{name}}` and `{{kind}}` stand for those of the plugin.

use crate::kinds::{Kind, Language};

type File = (&'static str, &'static str);

/// Takes files as they stand in the project, with the place that they have in a new one.
macro_rules! files {
    ($from:literal, $to:literal, [$($name:literal),* $(,)?]) => {
        [$((concat!($to, $name), include_str!(concat!("../", $from, $name)))),*]
    };
}

const CONTRACT: [File; 8] = files!(
    "../../wit/plugin/0.1.0/",
    "wit/plugin/0.1.0/",
    ["about.wit", "given.wit", "importer.wit", "kinds.wit", "source.wit", "threads.wit", "types.wit", "worlds.wit"]
);

const RUST: [File; 3] = [
    ("Cargo.toml", include_str!("../templates/rust/Cargo.toml")),
    ("README.md", include_str!("../templates/rust/README.md")),
    // A `.gitignore` here would be one of this project.
    (".gitignore", include_str!("../templates/rust/gitignore")),
];

const RUST_KIT: [File; 26] = files!(
    "../../plugins/sdk/",
    "vendor/threadkeep-plugin/",
    [
        "Cargo.toml",
        "src/about.rs",
        "src/bindings.rs",
        "src/branches.rs",
        "src/conversations.rs",
        "src/error.rs",
        "src/given.rs",
        "src/host/imports.rs",
        "src/host/mod.rs",
        "src/host/native.rs",
        "src/json.rs",
        "src/kinds/check.rs",
        "src/kinds/column.rs",
        "src/kinds/exporter.rs",
        "src/kinds/importer.rs",
        "src/kinds/mod.rs",
        "src/kinds/redactor.rs",
        "src/kinds/report.rs",
        "src/lib.rs",
        "src/settings.rs",
        "src/source.rs",
        "src/testing.rs",
        "src/text.rs",
        "src/threads.rs",
        "src/time.rs",
        "src/transcript.rs",
    ]
);

const JAVASCRIPT: [File; 5] = [
    ("package.json", include_str!("../templates/js/package.json")),
    ("README.md", include_str!("../templates/js/README.md")),
    (".gitignore", include_str!("../templates/js/gitignore")),
    ("threadkeep.mjs", include_str!("../../../plugins/csv-list-js/threadkeep.mjs")),
    ("testing.mjs", include_str!("../../../plugins/csv-list-js/testing.mjs")),
];

const PYTHON: [File; 6] = [
    ("requirements.txt", include_str!("../templates/python/requirements.txt")),
    ("world.txt", include_str!("../templates/python/world.txt")),
    ("README.md", include_str!("../templates/python/README.md")),
    (".gitignore", include_str!("../templates/python/gitignore")),
    ("threadkeep.py", include_str!("../../../plugins/activity-python/threadkeep.py")),
    ("testing.py", include_str!("../../../plugins/activity-python/testing.py")),
];

/// All files of a new project.
pub(crate) fn files(kind: Kind, language: Language) -> Vec<File> {
    let mut files = CONTRACT.to_vec();
    match language {
        Language::Rust => {
            files.extend(RUST);
            files.extend(RUST_KIT);
        }
        Language::JavaScript => files.extend(JAVASCRIPT),
        Language::Python => files.extend(PYTHON),
    }
    files.extend(sources(kind, language));
    if (kind, language) == (Kind::Importer, Language::Python) {
        files.push(("importer.py", include_str!("../templates/python/importer_entries.py")));
    }
    files
}

/// What differs by kind: the plugin itself and its test, which in Rust stand in one file.
fn sources(kind: Kind, language: Language) -> Vec<File> {
    macro_rules! sources {
        ($kind:literal) => {
            match language {
                Language::Rust => vec![("src/lib.rs", include_str!(concat!("../templates/rust/", $kind, ".rs")))],
                Language::JavaScript => vec![
                    ("plugin.mjs", include_str!(concat!("../templates/js/", $kind, ".mjs"))),
                    ("plugin.test.mjs", include_str!(concat!("../templates/js/", $kind, ".test.mjs"))),
                ],
                Language::Python => vec![
                    ("plugin.py", include_str!(concat!("../templates/python/", $kind, ".py"))),
                    ("test_plugin.py", include_str!(concat!("../templates/python/test_", $kind, ".py"))),
                ],
            }
        };
    }
    match kind {
        Kind::Exporter => sources!("exporter"),
        Kind::Importer => sources!("importer"),
        Kind::Column => sources!("column"),
        Kind::Check => sources!("check"),
        Kind::Report => sources!("report"),
        Kind::Redactor => sources!("redactor"),
    }
}
