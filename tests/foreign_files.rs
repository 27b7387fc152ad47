//! Rollouts that other programs have changed, copied or made: marks and encodings, times, numbers, copies.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{CodexDb, Collection, Program, Rollout, millis, uuid7};
use tempfile::TempDir;

const BEGUN: &str = "2026-05-04T09:15:00.000Z";
const ASKED: &str = "How long is the tail?";

/// What a program makes of a rollout.
type Change = fn(Vec<u8>) -> Vec<u8>;
/// How a program writes a time.
type Form = dyn Fn(&str) -> Value;

/// A home with one thread, as Codex wrote it.
struct Ground {
    place: TempDir,
    rollout: Rollout,
    path: PathBuf,
}

impl Ground {
    fn new() -> Ground {
        let place = tempfile::tempdir().unwrap();
        let rollout = Rollout::legacy(&uuid7(millis(BEGUN), 1)).at(BEGUN).user(ASKED).agent("Two metres.").tokens(7);
        fs::create_dir(place.path().join("home")).unwrap();
        let path = rollout.write(&place.path().join("home"), Collection::Active);
        Ground { place, rollout, path }
    }

    fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    fn id(&self) -> &str {
        self.rollout.id()
    }

    fn programs(&self) -> [Program; 2] {
        [Program::on(&self.home(), &self.place.path().join("state")), Program::stateless(&self.home())]
    }

    /// Changes the rollout as some program would.
    fn rewrite(&self, change: impl Fn(Vec<u8>) -> Vec<u8>) {
        fs::write(&self.path, change(fs::read(&self.path).unwrap())).unwrap();
    }

    fn codes(&self) -> Vec<String> {
        let answer = Program::on(&self.home(), &self.place.path().join("state")).run(["--json", "doctor"]).json();
        let findings = answer["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding["code"].as_str().unwrap().into()).collect()
    }

    fn thread(&self, program: &Program) -> Value {
        let items = program.json(["list", "--all"])["items"].clone();
        assert_eq!(items.as_array().unwrap().len(), 1, "{items}");
        items[0].clone()
    }
}

fn utf16(text: &[u8], unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(unit).collect()
}

fn marked(text: Vec<u8>) -> Vec<u8> {
    [&b"\xEF\xBB\xBF"[..], &text].concat()
}

fn crlf(text: Vec<u8>) -> Vec<u8> {
    String::from_utf8(text).unwrap().replace('\n', "\r\n").into_bytes()
}

#[test]
fn a_rollout_with_a_mark_or_in_utf_16_is_listed_found_and_read() {
    let changes: [(&str, Change); 6] = [
        ("a mark", marked),
        ("a mark and CRLF", |text| marked(crlf(text))),
        ("a mark before the second line alone", |text| {
            let end = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            [&text[..end], b"\xEF\xBB\xBF", &text[end..]].concat()
        }),
        ("UTF-16, little end first", |text| utf16(&text, u16::to_le_bytes)),
        ("UTF-16, big end first", |text| utf16(&text, u16::to_be_bytes)),
        ("UTF-16 and CRLF", |text| utf16(&crlf(text), u16::to_le_bytes)),
    ];
    for (what, change) in changes {
        let ground = Ground::new();
        ground.rewrite(change);
        for program in ground.programs() {
            let thread = ground.thread(&program);
            assert_eq!((&thread["id"], &thread["preview"]), (&json!(ground.id()), &json!(ASKED)), "{what}");
            assert_eq!(thread["tokensUsed"], json!(7), "{what}");
            assert_eq!(
                program.run(["find", ground.id()]).well().stdout.trim(),
                ground.path.to_str().unwrap(),
                "{what}"
            );
            assert!(program.run(["turns", ground.id()]).well().stdout.contains("Two metres."), "{what}");
            assert_eq!(program.json(["status"])["problems"], json!([]), "{what}");
        }
        for arguments in [&["doctor"][..], &["doctor", "--quick"]] {
            let found = ground.programs()[0].run([&["--json"], arguments].concat()).json();
            let codes: Vec<&str> =
                found["findings"].as_array().unwrap().iter().flat_map(|it| it["code"].as_str()).collect();
            let whole = arguments.len() == 1 || what.starts_with("UTF-16");
            assert!(codes.contains(&"byte-order-mark") || !whole, "{what}: {codes:?}");
            assert!(!codes.contains(&"bad-line"), "{what}: {codes:?}");
        }
    }
}

#[test]
fn crlf_alone_is_nothing_to_tell() {
    let ground = Ground::new();
    let before = ground.codes();
    ground.rewrite(crlf);
    assert_eq!(ground.codes(), before);
    assert_eq!(ground.thread(&ground.programs()[1])["preview"], json!(ASKED));
}

#[test]
fn what_codex_cannot_read_is_salvaged_under_the_thread_s_own_id() {
    let ground = Ground::new();
    ground.rewrite(marked);
    let copy = ground.place.path().join("copy.jsonl");
    let to = [ground.path.as_os_str(), "--to".as_ref(), copy.as_os_str()];
    ground.programs()[0].run([&["salvage".as_ref()], &to[..]].concat()).well();
    let text = fs::read_to_string(&copy).unwrap();
    assert!(!text.contains('\u{feff}'), "{text}");
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first["payload"]["id"], json!(ground.id()));
    assert_eq!(text.lines().count(), ground.rollout.lines().len());
}

#[test]
fn nothing_is_appended_to_a_rollout_in_utf_16() {
    let ground = Ground::new();
    ground.rewrite(|text| utf16(&text, u16::to_le_bytes));
    let before = fs::read(&ground.path).unwrap();
    let outcome = ground.programs()[0].run(["exec", "--resume", ground.id(), "--", "true"]);
    assert_ne!(outcome.code, Some(0));
    assert!(outcome.stderr.contains("UTF-16"), "{}", outcome.stderr);
    assert_eq!(fs::read(&ground.path).unwrap(), before);
}

/// Writes every time of a rollout in another form.
fn with_times(text: &[u8], form: &Form) -> Vec<u8> {
    let mut out = Vec::new();
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let mut record: Value = serde_json::from_slice(line).unwrap();
        let change = |time: &mut Value| *time = form(time.as_str().unwrap());
        change(&mut record["timestamp"]);
        if record["type"] == "session_meta" {
            change(&mut record["payload"]["timestamp"]);
        }
        out.extend(record.to_string().into_bytes());
        out.push(b'\n');
    }
    out
}

#[test]
fn times_in_other_forms_are_understood_and_told() {
    let forms: [(&str, &Form); 7] = [
        ("no zone", &|time| json!(time.trim_end_matches('Z'))),
        ("slashes", &|time| json!(time.replace('-', "/").replace('T', " "))),
        ("seconds", &|time| json!(millis(time) as f64 / 1000.0)),
        ("milliseconds", &|time| json!(millis(time))),
        ("milliseconds as a text", &|time| json!(millis(time).to_string())),
        ("an offset without a colon", &|time| json!(time.replace('Z', "+0000"))),
        ("an e-mail's", &|time| {
            let (date, clock) = time.split_once('T').unwrap();
            json!(format!("Mon, {} May 2026 {} +0000", &date[8..], &clock[..8]))
        }),
    ];
    for (what, form) in forms {
        let ground = Ground::new();
        let right = ground.thread(&ground.programs()[1]);
        ground.rewrite(|text| with_times(&text, form));
        for program in ground.programs() {
            let thread = ground.thread(&program);
            for field in ["createdAt", "updatedAt"] {
                let [is, wanted] = [&thread, &right].map(|thread| millis(thread[field].as_str().unwrap()) / 1000);
                assert_eq!(is, wanted, "{what}: {field}");
            }
        }
        let codes = ground.codes();
        assert!(codes.contains(&"odd-times".into()), "{what}: {codes:?}");
    }
}

#[test]
fn times_that_are_none_are_those_of_the_id_or_the_name_and_never_the_file_s() {
    let ground = Ground::new();
    ground.rewrite(|text| with_times(&text, &|_| json!("yesterday, or so")));
    for program in ground.programs() {
        assert_eq!(ground.thread(&program)["createdAt"], json!(BEGUN));
    }
    // An id that holds no time: the day that the name says.
    let place = tempfile::tempdir().unwrap();
    let rollout = Rollout::legacy(&support::uuid4(3)).at(BEGUN).user(ASKED);
    let path = rollout.write(place.path(), Collection::Active);
    fs::write(&path, with_times(&fs::read(&path).unwrap(), &|_| json!(null))).unwrap();
    let items = Program::stateless(place.path()).json(["list"])["items"].clone();
    assert_eq!(&items[0]["createdAt"].as_str().unwrap()[..10], "2026-05-04", "{items}");
}

#[test]
fn a_clock_that_went_back_makes_no_thread_younger_than_its_end() {
    let place = tempfile::tempdir().unwrap();
    let id = uuid7(millis(BEGUN), 1);
    let rollout = Rollout::legacy(&id).at("2027-01-01T00:00:00.000Z").user(ASKED);
    let path = rollout.write(place.path(), Collection::Active);
    let back = r#"{"timestamp":"2026-05-04T10:00:00.000Z","type":"event_msg","payload":{"type":"user_message","message":"On."}}"#;
    fs::write(&path, [fs::read(&path).unwrap(), back.into(), b"\n".to_vec()].concat()).unwrap();
    let thread = Program::stateless(place.path()).json(["list"])["items"][0].clone();
    assert_eq!(thread["updatedAt"], json!("2026-05-04T10:00:00.000Z"));
    assert_eq!(thread["createdAt"], thread["updatedAt"]);
}

#[test]
fn a_number_that_no_float_holds_hinders_no_command() {
    let source =
        r#"{"subagent":{"thread_spawn":{"parent_thread_id":"019d0000-0000-7000-8000-00000000000c","depth":1e400}}}"#;
    let tool = concat!(
        r#"{"timestamp":"2026-05-04T09:16:00.000Z","type":"response_item","payload":{"type":"function_call","name":"shell","#,
        r#""arguments":"{}","call_id":"c1","cost":-1e999}}"#
    );
    let ended = concat!(
        r#"{"timestamp":"2026-05-04T09:16:00.000Z","type":"event_msg","payload":{"type":"exec_command_end","call_id":"c1","#,
        r#""command":["ls"],"cwd":"/p","exit_code":0,"took":1E+400}}"#
    );
    let id = uuid7(millis(BEGUN), 1);
    let rollout = || Rollout::legacy(&id).at(BEGUN).source_json(source).user(ASKED).verbatim(tool).verbatim(ended);
    for arguments in [
        &["find", &id][..],
        &["--json", "find", &id],
        &["--json", "find", "--explain", &id],
        &["--json", "list", "--flat", "--source", "any"],
        &["list", "--flat", "--source", "any"],
        &["why", &id],
        &["--json", "why", &id],
        &["read", &id],
        &["--json", "read", &id],
        &["turns", &id],
        &["--json", "turns", &id],
        &["debug", "prompt-input", &id],
        &["--json", "doctor"],
        &["--json", "archive", &id],
        &["--json", "delete", "--yes", &id],
    ] {
        let place = tempfile::tempdir().unwrap();
        rollout().write(place.path(), Collection::Active);
        let outcome = Program::on(place.path(), &place.path().join("state")).run(arguments).well();
        if arguments == ["turns", id.as_str()] {
            assert!(outcome.stdout.contains("ls"), "the command is shown: {}", outcome.stdout);
        }
    }
}

/// The names that programs which synchronize, copy or merge give.
fn copies(path: &Path) -> Vec<PathBuf> {
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let beside = |name: String| path.with_file_name(name);
    let suffixes =
        [".sync-conflict-20260601-101010-ABCDEFG", "_copy", " - Copy", "-LAPTOP", " (conflicted copy 2026-06-01)"];
    let inside = suffixes.map(|suffix| beside(format!("{stem}{suffix}.jsonl")));
    inside.into_iter().chain([beside(format!("copy of {stem}.jsonl"))]).collect()
}

#[test]
fn a_copy_of_a_rollout_never_stands_for_the_thread() {
    let ground = Ground::new();
    for copy in copies(&ground.path) {
        let ground = Ground::new();
        let copy = ground.path.with_file_name(copy.file_name().unwrap());
        // It has more in it, and is younger.
        let more = ground.rollout.clone().minutes(5).user("And the line?");
        fs::write(&copy, more.bytes()).unwrap();
        for program in ground.programs() {
            assert_eq!(ground.thread(&program)["path"], json!(ground.path.to_str().unwrap()), "{}", copy.display());
            let other = program.run(["turns".as_ref(), "--path".as_ref(), copy.as_os_str()]).well();
            assert!(other.stdout.contains("And the line?"), "what the copy has can be read");
        }
        let codes = ground.codes();
        assert!(codes.contains(&"copied-file".into()) && !codes.contains(&"several-files".into()), "{codes:?}");
        assert!(!codes.contains(&"misnamed-file".into()), "{codes:?}");
        let program = &ground.programs()[0];
        program.run(["exec", "--resume", ground.id(), "--", "echo", "flies"]).well();
        assert_eq!(fs::read(&copy).unwrap(), more.bytes(), "nothing is written to a copy");
    }
}

#[test]
fn a_row_of_codex_s_that_names_a_copy_is_put_right() {
    let ground = Ground::new();
    let copy = ground.path.with_file_name(copies(&ground.path)[0].file_name().unwrap());
    let database = CodexDb::create(&ground.home(), false);
    database.thread(&ground.home(), &ground.rollout, Collection::Active, None);
    fs::copy(&ground.path, &copy).unwrap();
    let set = "UPDATE threads SET rollout_path = ?1";
    database.connection().execute(set, [copy.to_str().unwrap()]).unwrap();
    drop(database);
    assert!(ground.codes().contains(&"copy-in-row".into()), "{:?}", ground.codes());
    let program = &ground.programs()[0];
    program.run(["repair", "apply", "--target", "codex", "--yes"]).well();
    assert!(!ground.codes().contains(&"copy-in-row".into()));
}

#[test]
fn a_thread_that_has_no_other_file_is_read_under_any_name() {
    let ground = Ground::new();
    let odd = ground.path.with_file_name(copies(&ground.path)[1].file_name().unwrap());
    fs::rename(&ground.path, &odd).unwrap();
    for program in ground.programs() {
        assert_eq!(ground.thread(&program)["path"], json!(odd.to_str().unwrap()));
    }
    let codes = ground.codes();
    assert!(codes.contains(&"misnamed-file".into()) && !codes.contains(&"copied-file".into()), "{codes:?}");
}

/// A thread of which a compaction is all that is left.
fn compacted(kept: &[Value]) -> Vec<u8> {
    let id = uuid7(millis(BEGUN), 1);
    let head = Rollout::legacy(&id).at(BEGUN).lines().remove(0);
    let payload = json!({ "message": "", "replacement_history": kept });
    let record = json!({ "timestamp": BEGUN, "type": "compacted", "payload": payload });
    [head, b"\n".to_vec(), record.to_string().into_bytes(), b"\n".to_vec()].concat()
}

fn kept(role: &str, text: &str) -> Value {
    let kind = if role == "user" { "input_text" } else { "output_text" };
    json!({ "type": "message", "role": role, "content": [{ "type": kind, "text": text }] })
}

#[test]
fn what_a_compaction_kept_is_shown_where_nothing_else_is_left() {
    let context = kept("user", "<environment_context>\n  <cwd>/p</cwd>\n</environment_context>");
    let sealed = json!({ "type": "compaction", "encrypted_content": "gAAA" });
    for history in [
        vec![context.clone(), kept("user", ASKED), kept("user", "And the line?"), sealed.clone()],
        vec![kept("user", ASKED), kept("assistant", "Two metres."), kept("user", "And the line?")],
        vec![sealed, kept("user", ASKED), context, kept("user", "And the line?")],
    ] {
        let ground = Ground::new();
        ground.rewrite(|_| compacted(&history));
        for program in ground.programs() {
            assert_eq!(ground.thread(&program)["preview"], json!(ASKED));
            let turns = program.json(["turns", ground.id()])["items"].clone();
            assert_eq!(turns.as_array().unwrap().len(), 2, "{turns}");
            let prompt = program.run(["debug", "prompt-input", ground.id()]).well().stdout;
            for said in [ASKED, "And the line?"] {
                assert!(turns.to_string().contains(said) && prompt.contains(said), "{said}");
            }
            // A page that begins with the second of them has the same.
            let last = program.json(["turns", ground.id(), "--tail", "1"])["items"].clone();
            assert_eq!(last[0], turns[1]);
        }
        assert!(ground.codes().contains(&"history-before-compaction-lost".into()), "{:?}", ground.codes());
    }
}

#[test]
fn a_compaction_after_what_it_sums_up_adds_nothing() {
    let ground = Ground::new();
    ground.rewrite(|text| {
        let payload = json!({ "message": "", "replacement_history": [kept("user", "Something else.")] });
        let record = json!({ "timestamp": BEGUN, "type": "compacted", "payload": payload });
        [text, record.to_string().into_bytes(), b"\n".to_vec()].concat()
    });
    for program in ground.programs() {
        assert_eq!(ground.thread(&program)["preview"], json!(ASKED));
        assert!(!program.run(["turns", ground.id()]).well().stdout.contains("Something else."));
    }
    assert!(!ground.codes().contains(&"history-before-compaction-lost".into()));
}
