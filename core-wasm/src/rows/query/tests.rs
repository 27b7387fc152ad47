//! Shows what a list means: which rows pass, in which order, and what is folded.

use std::collections::BTreeSet;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use contract::{Collection, RowKey, RowQuery, SortKey, ThreadRow};

use super::{children, key, matches, page};

fn row(id: &str) -> ThreadRow {
    ThreadRow {
        id: id.into(),
        path: format!("sessions/{id}.jsonl"),
        archived: false,
        name: None,
        name_source: None,
        preview: String::new(),
        title: String::new(),
        first_user_message: None,
        cwd: None,
        last_cwd: None,
        created_at: 0,
        updated_at: 0,
        recency_at: 0,
        source: "\"cli\"".into(),
        source_kind: "cli".into(),
        model_provider: None,
        model: None,
        cli_version: None,
        git_branch: None,
        git_sha: None,
        git_origin_url: None,
        tokens_used: None,
        parent_thread_id: None,
        forked_from_id: None,
        base_thread_id: None,
        history_mode: "legacy".into(),
        memory_mode: None,
        missing: false,
    }
}

fn child(id: &str, parent: &str) -> ThreadRow {
    ThreadRow { parent_thread_id: Some(parent.into()), ..row(id) }
}

fn ids(rows: &[ThreadRow]) -> String {
    rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>().join(" ")
}

fn text(value: &str) -> Option<String> {
    Some(value.to_string())
}

#[test]
fn a_query_that_asks_nothing_passes_all_but_missing_rows() {
    let missing = ThreadRow { missing: true, ..row("a") };
    assert!(matches(&row("a"), &RowQuery::default()) && !matches(&missing, &RowQuery::default()));
    let of_missing = RowQuery { missing: true, ..RowQuery::default() };
    assert!(!matches(&row("a"), &of_missing) && matches(&missing, &of_missing));
}

#[test]
fn a_row_passes_by_its_collection_kind_and_provider() {
    let archived = ThreadRow { archived: true, ..row("a") };
    for (within, active, gone) in
        [(None, true, true), (Some(Collection::Active), true, false), (Some(Collection::Archived), false, true)]
    {
        let query = RowQuery { within, ..RowQuery::default() };
        assert_eq!((matches(&row("a"), &query), matches(&archived, &query)), (active, gone));
    }
    let kinds = |kinds: &[&str]| RowQuery {
        source_kinds: Some(kinds.iter().map(|kind| kind.to_string()).collect()),
        ..RowQuery::default()
    };
    assert!(matches(&row("a"), &kinds(&["exec", "cli"])) && !matches(&row("a"), &kinds(&[])));
    let query = RowQuery { provider: text("p"), ..RowQuery::default() };
    assert!(!matches(&row("a"), &query));
    assert!(matches(&ThreadRow { model_provider: text("p"), ..row("a") }, &query));
}

#[test]
fn a_directory_counts_by_either_of_both_and_by_its_other_names() {
    let within = |cwd: &str, also: &[&str]| RowQuery {
        cwd: text(cwd),
        also_cwd: also.iter().map(|also| also.to_string()).collect(),
        ..RowQuery::default()
    };
    let first = ThreadRow { cwd: text("/a"), last_cwd: text("/b"), ..row("x") };
    assert!(matches(&first, &within("/a", &[])) && matches(&first, &within("/b", &[])));
    assert!(!matches(&first, &within("/c", &[])) && matches(&first, &within("/c", &["/b"])));
    assert!(!matches(&row("x"), &within("/c", &[])));
    // Other names of nothing that is asked for.
    assert!(matches(&first, &RowQuery { also_cwd: ["/z".into()].into(), ..RowQuery::default() }));
}

#[test]
fn what_lies_below_a_directory_is_not_what_only_begins_like_it() {
    let cases = [
        ("/a", "/a", true),
        ("/a/b", "/a", true),
        ("/a/b", "/a/", true),
        ("/a", "/a/", true),
        ("/ab", "/a", false),
        ("/a", "/", true),
        ("a", "/", false),
        ("/", "/", true),
    ];
    for (cwd, under, passes) in cases {
        let query = RowQuery { under: text(under), ..RowQuery::default() };
        assert_eq!(matches(&ThreadRow { last_cwd: text(cwd), ..row("x") }, &query), passes, "{cwd} under {under}");
    }
    let query = RowQuery { under: text("/z"), also_under: ["/a".into()].into(), ..RowQuery::default() };
    assert!(matches(&ThreadRow { cwd: text("/a/b"), ..row("x") }, &query));
}

#[test]
fn times_are_those_of_the_order_and_the_end_is_left_out() {
    let row = ThreadRow { created_at: 1, updated_at: 2, recency_at: 3, ..row("x") };
    for (sort, at) in [(SortKey::Created, 1), (SortKey::Updated, 2), (SortKey::Recency, 3)] {
        let between = |since, until| RowQuery { since: Some(since), until: Some(until), sort, ..RowQuery::default() };
        assert!(matches(&row, &between(at, at + 1)));
        assert!(!matches(&row, &between(at, at)) && !matches(&row, &between(at + 1, at + 2)));
    }
}

#[test]
fn words_are_found_whatever_the_case_of_letters() {
    let row = ThreadRow { title: "Fix Äpfel".into(), preview: "Once".into(), name: text("Names"), ..row("x") };
    for (title, passes) in [("fix", true), ("ONCE", true), ("", true), ("äpfel", true), ("Äpfel", true), ("no", false)]
    {
        assert_eq!(matches(&row, &RowQuery { title: text(title), ..RowQuery::default() }), passes, "{title}");
    }
    assert!(matches(&row, &RowQuery { name: text("nAME"), ..RowQuery::default() }));
    assert!(!matches(&self::row("y"), &RowQuery { name: text(""), ..RowQuery::default() }));
}

#[test]
fn a_repository_is_known_by_the_forms_of_its_url() {
    let cases = [
        ("https://github.com/Org/Repo.git", "org/repo", true),
        ("git@github.com:org/repo.git", "org/repo", true),
        ("https://github.com/org/repo/", "https://github.com/org/repo.git", true),
        ("https://github.com/org/repo", "repo", true),
        ("https://github.com/org/repo", "epo", false),
        ("https://github.com/org/repo.git/", "repo/", true),
        ("https://github.com/org/repo.github", "repo", false),
        ("repo", "/repo", false),
        ("git@github.com:org/repo.git", "https://github.com/ORG/Repo", true),
        ("https://host/", "", false),
    ];
    for (url, repo, passes) in cases {
        let query = RowQuery { repo: text(repo), ..RowQuery::default() };
        assert_eq!(matches(&ThreadRow { git_origin_url: text(url), ..row("x") }, &query), passes, "{url} of {repo}");
    }
}

#[test]
fn rows_in_directories_of_a_repository_are_of_it_whatever_their_remote() {
    let query = RowQuery { repo: text("org/repo"), also_in_repo: ["/src/tree".into()].into(), ..RowQuery::default() };
    assert!(matches(&ThreadRow { last_cwd: text("/src/tree/deep"), ..row("x") }, &query));
    assert!(!matches(&ThreadRow { cwd: text("/src/trees"), ..row("x") }, &query));
    let nothing = RowQuery { also_in_repo: ["/src/tree".into()].into(), ..RowQuery::default() };
    assert!(matches(&row("x"), &nothing));
}

#[test]
fn pages_follow_each_other_without_gaps_in_every_order() {
    let rows: Vec<ThreadRow> = ["a", "b", "c", "d", "e"]
        .iter()
        .enumerate()
        .map(|(at, id)| ThreadRow { created_at: (at / 2) as i64, ..row(id) })
        .collect();
    for (ascending, all) in [(true, "a b c d e"), (false, "e d c b a")] {
        let query = RowQuery { sort: SortKey::Created, ascending, ..RowQuery::default() };
        let mut seen = Vec::new();
        let mut after: Option<RowKey> = None;
        loop {
            let next = page(rows.clone(), &query, after.as_ref(), 2);
            let Some(last) = next.last() else { break };
            after = Some(key(last, SortKey::Created));
            seen.extend(next);
        }
        assert_eq!(ids(&seen), all);
    }
    assert_eq!(page(rows, &RowQuery::default(), None, 0), []);
}

#[test]
fn children_come_oldest_first_whatever_the_order_of_the_query() {
    let rows =
        [child("b", "p"), ThreadRow { created_at: -1, ..child("c", "p") }, child("a", "p"), child("d", "q"), row("p")];
    let query = RowQuery { fold_children: true, ..RowQuery::default() };
    let found = children(rows.to_vec(), &query, &["p".into()], None, 10);
    assert_eq!(ids(&found), "c a b");
    let after = key(&found[1], SortKey::Created);
    assert_eq!(ids(&children(rows.to_vec(), &query, &["p".into(), "q".into()], Some(&after), 10)), "b d");
}

/// Goes up from a row, as the contract words it.
fn folded_by_its_words(rows: &[ThreadRow]) -> BTreeSet<String> {
    let parent = |id: &str| {
        let row = rows.iter().find(|row| row.id == id)?;
        rows.iter().find(|parent| row.parent_thread_id.as_ref() == Some(&parent.id)).map(|parent| parent.id.clone())
    };
    let mut own_place = BTreeSet::new();
    for row in rows {
        // So many steps lead all around any circle that it is in.
        let mut circle = BTreeSet::new();
        let mut at = Some(row.id.clone());
        for _ in 0..rows.len() {
            at = at.and_then(|id| parent(&id));
            circle.extend(at.clone());
        }
        let first_of_circle = circle.contains(&row.id) && circle.first() == Some(&row.id);
        if parent(&row.id).is_none() || first_of_circle {
            own_place.insert(row.id.clone());
        }
    }
    own_place
}

#[test]
fn folding_leaves_tops_and_the_first_of_each_circle() {
    // Every way in which four threads can have parents, among them themselves and one that is not there.
    let names = ["a", "b", "c", "d", "gone"];
    for ways in 0..6u32.pow(4) {
        let rows: Vec<ThreadRow> = (0..4)
            .map(|at| match (ways / 6u32.pow(at)) % 6 {
                0 => row(names[at as usize]),
                parent => child(names[at as usize], names[parent as usize - 1]),
            })
            .collect();
        let query = RowQuery { fold_children: true, sort: SortKey::Created, ascending: true, ..RowQuery::default() };
        let tops: BTreeSet<String> = page(rows.clone(), &query, None, 10).into_iter().map(|row| row.id).collect();
        assert_eq!(tops, folded_by_its_words(&rows), "{ways}");
        // From the tops every row can be reached by its parents.
        let mut reached = tops.clone();
        let mut parents: Vec<String> = tops.into_iter().collect();
        while !parents.is_empty() {
            let next = children(rows.clone(), &query, &parents, None, 10);
            parents = next.into_iter().map(|row| row.id).filter(|id| reached.insert(id.clone())).collect();
        }
        assert_eq!(reached.len(), rows.len(), "{ways}");
    }
}
