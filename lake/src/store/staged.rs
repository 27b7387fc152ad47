//! What a killed write to a directory leaves: a file beside its name, with a number behind it, that no listing shows.

use std::path::Path;
use std::time::UNIX_EPOCH;

/// Deletes such files in a directory and below, if they are older than a moment in milliseconds. What cannot be deleted is left
/// for the next time.
pub(crate) fn delete(directory: &Path, before: i64) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return 0;
    };
    let mut deleted = 0;
    for entry in entries.flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            deleted += delete(&entry.path(), before);
            continue;
        }
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let old = modified.is_some_and(|age| i64::try_from(age.as_millis()).is_ok_and(|modified| modified < before));
        if old && is_staged(&entry.file_name().to_string_lossy()) && std::fs::remove_file(entry.path()).is_ok() {
            deleted += 1;
        }
    }
    deleted
}

fn is_staged(name: &str) -> bool {
    name.rsplit_once('#').is_some_and(|(name, number)| {
        (name.ends_with(".parquet") || name.ends_with(".json")) && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::delete;

    #[test]
    fn only_what_is_staged_and_old_goes() {
        let directory = tempfile::tempdir().expect("a directory");
        let below = directory.path().join("month=2026-11");
        std::fs::create_dir(&below).expect("a directory");
        for name in ["a.parquet", "a.parquet#1", "b.json#22", "c#1", "notes.parquet#x"] {
            std::fs::write(below.join(name), "x").expect("a file");
        }
        assert_eq!(delete(directory.path(), 0), 0);
        assert_eq!(delete(directory.path(), i64::MAX), 2);
        assert_eq!(std::fs::read_dir(&below).expect("the directory").count(), 3);
    }
}
