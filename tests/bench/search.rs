//! Searching: filling the index, asking it, and going through the rollouts.

use support::Program;
use threadkeep::contract::RowQuery;
use threadkeep::platform::home::Home;
use threadkeep::{Options, SearchRequest, StateAccess, Threadkeep};

use crate::homes::Ground;
use crate::limits::{self, CAT};
use crate::table::Table;

const FILL: &str = "init, and the index";
const RARE: &str = "a rare word, in process";
const COMMON: &str = "a common word, in process";
const PHRASE: &str = "a phrase, in process";
const RARE_PROCESS: &str = "a rare word, --no-refresh";
const COMMON_PROCESS: &str = "a common word, --no-refresh";
const SCAN: &str = "a word, --no-state";
const LITERAL: &str = "a text that stands nowhere, --literal";
const LITERAL_ALL: &str = "the same, --in all";
const COMMON_LITERAL: &str = "a text that stands in most, --literal";
const REGEX: &str = "--regex without a literal part";
const REGEX_ALL: &str = "the same, --in all, no hit";
/// A word that stands in most threads, whoever wrote them.
const USUAL: &str = "the";

/// Words of one thread, and words of all.
pub(crate) fn search(ground: &Ground, runs: usize) {
    let program = Program::on(&ground.home, &ground.state);
    let title = program.json(["find", &ground.id])["title"].as_str().unwrap_or_default().to_owned();
    let words: Vec<&str> = title.split_whitespace().filter(|word| word.chars().all(char::is_alphanumeric)).collect();
    let (Some(rare), [first, second, ..]) = (words.iter().max_by_key(|word| word.len()), words.as_slice()) else {
        println!("\nsearching: the newest thread says nothing to search for");
        return;
    };
    let (rare, phrase) = ((*rare).to_owned(), format!("\"{first} {second}\""));
    let mut table = Table::default();
    for _ in 0..runs {
        table.time(CAT, || limits::cat(&ground.files));
        std::fs::remove_dir_all(&ground.state).unwrap();
        table.time(FILL, || program.run(["init"]).well());
        table.time(RARE_PROCESS, || program.run(["--no-refresh", "search", &rare]));
        table.time(COMMON_PROCESS, || program.run(["--no-refresh", "search", USUAL]));
        table.time(SCAN, || program.run(["--no-state", "search", &rare]));
        table.time(LITERAL, || program.run(["search", "--literal", "it stands->nowhere"]).ended(3));
        table.time(LITERAL_ALL, || program.run(["search", "--in", "all", "--literal", "it stands->nowhere"]).ended(3));
        table.time(COMMON_LITERAL, || program.run(["search", "--literal", USUAL]).well());
        table.time(REGEX, || program.run(["search", "--regex", "[a-z]{3,} [a-z]+s [a-z]"]).well());
        table.time(REGEX_ALL, || program.run(["search", "--in", "all", "--regex", "[0-9]{5}[a-z]{9,}[0-9]{5}"]));
        in_process(ground, &mut table, &[(RARE, &rare), (COMMON, USUAL), (PHRASE, &phrase)]);
    }
    for (what, most) in [(RARE, 5.0), (COMMON, 5.0), (RARE_PROCESS, 25.0), (COMMON_PROCESS, 25.0)] {
        table.want(what, most);
    }
    println!("\nsearching");
    table.print();
    for what in [FILL, LITERAL, LITERAL_ALL, COMMON_LITERAL, REGEX, REGEX_ALL] {
        println!("  {what} / {CAT}: {:.2}", table.median(what) / table.median(CAT));
    }
}

fn in_process(ground: &Ground, table: &mut Table, queries: &[(&'static str, &str)]) {
    let home = Home::open(&ground.home, |_| None).unwrap();
    let options = Options { access: StateAccess::Existing, state_dir: ground.state.clone(), ..Options::new(home) };
    let threadkeep = Threadkeep::open(options).unwrap();
    for (what, words) in queries {
        let request = SearchRequest { refresh: false, ..SearchRequest::of_words(words, RowQuery::default()) };
        let ask = || assert!(!threadkeep.search(&request, None, 20).unwrap().matches.is_empty());
        ask();
        table.time(what, ask);
    }
}
