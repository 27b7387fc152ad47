//! The tool `export_thread`: a thread in a format of a plugin's.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use threadkeep::Error;
use threadkeep_plugins::running::{ExportPlace, ExportedFile, parts_from};

use super::offered;
use super::tool::{KnownTool, Question, answered};
use crate::answer::{self, Redaction, Redactions, length, shorten, without_secrets};
use crate::cursor::export_place;
use crate::failure::Failure;
use crate::schemas::AnyObject;
use crate::summary::ThreadSummary;
use crate::text::{clean, shortened};

pub(super) const TOOL: KnownTool = KnownTool::new::<Arguments, Answer>(
    "export_thread",
    "Export a thread",
    "Gives a thread as a file in the format of an installed plugin. Long ones come in parts: hand nextCursor back.",
    |question, arguments| answered(question, arguments, export),
)
.completed_by(|schema, offered| {
    offered::name(schema, "format", &offered.formats);
    !offered.formats.is_empty()
});

/// How many characters of a file's name are shown.
const LONGEST_NAME: usize = 120;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    /// An id, 8 characters of one, or a name.
    thread: String,
    format: String,
    /// Settings of the plugin, by name.
    settings: Option<BTreeMap<String, String>>,
    cursor: Option<String>,
    max_chars: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[schemars(with = "AnyObject")]
    thread: Value,
    files: Vec<File>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    redactions: Vec<Redaction>,
}

#[derive(Serialize, JsonSchema)]
struct File {
    name: String,
    text: String,
    /// Characters before this part of the text, which stand on an earlier page.
    #[serde(skip_serializing_if = "is_zero")]
    from: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn export(question: &Question<'_>, arguments: Arguments) -> Result<Answer, Failure> {
    let guard = question.guard(true)?;
    let found = question.threadkeep.find(&arguments.thread, None).map_err(|error| guard.failure(&error))?;
    guard.admit(&found.row)?;
    let place = arguments.cursor.as_deref().map(export_place).transpose()?;
    let exporter = question.plugins()?.exporter(&arguments.format, question.cancellation).map_err(Error::from)?;
    let settings: Vec<_> = arguments.settings.into_iter().flatten().collect();
    let (row, of) = (&found.row, exporter.stamp(&found.row, &settings));
    let place = place.unwrap_or_else(|| ExportPlace::beginning(of));
    if place.of != of {
        let why = "the thread, the plugin or what was asked of it is not what it was when the part before was made";
        return Err(Failure::conflict(why).with_hint("leave the cursor out to begin again"));
    }
    let exported = exporter.texts(question.threadkeep, vec![row.clone()], &settings).map_err(Error::from)?;
    let mut redactions = Redactions::from(exported.taken_out);
    let (files, more) = cleared(question, exported.files)?;
    redactions.add(&more);
    let (mut thread, more) = without_secrets(question.threadkeep, &answer::value(&ThreadSummary::new(row))?)?;
    redactions.add(&more);
    shorten(&mut thread, "", 1);
    let room = answer::room(arguments.max_chars).saturating_sub(length(&thread));
    let (parts, next) = parts_from(&files, place, room, |text| length(&text));
    let files = parts.into_iter().map(|part| File { name: part.name, text: part.text, from: part.from }).collect();
    let next_cursor = next.map(ExportPlace::to_cursor);
    Ok(Answer { thread, files, next_cursor, redactions: redactions.list() })
}

/// Takes out of files what cannot be seen, and secrets: a plugin may be told of places and usage, out of which none are taken on the
/// way in.
fn cleared(question: &Question<'_>, files: Vec<ExportedFile>) -> Result<(Vec<ExportedFile>, Redactions), Failure> {
    let cleaned = |file: ExportedFile| (shortened(&clean(&file.name), LONGEST_NAME), clean(&file.text));
    let files: Vec<(String, String)> = files.into_iter().map(cleaned).collect();
    let (files, redactions) = without_secrets(question.threadkeep, &files)?;
    Ok((files.into_iter().map(|(name, text)| ExportedFile { name, text }).collect(), redactions))
}
