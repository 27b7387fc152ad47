//! Finds a compiler that can build the guest.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::variable;

pub(super) const GUEST_TARGET: &str = "wasm32-unknown-unknown";

/// A compiler that can build for the guest's target.
pub(super) struct Toolchain {
    pub(super) name: &'static str,
    pub(super) cargo: PathBuf,
    pub(super) rustc: PathBuf,
    pub(super) cargo_args: &'static [&'static str],
    pub(super) env: Vec<(&'static str, PathBuf)>,
}

impl Toolchain {
    pub(super) fn find() -> Result<Self> {
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
