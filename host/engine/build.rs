//! Makes the components that are embedded, in `OUT_DIR`, one for each world of `wit/`:
//!
//! 1. `core-wasm/guest` as a core module, by a cargo of its own, with the settings below whatever the outer build's are.
//! 2. `<world>.component.wasm`, that module as a component of the world.
//! 3. `core.cwasm`, the component of the world `core` compiled ahead of time for the target, with the settings that it is run
//!    with.

#![expect(clippy::print_stderr, reason = "cargo shows it when a build script fails")]

#[path = "src/engine_config.rs"]
mod engine_config;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use anyhow::{Context, Result, anyhow, bail, ensure};
use wasmtime::Engine;
use wit_component::ComponentEncoder;

/// The worlds of the contract; each is a feature of the guest, too.
const WORLDS: [&str; 3] = ["parser", "reader", "core"];
const GUEST: &str = "threadkeep-guest";
const GUEST_TARGET: &str = "wasm32-unknown-unknown";

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

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<()> {
    let engine = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = engine.ancestors().nth(2).context("host/engine/ is not in its workspace")?;
    let out = PathBuf::from(variable("OUT_DIR")?);
    for input in ["core-wasm", "wit", "Cargo.toml", "Cargo.lock", "host/engine/src/engine_config.rs"] {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }

    let toolchain = Toolchain::find()?;
    for world in WORLDS {
        let module = build_guest(&toolchain, root, &out, world)?;
        let component = componentize(root, world, module).with_context(|| format!("the guest is no `{world}`"))?;
        write(&out.join(format!("{world}.component.wasm")), &component)?;
        if world == "core" {
            let image = compile(&component).context("the component cannot be compiled ahead of time")?;
            write(&out.join("core.cwasm"), &image)?;
        }
    }
    Ok(())
}

/// Makes a component of a world out of the guest's module. What the module says of its world by itself, which is the widest one,
/// gives way to the one that it was built for.
fn componentize(root: &Path, world: &str, module: Vec<u8>) -> Result<Vec<u8>> {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(root.join("wit"))?;
    let world = resolve.select_world(&[package], Some(world))?;
    let mut module = without_sections(&module, "component-type").context("the module is damaged")?;
    wit_component::embed_component_metadata(&mut module, &resolve, world, wit_component::StringEncoding::UTF8)?;
    ComponentEncoder::default().validate(true).module(&module)?.encode()
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
fn build_guest(toolchain: &Toolchain, root: &Path, out: &Path, world: &str) -> Result<Vec<u8>> {
    // Its own directory, lest it wait for the outer build's lock.
    let target_dir = out.join("guest");
    let mut command = Command::new(&toolchain.cargo);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(belongs_to_outer_build) {
            command.env_remove(&name);
        }
    }
    command
        .current_dir(root)
        .args(["rustc", "--quiet", "--locked", "--profile", "guest"])
        .args(["--package", GUEST, "--features", world, "--lib", "--crate-type", "cdylib"])
        .args(["--target", GUEST_TARGET, "--target-dir"])
        .arg(&target_dir)
        .args(toolchain.cargo_args)
        .envs(GUEST_PROFILE)
        .envs(toolchain.env.iter().map(|(name, value)| (name, value)))
        .env("RUSTC", &toolchain.rustc)
        .env("CARGO_ENCODED_RUSTFLAGS", guest_flags());

    let output = command.output();
    let output = output.with_context(|| format!("cannot start {}", toolchain.cargo.display()))?;
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

/// Variables that cargo sets for this script, or that tune the outer build, and that would tune the guest's too.
fn belongs_to_outer_build(name: &str) -> bool {
    const PREFIXES: &str = "RUSTC RUSTDOC RUSTFLAGS RUSTUP_TOOLCHAIN CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_ CARGO_CFG_ \
        CARGO_FEATURE_ CARGO_MANIFEST_ CARGO_PKG_ CARGO_PROFILE_ CARGO_UNSTABLE_ DEP_";
    PREFIXES.split(' ').any(|prefix| name.starts_with(prefix))
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

/// A compiler that can build for the guest's target.
struct Toolchain {
    name: &'static str,
    cargo: PathBuf,
    rustc: PathBuf,
    cargo_args: &'static [&'static str],
    env: Vec<(&'static str, PathBuf)>,
}

impl Toolchain {
    fn find() -> Result<Self> {
        let rustc = PathBuf::from(variable("RUSTC")?);
        let installed = sysroot(&rustc)?.join("lib/rustlib");
        if installed.join(GUEST_TARGET).join("lib").is_dir() {
            return Ok(Self {
                name: "the active toolchain",
                cargo: variable("CARGO")?.into(),
                rustc,
                cargo_args: &[],
                env: Vec::new(),
            });
        }
        let linker = installed.join(variable("HOST")?).join("bin/rust-lld");
        Self::distribution(linker)?.with_context(|| {
            let rustc = rustc.display();
            format!("{rustc} has no {GUEST_TARGET}, and no other compiler was found that has; run `make setup`")
        })
    }

    /// Debian's packages, which bring the standard library as source, with the linker of the active toolchain.
    fn distribution(linker: PathBuf) -> Result<Option<Self>> {
        let (cargo, rustc) = (PathBuf::from("/usr/bin/cargo"), PathBuf::from("/usr/bin/rustc"));
        if !(cargo.is_file() && rustc.is_file() && linker.is_file()) {
            return Ok(None);
        }
        let source = sysroot(&rustc)?.join("lib/rustlib/src/rust/library/core/src/lib.rs");
        let needed = variable("CARGO_PKG_RUST_VERSION")?;
        if !source.is_file() || minor(&output(&rustc, &["--version"])?) < minor(&needed) {
            return Ok(None);
        }
        Ok(Some(Self {
            name: "the distribution's toolchain",
            cargo,
            rustc,
            cargo_args: &["-Zbuild-std=core,alloc"],
            env: vec![
                // Building `core` takes what a stable compiler otherwise refuses. The guest's own crates use none of it.
                ("RUSTC_BOOTSTRAP", "1".into()),
                ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker),
            ],
        }))
    }
}

fn sysroot(rustc: &Path) -> Result<PathBuf> {
    Ok(output(rustc, &["--print", "sysroot"])?.trim_end().into())
}

/// What a program prints.
fn output(program: &Path, args: &[&str]) -> Result<String> {
    let name = program.display();
    let output = Command::new(program).args(args).output();
    let output = output.with_context(|| format!("cannot start {name}"))?;
    ensure!(output.status.success(), "{name} {}: {}", args.join(" "), output.status);
    String::from_utf8(output.stdout).with_context(|| format!("{name} does not print UTF-8"))
}

/// 96 of `rustc 1.96.0 (…)`, 95 of `1.95`.
fn minor(version: &str) -> Option<u32> {
    version.split('.').nth(1)?.parse().ok()
}

/// Compiles the component for the target, with the CPU features of this machine if the two are the same. A CPU without
/// them refuses the image, and the host compiles the component itself, as it does with the empty image of a target that
/// wasmtime cannot generate code for from here.
fn compile(component: &[u8]) -> Result<Vec<u8>> {
    let (host, target) = (variable("HOST")?, variable("TARGET")?);
    let mut config = engine_config::engine_config();
    let engine = if host == target {
        Engine::new(&config)
    } else {
        match config.target(&target).and_then(|config| Engine::new(config)) {
            Err(error) => {
                println!("cargo::warning=no image for {target}, every start will compile the core: {error:#}");
                return Ok(Vec::new());
            }
            engine => engine,
        }
    };
    let image = engine.and_then(|engine| engine.precompile_component(component));
    image.map_err(|error| anyhow!("{error:#}"))
}

fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("cargo has not set {name}"))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
