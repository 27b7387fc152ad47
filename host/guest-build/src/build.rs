use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::component::{check_plugin, component_of};
use crate::error::Error;
use crate::toolchain::{Compiler, StandardLibrary, Toolchain};

/// The oldest minor version of Rust that builds plugins: that of the kit.
const OLDEST_RUST: u32 = 95;

/// Holds a plugin that was built.
#[derive(Clone, Debug)]
pub struct BuiltPlugin {
    /// Where the component is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: usize,
    /// What it was built with, in words.
    pub built_with: &'static str,
}

/// Builds the plugin in a directory, whatever language it is written in, as a component: `plugin.wasm` in that directory, or where
/// `out` says.
///
/// What a project in JavaScript or Python needs is installed below its directory first, by npm or pip.
///
/// # Errors
///
/// There is no project, no compiler, it does not compile, or it is no plugin.
pub fn build_plugin(project: &Path, out: Option<&Path>) -> Result<BuiltPlugin, Error> {
    let project = &fs::canonicalize(project).map_err(|cause| Error::read(project, cause))?;
    let path = out.map_or_else(|| project.join("plugin.wasm"), Path::to_owned);
    let (component, built_with) = if project.join("Cargo.toml").is_file() {
        rust(project)?
    } else if project.join("package.json").is_file() {
        javascript(project)?
    } else if project.join("plugin.py").is_file() {
        python(project)?
    } else {
        return Err(Error::NoProject(project.clone()));
    };
    check_plugin(&component)?;
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(|cause| Error::write(directory, cause))?;
    }
    // A build that is interrupted leaves the last plugin whole.
    let part = path.with_extension("wasm.part");
    fs::write(&part, &component).map_err(|cause| Error::write(&part, cause))?;
    fs::rename(&part, &path).map_err(|cause| Error::write(&path, cause))?;
    Ok(BuiltPlugin { path, size: component.len(), built_with })
}

fn rust(project: &Path) -> Result<(Vec<u8>, &'static str), Error> {
    let toolchain = Toolchain::find(Compiler::active(), StandardLibrary::Std, OLDEST_RUST)?;
    let mut cargo = toolchain.cargo("build");
    cargo.current_dir(project).args(["--release", "--lib", "--message-format", "json-render-diagnostics"]);
    let printed = run(&mut cargo, "cargo comes with Rust; install it from https://rustup.rs")?;
    let modules = modules(&printed);
    let [module] = modules.as_slice() else {
        return Err(Error::Modules { project: project.to_owned(), count: modules.len() });
    };
    let module = fs::read(module).map_err(|cause| Error::read(module, cause))?;
    Ok((component_of(&module)?, toolchain.name))
}

/// The modules of which cargo says that it made them. Those of dependencies are none: they are no `cdylib`.
fn modules(printed: &str) -> Vec<PathBuf> {
    let messages = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let files = messages.filter(|message| message["reason"] == "compiler-artifact").flat_map(|message| {
        let names = message["filenames"].as_array().cloned().unwrap_or_default();
        names.into_iter().filter_map(|name| name.as_str().map(PathBuf::from)).collect::<Vec<_>>()
    });
    files.filter(|file| file.extension().is_some_and(|extension| extension == "wasm")).collect()
}

fn javascript(project: &Path) -> Result<(Vec<u8>, &'static str), Error> {
    const HINT: &str = "install Node.js 20 or newer, which brings npm";
    if !project.join("node_modules").is_dir() {
        run(Command::new("npm").current_dir(project).args(["install", "--no-audit", "--no-fund"]), HINT)?;
    }
    let out = project.join("build/plugin.wasm");
    make_build_directory(&out)?;
    run(Command::new("npm").current_dir(project).args(["run", "--silent", "build"]), HINT)?;
    Ok((fs::read(&out).map_err(|cause| Error::read(&out, cause))?, "npm"))
}

fn python(project: &Path) -> Result<(Vec<u8>, &'static str), Error> {
    const HINT: &str = "install Python 3.10 or newer, with venv";
    let environment = project.join(".venv");
    let tool = environment.join("bin/componentize-py");
    if !tool.is_file() {
        run(Command::new("python3").arg("-m").arg("venv").arg(&environment), HINT)?;
        let requirements = project.join("requirements.txt");
        let mut pip = Command::new(environment.join("bin/pip"));
        run(pip.args(["install", "--quiet", "--requirement"]).arg(requirements), HINT)?;
    }
    let out = project.join("build/plugin.wasm");
    make_build_directory(&out)?;
    let world = project.join("world.txt");
    let world = fs::read_to_string(&world).map_err(|cause| Error::read(&world, cause))?;
    let componentize = || {
        let mut command = Command::new(&tool);
        command.current_dir(project).args(["-d", "wit/plugin/0.1.0", "-w", world.trim()]);
        command
    };
    // For the project's tests; what is there is not replaced by the tool.
    let bindings = project.join("build/bindings");
    if bindings.is_dir() {
        fs::remove_dir_all(&bindings).map_err(|cause| Error::write(&bindings, cause))?;
    }
    run(componentize().arg("bindings").arg(&bindings), HINT)?;
    run(componentize().args(["componentize", "--stub-wasi", "plugin", "-o"]).arg(&out), HINT)?;
    Ok((fs::read(&out).map_err(|cause| Error::read(&out, cause))?, "componentize-py"))
}

fn make_build_directory(out: &Path) -> Result<(), Error> {
    let directory = out.parent().unwrap_or(out);
    fs::create_dir_all(directory).map_err(|cause| Error::write(directory, cause))
}

/// Runs a program and returns what it prints; if it fails, everything that it said.
fn run(command: &mut Command, hint: &'static str) -> Result<String, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    // Of what tools written in Rust say, where in them it was said helps nobody.
    let output = command.env("RUST_BACKTRACE", "0").output().map_err(|cause| Error::Start {
        program: program.clone(),
        cause,
        hint,
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    // Cargo's messages for machines say nothing that a person reads.
    let spoken = String::from_utf8_lossy(&output.stdout);
    let spoken: String = spoken.lines().filter(|line| !line.starts_with('{')).map(|line| format!("{line}\n")).collect();
    let output = format!("{spoken}{}", String::from_utf8_lossy(&output.stderr));
    Err(Error::Failed { program: format!("{program} {}", args.join(" ")), output })
}
