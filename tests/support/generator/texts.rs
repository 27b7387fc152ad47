//! What is said and printed: prose, commands, their output, sealed reasoning, pictures. All of it is JSON text.

use std::fmt::Write as _;

use super::words::{Words, pick};
use crate::writer::Chance;

/// Everything that is the same in many threads, and the words for the rest.
pub(super) struct Texts {
    pub(super) words: Words,
    /// Base instructions, by where they came up: 0.100, 0.142, 0.160 and later.
    instructions: [String; 3],
    /// What skills there are, and how they are used.
    pub(super) skills: String,
    pub(super) permissions: String,
    pub(super) tools: String,
    pub(super) child_hint: String,
    pub(super) child_role: String,
}

impl Texts {
    /// The texts of homes whose fixed parts are as long as Codex's, or `short`.
    pub(super) fn new(short: bool) -> Texts {
        let words = Words::new();
        let mut chance = Chance::new("texts");
        let cut = |length: usize| if short { length / 128 } else { length };
        let mut guide = |title: &str, length: usize| {
            let mut text = format!("{title}\\n\\n");
            while text.len() < cut(length) {
                let _ = write!(text, "## {}\\n\\n", words.name(&mut chance));
                for _ in 0..3 {
                    text.push_str("- ");
                    prose(&words, &mut chance, 180, &mut text);
                    text.push_str("\\n");
                }
                text.push_str("\\n");
                prose(&words, &mut chance, 420, &mut text);
                text.push_str("\\n\\n");
            }
            text.truncate(text.floor_char_boundary(cut(length)));
            // Nor within an escape.
            while text.ends_with('\\') {
                text.pop();
            }
            text
        };
        let instructions = [9_100, 21_400, 21_500]
            .map(|length| guide("You are a careful colleague \u{2014} read before you write.", length));
        let skills =
            guide("\\n## Skills\\nEach of these is a file of instructions; open it when its name fits.", 4_500);
        let permissions = guide("<permissions instructions>\\nWhat may be read and written:", 330);
        let child_hint = guide("You were started by another agent; what stands above is its conversation.", 360);
        let child_role = guide("You work in a team. Others may ask you, and you may ask others.", 2_200);
        let tools =
            "<tools>\\nLoaded on demand:\\n- multi_agent_v1: starting other agents and waiting for them.\\n</tools>";
        Texts { words, instructions, skills, permissions, tools: tools.into(), child_hint, child_role }
    }

    /// The base instructions of a release.
    pub(super) fn instructions(&self, release: u32) -> &str {
        &self.instructions[match release {
            ..142 => 0,
            142..160 => 1,
            _ => 2,
        }]
    }

    /// Sentences of about this many bytes.
    pub(super) fn prose(&self, chance: &mut Chance, length: usize, out: &mut String) {
        prose(&self.words, chance, length, out);
    }

    /// A snake_case name of two or three words.
    pub(super) fn name(&self, chance: &mut Chance) -> String {
        let words: Vec<&str> = (0..2 + chance.below(2)).map(|_| self.words.name(chance)).collect();
        words.join("_")
    }

    /// A path within a project.
    pub(super) fn path(&self, chance: &mut Chance) -> String {
        let dir = pick(chance, &["src", "src/store", "tests", "docs", "lib/net", "src/ui/panels"]);
        let ending = pick(chance, &["rs", "ts", "py", "md", "toml", "go"]);
        format!("{dir}/{}.{ending}", self.name(chance))
    }

    /// A command line, not escaped.
    pub(super) fn command(&self, chance: &mut Chance) -> String {
        let name = self.name(chance);
        match chance.below(8) {
            0 => format!("rg -n \"{name}\" src"),
            1 => format!("sed -n '1,200p' {}", self.path(chance)),
            2 => format!("cargo test --all {name}"),
            3 => "git status --short && git diff --stat".to_owned(),
            4 => format!("ls -la {}", pick(chance, &["src", "tests", "docs"])),
            5 => format!("grep -rn '{name}' --include=*.rs . | head -n 40"),
            6 => format!("python3 - <<'EOF'\nimport json\nprint(json.load(open(\"{name}.json\"))[\"{name}\"])\nEOF"),
            _ => format!("cat {} | wc -l", self.path(chance)),
        }
    }

    /// What a command prints, about this many bytes.
    pub(super) fn printed(&self, chance: &mut Chance, length: usize, out: &mut String) {
        let end = out.len() + length;
        let kind = chance.below(5);
        while out.len() < end {
            self.printed_line(chance, kind, out);
            out.push_str("\\n");
        }
    }

    fn printed_line(&self, chance: &mut Chance, kind: u64, out: &mut String) {
        let line = chance.below(1200);
        let _ = match kind {
            0 => write!(out, "src/{}.rs:{line}:    let {} = self.", self.name(chance), self.words.name(chance)),
            1 => write!(out, "test {}::{} ... ", self.words.name(chance), self.name(chance)),
            2 => write!(out, "-rw-r--r-- 1 robin robin {:>7} Mar {:>2} 10:{:02} ", line * 37, line % 28 + 1, line % 60),
            3 => write!(out, "{line:>6}\\t    "),
            _ => write!(out, "\\u001b[33mwarning\\u001b[0m: unused `{}` --> ", self.words.name(chance)),
        };
        match kind {
            0 => out.push_str("write(\\\"\\\\n\\\")?;"),
            1 => out.push_str(if line.is_multiple_of(40) { "FAILED" } else { "ok" }),
            2 | 4 => out.push_str(&self.path(chance)),
            _ => self.prose(chance, 40, out),
        }
    }

    /// A new file's lines, with a prefix on each where one is given, twice: as the patch has them and as they are.
    pub(super) fn file(&self, chance: &mut Chance, lines: usize, added: &mut String, content: &mut String) {
        for _ in 0..lines {
            let mut line = String::new();
            self.prose(chance, 50, &mut line);
            let _ = write!(added, "+{line}\\n");
            let _ = write!(content, "{line}\\n");
        }
    }
}

fn prose(words: &Words, chance: &mut Chance, length: usize, out: &mut String) {
    let end = out.len() + length.max(1);
    let mut left = 0;
    loop {
        if left == 0 {
            left = 4 + chance.below(14);
            capital(words.word(chance), out);
        } else {
            out.push_str(words.word(chance));
        }
        left -= 1;
        if out.len() >= end {
            return out.push('.');
        }
        out.push_str(match (left, chance.below(24)) {
            (0, 0..3) => ".\\n\\n",
            (0, 3..5) => ":\\n- ",
            (0, _) => ". ",
            (_, 0) => ", ",
            _ => " ",
        });
    }
}

/// A word as it begins a sentence.
fn capital(word: &str, out: &mut String) {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) if first.is_ascii_lowercase() => {
            out.push(first.to_ascii_uppercase());
            out.push_str(letters.as_str());
        }
        _ => out.push_str(word),
    }
}

/// Base64 of nothing in particular.
pub(super) fn base64(chance: &mut Chance, length: usize, out: &mut String) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let end = out.len() + length / 4 * 4;
    while out.len() < end {
        let mut bits = chance.next();
        for _ in 0..8.min(end - out.len()) {
            out.push(char::from(DIGITS[(bits & 63) as usize]));
            bits >>= 6;
        }
    }
}

/// JSON text of a string, without its quotes.
pub(super) fn escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The string that this JSON text says.
pub(super) fn plain(text: &str) -> String {
    serde_json::from_str(&format!("\"{text}\"")).unwrap()
}
