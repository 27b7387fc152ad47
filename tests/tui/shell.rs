//! In a shell of a real terminal: it is stopped and goes on, and what stood there before stands there again.

use std::process::Command;

use support::terminal::Terminal;

use super::{World, executable};

/// An interactive shell, in which `browse` starts the browser; none where there is no terminal.
fn shell(world: &World) -> Option<Terminal> {
    let plain = world.command(&["tui"]);
    let mut script = "#!/bin/sh\necho $$ > process\nexec".to_owned();
    for word in std::iter::once(plain.get_program()).chain(plain.get_args()) {
        script.push_str(&format!(" '{}'", word.to_str().unwrap()));
    }
    executable(&world.place.path().join("browse"), &script);
    let mut command = Command::new("/bin/sh");
    command.arg("-i").current_dir(world.place.path());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env_remove("COLUMNS").envs([("PS1", "shell> "), ("LC_ALL", "C.UTF-8"), ("PATH", "/usr/bin:/bin")]);
    command.env("ENV", "/dev/null");
    let terminal = Terminal::start_sized(&command, 100, 30)?;
    terminal.shows("shell>");
    Some(terminal)
}

fn typed(terminal: &Terminal, line: &str) {
    terminal.type_text(line);
    terminal.press(&["Enter"]);
}

/// The shell's prompt is the last that stands there, and the terminal is the shell's.
#[track_caller]
fn is_the_shells(terminal: &Terminal) {
    terminal.until("the shell", |screen| screen.trim_end().ends_with("shell>"));
    assert_eq!(terminal.told("#{alternate_on} #{cursor_flag} #{mouse_any_flag}"), "0 1 0");
    typed(
        terminal,
        "stty -a | grep -c -e '-icanon' -e ' -echo ' -e '-isig' -e '-icrnl' -e '-opost' | sed 's/^/off: /'",
    );
    terminal.shows("off: 0");
    typed(terminal, "clear");
    terminal.until("nothing", |screen| screen.trim() == "shell>");
}

#[test]
fn it_is_stopped_and_goes_on_with_what_was_typed() {
    let world = World::of_months();
    let Some(terminal) = shell(&world) else { return };
    typed(&terminal, "echo before; ./browse");
    terminal.shows("December");
    terminal.type_text("octo");
    terminal.until("October alone", |screen| screen.contains("October") && !screen.contains("November"));
    for _ in 0..3 {
        terminal.press(&["C-z"]);
        let shown = terminal.until("a stopped job", |screen| screen.contains("before") && screen.contains("topped"));
        assert!(!shown.contains("October"), "{shown}");
        is_the_shells(&terminal);
        typed(&terminal, "echo before; fg");
        let shown = terminal.until("October again", |screen| screen.contains("October"));
        assert!(shown.lines().next().unwrap().contains("octo") && !shown.contains("before"), "{shown}");
        assert_eq!(terminal.told("#{alternate_on}"), "1");
    }
    // Keys still come one by one.
    terminal.press(&["BSpace", "BSpace", "BSpace", "BSpace"]);
    terminal.shows("November");
    terminal.press(&["C-c"]);
    is_the_shells(&terminal);
}

#[test]
fn a_terminal_that_changed_its_size_meanwhile_is_filled_when_it_goes_on() {
    let world = World::of_months();
    let Some(terminal) = shell(&world) else { return };
    typed(&terminal, "./browse");
    terminal.shows("December");
    terminal.press(&["C-z"]);
    terminal.shows("topped");
    terminal.resize(70, 12);
    typed(&terminal, "fg");
    terminal.until("the whole screen", |screen| {
        let lines: Vec<&str> = screen.lines().collect();
        screen.contains("December") && lines.len() == 12 && lines[11].chars().any(|c| c.is_ascii_digit())
    });
    terminal.press(&["C-c"]);
    is_the_shells(&terminal);
}

#[test]
fn what_is_killed_or_stopped_from_elsewhere_gives_the_terminal_back() {
    let world = World::of_months();
    let Some(terminal) = shell(&world) else { return };
    for signal in ["TERM", "HUP"] {
        typed(&terminal, &format!("(sleep 1; kill -{signal} $(cat process)) & ./browse"));
        terminal.shows("December");
        is_the_shells(&terminal);
    }
    typed(&terminal, "(sleep 1; kill -TSTP $(cat process)) & ./browse");
    terminal.shows("December");
    terminal.shows("topped");
    is_the_shells(&terminal);
    typed(&terminal, "fg");
    terminal.shows("December");
    terminal.press(&["C-c"]);
    is_the_shells(&terminal);
}
