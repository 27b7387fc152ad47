use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;

/// What components are compiled for.
pub const GUEST_TARGET: &str = "wasm32-unknown-unknown";

/// What of the standard library a guest uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StandardLibrary {
    /// `core` and `alloc`.
    Alloc,
    /// All of it.
    Std,
}

/// Names the compiler that the user builds with.
#[derive(Clone, Debug)]
pub struct Compiler {
    /// Where cargo is.
    pub cargo: PathBuf,
    /// Where rustc is.
    pub rustc: PathBuf,
}

impl Compiler {
    /// Those that the environment names, as cargo does for a build script, or else those on `PATH`.
    pub fn active() -> Self {
        let named = |variable, program: &str| env::var_os(variable).map_or_else(|| program.into(), PathBuf::from);
        Self { cargo: named("CARGO", "cargo"), rustc: named("RUSTC", "rustc") }
    }
}

/// Holds a compiler that can build for [`GUEST_TARGET`].
#[derive(Clone, Debug)]
pub struct Toolchain {
    /// What it is called in messages.
    pub name: &'static str,
    compiler: Compiler,
    cargo_args: &'static [&'static str],
    env: Vec<(&'static str, PathBuf)>,
}

impl Toolchain {
    /// Finds one: the active compiler if it has the target, else the distribution's, which builds the standard library from its
    /// source and borrows the linker of the active one. `oldest` is the oldest minor version of Rust that may do.
    ///
    /// # Errors
    ///
    /// The active compiler cannot be started, or there is none that has the target.
    pub fn find(active: Compiler, library: StandardLibrary, oldest: u32) -> Result<Self, Error> {
        let installed = sysroot(&active.rustc)?.join("lib/rustlib");
        if installed.join(GUEST_TARGET).join("lib").is_dir() {
            return Ok(Self { name: "the active toolchain", compiler: active, cargo_args: &[], env: Vec::new() });
        }
        let linker = installed.join(host(&active.rustc)?).join("bin/rust-lld");
        let rustc = active.rustc.display().to_string();
        Self::distribution(linker, library, oldest)?.ok_or(Error::NoCompiler { target: GUEST_TARGET, rustc })
    }

    /// Debian's packages, which bring the standard library as source, with the linker of the active toolchain.
    fn distribution(linker: PathBuf, library: StandardLibrary, oldest: u32) -> Result<Option<Self>, Error> {
        let compiler = Compiler { cargo: "/usr/bin/cargo".into(), rustc: "/usr/bin/rustc".into() };
        if !(compiler.cargo.is_file() && compiler.rustc.is_file() && linker.is_file()) {
            return Ok(None);
        }
        let source = sysroot(&compiler.rustc)?.join("lib/rustlib/src/rust/library/core/src/lib.rs");
        let version = minor(&output(&compiler.rustc, &["--version"])?);
        if !source.is_file() || version.is_none_or(|version| version < oldest) {
            return Ok(None);
        }
        let cargo_args: &[&str] = match library {
            StandardLibrary::Alloc => &["-Zbuild-std=core,alloc"],
            StandardLibrary::Std => &["-Zbuild-std=std,panic_abort"],
        };
        let env = vec![
            // Building `core` takes what a stable compiler otherwise refuses. The guest's own crates use none of it.
            ("RUSTC_BOOTSTRAP", "1".into()),
            ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker),
        ];
        Ok(Some(Self { name: "the distribution's toolchain", compiler, cargo_args, env }))
    }

    /// A cargo command for the target, with nothing of a build that this may be called from: `build` or `rustc`, the target, and
    /// what this toolchain needs.
    pub fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(&self.compiler.cargo);
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(belongs_to_outer_build) {
                cargo.env_remove(&name);
            }
        }
        cargo
            .args([command, "--target", GUEST_TARGET])
            .args(self.cargo_args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .env("RUSTC", &self.compiler.rustc);
        cargo
    }

    /// The cargo that it runs, for messages.
    pub fn cargo_path(&self) -> &Path {
        &self.compiler.cargo
    }
}

/// Variables that cargo sets for a build script, or that tune the outer build, and that would tune the guest's too.
fn belongs_to_outer_build(name: &str) -> bool {
    const PREFIXES: &str = "RUSTC RUSTDOC RUSTFLAGS RUSTUP_TOOLCHAIN CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_ CARGO_CFG_ \
        CARGO_FEATURE_ CARGO_MANIFEST_ CARGO_PKG_ CARGO_PROFILE_ CARGO_UNSTABLE_ DEP_";
    PREFIXES.split(' ').any(|prefix| name.starts_with(prefix))
}

fn sysroot(rustc: &Path) -> Result<PathBuf, Error> {
    Ok(output(rustc, &["--print", "sysroot"])?.trim_end().into())
}

/// The target that the compiler itself was built for.
fn host(rustc: &Path) -> Result<String, Error> {
    let version = output(rustc, &["-vV"])?;
    Ok(version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned())
}

/// What a compiler prints.
fn output(program: &Path, args: &[&str]) -> Result<String, Error> {
    let name = program.display().to_string();
    let output = Command::new(program).args(args).output().map_err(|cause| Error::Start {
        program: name.clone(),
        cause,
        hint: "install Rust, from https://rustup.rs or your distribution",
    })?;
    let program = format!("{name} {}", args.join(" "));
    if !output.status.success() {
        return Err(Error::Failed { program, output: String::from_utf8_lossy(&output.stderr).into_owned() });
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Error::Failed { program, output: "it does not print UTF-8".to_owned() })
}

/// 96 of `rustc 1.96.0 (…)`, 95 of `1.95`.
fn minor(version: &str) -> Option<u32> {
    version.split('.').nth(1)?.parse().ok()
}
