//! What is no project, and what is no plugin.

use std::fs;

use threadkeep_guest_build::{Error, build_plugin, component_of};

#[test]
fn a_directory_without_a_project_is_told_how_to_begin_one() {
    let directory = tempfile::tempdir().expect("there is a place for it");
    let error = build_plugin(directory.path(), None).expect_err("there is nothing to build");
    assert!(matches!(error, Error::NoProject(_)));
    assert!(error.to_string().ends_with("`threadkeep plugin new NAME` writes one"), "{error}");
    assert!(matches!(build_plugin(&directory.path().join("gone"), None), Err(Error::File { .. })));
    assert_eq!(fs::read_dir(directory.path()).expect("it is there").count(), 0);
}

#[test]
fn what_is_no_module_is_no_component() {
    for bytes in [&b""[..], b"not wasm", b"\0asm\x01\0\0"] {
        assert!(matches!(component_of(bytes), Err(Error::NoComponent(_))), "{bytes:?}");
    }
}
