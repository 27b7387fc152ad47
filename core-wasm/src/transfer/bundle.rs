//! Writes and reads the lines between the texts of an export or a bundle. An export is described with its command; a bundle is
//! an export of whole files, with a manifest, for another machine:
//!
//! ```text
//! {"type":"threadkeep_bundle","payload":{"version":1,"program":…,"madeAt":…,"threads":2,"files":3,"bytes":…}}
//! {"type":"threadkeep_thread","payload":{"id":…,"name":…,"memoryMode":…,"tags":[…],"pinned":true,"notes":[…]}} a line a thread
//! {"type":"threadkeep_file","payload":{"path":…,"thread":…,"size":…,"sha256":…,"modifiedNs":…}}                a line a file
//! … `size` bytes as they stand in the rollout, and a newline where they do not end with one …
//! ```
//!
//! It is one stream: nothing in it can lead outside of a home, and its first line says how long it is.

use alloc::format;
use alloc::string::{String, ToString};

use contract::{BundleFile, BundleThread, ThreadMarks, ThreadNote};
use serde_json::Value;

use crate::text::json_writer::JsonWriter;
use crate::text::paths::canonical_id;
use crate::text::time::{parse_millis, rfc3339};

/// The version of both forms.
const VERSION: u64 = 1;
/// How the lines between the texts begin.
const BEGINNING: &[u8] = b"{\"type\":\"threadkeep_";

/// Returns the lines that a bundle begins with.
pub fn bundle_manifest(program: &str, made: i64, threads: &[BundleThread], files: u64, bytes: u64) -> String {
    let mut out = JsonWriter::default();
    out.raw("{\"type\":\"threadkeep_bundle\",\"payload\":{\"version\":").unsigned(VERSION);
    out.field("program", Some(program)).field("madeAt", Some(&rfc3339(made)));
    out.raw(",\"threads\":").unsigned(threads.len() as u64);
    out.raw(",\"files\":").unsigned(files).raw(",\"bytes\":").unsigned(bytes).raw("}}\n");
    for thread in threads {
        out.raw("{\"type\":\"threadkeep_thread\",\"payload\":{\"id\":").text(&thread.id);
        out.field("name", thread.name.as_deref()).field("memoryMode", thread.memory_mode.as_deref());
        write_marks(&thread.marks, &mut out);
        out.raw("}}\n");
    }
    out.into_text()
}

/// Writes what users put on a thread, where there is anything, as fields of an object.
fn write_marks(marks: &ThreadMarks, out: &mut JsonWriter) {
    if !marks.tags.is_empty() {
        out.raw(",\"tags\":[");
        for (at, tag) in marks.tags.iter().enumerate() {
            out.raw(if at > 0 { "," } else { "" }).text(tag);
        }
        out.raw("]");
    }
    if marks.pinned {
        out.raw(",\"pinned\":true");
    }
    if !marks.notes.is_empty() {
        out.raw(",\"notes\":[");
        for (at, note) in marks.notes.iter().enumerate() {
            out.raw(if at > 0 { ",{" } else { "{" }).raw("\"text\":").text(&note.text);
            out.field("turn", note.turn.as_deref()).field("at", Some(&rfc3339(note.at))).raw("}");
        }
        out.raw("]");
    }
}

/// Reads what users put on a thread, of which notes stand elsewhere in an export. What is something else is none.
fn read_marks(thread: &Value, notes: &Value) -> ThreadMarks {
    let list = |of: &Value| of.as_array().cloned().unwrap_or_default();
    let text = |of: &Value| of.as_str().map(ToString::to_string);
    let note = |note: &Value| {
        let at = note["at"].as_str().and_then(|at| parse_millis(at.as_bytes())).unwrap_or(0);
        Some(ThreadNote { turn: text(&note["turn"]), text: text(&note["text"])?, at })
    };
    ThreadMarks {
        tags: list(&thread["tags"]).iter().filter_map(text).collect(),
        pinned: thread["pinned"].as_bool().unwrap_or(false),
        notes: list(notes).iter().filter_map(note).collect(),
    }
}

/// Returns the line that stands before the text of a rollout in a bundle.
pub fn bundle_file_line(file: &BundleFile) -> String {
    let mut out = JsonWriter::default();
    out.raw("{\"type\":\"threadkeep_file\",\"payload\":{\"path\":").text(&file.path);
    out.field("thread", Some(&file.thread)).raw(",\"size\":").unsigned(file.size);
    out.field("sha256", Some(&file.sha256)).raw(",\"modifiedNs\":").number(file.modified_ns).raw("}}\n");
    out.into_text()
}

/// A line between texts.
pub(super) enum Mark {
    /// The manifest of a bundle.
    Bundle(Promised),
    /// A thread of a bundle, or of an export, with what was made unreadable in it.
    Thread {
        id: String,
        name: Option<String>,
        memory_mode: Option<String>,
        marks: ThreadMarks,
        redacted: bool,
        of_export: bool,
    },
    /// A rollout.
    File(FileMark),
    /// Something that nobody needs who takes threads in.
    Other,
}

/// What a manifest promises.
pub(super) struct Promised {
    pub(super) threads: u64,
    pub(super) files: u64,
    pub(super) bytes: u64,
}

/// What is said of a rollout.
pub(super) struct FileMark {
    pub(super) path: String,
    pub(super) thread: String,
    pub(super) from: u64,
    pub(super) until: Option<u64>,
    pub(super) size: Option<u64>,
    pub(super) sha256: Option<String>,
    pub(super) modified_ns: Option<i64>,
}

/// Says whether a line stands between texts.
pub(super) fn is_mark(line: &[u8]) -> bool {
    line.starts_with(BEGINNING)
}

/// Reads a line that stands between texts; an error says, in words, why it cannot be one.
pub(super) fn read_mark(line: &[u8]) -> Result<Mark, String> {
    let value: Value = serde_json::from_slice(line).map_err(|error| format!("it is no JSON: {error}"))?;
    let payload = &value["payload"];
    let text = |of: &Value, name: &str| of[name].as_str().map(ToString::to_string);
    let id = |of: &Value, name: &str| text(of, name).and_then(|id| canonical_id(&id));
    match value["type"].as_str().unwrap_or_default() {
        "threadkeep_bundle" => {
            checked_version(payload)?;
            let count = |name: &str| payload[name].as_u64().ok_or_else(|| format!("it does not say '{name}'"));
            Ok(Mark::Bundle(Promised { threads: count("threads")?, files: count("files")?, bytes: count("bytes")? }))
        }
        "threadkeep_thread" => thread(payload, read_marks(payload, &payload["notes"]), false, false),
        "threadkeep_export" => {
            checked_version(payload)?;
            let of = &payload["thread"];
            thread(of, read_marks(of, &payload["notes"]), payload["redacted"].as_bool().unwrap_or(false), true)
        }
        "threadkeep_file" => Ok(Mark::File(FileMark {
            path: checked_path(payload["path"].as_str().unwrap_or_default())?,
            // Heads of the first releases say it in another way than others, so that an export may not.
            thread: id(payload, "thread").unwrap_or_default(),
            from: payload["from"].as_u64().unwrap_or(0),
            until: payload["until"].as_u64(),
            size: payload["size"].as_u64(),
            sha256: text(payload, "sha256"),
            modified_ns: payload["modifiedNs"].as_i64(),
        })),
        _ => Ok(Mark::Other),
    }
}

fn thread(of: &Value, marks: ThreadMarks, redacted: bool, of_export: bool) -> Result<Mark, String> {
    let text = |name: &str| of[name].as_str().filter(|text| !text.is_empty()).map(ToString::to_string);
    let id = text("id").and_then(|id| canonical_id(&id)).ok_or("it does not say which thread it is")?;
    Ok(Mark::Thread { id, name: text("name"), memory_mode: text("memoryMode"), marks, redacted, of_export })
}

fn checked_version(payload: &Value) -> Result<(), String> {
    match payload["version"].as_u64() {
        Some(VERSION) => Ok(()),
        Some(version) => Err(format!("it has version {version}, which this program does not know")),
        None => Err("it does not say its version".into()),
    }
}

/// Returns the path of a rollout's plain form, if it is one in a home: below one of the two collections, and nowhere else.
fn checked_path(path: &str) -> Result<String, String> {
    let plain = path.strip_suffix(".zst").unwrap_or(path);
    let mut parts = plain.split('/');
    let collection = parts.next().is_some_and(|first| matches!(first, "sessions" | "archived_sessions"));
    let mut count = 0;
    let inside = parts.all(|part| {
        count += 1;
        !matches!(part, "" | "." | "..") && !part.contains(|letter: char| letter == '\\' || letter.is_control())
    });
    match collection && inside && count > 0 && plain.ends_with(".jsonl") {
        true => Ok(plain.into()),
        false => Err(format!("'{}' is no path of a rollout in a home", path.escape_debug())),
    }
}
