//! Pages: each is bounded, they lead on and back, and together they are the whole.

use serde_json::{Value, json};
use support::{Collection, Rollout, real_homes, uuid7};
use tempfile::tempdir;

use super::{Asker, EVERY_KIND, ids};

const AT: i64 = 1_772_000_000_000;
/// The bytes that a page has at most, and some for what stands around its entries.
const MOST: usize = 1_010_000;

#[test]
fn pages_of_a_list_are_the_whole_list_in_every_order_and_lead_back() {
    for home in real_homes(&["h130", "h169-main", "h171-main"]) {
        let asker = Asker::of(&home.path);
        for sort in ["created_at", "updated_at", "recency_at"] {
            for direction in ["asc", "desc"] {
                let list = |limit: u32| {
                    json!({"limit": limit, "sortKey": sort, "sortDirection": direction, "modelProviders": [],
                           "sourceKinds": EVERY_KIND})
                };
                let (whole, pages) = asker.pages("thread/list", list(100));
                assert_eq!(pages, 1);
                let (paged, _) = asker.pages("thread/list", list(4));
                assert_eq!(paged, whole, "{} {sort} {direction}", home.name);
                let mut second = list(4);
                second["cursor"] = asker.ask("thread/list", list(4))["nextCursor"].clone();
                let mut back = list(100);
                back["cursor"] = asker.ask("thread/list", second.clone())["backwardsCursor"].clone();
                back["sortDirection"] = json!(if direction == "asc" { "desc" } else { "asc" });
                let returned = asker.ask("thread/list", back);
                let first_of_second = asker.ask("thread/list", second)["data"][0]["id"].clone();
                assert!(ids(&returned["data"]).contains(&first_of_second.as_str().unwrap()));
                assert!(returned["data"].as_array().unwrap().len() >= 5);
            }
        }
    }
}

#[test]
fn pages_of_turns_and_items_are_the_whole_history_in_either_direction() {
    for home in real_homes(&["h130", "h169-main", "h171-craft"]) {
        let asker = Asker::of(&home.path);
        let list = json!({"limit": 100, "modelProviders": [], "sourceKinds": EVERY_KIND});
        for thread in asker.ask("thread/list", list)["data"].as_array().unwrap() {
            let id = &thread["id"];
            let read = asker.ask("thread/read", json!({"threadId": id, "includeTurns": true}));
            let turns = read["thread"]["turns"].as_array().unwrap();
            let items: Vec<&Value> = turns.iter().flat_map(|turn| turn["items"].as_array().unwrap()).collect();
            for direction in ["asc", "desc"] {
                let of = |limit: u32| json!({"threadId": id, "limit": limit, "sortDirection": direction, "itemsView": "full"});
                let (mut paged, _) = asker.pages("thread/turns/list", of(2));
                let (mut entries, _) = asker.pages("thread/items/list", of(3));
                if direction == "desc" {
                    paged.reverse();
                    entries.reverse();
                }
                assert_eq!(&paged, turns, "{} {id} {direction}", home.name);
                let entries: Vec<&Value> = entries.iter().map(|entry| &entry["item"]).collect();
                assert_eq!(entries, items, "{} {id} {direction}", home.name);
            }
            for turn in turns {
                let of = json!({"threadId": id, "turnId": turn["id"], "limit": 2});
                let (entries, _) = asker.pages("thread/items/list", of);
                let entries: Vec<Value> = entries.iter().map(|entry| entry["item"].clone()).collect();
                assert_eq!(&Value::from(entries), &turn["items"], "{} {id}", home.name);
            }
        }
    }
}

#[test]
fn no_page_of_a_turn_of_420_items_and_11_megabytes_is_longer_than_a_megabyte() {
    let home = tempdir().unwrap();
    let id = uuid7(AT, 1);
    let mut rollout = Rollout::paginated(&id).at_millis(AT).cwd("/src/app").user("much");
    for number in 0..419 {
        rollout = rollout.agent(&format!("{number} {}", "x".repeat(26_000)));
    }
    rollout.write(home.path(), Collection::Active);
    let asker = Asker::of(home.path());
    for direction in ["asc", "desc"] {
        let (mut seen, mut params) = (0, json!({"threadId": id, "limit": 100, "sortDirection": direction}));
        loop {
            let page = asker.ask("thread/items/list", params.clone());
            assert!(page.to_string().len() < MOST, "{}", page.to_string().len());
            seen += page["data"].as_array().unwrap().len();
            if page["nextCursor"].is_null() {
                break;
            }
            params["cursor"] = page["nextCursor"].clone();
        }
        assert_eq!(seen, 420, "{direction}");
    }
    let page = asker.ask("thread/turns/list", json!({"threadId": id, "itemsView": "full"}));
    assert!(page.to_string().len() < MOST);
    assert_eq!(page["data"][0]["itemsView"], "summary");
}
