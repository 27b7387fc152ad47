//! Examples, and what holds of any text.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::Person;

use super::json::JsonRedactor;
use super::{Redaction, Redactor, clear_json};

const SECRETS: &str = include_str!("tests/secrets.txt");
const NO_SECRETS: &str = include_str!("tests/no_secrets.txt");

fn redactor() -> Redactor {
    Redactor::new(Redaction { secrets: true, anonymize: None })
}

/// An example: a kind, the text, and the same with every secret gone.
fn example(line: &str) -> (&str, String, String) {
    let (kind, marked) = line.split_once(' ').unwrap();
    let marked = marked.replace('⏎', "\n");
    let mut without = String::new();
    for (at, part) in marked.split(['«', '»']).enumerate() {
        match at % 2 {
            0 => without.push_str(part),
            _ => without.push_str(&alloc::format!("[redacted:{kind}]")),
        }
    }
    (kind, marked.replace(['«', '»'], ""), without)
}

#[test]
fn secrets_of_every_kind_are_taken_out_and_nothing_beside_them() {
    assert!(SECRETS.lines().count() >= 80);
    let wrong: Vec<String> = SECRETS
        .lines()
        .filter_map(|line| {
            let (_, text, without) = example(line);
            let redacted = redactor().text(&text).into_owned();
            (redacted != without).then(|| alloc::format!("{line}\n  -> {redacted}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), SECRETS.lines().count(), wrong.join("\n"));
}

#[test]
fn what_is_no_secret_stays() {
    assert!(NO_SECRETS.lines().count() >= 80);
    let wrong: Vec<String> = NO_SECRETS
        .lines()
        .filter_map(|line| {
            let text = line.replace('⏎', "\n");
            let redacted = redactor().text(&text).into_owned();
            (redacted != text).then(|| alloc::format!("{line}\n  -> {redacted}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), NO_SECRETS.lines().count(), wrong.join("\n"));
}

/// Texts that are put together from pieces of examples and from what steers the scan.
fn texts(seed: u64, count: usize) -> impl Iterator<Item = String> {
    let pieces: Vec<String> = SECRETS
        .lines()
        .map(|line| example(line).1)
        .chain(NO_SECRETS.lines().map(ToString::to_string))
        .chain(
            ["\\", "\"", "'", "\n", "=", ": ", "://", "@", "é", "中", "-----BEGIN ", "PRIVATE KEY-----", "-----END "]
                .map(ToString::to_string),
        )
        .collect();
    let mut state = seed;
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    (0..count).map(move |_| {
        let mut text = String::new();
        for _ in 0..next(6) + 1 {
            let piece = &pieces[next(pieces.len())];
            let from = (0..=next(piece.len() + 1)).rev().find(|&at| piece.is_char_boundary(at)).unwrap_or(0);
            text.push_str(if next(2) == 0 { piece } else { &piece[from..] });
        }
        text
    })
}

#[test]
fn what_was_redacted_comes_out_of_a_second_redaction_as_it_is() {
    let wrong = texts(1, 20_000).filter_map(|text| {
        let once = redactor().text(&text).into_owned();
        let twice = redactor().text(&once).into_owned();
        (twice != once).then(|| alloc::format!("{text:?}\n  {once:?}\n  {twice:?}"))
    });
    let wrong: Vec<String> = wrong.take(12).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn json_stays_json_of_the_same_shape_and_every_string_of_it_is_redacted() {
    for text in texts(2, 5_000) {
        let value =
            serde_json::json!({ "type": "event", "payload": { "note": text, "list": [text, 1, null] }, "n": 1.5 });
        let line = value.to_string();
        let redacted = redactor().json_line(line.as_bytes()).into_owned();
        let parsed: serde_json::Value = serde_json::from_slice(&redacted).unwrap();
        let expected = redactor().text(&text).into_owned();
        assert_eq!(parsed["payload"]["note"], *expected);
        assert_eq!(parsed["payload"]["list"][0], *expected);
        assert_eq!((&parsed["type"], &parsed["n"]), (&value["type"], &value["n"]));
        let mut by_value = value.clone();
        redactor().value(&mut by_value);
        assert_eq!(by_value, parsed);
    }
}

#[test]
fn json_that_comes_in_pieces_is_redacted_alike() {
    for (at, text) in texts(3, 2_000).enumerate() {
        let line = serde_json::json!({ "note": text, "password": "tr0ub4dor&3" }).to_string() + "\n";
        let whole = redactor().json_line(line.as_bytes()).into_owned();
        let (mut out, mut json, mut redactor) = (Vec::new(), JsonRedactor::default(), redactor());
        line.as_bytes().chunks(at % 7 + 1).for_each(|chunk| json.push(&mut redactor, chunk, &mut out));
        json.finish(&mut redactor, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&whole));
    }
}

#[test]
fn a_secret_in_a_string_of_many_megabytes_is_taken_out_and_the_rest_stays() {
    let filler = "The tide came in, and went out again.\n".repeat(60_000);
    let text = alloc::format!("{filler}DB_PASSWORD=hunter2\n{filler}ghp_9fJq2Lk0vWx7RbYe91NpKd83hTq2LmZ0aB12 {filler}");
    let line = serde_json::json!({ "output": text }).to_string();
    let (mut out, mut json, mut redactor) = (Vec::new(), JsonRedactor::default(), redactor());
    line.as_bytes().chunks(65_536).for_each(|chunk| json.push(&mut redactor, chunk, &mut out));
    json.finish(&mut redactor, &mut out);
    let parsed: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let expected = text
        .replace("hunter2", "[redacted:password]")
        .replace("ghp_9fJq2Lk0vWx7RbYe91NpKd83hTq2LmZ0aB12", "[redacted:api-key]");
    assert_eq!(parsed["output"], *expected);
}

#[test]
fn keys_of_json_say_what_their_values_are() {
    let mut value =
        serde_json::json!({ "password": "swordfish", "nested": { "client_secret": "swordfish", "note": "swordfish" } });
    redactor().value(&mut value);
    let expected = serde_json::json!({ "password": "[redacted:password]", "nested": { "client_secret": "[redacted:token]", "note": "swordfish" } });
    assert_eq!(value, expected);
}

#[test]
fn the_report_counts_by_kind_and_names_places() {
    let mut redactor = redactor();
    redactor.set_place("turn 1");
    redactor.text("DB_PASSWORD=hunter2 PGPASSWORD=hunter3");
    redactor.set_place("turn 2");
    redactor.text("Cookie: a=b1");
    let told: Vec<_> =
        redactor.report().into_iter().map(|found| (found.kind.name(), found.count, found.places)).collect();
    assert_eq!(told, [("password", 2, alloc::vec!["turn 1".into()]), ("cookie", 1, alloc::vec!["turn 2".into()])]);
}

#[test]
fn a_person_is_taken_out_of_paths_and_words_and_whoever_else_a_path_names() {
    let person = Person { home: "/home/robin".into(), user: "robin".into() };
    let mut redactor = Redactor::new(Redaction { secrets: false, anonymize: Some(person) });
    let told = |redactor: &mut Redactor, text: &str| redactor.text(text).into_owned();
    assert_eq!(
        told(&mut redactor, "cd /home/robin/src && ls -l: robin robin 12 robins"),
        "cd /home/user/src && ls -l: user user 12 robins"
    );
    assert_eq!(
        told(&mut redactor, "C:\\Users\\Wendy.Q\\src /Users/kim/x, by Wendy.Q and kim"),
        "C:\\Users\\user\\src /Users/user/x, by user and user"
    );
    assert_eq!(
        told(&mut redactor, "\"C:\\\\Users\\\\wim\\\\x\" /home/runner/x"),
        "\"C:\\\\Users\\\\user\\\\x\" /home/runner/x"
    );
    assert!(matches!(redactor.text("nobody here"), Cow::Borrowed(_)));
}

#[test]
fn keys_of_services_are_known_wherever_they_stand_in_the_list() {
    for line in SECRETS.lines().filter(|line| line.starts_with("api-key")) {
        let (_, text, without) = example(line);
        assert_eq!(redactor().text(&alloc::format!("({text})")), alloc::format!("({without})"));
    }
}

#[test]
fn secrets_in_escaped_urls_are_taken_out() {
    let key = "ghp_9fJq2Lk0vWx7RbYe91NpKd83hTq2LmZ0aB12";
    assert_eq!(redactor().text(&alloc::format!("see x://y/a%20{key}%20b")), "see x://y/a%20[redacted:api-key]%20b");
    assert_eq!(redactor().text(&alloc::format!("file:///src/a%20{key}")), "file:///src/a [redacted:api-key]");
    assert_eq!(redactor().text("file:///src/password%3A%20swordfish"), "file:///src/password: [redacted:password]");
    assert_eq!(redactor().text("file:///src/a%20b"), "file:///src/a%20b");
}

#[test]
fn json_that_is_handed_on_is_cleared_and_what_was_taken_out_is_counted() {
    let json = r#"{"text":"DB_PASSWORD=hunter2 and PGPASSWORD=hunter3","a":{"cookie":"x=y1","n":1}}"#;
    let cleared = clear_json(json.into());
    let expected = r#"{"text":"DB_PASSWORD=[redacted:password] and PGPASSWORD=[redacted:password]","a":{"cookie":"[redacted:cookie]","n":1}}"#;
    assert_eq!(cleared.text, expected);
    assert_eq!(cleared.counts, [("cookie".into(), 1), ("password".into(), 2)]);
    let plain = clear_json(r#"{"text":"nothing"}"#.into());
    assert_eq!((plain.text.as_str(), plain.counts.len()), (r#"{"text":"nothing"}"#, 0));
}
