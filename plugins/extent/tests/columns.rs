use extent::Extent;
use threadkeep_plugin::column::{Cell, Column};
use threadkeep_plugin::testing::{Home, Thread};
use threadkeep_plugin::threads::{Entry, Outcome, Role};

fn cells(home: &Home, heading: &str, threads: &[&str]) -> Vec<(String, Option<f64>)> {
    let threads: Vec<_> = threads.iter().map(|thread| (*thread).to_owned()).collect();
    let cells = home.ask(|| Extent::cells(heading, &threads)).expect("every thread has a cell");
    cells.into_iter().map(|Cell { text, score }| (text, score)).collect()
}

fn cell(text: &str, score: f64) -> (String, Option<f64>) {
    (text.to_owned(), Some(score))
}

#[test]
fn turns_are_counted_and_one_that_goes_on_is_marked() {
    let ended = Thread::new("t1", "One").turn("1", Outcome::Completed).turn("2", Outcome::Failed);
    let going_on = Thread::new("t2", "Two").turn("1", Outcome::Unfinished);
    let home = Home::new().thread(ended).thread(going_on).thread(Thread::new("t3", "Three"));
    let told = cells(&home, "turns", &["t2", "t1", "t3"]);
    assert_eq!(told, [cell("1…", 1.0), cell("2", 2.0), cell("0", 0.0)]);
}

#[test]
fn what_was_changed_is_summed_and_what_was_declined_is_not() {
    let patch = |thread: Thread, bytes: usize| thread.item("fileChange", Role::Tool, "a.rs", &"x".repeat(bytes));
    let mut declined = patch(Thread::new("t2", "Two"), 700);
    let Some(Entry::Item(item)) = declined.history.last_mut() else { panic!("it was added") };
    item.outcome = Outcome::Declined;
    let home = Home::new()
        .thread(patch(patch(Thread::new("t1", "One"), 1_000), 234).command("ls", &"x".repeat(9_000), 0))
        .thread(patch(declined, 12));
    assert_eq!(cells(&home, "changed", &["t1", "t2"]), [cell("1.2 kB", 1_234.0), cell("12 B", 12.0)]);
}

#[test]
fn a_thread_that_is_gone_has_an_empty_cell() {
    let home = Home::new().thread(Thread::new("t1", "One"));
    assert_eq!(cells(&home, "changed", &["gone", "t1"]), [(String::new(), None), cell("", 0.0)]);
}
