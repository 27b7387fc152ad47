//! Topics, codes and versions: what is told of them is what the code has.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use support::Program;
use threadkeep::health::doctor::{CODE_GROUPS, CODES, Mended, Severity};

use super::Person;

/// The sources of what the program is made of.
fn sources() -> Vec<String> {
    fn visit(directory: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !matches!(name, "tests" | "target" | "build" | "templates") {
                visit(&path, found);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                let text = fs::read_to_string(&path).unwrap();
                found.push(text.split("#[cfg(test)]").next().unwrap().to_owned());
            }
        }
    }
    let mut found = Vec::new();
    let host = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host");
    for part in ["src", "cli/src", "terminal/src", "tui/src", "plugins/src", "mcp/src", "app-server/src", "listen/src"]
    {
        visit(&host.join(part), &mut found);
    }
    found
}

/// Names of variables in a source: what is asked of the environment, and variables of settings.
fn variables(source: &str) -> impl Iterator<Item = &str> {
    let asking = ["var(\"", "var_os(\"", "env(\"", "set(\"", "absolute(\"", "variable: \"", "variable(\""];
    let asked = asking.into_iter().flat_map(move |before| source.split(before).skip(1));
    let listed = ["([\"", "[\"TZ\", \"", "[\""].into_iter().flat_map(move |before| source.split(before).skip(1));
    asked
        .chain(
            listed.filter(|rest| {
                rest.starts_with("TZ") || rest.contains("EDITOR\"") || rest.starts_with("THREADKEEP_PAGER")
            }),
        )
        .filter_map(|rest| rest.split('"').next())
        .filter(|name| name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit()))
}

/// The words that begin an entry of a topic.
fn entries(topic: &str) -> BTreeSet<String> {
    let told = Program::new().run(["help", topic]).well().stdout;
    let entries = told.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    entries.map(|line| line.trim().to_owned()).collect()
}

#[test]
fn the_topic_environment_names_every_variable_that_is_read() {
    let told = entries("environment");
    let read: BTreeSet<String> = sources().iter().flat_map(|source| variables(source)).map(String::from).collect();
    assert!(read.len() > 25, "{read:?}");
    let missing: Vec<_> = read.iter().filter(|name| !told.contains(*name)).collect();
    assert!(missing.is_empty(), "`help environment` does not tell of {missing:?}");
    let all = sources().join("\n");
    let unread: Vec<_> = told.iter().filter(|name| !all.contains(&format!("\"{name}\""))).collect();
    assert!(unread.is_empty(), "nothing reads {unread:?}");
}

#[test]
fn the_topic_exit_codes_has_each_code_once() {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/cli/src/exit.rs")).unwrap();
    let codes: BTreeSet<String> =
        source.split(": u8 = ").skip(1).map(|rest| rest.split(';').next().unwrap().to_owned()).collect();
    assert_eq!(entries("exit-codes"), codes);
    let help = Program::new().run(["--help"]).well().stdout;
    for code in codes {
        assert!(help.contains(&format!("{code} ")), "{code}");
    }
}

#[test]
fn every_way_to_write_a_time_that_is_told_is_understood() {
    let person = Person::new();
    for entry in entries("dates") {
        for time in entry.split(", ").filter(|time| *time != "…") {
            let time = time.trim_matches('\'');
            let listed = person.command("threadkeep").args(["list", "--since", time]).output().unwrap();
            assert!(listed.status.success(), "{time}: {listed:?}");
        }
    }
}

#[test]
fn what_is_no_command_and_no_topic_is_refused_with_what_may_be_meant() {
    let program = Program::new();
    for (words, says) in [
        (&["help", "date"][..], "did you mean 'dates'?"),
        (&["help", "serach"], "did you mean 'search'?"),
        (&["help", "repair", "plam"], "did you mean 'plan'?"),
        (&["help", "nothing-of-the-kind"], "the topics are ids, dates"),
        (&["help", "list", "more"], "has no commands below it"),
    ] {
        let refused = program.run(words).ended(2);
        assert!(refused.stderr.contains(says), "{words:?}: {refused:?}");
    }
    assert_eq!(program.run(["help", "list"]).well().stdout, program.run(["list", "--help"]).well().stdout);
    assert_eq!(program.run(["help"]).well().stdout, program.run(["--help"]).well().stdout);
}

#[test]
fn every_code_of_a_finding_is_listed_and_explained() {
    let program = Program::new();
    let listed = program.run(["doctor", "--codes"]).well().stdout;
    let items = program.json(["doctor", "--codes"])["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), CODES.len());
    for code in CODES {
        assert!(listed.lines().any(|line| line.split_whitespace().next() == Some(code)), "{code}");
        let told = program.run(["doctor", "--explain", code]).well().stdout;
        for part in ["meaning  ", "cause    ", "repair   ", "advice   "] {
            assert!(told.lines().any(|line| line.starts_with(part)), "{code}: {told}");
        }
        let document = program.json(["doctor", "--explain", code]);
        assert!(items.contains(&document), "{code}");
        let is_mended = CODE_GROUPS
            .iter()
            .flat_map(|group| group.codes)
            .any(|known| known.code == code && known.mended != Mended::Not);
        assert_eq!(document["repair"].is_string(), is_mended, "{code}");
    }
    let refused = program.run(["doctor", "--explain", "stale-paht"]).ended(2);
    assert!(refused.stderr.contains("did you mean 'stale-path'?"), "{refused:?}");
    program.run(["doctor", "--codes", "--quick"]).ended(2);
}

#[test]
fn what_is_told_of_a_code_is_what_the_core_makes_of_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core-wasm/src/health");
    let diagnose = ["codex", "files", "metadata", "state"].map(|name| format!("diagnose/{name}.rs"));
    let mut made: Vec<(String, Severity)> = Vec::new();
    let severity = |text: &str| match text.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap() {
        "Error" => Severity::Error,
        "Warning" => Severity::Warning,
        _ => Severity::Info,
    };
    for source in diagnose.iter().map(String::as_str).chain(["home.rs", "text_index.rs"]) {
        let text = fs::read_to_string(root.join(source)).unwrap();
        for (before, between) in
            [("name: \"", "severity: Severity::"), ("told(\"", "Severity::"), ("about(\"", "Severity::")]
        {
            for rest in text.split(before).skip(1) {
                let (code, behind) = rest.split_once('"').unwrap();
                let behind = &behind[..behind.len().min(60)];
                made.extend(behind.split_once(between).map(|(_, rest)| (code.to_owned(), severity(rest))));
            }
        }
    }
    assert!(made.len() > 50, "{made:?}");
    let weight = |severity: Severity| match severity {
        Severity::Error => 2,
        Severity::Warning => 1,
        Severity::Info => 0,
    };
    for (code, severity) in made {
        let known = CODE_GROUPS.iter().flat_map(|group| group.codes).find(|known| known.code == code);
        let known = known.unwrap_or_else(|| panic!("nothing is told of {code}"));
        assert!(weight(known.severity) >= weight(severity), "{code} may be worse than is told");
    }
}

#[test]
fn the_page_about_repair_lists_the_codes_by_what_they_are_about() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/repair.md")).unwrap();
    for group in &CODE_GROUPS {
        let codes: Vec<String> = group.codes.iter().map(|known| format!("`{}`", known.code)).collect();
        let of = page.lines().find(|line| line.starts_with(&format!("| {} |", group.title)));
        let of = of.unwrap_or_else(|| panic!("docs/repair.md has no row of {}", group.title));
        let mut listed: Vec<&str> = of.split('|').nth(2).unwrap().split_whitespace().collect();
        let mut codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        listed.sort_unstable();
        codes.sort_unstable();
        assert_eq!(listed, codes, "{}", group.title);
    }
}

#[test]
fn the_version_in_full_tells_of_other_copies_of_the_program() {
    let person = Person::new();
    let short = person.shell("threadkeep --version");
    let told = super::text(&person.shell("threadkeep --version --verbose").stdout);
    assert!(told.starts_with(&super::text(&short.stdout)), "{told}");
    for part in
        ["component  threadkeep:core@", "sha256 ", "state DB   schema ", "features   ", "target     ", "program    "]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("other "), "{told}");
    let other = person.path("other");
    fs::create_dir(&other).unwrap();
    fs::copy(person.path("bin/codex"), other.join("threadkeep")).unwrap();
    let line = format!("PATH={}:$PATH {} --verbose -V", other.display(), Program::new().path().display());
    let told = super::text(&person.shell(&line).stdout);
    assert!(
        told.contains(&format!("other      {}  (this one runs by its name)\n", other.join("threadkeep").display())),
        "{told}"
    );
}
