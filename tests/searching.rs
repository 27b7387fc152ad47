//! `search`: what is found, in which order, with the index and without it, and what becomes of the index when threads change.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use support::hourly::{began, id, legacy, paginated};
use support::{
    Collection, HomeAndState, Program, Rollout, any_home, demo_home, index_content, name_thread, real_homes,
};
use tempfile::tempdir;

/// Homes of releases whose forms of rollouts differ.
const HOMES: [&str; 6] = ["h029", "h050", "h130", "h142", "h169-main", "h171-main"];

/// What a search answers, whatever the exit code.
fn search(program: &Program, arguments: &[&str]) -> Value {
    let outcome = program.run(["--json", "search"].iter().chain(arguments));
    assert!(matches!(outcome.code, Some(0 | 3)), "{arguments:?}: {outcome:?}");
    outcome.json()
}

/// The ids of the threads that are found, in their order.
fn found(program: &Program, arguments: &[&str]) -> Vec<String> {
    let items = search(program, arguments)["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["thread"]["id"].as_str().unwrap().to_owned()).collect()
}

/// The numbers of the threads that are found, in their order.
fn numbers(program: &Program, arguments: &[&str]) -> Vec<u64> {
    let number = |found: &String| (0..99).find(|number| id(*number) == *found).unwrap();
    found(program, arguments).iter().map(number).collect()
}

/// What is the same whoever answers: the threads with their hits.
fn essence(mut answer: Value) -> Value {
    answer["items"].take()
}

#[track_caller]
fn is_found_alike(home: &Path, state: &Path, queries: impl IntoIterator<Item = String>) -> usize {
    let (indexed, scanned) = (Program::on(home, state), Program::stateless(home));
    let mut hits = 0;
    for query in queries {
        let all = ["--source", "any", "--limit", "0", "--", &query];
        let (with, without) = (
            indexed.run(["--json", "search"].iter().chain(&all)),
            scanned.run(["--json", "search"].iter().chain(&all)),
        );
        assert_eq!(with.code, without.code, "{query}: {with:?} {without:?}");
        if with.code == Some(2) || with.code == Some(1) {
            continue;
        }
        let (with, without) = (essence(with.json()), essence(without.json()));
        assert_eq!(with, without, "{query}");
        hits += with.as_array().unwrap().len();
    }
    hits
}

/// Words of everything that is said in a home, some of them as queries of every kind.
fn queries(program: &Program) -> Vec<String> {
    let list = program.json(["list", "--limit", "0", "--all", "--flat"]);
    let mut words = BTreeSet::new();
    for item in list["items"].as_array().unwrap() {
        let turns = program.run(["--json", "turns", item["id"].as_str().unwrap(), "--limit", "0"]);
        if turns.code == Some(0) {
            collect(&turns.json()["items"], &mut words);
        }
        words.extend(item["title"].as_str().unwrap().split_whitespace().map(str::to_owned));
    }
    // No argument of a program holds a NUL.
    words.retain(|word| !word.contains('\0'));
    let step = (words.len() / 12).max(1);
    let some: Vec<String> = words.into_iter().step_by(step).collect();
    let mut queries = some.clone();
    for pair in some.windows(2) {
        queries.push(format!("{} {}", pair[0], pair[1]));
        queries.push(format!("{} OR {}", pair[0], pair[1]));
        queries.push(format!("{} -{}", pair[0], pair[1]));
        queries.push(format!("\"{}\"", pair[0]));
        queries.push(format!("{}*", pair[1].chars().take(2).collect::<String>()));
    }
    queries
}

fn collect(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => words.extend(text.split_whitespace().map(str::to_owned)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, words)),
        Value::Object(map) => map.values().for_each(|value| collect(value, words)),
        _ => {}
    }
}

#[test]
fn a_scan_and_the_index_find_the_same_on_homes_of_every_release() {
    let (demo, state) = (tempdir().unwrap(), tempdir().unwrap());
    demo_home(demo.path());
    let asked = queries(&Program::on(demo.path(), state.path()));
    assert!(is_found_alike(demo.path(), state.path(), asked) > 20);
    for home in real_homes(&HOMES) {
        let state = tempdir().unwrap();
        let asked = queries(&Program::on(&home.path, state.path()));
        assert!(is_found_alike(&home.path, state.path(), asked) > 20, "{}", home.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_scan_and_the_index_find_the_same_on_any_home(home in any_home()) {
        let (root, state) = (tempdir().unwrap(), tempdir().unwrap());
        home.write(root.path());
        let asked = queries(&Program::on(root.path(), state.path()));
        is_found_alike(root.path(), state.path(), asked);
    }
}

#[test]
fn threads_named_so_come_first_then_what_the_user_said_then_the_rest_newest_first_in_each() {
    let place = HomeAndState::new();
    place.write(&legacy(1).user("Mend the harbour light").agent("Done."));
    place.write(&paginated(2).user("Something else").agent("The harbour is calm."));
    place.write(&paginated(3).user("The harbour again").agent("Yes."));
    place.write(&legacy(4).user("Nothing").agent("The harbour once more."));
    place.write(&legacy(5).user("Not to the point").agent("No."));
    name_thread(place.home.path(), &id(5), "Harbour work", began(6));
    for (how, program) in place.both() {
        assert_eq!(numbers(&program, &["harbour"]), [5, 3, 1, 4, 2], "{how}");
        assert_eq!(numbers(&program, &["harbour", "--sort", "updated"]), [5, 4, 3, 2, 1], "{how}");
        assert_eq!(numbers(&program, &["harbour", "--in", "prompts"]), [3, 1], "{how}");
        assert_eq!(numbers(&program, &["harbour", "--in", "messages"]), [4, 2], "{how}");
        assert_eq!(numbers(&program, &["harbour -light"]), [5, 3, 4, 2], "{how}");
    }
}

#[test]
fn pages_neither_lose_nor_repeat_a_thread_in_any_order() {
    let place = HomeAndState::new();
    for number in 0..23 {
        let said = if number % 3 == 0 { "a lighthouse" } else { "nothing" };
        place.write(&legacy(number).user(said).agent(&format!("lighthouse {number} of the keeper")));
    }
    for (how, program) in place.both() {
        for sort in [&[][..], &["--sort", "updated"], &["--sort", "created"], &["--sort", "relevance"]] {
            for words in ["lighthouse", "\"lighthouse 1\" OR keeper"] {
                let whole = numbers(&program, &[&["--limit", "0", words], sort].concat());
                assert_eq!(whole.len(), 23, "{how}, {sort:?}, {words}");
                let (mut paged, mut cursor) = (Vec::new(), None::<String>);
                loop {
                    let mut arguments = [&["--limit", "4", words], sort].concat();
                    if let Some(cursor) = &cursor {
                        arguments.extend(["--cursor", cursor]);
                    }
                    let page = search(&program, &arguments);
                    paged.extend(numbers(&program, &arguments));
                    cursor = page["nextCursor"].as_str().map(str::to_owned);
                    if cursor.is_none() {
                        break;
                    }
                }
                assert_eq!(paged, whole, "{how}, {sort:?}, {words}");
            }
        }
    }
}

#[test]
fn threads_of_other_sources_are_left_out_and_counted_and_archived_ones_are_marked() {
    let place = HomeAndState::new();
    place.write(&legacy(1).user("the weir"));
    place.write(&legacy(2).source("exec").user("the weir"));
    let parent = paginated(3).user("count the boats");
    place.write(&parent);
    place.write(&Rollout::sub_agent(&id(4), &parent, "count", "Ada").agent("Three boats at the weir."));
    legacy(5).user("the old weir").write(place.home.path(), Collection::Archived);
    for (how, program) in place.both() {
        assert_eq!(numbers(&program, &["weir"]), [5, 1], "{how}");
        assert_eq!(numbers(&program, &["weir", "--active"]), [1], "{how}");
        assert_eq!(numbers(&program, &["weir", "--archived"]), [5], "{how}");
        assert_eq!(numbers(&program, &["weir", "--source", "any"]).len(), 4, "{how}");
        let answer = search(&program, &["weir"]);
        assert_eq!(
            answer["leftOut"].to_string(),
            r#"[{"sourceKind":"exec","threads":1},{"sourceKind":"subAgentThreadSpawn","threads":1}]"#,
            "{how}"
        );
        assert_eq!(answer["items"][0]["thread"]["archived"], true, "{how}");
        let text = program.run(["search", "weir"]).well().stdout;
        assert!(
            text.contains("archived: ")
                && text.contains("2 more from other sources (1 exec, 1 subAgentThreadSpawn): --source any"),
            "{text}"
        );
    }
}

#[test]
fn what_a_fork_copied_is_found_at_its_owner_alone_and_in_the_fork_once_that_is_gone() {
    let place = HomeAndState::new();
    let parent = legacy(1).user("the drawbridge sticks").agent("It is the hinge.");
    place.write(&parent);
    place.write(&legacy(2).copy_of(&parent).user("paint it now"));
    let paged = paginated(3).user("the sluice leaks").agent("A seal.");
    place.write(&paged);
    place.write(&paginated(4).fork_of(&paged).user("and the lock?"));
    for (how, program) in place.both() {
        assert_eq!(numbers(&program, &["drawbridge"]), [1], "{how}");
        assert_eq!(numbers(&program, &["paint"]), [2], "{how}");
        assert_eq!(numbers(&program, &["sluice"]), [3], "{how}");
        assert_eq!(numbers(&program, &["lock"]), [4], "{how}");
    }
    fs::remove_file(place.home.path().join(parent.place(Collection::Active))).unwrap();
    for (how, program) in place.both() {
        assert_eq!(numbers(&program, &["drawbridge"]), [2], "{how}");
    }
}

#[test]
fn nothing_that_the_program_put_there_is_a_hit_and_every_hit_is_where_it_says() {
    let place = HomeAndState::new();
    place.write(
        &legacy(1)
            .instructions("Always use the barometer.")
            .user("Grüße\tan „alle“ \u{1f389}")
            .agent("dürfen wir?\nJa."),
    );
    place.write(
        &paginated(2).instructions("Always use the barometer.").user("日本語の検索").reasoning("**Müller** schätzt"),
    );
    for (how, program) in place.both() {
        assert_eq!(search(&program, &["barometer"])["total"], 0, "{how}");
        for (words, kind) in
            [("grusse", "prompt"), ("DÜRFEN", "message"), ("本語", "prompt"), ("muller", "reasoning"), ("🎉", "prompt")]
        {
            let answer = search(&program, &[words]);
            let hit = &answer["items"][0]["hits"][0];
            assert_eq!(hit["kind"], kind, "{how}, {words}: {answer}");
            let text = fs::read_to_string(hit["path"].as_str().unwrap()).unwrap();
            let line: Value =
                serde_json::from_str(text.lines().nth(hit["line"].as_u64().unwrap() as usize - 1).unwrap()).unwrap();
            let snippet = hit["snippet"].as_str().unwrap();
            let mark = &hit["marks"][0];
            let range = mark[0].as_u64().unwrap() as usize..mark[1].as_u64().unwrap() as usize;
            let marked: String = snippet.chars().collect::<Vec<_>>()[range].iter().collect();
            let mut said = BTreeSet::new();
            collect(&line["payload"], &mut said);
            assert!(said.iter().any(|word| word.contains(&marked)), "{how}, {words}: {marked} is not in {line}");
            let thread = answer["items"][0]["thread"]["id"].as_str().unwrap();
            let around = program.json(["turns", thread, "--around", words]);
            assert!(
                around["items"].as_array().unwrap().iter().any(|turn| turn["id"] == hit["turnId"]),
                "{how}, {words}"
            );
        }
    }
}

#[test]
fn an_answer_without_threads_says_which_word_is_nowhere_and_where_else_they_are() {
    let place = HomeAndState::new();
    place.write(&legacy(1).user("the mill").command("grep flume src", "the flume is in weir.rs", 0));
    place.write(&legacy(2).user("the race").agent("Yes."));
    for (how, program) in place.both() {
        let answer = search(&program, &["mill", "race"]);
        let terms: Vec<_> = answer["terms"].as_array().unwrap().iter().map(|term| term["threads"].clone()).collect();
        assert_eq!((answer["total"].clone(), terms), (0.into(), vec![1.into(), 1.into()]), "{how}");
        let answer = search(&program, &["flume"]);
        assert_eq!((&answer["total"], &answer["elsewhere"]), (&0.into(), &1.into()), "{how}");
        let text = program.run(["search", "flume"]).ended(3).stdout;
        assert!(text.contains("threadkeep search --in commands,outputs,changes flume"), "{text}");
        for kinds in ["commands", "outputs", "all", "commands,outputs,changes"] {
            assert_eq!(numbers(&program, &["flume", "--in", kinds]), [1], "{how}, {kinds}");
        }
        assert!(found(&program, &["flume", "--in", "changes"]).is_empty(), "{how}");
    }
}

#[test]
fn bad_input_gets_a_clear_answer_each() {
    let place = HomeAndState::new();
    place.write(&legacy(1).user("a AND b NEAR(c) title:x \"y"));
    for (_, program) in place.both() {
        for words in ["", "  ", "\"\"", "-", "-draft", "::", "OR"] {
            let outcome = program.run(["search", "--", words]);
            let expected = if words == "OR" { 3 } else { 2 };
            assert_eq!(outcome.code, Some(expected), "{words}: {outcome:?}");
            assert!(words == "OR" || outcome.stderr.contains("that cannot be searched for: "), "{outcome:?}");
        }
        for words in
            ["\"y", "a AND b", "NEAR(c", "title:x", "a^b*", "{a b}", "a + b", "col : b", "'; DROP TABLE threads; --"]
        {
            let outcome = program.run(["search", "--", words]);
            assert!(
                matches!(outcome.code, Some(0 | 2 | 3)) && !outcome.stderr.contains("syntax"),
                "{words}: {outcome:?}"
            );
        }
        let long = program.run(["search", &"word ".repeat(2_000)]).ended(2);
        assert!(long.stderr.contains("longer than 4096 characters"), "{}", long.stderr);
        let cursor = program.run(["search", "a", "--cursor", "nonsense"]).ended(2);
        assert!(cursor.stderr.contains("not a cursor of this search"), "{}", cursor.stderr);
    }
}

#[track_caller]
fn is_as_made_anew(place: &HomeAndState, what: &str) {
    search(&place.program(), &["anything"]);
    let anew = tempdir().unwrap();
    search(&Program::on(place.home.path(), anew.path()), &["anything"]);
    assert_eq!(index_content(place.state.path()), index_content(anew.path()), "{what}");
}

#[test]
fn after_every_change_the_index_is_the_one_that_is_made_anew() {
    let place = HomeAndState::new();
    let parent = legacy(1).user("the first anchor").agent("Yes.");
    for rollout in [&parent, &legacy(2).copy_of(&parent).user("the second"), &paginated(3).user("the third buoy")] {
        place.write(rollout);
    }
    let program = place.program();
    is_as_made_anew(&place, "at first");
    let path = place.home.path().join(parent.place(Collection::Active));
    let more = legacy(1).user("the first anchor").agent("Yes.").user("an appended winch").bytes();
    fs::write(&path, &more).unwrap();
    assert_eq!(numbers(&program, &["winch"]), [1]);
    is_as_made_anew(&place, "after an append");
    program.run(["name", &id(3), "Capstan"]).well();
    assert_eq!(numbers(&program, &["capstan"]), [3]);
    is_as_made_anew(&place, "after a name");
    program.run(["archive", &id(3)]).well();
    assert_eq!(numbers(&program, &["buoy"]), [3]);
    is_as_made_anew(&place, "after an archiving");
    program.run(["unarchive", &id(3)]).well();
    is_as_made_anew(&place, "after it was taken back");
    program.run(["compress", "--older-than", "0s", "--yes"]);
    is_as_made_anew(&place, "after a compression");
    let other = legacy(2).copy_of(&parent).user("something of the same length or not");
    place.write(&other);
    is_as_made_anew(&place, "after a rollout was written anew");
    program.run(["delete", &id(3), "--yes"]).well();
    assert!(found(&program, &["buoy"]).is_empty());
    is_as_made_anew(&place, "after a deletion");
    program.run(["--rebuild", "init"]);
    program.run(["init", "--rebuild"]);
    is_as_made_anew(&place, "after a rebuild");
}

#[test]
fn without_a_refresh_the_answer_says_what_it_does_not_cover() {
    let place = HomeAndState::new();
    place.write(&legacy(1).user("a kite"));
    let program = place.program();
    assert_eq!(numbers(&program, &["kite"]), [1]);
    place.write(&legacy(2).user("another kite"));
    program.run(["list"]).well();
    let answer = search(&program, &["--no-refresh", "kite"]);
    assert_eq!((&answer["total"], &answer["uncovered"]), (&1.into(), &1.into()), "{answer}");
    let text = program.run(["--no-refresh", "search", "kite"]).well().stdout;
    assert!(text.contains("1 thread was not searched"), "{text}");
    assert_eq!(numbers(&program, &["kite"]), [2, 1]);
}

#[test]
fn after_a_deletion_no_file_of_the_state_has_the_words_of_the_thread() {
    let place = HomeAndState::new();
    place.write(&legacy(1).user("keep the lantern").agent("Kept."));
    place.write(&legacy(2).user("the zephyrine secret").agent("zephyrine indeed"));
    let program = place.program();
    assert_eq!(numbers(&program, &["zephyrine"]), [2]);
    program.run(["delete", &id(2), "--yes"]).well();
    for entry in fs::read_dir(place.state.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = if path.is_file() { fs::read(&path).unwrap() } else { continue };
        assert!(!bytes.windows(9).any(|window| window == b"zephyrine"), "{}", path.display());
    }
    assert_eq!(numbers(&program, &["lantern"]), [1]);
}

#[test]
fn a_line_of_a_megabyte_and_bytes_that_are_no_text_cost_nobody_an_answer() {
    let place = HomeAndState::new();
    place.write(&legacy(1).user(&format!("begin {} end", "filler ".repeat(180_000))).agent("after the long one"));
    let broken = legacy(2).user("a broken shutter");
    place.write(&broken);
    let mut file =
        fs::OpenOptions::new().append(true).open(place.home.path().join(broken.place(Collection::Active))).unwrap();
    file.write_all(b"{\"type\":\"event_msg\",\"payload\":{\"type\":\"user_message\",\"message\":\"\xff\xfe\"}}\n")
        .unwrap();
    for (how, program) in place.both() {
        assert_eq!(numbers(&program, &["begin"]), [1], "{how}");
        assert_eq!(numbers(&program, &["after", "long"]), [1], "{how}");
        assert_eq!(numbers(&program, &["shutter"]), [2], "{how}");
    }
}
