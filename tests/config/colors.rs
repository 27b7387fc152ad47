//! Where colours are, and where none are.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use support::{Collection, Rollout};

use super::world;

/// What a command writes to a terminal.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "a terminal of one's own has no safe form here")]
fn on_a_terminal(mut command: std::process::Command) -> String {
    use std::io::Read as _;
    use std::os::fd::{FromRawFd as _, OwnedFd};
    let (mut ours, mut its) = (-1, -1);
    use std::ptr::{null, null_mut};
    // SAFETY: both numbers are written to before they are read, and what is null is left out.
    let (ours, its) = unsafe {
        assert_eq!(libc::openpty(&mut ours, &mut its, null_mut(), null(), null()), 0);
        (OwnedFd::from_raw_fd(ours), OwnedFd::from_raw_fd(its))
    };
    // A pager writes escape codes of its own.
    command.env("PAGER", "cat");
    let mut child = command.stdout(its.try_clone().unwrap()).stderr(its).spawn().unwrap();
    // What is held open here would never end.
    drop(command);
    let mut text = Vec::new();
    // It ends with an error, as terminals do when their program is gone.
    let _ = fs::File::from(ours).read_to_end(&mut text);
    child.wait().unwrap();
    String::from_utf8(text).unwrap().replace("\r\n", "\n")
}

/// A text without the codes that give it colours.
fn without_colors(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').unwrap().1)
}

#[test]
fn colors_are_where_they_are_asked_for() {
    let world = world();
    let (program, always, never) = (&world.program, "THREADKEEP_COLOR=always", "THREADKEEP_COLOR=never");
    let plain = program.run(["list"]).well().stdout;
    let check = |variables: &[&str], arguments: &[&str], has_colors: bool| {
        let variables = variables.iter().map(|variable| variable.split_once('=').unwrap());
        let output = program.command([arguments, &["list"]].concat()).envs(variables.clone()).output().unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        let case = variables.collect::<Vec<_>>();
        assert!(output.status.success(), "{case:?} {arguments:?}");
        assert_eq!(shown.contains('\u{1b}'), has_colors, "{case:?} {arguments:?}: {shown}");
        assert!(arguments.contains(&"--json") || without_colors(&shown) == plain, "{case:?} {arguments:?}: {shown}");
    };
    check(&[], &[], false);
    check(&[], &["--color", "auto"], false);
    check(&[], &["--color=always"], true);
    check(&["CLICOLOR_FORCE=1"], &[], true);
    check(&["CLICOLOR_FORCE=0"], &[], false);
    check(&["CLICOLOR_FORCE="], &[], false);
    check(&["CLICOLOR_FORCE=1", "NO_COLOR=1"], &[], false);
    check(&["CLICOLOR_FORCE=1", "NO_COLOR="], &[], true);
    check(&["CLICOLOR_FORCE=1"], &["--color", "never"], false);
    check(&[always], &[], true);
    check(&[always, "NO_COLOR=1"], &[], true);
    check(&[always], &["--color", "auto"], false);
    check(&[never, "CLICOLOR_FORCE=1"], &[], false);
    check(&[never], &["--color", "always"], true);
    check(&[always, "CLICOLOR_FORCE=1"], &["--json", "--color", "always"], false);
    world.set("color", "always");
    check(&[], &[], true);
    check(&["NO_COLOR=1"], &[], true);
    check(&[never], &[], false);
    check(&[], &["--color", "never"], false);
    check(&[], &["--json"], false);
    program.run(["--color", "sometimes", "list"]).ended(2);
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_has_colors_unless_somebody_says_otherwise() {
    let world = world();
    let shown = |variable: (&str, &str), arguments: &[&str]| {
        let mut command = world.program.command(arguments);
        command.env(variable.0, variable.1);
        on_a_terminal(command)
    };
    let xterm = ("TERM", "xterm");
    let list = shown(xterm, &["list"]);
    assert_eq!(list.matches("\u{1b}[1m019ca8a0-0000\u{1b}[0m").count(), 5, "{list}");
    assert!(shown(("NO_COLOR", ""), &["list"]).contains('\u{1b}'));
    let failed = shown(xterm, &["find", "nobody"]);
    assert!(failed.starts_with("\u{1b}[1m\u{1b}[31mthreadkeep:\u{1b}[0m "), "{failed:?}");
    for (variable, arguments) in [
        (("NO_COLOR", "1"), &["list"][..]),
        (("TERM", "dumb"), &["list"]),
        (("THREADKEEP_COLOR", "never"), &["list"]),
        (xterm, &["list", "--color", "never"]),
        (xterm, &["list", "--json"]),
        (xterm, &["find", "nobody", "--json"]),
        (("CLICOLOR_FORCE", "1"), &["list", "--nothing", "--json"]),
        (("NO_COLOR", "1"), &["find", "nobody"]),
        (("NO_COLOR", "1"), &["list", "--nothing"]),
    ] {
        let text = shown(variable, arguments);
        assert!(!text.is_empty() && !text.contains('\u{1b}'), "{variable:?} {arguments:?}: {text:?}");
    }
}

#[test]
fn only_what_a_person_looks_for_has_a_color_and_no_text_from_outside_brings_one() {
    let world = world();
    let id = "019ca8a0-0000-7000-8000-000000000009";
    let talk = Rollout::paginated(id).user("\u{1b}[31mred\u{1b}[0m kite").tokens(1);
    let path = talk.write(world.home.path(), Collection::Active);
    let codex = support::CodexDb::create(world.home.path(), false);
    codex.thread(world.home.path(), &talk, Collection::Active, None);
    drop(codex);
    let run = |arguments: &[&str]| world.program.run([&["--color", "always"], arguments].concat());
    let list = run(&["list"]).well().stdout;
    assert_eq!((list.lines().count(), list.matches('\u{1b}').count()), (6, 12), "{list:?}");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.trim_end().to_owned() + "\n{\"\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let db = rusqlite::Connection::open(world.home.path().join("state_5.sqlite")).unwrap();
    db.execute("UPDATE threads SET rollout_path = rollout_path || '-'", []).unwrap();
    drop(db);
    let doctor = run(&["doctor"]).stdout;
    assert!(doctor.contains("\u{1b}[1m\u{1b}[31merror\u{1b}[0m: stale-path (1)"), "{doctor:?}");
    assert!(doctor.contains("\u{1b}[36minfo\u{1b}[0m: open-to-others ("), "{doctor:?}");
    assert!(doctor.contains("\u{1b}[1m\u{1b}[33mwarning\u{1b}[0m: bad-line (1)"), "{doctor:?}");
    assert_eq!(without_colors(&doctor), world.program.run(["doctor"]).stdout);
    let plan = run(&["repair", "plan", "--target", "codex"]).well().stdout;
    assert!(plan.contains("\u{1b}[1mmissing-row\u{1b}[0m: 5\n"), "{plan:?}");
    for (arguments, begin) in [
        (&["find", "nobody"][..], "\u{1b}[1m\u{1b}[31mthreadkeep:\u{1b}[0m "),
        (&["find", "no\u{1b}[31mbody"], "\u{1b}[1m\u{1b}[31mthreadkeep:\u{1b}[0m "),
        (&["list", "--nothing"], "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m "),
    ] {
        let told = run(arguments).stderr;
        assert!(told.starts_with(begin), "{told:?}");
        assert!(!without_colors(&told).contains('\u{1b}'), "{told:?}");
        let document = run(&[&["--json"], arguments].concat()).stderr;
        assert!(document.starts_with('{') && !document.contains('\u{1b}'), "{document:?}");
    }
}
