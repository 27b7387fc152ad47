//! Threads as an export of records has them: whole files, oldest first, each behind a line that says what it is.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A file of a thread's history, and how much of it belongs to that.
struct Part {
    path: PathBuf,
    thread: String,
    text: Vec<u8>,
    until: Option<u64>,
}

/// The text of a rollout, compressed or not.
pub fn plain_text(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    match path.extension().is_some_and(|kind| kind == "zst") {
        true => {
            let mut text = Vec::new();
            zstd::Decoder::new(&bytes[..]).unwrap().read_to_end(&mut text).unwrap();
            text
        }
        false => bytes,
    }
}

/// The export of a thread, whose document this is, from a home.
pub fn export_of(home: &Path, thread: &Value, redacted: bool) -> String {
    let path = PathBuf::from(thread["path"].as_str().unwrap());
    let id = thread["id"].as_str().unwrap().to_owned();
    let mut parts = vec![Part { text: plain_text(&path), path, thread: id, until: None }];
    while let Some((base, end, offset)) = base_of(&parts[parts.len() - 1].text) {
        let taken: Vec<PathBuf> = parts.iter().map(|part| part.path.clone()).collect();
        let Some((path, text)) = file_of(home, &base, offset, &taken) else { break };
        parts.push(Part { path, thread: base, text: text[..offset].to_vec(), until: Some(end) });
    }
    let head = json!({"version": 1, "program": "test", "thread": thread, "redacted": redacted});
    let mut out = format!("{{\"type\":\"threadkeep_export\",\"payload\":{head}}}\n");
    for part in parts.iter().rev() {
        let inside = part.path.strip_prefix(home).unwrap().to_str().unwrap();
        let archived = inside.starts_with("archived_sessions/");
        let file = json!({"path": inside.trim_end_matches(".zst"), "thread": part.thread, "from": 0, "until": part.until, "archived": archived});
        out += &format!("{{\"type\":\"threadkeep_file\",\"payload\":{file}}}\n");
        out += &String::from_utf8_lossy(&part.text);
        out += if out.ends_with('\n') { "" } else { "\n" };
    }
    out + "{\"type\":\"threadkeep_redactions\",\"payload\":{}}\n"
}

/// Where the history of a file begins, unless it is a side thread, which shows nothing of that: thread, ordinal, offset.
fn base_of(text: &[u8]) -> Option<(String, u64, usize)> {
    let head: Value = serde_json::from_slice(text.split(|&byte| byte == b'\n').next()?).ok()?;
    let payload = &head["payload"];
    let base = payload["history_base"].as_object().filter(|_| payload["attached_thread"] != true)?;
    let offset = base["end_byte_offset"].as_u64()? as usize;
    Some((base["thread_id"].as_str()?.to_owned(), base["end_ordinal_exclusive"].as_u64()?, offset))
}

/// The file of a thread in which a line ends at an offset.
fn file_of(home: &Path, thread: &str, offset: usize, taken: &[PathBuf]) -> Option<(PathBuf, Vec<u8>)> {
    let files = super::listing(home);
    let named = files.keys().map(|path| home.join(path)).filter(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().contains(thread) && !taken.contains(path))
            && path.is_file()
            && path.to_string_lossy().contains("rollout-")
    });
    let mut texts = named.map(|path| (path.clone(), plain_text(&path)));
    texts.find(|(_, text)| text.get(offset - 1) == Some(&b'\n'))
}
