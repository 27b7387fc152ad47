//! Makes a component of the core for a world of `wit/`: `core-wasm/guest` as a core module, by a cargo of its own with the
//! settings below whatever the outer build's are, and that module as a component of the world.
//!
//! Taken in by the build script of every package that embeds a component.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use anyhow::{Context, Result, bail};
use threadkeep_guest_build::{Compiler, GUEST_TARGET, StandardLibrary, Toolchain, component_of};

const GUEST: &str = "threadkeep-guest";

/// The guest is small and runs often: everything for speed. An abort is a trap, which the host contains. What only runs
/// while it is compiled, the macro that reads `wit/` above all, is rather built quickly: that is what `dev` gives.
const GUEST_PROFILE: [(&str, &str); 9] = [
    ("CARGO_PROFILE_GUEST_INHERITS", "dev"),
    ("CARGO_PROFILE_GUEST_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_GUEST_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_GUEST_LTO", "fat"),
    ("CARGO_PROFILE_GUEST_PANIC", "abort"),
    ("CARGO_PROFILE_GUEST_DEBUG", "false"),
    ("CARGO_PROFILE_GUEST_DEBUG_ASSERTIONS", "false"),
    ("CARGO_PROFILE_GUEST_OVERFLOW_CHECKS", "false"),
    ("CARGO_PROFILE_GUEST_INCREMENTAL", "false"),
];

/// What is seldom run and large: every start of the program reads what it needs of the image, so that its size costs time.
const BUILT_SMALL: [&str; 2] =
    ["profile.guest.package.regex-automata.opt-level=\"s\"", "profile.guest.package.regex-syntax.opt-level=\"s\""];

/// Tells why a build script failed, if it did.
pub(crate) fn exit_code(built: Result<()>) -> ExitCode {
    match built {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Writes `WORLD.component.wasm` into `OUT_DIR` and returns its bytes. The guest's crates are compiled in `target_dir`; its own
/// directory, lest it wait for the outer build's lock.
pub(crate) fn build_component(world: &str, target_dir: &Path) -> Result<Vec<u8>> {
    let package = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = package.ancestors().find(|folder| folder.join("wit").is_dir());
    let root = root.with_context(|| format!("{} is not in its workspace", package.display()))?;
    for input in ["core-wasm", "wit", "Cargo.toml", "Cargo.lock", "host/engine/build"] {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }
    let oldest = variable("CARGO_PKG_RUST_VERSION")?;
    let oldest = oldest.split('.').nth(1).and_then(|minor| minor.parse().ok());
    let oldest = oldest.context("rust-version is not one of Rust's")?;
    let toolchain = Toolchain::find(Compiler::active(), StandardLibrary::Alloc, oldest);
    let toolchain = toolchain.context("run `make setup`")?;
    let module = build_guest(&toolchain, root, target_dir, world)?;
    let component = componentize(root, world, module).with_context(|| format!("the guest is no `{world}`"))?;
    write(&out_dir()?.join(format!("{world}.component.wasm")), &component)?;
    Ok(component)
}

/// Makes a component of a world out of the guest's module. What the module says of its world by itself, which is the widest one,
/// gives way to the one that it was built for.
fn componentize(root: &Path, world: &str, module: Vec<u8>) -> Result<Vec<u8>> {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(root.join("wit"))?;
    let world = resolve.select_world(&[package], Some(world))?;
    let mut module = without_sections(&module, "component-type").context("the module is damaged")?;
    wit_component::embed_component_metadata(&mut module, &resolve, world, wit_component::StringEncoding::UTF8)?;
    Ok(component_of(&module)?)
}

/// A module without the custom sections whose names begin so; none if it is no module.
fn without_sections(module: &[u8], name: &str) -> Option<Vec<u8>> {
    const HEADER: usize = 8;
    let (header, mut rest) = module.split_at_checked(HEADER)?;
    let mut kept = header.to_vec();
    while let Some((id, after)) = rest.split_first() {
        let (size, body) = leb128(after)?;
        let (content, next) = body.split_at_checked(size)?;
        let (length, text) = if *id == 0 { leb128(content)? } else { (0, content) };
        if *id != 0 || !text.get(..length)?.starts_with(name.as_bytes()) {
            kept.extend_from_slice(&rest[..rest.len() - next.len()]);
        }
        rest = next;
    }
    Some(kept)
}

/// An unsigned number in LEB128, and what follows it.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        number |= usize::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[place + 1..]));
        }
    }
    None
}

/// Compiles the guest for a world and returns the core module.
fn build_guest(toolchain: &Toolchain, root: &Path, target_dir: &Path, world: &str) -> Result<Vec<u8>> {
    let mut command = toolchain.cargo("rustc");
    command
        .current_dir(root)
        .args(["--quiet", "--locked", "--profile", "guest"])
        .args(BUILT_SMALL.iter().flat_map(|config| ["--config", config]))
        .args(["--package", GUEST, "--features", world, "--lib", "--crate-type", "cdylib", "--target-dir"])
        .arg(target_dir)
        .envs(GUEST_PROFILE)
        .env("CARGO_ENCODED_RUSTFLAGS", guest_flags());

    let output = command.output();
    let output = output.with_context(|| format!("cannot start {}", toolchain.cargo_path().display()))?;
    let messages = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        eprintln!("{messages}");
        let (name, status) = (toolchain.name, output.status);
        bail!("core-wasm does not build for {GUEST_TARGET} with {name} ({status}); the reason stands above");
    }
    // Cargo shows nothing of a build script that succeeds, and the native build does not see the guest's own modules.
    for line in messages.lines().filter(|line| !line.is_empty()) {
        println!("cargo::warning={line}");
    }
    let module = target_dir.join(GUEST_TARGET).join("guest/threadkeep_guest.wasm");
    fs::read(&module).with_context(|| format!("cannot read {}", module.display()))
}

/// The compiler's flags for the guest, in cargo's encoding: a path may hold spaces.
fn guest_flags() -> String {
    let mut flags = "-Ctarget-feature=+simd128".to_owned();
    if let Ok(home) = env::var("CARGO_HOME") {
        // The component is to depend on its sources, not on the place where it was built.
        flags += &format!("\x1f--remap-path-prefix={home}=");
    }
    flags
}

pub(crate) fn out_dir() -> Result<PathBuf> {
    Ok(variable("OUT_DIR")?.into())
}

pub(crate) fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("cargo has not set {name}"))
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
