//! `list`: page after page, printed while they come.

use threadkeep::component::exports::lookup::Listed;
use threadkeep::component::imports::state::{RowQuery, SortKey};
use threadkeep::component::types::{Collection, ThreadRow};
use threadkeep::threads::lookup::LookupError;

use super::super::args::{List, Sort, SourceKind};
use super::super::item::Item;
use super::super::{Usage, say, text};
use super::Session;

/// Threads asked for and printed at a time.
const PAGE: u32 = 1_000;

impl Session {
    pub(super) fn list(&self, list: &List) -> anyhow::Result<()> {
        let query = query(list)?;
        if list.missing && self.global.no_state {
            return Err(
                Usage("--missing asks what the state DB remembers, so it cannot go with --no-state".into()).into()
            );
        }
        let mut state = self.start_to_look();
        anyhow::ensure!(!list.missing || state.is_some(), "only the state DB knows of threads whose rollouts are gone");
        let mut lookup = self.lister(state.as_ref())?;
        let mut out = std::io::stdout().lock();
        let mut printer = Printer::new(&mut out, self.global.json, &query);
        let mut cursor = list.cursor.clone();
        let mut left = list.limit;
        loop {
            // All there are, but never all at once.
            let wanted = if list.limit == 0 { PAGE } else { left.min(PAGE) };
            let page = match lookup.page(&query, cursor.as_deref(), wanted) {
                Err(LookupError::State { message: failure, .. }) if state.is_some() && !list.missing => {
                    // The cursor is a place in the order, and the order is the same without the state DB.
                    drop((lookup, state.take()));
                    state = self.start_again(&failure);
                    lookup = self.lister(state.as_ref())?;
                    lookup.page(&query, cursor.as_deref(), wanted)?
                }
                other => other?,
            };
            left = left.saturating_sub(page.rows.iter().filter(|listed| listed.depth == 0).count() as u32);
            cursor = page.next;
            printer.rows(&page.rows, self)?;
            if cursor.is_none() || (list.limit != 0 && left == 0) {
                return printer.end(cursor.as_deref());
            }
        }
    }
}

/// Prints a list while it comes: `{"items":[…],"nextCursor":…}`, or a line a thread. What is folded under a thread comes
/// after it: in its `subAgents`, or indented.
struct Printer<'a, W: std::io::Write> {
    out: &'a mut W,
    json: bool,
    folded: bool,
    time: fn(&ThreadRow) -> i64,
    /// Items that are open: each inside the one before.
    open: u32,
    printed: bool,
}

impl<'a, W: std::io::Write> Printer<'a, W> {
    fn new(out: &'a mut W, json: bool, query: &RowQuery) -> Self {
        let time: fn(&ThreadRow) -> i64 = match query.sort {
            SortKey::Created => |row| row.created_at,
            SortKey::Updated => |row| row.updated_at,
            SortKey::Recency => |row| row.recency_at,
        };
        Printer { out, json, folded: query.fold_children, time, open: 0, printed: false }
    }

    fn rows(&mut self, rows: &[Listed], session: &Session) -> anyhow::Result<()> {
        if !self.json {
            self.printed |= !rows.is_empty();
            return Ok(self.out.write_all(text::list(rows, self.time, text::width()).as_bytes())?);
        }
        let mut text = String::new();
        for Listed { row, depth } in rows {
            let first = !std::mem::replace(&mut self.printed, true);
            let inside = self.folded && *depth == self.open && *depth > 0;
            text.push_str(&self.close_down_to(*depth));
            text.push_str(match (first, inside) {
                (true, _) => "{\"items\":[",
                (_, true) => "",
                _ => ",",
            });
            let item = serde_json::to_string(&Item::new(row, &session.home)?.now_in(session.current_cwd(row)))?;
            match item.strip_suffix('}').filter(|_| self.folded) {
                Some(unclosed) => {
                    text.push_str(unclosed);
                    text.push_str(",\"subAgents\":[");
                    self.open = depth + 1;
                }
                None => text.push_str(&item),
            }
        }
        Ok(self.out.write_all(text.as_bytes())?)
    }

    /// Ends the items that the next one, at this depth, is not inside of.
    fn close_down_to(&mut self, depth: u32) -> String {
        let ended = self.open.saturating_sub(depth);
        self.open -= ended;
        "]}".repeat(ended as usize)
    }

    fn end(mut self, next: Option<&str>) -> anyhow::Result<()> {
        if self.json {
            let ends = self.close_down_to(0);
            let begin = if self.printed { "" } else { "{\"items\":[" };
            writeln!(self.out, "{ends}{begin}],\"nextCursor\":{}}}", serde_json::to_string(&next)?)?;
        }
        self.out.flush()?;
        match next {
            _ if self.json => {}
            Some(next) => say(&format!("more with --cursor {next}")),
            None if !self.printed => say("no threads"),
            None => {}
        }
        Ok(())
    }
}

fn query(list: &List) -> anyhow::Result<RowQuery> {
    let within = match (list.archived, list.all) {
        (true, _) => Some(Collection::Archived),
        (_, true) => None,
        _ => Some(Collection::Active),
    };
    if let (Some(since), Some(until)) = (list.since, list.until)
        && since >= until
    {
        return Err(Usage(
            "--until must be later than --since: nothing is both since the one and before the other".into(),
        )
        .into());
    }
    let any = list.source.is_empty() || list.source.contains(&SourceKind::Any);
    let kinds = || list.source.iter().filter_map(|kind| kind.row_kinds()).flatten().map(|kind| kind.to_string());
    Ok(RowQuery {
        within,
        source_kinds: (!any).then(|| kinds().collect()),
        fold_children: !list.flat,
        missing: list.missing,
        provider: list.provider.clone(),
        cwd: list.cwd.clone(),
        under: list.under.clone(),
        also_cwd: Vec::new(),
        also_under: Vec::new(),
        since: list.since,
        until: list.until,
        title: list.title.clone(),
        name: list.name.clone(),
        branch: list.branch.clone(),
        repo: list.repo.clone(),
        sort: match list.sort {
            Sort::Created => SortKey::Created,
            Sort::Updated => SortKey::Updated,
            Sort::Recency => SortKey::Recency,
        },
        ascending: list.asc,
    })
}
