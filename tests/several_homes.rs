//! Several homes, read as one: what is listed, found and searched, page by page, and what a home that is away does to that.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use support::hourly::{began, id, legacy, paginated};
use support::{Collection, Program, Rollout, ids};
use tempfile::{TempDir, tempdir};

/// Some homes, and a directory of states.
struct World {
    homes: Vec<TempDir>,
    states: TempDir,
}

impl World {
    fn new(homes: usize) -> World {
        World { homes: (0..homes).map(|_| tempdir().unwrap()).collect(), states: tempdir().unwrap() }
    }

    fn write(&self, home: usize, rollout: &Rollout) {
        rollout.write(self.homes[home].path(), Collection::Active);
    }

    /// The program over all homes, with a state DB for each, or without.
    fn both(&self) -> [Program; 2] {
        let homes = || self.homes.iter().flat_map(|home| ["--home".into(), home.path().as_os_str().to_owned()]);
        let with_state = Program::new().variable("THREADKEEP_STATE_DIR", self.states.path()).with(homes());
        [with_state, Program::new().with(homes()).with(["--no-state"])]
    }

    fn root(&self, home: usize) -> String {
        self.homes[home].path().to_str().unwrap().into()
    }
}

/// The items of every page of a list.
fn pages(program: &Program, arguments: &[&str]) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let next = cursor.iter().flat_map(|cursor| ["--cursor", cursor]);
        let outcome = program.run(["--json"].into_iter().chain(arguments.iter().copied()).chain(next));
        assert!(matches!(outcome.code, Some(0 | 3)), "{arguments:?}: {outcome:?}");
        let page = outcome.json();
        items.extend(page["items"].as_array().unwrap().clone());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.into()),
            None => return items,
        }
    }
}

/// Where the copies of threads are, each with the number of turns that it has more than the shortest one.
type Copies = Vec<Vec<(usize, usize)>>;

fn copies() -> impl Strategy<Value = Copies> {
    let copy = (0..3usize, 0..3usize);
    prop::collection::vec(prop::collection::vec(copy, 1..4), 1..9).prop_map(|threads| {
        let once = |copies: Vec<(usize, usize)>| copies.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect();
        threads.into_iter().map(once).collect()
    })
}

fn talk(number: u64, more: usize) -> Rollout {
    let thread = if number.is_multiple_of(2) { legacy(number) } else { paginated(number) };
    (0..more)
        .fold(thread.user(&format!("kite {number}")).agent("fly"), |thread, turn| thread.user(&format!("turn {turn}")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_thread_is_listed_and_found_once_as_it_was_last_written(threads in copies(), limit in 1..4u32) {
        let world = World::new(3);
        let mut expected = Vec::new();
        for (number, copies) in (0..).zip(&threads) {
            copies.iter().for_each(|&(home, more)| world.write(home, &talk(number, more)));
            let (newest, more) = *copies.iter().max_by_key(|(home, more)| (*more, std::cmp::Reverse(*home))).unwrap();
            let last = talk(number, more).last_at();
            let also: Vec<String> =
                copies.iter().filter(|(home, _)| *home != newest).map(|(home, _)| world.root(*home)).collect();
            expected.push((last, id(number), world.root(newest), also));
        }
        expected.sort();
        let told = |item: &Value| {
            let text = |key: &str| item[key].as_str().unwrap().to_owned();
            let also = item["alsoInHomes"].as_array().into_iter().flatten().map(|home| home.as_str().unwrap().to_owned());
            (text("id"), text("home"), also.collect::<Vec<_>>())
        };
        let limit = limit.to_string();
        for program in world.both() {
            let ascending: Vec<_> = expected.iter().map(|(_, id, home, also)| (id.clone(), home.clone(), also.clone())).collect();
            let items = pages(&program, &["list", "--asc", "--limit", &limit]);
            prop_assert_eq!(&items.iter().map(told).collect::<Vec<_>>(), &ascending);
            let descending: Vec<_> = ascending.iter().rev().cloned().collect();
            let items = pages(&program, &["list", "--limit", &limit]);
            prop_assert_eq!(&items.iter().map(told).collect::<Vec<_>>(), &descending);
            let items = pages(&program, &["list", "--limit", "0"]);
            prop_assert_eq!(&items.iter().map(told).collect::<Vec<_>>(), &descending);
            let items = pages(&program, &["search", "kite", "--limit", &limit]);
            prop_assert_eq!(&items.iter().map(|item| told(&item["thread"])).collect::<Vec<_>>(), &descending);
            let whole = program.json(["search", "kite", "--limit", "0"]);
            prop_assert_eq!((whole["total"].as_u64(), whole["totalIsExact"].as_bool()), (Some(threads.len() as u64), Some(true)));
            for (thread, home, also) in &ascending {
                let found = program.json(["find", thread]);
                prop_assert_eq!(told(&found), (thread.clone(), home.clone(), also.clone()));
            }
        }
    }
}

#[test]
fn sub_agents_stand_under_their_parent_in_whichever_home_that_is_and_for_themselves_where_another_home_has_it() {
    let world = World::new(2);
    let parent = paginated(1).user("fly a kite");
    let child = Rollout::sub_agent(&id(2), &parent, "hold the line", "Hypatia").at_millis(began(2));
    world.write(0, &parent);
    world.write(0, &child);
    world.write(1, &paginated(3).user("another"));
    for program in world.both() {
        let items = pages(&program, &["list"]);
        assert_eq!(items.iter().map(|item| item["id"].as_str().unwrap()).collect::<Vec<_>>(), [id(3), id(1)]);
        assert_eq!(items[1]["subAgents"][0]["id"], id(2));
    }
    // The other home has the parent too, written later, and nothing of the child.
    world.write(1, &paginated(1).user("fly a kite").user("higher"));
    for program in world.both() {
        let items = pages(&program, &["list"]);
        let told: Vec<_> =
            items.iter().map(|item| (item["id"].as_str().unwrap(), item["home"].as_str().unwrap())).collect();
        let (one, two, three) = (id(1), id(2), id(3));
        let (first, second) = (world.root(0), world.root(1));
        assert!(
            told.contains(&(&*one, &*second))
                && told.contains(&(&*two, &*first))
                && told.contains(&(&*three, &*second))
        );
        assert_eq!(told.len(), 3);
    }
}

#[test]
fn a_home_that_is_away_is_named_and_never_taken_for_empty() {
    let world = World::new(2);
    world.write(0, &paginated(1).user("fly a kite"));
    // Nothing is in the second: a disk may be to be mounted there.
    let gone = world.states.path().join("gone");
    for program in world.both() {
        let program = program.with(["--home".as_ref(), gone.as_os_str()]);
        let listed = program.run(["--json", "list"]).well();
        assert_eq!(ids(&listed.json()), [id(1)]);
        let away = listed.json()["awayHomes"].clone();
        let named: Vec<_> = away.as_array().unwrap().iter().map(|home| home["home"].as_str().unwrap()).collect();
        assert_eq!(named, [world.root(1), gone.to_str().unwrap().to_owned()]);
        for named in named {
            assert!(listed.stderr.contains(&format!("the home {named} is away")), "{}", listed.stderr);
        }
        let searched = program.run(["--json", "search", "kite"]).well().json();
        assert_eq!(searched["awayHomes"].as_array().unwrap().len(), 2);
        assert!(
            fs::read_dir(world.homes[1].path()).unwrap().next().is_none(),
            "something was written where no home is"
        );
        assert!(!gone.exists());
    }
    let nowhere = Program::new().with(["--home", "/nowhere/a", "--home", "/nowhere/b", "--no-state"]);
    let failed = nowhere.run(["list"]).ended(1);
    assert!(failed.stderr.contains("none of the 2 homes can be read"), "{}", failed.stderr);
}

#[test]
fn of_threads_of_one_name_in_different_homes_none_is_chosen() {
    let world = World::new(2);
    for (home, number) in [(0, 1), (1, 2)] {
        world.write(home, &paginated(number).user("fly a kite"));
        let alone = Program::on(world.homes[home].path(), &world.states.path().join(home.to_string()));
        alone.run(["name", &id(number), "kites"]).well();
    }
    let [with_state, _] = world.both();
    let ambiguous = with_state.run(["--json", "find", "kites"]).ended(4);
    assert!(ambiguous.stderr.contains(&id(1)) && ambiguous.stderr.contains(&id(2)), "{}", ambiguous.stderr);
    let several = with_state.run(["--json", "find", &id(1), &id(2), &id(9)]).ended(3).json();
    assert_eq!(ids(&several), [id(1), id(2)]);
    assert_eq!(several["notFound"][0], id(9));
}

fn settings(program: &Program, text: &str) {
    let file = program.place().join(".config/threadkeep/config.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

#[test]
fn settings_name_the_homes_that_are_read_as_one_and_a_flag_or_a_variable_goes_before_them() {
    let world = World::new(2);
    world.write(0, &paginated(1).user("fly a kite"));
    world.write(1, &paginated(2).user("fly another"));
    let list = [world.root(0), world.root(1)].map(|root| format!("{root:?}")).join(", ");
    let program = Program::new().with(["--no-state"]);
    settings(&program, &format!("homes = [{list}]\n"));
    assert_eq!(ids(&program.json(["list"])), [id(2), id(1)]);
    assert_eq!(ids(&program.json(["list", "--home", &world.root(0)])), [id(1)]);
    settings(&program, &format!("homes = [{:?}]\n", world.root(0)));
    assert_eq!(ids(&program.json(["list"])), [id(1)]);
    settings(&program, &format!("homes = [{list}]\n"));
    let program = program.variable("CODEX_HOME", world.root(1));
    assert_eq!(ids(&program.json(["list"])), [id(2)]);
    let program = program.variable("THREADKEEP_HOMES", format!("{},{}", world.root(1), world.root(0)));
    assert_eq!(ids(&program.json(["list"])), [id(2), id(1)]);
    // What one home alone can do is done in the one that was meant before.
    assert_eq!(program.run(["read", &id(2), "--no-turns"]).code, Some(0));
}

#[test]
fn what_is_done_with_one_home_refuses_several() {
    let world = World::new(2);
    let [with_state, _] = world.both();
    for words in
        [&["status"][..], &["read", "x"], &["doctor"], &["search", "--touched", "x"], &["find", "x", "--explain"]]
    {
        let refused = with_state.run(words).ended(2);
        assert!(refused.stderr.contains("--home"), "{words:?}: {}", refused.stderr);
    }
    let with_place = with_state.with(["--state-dir".as_ref(), Path::new("/nowhere").as_os_str()]);
    assert!(with_place.run(["list"]).ended(2).stderr.contains("--state-dir"));
}

#[test]
fn what_threads_of_several_homes_used_counts_once() {
    let world = World::new(2);
    let both = paginated(1).user("fly a kite").tokens(100);
    world.write(0, &both);
    world.write(1, &both);
    world.write(1, &paginated(2).user("fly another").tokens(40));
    for program in world.both() {
        let totals = program.json(["stats"])["totals"].clone();
        assert_eq!((totals["totalTokens"].as_u64(), totals["threads"].as_u64()), (Some(140), Some(2)), "{totals}");
    }
}

#[test]
fn people_see_from_which_home_a_thread_is() {
    let world = World::new(2);
    world.write(0, &paginated(1).user("fly a kite"));
    world.write(1, &paginated(2).user("fly another"));
    for program in world.both() {
        let listed = program.run(["list"]).well().stdout;
        for (home, number) in [(0, 1), (1, 2)] {
            let label = world.homes[home].path().file_name().unwrap().to_str().unwrap();
            let line = listed.lines().find(|line| line.contains(&id(number)[..13])).unwrap();
            assert!(line.contains(label), "{line}");
        }
        assert!(program.run(["search", "kite"]).well().stdout.contains("fly a kite"));
    }
}
