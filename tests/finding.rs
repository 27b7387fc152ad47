//! `find`: where a thread is, whatever the row says, and what is mended on the way.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::Value;
use support::{Collection, Program, Rollout, name_thread};
use tempfile::{TempDir, tempdir};

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";
const TWO: &str = "019ca8a0-0000-7000-8000-000000000002";

/// A home of two threads, filled.
struct Setting {
    home: TempDir,
    state: TempDir,
    one: PathBuf,
    two: PathBuf,
}

fn rollout(id: &str, text: &str) -> Rollout {
    Rollout::paginated(id)
        .at("2026-03-01T10:00:00.000Z")
        .cwd("/src/app")
        .git("main", "0123456789abcdef0123456789abcdef01234567", "https://example.com/app.git")
        .user(text)
        .agent("Done.")
        .tokens(512)
}

impl Setting {
    fn new() -> Setting {
        let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
        let one = rollout(ONE, "the first thread").write(home.path(), Collection::Active);
        let two = rollout(TWO, "the second thread").write(home.path(), Collection::Active);
        let setting = Setting { home, state, one, two };
        setting.program().run(["init"]).well();
        setting
    }

    fn program(&self) -> Program {
        Program::on(self.home.path(), self.state.path())
    }

    fn db(&self) -> Connection {
        Connection::open(self.state.path().join("state.sqlite")).unwrap()
    }

    fn edit(&self, sql: &str) {
        assert_eq!(self.db().execute(sql, []).unwrap(), 1, "{sql}");
    }

    /// Finds without a refresh: what is mended is mended by the lookup.
    fn find(&self, id: &str) -> Value {
        self.program().json(["--no-refresh", "find", id])
    }

    fn relative(&self, path: &Path) -> String {
        path.strip_prefix(self.home.path()).unwrap().to_str().unwrap().into()
    }

    fn row_path(&self, id: &str) -> String {
        self.db().query_row("SELECT path FROM threads WHERE id = ?1", [id], |row| row.get(0)).unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.state.path().join("state.sqlite")).unwrap()
    }

    /// A second lookup answers from the row and writes nothing.
    fn is_mended(&self, id: &str, path: &Path) {
        assert_eq!(self.row_path(id), self.relative(path));
        let before = self.bytes();
        let again = self.find(id);
        assert_eq!(again["via"], "state");
        assert_eq!(again["discrepancies"], Value::Array(vec![]));
        assert_eq!(again["path"], path.to_str().unwrap());
        assert!(self.bytes() == before, "a second find wrote to the state DB");
    }
}

fn kinds(found: &Value) -> Vec<&str> {
    found["discrepancies"].as_array().unwrap().iter().map(|what| what["kind"].as_str().unwrap()).collect()
}

#[test]
fn a_stale_row_falls_back_to_the_files_and_is_mended_and_its_other_facts_stay() {
    let setting = Setting::new();
    setting.edit(&format!(
        "UPDATE threads SET path = 'sessions/2020/01/01/rollout-gone.jsonl', git_branch = 'patched', memory_mode = 'polluted'
         WHERE id = '{ONE}'"
    ));
    let found = setting.find(ONE);
    assert_eq!(found["via"], "files");
    assert_eq!(kinds(&found), ["stale-path"]);
    assert_eq!(found["path"], setting.one.to_str().unwrap());
    assert_eq!((found["gitBranch"].as_str(), found["memoryMode"].as_str()), (Some("patched"), Some("polluted")));
    setting.is_mended(ONE, &setting.one);
}

#[test]
fn a_missing_row_is_rebuilt_from_the_files() {
    let setting = Setting::new();
    name_thread(setting.home.path(), ONE, "kept name", 1_772_000_000_000);
    setting.program().run(["init"]).well();
    let before = setting.find(ONE);
    setting.edit(&format!("DELETE FROM threads WHERE id = '{ONE}'"));
    let found = setting.find(ONE);
    assert_eq!(kinds(&found), ["missing-row"]);
    for field in ["name", "preview", "cwd", "createdAt", "updatedAt", "tokensUsed", "gitSha", "source"] {
        assert_eq!(found[field], before[field], "{field}");
    }
    setting.is_mended(ONE, &setting.one);
}

#[test]
fn a_row_that_points_at_another_threads_file_is_mended() {
    let setting = Setting::new();
    setting.edit(&format!("UPDATE threads SET path = '{}' WHERE id = '{ONE}'", setting.relative(&setting.two)));
    let found = setting.find(ONE);
    assert_eq!(kinds(&found), ["mismatched-path"]);
    assert!(found["discrepancies"][0]["about"].as_str().unwrap().contains(TWO));
    assert_eq!(found["path"], setting.one.to_str().unwrap());
    setting.is_mended(ONE, &setting.one);
    setting.is_mended(TWO, &setting.two);
}

#[test]
fn a_file_that_lies_is_found_by_its_head_and_not_by_its_name() {
    let setting = Setting::new();
    // The two files change names: each now claims to be the other.
    let aside = setting.home.path().join("sessions/aside.jsonl");
    std::fs::rename(&setting.one, &aside).unwrap();
    std::fs::rename(&setting.two, &setting.one).unwrap();
    std::fs::rename(&aside, &setting.two).unwrap();
    for program in
        [setting.program().with(["--no-refresh"]), setting.program(), Program::stateless(setting.home.path())]
    {
        let found = program.json(["find", ONE]);
        assert_eq!(found["path"], setting.two.to_str().unwrap());
        let found = program.json(["find", TWO]);
        assert_eq!(found["path"], setting.one.to_str().unwrap());
    }
}

#[test]
fn a_compressed_twin_is_found_where_the_plain_file_was() {
    let setting = Setting::new();
    let packed = setting.one.with_extension("jsonl.zst");
    std::fs::write(&packed, zstd::encode_all(&std::fs::read(&setting.one).unwrap()[..], 3).unwrap()).unwrap();
    std::fs::remove_file(&setting.one).unwrap();
    let found = setting.find(ONE);
    assert_eq!(found["path"], packed.to_str().unwrap());
    setting.is_mended(ONE, &packed);
}

#[test]
fn a_thread_whose_file_is_gone_is_not_found_and_its_row_stays_marked() {
    let setting = Setting::new();
    let kept = std::fs::read(&setting.one).unwrap();
    std::fs::remove_file(&setting.one).unwrap();
    setting.program().run(["--no-refresh", "find", ONE]).ended(3);
    let missing = |setting: &Setting| -> i64 {
        setting.db().query_row("SELECT missing FROM threads WHERE id = ?1", [ONE], |row| row.get(0)).unwrap()
    };
    assert_eq!(missing(&setting), 1);
    let list = setting.program().json(["list"]);
    assert_eq!(support::ids(&list), [TWO]);
    std::fs::write(&setting.one, kept).unwrap();
    assert_eq!(setting.find(ONE)["path"], setting.one.to_str().unwrap());
    assert_eq!(missing(&setting), 0);
}

#[test]
fn a_list_without_refresh_hides_what_is_gone_and_mends_what_moved() {
    let setting = Setting::new();
    std::fs::remove_file(&setting.two).unwrap();
    setting.edit(&format!("UPDATE threads SET path = 'sessions/elsewhere.jsonl' WHERE id = '{ONE}'"));
    let list = setting.program().json(["--no-refresh", "list"]);
    assert_eq!(support::ids(&list), [ONE]);
    assert_eq!(list["items"][0]["path"], setting.one.to_str().unwrap());
}

#[test]
fn ignore_files_that_cover_the_home_hide_nothing() {
    let setting = Setting::new();
    let ignored = tempdir().unwrap();
    std::fs::create_dir_all(ignored.path().join(".config/git")).unwrap();
    std::fs::write(ignored.path().join(".config/git/ignore"), "*\n").unwrap();
    for dir in ["", "sessions", "sessions/2026"] {
        for name in [".gitignore", ".ignore", ".rgignore"] {
            std::fs::write(setting.home.path().join(dir).join(name), "*\n*.jsonl\n").unwrap();
        }
    }
    std::fs::create_dir_all(setting.home.path().join(".git/info")).unwrap();
    std::fs::write(setting.home.path().join(".git/info/exclude"), "*\n").unwrap();
    let fresh = tempdir().unwrap();
    for program in
        [setting.program(), Program::on(setting.home.path(), fresh.path()), Program::stateless(setting.home.path())]
    {
        let program = program.variable("HOME", ignored.path());
        assert_eq!(program.json(["find", ONE])["path"], setting.one.to_str().unwrap());
        assert_eq!(program.json(["list"])["items"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn a_thread_answers_to_its_id_in_any_form_to_the_beginning_of_it_and_to_its_name() {
    let setting = Setting::new();
    name_thread(setting.home.path(), ONE, "first name", 1_772_000_000_000);
    name_thread(setting.home.path(), ONE, "second name", 1_772_000_001_000);
    let upper = ONE.to_uppercase();
    let braces = format!("{{{ONE}}}");
    let urn = format!("urn:uuid:{ONE}");
    let bare = ONE.replace('-', "");
    for program in [setting.program(), Program::stateless(setting.home.path())] {
        for asked in [ONE, &upper, &braces, &urn, &bare, "second name"] {
            assert_eq!(program.json(["find", asked])["id"], ONE, "{asked}");
        }
        program.run(["find", "first name"]).ended(3);
        program.run(["find", "019ca8"]).ended(3);
        let ambiguous = program.run(["find", &ONE[..20]]).ended(4);
        assert!(ambiguous.stderr.contains(ONE) && ambiguous.stderr.contains(TWO), "{}", ambiguous.stderr);
        assert!(ambiguous.stdout.is_empty());
        program.run(["find", "--archived", ONE]).ended(3);
        program.run(["find", "019ca8a0-0000-7000-8000-00000000000f"]).ended(3);
    }
}

#[test]
fn several_ids_are_answered_in_the_order_asked_whatever_becomes_of_some() {
    let setting = Setting::new();
    let (one, two) = (setting.one.to_str().unwrap(), setting.two.to_str().unwrap());
    for program in [setting.program(), Program::stateless(setting.home.path())] {
        let both = program.json(["find", TWO, ONE]);
        assert_eq!((support::ids(&both), &both["notFound"]), (vec![TWO, ONE], &Value::Array(vec![])));
        assert_eq!(both["items"][1], program.json(["find", ONE]));
        assert_eq!(program.run(["find", TWO, ONE, TWO]).well().stdout, format!("{two}\n{one}\n{two}\n"));
        let some = program.run(["--json", "find", ONE, "nobody", TWO, "no one"]).ended(3);
        assert_eq!(support::ids(&some.json()), [ONE, TWO]);
        assert_eq!(some.json()["notFound"], serde_json::json!(["nobody", "no one"]));
        assert!(some.stderr.contains("'nobody'") && some.stderr.contains("'no one'"), "{}", some.stderr);
        let unsure = program.run(["find", &ONE[..20], TWO]).ended(4);
        assert_eq!(unsure.stdout, format!("{two}\n"));
        assert!(unsure.stderr.lines().any(|line| line.contains(ONE) && line.contains("the first thread")));
        program.run(["find", &ONE[..20], "nobody"]).ended(3);
    }
}
