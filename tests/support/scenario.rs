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

mod files_alone;

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use threadkeep_contract::{Collection, RowQuery, ThreadRow};
use threadkeep_core::change::plan;
use threadkeep_core::history::transcript::Transcript;
use threadkeep_core::lookup::{find, list};
use threadkeep_core::startup::gate;
use threadkeep_engine::{Call as Question, Core, Runtime, calls};

use crate::script::{Call, IMPORTS, Script, Setting, overlaid};
use crate::{imports_of, same};

/// Transcripts that were opened natively, by number.
pub type Open = Vec<Transcript>;

/// A question that the native core can be asked too.
pub trait Natively: Question {
    /// Asks it; the answer as the component's is told.
    fn natively(&self, world: &Script, open: &mut Open) -> Result<Value, String>;
}

macro_rules! natively {
    ($($Question:ident |$question:ident, $world:ident, $open:ident| $answer:expr;)*) => {$(
        impl Natively for calls::$Question {
            fn natively(&self, $world: &Script, $open: &mut Open) -> Result<Value, String> {
                let $question = self;
                Ok(json!($answer))
            }
        }
    )*};
}

natively! {
    Find |call, world, _open| find::find(world, &call.wanted, same(call.within));
    Explain |call, world, _open| find::explain(world, &call.wanted, same(call.within));
    FindByPath |call, world, _open| find::find_by_path(world, &call.path);
    ListPage |call, world, _open| list::page(world, &same(&call.query), call.cursor.as_deref(), call.limit);
    OpenTranscript |call, world, open| {
        Transcript::open(world, &same(&call.of)).map(|(found, transcript)| {
            let gaps = json!(transcript.gaps());
            open.push(transcript);
            json!({ "number": open.len() - 1, "found": found, "gaps": gaps })
        })
    };
    TurnsPage |call, world, open| {
        let transcript = transcript(open, call.transcript)?;
        transcript.page(world, call.cursor.as_deref(), call.limit, call.newest_first)
    };
    TurnsAround |call, world, open| {
        let transcript = transcript(open, call.transcript)?;
        transcript.around(world, &call.text, call.cursor.as_deref(), call.limit, call.newest_first)
    };
    Archive |call, world, _open| plan::move_to(world, &call.wanted, Collection::Archived);
    Unarchive |call, world, _open| plan::move_to(world, &call.wanted, Collection::Active);
    Delete |call, world, _open| plan::delete(world, &call.wanted, call.with_forks);
    RunStartup |call, world, _open| gate::run(world, call.wait, call.refresh);
    SurveyHome |_call, world, _open| gate::survey(world);
}

fn transcript(open: &Open, number: usize) -> Result<&Transcript, String> {
    open.get(number).ok_or_else(|| format!("transcript {number} is not open"))
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
    fn ask<Q: Natively>(&mut self, question: &Q) -> Result<Told, String>;
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
    fn ask<Q: Natively>(&mut self, question: &Q) -> Result<Told, String> {
        let answer = question.natively(&self.world, &mut self.open)?;
        Ok(told(answer, &self.world))
    }

    fn world(&self) -> &Script {
        &self.world
    }

    fn set_row(&mut self, row: &ThreadRow) {
        self.world.set_row(row.clone());
    }
}

/// The native core and the component, over two worlds of one setting.
pub struct Both {
    native: Native,
    guest: Script,
    core: Core,
}

impl Both {
    /// Over the worlds of a setting.
    pub fn of(runtime: &Runtime, setting: &Setting) -> Result<Both, String> {
        let guest = Script::of(setting)?;
        let core = Core::new(runtime, imports_of(&guest));
        Ok(Both { native: Native::of(setting)?, guest, core })
    }
}

impl Asks for Both {
    /// An error where the answers, or the ways to them, are not the same.
    fn ask<Q: Natively>(&mut self, question: &Q) -> Result<Told, String> {
        let native = self.native.ask(question)?;
        let answer = self.core.call(question).map_err(|error| error.to_string())?;
        let guest = told(json!(answer), &self.guest);
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
        self.guest.set_row(row.clone());
    }
}

fn told(answer: Value, world: &Script) -> Told {
    let (log, writes) = world.take_log();
    Told { answer, log, writes }
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
    fn put_to(&self, whom: &mut impl Asks) -> Result<Told, String> {
        macro_rules! by_name {
            ($($Question:ident $defaults:tt;)*) => {
                match self.ask.as_str() {
                    $(calls::$Question::NAME => whom.ask::<calls::$Question>(&self.question(json!($defaults))?),)*
                    other => Err(format!("there is no question {other}")),
                }
            };
        }
        by_name! {
            Find { "wanted": "", "within": null };
            Explain { "wanted": "", "within": null };
            FindByPath { "path": "" };
            ListPage { "query": (RowQuery::default()), "cursor": null, "limit": 0 };
            OpenTranscript { "of": null };
            TurnsPage { "transcript": 0, "cursor": null, "limit": 0, "newest_first": false };
            TurnsAround { "transcript": 0, "text": "", "cursor": null, "limit": 0, "newest_first": false };
            Archive { "wanted": "" };
            Unarchive { "wanted": "" };
            Delete { "wanted": "", "with_forks": false };
            RunStartup { "wait": 30_000, "refresh": true };
            SurveyHome {};
        }
    }

    /// The question with these arguments, where the step has no others.
    fn question<Q: Question>(&self, defaults: Value) -> Result<Q, String> {
        let with = overlaid(defaults, self.with.clone())?;
        serde_json::from_value(with).map_err(|error| error.to_string())
    }

    fn judge(&self, told: &Told) -> Result<(), String> {
        let mut wrong = Vec::new();
        unlike(&json!(self.writes), &json!(told.writes), "writes", &mut wrong);
        let asked: Vec<&str> = told.log.iter().map(|call| call.import).collect();
        wrong.extend(self.judge_answer(&told.answer, &asked).err());
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n  ")) }
    }

    /// Judges what was answered, and what was asked for it, whatever was written.
    fn judge_answer(&self, answer: &Value, asked: &[&str]) -> Result<(), String> {
        let mut wrong = Vec::new();
        unlike(&self.answer, answer, "answer", &mut wrong);
        let waits = asked.iter().filter(|import| **import == "clock.wait").count();
        if waits != self.waits {
            wrong.push(format!("waited {waits} times, not {}", self.waits));
        }
        for never in &self.never {
            wrong.extend(
                asked.iter().find(|import| import.starts_with(never)).map(|import| format!("asked for {import}")),
            );
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
