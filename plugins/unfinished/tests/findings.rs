use threadkeep_plugin::check::{Check, Finding, Proposal};
use threadkeep_plugin::testing::{Home, Thread};
use threadkeep_plugin::threads::Outcome;
use unfinished::Unfinished;

const DAY: i64 = 86_400_000;

fn findings(home: &Home, threads: &[&str]) -> Vec<Finding> {
    let threads: Vec<_> = threads.iter().map(|thread| (*thread).to_owned()).collect();
    home.ask(|| Unfinished::examine(&threads)).expect("it examines")
}

fn long(id: &str) -> Thread {
    (0..20).fold(Thread::new(id, "Hello"), |thread, turn| {
        thread.turn(&turn.to_string(), Outcome::Completed).say("user", "mend  the\ntests")
    })
}

#[test]
fn a_turn_that_never_ended_is_found_and_an_old_thread_is_to_be_archived() {
    let left = |id: &str, at: i64| {
        let thread = Thread::new(id, "Left").with(|thread| thread.facts.updated_at = at);
        thread.turn("1", Outcome::Completed).turn("2", Outcome::Unfinished).say("user", "and now")
    };
    let home = Home::new().at(40 * DAY).thread(left("old", 0)).thread(left("new", 39 * DAY));
    let findings = findings(&home, &["old", "new"]);
    let proposals: Vec<_> = findings.iter().map(|finding| (finding.code.as_str(), &finding.proposal)).collect();
    assert_eq!(proposals, [("unfinished-turn", &Some(Proposal::Archive)), ("unfinished-turn", &None)]);
    assert_eq!(findings[0].text, "The last turn never ended; it began with \"and now\".");
}

#[test]
fn a_long_thread_without_a_name_is_found_and_a_named_one_is_not() {
    let named = long("named").with(|thread| thread.names.name = Some("Tests".to_owned()));
    let home = Home::new().thread(named).thread(long("unnamed"));
    let findings = findings(&home, &["named", "gone", "unnamed"]);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].thread.as_deref(), Some("unnamed"));
    assert_eq!(findings[0].proposal, Some(Proposal::SetName("mend the tests".to_owned())));
}

#[test]
fn a_thread_that_ended_well_is_not_found() {
    let home = Home::new().thread(Thread::new("t1", "Well").turn("1", Outcome::Completed));
    assert_eq!(findings(&home, &["t1"]), []);
}
