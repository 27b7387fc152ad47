//! Every way in which a real home was seen to be damaged: what the doctor finds, what a repair makes of it, that an undo takes
//! every byte back, and, with `CODEX_BIN`, that the real Codex then lists, reads and resumes what it had lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, types::Value as Cell};
use serde_json::{Value, json};
use support::codex::{Codex, Installed};

use support::{ALL_HOMES, Outcome, Program, RealHome, real_homes};
use tempfile::{TempDir, tempdir};

/// A copy of the newest release's home, with Codex's rows pointing at it and a state DB that is up to date.
struct World {
    place: TempDir,
    codex: Installed,
    /// A paginated thread, and its id.
    paginated: String,
    /// A legacy one.
    legacy: String,
    /// A fork, and the thread that it was forked from.
    fork: String,
    parent: String,
}

/// The home as it is unpacked once, for all cases, and the Codex that is to go on with it.
struct Original {
    home: Rc<RealHome>,
    codex: Installed,
}

/// One for each Codex that there is.
fn originals() -> Vec<Original> {
    let Some(home) = real_homes(&["h169-main"]).next().map(Rc::new) else { return Vec::new() };
    let with = |codex| Original { home: home.clone(), codex };
    Installed::each().into_iter().map(with).collect()
}

/// One for what needs no Codex.
fn original() -> Option<Original> {
    originals().into_iter().next()
}

impl World {
    fn of(original: &Original) -> World {
        let place = tempdir().unwrap();
        copy(&original.home.path, &place.path().join("home"));
        let ids = |sql: &str| -> String {
            let database = Connection::open(place.path().join("home/state_5.sqlite")).unwrap();
            let mut ids = database.prepare(sql).unwrap();
            ids.query_row([], |row| row.get(0)).unwrap()
        };
        let world = World {
            paginated: ids("SELECT id FROM threads WHERE title LIKE '%(app 6%'"),
            legacy: ids("SELECT id FROM threads WHERE history_mode = 'legacy'"),
            fork: ids("SELECT id FROM threads WHERE title = 'a turn in the fork [think]'"),
            parent: ids("SELECT id FROM threads WHERE title LIKE '%(app 2%' AND thread_source IS NULL"),
            codex: original.codex.clone(),
            place,
        };
        let rows: Vec<(String, String)> = world.rows("SELECT id, rollout_path FROM threads");
        for (id, path) in rows {
            let within = path.find("/sessions/").or_else(|| path.find("/archived_sessions/")).unwrap();
            let path = format!("{}{}", world.home().display(), &path[within..]);
            world.sql("UPDATE threads SET rollout_path = ?2 WHERE id = ?1", &[&id, &path]);
        }
        world
    }

    /// The same, known to a state DB.
    fn known(original: &Original) -> World {
        let world = World::of(original);
        world.program().run(["init"]).well();
        world
    }

    fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    fn program(&self) -> Program {
        Program::on(&self.home(), &self.place.path().join("state"))
    }

    fn codex_db(&self) -> Connection {
        Connection::open(self.home().join("state_5.sqlite")).unwrap()
    }

    fn sql(&self, sql: &str, parameters: &[&dyn rusqlite::ToSql]) {
        assert!(self.codex_db().execute(sql, parameters).unwrap() > 0, "{sql}");
    }

    fn rows(&self, sql: &str) -> Vec<(String, String)> {
        let database = self.codex_db();
        let mut select = database.prepare(sql).unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// The newest rollout of a thread, by Codex's row.
    fn rollout(&self, thread: &str) -> PathBuf {
        let database = self.codex_db();
        let path: String =
            database.query_row("SELECT rollout_path FROM threads WHERE id = ?1", [thread], |row| row.get(0)).unwrap();
        path.into()
    }

    fn doctor(&self) -> (Option<i32>, Vec<Value>) {
        let outcome = self.program().run(["--json", "doctor"]);
        assert!(matches!(outcome.code, Some(0 | 5)), "{outcome:?}");
        let findings = outcome.json()["findings"].as_array().unwrap().clone();
        (outcome.code, findings)
    }

    /// Codes of what is found of a thread, but for what is merely worth knowing.
    fn found(&self, thread: &str) -> Vec<String> {
        let (_, findings) = self.doctor();
        let of = findings.iter().filter(|finding| finding["threadId"] == thread && finding["severity"] != "info");
        let mut codes: Vec<String> = of.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect();
        codes.sort();
        codes.dedup();
        codes
    }

    fn apply(&self, more: &[&str]) -> Outcome {
        self.program().run([&["--json", "repair", "apply", "--yes", "--target", "all"], more].concat())
    }

    /// Every row of both databases.
    fn dump(&self) -> Vec<String> {
        let state = Connection::open(self.place.path().join("state/state.sqlite")).unwrap();
        [dump(&self.codex_db()), dump(&state)].concat()
    }

    /// A repair leaves nothing to mend, a second one has nothing to do, an undo takes all of it back, and it can be done again.
    fn is_mended(&self, more: &[&str]) {
        let before = self.dump();
        self.apply(more).well();
        let (code, left) = self.doctor();
        assert_eq!(code, Some(0), "{left:#?}");
        let again = self.apply(more).well().json();
        assert_eq!(again["done"], 0, "{again}");
        self.program().run(["repair", "undo", "--yes"]).well();
        for (now, then) in self.dump().iter().zip(&before) {
            assert_eq!(now, then);
        }
        assert_eq!(self.dump().len(), before.len());
        self.apply(more).well();
    }

    /// The real Codex lists a thread by its database alone, and shows and resumes it with its turns.
    fn codex_goes_on_with(&self, thread: &str) {
        let Some(mut codex) = self.codex.start(&self.home()) else { return };
        self.goes_on(&mut codex, thread);
    }

    fn goes_on(&self, codex: &mut Codex, thread: &str) {
        let listed = listed(codex, json!({"useStateDbOnly": true}));
        assert!(listed.contains(&thread.to_owned()), "{thread} is not in {listed:?}");
        let read = codex.call("thread/read", json!({"threadId": thread, "includeTurns": true}));
        assert!(!read["thread"]["turns"].as_array().unwrap().is_empty(), "{read}");
        let resumed = codex.call("thread/resume", json!({"threadId": thread}));
        assert!(!resumed["thread"]["turns"].as_array().unwrap().is_empty(), "{resumed}");
    }
}

/// Ids of what Codex lists, of every source.
fn listed(codex: &mut Codex, more: Value) -> Vec<String> {
    let kinds = json!(["cli", "vscode", "exec", "appServer", "unknown"]);
    let mut query = json!({"limit": 100, "modelProviders": [], "sourceKinds": kinds});
    more.as_object().unwrap().iter().for_each(|(key, value)| query[key] = value.clone());
    let list = codex.call("thread/list", query);
    list["data"].as_array().unwrap().iter().map(|thread| thread["id"].as_str().unwrap().to_owned()).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => {
                let modified = entry.metadata().unwrap().modified().unwrap();
                fs::copy(entry.path(), &to).unwrap();
                fs::File::options().write(true).open(&to).unwrap().set_modified(modified).unwrap();
            }
        }
    }
}

/// The columns of a thread's row, with what is in them.
fn row(database: &Connection, thread: &str) -> Vec<(String, Cell)> {
    let mut select = database.prepare("SELECT * FROM threads WHERE id = ?1").unwrap();
    let columns: Vec<String> = select.column_names().map(str::to_owned).collect();
    let cells = |row: &rusqlite::Row<'_>| (0..columns.len()).map(|at| row.get(at)).collect::<Result<Vec<Cell>, _>>();
    let cells = select.query_row([thread], cells).unwrap();
    columns.iter().cloned().zip(cells).collect()
}

/// Every row of every table, in words.
fn dump(database: &Connection) -> Vec<String> {
    let mut tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").unwrap();
    let mut tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    // What is taken back is another change of a row, and its text is looked at once more.
    tables.retain(|table| !table.starts_with("text_outdated_"));
    let mut lines = Vec::new();
    for table in tables {
        let mut select = database.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let columns = select.column_count();
        let row =
            |row: &rusqlite::Row<'_>| (0..columns).map(|at| row.get::<_, Cell>(at)).collect::<Result<Vec<_>, _>>();
        let mut rows: Vec<String> =
            select.query_map([], row).unwrap().map(|row| format!("{table}: {:?}", row.unwrap())).collect();
        rows.sort();
        lines.extend(rows);
    }
    lines
}

/// Homes of every release that nothing has happened to.
fn healthy_homes() -> Vec<&'static str> {
    ALL_HOMES.into_iter().filter(|name| *name != "h171-craft").collect()
}

#[test]
fn a_real_home_has_nothing_to_mend_with_a_state_db_that_is_behind() {
    for home in real_homes(&healthy_homes()) {
        home.relocate();
        let mut rollouts: Vec<PathBuf> = support::listing(&home.path)
            .into_keys()
            .filter(|path| path.contains("rollout-"))
            .map(|path| home.path.join(path))
            .collect();
        // By when they were begun, which their names say.
        rollouts.sort_by_key(|path| path.file_name().unwrap().to_owned());
        let away = tempdir().unwrap();
        let (third, later) = (rollouts.len() / 3, rollouts.len() * 2 / 3);
        // What Codex has yet to write: the last files, and the ends of those before them.
        let mut ends = Vec::new();
        for (at, path) in rollouts.iter().enumerate().skip(third) {
            if at >= later {
                fs::rename(path, away.path().join(at.to_string())).unwrap();
            } else if path.extension().is_some_and(|kind| kind == "jsonl") {
                let bytes = fs::read(path).unwrap();
                let first = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
                fs::write(path, &bytes[..first]).unwrap();
                ends.push((path, bytes));
            }
        }
        let state = tempdir().unwrap();
        let program = Program::on(&home.path, state.path());
        program.run(["init"]).well();
        for (at, path) in rollouts.iter().enumerate().skip(later) {
            fs::rename(away.path().join(at.to_string()), path).unwrap();
        }
        for (path, bytes) in ends {
            fs::write(path, bytes).unwrap();
        }
        let outcome = program.run(["--json", "doctor"]);
        let findings = outcome.json()["findings"].as_array().unwrap().clone();
        let told = |finding: &&Value| finding["severity"] != "info" && finding["code"] != "history-not-projected";
        let bad: Vec<_> = findings.iter().filter(told).collect();
        assert!(bad.is_empty() && outcome.code == Some(0), "{}: {bad:#?}", home.name);
        let plan = program.json(["repair", "plan", "--target", "codex"]);
        assert_eq!(plan["entries"], json!([]), "{}", home.name);
    }
}

#[test]
fn a_real_home_has_nothing_to_mend() {
    for home in real_homes(&healthy_homes()) {
        home.relocate();
        let state = tempdir().unwrap();
        let program = Program::on(&home.path, state.path());
        for _ in 0..2 {
            let outcome = program.run(["--json", "doctor"]);
            let findings = outcome.json()["findings"].as_array().unwrap().clone();
            let bad: Vec<_> = findings
                .iter()
                .filter(|finding| finding["severity"] != "info" && finding["code"] != "history-not-projected")
                .collect();
            assert!(bad.is_empty() && outcome.code == Some(0), "{}: {bad:#?}", home.name);
            // And with a state DB.
            program.run(["init"]).well();
        }
    }
}

#[test]
fn a_row_that_codex_lost_is_made_anew() {
    for original in originals() {
        for legacy in [false, true] {
            let world = World::known(&original);
            let thread = if legacy { &world.legacy } else { &world.paginated };
            let before = row(&world.codex_db(), thread);
            world.sql("DELETE FROM threads WHERE id = ?1", &[thread]);
            assert_eq!(world.found(thread), ["missing-row"]);
            world.is_mended(&[]);
            // But for the moments between a record and its row, it is the row that Codex had.
            for ((column, now), (_, then)) in row(&world.codex_db(), thread).iter().zip(&before) {
                match (now, then) {
                    (Cell::Integer(now), Cell::Integer(then)) if column.contains("_at") => {
                        let apart = now.abs_diff(*then) * if column.ends_with("_ms") { 1 } else { 1_000 };
                        assert!(apart < 10_000, "{column}: {now}, {then}");
                    }
                    _ => assert_eq!(now, then, "{column}"),
                }
            }
            world.codex_goes_on_with(thread);
        }
    }
}

#[test]
fn every_row_can_be_made_anew() {
    for original in originals() {
        let world = World::known(&original);
        let count = |world: &World| world.rows("SELECT id, title FROM threads ORDER BY id");
        let before = count(&world);
        world.sql("DELETE FROM threads", &[]);
        world.is_mended(&[]);
        assert_eq!(count(&world), before);
        let threads = [&world.paginated, &world.legacy, &world.fork, &world.parent];
        let Some(mut codex) = world.codex.start(&world.home()) else { continue };
        threads.iter().for_each(|thread| world.goes_on(&mut codex, thread));
    }
}

#[test]
fn a_file_in_another_directory_is_found_and_its_rows_follow() {
    for original in originals() {
        for legacy in [false, true] {
            let world = World::known(&original);
            let thread = if legacy { &world.legacy } else { &world.paginated };
            let path = world.rollout(thread);
            let to = world.home().join("sessions/2026/11/20");
            fs::create_dir_all(&to).unwrap();
            fs::rename(&path, to.join(path.file_name().unwrap())).unwrap();
            assert_eq!(world.found(thread), ["stale-path"]);
            world.is_mended(&[]);
            world.codex_goes_on_with(thread);
        }
    }
}

#[test]
fn a_file_that_was_put_into_the_archive_by_hand_is_archived() {
    for original in originals() {
        for legacy in [false, true] {
            let world = World::known(&original);
            let thread = if legacy { &world.legacy } else { &world.paginated };
            let path = world.rollout(thread);
            fs::rename(&path, world.home().join("archived_sessions").join(path.file_name().unwrap())).unwrap();
            assert_eq!(world.found(thread), ["stale-path", "wrong-archived"]);
            world.is_mended(&[]);
            let Some(mut codex) = world.codex.start(&world.home()) else { continue };
            assert!(listed(&mut codex, json!({"archived": true, "useStateDbOnly": true})).contains(thread));
            let read = codex.call("thread/read", json!({"threadId": thread, "includeTurns": true}));
            assert!(!read["thread"]["turns"].as_array().unwrap().is_empty(), "{read}");
            codex.call("thread/unarchive", json!({"threadId": thread}));
            world.goes_on(&mut codex, thread);
        }
    }
}

#[test]
fn a_row_that_calls_an_active_thread_archived_is_put_right() {
    for original in originals() {
        let world = World::known(&original);
        let thread = &world.paginated;
        world.sql("UPDATE threads SET archived = 1, archived_at = 1795330400 WHERE id = ?1", &[thread]);
        assert_eq!(world.found(thread), ["wrong-archived"]);
        world.is_mended(&[]);
        world.codex_goes_on_with(thread);
    }
}

#[test]
fn a_row_with_another_threads_file_gets_its_own() {
    for original in originals() {
        let world = World::known(&original);
        let thread = &world.paginated;
        let other = world.rollout(&world.parent).display().to_string();
        world.sql("UPDATE threads SET rollout_path = ?2 WHERE id = ?1", &[thread, &other]);
        assert_eq!(world.found(thread), ["mismatched-path"]);
        world.is_mended(&[]);
        world.codex_goes_on_with(thread);
    }
}

#[test]
fn values_that_were_changed_by_hand_are_put_back() {
    for original in originals() {
        let world = World::known(&original);
        let thread = &world.paginated;
        let before = world.rows("SELECT title, cwd FROM threads ORDER BY id");
        world.sql(
            "UPDATE threads SET title = 'WRONG', preview = 'WRONG', first_user_message = 'WRONG', cwd = '/wrong',
         updated_at = 1, updated_at_ms = 1000, model_provider = 'nobody' WHERE id = ?1",
            &[thread],
        );
        assert_eq!(world.found(thread), ["wrong-metadata"]);
        world.is_mended(&[]);
        assert_eq!(world.rows("SELECT title, cwd FROM threads ORDER BY id"), before);
        world.codex_goes_on_with(thread);
    }
}

#[test]
fn a_parent_that_lost_its_row_gets_it_back_and_its_fork_is_whole() {
    for original in originals() {
        let world = World::known(&original);
        world.sql("DELETE FROM threads WHERE id = ?1", &[&world.parent]);
        assert_eq!(world.found(&world.parent), ["missing-row"]);
        world.is_mended(&[]);
        let name: String = world
            .codex_db()
            .query_row("SELECT name FROM threads WHERE id = ?1", [&world.parent], |row| row.get(0))
            .unwrap();
        assert_eq!(name, "Parser work");
        world.codex_goes_on_with(&world.fork);
        world.codex_goes_on_with(&world.parent);
    }
}

#[test]
fn a_backfill_that_was_killed_is_released_at_once() {
    for original in originals() {
        let world = World::known(&original);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        world.sql("UPDATE backfill_state SET status = 'running', updated_at = ?1", &[&now]);
        let (code, findings) = world.doctor();
        assert_eq!(code, Some(5));
        assert!(findings.iter().any(|finding| finding["code"] == "backfill-running"), "{findings:#?}");
        world.is_mended(&[]);
        // Which otherwise waits for 30 seconds, and gives up.
        world.codex_goes_on_with(&world.paginated);
    }
}

#[test]
fn a_backfill_that_somebody_is_at_is_left_alone() {
    let Some(original) = original() else { return };
    let world = World::known(&original);
    world.sql("UPDATE backfill_state SET status = 'running', updated_at = 1", &[]);
    let somebody = world.codex_db();
    somebody.query_row("SELECT COUNT(*) FROM threads", [], |_| Ok(())).unwrap();
    somebody.pragma_update(None, "user_version", 0).unwrap();
    let (_, findings) = world.doctor();
    let running = findings.iter().find(|finding| finding["code"] == "backfill-running").unwrap();
    assert_eq!(running["mendable"], "none", "{running:#}");
    drop(somebody);
}

#[test]
fn a_row_without_a_rollout_goes_only_where_that_is_asked_for() {
    let Some(original) = original() else { return };
    let world = World::known(&original);
    fs::remove_file(world.rollout(&world.legacy)).unwrap();
    assert_eq!(world.found(&world.legacy), ["missing-file"]);
    world.apply(&[]).well();
    let (code, _) = world.doctor();
    assert_eq!(code, Some(5), "the row is still there");
    world.program().run(["repair", "undo", "--yes"]).well();
    world.is_mended(&["--with", "missing-file"]);
    let rows = world.rows("SELECT id, title FROM threads");
    assert!(rows.iter().all(|(id, _)| *id != world.legacy));
}

#[test]
fn a_rollout_and_its_row_that_are_gone_leave_a_row_here_that_says_so() {
    let Some(original) = original() else { return };
    let world = World::known(&original);
    fs::remove_file(world.rollout(&world.paginated)).unwrap();
    world.sql("DELETE FROM threads WHERE id = ?1", &[&world.paginated]);
    // The next start takes it in.
    assert_eq!(world.found(&world.paginated), [""; 0]);
    world.is_mended(&[]);
    let gone = world.program().json(["read", &world.paginated]);
    assert_eq!(gone["missing"], true, "{gone}");
}

#[test]
fn what_only_a_new_file_can_mend_is_told_and_nothing_is_changed() {
    let Some(original) = original() else { return };
    type Damage = (&'static str, &'static [&'static str], fn(&mut Vec<u8>));
    let inflict: [Damage; 4] = [
        ("a line that is no JSON", &["bad-line"], |bytes| replace_line(bytes, 5, b"{not json")),
        ("the last 200 bytes cut", &["bad-line"], |bytes| bytes.truncate(bytes.len() - 200)),
        ("no session_meta", &["no-thread-in-file", "unreadable-rollout"], |bytes| {
            let end = bytes.iter().position(|&byte| byte == b'\n').unwrap();
            bytes.drain(..=end);
        }),
        ("emptied", &["empty-file", "unreadable-rollout"], Vec::clear),
    ];
    for (what, codes, damage) in inflict {
        for legacy in [false, true] {
            let world = World::known(&original);
            let thread = if legacy { &world.legacy } else { &world.paginated };
            let path = world.rollout(thread);
            let mut bytes = fs::read(&path).unwrap();
            damage(&mut bytes);
            fs::write(&path, &bytes).unwrap();
            let (_, findings) = world.doctor();
            let name = path.file_name().unwrap().to_str().unwrap();
            let of = |finding: &&Value| {
                finding["threadId"] == **thread || finding["path"].as_str().is_some_and(|path| path.ends_with(name))
            };
            let told: Vec<&str> = findings.iter().filter(of).map(|finding| finding["code"].as_str().unwrap()).collect();
            for code in codes {
                assert!(told.contains(code), "{what}: {told:?}");
            }
            let rows = row(&world.codex_db(), thread);
            world.apply(&[]).well();
            assert_eq!((row(&world.codex_db(), thread), fs::read(&path).unwrap()), (rows, bytes), "{what}");
        }
    }
}

fn replace_line(bytes: &mut Vec<u8>, line: usize, with: &[u8]) {
    let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
    lines[line] = with;
    *bytes = lines.join(&b'\n');
}

#[test]
fn a_compressed_rollout_is_in_order() {
    for original in originals() {
        for legacy in [false, true] {
            let world = World::known(&original);
            let thread = if legacy { &world.legacy } else { &world.paginated };
            let path = world.rollout(thread);
            let compressed = zstd::encode_all(&*fs::read(&path).unwrap(), 3).unwrap();
            fs::write(format!("{}.zst", path.display()), compressed).unwrap();
            fs::remove_file(&path).unwrap();
            // Only the row here names the file by its whole name, and the next start takes that in.
            assert_eq!(world.found(thread), [""; 0]);
            world.is_mended(&[]);
            world.codex_goes_on_with(thread);
        }
    }
}

#[test]
fn a_home_that_was_moved_is_mended_and_codex_shows_all_of_it() {
    for original in originals() {
        let world = World::of(&original);
        // As it was unpacked: its rows name a place that is not there.
        fs::copy(original.home.path.join("state_5.sqlite"), world.home().join("state_5.sqlite")).unwrap();
        world.program().run(["init"]).well();
        let (code, findings) = world.doctor();
        let stale = findings.iter().filter(|finding| finding["code"] == "stale-path").count();
        assert_eq!((code, stale), (Some(5), 46));
        world.is_mended(&[]);
        let Some(mut codex) = world.codex.start(&world.home()) else { continue };
        let threads = listed(&mut codex, json!({"useStateDbOnly": true}));
        assert_eq!(threads.len(), 41);
        for thread in threads {
            let read = codex.call("thread/read", json!({"threadId": thread, "includeTurns": true}));
            assert!(read["thread"]["turns"].is_array(), "{read}");
            codex.call("thread/resume", json!({"threadId": thread}));
        }
    }
}

#[test]
fn a_copied_home_is_cut_loose_from_the_first_one() {
    for original in originals() {
        let first = World::known(&original);
        let world = World::of(&original);
        fs::copy(first.home().join("state_5.sqlite"), world.home().join("state_5.sqlite")).unwrap();
        world.program().run(["init"]).well();
        let (_, findings) = world.doctor();
        let strangers = findings.iter().filter(|finding| finding["code"] == "path-in-another-home").count();
        assert_eq!(strangers, 46);
        assert!(findings.iter().any(|finding| finding["code"] == "rows-of-another-home"));
        world.is_mended(&[]);
        assert!(world.rollout(&world.paginated).starts_with(world.home()));
        world.codex_goes_on_with(&world.paginated);
    }
}

#[test]
fn names_that_codex_lost_with_its_database_come_back() {
    for original in originals() {
        for junk in [false, true] {
            let world = World::known(&original);
            let named = "SELECT id, name FROM threads WHERE name IS NOT NULL ORDER BY id";
            let names = world.rows(named);
            let database = world.home().join("state_5.sqlite");
            match junk {
                true => {
                    fs::write(&database, "this is no database, but it is long enough to be taken for one").unwrap();
                    let (code, findings) = world.doctor();
                    assert_eq!(code, Some(5));
                    assert!(findings.iter().any(|finding| finding["code"] == "database-corrupt"), "{findings:#?}");
                    world.apply(&[]).well();
                    assert!(!database.exists(), "it was not set aside");
                }
                false => fs::remove_file(&database).unwrap(),
            }
            let Some(codex) = world.codex.start(&world.home()) else { continue };
            drop(codex);
            assert_eq!(world.rows(named), [], "Codex has learned something");
            world.is_mended(&[]);
            assert_eq!(world.rows(named), names);
            world.codex_goes_on_with(&world.legacy);
        }
    }
}

#[test]
fn a_history_that_codex_forgot_is_told() {
    let Some(original) = original() else { return };
    let world = World::known(&original);
    fs::remove_file(world.home().join("thread_history_1.sqlite")).unwrap();
    let (_, findings) = world.doctor();
    let told = findings.iter().find(|finding| finding["code"] == "history-not-projected");
    assert!(told.is_some_and(|finding| finding["severity"] == "warning"), "{findings:#?}");
}

#[test]
fn threads_of_a_directory_that_moved_are_told_to_codex_as_a_repair() {
    for original in originals() {
        let world = World::known(&original);
        let at = |directory: &str| {
            let rows = world.rows("SELECT id, cwd FROM threads");
            rows.into_iter().filter(|(_, cwd)| cwd == directory).map(|(id, _)| id).collect::<Vec<String>>()
        };
        let (old, new) = ("/home/sam/code/work/repo-alpha", "/srv/alpha");
        let threads = at(old);
        assert!(threads.len() > 10);
        world.program().run(["relocate", old, new, "--yes"]).well();
        let list = world.program().json(["list", "--cwd", new, "--limit", "0", "--all", "--flat"]);
        assert!(list["items"].as_array().unwrap().len() >= threads.len());
        world.is_mended(&[]);
        assert_eq!((at(new).len(), at(old).len()), (threads.len(), 0));
        let Some(mut codex) = world.codex.start(&world.home()) else { continue };
        let here = listed(&mut codex, json!({"cwd": new, "useStateDbOnly": true}));
        assert!(!here.is_empty() && here.iter().all(|id| threads.contains(id)), "{here:?}");
    }
}

#[test]
fn a_plan_that_was_made_while_a_rollout_was_away_does_nothing_once_it_is_back() {
    let Some(original) = original() else { return };
    let world = World::known(&original);
    let (path, away) = (world.rollout(&world.legacy), world.place.path().join("away"));
    fs::rename(&path, &away).unwrap();
    let plan = world.place.path().join("plan.json").display().to_string();
    world.program().run(["repair", "plan", "--target", "all", "--with", "missing-file", "--out", &plan]).well();
    fs::rename(&away, &path).unwrap();
    let before = world.dump();
    let outcome = world.program().run(["--json", "repair", "apply", &plan, "--yes"]).ended(1).json();
    let refused = outcome["refused"].as_array().unwrap();
    assert!(refused.len() == 2 && outcome["done"] == 0, "{outcome}");
    assert!(refused.iter().all(|refused| refused["why"].as_str().unwrap().contains("is there again")), "{outcome}");
    assert_eq!(world.dump(), before);
}

#[test]
fn a_state_db_that_opens_and_is_damaged_all_the_same_is_made_anew() {
    let Some(original) = original() else { return };
    let world = World::known(&original);
    let path = world.place.path().join("state/state.sqlite");
    let mut bytes = fs::read(&path).unwrap();
    // The tree of a table, not the header.
    let root: u32 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'threads_by_update'", [], |row| row.get(0))
        .unwrap();
    let root = root as usize;
    bytes[(root - 1) * 4_096..root * 4_096].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let (code, findings) = world.doctor();
    assert!(code == Some(5) && findings.iter().any(|finding| finding["code"] == "database-corrupt"), "{findings:#?}");
    world.apply(&[]).well();
    let (code, left) = world.doctor();
    assert_eq!(code, Some(0), "{left:#?}");
}

#[test]
fn a_title_is_no_name_of_a_thread_that_has_a_column_for_names() {
    let Some(original) = original() else { return };
    let world = World::known(&original);
    world.sql("UPDATE threads SET title = 'bogus' WHERE id = ?1", &[&world.paginated]);
    assert_eq!(world.found(&world.paginated), ["wrong-metadata"]);
    world.is_mended(&[]);
    assert!(world.rows("SELECT title, title FROM threads").iter().all(|(title, _)| title != "bogus"));
}
