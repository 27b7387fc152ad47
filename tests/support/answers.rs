//! What the program answers, against what a plain reading expects.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::{Program, Reading};

/// What every item of `list`, `find` and `read` carries, be it null.
pub const FIELDS: [&str; 21] = [
    "id",
    "name",
    "preview",
    "title",
    "path",
    "archived",
    "cwd",
    "createdAt",
    "updatedAt",
    "source",
    "modelProvider",
    "model",
    "cliVersion",
    "gitBranch",
    "gitSha",
    "gitOriginUrl",
    "tokensUsed",
    "parentThreadId",
    "forkedFromId",
    "historyMode",
    "lastCwd",
];

/// Every thread that the program lists, each once, by id.
pub fn list_everything(program: &Program) -> BTreeMap<String, Value> {
    let list = program.json(["list", "--limit", "0", "--all", "--source", "any", "--flat"]);
    assert_eq!(list["nextCursor"], Value::Null);
    let mut items = BTreeMap::new();
    for item in list["items"].as_array().unwrap() {
        let id = item["id"].as_str().unwrap().to_owned();
        assert!(items.insert(id.clone(), item.clone()).is_none(), "{id} is listed twice");
    }
    items
}

/// The ids of a list, in its order.
pub fn ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

/// Everything in which the items differ from a reading of the home, in words; nothing when all is well.
pub fn differences(items: &BTreeMap<String, Value>, reading: &Reading, home: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for id in items.keys().filter(|id| !reading.threads.contains_key(*id)) {
        found.push(format!("{id}: listed, and not there"));
    }
    for (id, thread) in &reading.threads {
        let Some(item) = items.get(id) else {
            found.push(format!("{id}: not listed"));
            continue;
        };
        for field in FIELDS.iter().filter(|field| item.get(**field).is_none()) {
            found.push(format!("{id}: has no {field}"));
        }
        for (field, expected) in thread.facts() {
            let mut is = item[field].clone();
            if field == "path" {
                let path = Path::new(is.as_str().unwrap_or_default());
                is = path.strip_prefix(home).ok().and_then(Path::to_str).unwrap_or("not below the home").into();
            }
            if is != expected && !(field == "preview" && begins(&is, &expected)) {
                found.push(format!("{id}: {field} is {is} and should be {expected}"));
            }
        }
    }
    found
}

/// A very long first message may be shown in part.
fn begins(is: &Value, expected: &Value) -> bool {
    const LONG: usize = 16 << 10;
    let (is, expected) = (is.as_str().unwrap_or_default(), expected.as_str().unwrap_or_default());
    is.len() >= LONG && expected.starts_with(is)
}
