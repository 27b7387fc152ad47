//! `stats storage`: what takes the space.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use support::hourly::id;
use support::{HomeAndState, Program, listing, real_homes};

use super::made::{Written, usage};

fn storage(place: &HomeAndState) -> Value {
    let [with, without] = place.both().map(|(_, program)| program.json(["stats", "storage"]));
    assert_eq!(with, without);
    with
}

#[test]
fn bytes_of_every_type_on_real_homes_are_those_of_an_independent_count() {
    for home in real_homes(&["h029", "h142", "h169-main"]) {
        let mut types = BTreeMap::<String, (u64, u64)>::new();
        let mut text = 0;
        for path in listing(&home.path).into_keys().filter(|path| path.contains("rollout-")) {
            let bytes = fs::read(home.path.join(path)).unwrap();
            text += bytes.len() as u64;
            for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                let record: Value = serde_json::from_slice(line).unwrap_or_default();
                let kind = record["type"].as_str().unwrap_or_default();
                let name = match record["payload"]["type"].as_str() {
                    Some(inner) => format!("{kind}/{inner}"),
                    None => kind.into(),
                };
                let of = types.entry(name).or_default();
                *of = (of.0 + 1, of.1 + line.len() as u64);
            }
        }
        let found = Program::stateless(&home.path).json(["stats", "storage"]);
        let told: BTreeMap<String, (u64, u64)> = found["types"]
            .as_array()
            .unwrap()
            .iter()
            .map(|of| {
                let number = |name: &str| of[name].as_u64().unwrap();
                (of["type"].as_str().unwrap().to_owned(), (number("records"), number("bytes")))
            })
            .collect();
        assert_eq!(told, types, "{}", home.name);
        assert_eq!((&found["textBytes"], &found["onDiskBytes"]), (&json!(text), &json!(text)), "{}", home.name);
        assert!(found["estimatedCompressionBytes"].as_u64().unwrap() > text / 2, "{}: {found}", home.name);
    }
}

#[test]
fn images_compactions_and_duplicates_are_told_apart() {
    let place = HomeAndState::new();
    let image = format!("data:image/png;base64,{}", "QUJD".repeat(600_000));
    let mut thread = Written::new(1, json!({})).count(&usage(1, 0, 0), &usage(1, 0, 0));
    thread.line("response_item", json!({ "type": "message", "role": "user", "content": [{ "image_url": image }] }));
    thread.line("compacted", json!({ "message": "", "replacement_history": [{ "type": "message" }] }));
    let path = thread.write(place.home.path(), "sessions");
    let size = fs::metadata(&path).unwrap().len();
    let compacted = thread.text().lines().last().unwrap().len() as u64 + 1;
    let found = storage(&place);
    assert_eq!(found["imageBytes"], image.len());
    assert_eq!(found["compactionBytes"], compacted);
    assert_eq!((&found["onDiskBytes"], &found["duplicateBytes"]), (&json!(size), &json!(0)));
    assert_eq!(found["largestThreads"], json!([{ "bytes": size, "id": id(1) }]));

    let archived = place.home.path().join("archived_sessions");
    fs::create_dir_all(&archived).unwrap();
    let twin = archived.join(path.file_name().unwrap());
    fs::hard_link(&path, &twin).unwrap();
    let found = storage(&place);
    assert_eq!((&found["onDiskBytes"], &found["duplicateBytes"]), (&json!(size), &json!(0)));
    fs::remove_file(&twin).unwrap();
    fs::copy(&path, &twin).unwrap();
    let found = storage(&place);
    assert_eq!((&found["onDiskBytes"], &found["duplicateBytes"]), (&json!(2 * size), &json!(size)));

    fs::remove_file(&twin).unwrap();
    place.program().run(["compress", "--older-than", "0s"]).well();
    let found = storage(&place);
    assert_eq!((&found["textBytes"], &found["plainBytes"]), (&json!(size), &json!(0)));
    assert!(found["onDiskBytes"].as_u64().unwrap() < size / 10, "{found}");
    assert_eq!(found["estimatedCompressionBytes"], Value::Null);
}
