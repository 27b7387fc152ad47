//! The tool `usage`: what threads used.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use threadkeep::contract::{RowQuery, SortKey};
use threadkeep::documents::{Statistics, UsageSums};
use threadkeep::{StatisticsGrouping, StatisticsRequest};

use super::asked::{directory_of, moment_of};
use super::tool::{KnownTool, Question, answered};
use crate::answer::{self, Redaction};
use crate::cursor::offset;
use crate::failure::Failure;
use crate::schemas::AnyObject;
use crate::text::clean;

pub(super) const TOOL: KnownTool = KnownTool::new::<Arguments, Answer>(
    "usage",
    "Count what threads used",
    "Counts tokens, cost by list prices, turns and time of threads by day, week, month, model, project, branch, source or thread; every \
     request once.",
    |question, arguments| answered(question, arguments, usage),
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    #[serde(default)]
    by: StatisticsGrouping,
    /// RFC 3339, 2026-03-01, or an age: 12h, 7d.
    since: Option<String>,
    until: Option<String>,
    directory: Option<String>,
    branch: Option<String>,
    cursor: Option<String>,
    max_chars: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[schemars(with = "AnyObject")]
    totals: UsageSums,
    #[schemars(with = "Vec<AnyObject>")]
    rows: Vec<Value>,
    prices_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    redactions: Vec<Redaction>,
}

fn usage(question: &Question<'_>, arguments: Arguments) -> Result<Answer, Failure> {
    let guard = question.guard(true)?;
    let begin = offset(arguments.cursor.as_deref())?;
    let mut rows = guard.narrow(RowQuery {
        under: arguments.directory.as_deref().map(|directory| directory_of(question, directory)),
        branch: arguments.branch.clone(),
        sort: SortKey::Created,
        ..RowQuery::default()
    });
    // What a query cannot say the guard does.
    let failed = |error: threadkeep::Error| guard.failure(&error);
    let threads: Vec<_> = question.threadkeep.every_thread(&rows).map_err(failed)?;
    let count = threads.len();
    let seen = guard.keep(threads.into_iter().map(|listed| listed.row).collect(), |row| row)?;
    if seen.len() < count {
        rows.among = Some(seen.into_iter().map(|row| row.id).collect());
    }
    let request = StatisticsRequest {
        rows,
        since: moment_of(question, arguments.since.as_deref())?,
        until: moment_of(question, arguments.until.as_deref())?,
        grouping: arguments.by,
        zone: question.config.zone.clone(),
        prices: question.config.prices.clone(),
    };
    let counted = question.threadkeep.statistics(&request).map_err(failed)?;
    let Statistics { totals, rows, prices_date, .. } = Statistics::new(&counted, false);
    let mut items = Vec::new();
    let most = answer::bound(arguments.max_chars) / 100;
    for mut row in rows.iter().skip(begin).take(most).cloned() {
        row.key = row.key.as_deref().map(clean);
        items.push(answer::value(&row)?);
    }
    if items.is_empty() {
        return Ok(Answer { totals, rows: items, prices_date, next_cursor: None, redactions: Vec::new() });
    }
    let room = answer::room(arguments.max_chars).saturating_sub(answer::length(&totals));
    let fitting = answer::fitting(question.threadkeep, items, room)?;
    let end = begin + fitting.items.len();
    let next_cursor = (end < rows.len()).then(|| end.to_string());
    Ok(Answer { totals, rows: fitting.items, prices_date, next_cursor, redactions: fitting.redactions.list() })
}
