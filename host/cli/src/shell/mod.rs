//! Scripts by which a key of a shell opens the browser, and puts the command that goes on with a thread on the prompt line.
//!
//! A script is a file of its own in the shell's language, in which names between `@` stand for what differs: the key, as that
//! shell writes it, and how the program is called. Whether the key is free is asked in the shell that reads the script, for only
//! there all bindings are known; what is bound stays bound, unless it is forced. The scripts change no other binding, no option,
//! trap, prompt or alias, and nothing in them runs the line.

mod key;

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

pub(crate) use key::Key;

/// A shell that has a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// What a script is to do.
pub(crate) struct Script<'a> {
    pub(crate) key: &'a Key,
    /// Take the key though it is bound.
    pub(crate) is_forced: bool,
    /// Where the program is, where its name does not find it.
    pub(crate) program: Option<&'a str>,
}

impl Shell {
    /// Gives the script for this shell.
    pub(crate) fn script(self, script: &Script<'_>) -> String {
        let Script { key, is_forced, program } = script;
        let sequences = key.sequences();
        let values = [
            ("@KEY@", key.to_string()),
            ("@SEQUENCES@", self.list(&sequences)),
            ("@BEGINNINGS@", self.list(&key.beginnings())),
            ("@LENGTH@", sequences.iter().map(Vec::len).max().unwrap_or(0).to_string()),
            ("@NAME@", key.fish_name()),
            ("@NAMES_OF_BEGINNINGS@", key.fish_names_of_beginnings().join(" ")),
            ("@FORCED@", if *is_forced { "yes".into() } else { String::new() }),
            ("@PROGRAM@", program.map_or("threadkeep".into(), |program| self.quoted(program))),
        ];
        values.iter().fold(self.template().to_owned(), |text, (name, value)| text.replace(name, value))
    }

    fn template(self) -> &'static str {
        match self {
            Shell::Bash => include_str!("threadkeep.bash"),
            Shell::Zsh => include_str!("threadkeep.zsh"),
            Shell::Fish => include_str!("threadkeep.fish"),
        }
    }

    /// Gives what terminals send, as a list of words of this shell's.
    fn list(self, sequences: &[Vec<u8>]) -> String {
        let word = |sequence: &Vec<u8>| {
            let written: String = sequence.iter().map(|byte| self.byte(*byte)).collect();
            match self {
                Shell::Bash => format!("'{written}'"),
                Shell::Zsh => format!("\"{written}\""),
                Shell::Fish => written,
            }
        };
        sequences.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// Writes a byte of what terminals send as this shell itself does where it lists bindings.
    fn byte(self, byte: u8) -> String {
        let letter = |first: u8| char::from(byte.saturating_sub(1) + first);
        match (self, byte) {
            (Shell::Bash | Shell::Fish, 0x1b) => "\\e".into(),
            (Shell::Zsh, 0x1b) => "^[".into(),
            (Shell::Bash, 1..=26) => format!("\\C-{}", letter(b'a')),
            (Shell::Zsh, 1..=26) => format!("^{}", letter(b'A')),
            (Shell::Fish, 1..=26) => format!("\\c{}", letter(b'a')),
            (Shell::Fish, _) if !byte.is_ascii_alphanumeric() => format!("\\{}", char::from(byte)),
            _ => char::from(byte).to_string(),
        }
    }

    /// Quotes a word. What zsh runs stands in quotes as a whole, so it is quoted twice there.
    fn quoted(self, word: &str) -> String {
        let quoted = |word: &str| format!("'{}'", word.replace('\'', r"'\''"));
        match self {
            Shell::Bash => quoted(word),
            Shell::Zsh => quoted(word).replace('\'', r"'\''"),
            Shell::Fish => format!("'{}'", word.replace('\\', r"\\").replace('\'', r"\'")),
        }
    }
}

/// Says whether a program of this name is found by it: an executable file in one of the directories of `$PATH`.
pub(crate) fn is_found_by_name(name: &str, path: &OsStr) -> bool {
    programs_of_name(name, path).next().is_some()
}

/// Gives the programs of this name that are found by it, in the order in which a shell finds them.
pub(crate) fn programs_of_name(name: &str, path: &OsStr) -> impl Iterator<Item = PathBuf> {
    let is_executable = |file: &Path| {
        file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    };
    let directories: Vec<PathBuf> = std::env::split_paths(path).filter(|directory| directory.is_absolute()).collect();
    directories.into_iter().map(move |directory| directory.join(name)).filter(move |file| is_executable(file))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    fn script(shell: Shell, key: &str, program: Option<&str>) -> String {
        let key: Key = key.parse().unwrap();
        shell.script(&Script { key: &key, is_forced: false, program })
    }

    #[test]
    fn nothing_is_left_open_in_a_script() {
        for shell in Shell::value_variants() {
            for key in ["alt-j", "ctrl-x ctrl-t", "f1"] {
                let script = script(*shell, key, None);
                let is_name =
                    |part: &&str| part.len() > 1 && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
                assert_eq!(script.split('@').find(is_name), None, "{shell:?} {key}");
                assert!(script.contains(&format!("Threadkeep: {key} opens")), "{script}");
            }
        }
    }

    #[test]
    fn keys_are_written_as_each_shell_lists_them() {
        let written = |shell: Shell, key: &str| {
            let key: Key = key.parse().unwrap();
            (shell.list(&key.sequences()), shell.list(&key.beginnings()))
        };
        let pair = |first: &str, second: &str| (first.to_owned(), second.to_owned());
        assert_eq!(written(Shell::Bash, "ctrl-x ctrl-t"), pair(r"'\C-x\C-t'", r"'\C-x'"));
        assert_eq!(written(Shell::Bash, "f5"), pair(r"'\e[15~' '\e[[E'", ""));
        assert_eq!(written(Shell::Bash, "ctrl-alt-k"), pair(r"'\e\C-k'", ""));
        assert_eq!(written(Shell::Zsh, "ctrl-x t"), pair("\"^Xt\"", "\"^X\""));
        assert_eq!(written(Shell::Zsh, "alt-7"), pair("\"^[7\"", ""));
        assert_eq!(written(Shell::Fish, "ctrl-x ctrl-t"), pair(r"\cx\ct", r"\cx"));
        assert_eq!(written(Shell::Fish, "f5"), pair(r"\e\[15\~ \e\[\[E", ""));
    }

    #[test]
    fn what_zsh_reads_as_one_word_has_no_quote_in_it_but_those_of_the_program() {
        let begin = "'-c' '";
        for (program, inside) in
            [(None, "command threadkeep tui"), (Some("/a b/it's"), r"command '\''/a b/it'\''\'\'''\''s'\'' tui")]
        {
            let script = script(Shell::Zsh, "f1", program);
            let body = script.split_once(begin).unwrap().1.split_once("\n'\n").unwrap().0;
            assert!(body.contains(inside), "{body}");
            assert!(!body.replace(inside, "").contains('\''), "{body}");
        }
        assert!(script(Shell::Bash, "f1", Some("/it's")).contains(r"\command '/it'\''s' tui"));
        assert!(script(Shell::Fish, "f1", Some(r"/it's\")).contains(r"command '/it\'s\\' tui"));
    }

    #[test]
    fn a_program_is_found_by_its_name_where_a_directory_of_the_path_has_it() {
        let place = tempfile::tempdir().unwrap();
        let path = std::env::join_paths([Path::new("relative"), Path::new("/nowhere"), place.path()]).unwrap();
        assert!(!is_found_by_name("threadkeep", &path));
        std::fs::write(place.path().join("threadkeep"), "").unwrap();
        assert!(!is_found_by_name("threadkeep", &path), "it is not executable");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(place.path().join("threadkeep"), executable).unwrap();
        assert!(is_found_by_name("threadkeep", &path));
    }
}
