//! Pages in a browser: nothing runs, nothing is asked for, and a screen reader finds its way.

use std::path::{Path, PathBuf};
use std::process::Command;

use support::{HomeAndState, Program, Rollout, demo_home, skipped};
use tempfile::tempdir;

/// Where `.ci/setup browser` puts axe and what drives a browser.
fn tools() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools").join("browser")
}

/// What is wrong with pages; nothing where there is no browser, said on stderr.
fn findings(pages: &[PathBuf]) -> Option<String> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let browser =
        std::env::split_paths(&path).flat_map(|dir| names.map(|name| dir.join(name))).find(|file| file.is_file());
    let Some(browser) = browser.filter(|_| tools().join("installed").is_file()) else {
        skipped("no Chromium, or no axe (.ci/setup browser)");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/check.mjs");
    let output = Command::new("node").arg(script).arg(tools()).arg(browser).args(pages).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[test]
fn pages_open_without_a_request_and_pass_axe() {
    let (home, out) = (tempdir().unwrap(), tempdir().unwrap());
    demo_home(home.path());
    let hostile = HomeAndState::new();
    let text = "# A\n\n### B\n\n| a | b |\n|--:|---|\n| 1 | [x](https://e.example) |\n\n- [x] done\n\n```rust\nfn main() {}\n```\n\n\
        <script>alert(1)</script> ![y](https://e.example/y.png)\n\n> quoted\n\n1. one\n2. two `code`";
    let id = "019ca8a0-0000-7000-8000-000000000001";
    let long = "a_word_without_an_end_".repeat(30);
    let rollout =
        Rollout::paginated(id).user(text).reasoning(text).command(&long, &long, 1).patch(&long, "fn a() {}\n");
    hostile.write(&rollout.agent(text).agent("<img src=x onerror=alert(1)>").user(&long));
    let mut pages = Vec::new();
    let mut page = |program: &Program, arguments: &[&str]| {
        let path = out.path().join(format!("{}.html", pages.len()));
        let all =
            [&["export", "--out", path.to_str().unwrap(), "--detail", "everything", "--subagents", "3"], arguments];
        program.run(all.concat()).well();
        pages.push(path);
    };
    page(&Program::stateless(home.path()), &["--all"]);
    page(&hostile.program(), &[id]);
    let directory = out.path().join("directory");
    hostile.program().run(["export", "--all", "--format", "html", "--to", directory.to_str().unwrap()]).well();
    pages.push(directory.join("index.html"));
    if let Some(found) = findings(&pages) {
        assert_eq!(found, "[]");
    }
    let bad = out.path().join("bad.html");
    std::fs::write(&bad, "<img src=\"https://e.example/a.png\"><script>alert(1)</script>").unwrap();
    if let Some(found) = findings(&[bad]) {
        let said = ["it asks for https://e.example/a.png", "a script ran", "image-alt"];
        assert!(said.iter().all(|said| found.contains(said)), "the check sees what is wrong: {found}");
    }
}
