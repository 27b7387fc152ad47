//! Files that were changed, as a command line names them.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use threadkeep::contract::AskedLine;

use crate::failure::Usage;
use crate::values;

/// Lines longer than this together are not looked through for one.
const MOST_BYTES: u64 = 256 << 20;

/// Gives a path as rollouts may name it: one that begins with `./`, `../` or `~` as an absolute one, any other as it is.
pub(crate) fn path(given: &str) -> anyhow::Result<String> {
    let is_from_here = [".", ".."].iter().any(|&name| given == name || given.starts_with(&format!("{name}/")));
    Ok(match is_from_here {
        true => std::env::current_dir()?.join(given).to_string_lossy().into_owned(),
        false => values::without_tilde(given),
    })
}

/// Gives the line of a file that `PATH:LINE` names; none where it names none, but a file.
pub(crate) fn line(given: &str) -> anyhow::Result<Option<AskedLine>> {
    let Some((name, number)) = given.rsplit_once(':') else { return Ok(None) };
    let Ok(number) = number.parse::<u64>() else { return Ok(None) };
    if name.is_empty() || Path::new(&values::without_tilde(given)).exists() {
        return Ok(None);
    }
    let file = PathBuf::from(values::without_tilde(name));
    if !file.is_file() {
        let why = format!(
            "there is no file {name} here: a line is looked for as it stands now; --touched {name} finds who changed it"
        );
        return Err(Usage(why).into());
    }
    let cannot = || format!("{name} cannot be read");
    let mut reader = BufReader::new(std::io::Read::take(File::open(&file).with_context(cannot)?, MOST_BYTES));
    let (mut before, mut at) = (None, 0);
    let mut next = || -> anyhow::Result<Option<String>> {
        let mut bytes = Vec::new();
        let length = reader.read_until(b'\n', &mut bytes).with_context(cannot)?;
        let text = String::from_utf8_lossy(&bytes);
        Ok((length > 0).then(|| text.trim_end_matches(['\n', '\r']).to_owned()))
    };
    while let Some(text) = next()? {
        at += 1;
        if at == number {
            return Ok(Some(AskedLine { paths: names(&file)?, number, text, before, behind: next()? }));
        }
        before = Some(text);
    }
    Err(Usage(format!("{name} has no line {number}: it has {at}")).into())
}

/// The names that rollouts may know a file by: absolute ones, and the one in its git repository.
fn names(file: &Path) -> anyhow::Result<Vec<String>> {
    let absolute = std::path::absolute(file)?;
    let canonical = std::fs::canonicalize(file).unwrap_or_else(|_| absolute.clone());
    let root = canonical.ancestors().skip(1).find(|directory| directory.join(".git").exists());
    let inside = root.and_then(|root| canonical.strip_prefix(root).ok()).map(Path::to_path_buf);
    let mut names: Vec<PathBuf> = vec![absolute, canonical.clone()];
    names.dedup();
    names.extend(inside);
    Ok(names.iter().map(|name| name.to_string_lossy().into_owned()).collect())
}
