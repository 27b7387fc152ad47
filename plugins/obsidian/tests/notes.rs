use obsidian::Obsidian;
use threadkeep_plugin::exporter::Exporter;
use threadkeep_plugin::testing::{Home, Thread};
use threadkeep_plugin::threads::{Outcome, Role};
use threadkeep_plugin::{Result, Settings};

fn home() -> Home {
    let first = Thread::new("t1", "Mend: the \"tests\"")
        .with(|thread| {
            thread.facts.created_at = 1_709_210_096_789;
            thread.places.cwd = Some("/home/sam/shop".to_owned());
            thread.usage.model = Some("gpt-5".to_owned());
        })
        .turn("1", Outcome::Completed)
        .say("user", "mend the tests")
        .item("reasoning", Role::Reasoning, "", "which ones?\nall")
        .command("cargo test", "1 failed\n```\n", 101)
        .say("agent", "They are mended.");
    let second = Thread::new("t2", "mend: the tests").with(|thread| thread.facts.forked_from = Some("t1".to_owned()));
    Home::new().thread(first).thread(second)
}

fn export(home: &Home) -> Result<threadkeep_plugin::testing::Run> {
    home.run(|| Obsidian::export("obsidian", &Settings::default()))
}

#[test]
fn a_note_has_properties_and_what_was_said_and_done() {
    let run = export(&home()).expect("it exports");
    let note = run.file("Mend the tests.md").expect("the note is there");
    assert_eq!(
        note,
        r#"---
id: "t1"
title: "Mend: the \"tests\""
created: 2024-02-29T12:34:56Z
updated: 1970-01-01T00:00:00Z
cwd: "/home/sam/shop"
model: "gpt-5"
tags:
  - "codex"
  - "source/cli"
---

## Turn 1

### User

mend the tests

> [!quote]- Reasoning
> which ones?
> all

> [!example]- cargo test (exit code 101)
> ````
> 1 failed
> ```
> ````

### Agent

They are mended.
"#
    );
}

#[test]
fn notes_of_one_title_have_different_names_and_link_to_each_other() {
    let run = export(&home()).expect("it exports");
    let note = run.file("mend the tests t2.md").expect("the note is there");
    assert!(note.contains("forked-from: \"[[Mend the tests]]\"\n"), "{note}");
}

#[test]
fn a_title_cannot_leave_its_line_or_its_directory() {
    let title = "../../etc/passwd\nid: forged\u{2028}---";
    let home = Home::new().thread(Thread::new("t1", title)).thread(Thread::new("t2", "..."));
    let run = export(&home).expect("it exports");
    let names: Vec<_> = run.files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["etc passwd id forged ---.md", "Untitled.md"]);
    assert!(run.output().contains(r#"title: "../../etc/passwd\nid: forged\u2028---""#), "{}", run.output());
}

#[test]
fn what_was_not_granted_is_said() {
    let error = export(&home().without_grant("history")).expect_err("it cannot");
    assert_eq!(error.to_string(), "`history` was not granted");
}
