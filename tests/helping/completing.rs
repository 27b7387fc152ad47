//! Completions: what shells are given, that nothing is touched for it, and that it comes at once.

use std::fs;
use std::process::Output;
use std::time::{Duration, Instant};

use support::{Program, listing, skipped};

use super::{Person, text};

/// A person whose index is filled, with tags.
fn person() -> Person {
    let person = Person::new();
    for line in ["init", "tag 019c3e24 +tests +clock", "tag 'The pump' +todo", "config set homes.work ~/work"] {
        let ended = person.shell(&format!("threadkeep {line}"));
        assert!(ended.status.success(), "{line}: {ended:?}");
    }
    person
}

/// Asks as the script of a shell does.
fn ask(person: &Person, shell: &str, words: &[&str]) -> Output {
    let mut command = person.command("threadkeep");
    command
        .env("THREADKEEP_COMPLETE", shell)
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_IFS", "\n");
    command.args(["--", "threadkeep"]).args(words).output().unwrap()
}

/// What is offered for the last word, without what it is told to be.
fn offered(person: &Person, shell: &str, words: &[&str]) -> Vec<String> {
    let asked = ask(person, shell, words);
    assert!(asked.status.success() && asked.stderr.is_empty(), "{shell} {words:?}: {asked:?}");
    text(&asked.stdout).lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn ids_names_directories_codes_tags_settings_and_homes_are_offered() {
    let person = person();
    let cases: [(&[&str], &[&str]); 15] = [
        (&["read", "019c3"], &["019c3e24-99df-7f63-a580-bb858c373c2d"]),
        (&["archive", "019c3e24", "019bac6"], &["019bac64-1a96-7688-9f15-f748e03d8586"]),
        (&["find", "The p"], &["The pump"]),
        (&["--json", "why", "straw"], &["Strawberries stay"]),
        (&["list", "--cwd", "/home/robin/src/t"], &["/home/robin/src/tides"]),
        (&["list", "--branch", ""], &["spring-tides", "main"]),
        (&["list", "--tag", "t"], &["tests", "todo"]),
        (&["tag", "019c3e24", "+cl"], &["+clock"]),
        (&["doctor", "--explain", "stale"], &["stale-path"]),
        (&["doctor", "--only", "stale-path,wal"], &["stale-path,wal-large"]),
        (&["repair", "plan", "--with", "open"], &["open-to-others"]),
        (&["config", "get", "list.so"], &["list.sort", "list.source"]),
        (&["config", "get", "homes."], &["homes.work"]),
        (&["help", "exit"], &["exit-codes"]),
        (&["--home", "wor"], &["work"]),
    ];
    for (words, expected) in cases {
        let found = offered(&person, "fish", words);
        for wanted in expected {
            assert!(found.contains(&(*wanted).to_owned()), "{words:?}: {found:?}");
        }
        let typed = words.last().unwrap();
        let fits = |word: &String| word.to_lowercase().starts_with(&typed.to_lowercase()) || word.starts_with('-');
        assert!(found.iter().all(fits), "{words:?}: {found:?}");
    }
    let all = offered(&person, "fish", &["read", ""]);
    assert!(all[0].starts_with("019d4815") || all[0].starts_with("019d3aa0"), "the newest is first: {all:?}");
    let told = text(&ask(&person, "fish", &["read", "019c3"]).stdout);
    assert!(told.contains("\tThe tests fail on my sister's laptop"), "{told}");
    // What the file system has is offered beside it.
    fs::create_dir(person.path("work/garden")).unwrap();
    assert_eq!(offered(&person, "fish", &["list", "--under", "gar"]), ["garden/"]);
}

#[test]
fn the_home_of_the_command_line_is_the_one_that_is_asked() {
    let (person, other) = (person(), tempfile::tempdir().unwrap());
    let elsewhere = other.path().to_str().unwrap();
    let words = ["--home", elsewhere, "read", "019c3"];
    assert_eq!(offered(&person, "fish", &words), Vec::<String>::new());
    let own = person.home();
    assert_eq!(offered(&person, "fish", &["--home", own.to_str().unwrap(), "read", "019c3"]).len(), 1);
    assert_eq!(offered(&person, "fish", &["--no-state", "read", "019c3"]), Vec::<String>::new());
}

#[test]
fn nothing_is_created_changed_or_said_whatever_there_is() {
    let filled = person();
    let unfilled = Person::new();
    let homeless = Person::new();
    fs::remove_dir_all(homeless.home()).unwrap();
    let damaged = person();
    fs::write(damaged.home().join("threadkeep/state.sqlite"), "no database at all").unwrap();
    for (name, person) in [("filled", &filled), ("unfilled", &unfilled), ("homeless", &homeless), ("damaged", &damaged)]
    {
        let before = listing(person.place.path());
        for shell in ["bash", "zsh", "fish", "powershell"] {
            for words in [
                &["read", "019"][..],
                &["list", "--tag", ""],
                &["plugin", "remove", ""],
                &["lis"],
                &["export", "--to", ""],
            ] {
                offered(person, shell, words);
            }
        }
        let after = listing(person.place.path());
        assert_eq!(before, after, "{name}");
    }
    // While somebody is at the state DB, it is read as everybody reads it.
    let open = rusqlite::Connection::open(filled.home().join("threadkeep/state.sqlite")).unwrap();
    open.execute_batch("BEGIN IMMEDIATE; CREATE TABLE passing (it); DROP TABLE passing; COMMIT; BEGIN IMMEDIATE")
        .unwrap();
    assert_eq!(offered(&filled, "fish", &["read", "019c3"]).len(), 1);
}

#[test]
fn an_answer_comes_within_the_time_of_a_keystroke() {
    let person = person();
    let mut times: Vec<Duration> = (0..9)
        .map(|_| {
            let began = Instant::now();
            offered(&person, "bash", &["read", "019"]);
            began.elapsed()
        })
        .collect();
    times.sort();
    // On a machine at rest it is a tenth of that.
    assert!(times[2] < Duration::from_millis(150), "{times:?}");
}

#[test]
fn a_variable_that_was_left_set_changes_nothing_for_a_person() {
    let person = Person::new();
    for value in ["bash", "no-shell-at-all", ""] {
        let listed = person.command("threadkeep").env("THREADKEEP_COMPLETE", value).arg("list").output().unwrap();
        assert!(listed.status.success() && text(&listed.stdout).contains("019d3aa0"), "{value}: {listed:?}");
    }
    let asked = ask(&person, "no-shell-at-all", &["read", "019"]);
    assert!(!asked.status.success() && asked.stdout.is_empty() && asked.stderr.is_empty(), "{asked:?}");
}

#[test]
fn the_scripts_name_every_shell_and_nothing_of_this_machine() {
    let program = Program::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = program.run(["completions", shell]).well().stdout;
        assert!(
            script.contains(&format!("THREADKEEP_COMPLETE={shell}"))
                || script.contains("THREADKEEP_COMPLETE=\"")
                || shell == "powershell",
            "{script}"
        );
        assert!(
            script.contains("threadkeep") && !script.contains(program.path().parent().unwrap().to_str().unwrap()),
            "{script}"
        );
    }
    program.run(["completions", "tcsh"]).ended(2);
    program.run(["--json", "completions", "bash"]).ended(2);
}

#[test]
fn bash_completes_a_word_as_it_is_to_stand_on_the_line() {
    let person = person();
    if person.command("bash").arg("--version").output().is_err() {
        return skipped("bash is not here");
    }
    let script = "eval \"$(threadkeep completions bash)\"\n\
                  try() {\n\
                      COMP_WORDS=(threadkeep \"$@\"); COMP_CWORD=$#; COMP_TYPE=9\n\
                      _clap_complete_threadkeep threadkeep \"${!#}\" \"${COMP_WORDS[COMP_CWORD-1]}\" 2>/dev/null\n\
                      printf '%s\\n' \"${COMPREPLY[@]}\"; echo --\n\
                  }\n\
                  try read 019c3; try read 'The\\ p'; try doctor --explain stale; try arch; try list --all --ar\n";
    let ended = person.command("bash").args(["--norc", "-c", script]).output().unwrap();
    let expected =
        "019c3e24-99df-7f63-a580-bb858c373c2d\n--\nThe\\ pump\n--\nstale-path\n--\narchive\n--\n--archived\n--\n";
    assert_eq!(text(&ended.stdout), expected, "{}", text(&ended.stderr));
}

#[test]
fn fish_completes_ids_and_names_with_what_they_are() {
    let person = person();
    if person.command("fish").arg("--version").output().is_err() {
        return skipped("fish is not here");
    }
    let script =
        "threadkeep completions fish | source; complete -C 'threadkeep read 019c3'; complete -C 'threadkeep read The'";
    let ended = person.command("fish").args(["--no-config", "-c", script]).output().unwrap();
    let shown = text(&ended.stdout);
    assert!(
        shown.starts_with("019c3e24-99df-7f63-a580-bb858c373c2d\tThe tests fail on my sister's"),
        "{shown}{}",
        text(&ended.stderr)
    );
    assert!(shown.contains("The pump\t019cf131") || shown.contains("The\\ pump\t019cf131"), "{shown}");
}

#[test]
fn zsh_takes_the_script() {
    let person = person();
    if person.command("zsh").arg("--version").output().is_err() {
        return skipped("zsh is not here");
    }
    let script = "autoload -Uz compinit && compinit -D; eval \"$(threadkeep completions zsh)\"\n\
                  echo $_comps[threadkeep]; functions _clap_dynamic_completer_threadkeep > /dev/null && echo known";
    let ended = person.command("zsh").args(["-f", "-c", script]).output().unwrap();
    assert_eq!(text(&ended.stdout), "_clap_dynamic_completer_threadkeep\nknown\n", "{}", text(&ended.stderr));
}
