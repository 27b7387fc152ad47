//! What a thread is called, where it ran and what it says, in every form that Codex wrote before the present one: with a
//! state DB, with one that was filled before the rollout went on, and without.

use std::path::Path;

use serde_json::{Value, json};
use support::{CodexDb, Collection, Program, Rollout, edit_lines, name_thread, uuid7};
use tempfile::{TempDir, tempdir};

const AT: i64 = 1_772_359_200_000;

fn id() -> String {
    uuid7(AT, 1)
}

/// A home and the place of its state DB.
struct Ground {
    home: TempDir,
    state: TempDir,
}

impl Ground {
    fn of(rollouts: &[Rollout]) -> Ground {
        let ground = Ground { home: tempdir().unwrap(), state: tempdir().unwrap() };
        for rollout in rollouts {
            rollout.write(ground.home.path(), Collection::Active);
        }
        ground
    }

    fn home(&self) -> &Path {
        self.home.path()
    }

    fn program(&self) -> Program {
        Program::on(self.home(), self.state.path())
    }

    /// What is known of a thread, the same with the state DB and without.
    #[track_caller]
    fn read(&self, id: &str) -> Value {
        let mut item = self.program().json(["read", "--no-turns", id]);
        // What only a state DB keeps.
        item.as_object_mut().unwrap().remove("spawnEdges");
        assert_eq!(item, Program::stateless(self.home()).json(["read", "--no-turns", id]));
        item
    }

    /// The first words of every turn.
    fn said(&self, id: &str) -> Vec<String> {
        let answer = self.program().json(["turns", id, "--limit", "0"]);
        let turns = answer["items"].as_array().unwrap().iter();
        let words = |turn: &Value| turn["items"][0]["content"][0]["text"].as_str().unwrap_or_default().to_owned();
        turns.map(words).collect()
    }
}

/// The forms with events, and when they are begun.
const WRAPPED: [fn(&str) -> Rollout; 3] = [Rollout::early, Rollout::legacy, Rollout::paginated];

fn record(kind: &str, payload: &Value) -> String {
    json!({ "timestamp": "2026-03-01T10:00:30.000Z", "type": kind, "payload": payload }).to_string()
}

fn event(payload: &Value) -> String {
    record("event_msg", payload)
}

/// A message in the user's role, as the model got it.
fn item(content: &Value) -> Value {
    json!({ "type": "message", "role": "user", "content": content })
}

fn text(words: &str) -> Value {
    json!({ "type": "input_text", "text": words })
}

fn goal(objective: &str) -> String {
    event(&json!({
        "type": "thread_goal_updated", "threadId": id(),
        "goal": { "threadId": id(), "objective": objective, "status": "active", "tokensUsed": 0 },
    }))
}

#[test]
fn a_title_that_a_user_set_stays_when_the_thread_goes_on_and_through_a_rebuild() {
    let thread = Rollout::legacy(&id()).at_millis(AT).user("first words").agent("Yes.");
    let by_index = |ground: &Ground| name_thread(ground.home(), &id(), "by hand", AT);
    let by_title = |ground: &Ground| {
        CodexDb::create(ground.home(), false).thread(ground.home(), &thread, Collection::Active, Some("by hand"));
    };
    for (how, name) in [("session index", &by_index as &dyn Fn(&Ground)), ("Codex's database", &by_title)] {
        let ground = Ground::of(std::slice::from_ref(&thread));
        name(&ground);
        let named = |ground: &Ground| {
            let item = ground.read(&id());
            let shown = ["name", "title", "preview"].map(|field| item[field].as_str().unwrap_or_default().to_owned());
            assert_eq!(shown, ["by hand", "by hand", "first words"], "{how}");
        };
        named(&ground);
        thread.clone().user("more words").write(ground.home(), Collection::Active);
        named(&ground);
        ground.program().run(["init", "--rebuild"]).well();
        named(&ground);
    }
}

#[test]
fn a_title_that_is_only_the_first_message_is_no_name() {
    let thread = Rollout::legacy(&id()).at_millis(AT).user("first words");
    let ground = Ground::of(std::slice::from_ref(&thread));
    CodexDb::create(ground.home(), false).thread(ground.home(), &thread, Collection::Active, None);
    let item = ground.read(&id());
    assert_eq!((&item["name"], &item["title"]), (&Value::Null, &json!("first words")));
}

/// The files of a fork and of a sub-agent begin with their own `session_meta` and go on with their source's.
#[test]
fn a_copied_session_meta_does_not_overwrite_the_threads_own() {
    let git = |rollout: Rollout, branch: &str| rollout.git(branch, &"0a".repeat(20), "https://example.com/app.git");
    let source = |new: fn(&str) -> Rollout| {
        git(new(&uuid7(AT, 7)), "main").at_millis(AT).cwd("/src/source").provider("theirs").source("vscode")
    };
    let old = source(Rollout::legacy).user("the source's words").agent("Yes.");
    let fork = git(Rollout::legacy(&id()), "other").at_millis(AT + 60_000).cwd("/src/own").provider("own");
    let fork = fork.source("exec").copy_of(&old).user("own words");
    let new = source(Rollout::paginated).user("the source's words").agent("Yes.");
    let mut child = Rollout::sub_agent(&id(), &new, "count", "Counter").at_millis(AT + 60_000).provider("own");
    child = git(child, "other").cwd("/src/own").user("own words");
    for (what, thread, source, parent) in [("a fork", fork, old, None), ("a sub-agent", child, new, Some(uuid7(AT, 7)))]
    {
        let ground = Ground::of(&[source.clone(), thread.clone()]);
        let copied =
            thread.lines().iter().filter(|line| line.windows(14).any(|part| part == b"\"session_meta\"")).count();
        assert_eq!(copied, 2, "{what}");
        let item = ground.read(&id());
        assert_eq!(item["createdAt"], "2026-03-01T10:01:00.000Z", "{what}");
        for (field, own) in
            [("id", id().as_str()), ("cwd", "/src/own"), ("modelProvider", "own"), ("gitBranch", "other")]
        {
            assert_eq!(item[field], own, "{what}: {field}");
        }
        assert_eq!(item["parentThreadId"].as_str(), parent.as_deref(), "{what}");
        assert_eq!(item["source"] == "exec", parent.is_none(), "{what}");
        assert_eq!(ground.read(&uuid7(AT, 7))["cwd"], "/src/source", "{what}");
    }
}

/// What the program puts before a conversation in the user's role.
const CONTEXT: [&str; 14] = [
    "<environment_context>\n  <cwd>/src/app</cwd>\n  <shell>bash</shell>\n</environment_context>",
    "<environment_context>\nCurrent working directory: /src/app\nApproval policy: on-request\n</environment_context>",
    "<ENVIRONMENT_CONTEXT></ENVIRONMENT_CONTEXT>",
    "<user_instructions>\n\nBe brief.\n\n</user_instructions>",
    "<user_instructions></user_instructions>",
    "# AGENTS.md instructions for /src/app\n\n<INSTRUCTIONS>\nUse <b>tabs</b>.\n</INSTRUCTIONS>",
    "<INSTRUCTIONS>\n</INSTRUCTIONS>",
    "<permissions instructions>\nAsk first.\n</permissions instructions>",
    "<skill>\n<name>count</name>\nCount.\n</skill>",
    "<turn_aborted>\n  <reason>interrupted</reason>\n</turn_aborted>",
    "<user_shell_command>\n<command>ls</command>\n</user_shell_command>",
    "<subagent_notification>{}</subagent_notification>",
    "<user_action>\n  <action>review</action>\n</user_action>",
    " \n\t",
];

#[test]
fn context_that_the_program_put_in_front_is_not_the_first_message() {
    for context in CONTEXT {
        // In the user's role alone, as bare rollouts have it; as an event; in front of the words, in one text and in two.
        let alone = [item(&json!([text(context)])), item(&json!([text("the words")]))];
        let apart = [item(&json!([text(context), text("the words")]))];
        let joined = [item(&json!([text(&format!("{context}\n\nthe words"))]))];
        for items in [&alone[..], &apart, &joined] {
            let mut rollout = Rollout::bare(&id()).at_millis(AT);
            for item in items {
                rollout = rollout.verbatim(item.to_string());
            }
            let ground = Ground::of(&[rollout]);
            assert_eq!(ground.read(&id())["preview"], "the words", "bare: {context:?}");
            assert_eq!(ground.said(&id()).len(), 1, "bare: {context:?}");
        }
        for new in [Rollout::early, Rollout::legacy] {
            let rollout = new(&id())
                .at_millis(AT)
                .context_only()
                .verbatim(event(&json!({ "type": "user_message", "message": context })))
                .user("the words");
            assert_eq!(Ground::of(&[rollout]).read(&id())["preview"], "the words", "{context:?}");
        }
    }
}

#[test]
fn words_that_only_look_like_context_are_the_users_own() {
    for words in ["<skill> what is that?", "# AGENTS.md instructions are missing", "<b>bold</b> <environment_context>"]
    {
        for new in [Rollout::bare, Rollout::early, Rollout::legacy, Rollout::paginated] {
            let ground = Ground::of(&[new(&id()).at_millis(AT).user(words)]);
            assert_eq!(ground.read(&id())["preview"], words);
            assert_eq!(ground.said(&id()), [words]);
        }
    }
}

#[test]
fn what_an_editor_puts_before_the_request_is_not_shown() {
    let open = "# Context from my IDE setup:\n\n## Open tabs:\n- main.rs\n\n## My request for Codex:\nfix it\n";
    for new in WRAPPED {
        let ground = Ground::of(&[new(&id()).at_millis(AT).user(open)]);
        assert_eq!(ground.read(&id())["preview"], "fix it");
    }
}

#[test]
fn a_picture_without_words_shows_as_one() {
    for new in WRAPPED {
        let ground = Ground::of(&[new(&id()).at_millis(AT).user_image("").agent("A cat.").user("and now words")]);
        assert_eq!(ground.read(&id())["preview"], "[Image]");
        assert_eq!(ground.said(&id()).len(), 2);
    }
    let picture = json!({ "type": "input_image", "image_url": "data:image/png;base64,AA==" });
    for content in [json!([picture]), json!([text("<image name=[Image #1]>"), picture, text("</image>")])] {
        let ground = Ground::of(&[Rollout::bare(&id()).at_millis(AT).verbatim(item(&content).to_string())]);
        assert_eq!(ground.read(&id())["preview"], "[Image]");
        assert_eq!(ground.said(&id()).len(), 1);
    }
}

#[test]
fn a_goal_gives_the_preview_until_a_message_comes() {
    for new in WRAPPED {
        let quiet = new(&id()).at_millis(AT).context_only().verbatim(goal("ship it")).verbatim(goal("ship it twice"));
        let ground = Ground::of(std::slice::from_ref(&quiet));
        let item = ground.read(&id());
        assert_eq!((&item["preview"], &item["title"]), (&json!("ship it"), &json!("ship it")));
        // The file grows between two starts.
        quiet.user("how far are we?").write(ground.home(), Collection::Active);
        let item = ground.read(&id());
        assert_eq!((&item["preview"], &item["title"]), (&json!("how far are we?"), &json!("how far are we?")));
    }
    // A goal that came first counts no more than one that came later.
    let ground = Ground::of(&[Rollout::legacy(&id()).at_millis(AT).user("hello").verbatim(goal("ship it"))]);
    assert_eq!(ground.read(&id())["preview"], "hello");
}

#[test]
fn the_directory_of_the_first_session_meta_stays_and_the_last_turns_is_told_apart() {
    for new in WRAPPED {
        let rollout = new(&id()).at_millis(AT).cwd("/src/first").user("one").cwd("/src/second").user("two");
        let ground = Ground::of(std::slice::from_ref(&rollout));
        let places = |ground: &Ground| {
            let item = ground.read(&id());
            ["cwd", "lastCwd"].map(|field| item[field].as_str().unwrap().to_owned())
        };
        assert_eq!(places(&ground), ["/src/first", "/src/second"]);
        rollout.cwd("/src/third").user("three").write(ground.home(), Collection::Active);
        assert_eq!(places(&ground), ["/src/first", "/src/third"]);
    }
    // A bare rollout has no field for it: the first context that the model was given counts.
    for context in &CONTEXT[..2] {
        let rollout =
            Rollout::bare(&id()).at_millis(AT).context_only().verbatim(item(&json!([text(context)])).to_string());
        let path = rollout.place(Collection::Active);
        let ground = Ground::of(&[rollout]);
        edit_lines(&ground.home().join(path), |lines| {
            lines.retain(|line| {
                line.is_empty() || !line.windows(9).any(|part| part == b"<cwd>/src") || context.contains("<cwd>")
            });
        });
        assert_eq!(ground.read(&id())["cwd"], "/src/app", "{context}");
    }
}

#[test]
fn approval_and_sandbox_values_of_every_age_harm_neither_facts_nor_turns() {
    let approvals = [
        json!("unless-allow-listed"),
        json!("auto-edit"),
        json!("on-failure"),
        json!("untrusted"),
        json!("never"),
        json!({ "granular": { "rules": true, "sandbox_approval": false } }),
        Value::Null,
        json!(7),
    ];
    let sandboxes = [
        json!({ "mode": "danger-full-access" }),
        json!({ "mode": "workspace-write", "network_access": false, "exclude_tmpdir_env_var": false }),
        json!({ "mode": "read-only" }),
        json!("workspace-write"),
        json!({ "type": "danger-full-access" }),
        json!({ "type": "external-sandbox", "network_access": "restricted" }),
        json!(["disk-full-read-access"]),
        Value::Null,
    ];
    for (approval, sandbox) in approvals.iter().zip(&sandboxes) {
        for new in WRAPPED {
            let rollout =
                new(&id()).at_millis(AT).model("the-model").user("one").agent("1").cwd("/src/last").user("two");
            let ground = Ground::of(std::slice::from_ref(&rollout));
            edit_lines(&ground.home().join(rollout.place(Collection::Active)), |lines| {
                for line in lines.iter_mut().filter(|line| !line.is_empty()) {
                    let mut value: Value = serde_json::from_slice(line).unwrap();
                    if value["type"] == "turn_context" {
                        value["payload"]["approval_policy"] = approval.clone();
                        value["payload"]["sandbox_policy"] = sandbox.clone();
                        *line = value.to_string().into_bytes();
                    }
                }
            });
            let item = ground.read(&id());
            assert_eq!((&item["model"], &item["lastCwd"]), (&json!("the-model"), &json!("/src/last")), "{sandbox}");
            assert_eq!(ground.said(&id()), ["one", "two"], "{approval} {sandbox}");
            assert_eq!(ground.program().json(["status"])["problems"], json!([]), "{sandbox}");
        }
    }
}

#[test]
fn records_that_are_no_longer_written_and_ones_that_are_not_written_yet_are_passed_over() {
    let events = [
        "session_configured",
        "background_event",
        "exec_command_begin",
        "exec_command_output_delta",
        "exec_approval_request",
        "patch_apply_begin",
        "turn_diff",
        "get_history_entry_response",
        "mcp_list_tools_response",
        "plan_update",
        "stream_error",
        "shutdown_complete",
        "agent_message_delta",
        "agent_reasoning_section_break",
        "deprecation_notice",
        "raw_response_item",
        "undo_completed",
        "an_event_of_the_future",
    ];
    for new in WRAPPED {
        let told = |noise: bool| {
            let mut rollout = new(&id()).at_millis(AT).user("one").agent("1");
            if noise {
                for kind in events {
                    rollout =
                        rollout.verbatim(event(&json!({ "type": kind, "message": "no user's words", "turn_id": 5 })));
                }
                for kind in ["ghost_snapshot", "response_event", "a_record_of_the_future"] {
                    rollout = rollout.verbatim(record(kind, &json!({ "cwd": "/wrong", "id": uuid7(AT, 9) })));
                }
                let record = json!({ "timestamp": "2026-03-01T10:00:30.000Z", "type": "event_msg", "payload": "text" });
                rollout = rollout.verbatim(record.to_string()).verbatim(r#"{"record_type":"state"}"#);
            }
            rollout.user("two").agent("2")
        };
        let (quiet, loud) = (Ground::of(&[told(false)]), Ground::of(&[told(true)]));
        assert_eq!(loud.said(&id()), ["one", "two"]);
        let (mut expected, mut item) = (quiet.read(&id()), loud.read(&id()));
        for field in ["path", "updatedAt", "recencyAt"] {
            expected[field].take();
            item[field].take();
        }
        assert_eq!(item, expected);
        assert_eq!(loud.program().json(["status"])["problems"], json!([]));
    }
}
