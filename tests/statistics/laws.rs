//! Laws: whatever threads used, and whatever is done with them, each request counts once.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::hourly::id;
use support::{HomeAndState, any_home};

use super::made::{Written, usage};

/// Requests of a thread: input, the part of it that is cached, output; and whether the count is told again behind it.
type Requests = Vec<(u64, u64, u64, bool)>;

fn any_requests() -> impl Strategy<Value = Requests> {
    let request = (1..5_000u64, 0..100u64, 0..500u64, any::<bool>());
    let request = request.prop_map(|(input, percent, output, again)| (input, input * percent / 100, output, again));
    prop::collection::vec(request, 1..6)
}

/// What is done with a thread, by its number.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Archive(u64),
    Unarchive(u64),
    Compress,
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![(0..4u64).prop_map(Deed::Archive), (0..4u64).prop_map(Deed::Unarchive), Just(Deed::Compress)]
}

fn written(number: u64, requests: &Requests) -> Written {
    let mut thread = Written::new(number, json!({}));
    let mut sums = (0, 0, 0);
    for &(input, cached, output, again) in requests {
        sums = (sums.0 + input, sums.1 + cached, sums.2 + output);
        let (total, last) = (usage(sums.0, sums.1, sums.2), usage(input, cached, output));
        for _ in 0..1 + u32::from(again) {
            thread = thread.count(&total, &last);
        }
    }
    thread
}

fn by_thread(found: &Value) -> BTreeMap<String, [u64; 4]> {
    let names = ["inputTokens", "cachedInputTokens", "outputTokens", "requests"];
    let row = |row: &Value| (row["key"].as_str().unwrap().to_owned(), names.map(|name| row[name].as_u64().unwrap()));
    found["rows"].as_array().unwrap().iter().map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_with_threads_each_request_counts_once(
        threads in prop::collection::vec(any_requests(), 4),
        deeds in prop::collection::vec(any_deed(), 1..6),
    ) {
        let place = HomeAndState::new();
        let mut expected = BTreeMap::new();
        for (number, requests) in (0..).zip(&threads) {
            written(number, requests).write(place.home.path(), "sessions");
            let sum = |of: fn(&(u64, u64, u64, bool)) -> u64| requests.iter().map(of).sum::<u64>();
            let sums = [sum(|of| of.0 - of.1), sum(|of| of.1), sum(|of| of.2), requests.len() as u64];
            expected.insert(id(number), sums);
        }
        let program = place.program();
        let first = program.json(["stats", "--by", "thread"]);
        prop_assert_eq!(&by_thread(&first), &expected);
        for deed in deeds {
            match deed {
                // One that is there already is left: that is no matter here.
                Deed::Archive(number) => drop(program.run(["archive", &id(number)])),
                Deed::Unarchive(number) => drop(program.run(["unarchive", &id(number)])),
                Deed::Compress => drop(program.run(["compress", "--older-than", "0s"]).well()),
            }
            prop_assert_eq!(&program.json(["stats", "--by", "thread"]), &first, "{:?}", deed);
        }
        prop_assert_eq!(place.both()[1].1.json(["stats", "--by", "thread"]), first);
    }

    #[test]
    fn the_state_db_and_the_files_say_the_same_of_any_home(home in any_home()) {
        let place = HomeAndState::new();
        home.write(place.home.path());
        let [(_, with), (_, without)] = place.both();
        for by in ["day", "thread"] {
            let arguments = ["stats", "--by", by, "--explain"];
            let found = with.json(arguments);
            prop_assert_eq!(&with.json(["--no-refresh", "stats", "--by", by, "--explain"]), &found);
            prop_assert_eq!(&without.json(arguments), &found);
        }
    }
}
