//! A person's shell in a terminal, with a stand-in for the program first in its path.

use std::fmt::{self, Debug, Formatter};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use support::terminal::Terminal;
use support::{Program, skipped};
use tempfile::TempDir;

/// What the stand-in gives for Enter.
pub(super) const CHOSEN: &str = "touch ran && cd '/tmp/dé là'";

/// Draws on the terminal as the browser does, below the line of the cursor, and takes a key: Enter, Esc, `f` to fail with a word, `n`
/// to fail without one.
const STAND_IN: &str = r#"#!/usr/bin/env bash
echo "$*" >> "$STAND_IN/asked"
exec 3<>/dev/tty
saved=$(stty -g <&3)
stty raw -echo <&3
printf '\r\n\033[J\033[?2004hBROWSER' >&3
IFS= read -r -d '' -n 1 key <&3
printf '\033[?2004l\r\033[J\033[A' >&3
stty "$saved" <&3
case $key in
    $'\r' | $'\n') cat "$STAND_IN/chosen" ;;
    $'\033') exit 130 ;;
    n) exit 7 ;;
    *) echo 'threadkeep: the home is not there' >&2; exit 1 ;;
esac
"#;

/// How lines are edited.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mode {
    Emacs,
    Vi,
}

/// A shell, and how it is asked what a test wants to know.
pub(super) struct Shell {
    pub(super) name: &'static str,
    /// Its words, and the file that it reads at its start.
    words: &'static [&'static str],
    rc: &'static str,
    /// What makes it edit lines so.
    emacs: &'static str,
    vi: &'static str,
    /// Defines `state FILE`, which writes all that has to stay, and F9, which writes cursor and line into the file `line`.
    functions: &'static str,
    /// The keys that begin a new line without running the first.
    pub(super) new_line: &'static [&'static str],
    /// The variable that has the last exit code.
    pub(super) exit_code: &'static str,
    /// How alt-j stands in the state, and how often where it is bound.
    pub(super) listed_key: &'static str,
    pub(super) keymaps: usize,
    /// Keys that the shell has bound itself in either mode, and what it says of them.
    pub(super) bound: [(&'static str, &'static str); 3],
}

pub(super) const SHELLS: [Shell; 3] = [
    Shell {
        name: "bash",
        words: &["--rcfile", "rc", "-i"],
        rc: "rc",
        emacs: "set -o emacs",
        vi: "set -o vi",
        functions: r#"
state() {
    local keymap
    {
        set -o; shopt; trap; alias; declare -p IFS PS1 PS2; declare -F; compgen -v; bind -v
        for keymap in emacs vi-insert vi-command; do
            { bind -m "$keymap" -p; bind -m "$keymap" -s; bind -m "$keymap" -X; } | sed "s/^/$keymap /"
        done
    } > "$1"
}
dump() { printf '%s\n%s' "$READLINE_POINT" "$READLINE_LINE" > line.new; mv line.new line; }
bind -m emacs -x '"\e[20~": dump'
bind -m vi-insert -x '"\e[20~": dump'
PS1='> '
trap 'true' USR1
"#,
        new_line: &["C-v", "C-j"],
        exit_code: "?",
        listed_key: r#""\ej""#,
        keymaps: 3,
        bound: [
            ("ctrl-t", "transpose-chars"),
            ("ctrl-r", "reverse-search-history"),
            ("ctrl-x", "the beginning of other keys"),
        ],
    },
    Shell {
        name: "zsh",
        words: &["-d", "-i"],
        rc: ".zshrc",
        emacs: "bindkey -e",
        vi: "bindkey -v",
        functions: r#"
state() {
    { setopt; alias -L; typeset -p IFS } > $1
    emulate -L zsh
    local keymap
    {
        trap; typeset -p PROMPT PROMPT2; print -l ${(ok)parameters} ${(ok)functions} ${(k)widgets[(R)user:*]}
        for keymap in main emacs viins vicmd isearch command; do
            bindkey -M $keymap -L | sed "s/^/$keymap /"
        done
    } >> $1
}
dump() { emulate -L zsh; print -rn -- "$CURSOR"$'\n'"$BUFFER" > line.new; mv line.new line }
zle -N dump
bindkey -M emacs '^[[20~' dump
bindkey -M viins '^[[20~' dump
PROMPT='> '
trap 'true' USR1
"#,
        new_line: &["C-v", "C-j"],
        exit_code: "?",
        listed_key: r#""^[j""#,
        keymaps: 4,
        bound: [("ctrl-l", "clear-screen"), ("ctrl-g", "(zsh, main: "), ("ctrl-x", "the beginning of other keys")],
    },
    Shell {
        name: "fish",
        words: &["-i"],
        rc: "fish/config.fish",
        emacs: "fish_default_key_bindings",
        vi: "fish_vi_key_bindings",
        functions: r#"
function state
    begin; builtin bind; functions --all; set --names; trap; end > $argv[1]
end
function dump
    begin; builtin commandline --cursor; builtin commandline; end > line.new; mv line.new line
end
set -g fish_greeting
set -g fish_autosuggestion_enabled 0
function fish_prompt; echo '> '; end
function fish_mode_prompt; end
if string match -q -r '^[0-3]\.' $version; set f9 \e\[20\~; else; set f9 f9; end
bind $f9 dump; bind -M insert $f9 dump
trap true USR1
"#,
        new_line: &["M-Enter"],
        exit_code: "status",
        listed_key: "__threadkeep_pick",
        keymaps: 3,
        bound: [("ctrl-x", "fish_clipboard_copy"), ("f1", "__fish_man_page"), ("ctrl-x ctrl-t", "fish_clipboard_copy")],
    },
];

impl Shell {
    /// The line that has the shell read the script.
    pub(super) fn script(&self, flags: &str) -> String {
        match self.name {
            "fish" => format!("$PROGRAM shell-init fish {flags} | source"),
            name => format!("eval \"$(\"$PROGRAM\" shell-init {name} {flags})\""),
        }
    }
}

/// Says on stderr where a shell is not here.
pub(super) fn is_here(shell: &str) -> bool {
    let mut command = Command::new(shell);
    let is_here = command.arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    if !is_here {
        skipped(&format!("no {shell}"));
    }
    is_here
}

/// A shell that is waiting for what is typed.
pub(super) struct Sitting {
    pub(super) shell: &'static Shell,
    pub(super) terminal: Terminal,
    mode: Mode,
    place: TempDir,
}

impl Debug for Sitting {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({:?})", self.shell.name, self.mode)
    }
}

impl Sitting {
    /// Starts a shell with settings of a person's; none, said on stderr, where it or a terminal is not here.
    pub(super) fn start(shell: &'static Shell, mode: Mode, settings: &str) -> Option<Sitting> {
        if !is_here(shell.name) {
            return None;
        }
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::create_dir_all(at("bin")).unwrap();
        fs::create_dir_all(at("fish")).unwrap();
        fs::write(at("bin/threadkeep"), STAND_IN).unwrap();
        fs::set_permissions(at("bin/threadkeep"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(at("chosen"), format!("{CHOSEN}\n")).unwrap();
        let edits = if matches!(mode, Mode::Emacs) { shell.emacs } else { shell.vi };
        fs::write(at(shell.rc), format!("{edits}\n{}{settings}", shell.functions)).unwrap();
        // Set here, since tmux takes its own path into the terminal.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([at("bin")].into_iter().chain(std::env::split_paths(&path))).unwrap();
        let mut command = Command::new("env");
        command.arg(format!("PATH={}", path.to_str().unwrap())).arg(shell.name).args(shell.words);
        command.current_dir(place.path()).env("LC_ALL", "C.UTF-8").env("PROGRAM", Program::new().path());
        for variable in ["HOME", "STAND_IN", "ZDOTDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
            command.env(variable, place.path());
        }
        let terminal = Terminal::start(&command)?;
        terminal.until("a prompt", |screen| screen.lines().any(|line| line.trim_end() == ">"));
        Some(Sitting { shell, terminal, mode, place })
    }

    /// Says whether there is a file of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.place.path().join(name).exists()
    }

    /// What a file of this name holds.
    pub(super) fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.place.path().join(name)).unwrap()).into_owned()
    }

    /// Waits for a file, and takes it.
    fn take(&self, name: &str) -> String {
        self.terminal.until(name, |_| self.has(name));
        let text = self.read(name);
        fs::remove_file(self.place.path().join(name)).unwrap();
        text
    }

    /// Types a line, runs it, and waits for its end.
    pub(super) fn enter(&self, line: &str) {
        self.terminal.type_text(&format!("{line}; echo > done.new; mv done.new done"));
        self.terminal.press(&["Enter"]);
        self.take("done");
    }

    /// Presses what opens the browser, and a key that ends it; gives cursor and line afterwards.
    pub(super) fn browse(&self, opens: &[&str], ends: &str) -> (usize, String) {
        self.terminal.press(opens);
        self.terminal.shows("BROWSER");
        self.terminal.press(&[ends]);
        self.terminal.until("the browser's end", |screen| !screen.contains("BROWSER"));
        self.line()
    }

    /// Where the cursor stands, in characters, and what is on the line.
    pub(super) fn line(&self) -> (usize, String) {
        self.terminal.press(&["F9"]);
        let text = self.take("line");
        let (cursor, line) = text.split_once('\n').unwrap();
        let line = if self.shell.name == "fish" { line.strip_suffix('\n').unwrap() } else { line };
        (cursor.parse().unwrap(), line.to_owned())
    }

    /// All that has to stay as it is.
    pub(super) fn state(&self) -> String {
        self.enter("state now");
        self.take("now")
    }

    /// What the stand-in was asked for, call by call.
    pub(super) fn asked(&self) -> Vec<String> {
        self.read("asked").lines().map(String::from).collect()
    }
}
