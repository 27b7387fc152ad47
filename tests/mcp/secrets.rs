//! Secrets that stand anywhere in a thread leave by no answer, and are counted.

use serde_json::json;
use support::{HomeAndState, McpClient, McpHttpServer, Rollout, name_thread, secret_examples, squeezed};

#[test]
fn planted_secrets_leave_by_no_answer_and_are_counted() {
    let place = HomeAndState::new();
    let (mut secrets, mut ids) = (Vec::new(), Vec::new());
    for (number, (text, hidden)) in secret_examples().enumerate() {
        let id = format!("019ca8a0-{number:04}-7000-8000-000000000001");
        let in_one_line = if text.contains(['\n', '/', '"', '\\']) { "a place".to_owned() } else { text.clone() };
        let rollout = if number % 2 == 0 { Rollout::paginated(&id) } else { Rollout::legacy(&id) };
        let rollout = rollout.cwd(&format!("/src/{in_one_line}")).user(&text).agent(&text).reasoning(&text);
        let sha = "3f1c9a7be0d24586a1f7c0b95e8d64b2730fa1cd";
        let rollout = rollout.command(&text, &text, 0).command("env", &text, 1).patch("a.txt", &text);
        place.write(&rollout.git(&in_one_line, sha, "https://git.example.org/a.git"));
        if number % 3 == 0 {
            name_thread(place.home.path(), &id, &in_one_line, 1_772_359_200_000);
        }
        secrets.extend(hidden.into_iter().map(|secret| (text.clone(), secret)));
        ids.push(id);
    }
    assert!(secrets.len() > 60, "{}", secrets.len());
    let [with, without] = place.both();
    let server = McpHttpServer::of(&with.1);
    let clients = [
        (with.0, McpClient::of(&with.1)),
        (without.0, McpClient::of(&without.1)),
        ("by HTTP", McpClient::over_http(&server)),
    ];
    for (how, mut client) in clients {
        let mut answers = Vec::new();
        for arguments in [
            json!({ "limit": 100 }),
            json!({ "words": "password OR token OR key OR secret OR authorization", "inCommands": true, "limit": 100 }),
            json!({ "touched": "a.txt", "limit": 100 }),
        ] {
            answers.extend(client.pages("find_threads", &arguments));
        }
        answers.extend(client.pages("thread_context", &json!({ "path": "a.txt", "limit": 50 })));
        for by in ["project", "branch", "thread", "model"] {
            answers.extend(client.pages("usage", &json!({ "by": by })));
        }
        for id in &ids {
            let read = json!({ "thread": id, "detail": "everything" });
            answers.extend(client.pages("read_thread", &read));
            answers.push(client.call("why_missing", json!({ "thread": id })));
        }
        // A failure names threads, too.
        answers.push(client.refusal("read_thread", json!({ "thread": "a place" })));
        let counted =
            answers.iter().filter(|answer| answer["redactions"] != json!([]) && answer["redactions"].is_array());
        assert!(counted.count() > ids.len(), "{how}: what was taken out is counted");
        for answer in answers {
            let text = squeezed(&answer.to_string());
            let left: Vec<_> = secrets.iter().filter(|(_, secret)| text.contains(secret)).collect();
            assert!(left.is_empty(), "{how}: {} leave: {:?} in {answer}", left.len(), &left[..left.len().min(5)]);
        }
    }
}

#[test]
fn a_secret_at_the_edge_of_a_cut_does_not_leave_in_part() {
    let key = "ghp_9fJq2Lk0vWx7RbYe91NpKd83hTq2LmZ0aB12";
    let place = HomeAndState::new();
    let id = "019ca8a0-0000-7000-8000-000000000001";
    let mut rollout = Rollout::paginated(id);
    // Whatever is cut where, in one of these it is in the middle of the key.
    for length in 0..60 {
        let before = "word ".repeat(40 + length % 3) + &"x".repeat(length) + " ";
        rollout = rollout.user(&format!("{before}{key} kite {}", "tail ".repeat(60)));
    }
    place.write(&rollout);
    for (how, program) in place.both() {
        let mut client = McpClient::of(&program);
        let mut texts = Vec::new();
        for chars in (4_000..5_000).step_by(97) {
            texts.extend(client.pages("read_thread", &json!({ "thread": id, "maxChars": chars })));
        }
        texts.push(client.call("find_threads", json!({ "words": "kite" })));
        texts.push(client.call("find_threads", json!({ "words": "tail" })));
        for text in texts {
            assert!(!text.to_string().contains("fJq2"), "{how}: {text}");
        }
    }
}
