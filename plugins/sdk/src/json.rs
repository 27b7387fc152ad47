//! Reads what many programs write as JSON.

use serde_json::Value;

use crate::text;

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

/// Base64 as a URL, if type and data are there.
pub fn data_url(media_type: &Value, data: &Value) -> Option<String> {
    Some(format!("data:{};base64,{}", media_type.as_str()?, data.as_str()?))
}
