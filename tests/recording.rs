//! What the core asked of the world, written down, run again without one, and made fit to be shown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{Collection, Program, Rollout, demo_home, listing, real_homes};
use tempfile::{TempDir, tempdir};

/// A home, and a place for recordings.
struct Setting {
    home: TempDir,
    place: TempDir,
}

impl Setting {
    fn demo() -> Setting {
        let setting = Setting { home: tempdir().unwrap(), place: tempdir().unwrap() };
        demo_home(setting.home.path());
        setting
    }

    fn program(&self) -> Program {
        Program::on(self.home.path(), &self.place.path().join("state"))
    }

    /// Records a run, whatever it comes to.
    fn record(&self, program: &Program, name: &str, arguments: &[&str]) -> PathBuf {
        let file = self.place.path().join(format!("{name}.jsonl"));
        let mut all = vec!["--record", file.to_str().unwrap()];
        all.extend(arguments);
        program.run(all);
        file
    }
}

/// Runs a recording again where there is no home at all.
fn replay(file: &Path) -> Value {
    let nowhere = Program::stateless(Path::new("/nowhere"));
    nowhere.json(["debug", "replay", file.to_str().unwrap()])
}

fn redact(file: &Path) -> String {
    Program::stateless(Path::new("/nowhere")).run(["debug", "redact", file.to_str().unwrap()]).well().stdout
}

/// Commands of every kind, with answers and without.
fn commands(id: &str) -> Vec<(&'static str, Vec<String>)> {
    let list = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect::<Vec<_>>();
    vec![
        ("init", list(&["init", "--rebuild"])),
        ("list", list(&["list", "--limit", "3", "--sort", "created"])),
        ("filtered", list(&["list", "--title", "tide", "--since", "2026-01-01"])),
        ("found", list(&["find", id])),
        ("prefix", list(&["find", &id[..13], "--explain"])),
        ("name", list(&["find", "How the tides work"])),
        ("nobody", list(&["find", "nobody at all"])),
        ("no-id", list(&["--no-refresh", "find", "00000000-0000-7000-8000-00000000dead"])),
        ("compared", list(&["find", "00000000-0000-7000-8000-00000000dead"])),
        ("read", list(&["read", id])),
        ("turns", list(&["turns", id, "--limit", "0"])),
        ("tail", list(&["turns", id, "--tail", "1"])),
        ("around", list(&["turns", id, "--around", "recipes"])),
        ("bad-cursor", list(&["turns", id, "--cursor", "a.7.nonsense"])),
    ]
}

const RECIPES: &str = "019d3aa0-a5e7-719f-a5db-aa49e4ab78cc";

#[test]
fn a_recording_comes_to_the_same_answers_without_the_home() {
    let setting = Setting::demo();
    for (how, program) in [("state", setting.program()), ("files", Program::stateless(setting.home.path()))] {
        for (name, arguments) in commands(RECIPES) {
            if how == "files" && name == "init" {
                continue;
            }
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let file = setting.record(&program, &format!("{how}-{name}"), &arguments);
            let done = replay(&file);
            assert!(done["calls"].as_u64() > Some(0) && done["imports"].as_u64() > Some(0), "{how} {name}: {done}");
        }
    }
}

#[test]
fn a_recording_of_another_answer_or_another_world_is_refused_with_the_place() {
    let setting = Setting::demo();
    let file = setting.record(&setting.program(), "turns", &["turns", RECIPES]);
    let text = std::fs::read_to_string(&file).unwrap();
    let changed = |what: &str, by: &str, why: &str| {
        let other = text.replacen(what, by, 1);
        assert_ne!(other, text, "{what} is not in the recording");
        std::fs::write(&file, other).unwrap();
        let failed =
            Program::stateless(Path::new("/nowhere")).run(["debug", "replay", file.to_str().unwrap()]).ended(1);
        assert!(failed.stderr.contains("line ") && failed.stderr.contains(why), "{}", failed.stderr);
    };
    // What the home said: the answer that follows from it is another one.
    changed("Move the recipes into a file", "Move the receipt into a file", "went another way");
    changed("\"import\":\"rows.row\"", "\"import\":\"rows.files-of\"", "went another way");
    changed("\"call\":\"history.transcript.open\"", "\"call\":\"history.burn\"", "no call history.burn");
    for cut in ["", "no recording\n", &text[..text.len() / 2]] {
        std::fs::write(&file, cut).unwrap();
        Program::stateless(Path::new("/nowhere")).run(["debug", "replay", file.to_str().unwrap()]).ended(1);
    }
}

#[test]
fn a_recording_is_private_and_overwrites_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let setting = Setting::demo();
    let file = setting.record(&setting.program(), "private", &["list"]);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&file).unwrap();
    let again = setting.program().run(["--record", file.to_str().unwrap(), "list"]).ended(1);
    assert!(again.stderr.contains("private.jsonl"), "{}", again.stderr);
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let before = listing(setting.home.path());
    let state = setting.place.path().join("state");
    std::fs::remove_dir_all(&state).unwrap();
    replay(&file);
    redact(&file);
    assert_eq!(listing(setting.home.path()), before);
    assert!(!state.exists());
}

/// Bytes, which stand in a recording's answers as a list of numbers; none where it is another value.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    value.as_array()?.iter().map(|number| u8::try_from(number.as_u64()?).ok()).collect()
}

/// All texts of a recording in one, those that stand as bytes among them.
fn said(recording: &str) -> String {
    fn add(value: &Value, all: &mut String) {
        match (value, bytes(value)) {
            (_, Some(bytes)) => all.push_str(&String::from_utf8_lossy(&bytes)),
            (Value::String(text), _) => all.push_str(text),
            (Value::Array(values), _) => values.iter().for_each(|value| add(value, all)),
            (Value::Object(map), _) => map.values().for_each(|value| add(value, all)),
            _ => {}
        }
        all.push('\n');
    }
    let mut all = recording.to_owned();
    recording.lines().for_each(|line| add(&serde_json::from_str(line).unwrap(), &mut all));
    all
}

/// Shape of an answer: keys, kinds, numbers, and the lengths of texts.
fn shape(value: &Value) -> Value {
    match value {
        Value::String(text) => text.len().into(),
        Value::Array(values) => values.iter().map(shape).collect(),
        Value::Object(map) => {
            // State that only the core understands has texts in it.
            let of = |key: &str, value| bytes(value).filter(|_| key == "state").map(|bytes| bytes.len().into());
            map.iter().map(|(key, value)| (key.clone(), of(key, value).unwrap_or_else(|| shape(value)))).collect()
        }
        other => other.clone(),
    }
}

fn answers(recording: &str) -> Vec<Value> {
    let lines = recording.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line.get("answer").is_some() && line.get("import").is_none()).collect()
}

/// A call of the core in a recording.
struct Call {
    instance: u64,
    name: String,
    /// It was given state that only the core understands.
    given_state: bool,
    answer: Value,
}

/// The calls of a recording, in the order of their answers.
fn calls(recording: &str) -> Vec<Call> {
    let (mut begun, mut done) = (BTreeMap::new(), Vec::new());
    for line in recording.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let Some(instance) = line["instance"].as_u64() else { continue };
        if let Some(name) = line["call"].as_str() {
            let with = line["with"].to_string();
            let given_state = with.contains("\"state\":[") || with.contains("{\"bytes\":[");
            begun.insert(instance, (name.to_owned(), given_state));
        } else if line.get("import").is_none() {
            let (name, given_state) = begun.remove(&instance).unwrap();
            done.push(Call { instance, name, given_state, answer: opened(&line) });
        }
    }
    done
}

/// Turns stand in an answer as texts of JSON.
fn opened(answer: &Value) -> Value {
    let mut answer = answer.clone();
    if let Some(turns) = answer.pointer_mut("/answer/Ok/turns").and_then(Value::as_array_mut) {
        for turn in turns {
            *turn = serde_json::from_str(turn.as_str().unwrap()).unwrap();
        }
    }
    shape(&answer)
}

#[test]
fn a_redacted_recording_takes_the_same_way_and_says_nothing_that_anybody_wrote() {
    let setting = Setting::demo();
    let program = setting.program();
    for (name, arguments) in commands(RECIPES) {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let file = setting.record(&program, name, &arguments);
        let redacted = redact(&file);
        let before = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, &redacted).unwrap();
        assert!(replay(&file)["calls"].as_u64() > Some(0), "{name}");
        for secret in ["recipes", "sourdough", "tides", "robin", "bread", "harbour", "strawberries", "Latin"] {
            assert!(!said(&redacted).contains(secret), "{name} says {secret}");
        }
        // State holds people's words: what was given some, and what comes after it on its instance, may be left out.
        let mut now = calls(&redacted).into_iter().peekable();
        let mut given_state = BTreeSet::new();
        for then in calls(&before) {
            if then.given_state {
                given_state.insert(then.instance);
            }
            let is_it = |now: &Call| (now.instance, &now.name) == (then.instance, &then.name);
            // The tokens of disguised words are others.
            let is_of_tokens = then.name.starts_with("text-indexing.");
            match now.next_if(|now| is_it(now) && (is_of_tokens || now.answer == then.answer)) {
                Some(_) => {}
                None if given_state.contains(&then.instance) => {}
                None => panic!("{name}: {} is left out, or was {}", then.name, then.answer),
            }
        }
        assert!(now.peek().is_none(), "{name}");
    }
}

#[test]
fn numbers_and_scripts_of_people_are_disguised_and_lengths_stay() {
    let setting = Setting { home: tempdir().unwrap(), place: tempdir().unwrap() };
    let id = "019ca8a0-0000-7000-8000-000000000001";
    let text = "call +49 30 901820 or 4111111111111111 — über größere Straßen, 日本語 🚀 \\ \"quoted\" sk-a1B2c3D4";
    let rollout = Rollout::paginated(id).at("2026-03-01T10:00:00.000Z").cwd("/home/zelda/hyrule").user(text);
    rollout.write(setting.home.path(), Collection::Active);
    let file = setting.record(&setting.program(), "numbers", &["turns", id]);
    let redacted = redact(&file);
    for secret in ["901820", "4111111111111111", "über", "Straßen", "日本語", "quoted", "a1B2c3D4", "zelda", "hyrule"]
    {
        assert!(!said(&redacted).contains(secret), "{secret}");
    }
    std::fs::write(&file, &redacted).unwrap();
    replay(&file);
    assert!(redacted.contains(id));
}

#[test]
fn real_homes_are_recorded_redacted_and_run_again() {
    for home in real_homes(&["h050", "h100", "h142", "h169-main"]) {
        let setting = Setting { home: tempdir().unwrap(), place: tempdir().unwrap() };
        let program = Program::stateless(&home.path);
        for id in home.oracle().unwrap().as_object().unwrap().keys().take(6) {
            let file = setting.record(&program, id, &["turns", id, "--limit", "0"]);
            let before = std::fs::read_to_string(&file).unwrap();
            replay(&file);
            let redacted = redact(&file);
            std::fs::write(&file, &redacted).unwrap();
            replay(&file);
            for (then, now) in answers(&before).iter().zip(&answers(&redacted)) {
                let counts = |answer: &Value| {
                    let turns = opened(answer)["answer"]["Ok"]["turns"].clone();
                    let items = turns.as_array().into_iter().flatten();
                    items.map(|turn| turn["items"].as_array().map_or(0, Vec::len)).collect::<Vec<_>>()
                };
                assert_eq!(counts(then), counts(now), "{} {id}", home.name);
            }
        }
    }
}

/// Words that the core's readers know by name: single words in the literals of their sources.
fn literals(source: &str) -> impl Iterator<Item = &str> {
    let code = source.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    code.flat_map(|line| line.split('"').skip(1).step_by(2))
        .filter(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

#[test]
fn redaction_keeps_every_word_that_decisions_know() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core-wasm/src");
    let words = std::fs::read_to_string(core.join("rollout/redact/words.txt")).unwrap();
    let words: Vec<&str> = words.lines().collect();
    assert!(words.is_sorted());
    let mut sources: Vec<PathBuf> = [
        "rollout/record.rs",
        "rollout/skim.rs",
        "rollout/fold.rs",
        "rows/names.rs",
        "rows/source.rs",
        "rows/derive.rs",
    ]
    .map(|name| core.join(name))
    .into();
    let history = std::fs::read_dir(core.join("history")).unwrap().map(|entry| entry.unwrap().path());
    // Tests of a module stand in a folder beside it.
    sources.extend(history.filter(|path| path.is_file()));
    for source in sources {
        let text = std::fs::read_to_string(&source).unwrap();
        for word in literals(&text) {
            assert!(words.contains(&word), "{}: '{word}' is not in rollout/redact/words.txt", source.display());
        }
    }
}
