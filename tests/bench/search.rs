//! Searching: filling the index, asking it, and going through the rollouts.

use support::Program;
use threadkeep::contract::{MatchOrder, QueryMeaning, RowQuery};
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
        in_process(ground, &mut table, &[(RARE, &rare), (COMMON, USUAL), (PHRASE, &phrase)]);
    }
    for (what, most) in [(RARE, 5.0), (COMMON, 5.0), (RARE_PROCESS, 25.0), (COMMON_PROCESS, 25.0)] {
        table.want(what, most);
    }
    println!("\nsearching");
    table.print();
    println!("  {FILL} / {CAT}: {:.2}", table.median(FILL) / table.median(CAT));
}

fn in_process(ground: &Ground, table: &mut Table, queries: &[(&'static str, &str)]) {
    let home = Home::open(&ground.home, |_| None).unwrap();
    let options = Options { access: StateAccess::Existing, state_dir: ground.state.clone(), ..Options::new(home) };
    let threadkeep = Threadkeep::open(options).unwrap();
    for (what, words) in queries {
        let request = SearchRequest {
            words: (*words).into(),
            meaning: QueryMeaning::Words,
            ignores_case: false,
            kinds: SearchRequest::MESSAGES.to_vec(),
            rows: RowQuery::default(),
            order: MatchOrder::Classes,
            refresh: false,
        };
        let ask = || assert!(!threadkeep.search(&request, None, 20).unwrap().matches.is_empty());
        ask();
        table.time(what, ask);
    }
}
