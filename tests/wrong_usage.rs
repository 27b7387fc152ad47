//! What makes no sense is refused with exit code 2 and the name of what is to blame; nothing is silently corrected.

use support::{Collection, Program, Rollout};
use tempfile::tempdir;

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";

#[test]
fn flags_that_make_no_sense_are_refused_by_their_names() {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    Rollout::paginated(ONE).user("hello").write(home.path(), Collection::Active);
    let cursor = format!("--cursor=u.1772000000000.{ONE}");
    let other = format!("--cursor=c.1772000000000.{ONE}");
    let mut cases: Vec<(Vec<&str>, &str)> = Vec::new();
    for flag in
        ["--name", "--title", "--branch", "--repo", "--provider", "--cwd", "--under", "--since", "--until", "--cursor"]
    {
        cases.extend(["", " "].map(|empty| (vec!["list", flag, empty], flag)));
    }
    for value in ["someday", "2026-02-30", "2026-13-01", "2026-03-01T25:00:00Z", "1772000000", "-1", "99999-01-01"] {
        cases.extend(["--since", "--until"].map(|flag| (vec!["list", flag, value], flag)));
    }
    for value in ["-1", "x", "1.5", "", "4294967296"] {
        cases.extend(["list", "turns"].map(|command| {
            (vec![command, "--limit", value, ONE][..if command == "list" { 3 } else { 4 }].to_vec(), "--limit")
        }));
        cases.push((vec!["turns", ONE, "--tail", value], "--tail"));
    }
    cases.push((vec!["turns", ONE, "--tail", "0"], "--tail"));
    for value in ["--cursor=x", "--cursor=u.1", "--cursor=u.x.y", "--cursor=u.1.y", "--cursor=u..", &other] {
        cases.push((vec!["list", value], "--cursor"));
        cases.push((vec!["turns", ONE, value], "--cursor"));
    }
    cases.push((vec!["list", "--asc", &cursor], "--cursor"));
    for (since, until) in [("2026-03-02", "2026-03-01"), ("2026-03-01", "2026-03-01")] {
        cases.extend(["--since", "--until"].map(|flag| (vec!["list", "--since", since, "--until", until], flag)));
    }
    for value in ["", "subagents", "cli,", "any,nobody"] {
        cases.push((vec!["list", "--source", value], "--source"));
    }
    cases.push((vec!["list", "--sort", "name"], "--sort"));
    for command in ["list", "export", "stats"] {
        cases.push((vec![command, "--commit", "-"], "search --commit -"));
    }
    cases.push((vec!["list", "--all", "--archived"], "--archived"));
    for command in ["find", "read", "turns"] {
        cases.extend(["", " \t"].map(|empty| (vec![command, empty], "ID")));
        cases.push((vec![command], "ID"));
    }
    cases.push((vec!["find", ONE, ""], "ID"));
    cases.push((vec!["find", "--explain", ONE, ONE], "--explain"));
    cases.push((vec!["turns", ONE, "--around", " "], "--around"));
    for program in [Program::on(home.path(), state.path()), Program::stateless(home.path())] {
        for (arguments, named) in &cases {
            let refused = program.run(arguments).ended(2);
            assert!(refused.stderr.contains(named) && refused.stdout.is_empty(), "{arguments:?}: {refused:?}");
        }
        program.run(["list", &cursor]).well();
    }
    let refused = Program::stateless(home.path()).run(["list", "--missing"]).ended(2);
    assert!(refused.stderr.contains("--missing"), "{}", refused.stderr);
}
