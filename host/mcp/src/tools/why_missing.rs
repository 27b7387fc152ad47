//! The tool `why_missing`: where a thread is, where it is shown, and why not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use threadkeep::documents::Why;

use super::tool::{KnownTool, Question, answered};
use crate::answer::{self, Redaction, Redactions};
use crate::cursor::offset;
use crate::failure::Failure;
use crate::schemas::AnyObject;
use crate::summary::ThreadSummary;
use crate::text::clean;

pub(super) const TOOL: KnownTool = KnownTool::new::<Arguments, Answer>(
    "why_missing",
    "Why a thread is not shown",
    "Says where a thread's files are, in which lists of Codex and Threadkeep it is shown and in which not, why, and what is wrong with it.",
    |question, arguments| answered(question, arguments, why),
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    thread: String,
    cursor: Option<String>,
    max_chars: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[schemars(with = "AnyObject")]
    thread: Value,
    #[schemars(with = "Vec<AnyObject>")]
    items: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    redactions: Vec<Redaction>,
}

/// A file of the thread, a list that shows it or not, or something wrong with it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Item {
    File(String),
    #[serde(rename_all = "camelCase")]
    List {
        r#where: String,
        shown: bool,
        reasons: Vec<String>,
    },
    #[serde(rename_all = "camelCase")]
    Finding {
        code: String,
        severity: Value,
        meaning: String,
        remedy: String,
    },
}

fn why(question: &Question<'_>, arguments: Arguments) -> Result<Answer, Failure> {
    let guard = question.guard(true)?;
    let begin = offset(arguments.cursor.as_deref())?;
    let failed = |error: threadkeep::Error| guard.failure(&error);
    let why = question.threadkeep.why(&arguments.thread, Some(&question.config.directory)).map_err(failed)?;
    guard.admit(&why.thread)?;
    let thread = answer::value(&ThreadSummary::new(&why.thread))?;
    let document = question.threadkeep.why_document(&why)?;
    let items = items(document)?;
    let count = items.len();
    let shown = answer::fitting(question.threadkeep, vec![thread], usize::MAX)?;
    let room = answer::room(arguments.max_chars).saturating_sub(answer::length(&shown.items));
    let mut redactions = Redactions::default();
    redactions.add(&shown.redactions);
    let rest: Vec<Value> = items.into_iter().skip(begin).collect();
    let rest = match rest.is_empty() {
        true => Vec::new(),
        false => {
            let fitting = answer::fitting(question.threadkeep, rest, room)?;
            redactions.add(&fitting.redactions);
            fitting.items
        }
    };
    let end = begin + rest.len();
    let thread = shown.items.into_iter().next().unwrap_or_default();
    let next_cursor = (end < count).then(|| end.to_string());
    Ok(Answer { thread, items: rest, next_cursor, redactions: redactions.list() })
}

fn items(why: Why) -> Result<Vec<Value>, Failure> {
    let mut items: Vec<Item> = why.files.iter().map(|file| Item::File(clean(file))).collect();
    items.extend(why.views.into_iter().map(|view| Item::List {
        r#where: clean(&view.place),
        shown: view.shown,
        reasons: view.reasons.iter().map(|reason| clean(reason)).collect(),
    }));
    for finding in why.findings {
        items.push(Item::Finding {
            code: finding.code,
            severity: answer::value(&finding.severity)?,
            meaning: clean(&finding.meaning),
            remedy: clean(&finding.remedy),
        });
    }
    items.iter().map(answer::value).collect()
}
