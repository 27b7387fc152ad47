//! What each record holds, release by release.

use super::identity::Chance;
use super::scribe::Record;
use super::{Form, Origin, Rollout};
use crate::json::{Absent, Raw, when};
use crate::time::rfc3339;

/// A turn that has begun.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) id: String,
    pub(super) started: i64,
}

/// Tokens so far, and those of the last answer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    total: u64,
    last: u64,
}

impl Usage {
    pub(super) fn up_to(self, total: u64) -> Usage {
        Usage { total, last: total.saturating_sub(self.total) }
    }
}

/// A picture of one white pixel.
const PIXEL: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const PICTURE: &str = "/src/pictures/sketch.png";

pub(super) fn session_meta(of: &Rollout, chance: &mut Chance) -> Raw {
    let git = of.git.as_ref().map(|(branch, sha, url)| {
        obj! { "commit_hash": sha, "branch": branch, "repository_url": url }
    });
    let at = rfc3339(of.at);
    if of.form == Form::Bare {
        return obj! { "id": of.id, "timestamp": at, "instructions": None::<String>, "git": Absent(git) };
    }
    let since = |release| of.release >= release;
    let spawned = match &of.origin {
        Origin::Spawned { parent, task, nickname, start } => Some((parent, format!("/root/{task}"), nickname, start)),
        _ => None,
    };
    let forked = match &of.origin {
        Origin::Copied(parent) | Origin::Spawned { parent, .. } => Some(parent.id.as_str()),
        Origin::Based { thread, revert: false, .. } => Some(thread.as_str()),
        _ => None,
    };
    let base = match &of.origin {
        Origin::Based { thread, ordinal, offset, .. } => Some(obj! {
            "thread_id": thread, "end_ordinal_exclusive": ordinal, "end_byte_offset": offset,
        }),
        _ => None,
    };
    let forked_at = match &of.origin {
        Origin::Based { ordinal, revert: false, .. } => Some(*ordinal),
        _ => None,
    };
    // A tree of agents shares the session of its root.
    let session = spawned.as_ref().map_or(&of.id, |(parent, ..)| &parent.id);
    let provenance = obj! { "type": "model", "model": of.model };
    let instructions = obj! { "text": of.instructions, "provenance": when(since(160), provenance) };
    let mode = if of.form == Form::Paginated { "paginated" } else { "legacy" };
    let parent = spawned.as_ref().map(|(parent, ..)| parent.id.as_str());
    let person = of.source.starts_with("\"exec") || of.source.starts_with("\"cli");
    obj! {
        "account_scoped": when(since(169), true),
        "session_id": when(since(142), session),
        "id": of.id,
        "forked_from_id": Absent(forked),
        "forked_from_ordinal_exclusive": Absent(forked_at),
        "parent_thread_id": Absent(parent),
        "timestamp": at,
        "cwd": of.cwd,
        "runtime_workspace_roots": when(since(160), [&of.cwd]),
        "originator": if of.source == "\"exec\"" { "codex_exec" } else { "codex_cli_rs" },
        "cli_version": format!("0.{}.0", of.release),
        "instructions": when(of.release < 100, None::<String>),
        "source": Raw(of.source.clone()),
        "thread_source": Absent(match &spawned {
            Some(_) => Some("subagent"),
            None => (since(142) && person).then_some("user"),
        }),
        "agent_nickname": Absent(spawned.as_ref().map(|(_, _, nickname, _)| nickname.as_str())),
        "agent_path": Absent(spawned.as_ref().map(|(_, path, ..)| path.as_str())),
        "model_provider": when(since(100), &of.provider),
        "base_instructions": when(since(100), instructions),
        "history_mode": when(since(160), mode),
        "history_base": Absent(base),
        "subagent_history_start_ordinal": Absent(spawned.as_ref().map(|(.., start)| **start)),
        "context_window": when(since(160), obj! { "window_id": chance.uuid7(of.at) }),
        "git": Absent(git),
    }
}

fn message(of: &Rollout, role: &str, kind: &str, text: &str, chance: &mut Chance) -> Raw {
    let content = [obj! { "type": kind, "text": text }];
    if of.form == Form::Bare {
        return obj! { "type": "message", "id": None::<String>, "role": role, "content": content };
    }
    let id = when(of.release >= 160, format!("msg_{}", chance.uuid7(of.at)));
    obj! { "type": "message", "id": id, "role": role, "content": content }
}

pub(super) fn developer_message(of: &Rollout, text: &str, chance: &mut Chance) -> Raw {
    message(of, "developer", "input_text", text, chance)
}

pub(super) fn user_instructions(of: &Rollout, chance: &mut Chance) -> Raw {
    let text = "<user_instructions>\n\nPrefer small steps.\n\n</user_instructions>";
    message(of, "user", "input_text", text, chance)
}

pub(super) fn agents_file(of: &Rollout, cwd: &str, chance: &mut Chance) -> Raw {
    let text = format!("# AGENTS.md instructions for {cwd}\n\n<INSTRUCTIONS>\nPrefer small steps.\n</INSTRUCTIONS>");
    message(of, "user", "input_text", &text, chance)
}

pub(super) fn environment_context(of: &Rollout, cwd: &str, chance: &mut Chance) -> Raw {
    let rest = match of.release {
        ..100 => {
            "<approval_policy>on-request</approval_policy>\n  <sandbox_mode>workspace-write</sandbox_mode>\n  <network_access>restricted</network_access>"
        }
        _ => "<shell>bash</shell>",
    };
    let text = format!("<environment_context>\n  <cwd>{cwd}</cwd>\n  {rest}\n</environment_context>");
    message(of, "user", "input_text", &text, chance)
}

pub(super) fn user_message_item(of: &Rollout, text: &str, image: bool, chance: &mut Chance) -> Raw {
    if !image {
        return message(of, "user", "input_text", text, chance);
    }
    let mut content = vec![obj! { "type": "input_image", "image_url": PIXEL }];
    if !text.is_empty() {
        content.push(obj! { "type": "input_text", "text": text });
    }
    let id = when(of.form == Form::Bare, None::<String>);
    obj! { "type": "message", "id": id, "role": "user", "content": content }
}

pub(super) fn user_message(of: &Rollout, text: &str, image: bool) -> Raw {
    let images: Vec<&str> = image.then_some(PIXEL).into_iter().collect();
    let none = Vec::<String>::new();
    let since = |release| of.release >= release;
    obj! {
        "type": "user_message", "message": text, "images": images,
        "local_images": when(since(100), &none),
        "audio": when(since(169), &none), "local_audio": when(since(169), &none),
        "text_elements": when(since(100), &none),
    }
}

pub(super) fn user_item(id: &str, text: &str, image: bool) -> Raw {
    let mut content = Vec::new();
    if image {
        content.push(obj! { "type": "local_image", "path": PICTURE });
    }
    if !text.is_empty() {
        content.push(obj! { "type": "text", "text": text, "text_elements": Vec::<String>::new() });
    }
    obj! { "type": "UserMessage", "id": id, "content": content }
}

pub(super) fn assistant_message(of: &Rollout, id: &str, text: &str) -> Raw {
    let named = when(of.form == Form::Bare || of.release >= 142, id);
    let content = [obj! { "type": "output_text", "text": text }];
    obj! { "type": "message", "id": named, "role": "assistant", "content": content }
}

pub(super) fn agent_message(of: &Rollout, text: &str) -> Raw {
    let newer = of.release >= 130;
    obj! {
        "type": "agent_message", "message": text,
        "phase": when(newer, None::<String>), "memory_citation": when(newer, None::<String>),
    }
}

pub(super) fn agent_item(id: &str, text: &str) -> Raw {
    obj! { "type": "AgentMessage", "id": id, "content": [obj! { "type": "Text", "text": text }] }
}

pub(super) fn reasoning(of: &Rollout, id: &str, text: &str, chance: &mut Chance) -> Raw {
    let sealed: String = (0..16).map(|_| chance.tag("")).collect::<String>().replace('_', "");
    let summary = [obj! { "type": "summary_text", "text": text }];
    obj! {
        "type": "reasoning", "id": when(of.form == Form::Bare || of.release >= 142, id), "summary": summary,
        "content": None::<String>, "encrypted_content": format!("gAAAA{sealed}"),
    }
}

pub(super) fn reasoning_item(id: &str, text: &str) -> Raw {
    obj! { "type": "Reasoning", "id": id, "summary_text": [text], "raw_content": Vec::<String>::new() }
}

pub(super) fn command_call(of: &Rollout, id: &str, call: &str, command: &str) -> Raw {
    let (name, arguments) = if of.release < 100 {
        ("shell", obj! { "command": ["bash", "-lc", command] })
    } else {
        ("exec_command", obj! { "cmd": command })
    };
    let id = when(of.form == Form::Bare || of.release >= 142, id);
    obj! { "type": "function_call", "id": id, "name": name, "arguments": arguments.quoted(), "call_id": call }
}

pub(super) fn command_output(of: &Rollout, call: &str, output: &str, exit: i32) -> Raw {
    let text = if of.release < 100 {
        obj! { "output": output, "metadata": obj! { "exit_code": exit, "duration_seconds": Raw("0.3".to_owned()) } }
            .quoted()
    } else {
        Raw::of(&format!(
            "Chunk ID: 1a2b3c\nWall time: 0.3000 seconds\nProcess exited with code {exit}\nOutput:\n{output}"
        ))
    };
    obj! { "type": "function_call_output", "call_id": call, "output": text }
}

pub(super) fn command_item(call: &str, command: &str, output: &str, exit: i32, cwd: &str) -> Raw {
    obj! {
        "type": "CommandExecution", "id": call, "process_id": "4242", "command": ["/bin/bash", "-lc", command],
        "cwd": format!("file://{}", cwd.replace(' ', "%20")),
        "parsed_cmd": [obj! { "type": "unknown", "cmd": command }],
        "source": "unified_exec_startup", "status": if exit == 0 { "completed" } else { "failed" },
        "aggregated_output": output, "exit_code": exit, "duration": obj! { "secs": 0, "nanos": 300_000_000 },
    }
}

pub(super) fn patch_call(of: &Rollout, id: &str, call: &str, file: &str, content: &str) -> Raw {
    let body: String = content.lines().map(|line| format!("+{line}\n")).collect();
    let input = format!("*** Begin Patch\n*** Add File: {file}\n{body}*** End Patch");
    let id = when(of.form == Form::Bare || of.release >= 142, id);
    obj! {
        "type": "custom_tool_call", "id": id, "status": "completed", "call_id": call, "name": "apply_patch",
        "input": input,
    }
}

pub(super) fn patch_output(call: &str, file: &str) -> Raw {
    let text =
        format!("Exit code: 0\nWall time: 0 seconds\nOutput:\nSuccess. Updated the following files:\nA {file}\n");
    obj! { "type": "custom_tool_call_output", "call_id": call, "output": text }
}

fn changes(path: &str, content: &str) -> Raw {
    let mut out = String::from("{");
    crate::json::field(&mut out, path, &obj! { "type": "add", "content": content });
    out.push('}');
    Raw(out)
}

pub(super) fn patch_applied(call: &str, turn: Option<String>, path: &str, content: &str) -> Raw {
    obj! {
        "type": "patch_apply_end", "call_id": call, "turn_id": turn, "stdout": "Success.", "stderr": "",
        "success": true, "changes": changes(path, content), "status": "completed",
    }
}

pub(super) fn file_change(call: &str, path: &str, content: &str) -> Raw {
    obj! {
        "type": "FileChange", "id": call, "changes": changes(path, content), "status": "completed",
        "stdout": "Success.", "stderr": "",
    }
}

fn tokens(total: u64, newer: bool) -> Raw {
    let (input, output) = (total - total / 8, total / 8);
    obj! {
        "input_tokens": input, "cached_input_tokens": input / 2,
        "cache_write_input_tokens": when(newer, 0), "output_tokens": output,
        "reasoning_output_tokens": output / 4, "total_tokens": total,
    }
}

pub(super) fn token_count(of: &Rollout, usage: &Usage) -> Raw {
    let newer = of.release >= 160;
    let info = (usage.total > 0).then(|| {
        obj! {
            "total_token_usage": tokens(usage.total, newer), "last_token_usage": tokens(usage.last, newer),
            "last_usage_includes_reasoning": when(newer, false), "model_context_window": 258_400,
        }
    });
    let none = None::<String>;
    let limits = if of.release < 100 {
        obj! { "primary": none, "secondary": none }
    } else {
        obj! { "limit_id": "codex", "limit_name": none, "primary": none, "secondary": none, "credits": none, "plan_type": none }
    };
    obj! { "type": "token_count", "info": info, "rate_limits": limits }
}

pub(super) fn usage_record(of: &Rollout, turn: Option<String>, response: &str, usage: &Usage) -> Raw {
    obj! {
        "thread_id": of.id, "turn_id": turn, "session_id": of.id, "root_turn_id": turn, "response_id": response,
        "usage": tokens(usage.last, true), "turn_token_usage": tokens(usage.last, true),
        "thread_token_usage": tokens(usage.total, true),
    }
}

pub(super) fn task_started(of: &Rollout, turn: &Turn) -> Raw {
    let attribution = obj! {
        "turn_id": turn.id, "turn_trigger": None::<String>, "parent_turn_id": None::<String>,
        "initiating_agent_path": None::<String>, "root_turn_id": turn.id,
    };
    obj! {
        "type": "task_started", "turn_attribution": when(of.release >= 169, attribution), "turn_id": turn.id,
        "root_turn_id": when(of.release >= 160, &turn.id), "started_at": when(of.release >= 130, turn.started / 1000),
        "model_context_window": 258_400, "collaboration_mode_kind": "default",
    }
}

pub(super) fn task_complete(of: &Rollout, turn: &Turn, answer: Option<&str>, now: i64) -> Raw {
    obj! {
        "type": "task_complete", "root_turn_id": when(of.release >= 169, &turn.id), "turn_id": turn.id,
        "last_agent_message": answer, "started_at": when(of.release >= 160, turn.started / 1000),
        "completed_at": when(of.release >= 130, now / 1000),
        "duration_ms": when(of.release >= 130, now - turn.started),
    }
}

pub(super) fn turn_context(of: &Rollout, cwd: &str, turn: Option<&Turn>, now: i64) -> Raw {
    let since = |release| of.release >= release;
    let turn = turn.map(|turn| &turn.id);
    let none = None::<String>;
    let settings = obj! { "model": of.model, "reasoning_effort": none, "developer_instructions": none };
    let mode = if since(100) {
        obj! { "type": "workspace-write" }
    } else {
        obj! { "mode": "workspace-write" }
    };
    obj! {
        "turn_id": when(since(100), turn), "root_turn_id": when(since(160), turn), "cwd": cwd,
        "workspace_roots": when((142..160).contains(&of.release), [cwd]),
        "current_date": when((130..160).contains(&of.release), &rfc3339(now)[..10]),
        "timezone": when((130..160).contains(&of.release), "Etc/UTC"),
        "approval_policy": "on-request", "sandbox_policy": mode, "model": of.model,
        "personality": when((100..160).contains(&of.release), "pragmatic"),
        "permission_profile": when(since(130), obj! { "type": "managed" }),
        "collaboration_mode": when(since(100), obj! { "mode": "default", "settings": settings }),
        "realtime_active": when(since(130), false), "summary": "auto",
    }
}

pub(super) fn world_state(cwd: &str, model: &str) -> Raw {
    let local = obj! { "cwd": cwd, "status": "available", "shell": "bash" };
    let environments = obj! { "environments": obj! { "local": local }, "timezone": "Etc/UTC" };
    obj! { "full": true, "state": obj! { "environments": environments, "model": model, "realtime": obj! { "active": false } } }
}

pub(super) fn settings(of: &Rollout, cwd: &str) -> Raw {
    let settings = obj! {
        "model": of.model, "model_provider_id": of.provider, "approval_policy": "on-request", "cwd": cwd,
        "runtime_workspace_roots": [cwd],
    };
    obj! { "type": "thread_settings_applied", "thread_id": of.id, "thread_settings": settings }
}

pub(super) fn inter_agent_message(task: &str, chance: &mut Chance) -> Raw {
    let text = format!("Message Type: NEW_TASK\nTask name: /root/{task}\nSender: /root\nPayload:\n");
    obj! {
        "type": "agent_message", "id": format!("amsg_{}", chance.uuid7(0)), "author": "/root",
        "recipient": format!("/root/{task}"), "content": [obj! { "type": "input_text", "text": text }],
    }
}

/// A response item, with the turn that it belongs to.
pub(super) fn in_turn(item: Raw, turn: &str) -> Raw {
    let mut text = item.0;
    text.pop();
    crate::json::field(&mut text, "internal_chat_message_metadata_passthrough", &obj! { "turn_id": turn });
    text.push('}');
    Raw(text)
}

pub(super) fn item_metadata(sequence: usize) -> Raw {
    obj! { "history_sequence": sequence, "sampled_through_sequence": sequence - 1, "client_authored": false }
}

/// The turn that these records begin with.
pub(super) fn turn_id(records: &[Record]) -> Option<&str> {
    records.iter().find(|record| record.begins_turn)?.text_of("turn_id")
}
