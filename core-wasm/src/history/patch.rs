//! Reads patches as the model writes them, into changed files. Where a history does not say what came of a patch, this
//! is what is known of it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Value, json};

/// Returns the changes that a patch asks for, in its order; none if it is no patch.
pub(super) fn changes(text: &str) -> Option<Vec<Value>> {
    let begin = text.find("*** Begin Patch")?;
    let mut changes: Vec<Change> = Vec::new();
    for line in text[begin..].lines().skip(1) {
        let header = |name: &str| line.strip_prefix(name).map(|path| path.trim().to_string());
        if line.starts_with("*** End Patch") {
            break;
        } else if let Some(path) = header("*** Add File: ") {
            changes.push(Change { kind: "add", path, moved: None, diff: String::new() });
        } else if let Some(path) = header("*** Delete File: ") {
            changes.push(Change { kind: "delete", path, moved: None, diff: String::new() });
        } else if let Some(path) = header("*** Update File: ") {
            changes.push(Change { kind: "update", path, moved: None, diff: String::new() });
        } else if let Some(change) = changes.last_mut() {
            if let Some(path) = header("*** Move to: ") {
                change.moved = Some(path);
                continue;
            }
            // A new file's lines all carry a plus, which is not theirs.
            let line = if change.kind == "add" { line.strip_prefix('+').unwrap_or(line) } else { line };
            change.diff.push_str(line);
            change.diff.push('\n');
        }
    }
    Some(changes.into_iter().map(Change::into_value).collect())
}

struct Change {
    kind: &'static str,
    path: String,
    moved: Option<String>,
    diff: String,
}

impl Change {
    fn into_value(self) -> Value {
        let kind = match self.kind {
            "update" => json!({ "type": "update", "move_path": self.moved }),
            kind => json!({ "type": kind }),
        };
        json!({ "path": self.path, "kind": kind, "diff": self.diff })
    }
}
