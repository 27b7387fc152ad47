//! `list`: which threads, in which order, under which parent, page by page, against a plain filter over all of them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use support::{ORIGINS, Program, any_crowd, list_everything, millis, rfc3339};
use tempfile::tempdir;

/// What a list is asked for.
#[derive(Clone, Debug)]
struct Query {
    collection: Option<&'static str>,
    sources: Vec<&'static str>,
    equals: Vec<(&'static str, &'static str)>,
    cwd: Option<&'static str>,
    under: Option<&'static str>,
    repo: Option<&'static str>,
    title: Option<&'static str>,
    name: Option<&'static str>,
    between: Option<(i64, i64)>,
    sort: &'static str,
    ascending: bool,
    flat: bool,
    limit: usize,
}

fn any_query() -> impl Strategy<Value = Query> {
    let maybe = |from: &'static [&'static str]| prop::option::weighted(0.25, select(from));
    let collection = select(&[None, Some("--all"), Some("--all"), Some("--archived")][..]);
    let sources = prop_oneof![
        4 => Just(vec![]),
        1 => Just(vec!["any"]),
        1 => Just(vec!["subAgent"]),
        1 => Just(vec!["cli", "subAgentThreadSpawn"]),
        1 => Just(vec!["vscode", "exec", "appServer"]),
    ];
    let equals =
        (maybe(&["harbour", "quay", "nobody"]), maybe(&["main", "Main", "sprin"])).prop_map(|(provider, branch)| {
            provider
                .map(|provider| ("--provider", provider))
                .into_iter()
                .chain(branch.map(|name| ("--branch", name)))
                .collect()
        });
    let places = (
        maybe(&["/src/app", "/src/app/", "/"]),
        maybe(&["/src/app", "/src", "/"]),
        maybe(&["owner/app", "APP.git", "https://Example.com/owner/app/", "pp", "example.com:owner/app"]),
    );
    let words = (maybe(&["alp", "Äpfel", "ÄPFEL", "%_", "BETA"]), maybe(&["ALPHA", "e", "release"]));
    let hour = 3_600_000;
    let between = prop::option::weighted(
        0.3,
        (0..3_i64, 1..3_i64).prop_map(move |(from, long)| {
            let since = millis("2026-03-01T12:00:00.000Z") + from * hour;
            (since, since + long * hour)
        }),
    );
    let order = (select(&["created", "updated", "recency"][..]), any::<bool>(), any::<bool>(), 1..6_usize);
    (collection, sources, equals, places, words, between, order).prop_map(
        |(collection, sources, equals, (cwd, under, repo), (title, name), between, (sort, ascending, flat, limit))| {
            Query { collection, sources, equals, cwd, under, repo, title, name, between, sort, ascending, flat, limit }
        },
    )
}

impl Query {
    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["list".to_owned(), "--sort".into(), self.sort.into()];
        arguments.extend(self.collection.map(Into::into));
        let flags = [("--cwd", self.cwd), ("--under", self.under), ("--repo", self.repo), ("--title", self.title)];
        let given = flags.into_iter().chain([("--name", self.name)]).filter_map(|(flag, value)| Some((flag, value?)));
        for (flag, value) in given.chain(self.equals.iter().copied()) {
            arguments.push(format!("{flag}={value}"));
        }
        if !self.sources.is_empty() {
            arguments.push(format!("--source={}", self.sources.join(",")));
        }
        if let Some((since, until)) = self.between {
            arguments.extend([format!("--since={}", rfc3339(since)), format!("--until={}", rfc3339(until))]);
        }
        arguments.extend(self.ascending.then(|| "--asc".into()));
        arguments.extend(self.flat.then(|| "--flat".into()));
        arguments
    }

    fn time(&self, item: &Value) -> i64 {
        millis(item[format!("{}At", self.sort)].as_str().unwrap())
    }

    fn fits(&self, item: &Value) -> bool {
        let collection = match self.collection {
            None => item["archived"] == false,
            Some("--archived") => item["archived"] == true,
            _ => true,
        };
        let kind = item["sourceKind"].as_str().unwrap();
        let source =
            |asked: &&str| *asked == "any" || *asked == kind || (*asked == "subAgent" && kind.starts_with(asked));
        let equals = |(flag, value): &(&str, &str)| match *flag {
            "--branch" => item["gitBranch"] == *value,
            _ => item["modelProvider"] == *value,
        };
        let dirs: Vec<&str> = [&item["cwd"], &item["lastCwd"]].into_iter().filter_map(|dir| dir.as_str()).collect();
        let bare = |dir: &'static str| if dir == "/" { dir } else { dir.trim_end_matches('/') };
        let below = |under: &str, dir: &str| dir == under || under == "/" || dir.starts_with(&format!("{under}/"));
        let contains = |field: &str, text: &str| {
            item[field].as_str().is_some_and(|value| value.to_lowercase().contains(&text.to_lowercase()))
        };
        collection
            && (self.sources.is_empty() || self.sources.iter().any(source))
            && self.equals.iter().all(equals)
            && self.cwd.is_none_or(|cwd| dirs.contains(&bare(cwd)))
            && self.under.is_none_or(|under| dirs.iter().any(|dir| below(bare(under), dir)))
            && self.repo.is_none_or(|repo| item["gitOriginUrl"].as_str().is_some_and(|url| is_repository(url, repo)))
            && self.title.is_none_or(|text| contains("title", text) || contains("preview", text))
            && self.name.is_none_or(|text| contains("name", text))
            && self.between.is_none_or(|(since, until)| (since..until).contains(&self.time(item)))
    }

    /// The list as it should be: ids, each with what is under it.
    fn expected(&self, all: &BTreeMap<String, Value>) -> Vec<Value> {
        let fitting: BTreeMap<&str, &Value> =
            all.iter().filter(|(_, item)| self.fits(item)).map(|(id, item)| (id.as_str(), item)).collect();
        let mut own: Vec<&str> =
            fitting.keys().copied().filter(|id| self.flat || has_its_own_place(id, &fitting)).collect();
        own.sort_by_key(|id| (self.time(fitting[id]), *id));
        if !self.ascending {
            own.reverse();
        }
        own.iter().map(|id| self.tree(id, &own, &fitting)).collect()
    }

    fn tree(&self, id: &str, own: &[&str], fitting: &BTreeMap<&str, &Value>) -> Value {
        if self.flat {
            return json!({ "id": id });
        }
        let under = |item: &&&Value| item["parentThreadId"] == id && !own.contains(&item["id"].as_str().unwrap());
        let mut children: Vec<&&Value> = fitting.values().filter(under).collect();
        children.sort_by_key(|item| (item["createdAt"].as_str(), item["id"].as_str()));
        let children = children.iter().map(|item| self.tree(item["id"].as_str().unwrap(), own, fitting));
        json!({ "id": id, "subAgents": children.collect::<Vec<_>>() })
    }
}

fn is_repository(url: &str, asked: &str) -> bool {
    let plain = |url: &str| {
        let url = url.to_lowercase();
        let url = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let url = url.rsplit_once('@').map_or(url, |(_, rest)| rest).trim_end_matches('/').replace(':', "/");
        url.strip_suffix(".git").unwrap_or(&url).trim_end_matches('/').to_owned()
    };
    let (url, asked) = (plain(url), plain(asked));
    url.strip_suffix(&asked).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

fn parent<'a>(id: &str, fitting: &BTreeMap<&'a str, &'a Value>) -> Option<&'a str> {
    fitting[id]["parentThreadId"].as_str().filter(|parent| fitting.contains_key(parent))
}

/// Its parent is not in the list; or parents lead from it back to it, and it has the smallest id of them.
fn has_its_own_place(id: &str, fitting: &BTreeMap<&str, &Value>) -> bool {
    let mut above: Vec<&str> = Vec::new();
    let mut next = parent(id, fitting);
    while let Some(one) = next.filter(|one| !above.contains(one)) {
        above.push(one);
        next = parent(one, fitting);
    }
    above.is_empty() || (above.contains(&id) && above.iter().min() == Some(&id))
}

/// An item without everything but who it is and what is under it.
fn shape(item: &Value) -> Value {
    match item.get("subAgents") {
        None => json!({ "id": item["id"] }),
        Some(under) => {
            json!({ "id": item["id"], "subAgents": under.as_array().unwrap().iter().map(shape).collect::<Vec<_>>() })
        }
    }
}

fn page(program: &Program, arguments: &[String], limit: usize, cursor: Option<&str>) -> (Vec<Value>, Option<String>) {
    let more = [format!("--limit={limit}")].into_iter().chain(cursor.map(|cursor| format!("--cursor={cursor}")));
    let page = program.json(arguments.iter().cloned().chain(more));
    let items = page["items"].as_array().unwrap().iter().map(shape).collect();
    (items, page["nextCursor"].as_str().map(Into::into))
}

proptest! {
    // Each case runs the program many times.
    #![proptest_config(ProptestConfig {
        cases: 20, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn pages_hold_every_thread_that_fits_exactly_once_in_order_under_its_parent(
        home in any_crowd(),
        queries in prop::collection::vec(any_query(), 8),
    ) {
        let (place, state) = (tempdir().unwrap(), tempdir().unwrap());
        home.write(place.path());
        let programs = [Program::on(place.path(), state.path()), Program::stateless(place.path())];
        let all = list_everything(&programs[0]);
        prop_assert_eq!(&all, &list_everything(&programs[1]));
        for query in queries {
            let (arguments, expected) = (query.arguments(), query.expected(&all));
            for program in &programs {
                let (mut listed, mut cursor) = (Vec::new(), None);
                loop {
                    let (items, next) = page(program, &arguments, query.limit, cursor.as_deref());
                    prop_assert!(next.is_none() || items.len() == query.limit);
                    listed.extend(items);
                    if next.is_none() { break }
                    cursor = next;
                }
                prop_assert_eq!(&listed, &expected, "{:?}", &arguments);
                prop_assert_eq!(&page(program, &arguments, 0, None).0, &expected);
            }
        }
    }
}

#[test]
fn the_crowd_knows_every_form_of_an_origin() {
    assert_eq!(ORIGINS.iter().filter(|url| is_repository(url, "owner/app")).count(), 3);
    assert_eq!(ORIGINS.iter().filter(|url| is_repository(url, "app")).count(), 4);
}
