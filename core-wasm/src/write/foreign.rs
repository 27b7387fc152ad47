//! Writes a session of another program in the form of a rollout.
//!
//! Such a session is told as entries, by whatever reads the program's files. In the form of a rollout it is one more thread:
//! what finds, lists, reads, searches, counts and exports threads needs to know nothing of other programs. The text is kept in
//! the state DB alone, at a place that no file of a home can have ([`is_foreign`]), and nothing that changes threads takes it.
//!
//! * Who the thread is, its program and its own id decide, so that it is the same in every home and after every import.
//! * Its source is Codex's `{"custom":<program>}`, a sub-agent's `{"subagent":{"other":<program>}}`.
//! * Copies that the program makes (a fork, a session that was resumed in another file) tell the same entries by the same keys.
//!   Keys of turns and of tokens are written into the records; what counts them takes each once (`usage`).
//!
//! [`is_foreign`]: crate::text::paths::is_foreign

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use contract::{
    ChangeKind, Command, FileChange, FileChanges, ForeignEntry, ForeignEvent, ForeignFileChanges, ForeignOutcome,
    ForeignSession, ForeignSubAgent, ForeignTokens, Item, ItemStatus, Tokens, TurnEnd,
};

use super::encoder::Encoder;
use super::paginated::completed;
use super::state::WriterState;
use super::writer::{check_cwd, one};
use crate::rollout::ids::RandomBits;
use crate::rollout::session_meta::Form;
use crate::text::json_writer::JsonWriter;
use crate::text::sha1::sha1;

/// What UUIDs of sessions of other programs are made below of: a random UUID that nothing else is made of.
const NAMESPACE: [u8; 16] =
    [0x5D, 0x1B, 0x90, 0x36, 0x6E, 0x0A, 0x4C, 0x77, 0x9F, 0x42, 0x2B, 0x8E, 0x61, 0xC3, 0xD0, 0x58];
/// What a command of which no directory is known ran in: the protocol wants an absolute path.
const UNKNOWN_DIRECTORY: &str = "/";
/// Keys of requests that are kept; what is counted again after as many others counts again in this session's own sum.
const MOST_KEYS: usize = 1 << 20;

/// Returns the thread that a program's session becomes.
pub fn thread_of(program: &str, session: &str) -> String {
    uuid(&[program, "session", session])
}

/// Returns a UUID of version 5 (RFC 9562, section 5.5) of a few texts.
fn uuid(parts: &[&str]) -> String {
    let mut bytes = NAMESPACE.to_vec();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    let mut digest = sha1(&bytes);
    digest[6] = digest[6] & 0x0F | 0x50;
    digest[8] = digest[8] & 0x3F | 0x80;
    let mut id = String::with_capacity(36);
    for (at, byte) in digest.iter().take(16).enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        id.push_str(&format!("{byte:02x}"));
    }
    id
}

/// Writes one session from its beginning to its end.
pub struct ForeignWriter {
    encoder: Encoder,
    program: String,
    /// All tokens so far.
    total: ForeignTokens,
    /// What was counted of each request that has a key.
    counted: BTreeMap<String, ForeignTokens>,
    /// What went wrong last in the turn.
    error: Option<String>,
}

impl ForeignWriter {
    /// Begins a session.
    pub fn new(session: &ForeignSession) -> ForeignWriter {
        let thread = thread_of(&session.program, &session.id);
        let seed = thread.bytes().fold(0u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        // What is no absolute path says nothing of this machine.
        let cwd = session.cwd.as_ref().filter(|cwd| check_cwd(cwd).is_ok()).cloned();
        let state = WriterState {
            thread: thread.clone(),
            form: Form::Paginated,
            ordinal: 0,
            cwd: cwd.clone().unwrap_or_default(),
            model: session.model.clone(),
            tokens: Tokens::default(),
            cut_off: false,
            random_bits: RandomBits(seed),
            turn: None,
            said: None,
        };
        let mut encoder = Encoder::new(state, session.created_at);
        encoder.record("session_meta", |out| head(out, session, &thread, cwd.as_deref()));
        let (counted, total) = (BTreeMap::new(), ForeignTokens::default());
        ForeignWriter { encoder, program: session.program.clone(), total, counted, error: None }
    }

    /// Writes the next entries, and gives the lines since the last call.
    pub fn write(&mut self, entries: &[ForeignEntry]) -> String {
        for entry in entries {
            self.encoder.set_now(entry.at.unwrap_or(self.encoder.now));
            self.entry(entry);
        }
        core::mem::take(&mut self.encoder.out).into_text()
    }

    fn entry(&mut self, entry: &ForeignEntry) {
        let key = entry.key.as_deref();
        match &entry.what {
            ForeignEvent::TurnStarted => return self.open_turn(key),
            ForeignEvent::Tokens(tokens) => return self.tokens(key, tokens),
            ForeignEvent::TurnEnded(_) if self.encoder.state.turn.is_none() => return,
            _ if self.encoder.state.turn.is_none() => self.open_turn(key),
            _ => {}
        }
        let item = match &entry.what {
            ForeignEvent::UserMessage(message) => Item::UserMessage(message.clone()),
            ForeignEvent::AgentMessage(text) => Item::AgentMessage(text.clone()),
            ForeignEvent::Reasoning(text) => Item::Reasoning(text.clone()),
            ForeignEvent::Command(command) => {
                let own = Some(&self.encoder.state.cwd).filter(|cwd| !cwd.is_empty());
                let cwd = command.cwd.as_ref().filter(|cwd| check_cwd(cwd).is_ok()).or(own).map(String::as_str);
                Item::Command(Command {
                    argv: ["bash", "-lc", &command.command].map(String::from).into(),
                    cwd: Some(cwd.unwrap_or(UNKNOWN_DIRECTORY).into()),
                    output: command.output.clone(),
                    exit_code: command.exit_code,
                    duration: command.duration.unwrap_or(0).max(0),
                    status: status(command.outcome),
                })
            }
            ForeignEvent::FileChanges(ForeignFileChanges { changes, outcome }) => {
                let text = |text: &Option<String>| Some(text.clone().unwrap_or_default());
                let change = |change: &FileChange| FileChange {
                    kind: match &change.kind {
                        ChangeKind::Add(new) => ChangeKind::Add(text(new)),
                        ChangeKind::Delete(old) => ChangeKind::Delete(text(old)),
                        ChangeKind::Update(diff) => ChangeKind::Update(text(diff)),
                    },
                    ..change.clone()
                };
                let changes = changes.iter().map(change).collect();
                Item::FileChanges(FileChanges { changes, status: status(*outcome) })
            }
            ForeignEvent::ToolCall(call) => Item::ToolCall(call.clone()),
            ForeignEvent::WebSearch(query) => Item::WebSearch(query.clone()),
            ForeignEvent::Plan(text) => Item::Plan(text.clone()),
            ForeignEvent::Error(message) => {
                self.error = Some(message.clone());
                Item::Error(message.clone())
            }
            ForeignEvent::TurnEnded(outcome) => {
                let failed = |error: Option<String>| TurnEnd::Failed(error.unwrap_or_else(|| "the turn failed".into()));
                Item::TurnEnded(match outcome {
                    ForeignOutcome::Completed => TurnEnd::Completed,
                    ForeignOutcome::Interrupted => TurnEnd::Interrupted,
                    ForeignOutcome::Failed | ForeignOutcome::Declined => failed(self.error.take()),
                })
            }
            ForeignEvent::Compacted => {
                let id = self.encoder.id();
                return completed(&mut self.encoder, "ContextCompaction", &id, 0, |_| {});
            }
            ForeignEvent::SubAgent(call) => return self.sub_agent(call),
            ForeignEvent::TurnStarted | ForeignEvent::Tokens(_) => return,
        };
        // An item is refused for what a turn or a record of other kinds says, which none of these is.
        let _ = one(&mut self.encoder, &item);
    }

    fn open_turn(&mut self, key: Option<&str>) {
        let id = match key {
            Some(key) => uuid(&[&self.program, "turn", key]),
            None => self.encoder.id(),
        };
        self.encoder.state.turn = Some((id, self.encoder.now));
        (self.encoder.state.said, self.error) = (None, None);
        self.encoder.turn_started(key);
    }

    fn sub_agent(&mut self, ForeignSubAgent { session, prompt }: &ForeignSubAgent) {
        let id = format!("call_{}", self.encoder.id());
        let called = session.as_ref().map(|session| thread_of(&self.program, session));
        let caller = self.encoder.state.thread.clone();
        completed(&mut self.encoder, "CollabAgentToolCall", &id, 0, |out| {
            out.raw(",\"tool\":\"spawn_agent\",\"status\":\"completed\"").field("sender_thread_id", Some(&caller));
            out.raw(",\"receiver_thread_ids\":[");
            if let Some(called) = &called {
                out.text(called);
            }
            out.raw("]").field("prompt", Some(prompt)).raw(",\"agents_states\":{}");
        });
    }

    /// Writes what a request used. What is told again by the same key is the same request: the largest counts.
    fn tokens(&mut self, key: Option<&str>, told: &ForeignTokens) {
        if told.model.is_some() && told.model != self.encoder.state.model {
            self.encoder.state.model.clone_from(&told.model);
            let model = told.model.clone();
            self.encoder.event("thread_settings_applied", |out| {
                out.raw(",\"thread_settings\":{\"model\":").or_null(model.as_deref()).raw("}");
            });
        }
        let before = key.and_then(|key| self.counted.get(key)).cloned().unwrap_or_default();
        if size(told) <= size(&before) {
            return;
        }
        let grown = |total: u64, told: u64, before: u64| total.saturating_add(told).saturating_sub(before);
        self.total = ForeignTokens {
            model: None,
            input: grown(self.total.input, told.input, before.input),
            cached_input: grown(self.total.cached_input, told.cached_input, before.cached_input),
            cache_write: grown(self.total.cache_write, told.cache_write, before.cache_write),
            output: grown(self.total.output, told.output, before.output),
            reasoning: grown(self.total.reasoning, told.reasoning, before.reasoning),
        };
        if let Some(key) = key.filter(|key| self.counted.len() < MOST_KEYS || self.counted.contains_key(*key)) {
            self.counted.insert(key.into(), ForeignTokens { model: None, ..told.clone() });
        }
        let total = &self.total;
        self.encoder.event("token_count", |out| {
            out.raw(",\"info\":{\"total_token_usage\":");
            usage(out, total);
            out.raw(",\"last_token_usage\":");
            usage(out, told);
            out.raw(",\"model_context_window\":null},\"rate_limits\":null").field("key", key);
        });
    }
}

/// All that was read and written.
fn size(tokens: &ForeignTokens) -> u64 {
    tokens.input.saturating_add(tokens.output)
}

fn usage(out: &mut JsonWriter, tokens: &ForeignTokens) {
    out.raw("{\"input_tokens\":").unsigned(tokens.input);
    out.raw(",\"cached_input_tokens\":").unsigned(tokens.cached_input);
    out.raw(",\"cache_write_input_tokens\":").unsigned(tokens.cache_write);
    out.raw(",\"output_tokens\":").unsigned(tokens.output);
    out.raw(",\"reasoning_output_tokens\":").unsigned(tokens.reasoning);
    out.raw(",\"total_tokens\":").unsigned(size(tokens)).raw("}");
}

fn status(outcome: ForeignOutcome) -> ItemStatus {
    match outcome {
        ForeignOutcome::Completed => ItemStatus::Completed,
        ForeignOutcome::Failed | ForeignOutcome::Interrupted => ItemStatus::Failed,
        ForeignOutcome::Declined => ItemStatus::Declined,
    }
}

/// Writes who the thread is.
fn head(out: &mut JsonWriter, session: &ForeignSession, thread: &str, cwd: Option<&str>) {
    let other = |id: &Option<String>| id.as_ref().map(|id| thread_of(&session.program, id)).filter(|id| id != thread);
    let (parent, forked_from) = (other(&session.parent), other(&session.forked_from));
    out.raw("{\"session_id\":").text(parent.as_deref().unwrap_or(thread)).raw(",\"id\":").text(thread);
    out.field("forked_from_id", forked_from.as_deref()).field("parent_thread_id", parent.as_deref());
    out.raw(",\"timestamp\":\"").raw(&crate::text::time::rfc3339(session.created_at)).raw("\"");
    out.field("cwd", cwd).field("originator", Some(&session.program)).field("cli_version", session.version.as_deref());
    out.raw(",\"source\":").raw(if parent.is_some() { "{\"subagent\":{\"other\":" } else { "{\"custom\":" });
    out.text(&session.program).raw(if parent.is_some() { "}}" } else { "}" });
    out.field("model_provider", session.model_provider.as_deref()).raw(",\"history_mode\":\"paginated\"");
    if let Some(branch) = &session.git_branch {
        out.raw(",\"git\":{\"branch\":").text(branch).raw("}");
    }
    out.raw("}");
}

#[cfg(test)]
mod tests;
