//! A person's own settings: where they are, what may stand in them, and what goes before them.

mod colors;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use serde_json::Value;
use support::{Collection, Program, Rollout, ids};
use tempfile::{TempDir, tempdir};

/// A home with five threads, and a program whose settings are below a directory of its own.
struct World {
    home: TempDir,
    _state: TempDir,
    program: Program,
    file: PathBuf,
}

fn world() -> World {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    for (number, source) in ["cli", "exec", "cli", "vscode", "exec"].into_iter().enumerate() {
        let id = format!("019ca8a0-0000-7000-8000-{number:012}");
        let talk = Rollout::paginated(&id).at_millis(1_772_000_000_000 + number as i64 * 60_000).source(source);
        talk.user(&format!("kite {number}")).tokens(1).write(home.path(), Collection::Active);
    }
    let program = Program::on(home.path(), state.path());
    let file = program.place().join(".config/threadkeep/config.toml");
    World { home, _state: state, program, file }
}

impl World {
    fn write(&self, text: &str) {
        fs::create_dir_all(self.file.parent().unwrap()).unwrap();
        fs::write(&self.file, text).unwrap();
    }

    fn set(&self, name: &str, value: &str) {
        self.program.run(["config", "set", name, value]).well();
    }

    fn number_of_listed(&self, arguments: &[&str]) -> usize {
        ids(&self.program.json([&["list"], arguments].concat())).len()
    }
}

#[test]
fn a_setting_is_what_a_flag_means_where_it_is_not_given() {
    let world = world();
    assert_eq!(world.number_of_listed(&[]), 5);
    world.set("list.limit", "3");
    assert_eq!(world.number_of_listed(&[]), 3);
    assert_eq!(world.number_of_listed(&["--limit", "4"]), 4);
    world.set("list.source", "cli, vscode");
    assert_eq!(world.number_of_listed(&["--limit", "0"]), 3);
    assert_eq!(world.number_of_listed(&["--source", "any", "--limit", "0"]), 5);
    let newest = ids(&world.program.json(["list"]))[0].to_owned();
    world.set("list.sort", "created");
    assert_eq!(ids(&world.program.json(["list"]))[0], newest);
    world.program.run(["config", "set", "list.limit", "--unset"]).well();
    world.program.run(["config", "set", "list.source", "--unset"]).well();
    assert_eq!(world.number_of_listed(&[]), 5);
}

#[test]
fn a_variable_goes_before_the_file_and_a_flag_before_both() {
    let world = world();
    world.set("list.limit", "3");
    let World { home, program, .. } = &world;
    let with = |value: &str| {
        let variable = program.command(["list", "--json"]).env("THREADKEEP_LIST_LIMIT", value).output().unwrap();
        String::from_utf8(variable.stdout).unwrap()
    };
    assert_eq!(with("2").matches("\"id\":").count(), 2);
    assert_eq!(with("").matches("\"id\":").count(), 3);
    let flag = program.command(["list", "--json", "--limit", "1"]).env("THREADKEEP_LIST_LIMIT", "2").output().unwrap();
    assert_eq!(String::from_utf8(flag.stdout).unwrap().matches("\"id\":").count(), 1);
    let wrong = program.command(["list"]).env("THREADKEEP_LIST_LIMIT", "many").output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("$THREADKEEP_LIST_LIMIT: it is no whole number"));
    let elsewhere = Program::new();
    elsewhere.run(["config", "set", "home", home.path().to_str().unwrap()]).well();
    assert_eq!(ids(&elsewhere.json(["list", "--no-state"])).len(), 5);
    let other = tempdir().unwrap();
    let found = elsewhere.command(["list", "--no-state", "--json"]).env("CODEX_HOME", other.path()).output().unwrap();
    assert!(String::from_utf8_lossy(&found.stdout).starts_with("{\"items\":[]"), "{found:?}");
}

#[test]
fn what_is_wrong_in_the_file_is_told_with_its_line_and_column() {
    let world = world();
    for (text, place, words) in [
        (
            "tell-codex = true\n\n[list]\n  limt = 3\n",
            "4:3",
            "there is no setting 'list.limt'; did you mean 'list.limit'?",
        ),
        ("colour = \"never\"\n", "1:1", "did you mean 'color'?"),
        ("# kites\nlist.limit = \"3\"\n", "2:14", "list.limit: it is no whole number"),
        ("list.limit = -1\n", "1:14", "list.limit: it is no whole number"),
        ("tell-codex = 1\n", "1:14", "it is neither true nor false"),
        ("time = \"moon\"\n", "1:8", "it is none of local, utc"),
        ("[list]\nsource = [\"cli\", \"kite\"]\n", "2:10", "'kite' is no source"),
        ("home = \"relative\"\n", "1:8", "it is no absolute directory"),
        ("time = \n", "1:8", ""),
        ("[time]\nzone = 1\n", "2:1", "there is no setting 'time.zone'"),
    ] {
        world.write(text);
        for command in [&["list"][..], &["config", "list"], &["config", "set", "color", "never"]] {
            let told = world.program.run(command).ended(2);
            let place = format!("{}:{place}: ", world.file.display());
            assert!(told.stderr.contains(&place) && told.stderr.contains(words), "{text}: {}", told.stderr);
        }
        assert_eq!(fs::read_to_string(&world.file).unwrap(), text);
    }
    assert_eq!(world.program.run(["config", "path"]).well().stdout, format!("{}\n", world.file.display()));
}

#[test]
fn a_setting_is_set_and_taken_out_and_the_rest_of_the_file_stays() {
    let world = world();
    let text = "# mine\ntime = \"utc\" # at sea\n\n[list] # how many\nlimit = 3\n";
    world.write(text);
    let file = || fs::read_to_string(&world.file).unwrap();
    world.set("list.limit", "7");
    assert_eq!(file(), text.replace('3', "7"));
    world.set("list.flat", "true");
    assert_eq!(file(), "# mine\ntime = \"utc\" # at sea\n\n[list] # how many\nflat = true\nlimit = 7\n");
    world.set("tell-codex", "false");
    world.set("backup.keep", "4");
    assert!(file().starts_with("tell-codex = false\n# mine\n") && file().ends_with("limit = 7\n[backup]\nkeep = 4\n"));
    for name in ["list.flat", "tell-codex", "time", "backup.keep"] {
        world.program.run(["config", "set", name, "--unset"]).well();
    }
    assert_eq!(file(), "# mine\n\n[list] # how many\nlimit = 7\n[backup]\n");
    for (name, value) in [("list.limit", "many"), ("time", "moon"), ("list.lmit", "3"), ("home", "kites")] {
        let refused = world.program.run(["config", "set", name, value]).ended(2);
        assert!(refused.stderr.contains("list.lmit") || refused.stderr.contains(name), "{refused:?}");
    }
    assert_eq!(file(), "# mine\n\n[list] # how many\nlimit = 7\n[backup]\n");
    // Somebody keeps such files elsewhere, and has links to them.
    let kept = world.program.place().join("kept.toml");
    fs::rename(&world.file, &kept).unwrap();
    symlink(&kept, &world.file).unwrap();
    world.set("list.limit", "9");
    assert!(world.file.is_symlink() && fs::read_to_string(&kept).unwrap().contains("limit = 9"));
}

#[test]
fn every_setting_is_listed_with_its_variable_and_none_is_looked_for_in_a_home() {
    let world = world();
    fs::write(world.home.path().join("threadkeep.toml"), "list.limit = 1\n").unwrap();
    fs::create_dir_all(world.home.path().join("threadkeep")).unwrap();
    fs::write(world.home.path().join("threadkeep/config.toml"), "list.limit = 1\n").unwrap();
    assert_eq!(world.number_of_listed(&[]), 5);
    let list = world.program.json(["config", "list"]);
    let items = list["items"].as_array().unwrap();
    assert!(items.len() > 8 && items.iter().all(|item| item["origin"] == Value::Null), "{list}");
    for item in items {
        assert!(item["variable"].as_str().unwrap().chars().all(|c| c.is_ascii_uppercase() || c == '_'), "{item}");
    }
    world.set("time", "utc");
    let shown = world.program.run(["config", "list"]).well().stdout;
    assert!(shown.lines().any(|line| line.split_whitespace().eq(["time", "utc"])), "{shown}");
    assert_eq!(world.program.run(["config", "get", "time"]).well().stdout, "utc\n");
    assert_eq!(world.program.run(["config", "get", "color"]).well().stdout, "");
    let elsewhere = tempdir().unwrap();
    let path = world.program.command(["config", "path"]).env("XDG_CONFIG_HOME", elsewhere.path()).output().unwrap();
    let expected = elsewhere.path().join("threadkeep/config.toml");
    assert_eq!(String::from_utf8(path.stdout).unwrap().trim_end(), expected.to_str().unwrap());
}

#[test]
fn codex_is_told_without_a_flag_where_a_setting_says_so() {
    let world = world();
    world.set("tell-codex", "true");
    let codex = support::CodexDb::create(world.home.path(), false);
    let id = "019ca8a0-0000-7000-8000-000000000002";
    let talk = Rollout::paginated(id).at_millis(1_772_000_000_000 + 120_000).user("kite 2").tokens(1);
    codex.thread(world.home.path(), &talk, Collection::Active, None);
    drop(codex);
    let told = world.program.run(["archive", id]).well();
    assert!(told.stderr.contains("Codex was told by "), "{told:?}");
    let quiet = world.program.command(["unarchive", id]).env("THREADKEEP_TELL_CODEX", "false").output().unwrap();
    assert!(String::from_utf8_lossy(&quiet.stderr).contains("Codex does not see this yet"), "{quiet:?}");
}

#[test]
fn a_home_is_called_by_its_name_and_a_path_goes_before_it() {
    let world = world();
    let program = Program::new().with(["--no-state"]);
    let place = program.place().to_owned();
    let settings = place.join(".config/threadkeep/config.toml");
    let home = world.home.path().to_str().unwrap().to_owned();
    let listed = |arguments: &[&str]| ids(&program.json([arguments, &["list"]].concat())).len();
    program.run(["config", "set", "homes.work", &home]).well();
    fs::create_dir(place.join("empty")).unwrap();
    program.run(["config", "set", "homes.at-sea_2", "~/empty"]).well();
    let text = format!("[homes]\nat-sea_2 = \"{}/empty\"\nwork = \"{home}\"\n", place.display());
    assert_eq!(fs::read_to_string(&settings).unwrap(), text);
    assert_eq!((listed(&["--home", "work"]), listed(&["--home", "at-sea_2"])), (5, 0));
    // What is not there may be given as a path, and what is there goes before a name.
    program.run(["--home", "./work", "list"]).ended(1);
    fs::create_dir(place.join("work")).unwrap();
    assert_eq!((listed(&["--home", "work"]), listed(&["--home", &home])), (0, 5));
    fs::remove_dir(place.join("work")).unwrap();
    for (given, words) in [
        ("wrok", "did you mean 'work'? There are: at-sea_2, work"),
        ("Work", "did you mean 'work'?"),
        ("moon", "no home has the name 'moon'; There are: at-sea_2, work"),
    ] {
        let told = program.run(["--home", given, "list"]).ended(2);
        assert!(told.stderr.contains(words), "{given}: {told:?}");
        let told = program.run(["config", "get", &format!("homes.{given}")]).ended(2);
        assert!(told.stderr.contains(words), "{given}: {told:?}");
    }
    let shown = program.run(["config", "list"]).well().stdout;
    assert!(shown.lines().any(|line| line.split_whitespace().eq(["homes.work", &home])), "{shown}");
    assert_eq!(program.run(["config", "get", "homes.work"]).well().stdout, format!("{home}\n"));
    let variable = |name: &str, value: &str, home: &str| {
        let output = program.command(["--json", "--home", home, "list"]).env(name, value).output().unwrap();
        String::from_utf8(output.stdout).unwrap().matches("\"id\":").count()
    };
    assert_eq!(variable("THREADKEEP_HOMES_AT_SEA_2", &home, "at-sea_2"), 5);
    assert_eq!(variable("THREADKEEP_HOMES_OTHER", &home, "other"), 5);
    program.run(["config", "set", "homes.work", "--unset"]).well();
    assert_eq!(fs::read_to_string(&settings).unwrap(), text.replace(&format!("work = \"{home}\"\n"), ""));
    // Without any name, what is not there is a path as ever.
    program.run(["config", "set", "homes.at-sea_2", "--unset"]).well();
    assert!(program.run(["--home", "work", "list"]).ended(1).stderr.contains("the Codex home work cannot be opened"));
}

#[test]
fn a_home_that_is_no_place_is_told_with_line_and_column() {
    let world = world();
    for (text, place, words) in [
        ("[homes]\nwork = \"kites\"\n", "2:8", "homes.work: it is no absolute directory"),
        ("homes.work = \"~kites\"\n", "1:14", "it is no absolute directory, and does not begin with ~/"),
        ("homes = { work = 3 }\n", "1:18", "homes.work: it is no text"),
        ("[homes]\n\"my kites\" = \"/kites\"\n", "2:1", "'my kites' is no name of a home"),
        ("homes = [\"kites\"]\n", "1:9", "homes: it is no absolute directory"),
        ("[homes.work]\npath = \"/kites\"\n", "1:1", "homes.work: it is no text"),
    ] {
        world.write(text);
        let told = world.program.run(["list"]).ended(2);
        let place = format!("{}:{place}: ", world.file.display());
        assert!(told.stderr.contains(&place) && told.stderr.contains(words), "{text}: {}", told.stderr);
    }
    world.write("");
    for (name, value) in [("homes.work", "kites"), ("homes.", "/kites"), ("homes.a b", "/kites"), ("homes", "kites")] {
        world.program.run(["config", "set", name, value]).ended(2);
    }
    assert_eq!(fs::read_to_string(&world.file).unwrap(), "");
}

#[test]
fn what_one_setting_changes_in_the_file_says_nothing_else_of_the_others() {
    let world = world();
    for (text, change, after) in [
        ("homes.a = \"/a\"\n", &["homes.b", "/b"][..], Some("homes.b = \"/b\"\nhomes.a = \"/a\"\n")),
        (
            "list.limit = 3\ntime = \"utc\"\n",
            &["list.flat", "true"],
            Some("list.flat = true\nlist.limit = 3\ntime = \"utc\"\n"),
        ),
        ("homes = { a = \"/a\", b = \"/b\" }\n", &["homes.b", "--unset"], None),
        ("list = { limit = 3, flat = true }\n", &["list.flat", "--unset"], None),
        ("homes = { a = \"/a\" }\n", &["homes.b", "/b"], None),
        ("homes = { a = \"/a\", b = \"/b\" }\n", &["homes.b", "/c"], Some("homes = { a = \"/a\", b = \"/c\" }\n")),
    ] {
        world.write(text);
        let told = world.program.run([&["config", "set"], change].concat()).ended(if after.is_some() { 0 } else { 1 });
        assert_eq!(fs::read_to_string(&world.file).unwrap(), after.unwrap_or(text), "{told:?}");
        assert!(after.is_some() || told.stderr.contains("edit it by hand"), "{told:?}");
    }
}

#[test]
fn a_filter_that_a_setting_has_gives_way_to_a_flag_and_may_be_put_off() {
    let world = world();
    let id = |number: usize| format!("019ca8a0-0000-7000-8000-{number:012}");
    world.program.run(["archive", &id(0), &id(1)]).well();
    let talk = Rollout::paginated(&id(7)).at_millis(1_772_000_000_000).provider("lighthouse");
    talk.user("kite 7").tokens(1).write(world.home.path(), Collection::Active);
    let unset = |name: &str| world.program.run(["config", "set", name, "--unset"]).well();
    let check = |cases: &[(&[&str], usize)]| {
        for (arguments, expected) in cases {
            assert_eq!(world.number_of_listed(arguments), *expected, "{arguments:?}");
        }
    };
    check(&[(&[], 4), (&["--archived"], 2), (&["--all"], 6), (&["--provider", "any"], 4)]);
    world.set("list.archived", "true");
    check(&[(&[], 2), (&["--archived"], 2), (&["--archived=false"], 4), (&["--all"], 6), (&["--all=false"], 2)]);
    world.program.run(["list", "--archived", "--all"]).ended(2);
    world.set("list.all", "true");
    check(&[(&[], 6), (&["--archived"], 2), (&["--all"], 6), (&["--all=false"], 4), (&["--archived=false"], 6)]);
    let archived = world.program.command(["list", "--json"]).env("THREADKEEP_LIST_ARCHIVED", "true").output().unwrap();
    assert_eq!(ids(&serde_json::from_slice(&archived.stdout).unwrap()).len(), 2);
    unset("list.archived");
    check(&[(&[], 6), (&["--archived"], 2), (&["--all=false"], 4)]);
    unset("list.all");
    world.set("list.provider", "lighthouse");
    check(&[(&[], 1), (&["--provider", "harbour"], 3), (&["--provider", "any"], 4), (&["--provider", "nobody"], 0)]);
    unset("list.provider");
    let order = |arguments: &[&str]| {
        let list = world.program.json([&["list", "--sort", "created"], arguments].concat());
        ids(&list).first().unwrap().to_string()
    };
    world.set("list.asc", "true");
    assert_ne!(order(&[]), order(&["--asc=false"]));
    assert_eq!(order(&[]), order(&["--asc"]));
    let variable =
        world.program.command(["list", "--json", "--sort", "created"]).env("THREADKEEP_LIST_ASC", "false").output();
    let first = String::from_utf8(variable.unwrap().stdout).unwrap();
    let list: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(ids(&list)[0], order(&["--asc=false"]));
}

#[test]
fn what_a_setting_does_besides_is_put_off_by_its_flag_and_written_in_its_form() {
    let world = world();
    for (text, place, words) in [
        ("[list]\nprovider = \"  \"\n", "2:12", "list.provider: it is empty"),
        ("[list]\nprovider = [\"harbour\"]\n", "2:12", "list.provider: it is no text"),
        ("list.archived = \"only\"\n", "1:17", "list.archived: it is neither true nor false"),
        ("list.al = true\n", "1:6", "did you mean 'list.all'?"),
    ] {
        world.write(text);
        let told = world.program.run(["list"]).ended(2);
        let place = format!("{}:{place}: ", world.file.display());
        assert!(told.stderr.contains(&place) && told.stderr.contains(words), "{text}: {}", told.stderr);
    }
    world.write("");
    world.set("tell-codex", "true");
    world.set("list.provider", "a \"quoted\" one");
    let file = fs::read_to_string(&world.file).unwrap();
    assert!(file.contains("provider = 'a \"quoted\" one'") || file.contains("\\\"quoted\\\""), "{file}");
    assert_eq!(world.program.run(["config", "get", "list.provider"]).well().stdout, "a \"quoted\" one\n");
    let shown = world.program.run(["config", "list"]).well().stdout;
    for name in ["list.all", "list.archived", "list.asc", "list.provider"] {
        assert!(shown.lines().any(|line| line.split_whitespace().next() == Some(name)), "{shown}");
    }
    let codex = support::CodexDb::create(world.home.path(), false);
    let id = "019ca8a0-0000-7000-8000-000000000002";
    let talk = Rollout::paginated(id).at_millis(1_772_000_000_000 + 120_000).user("kite 2").tokens(1);
    codex.thread(world.home.path(), &talk, Collection::Active, None);
    drop(codex);
    let quiet = world.program.run(["archive", id, "--tell-codex=false"]).well();
    assert!(quiet.stderr.contains("Codex does not see this yet"), "{quiet:?}");
    assert_eq!(world.program.run(["unarchive", id, "--tell-codex=false"]).well().stderr, "");
    assert!(world.program.run(["archive", id, "--tell-codex"]).well().stderr.contains("Codex was told by "));
    world.program.run(["archive", id, "--tell-codex=perhaps"]).ended(2);
    world.program.run(["list", "--flat=7"]).ended(2);
}
