//! Makes what the engine embeds, in `OUT_DIR`: the component of the world `core`, and `core.cwasm`, that component compiled ahead
//! of time for the target, with the settings that it is run with.

#![expect(clippy::print_stderr, reason = "cargo shows it when a build script fails")]
#![expect(clippy::print_stdout, reason = "it is how a build script speaks to cargo")]

mod component;
#[path = "../src/engine_config.rs"]
mod engine_config;

use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use wasmtime::{Config, Engine};

use component::{build_component, out_dir, variable, write};

fn main() -> ExitCode {
    component::exit_code(build())
}

fn build() -> Result<()> {
    println!("cargo::rerun-if-changed=src/engine_config.rs");
    let out = out_dir()?;
    let target_dir = out.join("guest");
    let component = build_component("core", &target_dir)?;
    let image = compile(&component).context("the component cannot be compiled ahead of time")?;
    write(&out.join("core.cwasm"), &image)?;
    // For packages that embed other worlds: they find the guest's crates compiled.
    println!("cargo::metadata=guest={}", target_dir.display());
    Ok(())
}

/// Compiles the component for the target. A CPU without what the image asks for refuses it, and the host compiles the component
/// itself, as it does with the empty image of a target that wasmtime cannot generate code for from here.
fn compile(component: &[u8]) -> Result<Vec<u8>> {
    let (host, target) = (variable("HOST")?, variable("TARGET")?);
    let mut config = engine_config::engine_config();
    // Named, even where it is that of this machine: the image would ask for all that this CPU has, and the program is to run
    // elsewhere, too.
    let engine = match config.target(&target).and_then(|config| Engine::new(with_common_features(config, &target))) {
        Err(error) if host != target => {
            println!("cargo::warning=no image for {target}, every start will compile the core: {error:#}");
            return Ok(Vec::new());
        }
        engine => engine,
    };
    let image = engine.and_then(|engine| engine.precompile_component(component));
    image.map_err(|error| anyhow!("{error:#}"))
}

/// Adds what nearly every CPU of the target has: what servers, laptops and desktops have had since 2013 and 2015.
fn with_common_features<'a>(config: &'a mut Config, target: &str) -> &'a Config {
    if target.starts_with("x86_64-") {
        // The second does not come with the first.
        for feature in ["x86-64-v3", "has_avx"] {
            // SAFETY: the flag changes which instructions are used, and nothing of what the code means; wasmtime compares it with
            // the CPU before it runs anything.
            #[expect(unsafe_code, reason = "wasmtime has no safe way to name features of a CPU")]
            unsafe {
                config.cranelift_flag_enable(feature);
            }
        }
    }
    config
}
