//! Encodes a batch of items as lines: what records of both forms have in common.

use alloc::string::String;
use alloc::vec::Vec;

use contract::{Command, Tokens};

use super::parts::{sum, usage};
use super::state::WriterState;
use crate::rollout::ids::uuid;
use crate::rollout::session_meta::Form;
use crate::text::json_writer::JsonWriter;
use crate::text::shell::command_line;
use crate::text::time::rfc3339;

/// Lines that are being made, and the state that they leave.
pub(super) struct Encoder {
    pub(super) out: JsonWriter,
    pub(super) state: WriterState,
    pub(super) now: i64,
    stamp: String,
}

impl Encoder {
    pub(super) fn new(state: WriterState, now: i64) -> Encoder {
        let mut encoder = Encoder { out: JsonWriter::default(), state, now, stamp: rfc3339(now) };
        if core::mem::take(&mut encoder.state.cut_off) {
            // What a killed writer left of a line stays a line of its own.
            encoder.out.raw("\n");
        }
        encoder
    }

    /// Says when what comes now was written.
    pub(super) fn set_now(&mut self, now: i64) {
        if self.now != now {
            (self.now, self.stamp) = (now, rfc3339(now));
        }
    }

    /// Makes a new id.
    pub(super) fn id(&mut self) -> String {
        uuid(self.now, &mut self.state.random_bits)
    }

    /// Writes a whole record of this type, whose payload is what is written inside.
    pub(super) fn record(&mut self, kind: &str, payload: impl FnOnce(&mut JsonWriter)) {
        self.out.raw("{\"timestamp\":\"").raw(&self.stamp).raw("\"");
        if self.state.form == Form::Paginated {
            self.out.raw(",\"ordinal\":").unsigned(self.state.ordinal);
            self.state.ordinal += 1;
        }
        self.out.raw(",\"type\":").text(kind).raw(",\"payload\":");
        payload(&mut self.out);
        self.out.raw("}\n");
    }

    /// Writes an event, whose fields after its type are what is written inside.
    pub(super) fn event(&mut self, kind: &str, fields: impl FnOnce(&mut JsonWriter)) {
        self.record("event_msg", |out| {
            out.raw("{\"type\":\"").raw(kind).raw("\"");
            fields(out);
            out.raw("}");
        });
    }

    /// Writes something that the model was given or gave.
    pub(super) fn response(&mut self, kind: &str, fields: impl FnOnce(&mut JsonWriter)) {
        self.record("response_item", |out| {
            out.raw("{\"type\":\"").raw(kind).raw("\"");
            fields(out);
            out.raw("}");
        });
    }

    /// Writes that a turn begins, and its settings. `key` is what the turn is known by in every copy of it.
    pub(super) fn turn_started(&mut self, key: Option<&str>) {
        let (turn, now) = (self.state.turn_id(), self.now);
        self.event("task_started", |out| {
            out.field("turn_id", Some(&turn)).raw(",\"root_turn_id\":").text(&turn);
            out.raw(",\"started_at\":").number(now.div_euclid(1_000));
            out.raw(",\"model_context_window\":null,\"collaboration_mode_kind\":\"default\"").field("key", key);
        });
        let (cwd, model) = (self.state.cwd.clone(), self.state.model.clone());
        // Codex reads one only with a model, and passes over any other; where the turn ran is worth a record by itself.
        self.record("turn_context", |out| {
            out.raw("{\"turn_id\":").text(&turn).raw(",\"root_turn_id\":").text(&turn);
            out.field("cwd", Some(cwd.as_str()).filter(|cwd| !cwd.is_empty()));
            out.raw(",\"approval_policy\":\"never\",\"sandbox_policy\":{\"type\":\"danger-full-access\"}");
            out.field("model", model.as_deref()).raw(",\"summary\":\"none\"}");
        });
    }

    pub(super) fn user_item(&mut self, text: &str, images: &[String]) {
        let id = self.id();
        self.response("message", |out| {
            out.raw(",\"id\":\"msg_").raw(&id).raw("\",\"role\":\"user\",\"content\":[");
            out.raw("{\"type\":\"input_text\",\"text\":").text(text).raw("}");
            for image in images {
                out.raw(",{\"type\":\"input_image\",\"image_url\":").text(image).raw("}");
            }
            out.raw("]");
        });
    }

    pub(super) fn agent_item(&mut self, id: &str, text: &str) {
        self.response("message", |out| {
            out.raw(",\"id\":\"")
                .raw(id)
                .raw("\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":");
            out.text(text).raw("}]");
        });
    }

    /// Writes the call that ran a command, and what it answered, as the model is told.
    pub(super) fn command_items(&mut self, call: &str, command: &Command) {
        let words: Vec<&str> = command.argv.iter().map(String::as_str).collect();
        let line = command_line(&words);
        self.response("function_call", |out| {
            out.raw(",\"name\":\"exec_command\",\"arguments\":\"");
            // JSON inside a text.
            let mut arguments = JsonWriter::default();
            arguments.raw("{\"cmd\":").text(&line);
            arguments.field("workdir", command.cwd.as_deref()).raw("}");
            out.inside(arguments.as_text());
            out.raw("\",\"call_id\":\"").raw(call).raw("\"");
        });
        self.response("function_call_output", |out| {
            out.raw(",\"call_id\":\"").raw(call).raw("\",\"output\":\"Wall time: ");
            out.unsigned(command.duration.max(0) as u64 / 1_000).raw(".");
            let thousandths = command.duration.max(0) as u64 % 1_000;
            out.raw(["00", "0", ""][usize::from(thousandths > 9) + usize::from(thousandths > 99)]);
            out.unsigned(thousandths).raw(" seconds\\n");
            match command.exit_code {
                Some(code) => out.raw("Process exited with code ").number(code.into()),
                None => out.raw("Process ended without a code"),
            };
            out.raw("\\nOutput:\\n").inside(&command.output).raw("\"");
        });
    }

    pub(super) fn tokens(&mut self, last: &Tokens) {
        self.state.tokens = sum(&self.state.tokens, last);
        let total = self.state.tokens;
        self.event("token_count", |out| {
            out.raw(",\"info\":{\"total_token_usage\":");
            usage(out, &total);
            out.raw(",\"last_token_usage\":");
            usage(out, last);
            out.raw(",\"model_context_window\":null},\"rate_limits\":null");
        });
    }

    pub(super) fn error(&mut self, message: &str) {
        self.event("error", |out| {
            out.field("message", Some(message)).raw(",\"codex_error_info\":\"other\"");
        });
    }

    /// Writes that the turn is over: with an error, if there was one.
    pub(super) fn turn_completed(&mut self, error: Option<&str>) {
        let (turn, said, now) = (self.state.turn_id(), self.state.said.take(), self.now);
        let began = self.state.turn_began();
        self.event("task_complete", |out| {
            out.field("turn_id", Some(&turn)).raw(",\"root_turn_id\":").text(&turn);
            out.raw(",\"last_agent_message\":").or_null(said.as_deref());
            if let Some(error) = error {
                out.raw(",\"error\":{\"message\":").text(error).raw(",\"codex_error_info\":\"other\"}");
            }
            out.raw(",\"started_at\":").number(began.div_euclid(1_000));
            out.raw(",\"completed_at\":").number(now.div_euclid(1_000));
            out.raw(",\"duration_ms\":").number((now - began).max(0));
        });
    }

    pub(super) fn turn_interrupted(&mut self) {
        let (turn, began, now) = (self.state.turn_id(), self.state.turn_began(), self.now);
        self.event("turn_aborted", |out| {
            out.field("turn_id", Some(&turn)).raw(",\"root_turn_id\":").text(&turn);
            out.raw(",\"reason\":\"interrupted\",\"started_at\":").number(began.div_euclid(1_000));
            out.raw(",\"completed_at\":").number(now.div_euclid(1_000));
            out.raw(",\"duration_ms\":").number((now - began).max(0));
        });
    }
}
