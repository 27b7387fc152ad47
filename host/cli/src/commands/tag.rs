//! The command `tag`, and what `pin` and `unpin` have in common with it.

use std::ffi::OsString;

use clap::Args;
use threadkeep::Threadkeep;
use threadkeep::contract::ThreadRow;
use threadkeep::documents::MarkedThreads;

use crate::context::Context;
use crate::failure::Usage;
use crate::failures::Failures;
use crate::{text, values};

/// `tag`
#[derive(Args)]
pub(crate) struct Tag {
    /// Ids, at least 8 characters of each, or names; then +TAG for each tag that comes, and -TAG for each that goes
    #[arg(value_name = "ID|+TAG|-TAG", required = true, value_parser = values::text)]
    words: Vec<String>,
}

impl Tag {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let words = self.words.into_iter().map(|word| match word.strip_prefix(ESCAPED) {
            Some(tag) => format!("-{tag}"),
            None => word,
        });
        let (signed, ids): (Vec<String>, Vec<String>) = words.partition(|word| word.starts_with(['+', '-']));
        if signed.is_empty() || ids.is_empty() {
            let why =
                "name threads, and what becomes of their tags: tag ID +this -that; `threadkeep read ID` shows them";
            return Err(Usage(why.into()).into());
        }
        mark_all(context, "tag", &ids, |threadkeep, wanted| threadkeep.change_tags(wanted, &signed))
    }
}

/// What stands for the sign before a tag that goes, where the parser would take it for a flag. No tag begins so.
const ESCAPED: &str = "+-";

/// Gives the words of a command line with tags that go written so that the parser takes them for no flags; none where there are none.
pub(crate) fn with_escaped_tags(words: &[OsString]) -> Option<Vec<OsString>> {
    let command = words.iter().position(|word| word == "tag")?;
    let escaped = |word: &OsString| {
        let tag = word.to_str()?.strip_prefix('-').filter(|tag| !tag.is_empty() && !tag.starts_with('-'))?;
        (tag != "h").then(|| OsString::from(format!("{ESCAPED}{tag}")))
    };
    let (before, after) = words.split_at(command);
    let is_any = after.iter().any(|word| escaped(word).is_some());
    let after = after.iter().map(|word| escaped(word).unwrap_or_else(|| word.clone()));
    is_any.then(|| before.iter().cloned().chain(after).collect())
}

/// Changes those threads that can be changed, whatever becomes of the others, and gives the exit code of the first that cannot.
pub(super) fn mark_all(
    context: &Context,
    command: &str,
    ids: &[String],
    work: impl Fn(&Threadkeep, &str) -> threadkeep::Result<ThreadRow>,
) -> anyhow::Result<u8> {
    let threadkeep = context.owner(command, "writes")?;
    let (mut rows, mut failures) = (Vec::new(), Failures::none());
    for wanted in ids {
        match work(&threadkeep, wanted) {
            Ok(row) => rows.push(row),
            Err(error) => failures.tell(context, wanted, error),
        }
    }
    let document = MarkedThreads { failed: failures.wanted, items: threadkeep.thread_documents(rows)? };
    let lines = || document.items.iter().map(|thread| text::marked_thread(thread, text::line_width())).collect();
    context.print(&document, lines)?;
    Ok(failures.code)
}
