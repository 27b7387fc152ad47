//! What a plugin writes: kept aside until the plugin has come to its end, and then put where it belongs, as a whole.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use tempfile::TempDir;

use crate::contract::types::Error;
use crate::error::PluginError;

/// Bytes that are written at a time.
const BUFFER: usize = 256 << 10;
/// No name has more bytes, and no more parts.
const LONGEST_NAME: usize = 1_000;
const MOST_PARTS: usize = 16;

/// Takes what a plugin writes.
pub struct Output {
    /// What is written before the first file.
    stream: BufWriter<File>,
    stream_length: u64,
    directory: Option<Directory>,
}

/// A directory that the user gave, and the files that will stand in it.
struct Directory {
    path: PathBuf,
    /// Where the files are until then: in the same directory, so that they need not be copied.
    aside: TempDir,
    /// What is written before the first file stands in one of this name.
    first: String,
    names: Vec<String>,
    known: HashSet<String>,
    current: Option<BufWriter<File>>,
    /// Files that are there already give way.
    replace: bool,
}

impl Output {
    /// Makes one for what is written as a stream alone.
    ///
    /// # Errors
    ///
    /// There is no place for temporary files.
    pub fn stream() -> Result<Output, PluginError> {
        let file = tempfile::tempfile().map_err(PluginError::of_file(std::env::temp_dir()))?;
        Ok(Output { stream: BufWriter::with_capacity(BUFFER, file), stream_length: 0, directory: None })
    }

    /// Makes one for files in a directory, which is made if it is not there. What is written before the first file stands in the file
    /// `first`; `replace` lets files that are there give way.
    ///
    /// # Errors
    ///
    /// The directory cannot be made or written to.
    pub fn directory(path: &Path, first: &str, replace: bool) -> Result<Output, PluginError> {
        std::fs::create_dir_all(path).map_err(PluginError::of_file(path))?;
        let aside = tempfile::Builder::new().prefix(".threadkeep-").suffix(".tmp").tempdir_in(path);
        let aside = aside.map_err(PluginError::of_file(path))?;
        let directory = Directory {
            path: path.into(),
            aside,
            first: first.into(),
            names: Vec::new(),
            known: HashSet::new(),
            current: None,
            replace,
        };
        Ok(Output { directory: Some(directory), ..Output::stream()? })
    }

    /// Begins a file.
    pub(crate) fn begin(&mut self, name: &str) -> Result<(), Error> {
        let Some(directory) = &mut self.directory else {
            return Err(Error::Failed("it writes files, which need a directory: give one by --out DIR".into()));
        };
        check_name(name).map_err(Error::Invalid)?;
        if !directory.known.insert(name.to_lowercase()) {
            return Err(Error::Invalid(format!("there are two files of the name {name:?}")));
        }
        directory.begin(name).map_err(|error| Error::Failed(error.to_string()))
    }

    /// Writes into the file that was begun last, or into the stream.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if let Some(directory) = self.directory.as_ref().filter(|directory| directory.current.is_none()) {
            let first = directory.first.clone();
            self.begin(&first)?;
        }
        let out = self.directory.as_mut().and_then(|directory| directory.current.as_mut());
        let written = match out {
            Some(file) => file.write_all(bytes),
            None => {
                self.stream_length += bytes.len() as u64;
                self.stream.write_all(bytes)
            }
        };
        written.map_err(|error| Error::Failed(error.to_string()))
    }

    /// Puts the files where they belong, and gives their paths and the stream, from its beginning.
    ///
    /// # Errors
    ///
    /// A file is there already and may not be replaced: then none was put anywhere. Or the system forbids it: then some were.
    pub fn finish(self) -> Result<Finished, PluginError> {
        let files = match self.directory {
            Some(directory) => directory.finish()?,
            None => Vec::new(),
        };
        let failed = |error: io::Error| PluginError::File { path: std::env::temp_dir(), error };
        let mut stream = self.stream.into_inner().map_err(|error| failed(error.into_error()))?;
        stream.seek(SeekFrom::Start(0)).map_err(failed)?;
        Ok(Finished { stream: Some(stream).filter(|_| self.stream_length > 0), files })
    }
}

/// What a plugin has written.
pub struct Finished {
    /// What it wrote, where there is no directory; none where that is nothing.
    pub stream: Option<File>,
    /// The files, in the order in which they were begun.
    pub files: Vec<PathBuf>,
}

impl Directory {
    fn begin(&mut self, name: &str) -> io::Result<()> {
        if let Some(mut before) = self.current.take() {
            before.flush()?;
        }
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(self.aside.path().join(self.names.len().to_string()))?;
        self.names.push(name.into());
        self.current = Some(BufWriter::with_capacity(BUFFER, file));
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<PathBuf>, PluginError> {
        if let Some(mut last) = self.current.take() {
            last.flush().map_err(PluginError::of_file(&self.path))?;
        }
        // No part of a name leads out of it, not by a link either.
        let dir = Dir::open_ambient_dir(&self.path, ambient_authority()).map_err(PluginError::of_file(&self.path))?;
        for name in &self.names {
            match dir.symlink_metadata(name) {
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Err(error) => return Err(PluginError::File { path: self.path.join(name), error }),
                Ok(there) if self.replace && there.is_file() => {}
                Ok(there) if there.is_file() => return Err(PluginError::Existing(self.path.join(name))),
                Ok(_) => {
                    let error = io::Error::other("something that is no file is in its place");
                    return Err(PluginError::File { path: self.path.join(name), error });
                }
            }
        }
        let aside = self.aside.path().file_name().map(PathBuf::from).unwrap_or_default();
        let mut placed = Vec::new();
        for (number, name) in self.names.iter().enumerate() {
            let path = self.path.join(name);
            let put = || {
                if let Some(parent) = Path::new(name).parent().filter(|parent| !parent.as_os_str().is_empty()) {
                    dir.create_dir_all(parent)?;
                }
                dir.rename(aside.join(number.to_string()), &dir, name)
            };
            put().map_err(PluginError::of_file(&path))?;
            placed.push(path);
        }
        Ok(placed)
    }
}

/// Checks the name of a file that a plugin wants to write: parts that are names of files in any directory, and lead nowhere else. An
/// error says in words what is wrong with it.
fn check_name(name: &str) -> Result<(), String> {
    let plain = |c: char| !c.is_control() && !matches!(c, '\\' | ':');
    let part = |part: &str| (1..=255).contains(&part.len()) && !part.starts_with('.') && part.chars().all(plain);
    match name.len() <= LONGEST_NAME && name.split('/').count() <= MOST_PARTS && name.split('/').all(part) {
        true => Ok(()),
        false => Err(format!("{name:?} is no name of a file below a directory")),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    fn written(directory: &Path, replace: bool, names: &[&str]) -> Result<Vec<PathBuf>, PluginError> {
        let mut output = Output::directory(directory, "all.md", replace)?;
        for name in names {
            output.begin(name).unwrap();
            output.write(name.as_bytes()).unwrap();
        }
        if names.is_empty() {
            output.write(b"first").unwrap();
        }
        Ok(output.finish()?.files)
    }

    #[test]
    fn names_lead_nowhere_but_below_the_directory() {
        for name in ["a.md", "notes/2026/a b.md", "ä.md"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        let long = "a".repeat(256);
        let deep = "a/".repeat(20) + "b";
        for name in [
            "",
            "/etc/passwd",
            "../a",
            "a/../../b",
            "a//b",
            "a/",
            ".hidden",
            "a\0b",
            "a\nb",
            "c:x",
            "a\\b",
            &long,
            &deep,
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn files_are_there_as_a_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let there = || std::fs::read_dir(directory.path()).unwrap().count();
        let mut output = Output::directory(directory.path(), "all.md", false).unwrap();
        output.begin("a.md").unwrap();
        output.write(b"half").unwrap();
        drop(output);
        assert_eq!(there(), 0);
        let placed = written(directory.path(), false, &["a.md", "sub/b.md"]).unwrap();
        assert_eq!(std::fs::read_to_string(&placed[1]).unwrap(), "sub/b.md");
        assert_eq!(there(), 2);
        assert!(matches!(written(directory.path(), false, &["c.md", "a.md"]), Err(PluginError::Existing(_))));
        assert_eq!(there(), 2);
        assert_eq!(written(directory.path(), true, &["c.md", "a.md"]).unwrap().len(), 2);
        let placed = written(directory.path(), false, &[]).unwrap();
        assert!(placed[0].ends_with("all.md"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_nowhere_and_a_device_is_not_written_to() {
        let directory = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), directory.path().join("link")).unwrap();
        std::os::unix::fs::symlink("/dev/null", directory.path().join("device")).unwrap();
        for name in ["link/a.md", "link", "device"] {
            assert!(written(directory.path(), true, &[name]).is_err(), "{name}");
        }
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_name_is_used_once_whatever_the_case_of_letters() {
        let directory = tempfile::tempdir().unwrap();
        let mut output = Output::directory(directory.path(), "all.md", false).unwrap();
        output.begin("a.md").unwrap();
        assert!(output.begin("A.md").is_err());
    }

    #[test]
    fn without_a_directory_there_are_no_files_and_a_stream() {
        let mut output = Output::stream().unwrap();
        assert!(output.begin("a.md").is_err());
        output.write(b"said").unwrap();
        let finished = output.finish().unwrap();
        assert_eq!(io::read_to_string(finished.stream.unwrap()).unwrap(), "said");
    }
}
