//! Writes text so that it stays what it is in another format.

/// A string in JSON, which is one in YAML, too: whatever it holds, it stays one string on one line.
pub fn json_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || ('\u{2028}'..='\u{2029}').contains(&c) => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// A field of CSV. A text that a spreadsheet would take for a formula has a `'` before it.
pub fn csv_field(text: &str) -> String {
    let formula =
        text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) || text.starts_with(['\t', '\r']);
    let text = if formula && text.parse::<f64>().is_err() { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', ';', '"', '\n', '\r', '\t']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// Text in a cell of a table in Markdown.
pub fn markdown_cell(text: &str) -> String {
    let one_line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    one_line.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;")
}

/// Text as code in Markdown, between fences that are longer than any in it.
pub fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    format!("{fence}\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

/// A title as the name of a file, without what file systems and links do not take, and at most 80 characters of it.
pub fn file_name(title: &str) -> String {
    let allowed = |c: char| if c.is_control() || "\\/:*?\"<>|#^[]".contains(c) { ' ' } else { c };
    let name: String = title.chars().map(allowed).collect();
    let name: String = name.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(80).collect();
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() { "Untitled".to_owned() } else { name.to_owned() }
}

/// A unified diff that replaces some lines by others, where nothing more is known of the file.
pub fn replacement(old: &str, new: &str) -> String {
    let lines = |text: &str, sign: char| text.lines().map(|line| format!("{sign}{line}\n")).collect::<String>();
    let (before, after) = (old.lines().count(), new.lines().count());
    format!("@@ -1,{before} +1,{after} @@\n{}{}", lines(old, '-'), lines(new, '+'))
}

/// A hunk of a unified diff: first line and number of lines before, the same after, and the lines with their signs.
pub fn hunk<'a>(before: (u64, u64), after: (u64, u64), lines: impl IntoIterator<Item = &'a str>) -> String {
    let lines: String = lines.into_iter().map(|line| format!("{line}\n")).collect();
    format!("@@ -{},{} +{},{} @@\n{lines}", before.0, before.1, after.0, after.1)
}

/// Tasks as a list in Markdown, each with whether it is done.
pub fn task_list<'a>(tasks: impl IntoIterator<Item = (&'a str, bool)>) -> String {
    let task = |(text, done)| format!("- [{}] {text}", if done { 'x' } else { ' ' });
    tasks.into_iter().map(task).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_takes_no_text_for_a_formula() {
        assert_eq!(csv_field("=1+1"), "'=1+1");
        assert_eq!(csv_field(" @SUM(A1)"), "' @SUM(A1)");
        assert_eq!(csv_field("\t=1,2"), "\"'\t=1,2\"");
        assert_eq!(csv_field("-12.5"), "-12.5");
        assert_eq!(csv_field("say \"no\""), "\"say \"\"no\"\"\"");
    }

    #[test]
    fn a_fence_is_longer_than_those_in_the_text() {
        assert_eq!(fenced("a\n```\nb\n"), "````\na\n```\nb\n````\n");
    }

    #[test]
    fn the_name_of_a_file_stays_in_its_directory() {
        assert_eq!(file_name("../../etc/passwd"), "etc passwd");
        assert_eq!(file_name(" .. "), "Untitled");
    }
}
