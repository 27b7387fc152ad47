//! A key of the shell opens the browser and puts what it gives on the prompt line: in real shells, in a terminal, with a stand-in
//! for the browser.

mod sitting;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use support::Program;

use sitting::{CHOSEN, Mode, SHELLS, Sitting};

/// Every shell that is here, in both of its modes of editing.
fn every_sitting(settings: impl Fn(&str) -> &'static str, then: impl Fn(Sitting)) {
    for shell in &SHELLS {
        for mode in [Mode::Emacs, Mode::Vi] {
            Sitting::start(shell, mode, settings(shell.name)).into_iter().for_each(&then);
        }
    }
}

/// Settings that break scripts which rely on their absence.
fn odd_settings(shell: &str) -> &'static str {
    match shell {
        "bash" => {
            "set -u; set -o noglob; IFS=o\n\
             alias local=false builtin=false command=false printf=false bind=false return=false unset=false\n"
        }
        "zsh" => {
            "setopt ksh_arrays sh_word_split no_unset prompt_subst ignore_braces extended_glob; IFS=o\n\
             alias -g local=false emacs=nothing held=nothing; alias builtin=false command=false for=false case=false\n"
        }
        // What fish itself uses cannot be another in it.
        _ => "function printf; end; function threadkeep; echo another; end;\n",
    }
}

/// A prompt of two rows.
fn tall_prompt(shell: &str) -> &'static str {
    match shell {
        "bash" => "PS1='above\\n> '\n",
        "zsh" => "PROMPT=$'above\\n> '\n",
        _ => "function fish_prompt; echo above; echo '> '; end\n",
    }
}

/// The lines that stand in one text alone, and those that stand in the other alone.
fn differences<'a>(one: &'a str, other: &'a str) -> (Vec<&'a str>, Vec<&'a str>) {
    let lines = |text: &'a str| text.lines().collect::<BTreeSet<_>>();
    let (one, other) = (lines(one), lines(other));
    (one.difference(&other).copied().collect(), other.difference(&one).copied().collect())
}

#[test]
fn the_key_puts_the_command_on_the_line_and_nothing_is_run() {
    for settings in [|_: &str| "", odd_settings] {
        every_sitting(settings, |sitting| {
            sitting.enter(&sitting.shell.script(""));
            sitting.terminal.type_text("some words");
            let line = sitting.browse(&["M-j"], "Enter");
            assert_eq!(line, (CHOSEN.chars().count(), CHOSEN.to_owned()), "{sitting:?}");
            assert!(!sitting.has("ran"), "{sitting:?}: it was run");
            // It is what Enter runs.
            sitting.terminal.press(&["Enter"]);
            sitting.terminal.until("the command's end", |_| sitting.has("ran"));
            assert_eq!(sitting.asked(), ["tui --pick"], "{sitting:?}");
        });
    }
}

#[test]
fn with_esc_line_and_cursor_are_what_they_were() {
    for settings in [|_: &str| "", odd_settings, tall_prompt] {
        every_sitting(settings, |sitting| {
            sitting.enter(&sitting.shell.script(""));
            assert_eq!(sitting.browse(&["M-j"], "Escape"), (0, String::new()), "{sitting:?}");
            sitting.terminal.type_text("echo \"hé llo wörld");
            sitting.terminal.press(sitting.shell.new_line);
            sitting.terminal.type_text("日本語 e\u{301}\" > ran");
            sitting.terminal.press(&["Left"; 9]);
            let before = sitting.line();
            assert_eq!(before.1, "echo \"hé llo wörld\n日本語 e\u{301}\" > ran", "{sitting:?}");
            assert!((19..=23).contains(&before.0), "{sitting:?}: {}", before.0);
            let screen = sitting.terminal.shows("日本語");
            assert_eq!(sitting.browse(&["M-j"], "Escape"), before, "{sitting:?}");
            sitting.terminal.until("what it did before", |now| now == screen);
            assert!(!sitting.has("ran"), "{sitting:?}: it was run");
        });
    }
}

#[test]
fn other_bindings_options_traps_prompts_and_aliases_are_what_they_were() {
    for settings in [|_: &str| "", odd_settings] {
        every_sitting(settings, |sitting| {
            let before = sitting.state();
            sitting.enter(&sitting.shell.script(""));
            // Twice is once.
            sitting.enter(&sitting.shell.script(""));
            sitting.browse(&["M-j"], "Escape");
            let after = sitting.state();
            let (gone, new) = differences(&before, &after);
            let (ours, others): (Vec<_>, Vec<_>) = new.into_iter().partition(|line| line.contains("threadkeep"));
            assert_eq!((gone, others), (vec![], vec![]), "{sitting:?}");
            let bindings = ours.iter().filter(|line| line.contains(sitting.shell.listed_key)).count();
            assert_eq!(bindings, sitting.shell.keymaps, "{sitting:?}: {ours:?}");
            assert!(!sitting.terminal.screen().contains("is bound"), "{}", sitting.terminal.screen());
        });
    }
}

#[test]
fn what_is_pasted_afterwards_is_not_run() {
    every_sitting(
        |_| "",
        |sitting| {
            sitting.enter(&sitting.shell.script(""));
            sitting.browse(&["M-j"], "Escape");
            sitting.terminal.paste("touch ran\ntouch ran\n");
            assert!(sitting.line().1.starts_with("touch ran\ntouch ran"), "{sitting:?}");
            assert!(!sitting.has("ran"), "{sitting:?}: it was run");
        },
    );
}

#[test]
fn what_the_key_leaves_behind_is_the_exit_code_of_before() {
    every_sitting(
        |_| "",
        |sitting| {
            sitting.enter(&sitting.shell.script(""));
            sitting.terminal.type_text("false");
            sitting.terminal.press(&["Enter"]);
            sitting.browse(&["M-j"], "Escape");
            sitting.enter(&format!("echo \"code ${}\" > code", sitting.shell.exit_code));
            assert_eq!(sitting.read("code"), "code 1\n", "{sitting:?}");
        },
    );
}

#[test]
fn a_failure_of_the_program_is_told_and_the_line_stays() {
    for settings in [|_: &str| "", tall_prompt] {
        every_sitting(settings, |sitting| {
            sitting.enter(&sitting.shell.script(""));
            sitting.terminal.type_text("some words");
            sitting.terminal.press(&["Left"]);
            for (key, said) in [("f", "threadkeep: the home is not there"), ("n", "ended with exit code 7")] {
                assert_eq!(sitting.browse(&["M-j"], key), (9, "some words".to_owned()), "{sitting:?}");
                sitting.terminal.until("the words behind what is said", |screen| {
                    screen.contains(said) && screen.rfind(said) < screen.rfind("some words")
                });
            }
        });
    }
}

#[test]
fn what_is_bound_stays_bound_unless_it_is_forced() {
    every_sitting(
        |_| "",
        |sitting| {
            let before = sitting.state();
            let refused = |key: &str, by: &str| {
                sitting.enter(&sitting.shell.script(&format!("--key '{key}'")));
                let screen = sitting.terminal.shows(&format!("{key} is bound in this shell ({}", sitting.shell.name));
                assert!(screen.replace('\n', "").contains(by), "{sitting:?}: {key}\n{screen}");
                assert_eq!(differences(&before, &sitting.state()), (vec![], vec![]), "{sitting:?}: {key}");
                sitting.enter("printf '\\033[2J\\033[H'");
            };
            for (key, by) in sitting.shell.bound {
                refused(key, by);
            }
            let [(key, _), ..] = sitting.shell.bound;
            sitting.enter(&sitting.shell.script(&format!("--key {key} --force")));
            // What is bound to this script's own function is not bound by another.
            sitting.enter(&sitting.shell.script(&format!("--key {key}")));
            assert_eq!(sitting.browse(&[&key.replace("ctrl-", "C-")], "Enter").1, CHOSEN, "{sitting:?}");
            assert!(!sitting.terminal.screen().contains("is bound"), "{}", sitting.terminal.screen());
        },
    );
}

#[test]
fn what_a_person_has_bound_stays_so() {
    every_sitting(
        |shell| match shell {
            "bash" => "bind -m vi-command '\"\\ej\": \"my own words\"'\n",
            "zsh" => "bindkey -M vicmd -s '^[j' 'my own words'\n",
            _ => "function fish_user_key_bindings; bind -M insert \\ej 'echo my own words'; end\n",
        },
        |sitting| {
            sitting.enter(&sitting.shell.script(""));
            let screen = sitting.terminal.shows("alt-j is bound in this shell");
            assert!(screen.replace('\n', "").contains("my own words"), "{sitting:?}:\n{screen}");
        },
    );
}

#[test]
fn every_kind_of_key_opens_the_browser() {
    every_sitting(
        |_| "",
        |sitting| {
            for (key, pressed) in [("ctrl-alt-o", &["C-M-o"][..]), ("f6", &["F6"]), ("ctrl-o t", &["C-o", "t"])] {
                sitting.enter(&sitting.shell.script(&format!("--force --key '{key}'")));
                sitting.browse(pressed, "Escape");
            }
            assert_eq!(sitting.asked(), ["tui --pick"; 3], "{sitting:?}");
        },
    );
}

#[test]
fn a_shell_without_a_person_is_left_alone() {
    let program = Program::new();
    for (shell, words, names) in [
        ("bash", &["--norc", "-c"][..], "declare -F"),
        ("zsh", &["-f", "-c"], "functions; bindkey | grep threadkeep"),
        ("fish", &["-c"], "functions --all | string match '*threadkeep*'; bind | string match '*threadkeep*'"),
    ] {
        if !sitting::is_here(shell) {
            continue;
        }
        let script = program.run(["shell-init", shell]).well().stdout;
        let mut command = Command::new(shell);
        command.args(words).arg(format!("{script}\n{names}\necho end")).env("HOME", program.place());
        let ran = command.env_remove("XDG_CONFIG_HOME").output().unwrap();
        assert_eq!(String::from_utf8_lossy(&ran.stdout), "end\n", "{shell}");
        assert_eq!(String::from_utf8_lossy(&ran.stderr), "", "{shell}");
    }
}

#[test]
fn a_key_that_everybody_needs_is_refused_with_the_reason() {
    let program = Program::new();
    for (key, why) in [
        ("up", "goes back in the history"),
        ("Up", "goes back in the history"),
        ("down", "goes forward in the history"),
        ("enter", "runs the line"),
        ("ctrl-m", "runs the line"),
        ("tab", "completes words"),
        ("ctrl-c", "interrupts programs"),
        ("ctrl-d", "ends the shell"),
        ("ctrl-z", "stops programs"),
        ("backspace", "takes characters away"),
        ("escape", "other keys"),
        ("j", "is typed"),
        ("hyper-j", "no key that every terminal sends alike"),
    ] {
        for shell in &SHELLS {
            let refused = program.run(["shell-init", shell.name, "--key", key, "--force"]).ended(2);
            assert!(refused.stderr.contains("--key") && refused.stderr.contains(why), "{key}: {refused:?}");
            assert_eq!(refused.stdout, "", "{key}");
        }
    }
}

#[test]
fn the_program_is_called_by_its_name_where_that_finds_it_and_else_by_its_path() {
    let (found, lost) = (Program::new(), Program::new().variable("PATH", "/nowhere"));
    let directory = found.path().parent().map(Path::to_path_buf).unwrap();
    let found = found.variable("PATH", directory);
    for shell in &SHELLS {
        let script = |program: &Program| program.run(["shell-init", shell.name]).well().stdout;
        assert!(script(&found).contains("command threadkeep tui --pick"), "{}", shell.name);
        let path = lost.path().canonicalize().unwrap();
        let by_path = script(&lost);
        let line = by_path.lines().find(|line| line.contains("tui --pick")).unwrap();
        assert!(line.contains(path.to_str().unwrap()), "{line}");
    }
}
