//! Which thread comes first among thousands, what counts once, and which words find which text.

use std::fs::{self, File};
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;
use support::{
    Collection, HomeAndState, Program, Rollout, any_home, demo_home, index_content, millis, real_homes, uuid7,
};
use tempfile::tempdir;

fn id(number: u64) -> String {
    uuid7(began(number), number)
}

fn began(number: u64) -> i64 {
    millis("2026-03-01T10:00:00.000Z") + number as i64 * 60_000
}

fn legacy(number: u64) -> Rollout {
    Rollout::legacy(&id(number)).at_millis(began(number)).instructions("Be brief.")
}

fn paginated(number: u64) -> Rollout {
    Rollout::paginated(&id(number)).at_millis(began(number)).instructions("Be brief.")
}

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

#[test]
fn a_phrase_that_must_not_be_there_puts_no_thread_behind_others_for_its_words_alone() {
    let place = HomeAndState::new();
    // The words of the phrase stand in what the user said, but not behind each other.
    place.write(&legacy(1).user("Is the string of the kite red?").agent("Yes."));
    place.write(&legacy(2).user("What flies?").agent("A kite does."));
    place.write(&legacy(3).user("A kite on a red string.").agent("Yes."));
    for (how, program) in place.both() {
        assert_eq!(found(&program, &["kite -\"red string\""]), [id(1), id(2)], "{how}");
    }
}

#[test]
fn among_thousands_of_exec_and_of_sub_agents_the_thread_of_a_person_comes_first_and_the_others_are_counted() {
    let place = HomeAndState::new();
    for number in 0..280 {
        let said = if number == 3 { "The halyard is frayed." } else { "Yes." };
        place.write(&legacy(number).user(&format!("question {number}")).agent(said));
    }
    for number in 1_000..5_000 {
        place.write(&legacy(number).source("exec").user("check the halyard"));
    }
    let parent = paginated(300).user("the halyard of the other boat");
    place.write(&parent);
    for number in 6_000..8_200 {
        // What its rollout copied of the thread that spawned it is not its own.
        let said = if number % 2 == 0 { "A halyard, two sheets." } else { "Three sheets." };
        place.write(&Rollout::sub_agent(&id(number), &parent, "count", "Ada").at_millis(began(number)).agent(said));
    }
    for (how, program) in place.both() {
        let answer = search(&program, &["halyard"]);
        let first: Vec<&str> =
            answer["items"].as_array().unwrap().iter().map(|item| item["thread"]["id"].as_str().unwrap()).collect();
        assert_eq!(first, [id(300), id(3)], "{how}");
        assert_eq!(answer["total"], 2, "{how}");
        assert_eq!(
            answer["leftOut"].to_string(),
            r#"[{"sourceKind":"exec","threads":4000},{"sourceKind":"subAgentThreadSpawn","threads":1100}]"#,
            "{how}"
        );
    }
    let all = search(&place.program(), &["--source", "any", "--limit", "1", "halyard"]);
    assert_eq!((&all["total"], &all["leftOut"]), (&5_102.into(), &Value::Array(Vec::new())));
    let told = place.program().run(["search", "halyard"]).well().stdout;
    assert!(told.contains("5100 more from other sources"), "{told}");
}

#[test]
fn by_relevance_a_thread_about_a_word_precedes_a_huge_one_that_says_it_and_equal_lines_count_once() {
    let place = HomeAndState::new();
    let other: String = (0..20_000).map(|word| format!("word{} ", word * 7 % 3_001)).collect();
    let about: String =
        (0..170).map(|line| format!("The capstan of boat {line} turns {}.\n", line * 3)).collect::<String>()
            + &"Other things are as they were before. ".repeat(350);
    assert!((15_000..25_000).contains(&about.len()));
    let huge = (0..28).fold(legacy(9).user("a capstan, too"), |huge, _| huge.agent(&other));
    let huge = huge.agent("The capstan again.");
    assert!(huge.bytes().len() > 5_000_000);
    place.write(&huge);
    place.write(&legacy(1).user("how does it turn").agent(&about));
    // Five hundred times the same, in one text and in many.
    let same = "The capstan is stuck, it says.\n".repeat(500) + &other;
    place.write(&legacy(8).user("look at the output").agent(&same));
    let again = (0..500).fold(legacy(7).user("look again"), |talk, _| talk.agent("The capstan is stuck."));
    place.write(&again.agent(&other));
    for (how, program) in place.both() {
        let order = found(&program, &["--sort", "relevance", "capstan"]);
        assert_eq!(order.len(), 4, "{how}");
        assert_eq!(order[0], id(1), "{how}: {order:?}");
        let hits = search(&program, &["--thread", &id(7), "capstan"]);
        assert_eq!(hits["total"], 1, "{how}: {hits}");
    }
    assert_eq!(found(&place.program(), &["capstan"])[0], id(9), "what the user said comes first otherwise");
}

#[test]
fn by_relevance_a_thread_whose_user_said_the_word_precedes_hundreds_of_newer_ones_that_mention_it() {
    let place = HomeAndState::new();
    let about = (0..40).map(|line| format!("The bollard of pier {line} is loose.\n")).collect::<String>();
    place.write(&legacy(1).user("which bollard is loose?").agent(&about));
    for number in 10..310 {
        place.write(&legacy(number).user("what else?").agent("A rope, an oar, a bollard, and a good deal of paint."));
    }
    for (how, program) in place.both() {
        let mut order = found(&program, &["--sort", "relevance", "--limit", "0", "bollard"]);
        assert_eq!(order[0], id(1), "{how}");
        order.sort();
        order.dedup();
        assert_eq!(order.len(), 301, "{how}: each once");
    }
}

#[test]
fn what_was_said_before_a_compaction_is_there_once() {
    let place = HomeAndState::new();
    let talk = |rollout: Rollout| {
        let before = rollout.user("the sextant is lost").agent("The sextant is found.");
        before.compacted("About a lost instrument.").user("and the log?").agent("In the drawer.")
    };
    let forms = [legacy(1), paginated(2), Rollout::early(&id(3)), Rollout::bare(&id(4))];
    for rollout in forms.map(talk) {
        place.write(&rollout);
        let thread = rollout.id();
        for (how, program) in place.both() {
            for (word, count) in [("sextant", 2), ("lost", 1), ("found", 1), ("drawer", 1)] {
                let kinds = ["--in", "prompts,messages", "--thread", thread, word];
                let hits = search(&program, &kinds);
                assert_eq!(hits["total"], count, "{how}, {:?}, {word}: {hits}", rollout.form());
            }
        }
    }
}

/// What a text is found by, and what not.
type Words = (&'static str, &'static [&'static str], &'static [&'static str]);

const WORDS: [Words; 15] = [
    ("日本語の検索と文", &["日", "本", "語", "文", "日本", "本語", "検索", "日本語", "索"], &["日語", "京"]),
    ("ひらがなとカタカナ", &["ひ", "ら", "カタ", "タカ", "ナ", "がな"], &["カナカ", "ヒラ"]),
    ("한국어 검색", &["한", "국", "어", "국어", "검색", "\u{1112}\u{1161}\u{11ab}국"], &["한어"]),
    ("Rust製のツールv2でgo言語", &["Rust", "rust製", "製", "v2", "go", "go言語", "言語", "ツ"], &["ru", "o言"]),
    ("an ok in io by C3", &["ok", "io", "by", "c3", "an"], &["o", "k"]),
    (
        "Cafe\u{301} RÉSUMÉ naïve Ångström",
        &["café", "CAFE", "resume", "naive", "angstrom", "re\u{301}sume\u{301}"],
        &["caf"],
    ),
    ("ﾃｽﾄ ＡＢＣ ﬁle", &["テスト", "テス", "abc", "file", "ﬁle"], &["スト2"]),
    ("Straße İstanbul ΟΔΟΣ Ёлка", &["strasse", "STRASSE", "istanbul", "οδός", "елка", "ЁЛКА"], &["stra"]),
    ("مَرْحَبًا بالعالم", &["مرحبا", "بالعالم", "مَرْحَبًا"], &["مرحب"]),
    ("שָׁלוֹם עולם", &["שלום", "עולם"], &["שלו"]),
    ("well done 🎉👍🏽 👩\u{200d}💻", &["🎉", "👍", "👩\u{200d}💻", "👩", "done🎉"], &["🚀"]),
    ("สวัสดีครับ", &["ส", "สวัส", "ครับ"], &["ครก"]),
    ("नमस्ते दुनिया", &["नमस्ते", "दुनिया"], &["नम"]),
    (
        "read_thread in ThreadStore of host/src/main.rs",
        &["read_thread", "thread", "ThreadStore", "store", "host/src/main.rs", "main.rs"],
        &["readthread", "hread"],
    ),
    ("中a国b", &["中", "a", "国", "b", "中a", "a国"], &["中国"]),
];

#[test]
fn words_of_every_script_find_what_people_expect() {
    let place = HomeAndState::new();
    for (number, (said, ..)) in WORDS.iter().enumerate() {
        place.write(&legacy(number as u64).user("question").agent(said));
    }
    for (number, (said, finds, finds_not)) in WORDS.iter().enumerate() {
        let program = place.program();
        for (words, is_found) in finds.iter().map(|word| (word, true)).chain(finds_not.iter().map(|word| (word, false)))
        {
            let has = found(&program, &["--limit", "0", "--", words]).contains(&id(number as u64));
            assert_eq!(has, is_found, "{words} in {said}");
        }
    }
    let scan = Program::stateless(place.home.path());
    for (said, finds, finds_not) in &WORDS {
        for words in [finds[0], finds[finds.len() - 1], finds_not[0]] {
            let all = ["--limit", "0", "--", words];
            assert_eq!(found(&scan, &all), found(&place.program(), &all), "{words} in {said}");
        }
    }
}

#[test]
fn a_rollout_that_was_rewritten_in_place_is_indexed_anew() {
    let talk = |words: &str| legacy(1).user(words).agent(&"the same text ".repeat(9_000)).agent("and the end").bytes();
    let place = HomeAndState::new();
    let path = legacy(1).user("x").write(place.home.path(), Collection::Active);
    let modified = || path.metadata().unwrap().modified().unwrap();
    let set_back = |time: SystemTime| File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    type Rewrite<'a> = (&'a str, &'a str, &'a dyn Fn(&[u8]));
    let rewrites: [Rewrite<'_>; 4] = [
        ("shorter", "a cockle", &|bytes| fs::write(&path, bytes).unwrap()),
        ("as long, with another beginning", "the winkle", &|bytes| fs::write(&path, bytes).unwrap()),
        ("as long, another file with the same time", "the limpet", &|bytes| {
            let before = modified();
            let beside = path.with_extension("new");
            fs::write(&beside, bytes).unwrap();
            fs::rename(&beside, &path).unwrap();
            set_back(before);
        }),
        ("longer", "the very large oyster", &|bytes| fs::write(&path, bytes).unwrap()),
    ];
    let program = place.program();
    for (what, words, rewrite) in rewrites {
        fs::write(&path, talk("the mussel")).unwrap();
        assert_eq!(found(&program, &["mussel"]), [id(1)], "{what}");
        rewrite(&talk(words));
        let word = words.rsplit(' ').next().unwrap();
        assert_eq!((found(&program, &["mussel"]).len(), found(&program, &[word])), (0, vec![id(1)]), "{what}");
        let anew = tempdir().unwrap();
        found(&Program::on(place.home.path(), anew.path()), &["x"]);
        assert_eq!(index_content(place.state.path()), index_content(anew.path()), "{what}");
    }
}

#[test]
fn a_thread_that_vanishes_between_hit_and_snippet_costs_nobody_an_answer() {
    let place = HomeAndState::new();
    let gone = legacy(2).user("the second kite").agent("A kite.");
    for rollout in [&legacy(1).user("a kite"), &gone, &legacy(3).user("kite three")] {
        place.write(rollout);
    }
    let program = place.program();
    assert_eq!(found(&program, &["kite"]), [id(3), id(2), id(1)]);
    fs::remove_file(place.home.path().join(gone.place(Collection::Active))).unwrap();
    // The rows and the index know it still.
    let trusting = place.program().with(["--no-refresh"]);
    for words in ["kite", "\"second kite\" OR kite", "ki*"] {
        for sort in [&[][..], &["--sort", "relevance"], &["--sort", "updated"], &["--sort", "created"]] {
            for limit in ["1", "2", "20"] {
                let order = found(&trusting, &[sort, &["--limit", limit, words]].concat());
                let expected = [id(3), id(1)];
                assert_eq!(order, expected[..order.len()], "{words}, {sort:?}");
                assert_eq!(order.len(), limit.parse::<usize>().unwrap().min(2), "{words}, {sort:?}");
            }
        }
    }
    assert_eq!(found(&trusting, &["second"]), [""; 0]);
    let told = trusting.run(["search", "--thread", &id(2), "kite"]).ended(3);
    assert!(told.stderr.contains(&id(2)), "{told:?}");
    assert_eq!(found(&program, &["kite"]), [id(3), id(1)]);
}

#[test]
fn a_query_of_a_megabyte_or_of_operators_alone_gets_a_clear_answer() {
    let place = HomeAndState::new();
    place.write(&legacy(1).user("a kite"));
    let home = threadkeep::platform::home::Home::open(place.home.path(), |_| None).unwrap();
    let options = threadkeep::Options { state_dir: place.state.path().into(), ..threadkeep::Options::new(home) };
    let threadkeep = threadkeep::Threadkeep::open(options).unwrap();
    for words in ["kite ".repeat(200_000), "x".repeat(1 << 20), "語".repeat(350_000), "\"".repeat(1 << 20)] {
        let request = threadkeep::SearchRequest {
            words,
            meaning: threadkeep::contract::QueryMeaning::Words,
            ignores_case: false,
            kinds: threadkeep::SearchRequest::MESSAGES.to_vec(),
            without_secrets: false,
            rows: threadkeep::contract::RowQuery::default(),
            marked: threadkeep::contract::MarkFilter::default(),
            with_copies: false,
            order: threadkeep::contract::MatchOrder::Classes,
            refresh: true,
        };
        let refused = threadkeep.search(&request, None, 20).unwrap_err();
        assert!(refused.to_string().contains("longer than 4096 characters"), "{refused}");
        assert_eq!(refused.kind(), threadkeep::ErrorKind::InvalidInput);
    }
    for words in ["OR OR OR", "- - -", "* * *", "\"\" \"\"", "-kite", "-\"a kite\"", "(((", "\"", "\"\"\"", "—", "OR -"]
    {
        for (how, program) in place.both() {
            let outcome = program.run(["search", "--", words]);
            assert!(matches!(outcome.code, Some(2 | 3)), "{how}, {words}: {outcome:?}");
            assert!(!outcome.stderr.is_empty() || !outcome.stdout.is_empty(), "{how}, {words}: {outcome:?}");
        }
    }
    for words in ["\"a kite", "kite\"", "„a kite", "kite OR", "OR kite", "kite -", "kite (", "kite \"\""] {
        for (how, program) in place.both() {
            let outcome = program.run(["search", "--", words]);
            assert!(outcome.code == Some(0) || words.contains("OR"), "{how}, {words}: {outcome:?}");
        }
    }
}

/// Looks up where each hit says that it stands; gives how many there were.
fn hits_are_there(home: &Path, state: &Path) -> usize {
    let program = Program::on(home, state);
    let mut hits = 0;
    let said = ["the", "a", "file OR test", "is", "Wie OR was", "e*"].map(|words| (words, None));
    let put_out = ["the", "e*"].map(|words| (words, Some(["--in", "outputs"])));
    for (words, kinds) in said.into_iter().chain(put_out) {
        let kinds: &[&str] = kinds.as_ref().map_or(&[], |kinds| kinds);
        let answer = search(&program, &[kinds, &["--source", "any", "--limit", "0", words]].concat());
        for hit in answer["items"].as_array().unwrap().iter().flat_map(|item| item["hits"].as_array().unwrap()) {
            let Some(path) = hit["path"].as_str().filter(|path| path.ends_with(".jsonl")) else { continue };
            let bytes = fs::read(path).unwrap();
            let line = bytes.split(|byte| *byte == b'\n').nth(hit["line"].as_u64().unwrap() as usize - 1).unwrap();
            let line: Value = serde_json::from_str(&String::from_utf8_lossy(line)).unwrap();
            let snippet: Vec<char> = hit["snippet"].as_str().unwrap().chars().collect();
            for mark in hit["marks"].as_array().unwrap() {
                let marked: String =
                    snippet[mark[0].as_u64().unwrap() as usize..mark[1].as_u64().unwrap() as usize].iter().collect();
                assert!(has_text(&line, &marked), "{words}: {marked} is not in line {} of {path}: {line}", hit["line"]);
            }
            assert!(!hit["marks"].as_array().unwrap().is_empty(), "{hit}");
            hits += 1;
        }
    }
    hits
}

fn has_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(string) => string.contains(text),
        Value::Array(values) => values.iter().any(|value| has_text(value, text)),
        Value::Object(map) => map.values().any(|value| has_text(value, text)),
        _ => false,
    }
}

#[test]
fn every_hit_of_homes_of_every_release_stands_where_it_says() {
    let (demo, state) = (tempdir().unwrap(), tempdir().unwrap());
    demo_home(demo.path());
    assert!(hits_are_there(demo.path(), state.path()) > 20);
    for home in real_homes(&["h029", "h050", "h130", "h142", "h169-main", "h171-main"]) {
        let state = tempdir().unwrap();
        assert!(hits_are_there(&home.path, state.path()) > 5, "{}", home.name);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 16, max_shrink_iters: 64, ..Default::default() })]

    #[test]
    fn every_hit_of_any_home_stands_where_it_says(home in any_home()) {
        let (root, state) = (tempdir().unwrap(), tempdir().unwrap());
        home.write(root.path());
        hits_are_there(root.path(), state.path());
    }
}
