//! The plugins that are shipped as examples, as a user runs them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use support::{Collection, HomeAndState, Program, Rollout, demo_home, shipped_plugin, uuid7};
use tempfile::{TempDir, tempdir};

/// A home with threads, and the program with those plugins that are named.
pub(super) struct Shipped {
    pub(super) program: Program,
    place: TempDir,
    pub(super) home: HomeAndState,
}

impl Shipped {
    fn with(plugins: &[&str]) -> Shipped {
        let files = plugins
            .iter()
            .map(|name| shipped_plugin(name).unwrap_or_else(|| panic!("{name} is not built: run `make plugins`")));
        Shipped::with_files(files)
    }

    pub(super) fn with_files(files: impl IntoIterator<Item = PathBuf>) -> Shipped {
        let (home, place) = (HomeAndState::new(), tempdir().unwrap());
        demo_home(home.home.path());
        let program = home.program().variable("THREADKEEP_PLUGIN_DIR", place.path().join("plugins"));
        for file in files {
            program.run(["plugin", "install", file.to_str().unwrap(), "--yes"]).well();
        }
        Shipped { program, place, home }
    }

    fn path(&self, name: &str) -> String {
        self.place.path().join(name).to_string_lossy().into_owned()
    }
}

/// The files below a directory, by their names.
fn written(directory: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    entries.map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

#[test]
fn every_thread_becomes_a_note_and_the_same_one_every_time() {
    let shipped = Shipped::with(&["obsidian"]);
    let threads = shipped.program.json(["list", "--limit", "0", "--flat"])["items"].as_array().unwrap().len();
    let (one, two) = (shipped.path("one"), shipped.path("two"));
    shipped.program.run(["plugin", "run", "obsidian", "--out", &one]).well();
    shipped.program.run(["plugin", "run", "obsidian", "--out", &two]).well();
    let notes = written(&one);
    assert_eq!(notes.len(), threads);
    assert!(notes.values().all(|note| note.starts_with("---\n")), "{notes:?}");
    assert_eq!(notes, written(&two));
    let by_export = shipped.path("three");
    shipped.program.run(["export", "--format", "obsidian", "--archived", "--to", &by_export]).well();
    shipped.program.run(["export", "--format", "obsidian", "--source", "any", "--to", &by_export]).well();
    assert!(written(&by_export).len() >= threads);
}

#[test]
fn what_is_not_granted_to_a_shipped_plugin_it_says_and_writes_nothing() {
    let shipped = Shipped::with(&["obsidian"]);
    shipped.program.run(["plugin", "revoke", "obsidian", "names"]).well();
    let out = shipped.path("out");
    let denied = shipped.program.run(["plugin", "run", "obsidian", "--out", &out]);
    assert!(denied.code == Some(1) && denied.stderr.contains("'names'"), "{}", denied.stderr);
    assert!(written(&out).is_empty());
}

#[test]
fn the_columns_of_a_plugin_stand_in_a_list_in_text_and_as_documents() {
    let shipped = Shipped::with(&["extent"]);
    let list = ["list", "--limit", "0", "--flat", "--column", "turns", "--column", "changed"];
    let listed = shipped.program.json(list);
    let items = listed["items"].as_array().unwrap();
    for item in items {
        let turns = shipped.program.json(["turns", item["id"].as_str().unwrap()]);
        let turns = turns["items"].as_array().unwrap().len();
        assert_eq!(item["columns"]["turns"]["score"], turns as f64, "{item}");
    }
    // The demo home has a thread that wrote a label.
    let sizes: Vec<_> = items.iter().filter_map(|item| item["columns"]["changed"]["score"].as_f64()).collect();
    assert!(sizes.len() == items.len() && sizes.iter().any(|size| *size > 0.0), "{sizes:?}");
    let told = shipped.program.run(list).well().stdout;
    assert!(told.contains(" B"), "{told}");
}

#[test]
fn a_report_a_check_and_a_redactor_are_used_in_their_places() {
    let shipped = Shipped::with(&["token-costs", "unfinished", "project-words"]);
    let report = shipped.program.run(["plugin", "run", "token-costs", "token-costs-csv", "price.gpt-5-codex=2.5"]);
    assert!(report.code == Some(0) && report.stdout.contains("gpt-5-codex"), "{} {}", report.stdout, report.stderr);
    // What is found is left to mend, which the exit code says.
    let told = |arguments: &[&str], findings: &str| {
        let ran = shipped.program.run(arguments);
        assert_eq!(ran.code, Some(5), "{}", ran.stderr);
        let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        document[findings].as_array().unwrap().clone()
    };
    let found = told(&["plugin", "run", "unfinished", "--json"], "findings");
    assert_eq!(found[0]["code"], "unfinished-turn");
    let by_doctor = told(&["doctor", "--with", "unfinished", "--json"], "pluginFindings");
    assert!(found.iter().all(|finding| by_doctor.contains(finding)), "{found:?} {by_doctor:?}");
    let wrong = shipped.program.run(["doctor", "--with", "token-costs"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
    let no_format = shipped.program.run(["export", "--all", "--format", "epub"]);
    assert!(
        no_format.code == Some(2) && no_format.stderr.contains("there is no format 'epub'"),
        "{}",
        no_format.stderr
    );
    let no_column = shipped.program.run(["list", "--column", "mood"]);
    assert!(no_column.code == Some(2) && no_column.stderr.contains("column 'mood'"), "{}", no_column.stderr);
}

/// What a spreadsheet takes for a formula, as people and programs could write it.
const FORMULAS: [&str; 5] =
    ["=cmd|' /C calc'!A0", "+1+cmd", "-2+3", "@SUM(A1:A9)", "\t=HYPERLINK(\"http://x.example\",\"a, b\")"];

/// Threads whose title, model, provider and directory are formulas.
pub(super) fn with_formulas(home: &Path) {
    for (number, formula) in FORMULAS.iter().enumerate() {
        let id = uuid7(1_780_000_000_000 + number as i64, number as u64);
        let rollout = Rollout::paginated(&id).cwd(formula).provider(formula).model(formula).user(formula).tokens(9);
        rollout.write(home, Collection::Active);
    }
}

#[test]
fn no_field_of_a_table_is_a_formula_whoever_wrote_the_text() {
    let shipped = Shipped::with(&["token-costs"]);
    with_formulas(shipped.home.home.path());
    let table = shipped.program.run(["plugin", "run", "token-costs", "token-costs-csv"]).well().stdout;
    assert_eq!(formulas_in(&table), Vec::<String>::new());
    assert!(table.contains("'=cmd|"), "{table}");
}

/// The fields of a table that a spreadsheet would take for formulas.
pub(super) fn formulas_in(table: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(table.as_bytes());
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    let fields = records.iter().flatten();
    let begins = |field: &&str| {
        (field.trim_start().starts_with(['=', '+', '-', '@']) || field.starts_with(['\t', '\r']))
            && field.parse::<f64>().is_err()
    };
    fields.filter(begins).map(str::to_owned).collect()
}

#[test]
fn a_plugin_that_was_built_for_the_first_version_of_the_contract_still_runs() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/plugins/obsidian-0.1.0.wasm");
    let shipped = Shipped::with_files([kept]);
    let out = shipped.path("out");
    shipped.program.run(["plugin", "run", "obsidian", "--out", &out]).well();
    assert!(!written(&out).is_empty());
}

/// A session of Claude Code: a prompt, a command, an answer.
fn session(id: &str, prompt: &str) -> String {
    let line = |uuid: &str, parent: &str, second: u32, rest: &str| {
        format!(
            "{{\"parentUuid\":{parent},\"isSidechain\":false,\"userType\":\"external\",\"cwd\":\"/home/robin/src/kite\",\
             \"sessionId\":\"{id}\",\"version\":\"2.1.332\",\"gitBranch\":\"tail\",\"uuid\":\"{uuid}\",\
             \"timestamp\":\"2026-05-04T10:00:{second:02}.000Z\",{rest}}}\n"
        )
    };
    let usage = "\"usage\":{\"input_tokens\":10,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":5,\"output_tokens\":7}";
    let asked = format!("\"type\":\"user\",\"message\":{{\"role\":\"user\",\"content\":\"{prompt}\"}}");
    let answered = format!(
        "\"type\":\"assistant\",\"requestId\":\"r1\",\"message\":{{\"id\":\"m1\",\"role\":\"assistant\",\"model\":\"claude-opus-4-5\",\
         \"content\":[{{\"type\":\"text\",\"text\":\"The tail is two metres long.\"}}],\"stop_reason\":\"end_turn\",{usage}}}"
    );
    line("u1", "null", 1, &asked) + &line("u2", "\"u1\"", 2, &answered)
}

#[test]
fn sessions_of_another_program_stand_beside_the_threads_and_go_again() {
    let shipped = Shipped::with(&["claude-code"]);
    let sessions = shipped.place.path().join("projects/-home-robin-src-kite");
    std::fs::create_dir_all(&sessions).unwrap();
    let id = "0c0ffee0-1111-4222-8333-444455556666";
    let file = sessions.join(format!("{id}.jsonl"));
    std::fs::write(&file, session(id, "How long is the tail of the kite?")).unwrap();
    let before = shipped.program.json(["list", "--limit", "0", "--flat"])["items"].as_array().unwrap().len();
    let root = shipped.path("projects");
    let imported = shipped.program.json(["import", "--format", "claude-code", &root]);
    assert_eq!(imported["read"], 1, "{imported}");
    let listed = shipped.program.json(["list", "--limit", "0", "--flat"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), before + 1);
    let found = shipped.program.json(["find", id]);
    assert_eq!(found["cwd"], "/home/robin/src/kite", "{found}");
    let turns = shipped.program.run(["turns", id]);
    assert!(turns.stdout.contains("The tail is two metres long."), "{}", turns.stdout);
    let searched = shipped.program.json(["search", "metres", "--source", "any"]);
    assert_eq!(searched["items"].as_array().unwrap().len(), 1, "{searched}");
    let refused = shipped.program.run(["archive", id]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    // A file that changes is read again by whatever opens the state DB; one that nobody can read costs nothing else.
    std::fs::write(&file, session(id, "How wide is the kite?")).unwrap();
    std::fs::write(sessions.join("11111111-1111-4222-8333-444455556666.jsonl"), b"\xFF\xFE{{{{").unwrap();
    let listed = shipped.program.run(["list", "--title", "wide"]);
    assert!(listed.stdout.contains("How wide is the kite?"), "{} {}", listed.stdout, listed.stderr);
    shipped.program.json(["import", "--format", "claude-code", "--forget"]);
    let listed = shipped.program.json(["list", "--limit", "0", "--flat"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), before);
    assert!(file.is_file());
}
