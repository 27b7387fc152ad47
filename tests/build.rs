//! Makes the components of the worlds that no program of the workspace runs, in `OUT_DIR`, for the tests that do.

#![expect(clippy::print_stderr, reason = "cargo shows it when a build script fails")]

#[path = "../host/engine/build/component/mod.rs"]
mod component;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use component::{build_component, variable};

fn main() -> ExitCode {
    component::exit_code(build())
}

fn build() -> Result<()> {
    // Where the engine has built the guest already.
    let target_dir = variable("DEP_THREADKEEP_COMPONENT_GUEST")?;
    for world in ["parser", "reader"] {
        build_component(world, Path::new(&target_dir))?;
    }
    Ok(())
}
