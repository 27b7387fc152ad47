//! Every command that a page shows is run, and prints what stands there. `THREADKEEP_WRITE_EXAMPLES` has the pages written
//! anew, but for examples that leave lines out.

use std::fs;

use super::ground::Ground;
use super::page::{Example, blocks};
use super::pages;

/// Whether what was printed is what is written: `…` stands for any number of others.
fn is_as_written(written: &[&str], printed: &[&str]) -> bool {
    match written.split_first() {
        None => printed.is_empty(),
        Some((&"…", rest)) => (0..=printed.len()).any(|from| is_as_written(rest, &printed[from..])),
        Some((first, rest)) => printed.first() == Some(first) && is_as_written(rest, &printed[1..]),
    }
}

/// Whether an example prints what is written. The length of a path decides where a line is wrapped, so with one in it the
/// words count.
fn holds(example: &Example, printed: &[String], has_path: bool) -> bool {
    let lines = |lines: &[String]| -> Vec<String> {
        match has_path {
            true => lines.iter().flat_map(|line| line.split_whitespace()).map(String::from).collect(),
            false => lines.to_vec(),
        }
    };
    let (written, printed) = (lines(&example.printed), lines(printed));
    let [written, printed] = [&written, &printed].map(|lines| lines.iter().map(String::as_str).collect::<Vec<_>>());
    is_as_written(&written, &printed)
}

#[test]
fn every_example_prints_what_is_written_there() {
    let is_written_anew = std::env::var_os("THREADKEEP_WRITE_EXAMPLES").is_some();
    let (mut run, mut wrong) = (0, Vec::new());
    for path in pages() {
        let page = fs::read_to_string(&path).unwrap();
        let mut lines: Vec<String> = page.lines().map(String::from).collect();
        // From the last one on, so that those before stay where they are.
        for block in blocks(&page).into_iter().rev() {
            let ground = Ground::of(&block.home);
            let mut shown: Vec<String> = Vec::new();
            for example in &block.examples {
                run += 1;
                let (printed, has_path) = ground.printed(&example.command);
                let is_cut = example.printed.iter().any(|line| line == "…");
                let holds = holds(example, &printed, has_path);
                if !shown.is_empty() {
                    shown.push(String::new());
                }
                shown.push(format!("$ {}", example.command));
                shown.extend_from_slice(if holds || is_cut { &example.printed } else { &printed });
                if !holds && (is_cut || !is_written_anew) {
                    wrong.push(format!("{}: {}\n{}", path.display(), example.command, printed.join("\n")));
                }
            }
            drop(lines.splice(block.lines, shown));
        }
        let written = lines.join("\n") + "\n";
        if is_written_anew && written != page {
            fs::write(&path, written).unwrap();
        }
    }
    assert!(run > 20, "{run}");
    assert!(wrong.is_empty(), "{} examples print something else:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn lines_that_are_left_out_may_be_any_and_no_others() {
    for (written, printed, is_so) in [
        (&["a", "…", "c"][..], &["a", "b", "b", "c"][..], true),
        (&["a", "…"], &["a"], true),
        (&["a", "…", "c"], &["a", "b"], false),
        (&["a"], &["a", "b"], false),
        (&["a", "b"], &["a"], false),
    ] {
        assert_eq!(is_as_written(written, printed), is_so, "{written:?} {printed:?}");
    }
}
