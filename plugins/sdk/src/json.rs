//! Reads what many programs write as JSON.

use serde_json::Value;

use crate::importer::Change;
use crate::{Error, Millis, Result, source, text, time};

/// The text of a message: a string, or a list of parts with a `text`.
pub fn text_of(content: &Value) -> String {
    let parts = content.as_array().into_iter().flatten();
    let texts = content.as_str().into_iter().chain(parts.filter_map(|part| part["text"].as_str()));
    texts.collect::<Vec<_>>().join("\n")
}

/// A text in an object, if it is there and not empty.
pub fn text_in(object: &Value, name: &str) -> Option<String> {
    object[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A list of tasks as one in Markdown: what each is stands in `name`, and `status` is `completed` when it is done.
pub fn task_list(tasks: &Value, name: &str) -> String {
    let tasks = tasks.as_array().into_iter().flatten();
    text::task_list(tasks.map(|task| (task[name].as_str().unwrap_or_default(), task["status"] == "completed")))
}

/// A time in an object, as ISO 8601.
pub fn time_in(object: &Value, name: &str) -> Option<Millis> {
    object[name].as_str().and_then(time::parse)
}

/// Reads a file that is one object.
///
/// # Errors
///
/// There is no such file, it cannot be read, it has more bytes than `limit`, or it is no JSON.
pub fn read(file: &str, limit: usize) -> Result<Value> {
    let text = source::text(file, limit)?;
    serde_json::from_str(&text).map_err(|error| Error::failed(format!("{file}: {error}")))
}

/// The change of a file that a tool was asked for: its new `content`, or texts to be replaced by others, which have these names, once or
/// in a list of `edits`.
pub fn edit(input: &Value, (old, new): (&str, &str)) -> Change {
    if let Some(content) = input["content"].as_str() {
        return Change::Add(content.to_owned());
    }
    let replacement = |edit: &Value| match (edit[old].as_str(), edit[new].as_str()) {
        (None, None) => String::new(),
        (old, new) => text::replacement(old.unwrap_or_default(), new.unwrap_or_default()),
    };
    let edits = input["edits"].as_array();
    Change::Update(edits.map_or_else(|| replacement(input), |edits| edits.iter().map(replacement).collect()))
}

/// A patch as the JavaScript package `diff` has it, as a unified diff.
pub fn patch(hunks: &Value) -> String {
    let hunk = |hunk: &Value| {
        let number = |name: &str| hunk[name].as_u64().unwrap_or(0);
        let lines = hunk["lines"].as_array().into_iter().flatten().filter_map(Value::as_str);
        text::hunk((number("oldStart"), number("oldLines")), (number("newStart"), number("newLines")), lines)
    };
    hunks.as_array().into_iter().flatten().map(hunk).collect()
}

/// The images among the parts of a message, as URLs: type and data stand below a name.
pub fn images(content: &Value, name: &str, media_type: &str) -> Vec<String> {
    let parts = content.as_array().into_iter().flatten().map(|part| &part[name]);
    parts.filter_map(|image| data_url(&image[media_type], &image["data"])).collect()
}

/// Base64 as a URL, if type and data are there.
pub fn data_url(media_type: &Value, data: &Value) -> Option<String> {
    Some(format!("data:{};base64,{}", media_type.as_str()?, data.as_str()?))
}
