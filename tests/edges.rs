//! Spawned threads: parents, children, descendants, and whether they are still worked with.

use serde_json::json;
use support::{CodexDb, Collection, Program, Rollout, handle, uuid7};
use tempfile::{TempDir, tempdir};
use threadkeep::features::spawn_edges::{self, Edge, EdgeStatus};
use threadkeep_contract::{EdgeStatus as Status, SpawnEdge};
use threadkeep_core::features::spawned_threads::spawned;

const AT: i64 = 1_772_359_200_123;

fn id(number: u64) -> String {
    uuid7(AT, number)
}

/// 1 spawned 2 and 3, 2 spawned 4; Codex's database calls 3 closed.
fn home() -> TempDir {
    let home = tempdir().unwrap();
    let root = Rollout::paginated(&id(1)).at_millis(AT).user("the words");
    let two = Rollout::sub_agent(&id(2), &root, "count", "Ada");
    let three = Rollout::sub_agent(&id(3), &root, "read", "Bo");
    let four = Rollout::sub_agent(&id(4), &two, "more", "Cy");
    let codex = CodexDb::create(home.path(), false);
    for rollout in [&root, &two, &three, &four] {
        rollout.write(home.path(), Collection::Active);
        codex.thread(home.path(), rollout, Collection::Active, None);
    }
    for (child, status) in [(2, "open"), (3, "closed")] {
        let sql = "INSERT INTO thread_spawn_edges VALUES (?1, ?2, ?3)";
        codex.connection().execute(sql, [&id(1), &id(child), status]).unwrap();
    }
    home
}

/// Ids of spawned threads, which come in the order of the ids.
fn ids(numbers: &[u64]) -> Vec<String> {
    let mut ids: Vec<String> = numbers.iter().map(|&number| id(number)).collect();
    ids.sort();
    ids
}

fn children(edges: Vec<Edge>) -> Vec<String> {
    edges.into_iter().map(|edge| edge.child).collect()
}

#[test]
fn spawned_threads_are_told_by_status_and_an_own_word_counts_before_codexs() {
    let (home, state) = (home(), tempdir().unwrap());
    let handle = handle(home.path(), state.path());
    let state = &handle.state;
    let of = |status| children(spawn_edges::children(state, &id(1), status).unwrap());
    assert_eq!(of(None), ids(&[2, 3]));
    assert_eq!(of(Some(EdgeStatus::Open)), [id(2)]);
    assert_eq!(of(Some(EdgeStatus::Closed)), [id(3)]);
    let all = children(spawn_edges::descendants(state, &id(1), None).unwrap());
    assert_eq!(all, [ids(&[2, 3]), ids(&[4])].concat(), "nearest first");
    let parent = spawn_edges::parent(state, &id(3)).unwrap().unwrap();
    assert_eq!((parent.parent, parent.status), (id(1), EdgeStatus::Closed));
    assert_eq!(spawn_edges::parent(state, &id(4)).unwrap().unwrap().parent, id(2));
    assert_eq!(spawn_edges::parent(state, &id(1)).unwrap(), None);

    assert!(spawn_edges::set_status(state, &id(3), EdgeStatus::Open).unwrap());
    assert!(spawn_edges::set_status(state, &id(2), EdgeStatus::Closed).unwrap());
    assert!(!spawn_edges::set_status(state, &id(1), EdgeStatus::Closed).unwrap(), "nobody spawned it");
    assert!(!spawn_edges::set_status(state, &id(9), EdgeStatus::Closed).unwrap(), "nobody knows it");
    assert_eq!(of(Some(EdgeStatus::Open)), [id(3)]);
    // Through a closed thread no open one is reached.
    assert_eq!(children(spawn_edges::descendants(state, &id(1), Some(EdgeStatus::Open)).unwrap()), [id(3)]);
}

#[test]
fn read_shows_what_spawned_a_thread_and_what_it_spawned() {
    let (home, state) = (home(), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    for arguments in [&["read", "ID"][..], &["read", "ID", "--no-turns"]] {
        let read = |number| {
            let with_id: Vec<String> = arguments.iter().map(|part| part.replace("ID", &id(number))).collect();
            program.json(with_id)["spawnEdges"].clone()
        };
        let status = |id: &String| if *id == self::id(2) { "open" } else { "closed" };
        let children: Vec<_> = ids(&[2, 3]).iter().map(|id| json!({"id": id, "status": status(id)})).collect();
        assert_eq!(read(1), json!({"parent": null, "children": children}));
        assert_eq!(read(3), json!({"parent": {"id": id(1), "status": "closed"}, "children": []}));
    }
    assert!(Program::stateless(home.path()).json(["read", &id(1)]).get("spawnEdges").is_none());
}

#[test]
fn circles_and_repeated_edges_end() {
    let edge = |parent: &str, child: &str| SpawnEdge {
        parent: parent.into(),
        child: child.into(),
        ours: None,
        codex: Some("open".into()),
    };
    let edges = [edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("c", "c"), edge("c", "b"), edge("b", "c")];
    let of = |by: &str, deep| {
        let found = spawned(&edges, by, Some(Status::Open), deep);
        found.into_iter().map(|edge| edge.child).collect::<Vec<_>>()
    };
    assert_eq!(of("a", true), ["b", "c"]);
    assert_eq!(of("b", true), ["c", "a"]);
    assert_eq!(of("c", false), ["a", "b"]);
    assert_eq!(of("nobody", true), [""; 0]);
}
