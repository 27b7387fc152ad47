//! PostgreSQL holds the same rows by the same rules, whatever happens in between.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use arrow_array::cast::AsArray as _;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{ArrayRef, RecordBatch};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use threadkeep_lake::database::{Database, compact, forget, open};
use threadkeep_lake::{ErrorKind, push};
use threadkeep_tables::{Kind, TABLES};

use crate::model::{Place, steps, take};
use crate::server::{PASSWORD, Server, found_by};
use crate::support::{Found, Thread, begin, eager, end, expected, push_all, pushed, store, whole};
use crate::writers::{Slow, patient};

struct Schema<'s> {
    server: &'s Server,
    name: String,
    database: Database,
}

impl Schema<'_> {
    fn of<'s>(server: &'s Server, name: &str) -> Schema<'s> {
        Schema { server, name: name.to_owned(), database: server.database(name) }
    }
}

impl Place for Schema<'_> {
    fn push(&self, input: &str, options: push::Options) {
        pushed(&self.database, input, options).0.unwrap();
    }

    fn forget(&self, threads: &BTreeSet<String>) {
        forget(&self.database, threads).unwrap();
    }

    fn compact(&self) {
        compact(&self.database).unwrap();
    }

    fn found(&self) -> Found {
        self.server.found(&self.name)
    }

    fn is_anywhere(&self, text: &str) -> bool {
        let mut client = self.server.connect("owner");
        TABLES.iter().any(|table| {
            let sql = format!(
                "SELECT EXISTS (SELECT FROM {}.rows_{} AS r WHERE strpos(r::text, $1) > 0)",
                self.name, table.name
            );
            client.query_one(&sql, &[&text]).unwrap().get(0)
        })
    }
}

#[test]
fn the_current_rows_are_those_of_a_simple_model() {
    let Some(server) = Server::start() else { return };
    let number = std::cell::Cell::new(0);
    let config = ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() };
    let run = TestRunner::new(config).run(&(steps(), any::<bool>()), |(steps, along)| {
        number.set(number.get() + 1);
        take(&Schema::of(&server, &format!("model_{}", number.get())), steps, along);
        Ok(())
    });
    run.unwrap();
}

/// Gives the rows of a table as JSON, without nulls and with times as Parquet's reader tells them.
fn rows_of_database(server: &Server, table: &threadkeep_tables::Table) -> Vec<String> {
    let columns = table.columns.iter().map(|column| match column.kind {
        Kind::Time => {
            format!(
                "'{0}', replace(to_char(\"{0}\" AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS'), '.000', '')",
                column.name
            )
        }
        _ => format!("'{0}', \"{0}\"", column.name),
    });
    let columns = columns.collect::<Vec<_>>().join(", ");
    let sql = format!("SELECT jsonb_strip_nulls(jsonb_build_object({columns}))::text FROM threadkeep.{}", table.name);
    let rows = server.connect("owner").query(&sql, &[]).unwrap();
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap().to_string();
    let mut rows: Vec<String> = rows.iter().map(|row| parse(row.get(0))).collect();
    rows.sort();
    rows
}

/// Gives rows whose times can be told without a table of time zones.
fn without_zones(rows: &RecordBatch) -> RecordBatch {
    let schema = rows.schema();
    let columns = schema.fields().iter().zip(rows.columns()).map(|(field, column)| {
        let column = match column.as_primitive_opt::<TimestampMillisecondType>() {
            Some(times) => Arc::new(times.clone().with_timezone_opt(None::<String>)) as ArrayRef,
            None => Arc::clone(column),
        };
        (field.name().clone(), column)
    });
    RecordBatch::try_from_iter(columns).unwrap()
}

fn rows_of_files(store: &threadkeep_lake::store::Store, table: &str) -> Vec<String> {
    let mut rows = Vec::new();
    for manifest in threadkeep_lake::ledger::all(store).unwrap() {
        for file in manifest.files.iter().filter(|file| file.table == table) {
            threadkeep_lake::source::read(store, &file.path, file.bytes, &[], |batch| {
                let mut writer = arrow_json::LineDelimitedWriter::new(Vec::new());
                writer.write(&without_zones(&batch)).unwrap();
                writer.finish().unwrap();
                let text = String::from_utf8(writer.into_inner()).unwrap();
                for line in text.lines() {
                    rows.push(serde_json::from_str::<Value>(line).unwrap().to_string());
                }
                Ok(())
            })
            .unwrap();
        }
    }
    rows.sort();
    rows
}

#[test]
fn every_value_of_every_column_is_that_of_the_parquet_of_the_same_input() {
    let Some(server) = Server::start() else { return };
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let mut threads: Vec<Thread> = (0..20).map(|number| Thread::new(number, &[number as i64 % 3, 2])).collect();
    threads[3].text = "é \u{1F9F5} \t\n\" \\ ' {a,\"b\"} \\N".into();
    let input = whole(&threads).replace(r#""tags":["a","b"]"#, r#""tags":["a","{b}","NULL","","\"\\"]"#);
    let input = input.replace("\"now\":1793491200000", "\"now\":1793491200123");
    assert!(input.contains("NULL") && input.contains("0123"));
    pushed(&store, &input, eager()).0.unwrap();
    let database = server.database("threadkeep");
    let (result, answers) = pushed(&database, &input, eager());
    result.unwrap();
    assert_eq!(answers[0]["opened"]["isNew"], true);
    assert_eq!(answers.last().unwrap()["done"]["rows"]["turns"], 40);
    for table in TABLES {
        let rows = rows_of_files(&store, table.name);
        assert!(!rows.is_empty());
        assert_eq!(rows_of_database(&server, table), rows, "{}", table.name);
    }
    let months = server.connect("owner").query("SELECT DISTINCT month FROM threadkeep.turns ORDER BY 1", &[]).unwrap();
    assert_eq!(months.last().unwrap().get::<_, &str>(0), "2026-12");
}

#[test]
fn a_zero_character_is_replaced_and_repeated_keys_leave_the_last_row() {
    let Some(server) = Server::start() else { return };
    let database = server.database("threadkeep");
    let mut thread = Thread::new(1, &[4]);
    thread.text = "a\0b".into();
    let again = Thread { turns: vec![2], ..thread.clone() };
    let input = begin("h-1") + &thread.lines(0) + &again.lines(0) + &end(2);
    let options = push::Options::default();
    pushed(&database, &input, options).0.unwrap();
    assert_eq!(server.found("threadkeep"), expected(&[again]));
    let title = server.connect("owner").query_one("SELECT title FROM threadkeep.threads", &[]).unwrap();
    assert_eq!(title.get::<_, &str>(0), "a\u{fffd}b");
}

#[test]
fn four_writers_of_one_identity_and_a_compaction_lose_nothing() {
    let Some(server) = Server::start() else { return };
    let threads: Vec<Thread> = (0..40).map(|number| Thread::new(number, &[1, 2])).collect();
    std::thread::scope(|scope| {
        for part in threads.chunks(10) {
            let server = &server;
            // The first ones make the tables at once, too.
            scope.spawn(move || {
                for thread in part {
                    push_all(&server.database("threadkeep"), std::slice::from_ref(thread));
                }
            });
        }
        scope.spawn(|| {
            let mut most = 0;
            for _ in 0..20 {
                let there = server.found("threadkeep").len();
                assert!(there >= most, "counts only grow");
                most = there;
                if there > 0 {
                    compact(&server.database("threadkeep")).unwrap();
                }
            }
        });
    });
    assert_eq!(server.found("threadkeep"), expected(&threads));
    let highest = server.connect("owner").query_one("SELECT highest_version FROM threadkeep.homes", &[]).unwrap();
    assert_eq!(highest.get::<_, i64>(0), 40, "each run has a version of its own");
}

#[test]
fn who_comes_behind_wins_and_what_was_forgotten_meanwhile_stays_away() {
    let Some(server) = Server::start() else { return };
    let (mut thread, secret) = (Thread::new(1, &[1]), Thread::new(2, &[1]));
    push_all(&server.database("threadkeep"), std::slice::from_ref(&secret));
    std::thread::scope(|scope| {
        let (lines, input) = channel();
        let late =
            scope.spawn(|| push::run(&server.database("threadkeep"), Slow(input, Vec::new()), Vec::new(), patient()));
        lines.send(begin("h-1")).unwrap();
        std::thread::sleep(Duration::from_millis(500));
        push_all(&server.database("threadkeep"), &[Thread { turns: vec![4], ..thread.clone() }]);
        let ids = BTreeSet::from([secret.id.clone()]);
        assert!(forget(&server.database("threadkeep"), &ids).unwrap() > 0);
        thread.turns = vec![2];
        lines.send(thread.lines(0) + &secret.lines(0) + &end(2)).unwrap();
        late.join().unwrap().unwrap();
    });
    assert_eq!(server.found("threadkeep"), expected(&[thread]));
    assert!(!Schema::of(&server, "threadkeep").is_anywhere(&secret.text));
    let (_, answers) = pushed(&server.database("threadkeep"), &whole(&[]), eager());
    assert_eq!(answers[0]["opened"], serde_json::json!({"version": 4, "isNew": false, "forgotten": [secret.id]}));
    let error = forget(&server.database("threadkeep"), &BTreeSet::from(["nowhere".to_owned()])).unwrap_err();
    assert_eq!(error.exit_code(), 3);
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadkeep-lake"));
    command.args(arguments).env_remove("PGPASSWORD").env("PGPASSFILE", "/nonexistent");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_run_that_is_killed_anywhere_leaves_whole_threads_and_the_next_one_completes_them() {
    let Some(server) = Server::start() else { return };
    let threads: Vec<Thread> = (0..30).map(|number| Thread::new(number, &[2, 2, 1])).collect();
    let all = expected(&threads);
    let mut seen = BTreeSet::new();
    for round in 0..8u64 {
        let schema = format!("round_{round}");
        let mut child = program(&["push", &server.url("owner", &schema), "--commit-every", "0"]).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let lines = whole(&threads);
        let feeder = std::thread::spawn(move || {
            for part in lines.as_bytes().chunks(2000) {
                if input.write_all(part).is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        std::thread::sleep(Duration::from_millis(30 + round * 60));
        child.kill().unwrap();
        child.wait().unwrap();
        feeder.join().unwrap();
        let found = server.found(&schema);
        seen.insert(found.len());
        for (id, turns) in found {
            assert_eq!(turns, all[&id], "{id} is whole");
        }
        push_all(&server.database(&schema), &threads);
        assert_eq!(server.found(&schema), all);
    }
    assert!(seen.len() > 1, "it was killed at several moments: {seen:?}");
}

#[test]
fn a_server_that_goes_in_the_middle_is_told_and_the_next_run_goes_on() {
    let Some(mut server) = Server::start() else { return };
    let threads: Vec<Thread> = (0..3).map(|number| Thread::new(number, &[2])).collect();
    let database = server.database("threadkeep");
    std::thread::scope(|scope| {
        let (lines, input) = channel();
        let late = scope.spawn(|| push::run(&database, Slow(input, Vec::new()), Vec::new(), patient()));
        lines.send(begin("h-1") + &threads[0].lines(0) + &threads[1].lines(0)).unwrap();
        while server.log().matches("UPDATE \"threadkeep\".homes").count() < 2 {
            std::thread::sleep(Duration::from_millis(50));
        }
        std::thread::sleep(Duration::from_millis(200));
        server.crash();
        lines.send(threads[2].lines(0) + &end(3)).unwrap();
        let error = late.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        assert!(error.hint().contains("what was committed stays"));
    });
    assert_eq!(server.found("threadkeep"), expected(&threads[..2]));
    push_all(&database, &threads[2..]);
    assert_eq!(server.found("threadkeep"), expected(&threads));
}

#[test]
fn a_right_that_was_revoked_and_a_table_that_was_altered_are_told_and_nothing_is_lost() {
    let Some(server) = Server::start() else { return };
    let (first, second) = (Thread::new(1, &[2]), Thread::new(2, &[1]));
    push_all(&server.database("threadkeep"), std::slice::from_ref(&first));
    server.execute(&format!(
        "CREATE ROLE weak LOGIN PASSWORD '{PASSWORD}'; GRANT USAGE ON SCHEMA threadkeep TO weak; \
         GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA threadkeep TO weak; \
         REVOKE INSERT ON threadkeep.rows_items FROM weak"
    ));
    let weak = open(&server.url("weak", "threadkeep")).unwrap();
    let input = whole(std::slice::from_ref(&second));
    let refused = |kind: ErrorKind, word: &str| {
        let (result, answers) = pushed(&weak, &input, eager());
        let error = result.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(word), "{error}");
        assert_eq!(answers.last().unwrap()["failed"]["message"], error.to_string());
        assert_eq!(server.connect("owner").query("SELECT FROM threadkeep.rows_turns", &[]).unwrap().len(), 1);
    };
    refused(ErrorKind::Denied, "rows_items");
    server.execute(
        "GRANT INSERT ON threadkeep.rows_items TO weak; ALTER TABLE threadkeep.rows_items RENAME output TO said",
    );
    refused(ErrorKind::Corrupt, "threadkeep.rows_items is not as it should be: it has no column 'output'");
    server.execute(
        "ALTER TABLE threadkeep.rows_items RENAME said TO output; \
         ALTER TABLE threadkeep.rows_turns ADD CONSTRAINT mine CHECK (turn_id <> 'u1') NOT VALID",
    );
    refused(ErrorKind::Corrupt, "mine");
    server.execute(
        "ALTER TABLE threadkeep.rows_turns DROP CONSTRAINT mine; UPDATE threadkeep.migrations SET version = 9",
    );
    refused(ErrorKind::NewerVersion, "newer");
    // Columns of others are nobody's business.
    server.execute("UPDATE threadkeep.migrations SET version = 1; ALTER TABLE threadkeep.rows_items ADD team text");
    push_all(&weak, std::slice::from_ref(&second));
    assert_eq!(server.found("threadkeep"), expected(&[first, second]));
    let (result, _) = pushed(&open(&server.url("weak", "other")).unwrap(), &input, eager());
    let error = result.unwrap_err();
    assert!(error.kind() == ErrorKind::Denied && error.to_string().contains("owner of the tables"), "{error}");
}

#[test]
fn the_password_is_in_no_output_and_no_log() {
    let Some(server) = Server::start() else { return };
    let run = |url: &str, password: Option<&str>, command: &[&str]| {
        let mut program = program(command);
        program.arg(url);
        if let Some(password) = password {
            program.env("PGPASSWORD", password);
        }
        let mut child = program.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(whole(&[Thread::new(1, &[1])]).as_bytes());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("hush"), "{said}");
        (output.status.code(), said.into_owned())
    };
    let wrong = server.url("owner", "threadkeep").replace(PASSWORD, "hush-wrong");
    let (code, said) = run(&wrong, None, &["push"]);
    assert!(code == Some(1) && said.contains("\"denied\"") && said.contains("28P01"), "{said}");
    let (code, said) = run(&server.bare_url(), None, &["push"]);
    assert!(code == Some(1) && said.contains("\"denied\""), "{said}");
    let (code, said) = run(&server.bare_url(), Some(PASSWORD), &["push"]);
    assert!(code == Some(0) && said.contains("done"), "{said}");
    for command in [vec!["compact"], vec!["views", "--engine", "postgres"], vec!["migrate"]] {
        assert_eq!(run(&server.url("owner", "threadkeep"), None, &command).0, Some(0), "{command:?}");
    }
    let none = server.url("owner", "threadkeep").replace("/postgres?", "/nowhere?");
    assert_eq!(run(&none, None, &["push"]).0, Some(3));
    for (dest, command) in [(server.bare_url(), vec!["files"]), ("/tmp".into(), vec!["migrate"])] {
        assert_eq!(run(&dest, None, &command).0, Some(2), "{command:?}");
    }
    assert_eq!(run(&server.url("owner", "empty"), None, &["compact"]).0, Some(3));
    assert_eq!(run("postgres://owner:hush@127.0.0.1:1/d", None, &["push"]).0, Some(1));
    let log = server.log();
    assert!(log.contains("COPY") && !log.contains("hush") && !log.contains("word0001word"));
}

#[test]
fn roles_and_policies_of_the_page_give_each_his_own_rows() {
    let Some(server) = Server::start() else { return };
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/postgres.md")).unwrap();
    let sql: Vec<&str> = page.split("```sql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [roles, rights, policies] = sql[..] else { panic!("there are {} pieces of SQL", sql.len()) };
    let version =
        server.connect("owner").query_one("SELECT current_setting('server_version_num')::integer", &[]).unwrap();
    server.execute("REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    server.execute(roles);
    let user = |name: &str, roles: &str| {
        server.execute(&format!("CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}' IN ROLE {roles}"));
        open(&server.url(name, "threadkeep")).unwrap()
    };
    let operator = user("operator", "threadkeep_owner");
    let alice = user("alice", "threadkeep_writer, threadkeep_reader");
    let bob = user("bob", "threadkeep_writer, threadkeep_reader");
    let of_bob = |input: &str| input.replace("\"m-1\"", "\"m-2\"");
    let (one, two) = (Thread::new(1, &[1]), Thread::new(2, &[2, 1]));
    let (of_one, of_two) = (whole(std::slice::from_ref(&one)), of_bob(&whole(std::slice::from_ref(&two))));
    let error = pushed(&alice, &of_one, eager()).0.unwrap_err();
    assert!(error.to_string().contains("let the owner of the tables run"), "{error}");
    threadkeep_lake::database::migrate(&operator).unwrap();
    server.connect("operator").batch_execute(rights).unwrap();
    push_all(&alice, std::slice::from_ref(&one));
    // The rest needs an administrator for its role.
    server.execute(policies);
    server.execute("INSERT INTO threadkeep.users_machines VALUES ('alice', 'm-1'), ('bob', 'm-2')");
    user("carol", "threadkeep_lead");
    pushed(&alice, &of_one, eager()).0.unwrap();
    pushed(&bob, &of_two, eager()).0.unwrap();
    let error = pushed(&bob, &of_one, eager()).0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert_eq!(forget(&bob, &BTreeSet::from([two.id.clone()])).unwrap_err().kind(), ErrorKind::Denied);
    if version.get::<_, i32>(0) >= 150_000 {
        for (user, sees) in [("alice", vec![one.clone()]), ("bob", vec![two.clone()]), ("carol", vec![one, two])] {
            assert_eq!(found_by(&mut server.connect(user), "threadkeep"), expected(&sees), "{user}");
        }
    }
    for table in TABLES {
        let rows = format!("DELETE FROM threadkeep.rows_{}", table.name);
        assert!(server.connect("alice").batch_execute(&rows).is_err(), "a writer deletes nothing");
    }
}

#[test]
fn certificates_are_looked_at_as_the_mode_says() {
    let Some(mut server) = Server::start() else { return };
    let made = tempfile::tempdir().unwrap();
    let (key, certificate) = (made.path().join("server.key"), made.path().join("server.crt"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
    openssl.args([
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ]);
    openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate).stderr(Stdio::null());
    if !openssl.status().is_ok_and(|status| status.success()) {
        return;
    }
    let url = |host: &str, query: &str| {
        server.url("owner", "threadkeep").replace("127.0.0.1", host).replace("?", &format!("?{query}&"))
    };
    let threads = [Thread::new(1, &[1])];
    let input = whole(&threads);
    let connects = |url: String| pushed(&open(&url).unwrap(), &input, eager()).0;
    let roots = format!("sslrootcert={}", certificate.display());
    let urls = [
        (url("127.0.0.1", "sslmode=require"), true),
        (url("localhost", &format!("sslmode=verify-full&{roots}")), true),
        (url("127.0.0.1", &format!("sslmode=verify-full&{roots}")), false),
        (url("localhost", "sslmode=verify-full"), false),
        (url("127.0.0.1", "sslmode=prefer"), true),
        (url("127.0.0.1", "sslmode=disable"), true),
    ];
    connects(url("127.0.0.1", "sslmode=prefer")).unwrap();
    assert!(connects(url("127.0.0.1", "sslmode=require")).is_err(), "the server has no TLS yet");
    for file in [&key, &certificate] {
        let to = server.data().join(file.file_name().unwrap());
        std::fs::copy(file, &to).unwrap();
        let owner = Command::new("chown").arg("--reference").arg(server.data()).arg(&to).status().unwrap();
        assert!(owner.success());
        std::fs::set_permissions(&to, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
    server.crash();
    for (url, works) in urls {
        let result = connects(url.clone());
        assert_eq!(result.is_ok(), works, "{url}: {result:?}");
    }
    assert_eq!(server.found("threadkeep"), expected(&threads));
}
