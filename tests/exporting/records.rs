//! Raw records: byte for byte, and nothing that was not asked for.

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{Collection, Disk, HomeAndState, Program, Rollout, demo_home, listing, real_homes};
use tempfile::tempdir;
use threadkeep_core::ports::{Reader as _, Rollouts as _};

const WHOLE: [&str; 5] = ["export", "--format", "jsonl", "--no-redact", "--full-record"];

/// A thread as it left: its files' records, each with its line feed.
struct Exported {
    thread: String,
    files: Vec<(Value, Vec<u8>)>,
}

fn read(text: &str) -> Vec<Exported> {
    let mut all: Vec<Exported> = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.starts_with("{\"type\":\"threadkeep_export\"") {
            let header: Value = serde_json::from_str(line).unwrap();
            assert_eq!(header["payload"]["version"], 1);
            let thread = header["payload"]["thread"]["id"].as_str().unwrap().to_owned();
            all.push(Exported { thread, files: Vec::new() });
        } else if line.starts_with("{\"type\":\"threadkeep_file\"") {
            let file: Value = serde_json::from_str(line).unwrap();
            all.last_mut().unwrap().files.push((file["payload"].clone(), Vec::new()));
        } else {
            all.last_mut().unwrap().files.last_mut().unwrap().1.extend_from_slice(line.as_bytes());
        }
    }
    all
}

/// What a rollout holds, be it compressed.
fn plain(home: &Path, path: &str) -> Vec<u8> {
    let disk = Disk::of(home);
    let path = if home.join(path).exists() { path.to_owned() } else { format!("{path}.zst") };
    let mut reader = disk.open_bytes(&path, 0).unwrap();
    let mut bytes = Vec::new();
    loop {
        let chunk = reader.read(1 << 20).unwrap();
        if chunk.is_empty() {
            return bytes;
        }
        bytes.extend_from_slice(chunk.as_bytes());
    }
}

/// Every thread of a home leaves with the bytes of its own files; how many threads there were.
fn all_leave_whole(home: &Path, program: &Program) -> usize {
    let text = program.run([&WHOLE[..], &["--all"]].concat()).well().stdout;
    let all = read(&text);
    for exported in &all {
        assert!(!exported.files.is_empty(), "{}", exported.thread);
        for (file, records) in exported.files.iter().filter(|(file, _)| file["thread"] == exported.thread.as_str()) {
            let path = file["path"].as_str().unwrap();
            assert_eq!(file["archived"], path.starts_with("archived_sessions/"));
            let bytes = plain(home, path);
            let is_record = |line: &&[u8]| serde_json::from_slice::<Value>(line).is_ok();
            let lines = bytes.split(|byte| *byte == b'\n').filter(is_record);
            let expected: Vec<u8> = lines.flat_map(|line| [line, b"\n"].concat()).collect();
            assert!(*records == expected, "{path}: {} bytes for {}", records.len(), expected.len());
        }
    }
    all.len()
}

#[test]
fn every_thread_leaves_with_the_bytes_of_its_files() {
    let home = tempdir().unwrap();
    demo_home(home.path());
    assert!(all_leave_whole(home.path(), &Program::stateless(home.path())) > 10);
}

#[test]
fn every_thread_of_real_homes_leaves_with_the_bytes_of_its_files() {
    let names = ["h029", "h050", "h100", "h130", "h142", "h160", "h169-main", "h169-compress", "h171-main"];
    for home in real_homes(&names) {
        assert!(all_leave_whole(&home.path, &Program::stateless(&home.path)) > 0, "{}", home.name);
    }
}

#[test]
fn encrypted_contents_and_instructions_leave_only_with_the_full_record() {
    let place = HomeAndState::new();
    let id = "019ca8a0-0000-7000-8000-000000000001";
    let hidden = r#"{"timestamp":"2026-03-01T10:00:09.000Z","type":"response_item","payload":{"type":"reasoning","summary":[],"encrypted_content":"gAAAAABhidden"}}"#;
    place.write(&Rollout::legacy(id).user("hello").instructions("You are a hidden instruction").verbatim(hidden));
    let run = |more: &[&str]| place.program().run([&["export", id, "--format", "jsonl"], more].concat()).well().stdout;
    for more in [&[][..], &["--no-redact"]] {
        let text = run(more);
        assert!(!text.contains("gAAAAABhidden") && !text.contains("hidden instruction"), "{text}");
        assert!(text.contains(r#""encrypted_content":null"#), "{text}");
    }
    let text = run(&["--full-record", "--no-redact"]);
    assert!(text.contains(hidden) && text.contains("hidden instruction"), "{text}");
    for format in ["markdown", "html", "text", "json"] {
        let text =
            place.program().run(["export", id, "--format", format, "--detail", "everything", "--full"]).well().stdout;
        assert!(!text.contains("gAAAAABhidden") && !text.contains("hidden instruction"), "{text}");
    }
}

#[test]
fn a_fork_leaves_with_what_it_goes_on_from_and_no_more() {
    let place = HomeAndState::new();
    let parent = Rollout::paginated("019ca8a0-0000-7000-8000-000000000001").user("shared words").agent("shared answer");
    let fork = Rollout::paginated("019ca8a0-0000-7000-8000-000000000002").fork_of(&parent).user("own words");
    place.write(&parent.clone().user("later words"));
    place.write(&fork);
    let text = place.program().run([&WHOLE[..], &[fork.id()]].concat()).well().stdout;
    let all = read(&text);
    let threads: Vec<&str> = all[0].files.iter().map(|(file, _)| file["thread"].as_str().unwrap()).collect();
    assert_eq!((all.len(), threads), (1, vec![parent.id(), fork.id()]));
    assert!(all[0].files[0].0["until"].is_u64() && all[0].files[1].0["until"].is_null());
    assert!(text.contains("shared words") && text.contains("own words") && !text.contains("later words"), "{text}");
}

#[test]
fn sub_agents_follow_as_threads_of_their_own() {
    let place = HomeAndState::new();
    let parent = Rollout::paginated("019ca8a0-0000-7000-8000-000000000001").user("spawn one");
    let child = Rollout::sub_agent("019ca8a0-0000-7000-8000-000000000002", &parent, "the task", "Ada").agent("done so");
    place.write(&parent);
    place.write(&child);
    let ids = |more: &[&str]| {
        let text = place.program().run([&WHOLE[..], &[parent.id()], more].concat()).well().stdout;
        read(&text).into_iter().map(|exported| exported.thread).collect::<Vec<_>>()
    };
    assert_eq!(ids(&[]), [parent.id()]);
    assert_eq!(ids(&["--subagents", "1"]), [parent.id(), child.id()]);
    for format in ["markdown", "html", "text", "json"] {
        let run = |more: &[&str]| {
            let arguments = [&["export", parent.id(), "--format", format], more].concat();
            place.program().run(arguments).well().stdout
        };
        assert!(!run(&[]).contains("done so"), "{format}");
        assert_eq!(run(&["--subagents", "2"]).matches("done so").count(), 1, "{format}");
    }
}

#[test]
fn lines_that_are_no_records_are_left_out_and_counted() {
    let place = HomeAndState::new();
    let id = "019ca8a0-0000-7000-8000-000000000001";
    place.write(&Rollout::legacy(id).user("hello").verbatim("{\"no record").verbatim("").agent("good day"));
    let outcome = place.program().run([&WHOLE[..], &[id]].concat()).well();
    assert!(outcome.stdout.contains("good day") && !outcome.stdout.contains("no record"), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("1 line that is no record was left out"), "{}", outcome.stderr);
}

#[test]
fn a_line_of_a_hundred_megabytes_passes_through_little_memory() {
    let place = HomeAndState::new();
    let rollout = Rollout::paginated("019ca8a0-0000-7000-8000-000000000001").user("hello");
    let path = rollout.write(place.home.path(), Collection::Active);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(br#"{"timestamp":"2026-03-01T10:00:01.000Z","type":"world_state","payload":{"text":""#);
    bytes.resize(bytes.len() + (100 << 20), b'x');
    bytes.extend_from_slice(b"\"}}\n");
    fs::write(&path, &bytes).unwrap();
    let program = Program::stateless(place.home.path()).watched();
    let out = place.state.path().join("out.jsonl");
    let before = listing(place.home.path());
    for arguments in [&WHOLE[..], &["export", "--format", "jsonl"]] {
        let outcome =
            program.run([arguments, &[rollout.id(), "--force", "--out", out.to_str().unwrap()]].concat()).well();
        assert!(outcome.peak_kib < 200 << 10, "{} KiB", outcome.peak_kib);
        let text = fs::read(&out).unwrap();
        let long = text.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
        assert_eq!(long, bytes.split(|byte| *byte == b'\n').map(<[u8]>::len).max(), "{arguments:?}");
    }
    assert_eq!(listing(place.home.path()), before, "nothing is written into the home");
}
