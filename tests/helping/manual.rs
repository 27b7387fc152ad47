//! Man pages: the same at every time and for everybody, sound, and with what help has.

use std::io::Write as _;
use std::process::{Command, Stdio};

use support::{Program, skipped};

use super::{examples_of, pages, plain};

#[test]
fn the_pages_are_the_same_at_every_time_and_whatever_the_settings() {
    let place = tempfile::tempdir().unwrap();
    let first = place.path().join("one");
    let program = Program::new().variable("THREADKEEP_LIST_LIMIT", "7").variable("THREADKEEP_COLOR", "always");
    program.run(["man".as_ref(), first.as_os_str()]).well();
    for (words, page) in pages() {
        let name = format!("threadkeep {words}").trim().replace(' ', "-") + ".1";
        assert_eq!(std::fs::read_to_string(first.join(&name)).unwrap(), page, "{name}");
        assert!(!page.contains('\u{1b}'), "{name}");
    }
}

#[test]
fn the_pages_have_the_examples_the_flags_and_the_topics_of_help() {
    let program = Program::new();
    let pages = pages();
    assert!(pages.len() > 70, "{:?}", pages.keys());
    for (words, page) in &pages {
        let shown: Vec<String> = page.lines().map(plain).collect();
        let help = program.run(words.split_whitespace().chain(["--help"])).well().stdout;
        for example in examples_of(&help) {
            assert!(shown.contains(&example), "{words}: {example}");
        }
        let all = shown.join("\n");
        for flag in help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2) {
            let flag = flag.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).split(['=', '[']).next().unwrap();
            let is_global = pages[""].contains(&flag.replace('-', "\\-"));
            assert!(all.contains(flag) || is_global, "{words}: the page does not have {flag}");
        }
    }
    for topic in ["ids", "dates", "exit-codes", "environment", "files"] {
        let told = program.run(["help", topic]).well().stdout;
        let terms = told.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let page: Vec<String> = pages[""].lines().map(plain).collect();
        for term in terms.map(str::trim) {
            assert!(page.iter().any(|line| line == term), "{topic}: {term}");
        }
    }
}

#[test]
fn a_formatter_has_no_objection_to_any_page() {
    if Command::new("groff").arg("--version").output().is_err() {
        return skipped("man pages are not formatted: there is no groff here");
    }
    for (words, page) in pages() {
        let mut groff = Command::new("groff");
        groff
            .args(["-man", "-ww", "-Tutf8", "-Kutf8"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut groff = groff.spawn().unwrap();
        groff.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
        let ended = groff.wait_with_output().unwrap();
        assert!(
            ended.status.success() && ended.stderr.is_empty(),
            "{words}: {}",
            String::from_utf8_lossy(&ended.stderr)
        );
    }
}
