//! Lists of threads, by time or by section.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::value::RawValue;
use threadkeep::contract::{RowQuery, ThreadRow};

use super::plugins::said_by_plugins;
use super::{Answer, Call, MethodResult};
use crate::envelope::raw;
use crate::error::RpcError;
use crate::protocol::{Kin, ListParams, PAGE_BYTES, Plan, SUB_AGENTS, Section, SectionListParams, Window};

/// How many rows are asked for at a time beyond those that are shown.
const SPARE_ROWS: usize = 1;

/// What `thread/list` answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListResponse {
    data: Vec<Box<RawValue>>,
    read_states: Option<()>,
    next_cursor: Option<String>,
    backwards_cursor: Option<String>,
}

/// `thread/list`: a page of the threads that pass.
pub(super) fn list(call: &Call<'_>) -> MethodResult {
    let params: ListParams = call.read()?;
    let columns = params.threadkeep.as_ref().map(|own| own.columns.as_slice());
    match params.plan(call.threads.default_provider())? {
        Plan::Nothing => nothing(),
        Plan::ByTime(window) => by_time(call, window, columns),
        Plan::BySection { window, section, after } => by_section(call, window, &section, after.as_deref(), columns),
    }
}

fn nothing() -> MethodResult {
    Answer::of(&ListResponse { data: Vec::new(), read_states: None, next_cursor: None, backwards_cursor: None })
}

fn by_time(call: &Call<'_>, mut window: Window, columns: Option<&[String]>) -> MethodResult {
    if !settle(call, &mut window)? {
        return nothing();
    }
    let (rows, mut more) = rows(call, &window)?;
    let data = fitting(call, &rows, &mut more, columns)?;
    let cursors = rows.first().zip(rows.get(data.len().saturating_sub(1)));
    let (next, back) = cursors.map(|(first, last)| window.cursors(first, last)).unzip();
    Answer::of(&ListResponse { data, read_states: None, next_cursor: next.filter(|_| more), backwards_cursor: back })
}

/// Looks up what a window says in words: sub-agents, ids that may have to be looked for, sections. Says whether any thread can pass.
fn settle(call: &Call<'_>, window: &mut Window) -> Result<bool, RpcError> {
    if call.threads.has_foreign_threads()? {
        window.include_foreign();
    }
    if let Some(included) = &window.included {
        // What is found so has its row put right.
        call.threads.find_all(included, None)?;
    }
    if let Some(kin) = &window.kin {
        only(&mut window.query, kin_of(call, kin)?);
    }
    match &window.section {
        None => {}
        Some(Some(section)) => {
            let places = call.threads.section_places(None)?;
            let of_it = places.into_iter().filter(|place| place.section == *section);
            only(&mut window.query, of_it.map(|place| place.thread).collect());
        }
        Some(None) => {
            let places = call.threads.section_places(None)?;
            window.filter.exclude(places.into_iter().map(|place| place.thread));
        }
    }
    Ok(window.query.among.as_ref().is_none_or(|among| !among.is_empty()))
}

/// Leaves only some threads in a query.
fn only(query: &mut RowQuery, ids: Vec<String>) {
    query.among = Some(match query.among.take() {
        Some(among) => among.into_iter().filter(|id| ids.contains(id)).collect(),
        None => ids,
    });
}

/// Gives the ids of the sub-agents of a thread.
fn kin_of(call: &Call<'_>, kin: &Kin) -> Result<Vec<String>, RpcError> {
    let kinds = SUB_AGENTS.iter().map(|kind| (*kind).to_owned()).collect();
    let agents = call.threads.every_thread(&RowQuery { source_kinds: Some(kinds), ..RowQuery::default() })?;
    let mut spawned: HashMap<&str, Vec<&str>> = HashMap::new();
    for row in agents.iter().map(|listed| &listed.row) {
        if let Some(parent) = &row.parent_thread_id {
            spawned.entry(parent).or_default().push(&row.id);
        }
    }
    let (of, is_deep) = match kin {
        Kin::Children(parent) => (parent, false),
        Kin::Descendants(ancestor) => (ancestor, true),
    };
    // Parents may stand in a circle.
    let (mut met, mut found) = (HashSet::from([of.as_str()]), Vec::new());
    let mut parents = vec![of.as_str()];
    while let Some(parent) = parents.pop() {
        for child in spawned.get(parent).into_iter().flatten() {
            if met.insert(child) {
                found.push((*child).to_owned());
                if is_deep {
                    parents.push(child);
                }
            }
        }
    }
    Ok(found)
}

/// Gives the rows of a window, and says whether there are more behind them.
fn rows(call: &Call<'_>, window: &Window) -> Result<(Vec<ThreadRow>, bool), RpcError> {
    let (mut rows, mut cursor) = (Vec::new(), None::<String>);
    let asked = u32::try_from(window.length + SPARE_ROWS).unwrap_or(u32::MAX);
    loop {
        let page = call.threads.list(&window.query, cursor.as_deref(), asked)?;
        let passing = page.rows.into_iter().map(|listed| listed.row);
        rows.extend(passing.filter(|row| window.holds(row, call.threads.default_provider())));
        cursor = page.next;
        if rows.len() > window.length || cursor.is_none() {
            break;
        }
    }
    let more = rows.len() > window.length;
    rows.truncate(window.length);
    Ok((rows, more))
}

/// Makes the threads of rows as far as a page has room for them, with what plugins say of them where that is asked for.
fn fitting(
    call: &Call<'_>,
    rows: &[ThreadRow],
    more: &mut bool,
    columns: Option<&[String]>,
) -> Result<Vec<Box<RawValue>>, RpcError> {
    let (mut data, mut bytes) = (Vec::with_capacity(rows.len()), 0);
    let mut told =
        columns.map(|columns| said_by_plugins(call, columns, rows)).transpose()?.unwrap_or_default().into_iter();
    for thread in call.show_all(rows.to_vec())? {
        let thread = match told.next() {
            Some(own) => thread.with_own(own),
            None => thread,
        };
        let thread = raw(&thread)?;
        bytes += thread.get().len() + 1;
        if bytes > PAGE_BYTES && !data.is_empty() {
            *more = true;
            break;
        }
        data.push(thread);
    }
    Ok(data)
}

/// Gives the threads of a section in the order that the user gave them.
fn by_section(
    call: &Call<'_>,
    mut window: Window,
    section: &str,
    after: Option<&str>,
    columns: Option<&[String]>,
) -> MethodResult {
    let mut places = call.threads.section_places(None)?;
    places.retain(|place| place.section == section);
    places.sort_by(|one, other| (one.position, &one.thread).cmp(&(other.position, &other.thread)));
    if window.query.ascending {
        places.reverse();
    }
    if !settle(call, &mut window)? {
        return nothing();
    }
    let passing = call.threads.every_thread(&window.query)?.into_iter().map(|listed| listed.row);
    let passing: Vec<ThreadRow> = passing.filter(|row| window.holds(row, call.threads.default_provider())).collect();
    let ordered = places.iter().filter_map(|place| passing.iter().find(|row| row.id == place.thread));
    let mut ordered: Vec<ThreadRow> = ordered.cloned().collect();
    if let Some(at) = after.and_then(|after| ordered.iter().position(|row| row.id == after)) {
        ordered.drain(..=at);
    }
    let mut more = ordered.len() > window.length;
    ordered.truncate(window.length);
    let data = fitting(call, &ordered, &mut more, columns)?;
    let last = data.len().checked_sub(1).and_then(|last| ordered.get(last));
    let next_cursor = last.filter(|_| more).map(|last| last.id.clone());
    Answer::of(&ListResponse { data, read_states: None, next_cursor, backwards_cursor: None })
}

/// `threadSection/list`: the sections into which users put threads in Codex.
pub(super) fn sections(call: &Call<'_>) -> MethodResult {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Response {
        data: Vec<Section>,
        next_cursor: Option<String>,
    }
    let SectionListParams { cursor, limit } = call.read()?;
    let mut data: Vec<Section> = call.threads.sections()?.iter().map(Section::from).collect();
    if let Some(cursor) = cursor {
        let at = data.iter().position(|section| section.id == cursor);
        let at = at.ok_or_else(|| RpcError::invalid(format!("invalid cursor: {cursor}")))?;
        data.drain(..=at);
    }
    let length = limit.map_or(data.len(), |limit| limit.max(1) as usize);
    let next_cursor = (data.len() > length).then(|| data[length - 1].id.clone());
    data.truncate(length);
    Answer::of(&Response { data, next_cursor })
}
