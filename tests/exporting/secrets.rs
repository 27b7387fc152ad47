//! Secrets that stand anywhere in a thread leave by no door: no format, no level, no name of a file, no index.

use std::fs;
use std::path::Path;

use support::{HomeAndState, Rollout, name_thread, secret_examples, squeezed};

/// Every byte below a directory as text, and every name.
fn everything(directory: &Path) -> String {
    let mut out = String::new();
    for entry in fs::read_dir(directory).unwrap().flatten() {
        out.push_str(&entry.file_name().to_string_lossy());
        out.push('\n');
        match entry.file_type().unwrap().is_dir() {
            true => out.push_str(&everything(&entry.path())),
            false => out.push_str(&String::from_utf8_lossy(&fs::read(entry.path()).unwrap())),
        }
    }
    out
}

#[test]
fn secrets_leave_by_no_door() {
    let place = HomeAndState::new();
    let mut secrets = Vec::new();
    for (number, (text, hidden)) in secret_examples().enumerate() {
        let id = format!("019ca8a0-{number:04}-7000-8000-000000000001");
        // Where a text cannot stand as it is, it would not be the secret that it is.
        let in_one_line = if text.contains(['\n', '/', '"', '\\']) { "a place".to_owned() } else { text.clone() };
        let rollout = match number % 2 {
            0 => Rollout::paginated(&id),
            _ => Rollout::legacy(&id),
        };
        let rollout = rollout.cwd(&format!("/src/{in_one_line}")).user(&text).agent(&text).reasoning(&text);
        place.write(&rollout.command(&text, &text, 0).command("env", &text, 1).patch("a.txt", &text).git(
            &in_one_line,
            "3f1c9a7be0d24586a1f7c0b95e8d64b2730fa1cd",
            "https://git.example.org/a.git",
        ));
        if number % 3 == 0 {
            name_thread(place.home.path(), &id, &in_one_line, 1_772_359_200_000);
        }
        secrets.extend(hidden.into_iter().map(|secret| (text.clone(), secret)));
    }
    assert!(secrets.len() > 60, "{}", secrets.len());
    let all = ["export", "--all"];
    for format in ["markdown", "html", "text", "json", "jsonl"] {
        let to = place.state.path().join(format);
        let mut exits = Vec::new();
        let levels: &[&[&str]] = match format {
            "jsonl" => &[&[], &["--full-record"]],
            _ => &[&["--detail", "prompts"], &["--detail", "messages"], &[], &["--detail", "everything", "--full"]],
        };
        for level in levels {
            let outcome = place.program().run([&all[..], &["--format", format], level].concat()).well();
            assert!(outcome.stderr.contains("redacted: "), "{format}: what was taken out is told");
            exits.push(outcome.stdout + &outcome.stderr);
        }
        place.program().run([&all[..], &["--format", format, "--to", to.to_str().unwrap()]].concat()).well();
        exits.push(everything(&to));
        for exit in exits {
            let exit = squeezed(&exit);
            let left: Vec<_> = secrets.iter().filter(|(_, secret)| exit.contains(secret)).collect();
            assert!(left.is_empty(), "{format}: {} leave: {:?}", left.len(), &left[..left.len().min(5)]);
        }
        let kept = place.program().run([&all[..], &["--format", format, "--no-redact"]].concat()).well().stdout;
        assert!(squeezed(&kept).contains(&secrets[0].1), "with --no-redact they do");
    }
}

#[test]
fn a_person_leaves_only_where_that_is_not_asked_otherwise() {
    let place = HomeAndState::new();
    let id = "019ca8a0-0000-7000-8000-000000000001";
    place.write(&Rollout::paginated(id).cwd("/home/robin/src").user("look into /home/robin/src/robin.txt, says robin"));
    let program = place.program().variable("HOME", "/home/robin").variable("USER", "robin");
    for format in ["markdown", "html", "text", "json", "jsonl"] {
        let run = |more: &[&str]| program.run([&["export", id, "--format", format], more].concat()).well().stdout;
        assert!(run(&[]).contains("/home/robin/src"), "{format}");
        let anonymous = run(&["--anonymize"]);
        assert!(!anonymous.contains("robin"), "{format}: {anonymous}");
    }
}
