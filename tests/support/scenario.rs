//! Scenarios as data: a world, what is asked of the core in it, and what is to come of it. Each is run by the native core
//! and by the component, over a world of its own each.
//!
//! A file of `tests/scenarios` is a [`Setting`] with, besides:
//!
//! ```toml
//! about = "the behaviour, in a sentence"
//!
//! [[call]]
//! ask = "lookup.find"          # as a recording names it
//! with = { wanted = "…" }      # its arguments; those left out are empty
//! answer = { Ok = { … } }      # what of the answer is to be so
//! writes = [{ put = { … }, changes = ["path"] }]   # everything that is written, in order; nothing when left out
//! waits = 0                    # how often the core waits
//! never = ["rollouts.walker"]  # what is not asked
//! ```
//!
//! An expected table matches a value that has its keys, a list one of its length; `"null"` matches null. Where text is
//! met with a table, the text is read as JSON.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use threadkeep::component::imports::state::RowQuery;
use threadkeep::component::types::ThreadRow;
use threadkeep::component::{self as ask, Ask, Core, Opened, Runtime};
use threadkeep_core::turns::{Subject, Transcript};
use threadkeep_core::types::Collection;
use threadkeep_core::{change, find, page, startup};

use crate::script::{Call, Guest, IMPORTS, Same, Script, Setting, overlaid};

/// Transcripts that were opened natively, by number.
pub type Open = Vec<Option<Transcript>>;

/// A question that the native core can be asked too.
pub trait Natively: Ask {
    /// Asks it.
    fn natively(&self, world: &Script, open: &mut Open) -> Result<Self::Answer, String>;
}

macro_rules! natively {
    ($($Ask:ident |$ask:ident, $world:ident, $open:ident| $answer:expr;)*) => {$(
        impl Natively for ask::$Ask {
            fn natively(&self, $world: &Script, $open: &mut Open) -> Result<Self::Answer, String> {
                let $ask = self;
                Ok($answer)
            }
        }
    )*};
}

natively! {
    Find |ask, world, _open| find::find(world, &ask.wanted, within(ask.within)).same();
    Explain |ask, world, _open| find::explain(world, &ask.wanted, within(ask.within)).same();
    At |ask, world, _open| find::at(world, &ask.path).same();
    Page |ask, world, _open| page::page(world, &ask.query.clone().same(), ask.cursor.as_deref(), ask.limit).same();
    Open |ask, world, open| {
        let subject = match ask.of.clone() {
            ask::exports::history::Subject::Thread(wanted) => Subject::Thread(wanted),
            ask::exports::history::Subject::Rollout(path) => Subject::Rollout(path),
        };
        Transcript::open(world, &subject).map(|(found, transcript)| {
            let gaps = transcript.gaps().to_vec();
            open.push(Some(transcript));
            Opened { transcript: open.len() - 1, found: found.same(), gaps: gaps.same() }
        }).map_err(Same::same)
    };
    Turns |ask, world, open| {
        let transcript = transcript(open, ask.transcript)?;
        transcript.page(world, ask.cursor.as_deref(), ask.limit, ask.newest_first).same()
    };
    Around |ask, world, open| {
        let transcript = transcript(open, ask.transcript)?;
        transcript.around(world, &ask.text, ask.cursor.as_deref(), ask.limit, ask.newest_first).same()
    };
    Archive |ask, world, _open| change::relocate(world, &ask.wanted, Collection::Archived).same();
    Unarchive |ask, world, _open| change::relocate(world, &ask.wanted, Collection::Active).same();
    Delete |ask, world, _open| change::remove(world, &ask.wanted, ask.with_forks).same();
    Gate |ask, world, _open| startup::run(world, ask.bound, ask.refresh).same();
    Survey |_ask, world, _open| startup::survey(world).same();
}

fn within(collection: Option<ask::types::Collection>) -> Option<Collection> {
    collection.map(Same::same)
}

fn transcript(open: &Open, number: usize) -> Result<&Transcript, String> {
    open.get(number).and_then(Option::as_ref).ok_or_else(|| format!("transcript {number} is not open"))
}

/// An answer, and what it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// As JSON.
    pub answer: Value,
    /// What the core asked.
    pub log: Vec<Call>,
    /// What it wrote.
    pub writes: Vec<Value>,
}

impl Told {
    /// How often an import was called; the beginning of a name stands for all that begin so.
    pub fn count(&self, import: &str) -> usize {
        self.log.iter().filter(|call| call.import.starts_with(import)).count()
    }
}

/// Whoever can be asked: the native core, or that and the component together.
pub trait Asks {
    /// Asks.
    fn ask<A: Natively>(&mut self, ask: &A) -> Result<Told, String>;
    /// The world that the native core sees.
    fn world(&self) -> &Script;
    /// Writes a row from outside, as another process may.
    fn set_row(&mut self, row: &ThreadRow);
}

/// The native core over a world.
pub struct Native {
    world: Script,
    open: Open,
}

impl Native {
    /// Over the world of a setting.
    pub fn of(setting: &Setting) -> Result<Native, String> {
        Ok(Native { world: Script::of(setting)?, open: Open::new() })
    }
}

impl Asks for Native {
    fn ask<A: Natively>(&mut self, ask: &A) -> Result<Told, String> {
        let answer = ask.natively(&self.world, &mut self.open)?;
        told(&answer, &self.world)
    }

    fn world(&self) -> &Script {
        &self.world
    }

    fn set_row(&mut self, row: &ThreadRow) {
        self.world.set_row(row.clone().same());
    }
}

/// The native core and the component, over two worlds of one setting.
pub struct Both {
    native: Native,
    guest: Script,
    core: Core<Guest>,
}

impl Both {
    /// Over the worlds of a setting.
    pub fn of(runtime: &Runtime, setting: &Setting) -> Result<Both, String> {
        let guest = Script::of(setting)?;
        let core = Core::new(runtime, Guest::of(&guest));
        Ok(Both { native: Native::of(setting)?, guest, core })
    }
}

impl Asks for Both {
    /// An error where the answers, or the ways to them, are not the same.
    fn ask<A: Natively>(&mut self, ask: &A) -> Result<Told, String> {
        let native = self.native.ask(ask)?;
        let answer = self.core.ask(ask).map_err(|error| error.to_string())?;
        let guest = told(&answer, &self.guest)?;
        if native.answer != guest.answer {
            return Err(format!("natively {:#}\nas a component {:#}", native.answer, guest.answer));
        }
        let pairs = native.log.iter().zip(&guest.log).position(|(native, guest)| native != guest);
        if let Some(at) = pairs {
            return Err(format!("asked natively {:?}\nas a component {:?}", native.log[at], guest.log[at]));
        }
        match native == guest {
            true => Ok(native),
            false => Err(format!("{} imports natively, {} as a component", native.log.len(), guest.log.len())),
        }
    }

    fn world(&self) -> &Script {
        self.native.world()
    }

    fn set_row(&mut self, row: &ThreadRow) {
        self.native.set_row(row);
        self.guest.set_row(row.clone().same());
    }
}

fn told(answer: &impl serde::Serialize, world: &Script) -> Result<Told, String> {
    let (log, writes) = world.take_log();
    Ok(Told { answer: serde_json::to_value(answer).map_err(|error| error.to_string())?, log, writes })
}

/// A question, and what is to come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    ask: String,
    #[serde(default)]
    with: serde_json::Map<String, Value>,
    answer: Value,
    #[serde(default)]
    writes: Vec<Value>,
    #[serde(default)]
    waits: usize,
    #[serde(default)]
    never: Vec<String>,
}

/// A scenario, read.
#[derive(Debug)]
pub struct Scenario {
    setting: Setting,
    steps: Vec<Step>,
}

impl Scenario {
    /// From its text; what is not understood is an error.
    pub fn parse(text: &str) -> Result<Scenario, String> {
        let wrong = |error: toml::de::Error| error.to_string();
        let mut table: toml::Table = text.parse().map_err(wrong)?;
        let about = table.remove("about").ok_or("it does not say what it is about")?;
        if about.as_str().is_none_or(|about| about.trim().is_empty()) {
            return Err("what it is about is no sentence".into());
        }
        let steps: Vec<Step> = table.remove("call").ok_or("it has no call")?.try_into().map_err(wrong)?;
        for never in steps.iter().flat_map(|step| &step.never) {
            if !IMPORTS.iter().any(|import| import.starts_with(never.as_str())) {
                return Err(format!("there is no import {never}"));
            }
        }
        let setting: Setting = table.try_into().map_err(wrong)?;
        Ok(Scenario { setting, steps })
    }

    /// From a file.
    pub fn read(path: &Path) -> Result<Scenario, String> {
        Scenario::parse(&std::fs::read_to_string(path).map_err(|error| error.to_string())?)
    }

    /// Runs it both ways; an error where anything is not as it should be.
    pub fn run(&self, runtime: &Runtime) -> Result<(), String> {
        let mut both = Both::of(runtime, &self.setting)?;
        for (number, step) in self.steps.iter().enumerate() {
            let place = |error: String| format!("call {}, {}: {error}", number + 1, step.ask);
            let told = step.put_to(&mut both).map_err(place)?;
            step.judge(&told).map_err(place)?;
        }
        Ok(())
    }
}

impl Step {
    fn put_to(&self, both: &mut Both) -> Result<Told, String> {
        macro_rules! by_name {
            ($($Ask:ident $defaults:expr;)*) => {
                match self.ask.as_str() {
                    $(ask::$Ask::NAME => {
                        both.ask::<ask::$Ask>(&overlaid(Ok($defaults), Value::Object(self.with.clone()))?)
                    })*
                    other => Err(format!("there is no question {other}")),
                }
            };
        }
        by_name! {
            Find json!({ "wanted": "", "within": null });
            Explain json!({ "wanted": "", "within": null });
            At json!({ "path": "" });
            Page json!({ "query": RowQuery::default(), "cursor": null, "limit": 0 });
            Open json!({ "of": null });
            Turns json!({ "transcript": 0, "cursor": null, "limit": 0, "newest_first": false });
            Around json!({ "transcript": 0, "text": "", "cursor": null, "limit": 0, "newest_first": false });
            Archive json!({ "wanted": "" });
            Unarchive json!({ "wanted": "" });
            Delete json!({ "wanted": "", "with_forks": false });
            Gate json!({ "bound": 30_000, "refresh": true });
            Survey json!({});
        }
    }

    fn judge(&self, told: &Told) -> Result<(), String> {
        let mut wrong = Vec::new();
        unlike(&self.answer, &told.answer, "answer", &mut wrong);
        unlike(&json!(self.writes), &json!(told.writes), "writes", &mut wrong);
        let waits = told.count("clock.wait");
        if waits != self.waits {
            wrong.push(format!("waited {waits} times, not {}", self.waits));
        }
        for never in &self.never {
            if let Some(call) = told.log.iter().find(|call| call.import.starts_with(never.as_str())) {
                wrong.push(format!("asked for {} with {}", call.import, call.with));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n  ")) }
    }
}

/// Notes where a value is not as expected.
fn unlike(expected: &Value, actual: &Value, place: &str, wrong: &mut Vec<String>) {
    match (expected, actual) {
        (Value::String(null), Value::Null) if null == "null" => {}
        (Value::Object(_) | Value::Array(_), Value::String(text)) => match serde_json::from_str::<Value>(text) {
            Ok(inner) => unlike(expected, &inner, place, wrong),
            Err(_) => wrong.push(format!("{place}: {text:?} is no JSON")),
        },
        (Value::Object(expected), Value::Object(actual)) => {
            for (key, expected) in expected {
                let place = format!("{place}.{key}");
                match actual.get(key) {
                    Some(actual) => unlike(expected, actual, &place, wrong),
                    None => wrong.push(format!("{place}: not there in {actual:?}")),
                }
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            for (at, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                unlike(expected, actual, &format!("{place}[{at}]"), wrong);
            }
        }
        _ if expected == actual => {}
        _ => wrong.push(format!("{place}: {actual} instead of {expected}")),
    }
}
