//! Makes the component that the host embeds, in `OUT_DIR`:
//!
//! 1. `core-wasm` as a core module, by a cargo of its own, with the settings below whatever the outer build's are.
//! 2. `core.component.wasm`, that module as a component.
//! 3. `core.cwasm`, the component compiled ahead of time for the target, with the settings that the host runs it with.

#![expect(clippy::print_stderr, reason = "cargo shows it when a build script fails")]

#[path = "src/component/engine_config.rs"]
mod engine_config;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use anyhow::{Context, Result, anyhow, bail, ensure};
use wasmtime::Engine;
use wit_component::ComponentEncoder;

const GUEST: &str = "threadkeep-core";
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
    let host = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = host.parent().context("host/ is not in its workspace")?;
    let out = PathBuf::from(variable("OUT_DIR")?);
    for input in ["core-wasm", "wit", "Cargo.toml", "Cargo.lock", "host/src/component/engine_config.rs"] {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }

    let module = build_guest(root, &out)?;
    let encoder = ComponentEncoder::default().validate(true).module(&module);
    let component = encoder.and_then(|mut encoder| encoder.encode());
    let component = component.context("the guest is no component of the world `core`")?;
    write(&out.join("core.component.wasm"), &component)?;
    let image = compile(&component).context("the component cannot be compiled ahead of time")?;
    write(&out.join("core.cwasm"), &image)
}

/// Compiles the guest and returns the core module.
fn build_guest(root: &Path, out: &Path) -> Result<Vec<u8>> {
    let toolchain = Toolchain::find()?;
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
        .args(["--package", GUEST, "--lib", "--crate-type", "cdylib"])
        .args(["--target", GUEST_TARGET, "--target-dir"])
        .arg(&target_dir)
        .args(toolchain.cargo_args)
        .envs(GUEST_PROFILE)
        .envs(toolchain.env)
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
    let module = target_dir.join(GUEST_TARGET).join("guest/threadkeep_core.wasm");
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
