//! What calls of tools ask for: commands, and patches.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use memchr::memmem;
use serde_json::Value;

use super::event::{self, owned};
use super::items::{path as plain_path, pull};
use crate::text::file_paths::join;
use crate::text::json::Cursor;

/// A call, and what it asks for.
pub(super) fn asked_of(payload: &[u8]) -> Option<(Value, Value)> {
    let mut item = event::value(payload)?;
    let asked = match pull(&mut item, "action") {
        Value::Null => match pull(&mut item, "input") {
            Value::Null => pull(&mut item, "arguments"),
            input => input,
        },
        action => action,
    };
    let asked: Value = asked.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(asked);
    Some((item, asked))
}

/// A command: the text of a script, or several words; and where it ran, where that is told.
pub(super) struct Run {
    pub(super) words: Vec<String>,
    pub(super) directory: Option<String>,
}

impl Run {
    /// The command that a call asks for.
    pub(super) fn of(asked: &Value) -> Option<Run> {
        let words = match asked.get("command").or_else(|| asked.get("cmd"))? {
            Value::String(script) => alloc::vec![script.clone()],
            words => words.as_array()?.iter().filter_map(Value::as_str).map(ToString::to_string).collect(),
        };
        Some(Run { words, directory: directory_of(asked) })
    }

    /// The command of an item; what it put out, which may be long, is passed over.
    pub(super) fn of_item(payload: &[u8]) -> Option<Run> {
        let (mut words, mut directory, mut is_command) = (Vec::new(), None, false);
        Cursor::new(payload)
            .object(|c, key| {
                if !key.is("item") {
                    return c.skip();
                }
                c.object(|c, key| match key.raw() {
                    b"type" => c.text().map(|kind| is_command = kind.is_some_and(|kind| kind.is("CommandExecution"))),
                    b"cwd" => c.text().map(|cwd| directory = owned(cwd)),
                    b"command" => c.raw().map(|raw| words = serde_json::from_slice(raw).unwrap_or_default()),
                    _ => c.skip(),
                })
            })
            .ok()?;
        let plain = |directory: String| plain_path(directory.into()).as_str().map(ToString::to_string);
        (is_command && !words.is_empty()).then(|| Run { words, directory: directory.and_then(plain) })
    }
}

fn directory_of(asked: &Value) -> Option<String> {
    let directory = ["workdir", "working_directory", "cwd"].iter().find_map(|key| asked[*key].as_str());
    directory.map(ToString::to_string)
}

/// The patch that a call asks for, and the directory that its paths are relative to, where it says that.
pub(super) fn asked_patch(item: &Value, asked: &Value) -> Option<(String, Option<String>)> {
    if item["name"] == "apply_patch" {
        let text = asked.as_str().or_else(|| asked["input"].as_str())?;
        return Some((text.into(), directory_of(asked)));
    }
    let Run { words, directory } = Run::of(asked)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match &*words {
        ["apply_patch", text] => Some((text.to_string(), directory)),
        [script] | [_, "-c" | "-lc", script] => {
            let script = script.trim_start();
            let (into, script) = match script.strip_prefix("cd ").and_then(|rest| rest.split_once("&&")) {
                Some((into, rest)) => (Some(into.trim().trim_matches(['\'', '"'])), rest.trim_start()),
                None => (None, script),
            };
            let directory = match into {
                Some(into) => Some(join(directory.as_deref(), into)),
                None => directory,
            };
            script.starts_with("apply_patch").then(|| (script.to_string(), directory))
        }
        _ => None,
    }
}

/// Says whether a call may be one of a command that changes files, by words that stand in it; what an item says was put out does
/// not count.
pub(super) fn may_write(payload: &[u8]) -> bool {
    let end = memmem::find(payload, b"\"aggregated_output\":").unwrap_or(payload.len());
    let asked = &payload[..end];
    const WORDS: [&[u8]; 18] = [
        b"sed",
        b"perl",
        b"ruby",
        b"rm",
        b"rmdir",
        b"unlink",
        b"mv",
        b"cp",
        b"install",
        b"ln",
        b"rsync",
        b"tee",
        b"touch",
        b"truncate",
        b"dd",
        b"git",
        b"patch",
        b">",
    ];
    let ends_there = |at: usize| asked.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    WORDS.iter().any(|word| match **word {
        [sign] => memchr::memchr(sign, asked).is_some(),
        _ => memmem::find_iter(asked, word).any(|at| ends_there(at + word.len())),
    })
}
