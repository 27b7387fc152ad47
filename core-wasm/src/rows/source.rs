//! Reads where a thread came from, and writes it in the two forms of Codex's protocol.

use alloc::format;
use alloc::string::String;

use crate::text::json::Cursor;
use crate::text::large_numbers::with_large_numbers_as_text;

/// Where a thread came from, in the two forms of Codex's protocol.
pub struct Source {
    /// `SessionSource` as JSON.
    pub json: String,
    /// `ThreadSourceKind`
    pub kind: &'static str,
}

impl Source {
    /// Reads it from what a rollout says: `"cli"`, `"mcp"`, `{"subagent":"review"}`,
    /// `{"subagent":{"thread_spawn":{…}}}`, …
    pub fn of(raw: Option<&str>) -> Source {
        let plain = |kind: &'static str| Source { json: format!("\"{kind}\""), kind };
        let Some(raw) = raw else {
            return plain("unknown");
        };
        // Whoever is shown it must be able to read it.
        let legible = with_large_numbers_as_text(raw.as_bytes()).and_then(|json| String::from_utf8(json).ok());
        let raw = legible.as_deref().unwrap_or(raw);
        let mut cursor = Cursor::new(raw.as_bytes());
        if cursor.peek() == Some(b'"') {
            let word = cursor.text().ok().flatten();
            return match word.map(|word| word.raw()).unwrap_or_default() {
                b"cli" => plain("cli"),
                b"vscode" => plain("vscode"),
                b"exec" => plain("exec"),
                b"mcp" | b"appServer" | b"app_server" => plain("appServer"),
                _ => plain("unknown"),
            };
        }
        let mut source = None;
        let read = cursor.object(|c, key| {
            let inner = c.raw()?;
            let inner = String::from_utf8_lossy(inner);
            source = match key.raw() {
                b"subagent" | b"subAgent" => {
                    Some(Source { json: format!("{{\"subAgent\":{inner}}}"), kind: sub_agent_kind(&inner) })
                }
                b"custom" => Some(Source { json: format!("{{\"custom\":{inner}}}"), kind: "unknown" }),
                _ => None,
            };
            Ok(())
        });
        read.ok().and(source).unwrap_or_else(|| plain("unknown"))
    }
}

fn sub_agent_kind(inner: &str) -> &'static str {
    match inner {
        "\"review\"" => "subAgentReview",
        "\"compact\"" => "subAgentCompact",
        inner if inner.contains("thread_spawn") => "subAgentThreadSpawn",
        _ => "subAgentOther",
    }
}
