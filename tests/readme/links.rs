//! Links of pages lead to files, and to headings, that are there.

use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Parser, Tag};

use super::{pages, project};

/// How a heading is named in a link.
pub(super) fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_')).collect()
}

/// The links of a page, those of pictures among them.
fn links(page: &str) -> Vec<String> {
    let link = |event: Event<'_>| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.to_string()),
        _ => None,
    };
    Parser::new(page).filter_map(link).collect()
}

/// What is wrong with a link of a page, if anything.
fn fault(page: &Path, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, heading) = link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading)));
    let target = match file {
        "" => page.to_owned(),
        _ => page.parent().unwrap().join(file),
    };
    if !target.exists() {
        return Some(format!("{}: {link} leads nowhere", page.display()));
    }
    let heading = heading?;
    let text = fs::read_to_string(&target).unwrap();
    let is_there = text
        .lines()
        .filter(|line| line.starts_with('#'))
        .any(|line| anchor(line.trim_start_matches('#').trim_start()) == heading);
    (!is_there).then(|| format!("{}: {link} has no such heading", page.display()))
}

#[test]
fn every_relative_link_leads_somewhere() {
    let more = ["ARCHITECTURE.md", "plugins/README.md"].map(|name| project().join(name));
    let all: Vec<PathBuf> = pages().into_iter().chain(more).collect();
    let (mut seen, mut faults) = (0, Vec::new());
    for page in &all {
        for link in links(&fs::read_to_string(page).unwrap()) {
            seen += 1;
            faults.extend(fault(page, &link));
        }
    }
    assert!(seen > 40, "{seen}");
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn every_page_is_reached_from_the_readme() {
    let readme = links(&super::text_of("README.md"));
    for page in pages() {
        let name = format!("docs/{}", page.file_name().unwrap().to_str().unwrap());
        let is_linked = readme.iter().any(|link| link.split('#').next() == Some(&*name));
        assert!(is_linked || page.ends_with("README.md"), "README.md does not lead to {name}");
    }
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let readme = project().join("README.md");
    for (link, is_sound) in [
        ("docs/tasks.md#resume-it", true),
        ("#install", true),
        ("https://example.org/nothing", true),
        ("docs/nothing.md", false),
        ("docs/tasks.md#nothing", false),
    ] {
        assert_eq!(fault(&readme, link).is_none(), is_sound, "{link}");
    }
    assert_eq!(anchor("Codex's \"own\" methods, and so on"), "codexs-own-methods-and-so-on");
}
