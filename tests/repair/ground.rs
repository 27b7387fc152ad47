//! A home whose Codex database lies, the program on it, and plans made by hand.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use support::{Collection, Outcome, Program, Rollout};
use tempfile::{TempDir, tempdir};

/// A thread with a row and a rollout, one with a row alone, one with a rollout alone.
pub(super) const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";
pub(super) const GONE: &str = "019ca8a0-0000-7000-8000-000000000002";
pub(super) const NEW: &str = "019ca8a0-0000-7000-8000-000000000003";

/// Tables about threads of four releases.
pub(super) const SCHEMAS: [(&str, &str); 4] = [
    ("130", include_str!("../fixtures/codex-db/130.sql")),
    ("142", include_str!("../fixtures/codex-db/142.sql")),
    ("160", include_str!("../fixtures/codex-db/160.sql")),
    ("169", include_str!("../fixtures/codex-db/169.sql")),
];

/// A home, its state directory, and the program on them.
pub(super) struct World {
    pub(super) home: TempDir,
    pub(super) state: TempDir,
    pub(super) program: Program,
}

impl World {
    /// With Codex's tables of a release; nobody has the database open.
    pub(super) fn of(schema: &str) -> World {
        let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
        for id in [ONE, NEW] {
            Rollout::paginated(id).user("words").write(home.path(), Collection::Active);
        }
        let world = World { program: Program::on(home.path(), state.path()), home, state };
        let db = world.open();
        db.execute_batch("PRAGMA journal_mode = WAL").unwrap();
        db.execute_batch(schema).unwrap();
        for id in [ONE, GONE] {
            db.execute(
                "INSERT INTO threads (id, rollout_path, created_at, updated_at, source, model_provider, cwd, title,
                 sandbox_policy, approval_mode) VALUES (?1, '/old/place', 10, 20, 'cli', 'harbour', '/src', ?2, '{}', 'never')",
                params![id, "a title"],
            )
            .unwrap();
        }
        db.execute("INSERT INTO thread_dynamic_tools (thread_id, position, name, description, input_schema) VALUES (?1, 0, 'n', 'd', '{}')", [GONE]).unwrap();
        db.execute("INSERT INTO thread_spawn_edges VALUES ('nobody', ?1, 'open')", [ONE]).unwrap();
        db.execute("INSERT OR REPLACE INTO backfill_state VALUES (1, 'running', NULL, NULL, 30)", []).unwrap();
        world
    }

    pub(super) fn newest() -> World {
        World::of(SCHEMAS[3].1)
    }

    /// The same once more.
    pub(super) fn again(&self) -> World {
        let (home, state) = (copied(self.home.path()), copied(self.state.path()));
        World { program: Program::on(home.path(), state.path()), home, state }
    }

    /// The same, with arguments before every command.
    pub(super) fn with<A: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = A>) -> World {
        World { program: self.program.with(arguments), ..self }
    }

    pub(super) fn codex(&self) -> PathBuf {
        self.home.path().join("state_5.sqlite")
    }

    pub(super) fn open(&self) -> Connection {
        let db = Connection::open(self.codex()).unwrap();
        db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        db
    }

    /// Every row of Codex's database.
    pub(super) fn rows(&self) -> Dump {
        dump(&self.codex())
    }

    /// Every row of the state DB.
    pub(super) fn own(&self) -> Dump {
        let mut dump = dump(&self.state.path().join("state.sqlite"));
        // What of the index of texts is outdated follows from what was changed, and be it changed back.
        dump.retain(|table, _| !table.starts_with("text_outdated_"));
        dump
    }

    /// Where a thread's rollout is.
    pub(super) fn place(id: &str) -> String {
        Rollout::paginated(id).user("words").place(Collection::Active)
    }

    /// A plan of these entries, in a file.
    pub(super) fn plan(&self, entries: Value) -> PathBuf {
        let plan = json!({"version": 1, "home": self.home.path(), "target": "all", "made": "2026-03-01T10:00:00Z",
            "entries": entries});
        let file = self.state.path().join("plan.json");
        std::fs::write(&file, plan.to_string()).unwrap();
        file
    }

    /// Applies entries; the program may end in any way.
    pub(super) fn apply(&self, entries: Value) -> Outcome {
        let plan = self.plan(entries);
        self.program.run(["--json".as_ref(), "repair".as_ref(), "apply".as_ref(), plan.as_os_str(), "--yes".as_ref()])
    }

    pub(super) fn undo(&self) -> Outcome {
        self.program.run(["--json", "repair", "undo", "--yes"])
    }

    /// Nothing stands beside the database, as it was before.
    pub(super) fn is_tidy(&self) {
        for suffix in ["-wal", "-shm", "-journal"] {
            assert!(!self.home.path().join(format!("state_5.sqlite{suffix}")).exists(), "{suffix}");
        }
    }
}

fn copied(from: &Path) -> TempDir {
    let to = tempdir().unwrap();
    copy(from, to.path());
    to
}

pub(super) fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let there = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&there).unwrap();
            copy(&entry.path(), &there);
        } else {
            std::fs::copy(entry.path(), there).unwrap();
        }
    }
}

/// Rows by table, each with the number that it has beside its columns, if any.
pub(super) type Dump = BTreeMap<String, Vec<String>>;

/// Of a copy: looking leaves nothing beside the database.
pub(super) fn dump(database: &Path) -> Dump {
    let place = tempdir().unwrap();
    for suffix in ["", "-wal"] {
        let from = PathBuf::from(format!("{}{suffix}", database.display()));
        if from.exists() {
            std::fs::copy(from, place.path().join(format!("copy{suffix}"))).unwrap();
        }
    }
    let db = Connection::open(place.path().join("copy")).unwrap();
    let mut tables = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").unwrap();
    let tables: Vec<(String, String)> =
        tables.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    let rows = |(name, sql): (String, String)| {
        let number = if sql.contains("WITHOUT ROWID") { "" } else { "rowid, " };
        let mut select = db.prepare(&format!("SELECT {number}* FROM \"{name}\"")).unwrap();
        let columns = select.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..columns).map(|at| row.get::<_, Sql>(at)).collect::<Result<Vec<_>, _>>();
        let rows = select.query_map([], row).unwrap().map(|row| format!("{:?}", row.unwrap())).collect();
        (name, rows)
    };
    tables.into_iter().map(rows).collect()
}

/// One entry about a row of Codex's.
pub(super) fn row(code: &str, thread: &str, table: &str, key: Value, before: Value, after: Value) -> Value {
    json!({"code": code, "threadId": thread, "reason": "why", "target": "codex", "needs": [], "safeWhileOpen": false,
        "change": {"kind": "codexRow", "table": table, "key": key, "before": before, "after": after}})
}

/// The path of the thread that has a row and a rollout is put right.
pub(super) fn path_entry(world: &World) -> Value {
    let place = World::place(ONE);
    let there = world.home.path().join(&place);
    let mut entry = row(
        "stale-path",
        ONE,
        "threads",
        json!({"id": ONE}),
        json!({"rollout_path": "/old/place"}),
        json!({"rollout_path": there}),
    );
    entry["needs"] = json!([{"path": place, "threadId": ONE}]);
    entry
}

/// A row for the thread that has only a rollout.
pub(super) fn new_row() -> Value {
    let after = json!({"id": NEW, "rollout_path": "/new", "created_at": 7, "updated_at": 8, "source": "cli",
        "model_provider": "harbour", "cwd": "/src", "title": "t", "sandbox_policy": "{}", "approval_mode": "never"});
    row("missing-row", NEW, "threads", json!({"id": NEW}), Value::Null, after)
}

/// The row goes whose rollout is gone: by one column of it.
pub(super) fn removal() -> Value {
    row("missing-file", GONE, "threads", json!({"id": GONE}), json!({"rollout_path": "/old/place"}), Value::Null)
}

/// Times, which triggers have their own ideas of.
pub(super) fn times() -> Value {
    row(
        "wrong-metadata",
        ONE,
        "threads",
        json!({"id": ONE}),
        json!({"created_at": 10, "updated_at": 20}),
        json!({"created_at": 11, "updated_at": 22}),
    )
}

/// The edge, and the backfill.
pub(super) fn others() -> [Value; 2] {
    let edge = row(
        "edge",
        ONE,
        "thread_spawn_edges",
        json!({"child_thread_id": ONE}),
        json!({"parent_thread_id": "nobody"}),
        json!({"parent_thread_id": GONE}),
    );
    let backfill = row(
        "backfill",
        ONE,
        "backfill_state",
        json!({"id": 1}),
        json!({"status": "running", "updated_at": 30}),
        json!({"status": "pending", "updated_at": 31}),
    );
    [edge, backfill]
}

/// All of these.
pub(super) fn everything(world: &World) -> Value {
    let [edge, backfill] = others();
    json!([path_entry(world), new_row(), removal(), times(), edge, backfill])
}
