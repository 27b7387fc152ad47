//! What happens within a turn: reasoning, commands, patches; and compactions.

use std::fmt::Write as _;

use super::teller::Teller;
use super::texts::{base64, escaped};
use super::words::spread;

impl Teller<'_> {
    /// What is thought and done on the way.
    pub(super) fn step(&mut self) {
        if self.chance.below(5) < 2 {
            self.reason();
        }
        if self.chance.below(6) == 0 {
            self.patch();
        } else {
            self.command();
        }
    }

    fn reason(&mut self) {
        let length = spread(&mut self.chance, 190.0, 0.5);
        let mut text = std::mem::take(self.slots.fresh("text"));
        let _ = write!(text, "**Looking at {}**\\n\\n", self.texts.words.name(&mut self.chance));
        self.texts.prose(&mut self.chance, length, &mut text);
        self.slots.set("text", text);
        let item = self.chance.tag("rs");
        self.slots.set("item", item);
        self.slots.set("started_ms", self.now.to_string());
        let length = spread(&mut self.chance, 560.0, 0.5);
        let sealed = self.slots.fresh("sealed");
        sealed.push_str("gAAAA");
        base64(&mut self.chance, length, sealed);
        self.say(if self.of.paginated { "reasoning_item" } else { "reasoning_event" });
        self.say_item("reasoning");
    }

    fn call(&mut self, kind: &str) {
        let (item, call) = (self.chance.tag(kind), self.chance.tag("call"));
        self.slots.set("item", item);
        self.slots.set("call", call);
    }

    fn command(&mut self) {
        self.call("fc");
        let command = escaped(&self.texts.command(&mut self.chance));
        self.slots.set("command_twice", escaped(&command));
        self.slots.set("command", command);
        self.spend();
        self.say_item("call");
        self.order += 1;
        self.spent();
        self.slots.set("started_ms", self.now.to_string());
        let took = 20 + self.chance.below(9_000);
        self.now += took as i64;
        let exit = if self.chance.below(8) == 0 { 1 } else { 0 };
        self.slots.set("exit", exit.to_string());
        self.slots.set("status", if exit == 0 { "completed" } else { "failed" });
        self.slots.set("nanos", (took % 1000 * 1_000_000 + self.chance.below(1_000_000)).to_string());
        self.slots.set("process", (4000 + self.chance.below(90_000)).to_string());
        let length = spread(&mut self.chance, 380.0, 1.2).min(40_000).min(self.most());
        let mut printed = std::mem::take(self.slots.fresh("printed"));
        self.texts.printed(&mut self.chance, length, &mut printed);
        let output = self.slots.fresh("output");
        let _ = if self.of.release == 50 {
            let seconds = took as f64 / 1000.0;
            let tail =
                format!("\\\",\\\"metadata\\\":{{\\\"exit_code\\\":{exit},\\\"duration_seconds\\\":{seconds:.1}}}}}");
            write!(output, "{{\\\"output\\\":\\\"{}{tail}", again(&printed))
        } else {
            let chunk = self.chance.below(1 << 24);
            write!(
                output,
                "Chunk ID: {chunk:06x}\\nWall time: {:.4} seconds\\nProcess exited with code {exit}\\nOriginal token \
                 count: {}\\nOutput:\\n{printed}",
                took as f64 / 1000.0,
                printed.len() / 4
            )
        };
        self.slots.set("printed", printed);
        if self.of.paginated {
            self.say("command_item");
        }
        self.result("output", "fco");
    }

    fn patch(&mut self) {
        self.call("ctc");
        let file = self.texts.path(&mut self.chance);
        let lines = spread(&mut self.chance, 3.0, 0.8).clamp(1, 120).min(self.most() / 30);
        let (mut added, mut content) = (String::new(), String::new());
        self.texts.file(&mut self.chance, lines, &mut added, &mut content);
        let done = format!("Success. Updated the following files:\\nA {file}\\n");
        self.slots.set("output", match self.of.release {
            ..142 => format!(
                "{{\\\"output\\\":\\\"{}\\\",\\\"metadata\\\":{{\\\"exit_code\\\":0,\\\"duration_seconds\\\":0.0}}}}",
                again(&done)
            ),
            _ => format!("Exit code: 0\\nWall time: 0 seconds\\nOutput:\\n{done}"),
        });
        self.slots.set("stdout", done);
        self.slots.set("file", file);
        self.slots.set("added", added);
        self.slots.set("content", content);
        self.spend();
        self.say_item("patch_call");
        self.order += 1;
        self.spent();
        self.slots.set("started_ms", self.now.to_string());
        match (self.of.release, self.of.paginated) {
            (_, true) => self.say("patch_item"),
            (142.., false) => self.say("patch_event"),
            _ => {}
        }
        self.result("patch_output", "ctco");
    }

    /// What a tool gave, and what stands after it.
    fn result(&mut self, record: &str, kind: &str) {
        let item = self.chance.uuid7(self.now);
        self.slots.set("output_item", format!("{kind}_{item}"));
        if self.of.release == 100 {
            self.say("tokens");
        }
        self.say_item(record);
        self.sampled = self.sequence;
        if self.of.release <= 100 {
            self.say("turn");
        }
        self.say("tokens");
    }

    /// The history so far becomes a summary.
    pub(super) fn compact(&mut self) {
        self.now += 30_000;
        self.turn_began = self.now;
        let (turn, bare, window) =
            (self.chance.uuid7(self.now), self.chance.uuid7(self.now), self.chance.uuid7(self.now));
        self.slots.set("root", turn.as_str());
        self.slots.set("turn", turn);
        self.slots.set("started", (self.now / 1000).to_string());
        self.slots.set("started_ms", self.now.to_string());
        self.slots.set("bare", bare);
        let before = self.slots.get("window").to_owned();
        self.slots.set("previous_window", before);
        self.slots.set("window", window);
        let length = spread(&mut self.chance, 640.0, 0.6);
        let mut summary = std::mem::take(self.slots.fresh("summary"));
        self.texts.prose(&mut self.chance, length, &mut summary);
        self.slots.set("summary", summary);
        let item = self.chance.tag("msg");
        self.slots.set("item", item);
        self.spend();
        match self.of.release {
            100 => ["started", "turn", "tokens", "compacted", "compacted_event"]
                .into_iter()
                .for_each(|record| self.say(record)),
            142 => ["started", "tokens", "assistant", "tokens", "compacted", "tokens", "compacted_event"]
                .into_iter()
                .for_each(|record| self.say(record)),
            release => {
                self.say("started");
                self.say("tokens");
                self.say_item("summary");
                self.spent();
                self.say("tokens");
                self.say("compacted");
                if release >= 169 {
                    self.opening(&["world", "turn"]);
                }
                self.opening(&["settings", "tokens"]);
                self.say(if self.of.paginated { "compacted_item" } else { "compacted_event" });
            }
        }
        self.finish("complete_none");
    }
}

/// JSON text as it stands within JSON text.
fn again(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
