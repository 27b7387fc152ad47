//! The SQL of the state DB is a faster form of what a list means, which the core says once, in plain Rust: whatever the rows
//! and the query are, both come to the same.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::Value;
use support::{blank_row, same, whole_list};
use tempfile::TempDir;
use threadkeep::db::StateDb;
use threadkeep::platform::home::Home;
use threadkeep::startup::{self, Config};
use threadkeep::threads::lookup::Lookup;
use threadkeep_contract::{Collection, Listed, RowQuery, SortKey, ThreadRow};

use super::{RUNTIME, as_map};

const TEXTS: [&str; 7] = ["Tides", "the tide tables", "ÄRGER", "ärger", "50% of_it", "ΟΔΟΣ", "İzmir straße"];
const DIRS: [&str; 12] = [
    "/src",
    "/src/app/",
    "/src/application",
    "/src/app/./deep",
    "/",
    "/SRC/app",
    "C:\\Src\\App",
    "\\\\?\\c:\\src\\app\\deep",
    "/mnt/c/src",
    "\\\\wsl$\\Ubuntu\\src\\app",
    "\\\\Host\\src\\app",
    "",
];
const KINDS: [&str; 3] = ["cli", "exec", "subAgentReview"];
const BRANCHES: [&str; 2] = ["main", "Main"];
const REPOS: [&str; 10] = [
    "ssh://git@Example.org:22/some/app",
    "file:///src/app/.git",
    "https://example.org/%C3%84rger/app",
    "https://example.org/some/app.git",
    "https://example.org/some/app/",
    "git@example.org:app.git",
    "git@example.org:App.git/",
    "https://example.org/myapp",
    ".git",
    "",
];
/// With slashes at the end, and of another case.
const ASKED_DIRS: [&str; 17] = [
    "/src",
    "/src/",
    "/src//",
    "/src/app",
    "/src/app/",
    "/src/app/deep",
    "/SRC/",
    "/",
    "//",
    "src",
    "",
    "/src/ap",
    "c:/SRC",
    "C:\\",
    "/mnt/c/src/../src/app",
    "\\\\wsl.localhost\\Debian\\src",
    "\\\\host\\Src",
];
const ASKED_REPOS: [&str; 15] = [
    "/src/app",
    "git@example.org:ärger/app",
    "https://user:word@EXAMPLE.org/some/app",
    "app",
    "app/",
    "APP.git",
    "some/app",
    "SOME/App.git/",
    "example.org:app",
    "git@Example.org:app.git",
    "https://example.org/some/app",
    "https://example.org/some/app.git/",
    "/",
    ".git",
    "",
];
const COMMITS: [&str; 4] = ["b80d5c2e71f3", "B80D5C2E0000", "b80d", "ffff00"];
const ASKED_COMMITS: [&str; 4] = ["b80d", "B80D5C2E", "b80d5c2e71f30", "0000"];
const PROVIDERS: [&str; 2] = ["openai", "harbour"];

fn number(number: usize) -> String {
    format!("019ca8a0-0000-7000-8000-{number:012}")
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(words).prop_map(str::to_string)
}

fn maybe(words: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop::option::of(one_of(words))
}

/// Rows by their ids; every one has the file that is there, unless it is missing. Where they are few, most parents stand in
/// circles.
fn any_rows() -> impl Strategy<Value = Vec<ThreadRow>> {
    select(&[5_usize, 30][..]).prop_flat_map(rows_of)
}

fn rows_of(ids: usize) -> impl Strategy<Value = Vec<ThreadRow>> {
    let place = (0..ids, prop::option::weighted(0.7, 0..ids), prop::bool::ANY, prop::bool::weighted(0.2));
    let words = (one_of(&TEXTS), one_of(&TEXTS), maybe(&DIRS), maybe(&DIRS), one_of(&KINDS), maybe(&PROVIDERS));
    let git = (maybe(&TEXTS), maybe(&BRANCHES), maybe(&REPOS), maybe(&COMMITS));
    let row = (place, words, git, (0..6_i64, 0..6_i64, 0..6_i64)).prop_map(
        |(place, words, git, (created_at, updated_at, recency_at))| {
            let (id, parent, archived, missing) = place;
            let (name, git_branch, git_origin_url, git_sha) = git;
            let (title, preview, cwd, last_cwd, source_kind, model_provider) = words;
            ThreadRow {
                id: number(id),
                path: format!("sessions/{}.jsonl", if missing { "gone" } else { "there" }),
                name,
                git_branch,
                git_sha,
                git_origin_url,
                parent_thread_id: parent.map(number),
                archived,
                missing,
                title,
                preview,
                cwd,
                last_cwd,
                source_kind,
                model_provider,
                created_at,
                updated_at,
                recency_at,
                ..blank_row()
            }
        },
    );
    prop::collection::vec(row, 0..30).prop_map(|mut rows| {
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        rows.dedup_by(|a, b| a.id == b.id);
        rows
    })
}

fn any_query() -> impl Strategy<Value = RowQuery> {
    let order = (select(&[SortKey::Created, SortKey::Updated, SortKey::Recency][..]), any::<bool>(), any::<bool>());
    let within = prop::option::of(select(&[Collection::Active, Collection::Archived][..]));
    let kinds = prop::option::of(prop::collection::vec(one_of(&KINDS), 0..3));
    let times = (prop::option::of(0..6_i64), prop::option::of(0..6_i64));
    let git = (
        maybe(&BRANCHES),
        maybe(&ASKED_REPOS),
        maybe(&["tide", "ÄR", "är", "ος", "STRASSE"]),
        prop::bool::weighted(0.2),
        maybe(&ASKED_COMMITS),
        prop::option::of(prop::collection::vec((0..30_usize).prop_map(number), 0..20)),
    );
    let text = prop::option::of(select(&["tide", "TIDE", "ärger", "Ärger", "%", "_", "", "οδοσ", "izmir STRASSE"][..]));
    // Most filters let most pass: all at once would leave nothing.
    let also = prop::collection::vec(one_of(&ASKED_DIRS), 0..3);
    let words = (maybe(&PROVIDERS), maybe(&ASKED_DIRS), maybe(&ASKED_DIRS), text, also);
    (order, (within, kinds, times), words, git, any::<u16>()).prop_map(
        |((sort, ascending, fold_children), (within, source_kinds, (since, until)), words, git, mask)| {
            let (provider, cwd, under, title, also) = words;
            let (branch, repo, name, missing, commit, among) = git;
            let on = |bit: u16| mask >> bit & 3 == 3;
            RowQuery {
                sort,
                ascending,
                fold_children,
                within: within.filter(|_| on(0)),
                source_kinds: source_kinds.filter(|_| on(1)),
                provider: provider.filter(|_| on(2)),
                cwd: cwd.filter(|_| on(3)),
                under: under.filter(|_| on(4)),
                also_cwd: also.clone(),
                also_under: also.clone(),
                also_in_repo: also,
                among: among.filter(|_| on(11)),
                commit: commit.filter(|_| on(12)),
                since: since.filter(|_| on(5)),
                until: until.filter(|_| on(6)),
                title: title.filter(|_| on(7)).map(Into::into),
                branch: branch.filter(|_| on(8)),
                repo: repo.filter(|_| on(9)),
                name: name.clone().filter(|_| on(10)),
                model: name.filter(|_| on(13)),
                missing,
            }
        },
    )
}

/// A filled state DB, and a home with the one file that its rows name.
struct Filled {
    home: Arc<Home>,
    place: TempDir,
    state: StateDb,
}

fn filled() -> Filled {
    let place = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(place.path().join("sessions")).unwrap();
    let home = Arc::new(Home::open(place.path(), |_| None).unwrap());
    let (state, _) = startup::init(&RUNTIME, &home, &Config::of(place.path().join("state"))).unwrap();
    std::fs::write(place.path().join("sessions/there.jsonl"), "").unwrap();
    Filled { home, place, state }
}

impl Filled {
    fn set_rows(&self, rows: &[ThreadRow]) {
        let mut db = Connection::open(self.place.path().join("state/state.sqlite")).unwrap();
        let all = db.transaction().unwrap();
        all.execute("DELETE FROM threads", []).unwrap();
        for row in rows {
            let row = as_map(row);
            let columns: Vec<&str> = row.keys().map(String::as_str).collect();
            let places = vec!["?"; columns.len()].join(", ");
            let sql = format!("INSERT INTO threads ({}) VALUES ({places})", columns.join(", "));
            all.prepare_cached(&sql).unwrap().execute(rusqlite::params_from_iter(row.values().map(as_sql))).unwrap();
        }
        all.commit().unwrap();
    }
}

fn as_sql(value: &Value) -> Sql {
    match value {
        Value::Null => Sql::Null,
        Value::Bool(truth) => Sql::Integer((*truth).into()),
        Value::Number(number) => Sql::Integer(number.as_i64().unwrap()),
        Value::String(text) => Sql::Text(text.clone()),
        other => panic!("no column holds {other}"),
    }
}

#[test]
fn the_database_gives_the_rows_that_the_core_would_give_by_every_filter_and_in_every_order() {
    let filled = filled();
    let mut lookup = Lookup::for_listing(&RUNTIME, &filled.home, Some(&filled.state), None).unwrap();
    let config = ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() };
    let lookup = std::cell::RefCell::new(&mut lookup);
    let shown = std::cell::Cell::new(0);
    proptest!(config, |(rows in any_rows(), query in any_query(), limit in 0..8_u32)| {
        filled.set_rows(&rows);
        let expected = whole_list(&rows, &query);
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = lookup.borrow_mut().page(&same(&query), cursor.as_deref(), limit).unwrap();
            all.extend(same::<_, Vec<Listed>>(page.rows));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        shown.set(shown.get() + all.len());
        prop_assert_eq!(all, expected);
    });
    assert!(shown.get() > 600, "the filters leave nothing to compare: {}", shown.get());
}
