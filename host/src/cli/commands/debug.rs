//! `debug`: recordings, which need no home.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;
use threadkeep::component::{Runtime, tape};

use super::super::args::Debug;

pub(super) fn run(runtime: &Runtime, debug: &Debug, json: bool) -> anyhow::Result<()> {
    match debug {
        Debug::Replay { file } => {
            let done = tape::replay(runtime, open(file)?).with_context(|| file.display().to_string())?;
            let mut stdout = std::io::stdout().lock();
            match json {
                true => writeln!(stdout, "{}", serde_json::to_string(&done)?)?,
                false => {
                    writeln!(stdout, "{} calls, {} answers of the home: the same as then", done.calls, done.imports)?
                }
            }
            Ok(stdout.flush()?)
        }
        Debug::Redact { file } => {
            let out = BufWriter::new(std::io::stdout());
            tape::redact(runtime, open(file)?, out).with_context(|| file.display().to_string())?;
            Ok(())
        }
    }
}

fn open(file: &Path) -> anyhow::Result<BufReader<File>> {
    let recording = File::open(file).with_context(|| format!("{} cannot be opened", file.display()))?;
    Ok(BufReader::new(recording))
}
