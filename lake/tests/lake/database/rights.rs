//! Who may do what, and who sees what.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use threadkeep_lake::ErrorKind;
use threadkeep_lake::database::{forget, open};
use threadkeep_tables::TABLES;

use super::program;
use super::server::{PASSWORD, Server, found_by};
use crate::support::{Thread, eager, expected, push_all, pushed, whole};

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
        "ALTER TABLE threadkeep.rows_turns DROP CONSTRAINT mine; INSERT INTO threadkeep.migrations VALUES (9)",
    );
    refused(ErrorKind::NewerVersion, "newer");
    // Columns of others are nobody's business.
    server.execute(
        "DELETE FROM threadkeep.migrations WHERE version = 9; ALTER TABLE threadkeep.rows_items ADD team text",
    );
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
        if let Err(error) = result {
            assert!(error.kind() == ErrorKind::Denied && error.hint().contains("sslrootcert"), "{error}");
        }
    }
    assert_eq!(server.found("threadkeep"), expected(&threads));
}
