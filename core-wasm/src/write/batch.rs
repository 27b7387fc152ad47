//! A batch of lines under way, and the shapes that both forms share.

use alloc::string::String;
use alloc::vec::Vec;

use super::ids::uuid;
use super::out::Out;
use super::pen::{Form, Pen};
use super::{Command, Tokens};
use crate::time::rfc3339;

/// Lines being made with a pen.
pub(super) struct Batch {
    pub(super) out: Out,
    pub(super) pen: Pen,
    pub(super) now: i64,
    stamp: String,
}

impl Batch {
    pub(super) fn new(pen: Pen, now: i64) -> Batch {
        let mut batch = Batch { out: Out::default(), pen, now, stamp: rfc3339(now) };
        if core::mem::take(&mut batch.pen.cut_off) {
            // What a killed writer left of a line stays a line of its own.
            batch.out.raw("\n");
        }
        batch
    }

    /// A new id.
    pub(super) fn id(&mut self) -> String {
        uuid(self.now, &mut self.pen.chance)
    }

    /// A whole record of this type, whose payload is what is written inside.
    pub(super) fn record(&mut self, kind: &str, payload: impl FnOnce(&mut Out)) {
        self.out.raw("{\"timestamp\":\"").raw(&self.stamp).raw("\"");
        if self.pen.form == Form::Paginated {
            self.out.raw(",\"ordinal\":").unsigned(self.pen.ordinal);
            self.pen.ordinal += 1;
        }
        self.out.raw(",\"type\":").text(kind).raw(",\"payload\":");
        payload(&mut self.out);
        self.out.raw("}\n");
    }

    /// An event, whose fields after its type are what is written inside.
    pub(super) fn event(&mut self, kind: &str, fields: impl FnOnce(&mut Out)) {
        self.record("event_msg", |out| {
            out.raw("{\"type\":\"").raw(kind).raw("\"");
            fields(out);
            out.raw("}");
        });
    }

    /// Something that the model was given or gave.
    pub(super) fn response(&mut self, kind: &str, fields: impl FnOnce(&mut Out)) {
        self.record("response_item", |out| {
            out.raw("{\"type\":\"").raw(kind).raw("\"");
            fields(out);
            out.raw("}");
        });
    }

    pub(super) fn turn_started(&mut self) {
        let (turn, now) = (self.pen.turn_id(), self.now);
        self.event("task_started", |out| {
            out.field("turn_id", Some(&turn)).raw(",\"root_turn_id\":").text(&turn);
            out.raw(",\"started_at\":").number(now.div_euclid(1_000));
            out.raw(",\"model_context_window\":null,\"collaboration_mode_kind\":\"default\"");
        });
        let (cwd, model) = (self.pen.cwd.clone(), self.pen.model.clone());
        // Codex reads one only with a model, and passes over any other; where the turn ran is worth a record by itself.
        self.record("turn_context", |out| {
            out.raw("{\"turn_id\":").text(&turn).raw(",\"root_turn_id\":").text(&turn).field("cwd", Some(&cwd));
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

    /// The call that ran a command, and what it answered, as the model is told.
    pub(super) fn command_items(&mut self, call: &str, command: &Command) {
        let words: Vec<&str> = command.argv.iter().map(String::as_str).collect();
        let line = crate::turns::items::command_line(&words);
        self.response("function_call", |out| {
            out.raw(",\"name\":\"exec_command\",\"arguments\":\"");
            // JSON inside a text.
            let mut arguments = Out::default();
            arguments.raw("{\"cmd\":").text(&line);
            arguments.field("workdir", command.cwd.as_deref()).raw("}");
            out.inside(core::str::from_utf8(&arguments.0).unwrap_or_default());
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
        self.pen.tokens = self.pen.tokens.plus(last);
        let total = self.pen.tokens;
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

    /// The turn is over: with an error, if there was one.
    pub(super) fn turn_completed(&mut self, error: Option<&str>) {
        let (turn, said, now) = (self.pen.turn_id(), self.pen.said.take(), self.now);
        let began = self.pen.turn_began();
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
        let (turn, began, now) = (self.pen.turn_id(), self.pen.turn_began(), self.now);
        self.event("turn_aborted", |out| {
            out.field("turn_id", Some(&turn)).raw(",\"root_turn_id\":").text(&turn);
            out.raw(",\"reason\":\"interrupted\",\"started_at\":").number(began.div_euclid(1_000));
            out.raw(",\"completed_at\":").number(now.div_euclid(1_000));
            out.raw(",\"duration_ms\":").number((now - began).max(0));
        });
    }
}

fn usage(out: &mut Out, tokens: &Tokens) {
    out.raw("{\"input_tokens\":").unsigned(tokens.input);
    out.raw(",\"cached_input_tokens\":").unsigned(tokens.cached_input);
    out.raw(",\"output_tokens\":").unsigned(tokens.output);
    out.raw(",\"reasoning_output_tokens\":").unsigned(tokens.reasoning_output);
    out.raw(",\"total_tokens\":").unsigned(tokens.total()).raw("}");
}

/// `,"duration":{"secs","nanos"}`
pub(super) fn duration(out: &mut Out, millis: i64) {
    let millis = millis.max(0) as u64;
    out.raw(",\"duration\":{\"secs\":").unsigned(millis / 1_000);
    out.raw(",\"nanos\":").unsigned(millis % 1_000 * 1_000_000).raw("}");
}
