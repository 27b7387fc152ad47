//! Plugins that are refused before they run: what they are made of, and what they say of themselves.

use threadkeep_plugins::PluginError;
use threadkeep_plugins::limits::LimitKind;

use super::hostile::report;
use super::made::{Made, component_of, componentize_by};
use super::place::Place;

fn refused(bytes: &[u8]) -> String {
    let place = Place::new();
    let error = place.install_bytes("hostile.wasm", bytes).unwrap_err().to_string();
    assert!(error.contains("hostile.wasm"), "{error}");
    assert!(place.directory.list().unwrap().is_empty());
    error
}

#[test]
fn what_is_no_component_is_refused_and_told_what_it_is() {
    assert!(refused(b"").contains("no WebAssembly component"));
    assert!(refused(b"#!/bin/sh\n").contains("no WebAssembly component"));
    assert!(refused(&wat::parse_str("(module)").unwrap()).contains("core module"));
    assert!(refused(&component_of("(component)")).contains("does not say what it is"));
    let mut cut = report().component();
    cut.truncate(cut.len() / 2);
    refused(&cut);
}

#[test]
fn a_component_that_asks_for_the_system_is_refused() {
    let asking =
        |name: &str| component_of(&format!("(component (import \"{name}\" (instance (export \"f\" (func)))))"));
    assert!(refused(&asking("wasi:filesystem/types@0.2.0")).contains("reaches the system"));
    assert!(refused(&asking("wasi:cli/environment@0.2.9")).contains("reaches the system"));
    assert!(refused(&asking("other:thing/x@1.0.0")).contains("not to be had"));
    assert!(refused(&asking("threadkeep:plugin/log@7.0.0")).contains("another version of the contract"));
    assert!(refused(&asking("threadkeep:core/rows@0.5.0")).contains("not to be had"));
}

#[test]
fn a_component_that_asks_for_what_its_world_does_not_give_is_refused() {
    // A redactor sees no threads.
    let mut text = Made::new("redactor").module();
    text = text.replacen(
        "(module",
        "(module (import \"threadkeep:plugin/threads@0.1.0\" \"list\" (func (param i32 i32 i32 i32 i32)))",
        1,
    );
    // Built for a world that has both.
    let world = "package threadkeep:plugin@0.1.0;
        world wide { import log; import threads; export about; export redactor; }";
    let contract = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/plugin/0.1.0");
    let wide = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(contract).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, wide.path().join(path.file_name().unwrap())).unwrap();
    }
    std::fs::write(wide.path().join("wide.wit"), world).unwrap();
    let component = componentize_by(wide.path(), &text, "wide");
    let place = Place::new();
    let error = place.install_bytes("hostile.wasm", &component).unwrap_err().to_string();
    assert!(error.contains("threads"), "{error}");
}

#[test]
fn features_that_plugins_do_not_have_are_refused() {
    let inside = |module: &str| refused(&component_of(&format!("(component {SAYS} (core module {module}))")));
    assert!(inside("(memory i64 1)").contains("memory64"));
    assert!(inside("(memory 1 1 shared)").contains("threads"));
    assert!(inside("(type (array i8))").contains("gc"));
    assert!(inside("(tag) (func try_table end)").contains("exceptions"));
    let lifted = "(component (core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
        (func (export \"f\") (canon lift (core func $i \"f\") async)))";
    refused(&component_of(lifted));
}

/// What a component must have to be looked at further.
const SAYS: &str = "(instance $a) (export \"threadkeep:plugin/about@0.1.0\" (instance $a))
    (export \"threadkeep:plugin/report@0.1.0\" (instance $a))";

#[test]
fn what_would_take_long_to_compile_is_refused_at_once() {
    let functions = "(func)".repeat(200_000);
    assert!(
        refused(&component_of(&format!("(component {SAYS} (core module {functions}))"))).contains("100000 functions")
    );
    let mut large = String::from("(func (local i32)");
    for _ in 0..400_000 {
        large += " (local.set 0 (i32.const 123456))";
    }
    assert!(refused(&component_of(&format!("(component {SAYS} (core module {large})))"))).contains("a function of"));
    let mut many = String::from("(component (core module $m)");
    for _ in 0..600 {
        many += "(core instance (instantiate $m))";
    }
    assert!(refused(&component_of(&format!("{many} {SAYS})"))).contains("500 modules"));
    let mut types = String::new();
    for _ in 0..250_000 {
        types += "(type (func))";
    }
    assert!(refused(&component_of(&format!("(component {SAYS} (core module {types}))"))).contains("types and names"));
}

/// A component in a component in a component, as often as is said, and what a plugin must have around all of them.
fn nested(depth: usize) -> Vec<u8> {
    const HEAD: &[u8] = b"\0asm\x0d\0\x01\0";
    // From inside to outside each has its head and, as its only section, the one before: the lengths are written behind one another and
    // turned around at the end.
    let mut turned: Vec<u8> = HEAD.iter().rev().copied().collect();
    for _ in 1..depth {
        let mut rest = turned.len();
        let mut length = Vec::new();
        while rest >= 0x80 {
            length.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        length.push(rest as u8);
        turned.extend(length.iter().rev());
        turned.push(4);
        turned.extend(HEAD.iter().rev());
    }
    turned.reverse();
    let mut outside = component_of(&format!("(component {SAYS})"));
    outside.extend(&turned[HEAD.len()..]);
    outside
}

#[test]
fn components_that_lie_deep_inside_each_other_are_refused() {
    for depth in [10, 90, 400, 1_000, 100_000] {
        let told = refused(&nested(depth));
        assert!(depth < 1_000 || told.contains("500 modules"), "{depth}: {told}");
    }
}

#[test]
fn components_that_become_many_instances_are_refused_at_once() {
    // Each is made of two of the one before: a billion modules in the end.
    let mut doubling = String::from("(component (component $c0 (core module $m) (core instance (instantiate $m)))");
    for level in 1..=30 {
        doubling += &format!(
            "(component $c{level} (alias outer 1 $c{} (component $x)) (instance (instantiate $x)) (instance (instantiate $x)))",
            level - 1
        );
    }
    assert!(
        refused(&component_of(&format!("{doubling} (instance (instantiate $c30)) {SAYS})"))).contains("500 modules")
    );
    // By the names that exports give, likewise.
    let mut exported = String::from("(component (component $c0 (core module $m) (core instance (instantiate $m)))");
    for level in 1..=30 {
        exported += &format!(
            "(component $d{level} (alias outer 1 $c{} (component $x)) (instance (instantiate $x)) (instance (instantiate $x)))
             (export $c{level} \"c{level}\" (component $d{level}))",
            level - 1
        );
    }
    assert!(
        refused(&component_of(&format!("{exported} (instance (instantiate $c30)) {SAYS})"))).contains("500 modules")
    );
    // What nobody makes an instance of costs nothing, and a few are as good as any.
    let few = format!(
        "(component (component $c0 (core module $m) (core instance (instantiate $m))) (instance (instantiate $c0)) {SAYS})"
    );
    assert!(!refused(&component_of(&few)).contains("500 modules"));
    let handed = "(component $c (import \"x\" (component $x)) (instance (instantiate $x)) (instance (instantiate $x)))";
    assert!(refused(&component_of(&format!("(component {handed} {SAYS})"))).contains("hands components over"));
}

#[test]
fn what_takes_a_compiler_long_in_one_function_ends_soon_or_is_refused() {
    // Blocks within blocks, and more places for numbers than a function may have.
    let blocks = format!("(func {}{})", "block ".repeat(5_000), "end ".repeat(5_000));
    refused(&component_of(&format!("(component {SAYS} (core module {blocks}))")));
    let locals = format!("(func (local {}))", "i64 ".repeat(50_001));
    refused(&component_of(&format!("(component {SAYS} (core module {locals}))")));
    let memories = "(memory 1)".repeat(101);
    refused(&component_of(&format!("(component {SAYS} (core module $m {memories}) (core instance (instantiate $m)))")));
}

#[test]
fn a_file_that_is_too_large_or_no_file_is_refused() {
    let place = Place::new();
    let large = place.files.path().join("large.wasm");
    std::fs::File::create(&large).unwrap().set_len(100 << 20).unwrap();
    assert!(place.install_file(&large).unwrap_err().to_string().contains("more than 64 MB"));
    for path in ["/dev/zero", "/dev/null", "/nowhere/x.wasm"] {
        assert!(place.install_file(path.as_ref()).is_err(), "{path}");
    }
    let pipe = place.files.path().join("pipe.wasm");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert!(place.install_file(&pipe).is_err());
}

#[test]
fn a_plugin_that_is_not_what_it_says_is_refused() {
    let place = Place::new();
    let told = |made: Made| place.install(made).unwrap_err().to_string();
    assert!(told(report().saying_it_is("column")).contains("built as one of the kind report"));
    assert!(told(report().wanting(&["network"])).contains("it wants \"network\""));
    assert!(told(report().version("latest")).contains("its version"));
    assert!(told(report().named("UPPER")).contains("its name"));
    assert!(told(report().named("a-name-that-is-far-too-long-to-be-one-of-a-plugin")).contains("its name"));
    assert!(place.directory.list().unwrap().is_empty());
}

#[test]
fn a_plugin_that_does_not_come_to_an_end_of_saying_what_it_is_is_refused() {
    let place = Place::new();
    // A name of 100 MB.
    let long = "(drop (memory.grow (i32.const 2000)))
        (i32.store (i32.const 0) (i32.const 0)) (i32.store (i32.const 4) (i32.const 100000000)) (i32.const 0)";
    let error = place.install(report().describing(long)).unwrap_err();
    assert!(matches!(&error, PluginError::Stopped { reached, .. } if reached.kind == LimitKind::Transfer), "{error}");
    let endless = place.install(report().with("(func $s (loop (br 0))) (start $s)")).unwrap_err();
    assert!(matches!(&endless, PluginError::Stopped { reached, .. } if reached.kind == LimitKind::Time), "{endless}");
}
