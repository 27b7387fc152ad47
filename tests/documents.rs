//! Documents: what the program prints with `--json` is what the library's types serialise to, and what their schemas allow.

mod pieces;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use support::{
    CodexDb, Collection, Program, Rollout, demo_home, ids, list_everything, name_thread, real_homes, schema, uuid7,
};
use tempfile::tempdir;
use threadkeep::platform::home::Home;
use threadkeep::{ErrorKind, Options, StateAccess, Threadkeep, documents};

use crate::plugins::Made;

const HOMES: [&str; 10] =
    ["h029", "h050", "h100", "h130", "h142", "h160", "h169-main", "h169-compress", "h171-main", "up171-h130"];

/// The schemas of all documents, and which of them some output was held against.
struct Schemas {
    all: BTreeMap<&'static str, Value>,
    used: RefCell<BTreeSet<String>>,
}

impl Schemas {
    fn all() -> Schemas {
        let all = documents::schemas().into_iter().map(|(name, schema)| (name, schema.to_value())).collect();
        Schemas { all, used: RefCell::default() }
    }

    /// Fails unless the document is as its schema says; and unless the schema notices a field too many.
    #[track_caller]
    fn check(&self, name: &str, document: &Value) {
        let schema = self.all.get(name).unwrap_or_else(|| panic!("there is no schema of `{name}`"));
        let faults = schema::faults(schema, document);
        assert!(faults.is_empty(), "`{name}`:\n{}\n{document:#}", faults.join("\n"));
        if let Value::Object(fields) = document {
            let mut more = fields.clone();
            more.insert("unheardOf".into(), Value::Null);
            assert!(!schema::faults(schema, &more.into()).is_empty(), "`{name}` may have any field");
        }
        self.used.borrow_mut().insert(name.to_owned());
    }

    /// Runs a command that ends with one of these codes, and checks its document.
    #[track_caller]
    fn run(&self, program: &Program, name: &str, codes: &[i32], arguments: &[&str]) -> Value {
        let outcome = program.run([&["--json"], arguments].concat());
        assert!(outcome.code.is_some_and(|code| codes.contains(&code)), "{arguments:?}: {outcome:?}");
        let document = outcome.json();
        self.check(name, &document);
        document
    }
}

/// What the documents of every reading command are like on a home.
fn look_at_everything(schemas: &Schemas, program: &Program) {
    let run = |name: &str, codes: &[i32], arguments: &[&str]| schemas.run(program, name, codes, arguments);
    run("status", &[0], &["status"]);
    run("doctor", &[0, 5], &["doctor", "--all"]);
    run("doctor", &[0, 5], &["doctor", "--quick"]);
    run("doctor --codes", &[0], &["doctor", "--codes"]);
    run("doctor --explain", &[0], &["doctor", "--explain", "open-to-others"]);
    run("list", &[0], &["list", "--all", "--limit", "3"]);
    run("list", &[0], &["list", "--all", "--limit", "0"]);
    let threads = list_everything(program);
    run("list", &[0], &["list", "--all", "--limit", "0", "--flat"]);
    run("list", &[0], &["list", "--all", "--limit", "0", "--state", "running,waiting,interrupted,done"]);
    let all: Vec<&str> = threads.keys().map(String::as_str).chain(["nobody-at-all"]).collect();
    run("search", &[0], &["search", "the", "--source", "any"]);
    run("search", &[0], &["search", "the -nowhere", "--limit", "1"]);
    run("search", &[3], &["search", "nobody", "at", "all"]);
    run("search", &[0], &["search", "--literal", "e", "--source", "any"]);
    run("search", &[3], &["search", "--regex", "^nobody at all$"]);
    run("search --thread", &[0, 3], &["search", "the", "--thread", all[0]]);
    run("search --touched", &[0, 3], &["search", "--touched", "/", "--source", "any"]);
    run("search --touched", &[3], &["search", "--touched", "no/such/file"]);
    run(
        "search --commit",
        &[3],
        &["search", "--touched", &format!("{}:1", file!().replace("tests/", concat!(env!("CARGO_MANIFEST_DIR"), "/")))],
    );
    run("stats", &[0], &["stats", "--by", "model", "--explain"]);
    run("stats", &[0], &["stats", "--since", "2026-03-01"]);
    run("stats --live", &[0], &["stats", "--live"]);
    run("stats storage", &[0], &["stats", "storage"]);
    run("find several", &[3], &[&["find"], &all[..]].concat());
    for id in all.iter().rev().skip(1).take(4) {
        run("find", &[0], &["find", id]);
        run("find --explain", &[0], &["find", "--explain", id]);
        run("read", &[0], &["read", id]);
        run("read --no-turns", &[0], &["read", "--no-turns", id]);
        run("turns", &[0], &["turns", id, "--limit", "2", "--desc"]);
        run("why", &[0], &["why", id]);
        run("debug prompt-input", &[0], &["debug", "prompt-input", id]);
    }
    run("find --explain", &[3], &["find", "--explain", "nobody-at-all"]);
}

#[test]
fn what_is_printed_of_real_homes_is_what_the_schemas_say() {
    let schemas = Schemas::all();
    for home in real_homes(&HOMES) {
        let state = tempdir().unwrap();
        look_at_everything(&schemas, &Program::on(&home.path, state.path()));
        look_at_everything(&schemas, &Program::stateless(&home.path));
    }
}

#[test]
fn what_every_command_prints_is_what_its_schema_says() {
    let schemas = Schemas::all();
    let (home, state, place) = (tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
    demo_home(home.path());
    let path = std::env::var_os("PATH").unwrap();
    let program = Program::on(home.path(), state.path()).variable("PATH", path);
    schemas.run(&program, "init", &[0], &["init"]);
    look_at_everything(&schemas, &program);
    look_at_everything(&schemas, &Program::stateless(home.path()));
    watch(&schemas, &program, home.path());
    ask_a_server(&schemas, &program, place.path());
    change_threads(&schemas, &program, place.path());
    keep_beside_threads(&schemas, &program, home.path());
    use_plugins(&schemas, &program);
    mend(&schemas);
    read_a_broken_history(&schemas);
    salvage(&schemas, place.path());
    record(&schemas, &program, place.path());
    fail(&schemas, home.path());
    let all: BTreeSet<String> = schemas.all.keys().map(|name| name.to_string()).collect();
    assert_eq!(*schemas.used.borrow(), all, "every schema has an output, and every output a schema");
}

/// What commands print of a server's threads.
fn ask_a_server(schemas: &Schemas, program: &Program, place: &Path) {
    let socket = place.join("server/socket");
    let mut server = program.spawn(["app-server", "--listen", &format!("unix://{}", socket.display())]);
    while std::os::unix::net::UnixStream::connect(&socket).is_err() {
        assert!(!server.is_over(), "the server ended before it listened");
        std::thread::sleep(Duration::from_millis(5));
    }
    let remote = format!("unix://{}", socket.display());
    let list = program.json(["list", "--remote", &remote]);
    schemas.check("list", &list);
    let id = ids(&list)[0];
    for (name, arguments) in
        [("search --remote", ["search", "e"]), ("find", ["find", id]), ("read", ["read", id]), ("turns", ["turns", id])]
    {
        schemas.run(program, name, &[0], &[&arguments[..], &["--remote", &remote]].concat());
    }
}

/// An event: a thread is given one name after the other until one is told of.
fn watch(schemas: &Schemas, program: &Program, home: &Path) {
    let list = program.json(["list"]);
    let mut running = program.spawn(["--json", "watch"]);
    let mut lines = BufReader::new(running.stdout()).lines();
    let is_told = AtomicBool::new(false);
    let line = std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..3_000 {
                if is_told.load(Ordering::Relaxed) {
                    return;
                }
                name_thread(home, ids(&list)[0], &format!("called {number}"), 1_790_000_000_000 + number);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let line = lines.next().unwrap().unwrap();
        is_told.store(true, Ordering::Relaxed);
        line
    });
    schemas.check("watch", &serde_json::from_str(&line).unwrap());
    running.signal(rustix::process::Signal::TERM);
    drop(lines);
    running.outcome().well();
}

fn change_threads(schemas: &Schemas, program: &Program, place: &Path) {
    let run = |name: &str, codes: &[i32], arguments: &[&str]| schemas.run(program, name, codes, arguments);
    let list = program.json(["list"]);
    let all = ids(&list);
    let [one, other] = [all[0], all[1]];
    run("name", &[0], &["name", one, "a name"]);
    let found = run("find --explain", &[0], &["find", "--explain", "a name"]);
    assert!(
        found["explanation"]["evidence"].as_array().unwrap().iter().any(|step| step["asked"] == "names"),
        "{found}"
    );
    run("metadata", &[0], &["metadata", one, "--git-branch", "main"]);
    let moved = run("archive", &[3], &["archive", one, "nobody-at-all"]);
    assert_eq!((moved["items"].as_array().unwrap().len(), &moved["failed"]), (1, &json!(["nobody-at-all"])));
    run("unarchive", &[0], &["unarchive", one]);
    run("turns", &[0], &["turns", one, "--around", "the"]);
    run("export", &[0], &["export", one, "--subagents", "1"]);
    run("export several", &[0], &["export", "--all"]);
    let exported = place.join("exported");
    run("export --to", &[0], &["export", "--all", "--to", exported.to_str().unwrap()]);
    let work = place.join("work");
    fs::create_dir(&work).unwrap();
    let work = work.to_str().unwrap();
    let ran = run("exec", &[0], &["exec", "--cwd", work, "--", "true"]);
    let resumed = run("resume --print", &[0], &["resume", ran["id"].as_str().unwrap(), "--print"]);
    assert_eq!(resumed["directory"], work);
    let new = place.join("new").to_str().unwrap().to_owned();
    let told = run("relocate", &[0], &["relocate", work, &new, "--yes"]);
    assert_eq!(told["relocated"], true);
    run("relocate --list", &[0], &["relocate", "--list"]);
    let here = run("find", &[0], &["find", ran["id"].as_str().unwrap()]);
    assert_eq!(here["currentCwd"], *new);
    run("list", &[0], &["list", "--cwd", &new]);
    run("relocate --list", &[0], &["relocate", "--undo", work, "--yes"]);
    run("prune", &[0], &["prune", "--older-than", "0s", "--do", "archive", "--dry-run"]);
    run("prune", &[0], &["prune", "--older-than", "0s", "--do", "archive", "--yes"]);
    run("prune --undo", &[0], &["prune", "--undo", "--yes"]);
    run("push", &[0], &["push", "/srv/threads", "--dry-run"]);
    let bundle = place.join("bundle.zst").to_str().unwrap().to_owned();
    run("export --bundle", &[0], &["export", one, "--bundle", &bundle, "--no-redact"]);
    run("import", &[0], &["import", &bundle, "--dry-run"]);
    let elsewhere = place.join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let other_home = Program::on(&elsewhere, &place.join("elsewhere-state"));
    schemas.run(&other_home, "import", &[0], &["import", &bundle, "--yes"]);
    schemas.run(&other_home, "read --no-turns", &[0], &["read", one, "--no-turns"]);
    schemas.run(&other_home, "import --undo", &[0], &["import", "--undo", "--dry-run"]);
    schemas.run(&other_home, "import --undo", &[0], &["import", "--undo", "--yes"]);
    run("compress", &[0], &["compress", "--older-than", "0s", "--dry-run"]);
    run("compress", &[0], &["compress", "--older-than", "0s"]);
    run("delete", &[0], &["delete", other, "--dry-run", "--with-forks"]);
    run("delete", &[0], &["delete", other, "--yes", "--with-forks"]);
}

/// The program with what cargo needs.
fn with_cargo(program: Program) -> Program {
    let home = std::env::home_dir().unwrap();
    let known = |name: &str, usual: &str| std::env::var_os(name).unwrap_or_else(|| home.join(usual).into());
    program
        .variable("PATH", std::env::var_os("PATH").unwrap())
        .variable("CARGO_HOME", known("CARGO_HOME", ".cargo"))
        .variable("RUSTUP_HOME", known("RUSTUP_HOME", ".rustup"))
}

fn use_plugins(schemas: &Schemas, program: &Program) {
    let run = |name: &str, codes: &[i32], arguments: &[&str]| schemas.run(program, name, codes, arguments);
    let files = tempdir().unwrap();
    let mut installed = Vec::new();
    for kind in ["report", "column", "check"] {
        let file = Made::new(kind).wanting(&["names"]).write(files.path()).to_string_lossy().into_owned();
        run("plugin inspect", &[0], &["plugin", "inspect", &file]);
        run("plugin install", &[0], &["plugin", "install", &file, "--yes"]);
        run("plugin update", &[0], &["plugin", "update", &format!("made-{kind}"), &file, "--yes"]);
        installed.push(file);
    }
    run("plugin revoke", &[0], &["plugin", "revoke", "made-report", "names"]);
    run("plugin grant", &[0], &["plugin", "grant", "made-report", "names"]);
    let project = files.path().join("project").to_string_lossy().into_owned();
    run("plugin new", &[0], &["plugin", "new", &project, "--kind", "report"]);
    // As it stands, with the compiler that made the core.
    let builder = with_cargo(Program::new());
    schemas.run(&builder, "plugin build", &[0], &["plugin", "build", &project]);
    run("plugin install", &[0], &["plugin", "install", &project, "--yes"]);
    run("plugin run", &[0], &["plugin", "run", "project", "--out", &format!("{project}/out")]);
    run("plugin list", &[0], &["plugin", "list"]);
    let out = files.path().join("out").to_string_lossy().into_owned();
    run("plugin run", &[0], &["plugin", "run", "made-report", "--out", &out]);
    run("plugin run", &[0], &["plugin", "run", "made-check"]);
    run("doctor", &[0, 5], &["doctor", "--with", "made-check"]);
    run("plugin remove", &[0], &["plugin", "remove", "made-column"]);
    let importer = Made::new("importer").write(files.path()).to_string_lossy().into_owned();
    run("plugin install", &[0], &["plugin", "install", &importer, "--yes"]);
    let sessions = files.path().to_string_lossy().into_owned();
    run("import --format", &[0], &["import", "--format", "made-importer", &sessions]);
    run("import --format", &[0], &["import", "--format", "made-importer", "--forget"]);
}

fn keep_beside_threads(schemas: &Schemas, program: &Program, home: &Path) {
    let run = |name: &str, arguments: &[&str]| schemas.run(program, name, &[0], arguments);
    let list = program.json(["list", "--source", "cli,vscode", "--flat"]);
    let [one, other] = [ids(&list)[0], ids(&list)[1]];
    assert_eq!(run("goal get", &["goal", "get", one])["goal"], Value::Null);
    run("goal set", &["goal", "set", one, "ship it", "--budget", "100"]);
    run("goal get", &["goal", "get", one]);
    for verb in ["pause", "resume", "block", "resume", "usage-limit", "resume"] {
        run(&format!("goal {verb}"), &["goal", verb, one]);
    }
    let used_up = run("goal account", &["goal", "account", one, "--tokens", "100"]);
    assert_eq!(used_up["goal"]["status"], "budgetLimited");
    run("goal set", &["goal", "set", other, "ship that"]);
    run("goal complete", &["goal", "complete", other]);
    run("goal clear", &["goal", "clear", one]);

    run("tag", &["tag", one, other, "+ship/it", "+b", "-c"]);
    run("pin", &["pin", one, other]);
    run("unpin", &["unpin", other]);
    run("note", &["note", one]);
    run("note", &["note", one, "of the thread"]);
    run("note", &["note", &format!("{one}#1"), "of a turn"]);
    let read = run("read", &["read", one]);
    assert_eq!(read["notes"].as_array().map(Vec::len), Some(2));
    for (name, arguments) in [
        ("list", &["list", "--tag", "ship/it"][..]),
        ("search", &["search", "tag:ship/it"]),
        ("find", &["find", one]),
        ("why", &["why", one]),
        ("turns", &["turns", one]),
        ("export", &["export", one]),
        ("read --no-turns", &["read", "--no-turns", one]),
        ("note", &["note", "--clear", one]),
    ] {
        run(name, arguments);
    }

    run("memory mode", &["memory", "mode", one]);
    run("memory mode", &["memory", "mode", one, "enabled"]);
    let window = ["--window", "36500d"];
    run("memory candidates", &[&["memory", "candidates"], &window[..]].concat());
    let claims = run("memory claim", &[&["memory", "claim", "--worker", "w", "--limit", "2"], &window[..]].concat());
    let claim = |at: usize| ["threadId", "token"].map(|key| claims["items"][at][key].as_str().unwrap());
    let ([first, first_token], [second, second_token]) = (claim(0), claim(1));
    run("memory renew", &["memory", "renew", first, first_token]);
    run("memory finish", &["memory", "finish", first, first_token, "--up-to", "2026-03-01"]);
    run("memory fail", &["memory", "fail", second, second_token]);

    run("device-key put", &["device-key", "put", "k", "--account", "a", "--client", "c"]);
    run("device-key get", &["device-key", "get", "k"]);
    run("device-key list", &["device-key", "list"]);
    run("device-key delete", &["device-key", "delete", "k"]);

    run("config path", &["config", "path"]);
    assert_eq!(run("config set", &["config", "set", "list.source", "cli,exec"])["origin"], "file");
    assert_eq!(run("config get", &["config", "get", "list.source"])["value"], "cli,exec");
    run("config list", &["config", "list"]);
    run("config set", &["config", "set", "list.source", "--unset"]);

    let snapshots = home.join("shell_snapshots");
    fs::create_dir(&snapshots).unwrap();
    for name in [one, &uuid7(1, 99)].map(|id| format!("{id}.sh")).iter().chain([&"notes.txt".to_owned()]) {
        fs::write(snapshots.join(name), "# a snapshot\n").unwrap();
    }
    let clean = ["clean", "shell-snapshots", "--active", one];
    let ahead = run("clean shell-snapshots", &[&clean[..], &["--dry-run"]].concat());
    let counts = ["items", "kept", "left"].map(|list| ahead[list].as_array().unwrap().len());
    assert_eq!(counts, [1, 1, 1], "{ahead}");
    run("clean shell-snapshots", &[&clean[..], &["--yes"]].concat());
    assert_eq!(run("migrate personality", &["migrate", "personality", "--yes"])["changed"], true);
    assert_eq!(run("migrate personality", &["migrate", "personality", "--yes"])["reason"], "doneBefore");

    let made = run("backup create", &["backup", "create", "--reason", "trial"]);
    let name = made["name"].as_str().unwrap();
    run("backup list", &["backup", "list"]);
    run("backup verify", &["backup", "verify"]);
    run("backup restore", &["backup", "restore", name, "--yes"]);
    fs::write(Path::new(made["path"].as_str().unwrap()).join("config.toml"), "another\n").unwrap();
    let verified = schemas.run(program, "backup verify", &[1], &["backup", "verify", name]);
    assert_eq!(verified["items"][0]["sound"], false);
}

/// A repair with something to do, something to refuse, and something to take back; and sub-agents with their edges.
fn mend(schemas: &Schemas) {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    let parent = Rollout::paginated(&uuid7(1_772_359_200_123, 1)).user("words");
    let child = Rollout::sub_agent(&uuid7(1_772_359_200_123, 2), &parent, "count", "Ada");
    let codex = CodexDb::create(home.path(), false);
    for rollout in [&parent, &child] {
        rollout.write(home.path(), Collection::Active);
        codex.thread(home.path(), rollout, Collection::Active, None);
    }
    let spawned = "INSERT INTO thread_spawn_edges VALUES (?1, ?2, 'open')";
    codex.connection().execute(spawned, [parent.id(), child.id()]).unwrap();
    let lead_to = |place: &str| {
        let sql = "UPDATE threads SET rollout_path = ?1 WHERE id = ?2";
        codex.connection().execute(sql, [place, parent.id()]).unwrap();
    };
    lead_to("/old/place");
    let program = Program::on(home.path(), state.path());
    let run = |name: &str, codes: &[i32], arguments: &[&str]| schemas.run(&program, name, codes, arguments);
    let read = run("read", &[0], &["read", parent.id()]);
    assert_eq!(read["spawnEdges"]["children"][0]["id"], child.id());
    let list = run("list", &[0], &["list"]);
    assert_eq!(list["items"][0]["subAgents"][0]["id"], child.id());
    let found = run("doctor", &[5], &["doctor"]);
    assert!(found["findings"].as_array().unwrap().iter().any(|finding| finding["mendable"] == "codex"), "{found}");
    let plan = state.path().join("plan.json");
    let plan = plan.to_str().unwrap();
    run("repair plan", &[0], &["repair", "plan", "--target", "all", "--with", "open-to-others"]);
    run("repair plan", &[0], &["repair", "plan", "--target", "codex", "--out", plan]);
    lead_to("/third/place");
    // A database that somebody has open is left alone.
    drop(codex);
    let refused = run("repair apply", &[1], &["repair", "apply", plan, "--yes"]);
    assert_eq!(refused["refused"].as_array().unwrap().len(), 1, "{refused}");
    run("repair apply", &[0], &["repair", "apply", "--target", "codex", "--dry-run"]);
    let applied = run("repair apply", &[0], &["repair", "apply", "--target", "codex", "--yes"]);
    assert!(applied["done"].as_u64() > Some(0), "{applied}");
    run("repair log", &[0], &["repair", "log"]);
    run("repair undo", &[0], &["repair", "undo", "--yes"]);
    run("repair log", &[0], &["repair", "log"]);
}

fn read_a_broken_history(schemas: &Schemas) {
    let home = tempdir().unwrap();
    let base = Rollout::paginated(&uuid7(1_772_359_200_123, 1)).user("words").agent("yes");
    let fork = Rollout::paginated(&uuid7(1_772_359_200_123, 2)).fork_of(&base).user("more");
    fork.write(home.path(), Collection::Active);
    let program = Program::stateless(home.path());
    let turns = schemas.run(&program, "turns", &[0], &["turns", fork.id()]);
    let read = schemas.run(&program, "read", &[0], &["read", fork.id()]);
    assert_eq!((&turns["gaps"], &turns["gaps"][0]["thread"]), (&read["gaps"], &json!(base.id())), "{turns}");
}

fn salvage(schemas: &Schemas, place: &Path) {
    let program = Program::stateless(place);
    let talk = Rollout::paginated(&uuid7(1_772_359_200_123, 1)).user("words").agent("yes");
    let mut lines = talk.lines();
    let file = place.join(Path::new(&talk.place(Collection::Active)).file_name().unwrap());
    fs::write(&file, lines.concat()).unwrap();
    let arguments = ["salvage", file.to_str().unwrap()];
    assert_eq!(schemas.run(&program, "salvage", &[0], &arguments)["copy"], Value::Null);
    lines[1] = b"{\"cut\n".to_vec();
    fs::write(&file, lines.concat()).unwrap();
    let salvaged = schemas.run(&program, "salvage", &[0], &arguments);
    assert_eq!((&salvaged["written"], salvaged["leftOut"].as_array().unwrap().len()), (&json!(true), 1), "{salvaged}");
}

fn record(schemas: &Schemas, program: &Program, place: &Path) {
    let file = place.join("recording");
    let file = file.to_str().unwrap();
    program.run(["--record", file, "list"]).well();
    assert!(schemas.run(program, "debug replay", &[0], &["debug", "replay", file])["calls"].as_u64() > Some(0));
}

/// Errors, of which a program is told more than their message.
fn fail(schemas: &Schemas, home: &Path) {
    let home = Home::open(home, |_| None).unwrap();
    let threads = Threadkeep::open(Options { access: StateAccess::Without, ..Options::new(home) }).unwrap();
    let unknown = threads.find("nobody-at-all", None).err().unwrap();
    let hinted = threadkeep::Error::new(ErrorKind::Conflict, "it is open").with_hint("close it");
    for error in [unknown, hinted] {
        schemas.check("error", &serde_json::to_value(error.document()).unwrap());
    }
}

/// Every object that a schema describes is closed: what nobody describes is not allowed.
#[test]
fn no_schema_lets_a_field_through_that_it_does_not_describe() {
    fn open_objects(schema: &Value, place: &str, found: &mut Vec<String>) {
        let Value::Object(keywords) = schema else { return };
        let closed = ["additionalProperties", "unevaluatedProperties"];
        if keywords.contains_key("properties")
            && !closed.iter().any(|keyword| keywords.get(*keyword) == Some(&json!(false)))
        {
            found.push(place.to_owned());
        }
        for (keyword, inner) in keywords {
            match inner {
                Value::Object(inner) if ["properties", "$defs"].contains(&keyword.as_str()) => {
                    inner.iter().for_each(|(name, inner)| open_objects(inner, &format!("{place}/{name}"), found));
                }
                Value::Object(_) => open_objects(inner, &format!("{place}/{keyword}"), found),
                Value::Array(several) => {
                    several.iter().for_each(|inner| open_objects(inner, &format!("{place}/{keyword}"), found));
                }
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    for (name, schema) in documents::schemas() {
        open_objects(schema.as_value(), name, &mut found);
    }
    assert_eq!(found, [""; 0]);
}

/// Schemas are read by people too.
#[test]
fn every_field_of_every_document_says_what_it_is() {
    fn silent(schema: &Value, place: &str, found: &mut BTreeSet<String>) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            if field.get("description").is_none() && field.get("const").is_none() {
                found.insert(format!("{place}/{name}"));
            }
        }
        for inner in ["oneOf", "anyOf"].iter().flat_map(|keyword| schema[keyword].as_array()).flatten() {
            silent(inner, place, found);
        }
        for (name, inner) in schema["$defs"].as_object().into_iter().flatten() {
            silent(inner, name, found);
        }
    }
    let mut found = BTreeSet::new();
    for (name, schema) in documents::schemas() {
        assert_eq!(schema.as_value()["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        silent(schema.as_value(), name, &mut found);
    }
    assert_eq!(found, BTreeSet::new());
}

/// The order of keys is part of what is printed.
#[test]
fn documents_that_say_so_have_their_keys_in_alphabetical_order() {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    demo_home(home.path());
    let program = Program::on(home.path(), state.path());
    let list = program.json(["list"]);
    let id = ids(&list)[0];
    let agents = list["items"].as_array().unwrap().iter().find(|item| item["subAgents"][0].is_object()).unwrap();
    let agent = agents["subAgents"][0]["id"].as_str().unwrap();
    for arguments in [
        &["find", id][..],
        &["find", agent],
        &["find", id, agent],
        &["find", "--explain", id],
        &["why", id],
        &["doctor"],
        &["archive", id],
        &["unarchive", id],
        &["delete", id, "--dry-run", "--with-forks"],
        &["goal", "set", id, "ship it"],
        &["tag", id, "+a"],
        &["pin", id],
        &["note", id, "words"],
        &["find", id],
        &["backup", "list"],
        &["repair", "log"],
    ] {
        if arguments == ["backup", "list"] {
            program.run(["backup", "create"]).well();
        }
        let outcome = program.run([&["--json"], arguments].concat());
        // Maps of `serde_json` are sorted.
        assert_eq!(outcome.stdout, format!("{}\n", outcome.json()), "{arguments:?}");
    }
    let printed = program.run(["--json", "read", "--no-turns", id]).well().stdout;
    assert!(printed.starts_with(&format!("{{\"id\":\"{id}\",\"name\":")), "{printed}");
}
