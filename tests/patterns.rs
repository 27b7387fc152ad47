//! `search --literal` and `search --regex`: what they find, whatever writers escaped, what they refuse, and how they end early.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;
use support::hourly::{began, id, legacy, paginated};
use support::{Collection, Program, Rollout, name_thread, real_homes};
use tempfile::{TempDir, tempdir};
use threadkeep::contract::{MarkFilter, MatchOrder, QueryMeaning, RowQuery, TextKind};
use threadkeep::index::progress::{Progress, ProgressSink};
use threadkeep::platform::home::Home;
use threadkeep::{Cancellation, ErrorKind, Options, SearchRequest, StateAccess, Threadkeep};

/// A home, and a place for its state.
struct Place {
    home: TempDir,
    state: TempDir,
}

impl Place {
    fn of(rollouts: &[Rollout]) -> Place {
        let place = Place { home: tempdir().unwrap(), state: tempdir().unwrap() };
        for rollout in rollouts {
            rollout.write(place.home.path(), Collection::Active);
        }
        place
    }

    fn program(&self) -> Program {
        Program::on(self.home.path(), self.state.path())
    }

    fn both(&self) -> [(&'static str, Program); 2] {
        [("with a state DB", self.program()), ("without", Program::stateless(self.home.path()))]
    }

    fn open(&self, progress: Option<ProgressSink>) -> Threadkeep {
        let home = Home::open(self.home.path(), |_| None).unwrap();
        let state_dir = self.state.path().to_path_buf();
        Threadkeep::open(Options { state_dir, access: StateAccess::Own, progress, ..Options::new(home) }).unwrap()
    }
}

fn search(program: &Program, arguments: &[&str]) -> Value {
    let outcome = program.run(["--json", "search"].iter().chain(arguments));
    assert!(matches!(outcome.code, Some(0 | 3)), "{arguments:?}: {outcome:?}");
    outcome.json()
}

/// The numbers of the threads that are found, in their order.
fn numbers(program: &Program, arguments: &[&str]) -> Vec<u64> {
    let items = search(program, arguments)["items"].as_array().unwrap().clone();
    let number = |item: &Value| (0..99).find(|number| item["thread"]["id"] == id(*number)).unwrap();
    items.iter().map(number).collect()
}

/// The kinds of texts that have something else than names in them.
const DONE: [TextKind; 3] = [TextKind::Command, TextKind::Output, TextKind::Change];

fn request(text: &str, meaning: QueryMeaning, ignores_case: bool, kinds: &[TextKind]) -> SearchRequest {
    SearchRequest {
        words: text.into(),
        meaning,
        ignores_case,
        kinds: kinds.to_vec(),
        without_secrets: false,
        rows: RowQuery::default(),
        marked: MarkFilter::default(),
        with_copies: false,
        order: MatchOrder::Rows,
        refresh: true,
    }
}

/// The texts of the items of a thread, by what they are, as `turns` shows them.
fn texts(program: &Program, thread: &str) -> Vec<(TextKind, String)> {
    let answer = program.json(["turns", thread, "--limit", "0"]);
    let mut texts = Vec::new();
    for item in answer["items"].as_array().unwrap().iter().flat_map(|turn| turn["items"].as_array().unwrap()) {
        let mut add = |kind, text: &Value| texts.extend(text.as_str().map(|text| (kind, text.to_owned())));
        match item["type"].as_str().unwrap() {
            "userMessage" => {
                for part in item["content"].as_array().unwrap() {
                    let said = part["text"].as_str().map(str::trim).filter(|said| !said.is_empty());
                    add(TextKind::Prompt, &said.map_or(Value::Null, Value::from));
                }
            }
            "agentMessage" => add(TextKind::Message, &item["text"]),
            "reasoning" => {
                item["summary"].as_array().unwrap().iter().for_each(|said| add(TextKind::Reasoning, said));
            }
            "commandExecution" => {
                add(TextKind::Command, &item["command"]);
                add(TextKind::Output, &item["aggregatedOutput"]);
            }
            "fileChange" => {
                for change in item["changes"].as_array().unwrap() {
                    add(TextKind::Change, &change["path"]);
                    add(TextKind::Change, &change["diff"]);
                }
            }
            _ => {}
        }
    }
    texts
}

/// Writes some characters of JSON as escapes that say the same: `picked` says which.
fn escaped(line: &[u8], mut picked: impl FnMut() -> bool) -> Vec<u8> {
    let Ok(line) = std::str::from_utf8(line) else { return line.to_vec() };
    let mut out = Vec::new();
    for letter in line.chars() {
        // No key has these letters, no escape does, and no hexadecimal number.
        let may_be = !letter.is_ascii() || matches!(letter, '/' | 'z' | 'q');
        match may_be && picked() {
            false => write!(out, "{letter}").unwrap(),
            true if letter == '/' => out.extend(b"\\/"),
            true => letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| write!(out, "\\u{unit:04x}").unwrap()),
        }
    }
    out
}

const PIECES: [&str; 34] = [
    "the",
    "quiz",
    "a",
    "zz",
    "ThreadStore",
    "read_thread",
    "src/main.rs",
    "\"said\"",
    "\\n",
    "\\u0041",
    "\\",
    "/",
    "\t",
    "\n",
    "\r\n",
    "->",
    "=>",
    "1234",
    "ü",
    "Größe",
    "日本語",
    "文",
    "🎉",
    "e\u{301}",
    "\u{5e9}\u{5dc}\u{5d5}",
    "\u{fffd}",
    "\u{1b}[31m",
    "\u{2028}",
    "\u{7f}",
    "\u{0}",
    "file:///tmp/a%20b",
    " ",
    "  ",
    "${HOME}",
];

fn any_text() -> impl Strategy<Value = String> {
    vec(select(&PIECES[..]), 1..9).prop_map(|pieces| pieces.join("")).prop_map(|text| format!("{text}x"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_text_is_found_in_those_threads_alone_in_which_it_stands(
        said in vec((any_text(), any_text(), any_text(), any_text(), any::<bool>(), any::<bool>()), 2..6),
        picks in vec(any::<bool>(), 64),
        queries in vec((any::<Index>(), any::<Index>(), 1usize..7), 12),
    ) {
        let place = Place::of(&[]);
        let mut picks = picks.into_iter().cycle();
        for (number, (prompt, answer, thought, done, is_paginated, is_escaped)) in said.iter().enumerate() {
            let rollout = if *is_paginated { paginated(number as u64) } else { legacy(number as u64) };
            // A NUL ends an argument of a program.
            let (command, path) = (done.replace('\0', ""), done.replace(['\0', '\n', '\r'], ""));
            let rollout = rollout.user(prompt).reasoning(thought).agent(answer).command(&command, thought, 0).patch(&path, answer);
            let path = rollout.write(place.home.path(), Collection::Active);
            if *is_escaped {
                let lines = rollout.lines();
                let lines = lines.iter().map(|line| escaped(line, || picks.next().unwrap_or_default()));
                let mut lines: Vec<u8> = lines.collect::<Vec<_>>().join(&b'\n');
                lines.push(b'\n');
                fs::write(path, lines).unwrap();
            }
        }
        let program = place.program();
        let known: Vec<_> = (0..said.len() as u64).map(|number| (id(number), texts(&program, &id(number)))).collect();
        let every: Vec<_> = known.iter().flat_map(|(_, texts)| texts).collect();
        let threadkeep = place.open(None);
        for (text, from, length) in queries {
            let letters: Vec<char> = text.get(&every).1.chars().collect();
            if letters.is_empty() {
                continue;
            }
            let sought: String = letters[from.index(letters.len())..].iter().take(length).collect();
            let messages = &SearchRequest::MESSAGES[1..];
            for kinds in [messages.to_vec(), [messages, &DONE].concat(), DONE.to_vec(), vec![TextKind::Prompt]] {
                let stands = |(kind, text): &(TextKind, String)| kinds.contains(kind) && text.contains(&sought);
                let expected: BTreeSet<&String> =
                    known.iter().filter(|(_, texts)| texts.iter().any(stands)).map(|(id, _)| id).collect();
                let page = threadkeep.search(&request(&sought, QueryMeaning::Literal, false, &kinds), None, 0).unwrap();
                prop_assert_eq!((page.total, page.total_is_exact), (expected.len() as u64, true), "{:?} {:?}", sought, kinds);
                let page = threadkeep.search(&request(&sought, QueryMeaning::Literal, false, &kinds), None, 99).unwrap();
                let found: BTreeSet<&String> = page.matches.iter().map(|found| &found.row.id).collect();
                prop_assert_eq!(&found, &expected, "{:?} {:?}", sought, kinds);
                // The same as an expression, of which each letter is an alternative: no part of it is needed.
                let regex: String = sought.chars().map(|letter| format!("[{}\u{e000}]", class(letter))).collect();
                let page = threadkeep.search(&request(&regex, QueryMeaning::Regex, false, &kinds), None, 99).unwrap();
                let found: BTreeSet<&String> = page.matches.iter().map(|found| &found.row.id).collect();
                prop_assert_eq!(&found, &expected, "{:?} {:?}", regex, kinds);
            }
        }
    }
}

fn class(letter: char) -> String {
    format!("\\x{{{:x}}}", letter as u32)
}

#[test]
fn on_homes_of_every_release_a_text_is_found_where_it_stands() {
    let (mut homes, mut asked) = (0, 0);
    for home in real_homes(&["h029", "h050", "h130", "h142", "h169-main", "h171-main"]) {
        homes += 1;
        let state = tempdir().unwrap();
        let program = Program::on(&home.path, state.path());
        let list = program.json(["list", "--limit", "0", "--all", "--flat"]);
        let ids: Vec<&str> = list["items"].as_array().unwrap().iter().filter_map(|item| item["id"].as_str()).collect();
        let known: Vec<_> = ids.iter().map(|id| (*id, texts(&program, id))).collect();
        let options = Options::new(Home::open(&home.path, |_| None).unwrap());
        let access = StateAccess::Own;
        let threadkeep =
            Threadkeep::open(Options { state_dir: state.path().to_path_buf(), access, ..options }).unwrap();
        for (_, texts) in known.iter().step_by(known.len().div_ceil(6).max(1)) {
            for (kind, text) in texts.iter().step_by(texts.len().div_ceil(5).max(1)) {
                let letters: Vec<char> = text.chars().collect();
                let sought: String = letters[letters.len() / 3..].iter().take(17).collect();
                if sought.is_empty() || sought.contains('\0') {
                    continue;
                }
                asked += 1;
                for kinds in [vec![*kind], [&SearchRequest::MESSAGES[1..], &DONE].concat()] {
                    let page = threadkeep.search(&request(&sought, QueryMeaning::Literal, false, &kinds), None, 999);
                    let matches = page.unwrap().matches;
                    let regex = format!("(?:\u{e000}|[{}]){}", class(sought.chars().next().unwrap()), {
                        let rest = sought.chars().skip(1);
                        rest.map(|letter| format!("[{}\u{e000}]", class(letter))).collect::<String>()
                    });
                    let careful = threadkeep.search(&request(&regex, QueryMeaning::Regex, false, &kinds), None, 999);
                    let ids = |matches: &[threadkeep::contract::ThreadMatch]| {
                        matches.iter().map(|found| found.row.id.clone()).collect::<Vec<_>>()
                    };
                    assert_eq!(ids(&matches), ids(&careful.unwrap().matches), "{}: {sought:?} {kinds:?}", home.name);
                    for found in matches {
                        // What `turns` shows of a fork begins with its origin's, which is found there.
                        let (_, texts) = known.iter().find(|(id, _)| *id == found.row.id).unwrap();
                        let stands = |(_, text): &(TextKind, String)| text.contains(&sought);
                        let is_other = found.hits.iter().any(|hit| DONE.contains(&hit.kind));
                        assert!(is_other || texts.iter().any(stands), "{}: {sought:?}", found.row.id);
                    }
                }
            }
        }
    }
    assert!(homes == 0 || asked > 20, "{asked}");
}

#[test]
fn patterns_are_answered_as_words_are_with_marks_filters_and_what_was_left_out() {
    let place = Place::of(&[
        legacy(1).user("call find_it(a->b) now").agent("Done."),
        paginated(2).user("Something").agent("First this.\nThen a->b, \u{1f389} and a->b."),
        legacy(3).source("exec").user("a->b"),
        legacy(4).user("a -> b"),
        paginated(5).user("Nothing").command("echo 'a->b'", "so: a->b", 0),
    ]);
    name_thread(place.home.path(), &id(4), "The a->b thread", began(9));
    legacy(6).user("old a->b").compressed().write(place.home.path(), Collection::Archived);
    for (how, program) in place.both() {
        for asked in [&["--literal", "a->b"][..], &["--regex", "a-[>]b"], &["-i", "--literal", "A->B"]] {
            let with = |more: &[&'static str]| numbers(&program, &[asked, more].concat());
            assert_eq!(with(&[]), [4, 6, 1, 2], "{how}, {asked:?}");
            assert_eq!(with(&["--sort", "updated"]), [6, 4, 2, 1], "{how}, {asked:?}");
            assert_eq!(with(&["--sort", "relevance"]).len(), 4, "{how}, {asked:?}");
            assert_eq!(with(&["--in", "prompts"]), [6, 1], "{how}, {asked:?}");
            assert_eq!(with(&["--in", "commands"]), [5], "{how}, {asked:?}");
            assert_eq!(with(&["--in", "all", "--active"]), [4, 1, 5, 2], "{how}, {asked:?}");
            assert_eq!(with(&["--source", "any"]), [4, 6, 3, 1, 2], "{how}, {asked:?}");
            let answer = search(&program, asked);
            assert_eq!((&answer["total"], &answer["totalIsExact"]), (&4.into(), &true.into()), "{how}: {answer}");
            assert_eq!(answer["leftOut"].to_string(), r#"[{"sourceKind":"exec","threads":1}]"#, "{how}");
            let hit = &answer["items"][3]["hits"][0];
            assert_eq!(hit["snippet"], "First this. Then a->b, \u{1f389} and a->b.", "{how}");
            assert_eq!(hit["marks"].to_string(), "[[17,21],[29,33]]", "{how}");
            let hits = search(&program, &[asked, &["--thread", &id(2)]].concat());
            assert_eq!((&hits["total"], &hits["items"][0]["kind"]), (&1.into(), &"message".into()), "{how}: {hits}");
        }
        let all = ["--literal", "a->b", "--limit", "1", "--source", "any"];
        let (mut paged, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let next = cursor.iter().flat_map(|cursor| ["--cursor", cursor]);
            let arguments: Vec<&str> = all.into_iter().chain(next).collect();
            paged.extend(numbers(&program, &arguments));
            let next = search(&program, &arguments)["nextCursor"].as_str().map(str::to_owned);
            match next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        assert_eq!(paged, [4, 6, 3, 1, 2], "{how}");
        let text = program.run(["search", "--literal", "echo '"]).ended(3).stdout;
        let hint =
            r"1 in commands, outputs or changes: threadkeep search --in commands,outputs,changes --literal 'echo '\'''";
        assert!(text.contains(hint), "{text}");
    }
}

#[test]
fn case_counts_unless_it_is_said_not_to_and_lines_have_their_ends() {
    let place = Place::of(&[
        legacy(1).user("The Straße of Größe").agent("begin\nfn  find_it(x) {\n}\nend"),
        paginated(2).user("the STRASSE").agent("日本語の検索"),
        legacy(3).user("-b and --literal").agent("e\u{301}t\u{e9}"),
    ]);
    for (how, program) in place.both() {
        for (asked, expected) in [
            (&["--literal", "größe"][..], &[][..]),
            (&["-i", "--literal", "GRÖSSE"], &[]),
            (&["--ignore-case", "--literal", "GRÖßE"], &[1]),
            (&["--literal", "本語の"], &[2]),
            (&["--literal", "e\u{301}t"], &[3]),
            (&["--literal", "\u{e9}t"], &[]),
            (&["--literal", "-b"], &[3]),
            (&["--literal", "--literal"], &[3]),
            (&["--literal", "begin\nfn"], &[1]),
            (&["--literal", "Größe\nbegin"], &[]),
            (&["--regex", r"^fn\s+\w+\(.*\{$"], &[1]),
            (&["--regex", r"^\w+$"], &[1, 2, 3]),
            (&["--regex", r"[^\s\w.-]"], &[1]),
            (&["-i", "--regex", "^THE S"], &[2, 1]),
            (&["--regex", "end$|検索$"], &[2, 1]),
        ] {
            let found: BTreeSet<u64> = numbers(&program, asked).into_iter().collect();
            assert_eq!(found, expected.iter().copied().collect(), "{how}, {asked:?}");
        }
    }
}

#[test]
fn what_cannot_be_looked_for_is_refused_with_the_place_and_the_cause() {
    let place = Place::of(&[legacy(1).user("anything")]);
    for (_, program) in place.both() {
        for (asked, why) in [
            (&["--literal", ""][..], "there is nothing in it"),
            (&["--regex", ""], "there is nothing in it"),
            (&["--regex", "a(b"], "at character 2: unclosed group"),
            (&["--regex", "größe["], "at character 6: unclosed character class"),
            (&["--regex", r"a\p{Greek}"], "at character 2: Unicode property not found"),
            (&["--regex", r"(a)\1"], "backreferences are not supported"),
            (&["--regex", "x*"], "matches the empty text"),
            (&["--regex", r"\w{500}{50}"], "takes more than"),
            (&["--literal", "a", "--regex", "b"], "cannot be used with"),
            (&["--literal", "a", "word"], "cannot be used with"),
            (&["-i", "word"], "cannot be used with"),
        ] {
            let outcome = program.run(["search"].iter().chain(asked)).ended(2);
            assert!(outcome.stderr.contains(why), "{asked:?}: {}", outcome.stderr);
        }
        let long = program.run(["search", "--literal", &"a".repeat(5_000)]).ended(2);
        assert!(long.stderr.contains("longer than 4096 characters"), "{}", long.stderr);
        // It would go back for ever elsewhere.
        let patient = legacy(2).user(&"a".repeat(200_000));
        patient.write(place.home.path(), Collection::Active);
        assert!(numbers(&program, &["--regex", "(a+)+b"]).is_empty());
    }
}

#[test]
fn a_hit_in_the_middle_of_a_long_line_is_cut_out_and_bytes_that_are_no_text_cost_nobody_an_answer() {
    let filler = "fille/r ".repeat(60_000);
    let place = Place::of(&[
        legacy(1).user(&format!("{filler}needle->here {filler}")),
        paginated(2).user("x").agent(&format!("{}needle->here{}", "y".repeat(400_000), "z".repeat(400_000))),
    ]);
    let broken = legacy(3).user("needle->here");
    let path = broken.write(place.home.path(), Collection::Active);
    let line = b"{\"type\":\"event_msg\",\"payload\":{\"type\":\"user_message\",\"message\":\"\xff needle->there\"}}\n";
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(line).unwrap();
    for (how, program) in place.both() {
        for asked in [["--literal", "needle->here"], ["--regex", "needle.{2}here"]] {
            let answer = search(&program, &asked);
            assert_eq!(answer["total"], 3, "{how}: {asked:?}");
            for item in answer["items"].as_array().unwrap() {
                let hit = &item["hits"][0];
                let snippet: Vec<char> = hit["snippet"].as_str().unwrap().chars().collect();
                let mark = |at: usize| hit["marks"][0][at].as_u64().unwrap() as usize;
                assert_eq!(snippet[mark(0)..mark(1)].iter().collect::<String>(), "needle->here", "{how}: {hit}");
                assert!(snippet.len() < 300, "{how}");
            }
        }
    }
}

#[test]
fn a_scan_says_how_far_it_is_and_ends_when_it_is_told() {
    let rollouts: Vec<Rollout> = (0..700).map(|number| legacy(number).user(&format!("kite {number}"))).collect();
    let place = Place::of(&rollouts);
    let (expected, searched) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let switch = Cancellation::default();
    let (to_do, done, thrown) = (expected.clone(), searched.clone(), switch.clone());
    let is_to_be_thrown = Arc::new(AtomicU64::new(0));
    let throw = is_to_be_thrown.clone();
    let sink = ProgressSink::new(move |progress| match progress {
        Progress::Expected { files } => to_do.store(files, Ordering::Relaxed),
        Progress::Searched { files } => {
            done.fetch_add(files, Ordering::Relaxed);
            if throw.load(Ordering::Relaxed) == 1 {
                thrown.cancel();
            }
        }
        _ => {}
    });
    let threadkeep = place.open(Some(sink));
    let asked = request("kite 6", QueryMeaning::Literal, false, &SearchRequest::MESSAGES);
    assert_eq!(threadkeep.search(&asked, None, 5).unwrap().total, 111);
    assert_eq!((expected.load(Ordering::Relaxed), searched.swap(0, Ordering::Relaxed)), (700, 700));
    is_to_be_thrown.store(1, Ordering::Relaxed);
    let cut = threadkeep.cancellable(switch).search(&asked, None, 5);
    assert_eq!(cut.unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(searched.load(Ordering::Relaxed) < 700);
    assert_eq!(threadkeep.search(&asked, None, 5).unwrap().total, 111, "others go on");
}

#[test]
fn ctrl_c_ends_a_scan_with_a_message() {
    let text = "a line that is long enough to take its time\n".repeat(2_000);
    let rollouts: Vec<Rollout> = (0..90).map(|number| legacy(number).user(&text).agent(&text)).collect();
    let place = Place::of(&rollouts);
    let program = place.program();
    program.run(["list"]).well();
    let mut told = Vec::new();
    for delay in (0..60).map(|step| Duration::from_millis(10 + step * 5)) {
        let running = program.spawn(["search", "--regex", "[a-z]+[0-9]"]);
        std::thread::sleep(delay);
        running.signal(rustix::process::Signal::INT);
        let outcome = running.outcome();
        if outcome.stderr.contains("the search was interrupted, so there is no answer") {
            assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""), "{outcome:?}");
            return;
        }
        told.push(outcome);
    }
    panic!("it never was: {told:?}");
}
