//! Tells from the text of a command which files it may have changed. That it may is all that is said: whether it ran, and what came
//! of it, no text tells; and what programs do that are not named here nobody knows.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::file_paths::{is_absolute, join};
use super::shell_scripts::{Command, Step, steps};

/// Shells in shells are followed so far.
const DEEPEST: usize = 4;

/// A file that a command may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The file; absolute where the text tells enough.
    pub path: String,
    /// What may have changed it: `sed -i`.
    pub by: String,
}

/// Returns the files that a script may have changed which ran in a directory.
pub fn script_writes(script: &str, directory: Option<&str>) -> Vec<Write> {
    let mut writing = Writing::default();
    writing.script(script, directory.map(ToString::to_string), 0);
    writing.found
}

/// Returns the files that a command of these words may have changed.
pub fn command_writes(words: &[&str], directory: Option<&str>) -> Vec<Write> {
    let words = words.iter().map(|word| Some(word.to_string())).collect();
    let mut writing = Writing { directory: directory.map(ToString::to_string), ..Writing::default() };
    writing.command(&Command { words, ..Command::default() }, 0);
    writing.found
}

#[derive(Default)]
struct Writing {
    /// Where the next command runs; none where that is not known.
    directory: Option<String>,
    found: Vec<Write>,
}

/// Words that stand before a command.
const BEFORE: [&str; 10] = ["if", "then", "else", "elif", "do", "while", "until", "{", "!", "time"];
/// Programs that run the command that follows them.
const RUNNERS: [&str; 6] = ["sudo", "env", "command", "nohup", "exec", "builtin"];

impl Writing {
    fn script(&mut self, script: &str, directory: Option<String>, depth: usize) {
        let outside = core::mem::replace(&mut self.directory, directory);
        let mut shells = Vec::new();
        for step in steps(script) {
            match step {
                Step::Open => shells.push(self.directory.clone()),
                Step::Close => self.directory = shells.pop().unwrap_or(self.directory.take()),
                Step::Command(command) => self.command(&command, depth),
            }
        }
        self.directory = outside;
    }

    fn add(&mut self, path: &str, by: &str) {
        if path.is_empty() || path.starts_with("/dev/") || path == "-" {
            return;
        }
        let write = Write { path: join(self.directory.as_deref(), path), by: by.into() };
        if !self.found.contains(&write) {
            self.found.push(write);
        }
    }

    fn command(&mut self, command: &Command, depth: usize) {
        let mut words = &*command.words;
        loop {
            match words {
                [Some(word), rest @ ..] if BEFORE.contains(&&**word) || is_assignment(word) => words = rest,
                [Some(word), rest @ ..] if RUNNERS.contains(&base_name(word)) => {
                    let options =
                        rest.iter().take_while(|word| word.as_deref().is_some_and(|word| word.starts_with('-')));
                    words = &rest[options.count()..];
                }
                _ => break,
            }
        }
        let Some((Some(program), arguments)) = words.split_first() else {
            self.outputs(command);
            return;
        };
        let known: Vec<&str> = arguments.iter().flatten().map(String::as_str).collect();
        match base_name(program) {
            // A comparison, not a redirection.
            "[[" | "for" | "case" => return,
            // What a patch changes is told of elsewhere.
            "apply_patch" | "applypatch" => return,
            "cd" | "pushd" => {
                let to = match arguments {
                    [Some(to)] if to != "-" => Some(to),
                    [Some(options), Some(to)] if options == "--" => Some(to),
                    _ => None,
                };
                let is_known = |to: &&String| is_absolute(to) || self.directory.is_some();
                self.directory = to.filter(is_known).map(|to| join(self.directory.as_deref(), to));
            }
            "bash" | "sh" | "zsh" | "dash" => {
                let at = known.iter().position(|word| word.starts_with('-') && word.ends_with('c'));
                if let Some(script) = at.and_then(|at| known.get(at + 1)).filter(|_| depth < DEEPEST) {
                    self.script(script, self.directory.clone(), depth + 1);
                }
            }
            "rm" | "unlink" | "rmdir" | "tee" => self.operands(&known, &[], base_name(program)),
            "touch" => self.operands(&known, &["-d", "-r", "-t", "--date", "--reference"], "touch"),
            "truncate" => self.operands(&known, &["-s", "-r", "--size", "--reference"], "truncate"),
            "mv" => {
                let sources = self.copied(&known, "mv");
                sources.iter().for_each(|source| self.add(source, "mv"));
            }
            "cp" | "install" | "ln" | "rsync" => drop(self.copied(&known, base_name(program))),
            "sed" | "gsed" => {
                let is_in_place = |word: &&str| word.starts_with("--in-place") || is_cluster_with(word, 'i');
                if known.iter().any(is_in_place) {
                    let has_script = known.iter().any(|word| ["-e", "-f", "--expression", "--file"].contains(word));
                    let operands = operands(&known, &["-e", "-f", "--expression", "--file"]);
                    operands.iter().skip(usize::from(!has_script)).for_each(|path| self.add(path, "sed -i"));
                }
            }
            "perl" | "ruby" if known.iter().any(|word| is_cluster_with(word, 'i')) => {
                // A cluster that ends with an e takes the script that follows.
                let mut files = Vec::new();
                let mut rest = known.iter();
                while let Some(word) = rest.next() {
                    match word.starts_with('-') {
                        true if word.ends_with(['e', 'E']) => drop(rest.next()),
                        true => {}
                        false => files.push(*word),
                    }
                }
                files.iter().for_each(|path| self.add(path, "perl -i"));
            }
            "dd" => known.iter().filter_map(|word| word.strip_prefix("of=")).for_each(|path| self.add(path, "dd")),
            "git" => self.git(&known, command.document.as_deref()),
            "patch" => self.patched(command.document.as_deref(), "patch"),
            _ => {}
        }
        self.outputs(command);
    }

    fn outputs(&mut self, command: &Command) {
        command.outputs.iter().flatten().for_each(|path| self.add(path, ">"));
    }

    fn operands(&mut self, words: &[&str], with_values: &[&str], by: &str) {
        operands(words, with_values).iter().for_each(|path| self.add(path, by));
    }

    /// Takes in where files are copied to, and returns them.
    fn copied<'a>(&mut self, words: &[&'a str], by: &str) -> Vec<&'a str> {
        let into = words.iter().position(|word| *word == "-t").and_then(|at| words.get(at + 1)).copied();
        let mut sources = operands(words, &["-t", "-m", "-o", "-g", "-S"]);
        let Some(to) = into.or_else(|| sources.pop()) else { return Vec::new() };
        let is_directory = into.is_some() || sources.len() > 1 || to.ends_with('/') || base_name(to).starts_with('.');
        if !is_directory {
            self.add(to, by);
        }
        // A name without a dot may be that of a directory.
        if is_directory || !base_name(to).contains('.') {
            let name = |source: &str| alloc::format!("{}/{}", to.trim_end_matches('/'), base_name(source));
            sources.iter().for_each(|source| self.add(&name(source), by));
        }
        sources
    }

    fn git(&mut self, words: &[&str], document: Option<&str>) {
        let directory = self.directory.clone();
        let mut words = words;
        while let [option, rest @ ..] = words {
            match *option {
                "-C" => {
                    let Some((to, rest)) = rest.split_first() else { return };
                    self.directory = self.directory.as_deref().map(|directory| join(Some(directory), to));
                    words = rest;
                }
                "-c" => words = rest.get(1..).unwrap_or_default(),
                option if option.starts_with('-') => words = rest,
                _ => break,
            }
        }
        if let Some((command, arguments)) = words.split_first() {
            let paths = arguments.iter().position(|word| *word == "--").map(|at| &arguments[at + 1..]);
            let by = alloc::format!("git {command}");
            match *command {
                "checkout" | "restore" => {
                    // Without a -- a name may be that of a branch.
                    let given = || operands(arguments, &["-s", "--source", "-b", "-B"]);
                    let paths = paths.map_or_else(
                        || {
                            given()
                                .into_iter()
                                .filter(|name| *command == "restore" || base_name(name).contains('.'))
                                .collect()
                        },
                        <[&str]>::to_vec,
                    );
                    paths.iter().for_each(|path| self.add(path, &by));
                }
                "rm" => self.operands(arguments, &[], &by),
                "mv" => {
                    let sources = self.copied(arguments, &by);
                    sources.iter().for_each(|source| self.add(source, &by));
                }
                "apply" | "am" => self.patched(document, &by),
                _ => {}
            }
        }
        self.directory = directory;
    }

    /// Takes in the files of a patch that stands in the script.
    fn patched(&mut self, patch: Option<&str>, by: &str) {
        for line in patch.unwrap_or_default().lines() {
            let file = line.strip_prefix("+++ ").or_else(|| line.strip_prefix("--- ")).map(str::trim_end);
            let Some(file) = file.filter(|file| *file != "/dev/null") else { continue };
            let file = file.split('\t').next().unwrap_or(file);
            self.add(file.strip_prefix("a/").or_else(|| file.strip_prefix("b/")).unwrap_or(file), by);
        }
    }
}

/// Words that are no options, nor the values of those that have one.
fn operands<'a>(words: &[&'a str], with_values: &[&str]) -> Vec<&'a str> {
    let (mut found, mut rest, mut are_over) = (Vec::new(), words.iter(), false);
    while let Some(&word) = rest.next() {
        match word {
            "--" if !are_over => are_over = true,
            option if !are_over && with_values.contains(&option) => drop(rest.next()),
            option if !are_over && option.len() > 1 && option.starts_with('-') => {}
            operand => found.push(operand),
        }
    }
    found
}

/// Says whether a word is options of one letter each, this one among them; what follows an `i` is no option any more.
fn is_cluster_with(word: &str, letter: char) -> bool {
    let options = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')).unwrap_or_default();
    options
        .split('.')
        .next()
        .is_some_and(|options| options.contains(letter) && options.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn base_name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::script_writes;
    use alloc::string::String;
    use alloc::vec::Vec;

    fn written(script: &str) -> Vec<String> {
        script_writes(script, Some("/w"))
            .into_iter()
            .map(|write| alloc::format!("{} {}", write.by, write.path))
            .collect()
    }

    #[test]
    fn what_a_command_may_have_changed_is_told_from_its_text() {
        for (script, expected) in [
            ("echo one > a.txt", &["> /w/a.txt"] as &[&str]),
            ("echo one >> 'a b.txt' 2>/dev/null", &["> /w/a b.txt"]),
            ("make &> build.log; true", &["> /w/build.log"]),
            ("ls 2>&1 | tee -a out/log", &["tee /w/out/log"]),
            ("cd src && sed -i 's/a > b/c/' one.rs two.rs", &["sed -i /w/src/one.rs", "sed -i /w/src/two.rs"]),
            ("sed -i.bak -e s/a/b/ -e s/c/d/ x", &["sed -i /w/x"]),
            ("sed -n -i'' s/a/b/ x", &["sed -i /w/x"]),
            ("perl -pi -e 's/a/b/' x y", &["perl -i /w/x", "perl -i /w/y"]),
            ("rm -rf build /x/y", &["rm /w/build", "rm /x/y"]),
            ("mv a.txt b.txt", &["mv /w/b.txt", "mv /w/a.txt"]),
            ("cp one.txt two.txt docs/", &["cp /w/docs/one.txt", "cp /w/docs/two.txt"]),
            ("cp one.txt docs", &["cp /w/docs", "cp /w/docs/one.txt"]),
            ("touch -r ref new.txt", &["touch /w/new.txt"]),
            ("git checkout -- src/a.rs", &["git checkout /w/src/a.rs"]),
            ("git -C sub restore a.rs", &["git restore /w/sub/a.rs"]),
            ("git apply <<'EOF'\n--- a/x.rs\n+++ b/x.rs\n@@\n-a\n+b > c\nEOF\nrm y", &["git apply /w/x.rs", "rm /w/y"]),
            ("cat > new.py <<EOF\nprint(1) > 2\nEOF\n", &["> /w/new.py"]),
            ("bash -lc \"echo x > a\"", &["> /w/a"]),
            ("(cd sub; touch a); touch b", &["touch /w/sub/a", "touch /w/b"]),
            ("FOO=1 sudo -E tee /etc/x", &["tee /etc/x"]),
            ("if true; then rm a; fi", &["rm /w/a"]),
            ("cd $HOME && rm a", &["rm a"]),
            ("dd if=/dev/zero of=disk.img", &["dd /w/disk.img"]),
        ] {
            assert_eq!(written(script), expected, "{script}");
        }
    }

    #[test]
    fn what_only_looks_like_a_change_is_none() {
        for script in [
            "grep 'a > b' x",
            "echo \"sed -i s/a/b/ x\"",
            "sed -n 1,5p x",
            "cat x | head",
            "ls > /dev/null 2>&1",
            "echo > $OUT",
            "rm *.tmp",
            "# rm x",
            "[[ a > b ]]",
            "diff <(ls a) <(ls b)",
            "git checkout main",
            "git status",
            "cat <<EOF\nrm x\nEOF",
            "echo $(date > x)",
            "apply_patch <<'EOF'\n*** Begin Patch\n*** Delete File: x\n*** End Patch\nEOF",
            "",
            "'",
            "\"$(",
            "<<",
            ">",
            "日本 \\",
        ] {
            assert_eq!(written(script), Vec::<String>::new(), "{script}");
        }
    }
}
