//! New projects: what is written, and that nothing of the kit is forgotten.

use std::fs;
use std::path::{Path, PathBuf};

use threadkeep_guest_build::{Error, Kind, Language, new_plugin};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files below a directory, by their names there.
fn files_below(directory: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("the directory is there") {
        let path = entry.expect("it can be read").path();
        let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
        if path.is_dir() {
            files.extend(files_below(&path).into_iter().map(|file| format!("{name}/{file}")));
        } else {
            files.push(name);
        }
    }
    files.sort();
    files
}

#[test]
fn a_project_of_each_kind_and_language_is_whole() {
    let directory = tempfile::tempdir().expect("there is a place for it");
    for language in Language::ALL {
        for kind in Kind::ALL {
            let project = directory.path().join(format!("my-{}-{}", kind.name(), language.name()));
            let written = new_plugin(&project, kind, language).expect("it is written");
            assert_eq!(written.len(), files_below(&project).len());
            for file in written {
                let text = fs::read_to_string(&file).expect("it is there");
                assert!(!text.contains("{{name}}") && !text.contains("{{kind}}"), "{}", file.display());
            }
        }
    }
}

#[test]
fn a_project_has_the_contract_and_the_kit() {
    let directory = tempfile::tempdir().expect("there is a place for it");
    let project = directory.path().join("mine");
    new_plugin(&project, Kind::Exporter, Language::Rust).expect("it is written");
    for (here, there) in [("wit/plugin", "wit/plugin"), ("plugins/sdk", "vendor/threadkeep-plugin")] {
        assert_eq!(files_below(&repository().join(here)), files_below(&project.join(there)), "{here}");
    }
}

#[test]
fn a_name_that_is_none_and_a_directory_that_is_there_are_refused() {
    let directory = tempfile::tempdir().expect("there is a place for it");
    for name in ["Mine", "1st", "my_plugin", "größe", &"a".repeat(41)] {
        let refused = new_plugin(&directory.path().join(name), Kind::Check, Language::Rust);
        assert!(matches!(refused, Err(Error::Name(_))), "{name}: {refused:?}");
    }
    let project = directory.path().join("mine");
    fs::create_dir(&project).expect("it is made");
    assert!(matches!(new_plugin(&project, Kind::Check, Language::Rust), Err(Error::Exists(_))));
    assert_eq!(files_below(&project), Vec::<String>::new());
}
