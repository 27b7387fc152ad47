//! Takes recorded pictures out of items, so that they are pictures and no text.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;

/// How what stands for a picture in a text begins; the picture's number follows. No text of a rollout begins so, because a
/// picture's place is the only one that is ever looked at.
const MARK: &str = "threadkeep-image:";

/// Pictures that can be shown without running anything, by what their URLs begin with, and the extension of their files.
const KINDS: [(&str, &str); 4] = [
    ("data:image/png;base64,", "png"),
    ("data:image/jpeg;base64,", "jpg"),
    ("data:image/gif;base64,", "gif"),
    ("data:image/webp;base64,", "webp"),
];

/// A picture that was recorded.
pub(super) struct Image {
    /// Its place among those of the thread, from 1.
    pub(super) number: u32,
    /// Its URL, which holds it.
    pub(super) url: String,
    kind: usize,
}

impl Image {
    /// Returns the name of its file.
    pub(super) fn name(&self) -> String {
        format!("image-{}.{}", self.number, KINDS[self.kind].1)
    }

    /// Returns its bytes; none where they are not whole.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        decode(self.url.get(KINDS[self.kind].0.len()..)?)
    }
}

/// Takes the pictures out of an item, and puts a mark in the place of each; numbers go on from `taken`.
pub(super) fn take(item: &mut Value, taken: &mut u32) -> Vec<Image> {
    let mut images = Vec::new();
    match item["type"].as_str() {
        Some("userMessage") => each(&mut item["content"], "url", taken, &mut images),
        Some("dynamicToolCall") => each(&mut item["contentItems"], "imageUrl", taken, &mut images),
        Some("mcpToolCall") if item["result"].is_object() => {
            for part in item["result"]["content"].as_array_mut().into_iter().flatten() {
                let kind = part["mimeType"].as_str().unwrap_or_default();
                if let (Some("image"), Some(data)) = (part["type"].as_str(), part["data"].as_str()) {
                    part["data"] = format!("data:{kind};base64,{data}").into();
                    replace(&mut part["data"], taken, &mut images);
                }
            }
        }
        _ => {}
    }
    images
}

fn each(parts: &mut Value, key: &str, taken: &mut u32, images: &mut Vec<Image>) {
    for part in parts.as_array_mut().into_iter().flatten() {
        if part[key].is_string() {
            replace(&mut part[key], taken, images);
        }
    }
}

/// Takes the picture out of a URL that holds one. What is cut off is none.
fn replace(url: &mut Value, taken: &mut u32, images: &mut Vec<Image>) {
    let Some(text) = url.as_str() else { return };
    if !text.starts_with("data:") {
        return;
    }
    let kind = KINDS.iter().position(|(head, _)| text.starts_with(head));
    let whole = kind.filter(|&kind| is_base64(&text[KINDS[kind].0.len()..]));
    *taken += 1;
    let mark = format!("{MARK}{taken}");
    if let (Some(kind), Value::String(url)) = (whole, core::mem::replace(url, mark.into())) {
        images.push(Image { number: *taken, url, kind });
    }
}

/// Returns the number of the picture that a mark stands for.
pub(super) fn marked(url: &str) -> Option<u32> {
    url.strip_prefix(MARK)?.parse().ok()
}

/// Says whether a text is base64 (RFC 4648, section 4) and whole.
fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    !body.is_empty() && text.len().is_multiple_of(4) && text.len() - body.len() < 3 && body.bytes().all(alphabet)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=').as_bytes();
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 2);
    for group in body.chunks(4) {
        let mut bits = 0u32;
        for &byte in group {
            let digit = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(digit);
        }
        bits <<= 6 * (4 - group.len() as u32);
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len().max(1)]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use serde_json::json;

    use super::{decode, is_base64, marked, take};

    #[test]
    fn base64_is_read_whole_or_not_at_all() {
        for (text, bytes) in [("TQ==", &b"M"[..]), ("TWE=", b"Ma"), ("TWFu", b"Man"), ("/+8A", &[255, 239, 0])] {
            assert!(is_base64(text));
            assert_eq!(decode(text).as_deref(), Some(bytes), "{text}");
        }
        for text in ["", "TW", "TWF", "T===", "TW=n", "<svg"] {
            assert!(!is_base64(text), "{text}");
        }
    }

    #[test]
    fn pictures_give_way_to_marks_and_what_is_cut_off_is_none() {
        let mut item = json!({ "type": "userMessage", "content": [
            { "type": "text", "text": "data:image/png;base64,TWFu" },
            { "type": "image", "url": "data:image/png;base64,TWFu" },
            { "type": "image", "url": "data:image/png;base64,TWF" },
            { "type": "image", "url": "https://example.com/a.png" },
        ]});
        let mut taken = 0;
        let images = take(&mut item, &mut taken);
        assert_eq!((images.len(), images[0].name().as_str(), taken), (1, "image-1.png", 2));
        assert_eq!(item["content"][0]["text"], "data:image/png;base64,TWFu");
        assert_eq!(item["content"][1]["url"].as_str().and_then(marked), Some(1));
        assert_eq!(item["content"][2]["url"].as_str().and_then(marked), Some(2));
        assert_eq!(item["content"][3]["url"].to_string(), "\"https://example.com/a.png\"");
    }
}
