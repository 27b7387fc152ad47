//! The command `man`: writes the man pages.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use crate::context::Context;
use crate::failure::{Usage, exit};
use crate::help;
use crate::text;

/// `man`
#[derive(Args)]
pub(crate) struct Man {
    /// Where they go: a directory, which is made where there is none; pages of the same names are replaced
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

impl Man {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        if context.global.json {
            return Err(Usage("--json: man writes pages for people, and prints no document".into()).into());
        }
        let directory = &self.directory;
        std::fs::create_dir_all(directory).with_context(|| format!("{} cannot be made", directory.display()))?;
        let mut paths = String::new();
        for page in help::pages(context.parser(None))? {
            let path = directory.join(&page.file);
            std::fs::write(&path, &page.text).with_context(|| format!("{} cannot be written", path.display()))?;
            paths += &format!("{}\n", text::shown(&path.to_string_lossy()));
        }
        let mut stdout = context.stdout();
        stdout.write_all(paths.as_bytes())?;
        stdout.flush()?;
        Ok(exit::DONE)
    }
}
