//! Directories and repositories in lists: each is known by every form of its name.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;
use support::{Collection, Program, Rollout};
use tempfile::{TempDir, tempdir};

/// A home with one thread for each of these directories and remotes.
fn home_of(threads: &[(&str, Option<&str>)]) -> TempDir {
    let home = tempdir().unwrap();
    for (number, (cwd, origin)) in threads.iter().enumerate() {
        let id = format!("019ca8a0-0000-7000-8000-{number:012}");
        let talk = Rollout::paginated(&id).at_millis(1_772_000_000_000 + number as i64).cwd(cwd);
        let talk = match origin {
            Some(origin) => talk.git("main", "0123456789abcdef0123456789abcdef01234567", origin),
            None => talk,
        };
        talk.user(&format!("thread {number}")).tokens(1).write(home.path(), Collection::Active);
    }
    home
}

/// The directories of the threads that are listed, with a state DB and without, in the order of their creation.
fn listed(home: &Path, arguments: &[&str]) -> Vec<String> {
    listed_from(home, arguments, |program| program)
}

fn listed_from(home: &Path, arguments: &[&str], with: impl Fn(Program) -> Program) -> Vec<String> {
    let state = tempdir().unwrap();
    let [kept, stateless] = [Program::on(home, state.path()), Program::stateless(home)].map(|program| {
        let list = with(program).json(["list", "--sort", "created", "--asc"].iter().chain(arguments));
        let directory = |item: &Value| item["cwd"].as_str().unwrap().to_owned();
        list["items"].as_array().unwrap().iter().map(directory).collect::<Vec<_>>()
    });
    assert_eq!(kept, stateless, "{arguments:?}");
    kept
}

#[test]
fn whatever_a_list_shows_as_a_directory_finds_its_thread_again() {
    let directories = [
        "E:\\Kites\\Tail",
        "e:/kites/tail/",
        "\\\\?\\E:\\Kites\\Tail",
        "\\\\Loft\\Kites\\Tail\\",
        "\\\\?\\UNC\\loft\\kites\\tail",
        "\\\\wsl.localhost\\Debian\\srv\\kites",
        "\\\\wsl$\\Debian\\srv\\kites\\",
        "/srv/kites//",
        "/srv/./kites",
        "/srv/sails/../kites",
        "/mnt/e/Kites/Tail",
    ];
    let home = home_of(&directories.map(|directory| (directory, None)));
    for (at, directory) in directories.into_iter().enumerate() {
        let same: Vec<&str> = match at {
            0..3 | 10 => [&directories[..3], &directories[10..]].concat(),
            3..5 => directories[3..5].to_vec(),
            _ => directories[5..10].to_vec(),
        };
        assert_eq!(listed(home.path(), &["--cwd", directory]), same, "{directory}");
        assert_eq!(listed(home.path(), &["--under", directory]), same, "{directory}");
    }
    assert_eq!(listed(home.path(), &["--under", "e:\\"]).len(), 4);
    assert_eq!(listed(home.path(), &["--under", "\\\\LOFT\\kites"]).len(), 2);
    assert_eq!(listed(home.path(), &["--under", "/srv"]).len(), 5);
}

#[test]
fn a_directory_is_known_by_a_link_by_a_tilde_and_from_where_the_program_runs() {
    let place = tempdir().unwrap();
    let root = fs::canonicalize(place.path()).unwrap();
    fs::create_dir_all(root.join("kites/tail")).unwrap();
    symlink(root.join("kites"), root.join("link")).unwrap();
    let [kites, tail, link] = ["kites", "kites/tail", "link"].map(|name| root.join(name).to_str().unwrap().to_owned());
    let home = home_of(&[(&kites, None), (&tail, None), (&link, None)]);
    let home = home.path();
    assert_eq!(listed(home, &["--cwd", &link]), [kites.clone(), link.clone()]);
    assert_eq!(listed(home, &["--cwd", &format!("{link}/../link/tail")]), std::slice::from_ref(&tail));
    assert_eq!(listed(home, &["--under", &link]), [kites.clone(), tail.clone(), link.clone()]);
    let by_tilde = |program: Program| program.variable("HOME", &root);
    assert_eq!(listed_from(home, &["--cwd=~/kites/tail"], by_tilde), std::slice::from_ref(&tail));
    assert_eq!(listed_from(home, &["--under", "~"], by_tilde), [kites.clone(), tail.clone(), link.clone()]);
    let state = tempdir().unwrap();
    let mut command = Program::on(home, state.path()).command(["list", "--json", "--cwd", ".."]);
    let list: Value = serde_json::from_slice(&command.current_dir(&tail).output().unwrap().stdout).unwrap();
    assert_eq!(list["items"][0]["cwd"], kites, "{list}");
}

/// A repository as git lays it out, with a linked worktree beside it and one that is gone.
fn repository(root: &Path, origin: Option<&str>) {
    let git = root.join("kites/.git");
    for name in ["tail", "gone"] {
        fs::create_dir_all(git.join("worktrees").join(name)).unwrap();
        let linked = root.join("trees").join(name);
        fs::write(git.join("worktrees").join(name).join("gitdir"), format!("{}\n", linked.join(".git").display()))
            .unwrap();
        fs::write(git.join("worktrees").join(name).join("commondir"), "../..\n").unwrap();
    }
    fs::create_dir_all(root.join("trees/tail/src")).unwrap();
    fs::create_dir_all(root.join("kites/src")).unwrap();
    let own = format!("gitdir: {}\n", git.join("worktrees/tail").display());
    fs::write(root.join("trees/tail/.git"), own).unwrap();
    fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    let remote = origin.map(|url| format!("[remote \"origin\"]\n\turl = {url}\n")).unwrap_or_default();
    fs::write(git.join("config"), format!("[core]\n\tbare = false\n{remote}")).unwrap();
}

#[test]
fn the_threads_of_all_worktrees_of_a_repository_are_known_from_each() {
    for origin in [None, Some("git@example.org:kit/kites.git")] {
        let place = tempdir().unwrap();
        let root = fs::canonicalize(place.path()).unwrap();
        repository(&root, origin);
        let names = ["kites", "kites/src", "trees/tail", "trees/tail/src/deep", "trees/gone", "elsewhere", "kitesail"];
        let names = names.map(|name| root.join(name).to_str().unwrap().to_owned());
        let mut threads: Vec<(&str, Option<&str>)> = names.iter().map(|name| (name.as_str(), None)).collect();
        threads[5].1 = Some("https://example.org/Kit/Kites");
        let home = home_of(&threads);
        for from in ["kites", "trees/tail"] {
            let from = root.join(from);
            let from = from.to_str().unwrap();
            assert_eq!(listed(home.path(), &["--under", from]), names[..5], "{from}");
            assert_eq!(listed(home.path(), &["--under", &format!("{from}/src")]), [&*names[1], &*names[3]], "{from}");
            let repo = if origin.is_some() { &names[..6] } else { &names[..5] };
            assert_eq!(listed(home.path(), &["--repo", from]), repo, "{from}");
            assert_eq!(listed(home.path(), &["--repo", &format!("{from}/src/..")]), repo, "{from}");
        }
    }
}

#[test]
fn a_directory_of_no_repository_is_told_so_and_a_name_that_is_a_directory_too_is_a_name() {
    let place = tempdir().unwrap();
    let home = home_of(&[("/srv/kites", Some("https://example.org/kit/kites"))]);
    let program = Program::stateless(home.path());
    let told = program.run(["list", "--repo", place.path().to_str().unwrap()]);
    assert_eq!(told.code, Some(2), "{told:?}");
    assert!(told.stderr.contains("--repo: ") && told.stderr.contains("is in no git repository"), "{told:?}");
    fs::create_dir_all(program.place().join("kit/kites")).unwrap();
    assert_eq!(program.json(["list", "--repo", "kit/kites"])["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_repository_is_known_by_every_form_of_its_url_and_words_by_letters_of_every_script() {
    let origins =
        ["ssh://git@Example.org:2222/kit/Kites.git", "https://token@example.org/kit/kites", "/srv/git/kites/.git"];
    let home = home_of(&origins.map(|origin| ("/srv", Some(origin))));
    for (asked, number) in [
        ("git@example.org:kit/kites", 2),
        ("git://example.org/KIT/kites.git/", 2),
        ("kites", 3),
        ("file:///srv/git/kites", 1),
        ("https://example.com/kit/kites", 0),
    ] {
        assert_eq!(listed(home.path(), &["--repo", asked]).len(), number, "{asked}");
    }
    let home = tempdir().unwrap();
    for (number, words) in ["ДРАКОН над морем", "ΔΡΑΚΟΣ", "Große Drachen"].into_iter().enumerate()
    {
        let id = format!("019ca8a0-0000-7000-8000-{number:012}");
        Rollout::paginated(&id).cwd("/srv").user(words).tokens(1).write(home.path(), Collection::Active);
    }
    let state = tempdir().unwrap();
    let program = Program::on(home.path(), state.path());
    program.json(["name", "019ca8a0-0000-7000-8000-000000000001", "ΧΑΡΤΑΕΤΌΣ"]);
    for (flag, words, number) in [
        ("--title", "дракон", 1),
        ("--title", "GROSSE", 1),
        ("--title", "μορεμ", 0),
        ("--name", "χαρταετός", 1),
        ("--name", "дракон", 0),
    ] {
        let list = program.json(["list", flag, words]);
        assert_eq!(list["items"].as_array().unwrap().len(), number, "{flag} {words}");
    }
}
