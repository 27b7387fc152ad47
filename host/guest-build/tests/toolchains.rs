//! What is said where no compiler has the target, as on a fresh machine with rustup.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use threadkeep_guest_build::{Compiler, StandardLibrary, Toolchain};

/// A rustc that has only what it needs for this machine.
fn rustc_of(sysroot: &Path) -> Compiler {
    let rustc = sysroot.join("rustc");
    let script = format!("#!/bin/sh\n[ \"$1\" = --print ] && echo '{}' || echo 'host: here'\n", sysroot.display());
    fs::write(&rustc, script).expect("a temporary directory can be written");
    fs::set_permissions(&rustc, fs::Permissions::from_mode(0o755)).expect("and is its owner's");
    Compiler { cargo: "cargo".into(), rustc }
}

#[test]
fn a_compiler_without_the_target_is_refused_with_the_command_that_adds_it() {
    let sysroot = tempfile::tempdir().expect("there is room");
    let compiler = rustc_of(sysroot.path());
    let found = Toolchain::find(compiler.clone(), StandardLibrary::Alloc, 95);
    let told = found.expect_err("it has no such target").to_string();
    assert!(told.contains("run `rustup target add wasm32-unknown-unknown`"), "{told}");

    fs::create_dir_all(sysroot.path().join("lib/rustlib/wasm32-unknown-unknown/lib")).expect("there is room");
    let found = Toolchain::find(compiler, StandardLibrary::Alloc, 95).expect("now it has");
    assert_eq!(found.name, "the active toolchain");
}
