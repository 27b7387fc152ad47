//! Builds plugins: `build-plugins OUT DIR...` makes `OUT/NAME.wasm` of each directory `NAME`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it tells what it made, or why not")]

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use threadkeep_guest_build::build_plugin;

fn main() -> ExitCode {
    match build_all() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn build_all() -> Result<(), Box<dyn Error>> {
    let mut args = env::args_os().skip(1).map(PathBuf::from);
    let out = args.next().ok_or("usage: build-plugins OUT DIR...")?;
    for directory in args {
        let name = directory.file_name().ok_or("a directory has a name")?;
        let built = build_plugin(&directory, Some(&out.join(name).with_extension("wasm")))?;
        println!("{}: {} bytes", built.path.display(), built.size);
    }
    Ok(())
}
