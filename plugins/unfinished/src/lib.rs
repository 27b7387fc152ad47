//! Finds threads that were left in the middle: the last turn never ended, or there is much in them and nobody named them.

use threadkeep_plugin::check::{Check, Finding, Proposal, Severity};
use threadkeep_plugin::threads::{self, Entry, Outcome, Role};
use threadkeep_plugin::{About, Result, ThreadId, clock, progress};

/// So many turns are much.
const MANY_TURNS: usize = 20;

/// A thread that was left so long ago is not worked on any more.
const LONG_AGO: i64 = 30 * 86_400_000;

/// The plugin.
pub struct Unfinished;

impl Check for Unfinished {
    const ABOUT: About = About {
        name: "unfinished",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Finds threads whose last turn never ended, and long ones without a name.",
        wants: &["facts", "names", "history"],
    };

    fn codes() -> Vec<String> {
        ["unfinished-turn", "long-without-name"].map(str::to_owned).to_vec()
    }

    fn examine(threads: &[ThreadId]) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        // Both answers leave out what is not found, and keep the order.
        let mut names = threads::names_of(threads)?.into_iter().peekable();
        let facts = threads::facts_of(threads)?;
        let total = facts.len() as u64;
        for (done, facts) in facts.into_iter().enumerate() {
            progress::report(done as u64, Some(total));
            while names.next_if(|names| names.id != facts.id).is_some() {}
            let named = names.next_if(|names| names.id == facts.id).is_some_and(|names| names.name.is_some());
            let seen = Seen::of(&facts.id)?;
            findings.extend(unfinished_turn(&facts, &seen));
            findings.extend(if named { None } else { long_without_name(&facts.id, &seen) });
        }
        Ok(findings)
    }
}

threadkeep_plugin::check!(Unfinished);

/// What a history tells.
#[derive(Default)]
struct Seen {
    turns: usize,
    last_outcome: Option<Outcome>,
    last_request: String,
}

impl Seen {
    fn of(thread: &str) -> Result<Self> {
        let mut seen = Self::default();
        for entry in threads::history(thread)? {
            match entry? {
                Entry::Turn(turn) => {
                    seen.turns += 1;
                    seen.last_outcome = Some(turn.outcome);
                }
                Entry::Item(item) if item.role == Role::User => seen.last_request = item.text,
                Entry::Item(_) => {}
            }
        }
        Ok(seen)
    }
}

fn unfinished_turn(facts: &threads::Facts, seen: &Seen) -> Option<Finding> {
    let idle = clock::now() - facts.updated_at;
    if seen.last_outcome != Some(Outcome::Unfinished) || facts.archived {
        return None;
    }
    Some(Finding {
        code: "unfinished-turn".to_owned(),
        severity: Severity::Warning,
        thread: Some(facts.id.clone()),
        text: format!("The last turn never ended; it began with \"{}\".", beginning(&seen.last_request)),
        // What somebody may come back to stays where it is.
        proposal: (idle > LONG_AGO).then_some(Proposal::Archive),
    })
}

fn long_without_name(id: &ThreadId, seen: &Seen) -> Option<Finding> {
    let name = beginning(&seen.last_request);
    (seen.turns >= MANY_TURNS && !name.is_empty()).then(|| Finding {
        code: "long-without-name".to_owned(),
        severity: Severity::Note,
        thread: Some(id.clone()),
        text: format!("It has {} turns and no name.", seen.turns),
        proposal: Some(Proposal::SetName(name)),
    })
}

/// The beginning of a text, on one line: whole words of at most 60 characters.
fn beginning(text: &str) -> String {
    let mut beginning = String::new();
    for word in text.split_whitespace() {
        if !beginning.is_empty() && beginning.chars().count() + word.chars().count() >= 60 {
            break;
        }
        if !beginning.is_empty() {
            beginning.push(' ');
        }
        beginning.extend(word.chars().filter(|c| !c.is_control()).take(60));
    }
    beginning
}
