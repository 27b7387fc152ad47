//! Names the files of an exported directory, and writes the page that leads to them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use contract::{ExportFormat, IndexEntry, Person};

use super::clean::{one_line, title};
use super::html::push_escaped;
use super::markdown::escaped;
use super::style::{AFTER_TITLE, BEFORE_TITLE, END};
use crate::secrets::{Redaction, Redactor};
use crate::text::time::rfc3339;

/// Bytes of a title that a file's name has at most.
const LONGEST_SLUG: usize = 60;
/// Characters of an id that tell threads apart which did not begin in the same millisecond.
const SHORT_ID: usize = 13;

/// Returns the name of a thread's file, without an extension: day, title and the beginning of the id, redacted.
pub fn export_name(created_at: i64, title: &str, id: &str, secrets: bool, anonymize: Option<Person>) -> String {
    name_of(created_at, &Redactor::new(Redaction { secrets, anonymize }).text(title), id)
}

fn name_of(created_at: i64, title: &str, id: &str) -> String {
    let mut slug = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if slug.len() + c.len_utf8() > LONGEST_SLUG {
            break;
        }
        match c.is_alphanumeric() {
            true => slug.push(c),
            false if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            false => {}
        }
    }
    let day = rfc3339(created_at);
    let day = day.get(..10).unwrap_or("undated");
    let slug = slug.trim_end_matches('-');
    let id: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(SHORT_ID).collect();
    [day, slug, &id].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("-")
}

/// Returns a page that leads to the threads of a directory: HTML beside HTML, else Markdown.
pub fn index_page(format: ExportFormat, entries: &[IndexEntry]) -> String {
    match format {
        ExportFormat::Html => html(entries),
        _ => markdown(entries),
    }
}

/// Returns what stands before several threads in one document, and behind them.
pub fn collection_frame(format: ExportFormat) -> (String, String) {
    match format {
        ExportFormat::Markdown => ("# Threads\n\n".into(), String::new()),
        ExportFormat::Html => {
            let begin = format!("{BEFORE_TITLE}Threads{AFTER_TITLE}<header>\n<h1>Threads</h1>\n</header>\n<main>\n");
            (begin, format!("</main>\n{END}"))
        }
        ExportFormat::PlainText | ExportFormat::Json | ExportFormat::Jsonl => Default::default(),
    }
}

fn facts(entry: &IndexEntry) -> String {
    let day = rfc3339(entry.updated_at);
    let cwd = entry.cwd.as_deref().map(|cwd| format!(" · {}", one_line(cwd))).unwrap_or_default();
    let gone = if entry.gone { " · no longer in the home" } else { "" };
    format!("{}{cwd}{gone}", day.get(..10).unwrap_or_default())
}

fn markdown(entries: &[IndexEntry]) -> String {
    let mut out = String::from("# Threads\n\n");
    for entry in entries {
        out.push_str(&format!(
            "- [{}](<{}>) · {}\n",
            escaped(&title(&entry.title)),
            entry.file,
            escaped(&facts(entry))
        ));
    }
    out
}

fn html(entries: &[IndexEntry]) -> String {
    let mut out = format!("{BEFORE_TITLE}Threads{AFTER_TITLE}<header>\n<h1>Threads</h1>\n</header>\n<main>\n<ul>\n");
    for entry in entries {
        out.push_str("<li><a href=\"");
        push_escaped(&entry.file, &mut out);
        out.push_str("\">");
        push_escaped(&title(&entry.title), &mut out);
        out.push_str("</a> <span class=\"outcome\">· ");
        push_escaped(&facts(entry), &mut out);
        out.push_str("</span></li>\n");
    }
    out.push_str("</ul>\n</main>\n");
    out.push_str(END);
    out
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn names_of_files_hold_nothing_but_letters_digits_and_hyphens() {
        let id = "019ca8a0-0000-7000-8000-000000000001";
        for (title, name) in [
            ("Fix the /etc/passwd bug: ../..", "2026-03-01-fix-the-etc-passwd-bug-019ca8a0-0000"),
            ("", "2026-03-01-019ca8a0-0000"),
            ("Größe & 漢字", "2026-03-01-größe-漢字-019ca8a0-0000"),
        ] {
            assert_eq!(name_of(1_772_359_200_000, title, id), name);
        }
        assert!(name_of(0, &"x".repeat(500), id).len() < 100);
    }
}
