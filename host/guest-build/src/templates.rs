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

const RUST: [File; 3] = files!("templates/rust/", "", ["Cargo.toml", "README.md", ".gitignore"]);

const RUST_KIT: [File; 23] = files!(
    "../../plugins/sdk/",
    "vendor/threadkeep-plugin/",
    [
        "Cargo.toml",
        "src/about.rs",
        "src/bindings.rs",
        "src/error.rs",
        "src/given.rs",
        "src/host/imports.rs",
        "src/host/mod.rs",
        "src/host/native.rs",
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

/// All files of a new project.
pub(crate) fn files(kind: Kind, language: Language) -> Vec<File> {
    let mut files = CONTRACT.to_vec();
    match language {
        Language::Rust => {
            files.extend(RUST);
            files.extend(RUST_KIT);
        }
        Language::JavaScript => {}
        Language::Python => {}
    }
    files.extend(sources(kind, language));
    files
}

/// What differs by kind: the plugin itself and its test.
fn sources(kind: Kind, language: Language) -> Vec<File> {
    macro_rules! rust {
        ($kind:literal) => {
            vec![("src/lib.rs", include_str!(concat!("../templates/rust/", $kind, ".rs")))]
        };
    }
    match (language, kind) {
        (Language::Rust, Kind::Exporter) => rust!("exporter"),
        (Language::Rust, Kind::Importer) => rust!("importer"),
        (Language::Rust, Kind::Column) => rust!("column"),
        (Language::Rust, Kind::Check) => rust!("check"),
        (Language::Rust, Kind::Report) => rust!("report"),
        (Language::Rust, Kind::Redactor) => rust!("redactor"),
        _ => vec![],
    }
}
