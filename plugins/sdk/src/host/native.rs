use std::cell::RefCell;
use std::path::PathBuf;

use crate::bindings::imports::threadkeep::plugin::{log::Level, source, threads};
use crate::testing::{Home, Run, Thread};
use crate::{Error, Millis, Result, ThreadId};

thread_local! {
    static CURRENT: RefCell<Option<(Home, Run)>> = const { RefCell::new(None) };
}

/// Runs something with a home in place of the imports, and returns what came of it.
pub(crate) fn run_in<T>(home: &Home, run: impl FnOnce() -> T) -> (T, Run) {
    CURRENT.with_borrow_mut(|current| *current = Some((home.clone(), Run::default())));
    let result = run();
    let current = CURRENT.with_borrow_mut(Option::take);
    (result, current.map(|(_, run)| run).unwrap_or_default())
}

fn with<T>(call: impl FnOnce(&Home, &mut Run) -> T) -> T {
    CURRENT.with_borrow_mut(|current| {
        let (home, run) = current.as_mut().expect("a plugin is called within testing::Home::run");
        call(home, run)
    })
}

pub(crate) fn log(level: Level, text: &str) {
    with(|_, run| run.log.push((level, text.to_owned())));
}

pub(crate) fn progress(_done: u64, _of: Option<u64>) {}

pub(crate) fn now() -> Millis {
    with(|home, _| home.now)
}

pub(crate) fn random() -> u32 {
    // Xorshift: what follows is decided by what came before.
    with(|_, run| {
        run.random = if run.random == 0 { 0x9E37_79B9 } else { run.random };
        run.random ^= run.random << 13;
        run.random ^= run.random >> 17;
        run.random ^= run.random << 5;
        run.random
    })
}

pub(crate) fn begin(name: &str) -> Result<()> {
    with(|_, run| run.files.push((name.to_owned(), Vec::new())));
    Ok(())
}

pub(crate) fn text(text: &str) -> Result<()> {
    bytes(text.as_bytes())
}

pub(crate) fn bytes(bytes: &[u8]) -> Result<()> {
    with(|_, run| {
        if run.files.is_empty() {
            run.files.push((String::new(), Vec::new()));
        }
        if let Some((_, content)) = run.files.last_mut() {
            content.extend_from_slice(bytes);
        }
    });
    Ok(())
}

pub(crate) fn list(after: Option<&str>, limit: u32) -> Result<Vec<ThreadId>> {
    with(|home, _| {
        let ids = home.threads.iter().map(|thread| thread.facts.id.clone());
        Ok(match after {
            Some(after) => ids.skip_while(|id| id != after).skip(1).take(limit as usize).collect(),
            None => ids.take(limit as usize).collect(),
        })
    })
}

fn of<T>(grant: &str, ids: &[ThreadId], fact: impl Fn(&Thread) -> T) -> Result<Vec<T>> {
    with(|home, _| {
        home.granted(grant)?;
        let thread = |id: &ThreadId| home.threads.iter().find(|thread| thread.facts.id == *id);
        Ok(ids.iter().filter_map(thread).map(fact).collect())
    })
}

pub(crate) fn facts_of(ids: &[ThreadId]) -> Result<Vec<threads::Facts>> {
    of("facts", ids, |thread| thread.facts.clone())
}

pub(crate) fn names_of(ids: &[ThreadId]) -> Result<Vec<threads::Names>> {
    of("names", ids, |thread| thread.names.clone())
}

pub(crate) fn places_of(ids: &[ThreadId]) -> Result<Vec<threads::Places>> {
    of("places", ids, |thread| thread.places.clone())
}

pub(crate) fn usage_of(ids: &[ThreadId]) -> Result<Vec<threads::Usage>> {
    of("usage", ids, |thread| thread.usage.clone())
}

/// One entry is a page, so that a plugin that takes a page for the whole is found out.
pub(crate) struct History {
    entries: std::vec::IntoIter<threads::Entry>,
    last: Vec<threads::Item>,
}

impl History {
    pub(crate) fn open(of: &str) -> Result<Self> {
        with(|home, _| {
            home.granted("history")?;
            let thread = home.threads.iter().find(|thread| thread.facts.id == of).ok_or_else(Error::not_found)?;
            Ok(Self { entries: thread.history.clone().into_iter(), last: Vec::new() })
        })
    }

    pub(crate) fn next(&mut self) -> Result<Vec<threads::Entry>> {
        let page: Vec<_> = self.entries.next().into_iter().collect();
        let item = |entry: &threads::Entry| match entry {
            threads::Entry::Item(item) => Some(item.clone()),
            threads::Entry::Turn(_) => None,
        };
        self.last = page.iter().filter_map(item).collect();
        Ok(page)
    }

    pub(crate) fn as_json(&self) -> Result<Vec<String>> {
        Ok(self.last.iter().map(|item| format!(r#"{{"id":{:?},"type":{:?}}}"#, item.id, item.kind)).collect())
    }
}

pub(crate) fn files(after: Option<&str>, limit: u32) -> Result<Vec<source::File>> {
    let files = with(|home, _| home.all_files())?;
    let behind = files.into_iter().filter(|file| after.is_none_or(|after| file.name.as_str() > after));
    Ok(behind.take(limit as usize).collect())
}

/// The content is read at once; a line is a page.
pub(crate) struct Reader(Vec<u8>);

impl Reader {
    pub(crate) fn open(name: &str, offset: u64) -> Result<Self> {
        let mut content = with(|home, _| match home.files.get(name) {
            Some(content) => Ok(content.clone()),
            None => {
                let directory = home.directory.as_ref().ok_or_else(Error::not_found)?;
                std::fs::read(directory.join(PathBuf::from(name))).map_err(|_| Error::not_found())
            }
        })?;
        content.drain(..content.len().min(offset as usize));
        Ok(Self(content))
    }

    pub(crate) fn bytes(&mut self, limit: u32) -> Result<Vec<u8>> {
        let end = self.0.len().min(limit as usize);
        Ok(self.0.drain(..end).collect())
    }

    pub(crate) fn lines(&mut self, _limit: u32) -> Result<Vec<String>> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        let content = String::from_utf8_lossy(&self.0).into_owned();
        self.0.clear();
        Ok(content.lines().map(str::to_owned).collect())
    }
}

pub(crate) fn tables(file: &str) -> Result<Vec<String>> {
    with(|home, _| {
        let tables: Vec<_> = home.tables.keys().filter(|(of, _)| of == file).map(|(_, name)| name.clone()).collect();
        if tables.is_empty() { Err(Error::not_found()) } else { Ok(tables) }
    })
}

pub(crate) struct Rows(std::vec::IntoIter<Vec<source::Cell>>);

impl Rows {
    pub(crate) fn open(
        file: &str,
        table: &str,
        columns: &[&str],
        conditions: &[(&str, source::Cell)],
        order: &[&str],
    ) -> Result<Self> {
        with(|home, _| {
            let table = home.tables.get(&(file.to_owned(), table.to_owned())).ok_or_else(Error::not_found)?;
            let place = |name: &str| {
                let place = table.columns.iter().position(|column| column == name);
                place.ok_or_else(|| Error::invalid(format!("there is no column {name}")))
            };
            let columns = columns.iter().map(|name| place(name)).collect::<Result<Vec<_>>>()?;
            let order = order.iter().map(|name| place(name)).collect::<Result<Vec<_>>>()?;
            let mut rows = table.rows.clone();
            for (name, is) in conditions {
                let column = place(name)?;
                rows.retain(|row| row.get(column) == Some(is));
            }
            rows.sort_by_key(|row| order.iter().map(|column| sort_key(&row[*column])).collect::<Vec<_>>());
            let chosen = |row: Vec<source::Cell>| columns.iter().map(|column| row[*column].clone()).collect();
            Ok(Self(rows.into_iter().map(chosen).collect::<Vec<_>>().into_iter()))
        })
    }

    pub(crate) fn next(&mut self, limit: u32) -> Result<Vec<Vec<source::Cell>>> {
        Ok(self.0.by_ref().take(limit as usize).collect())
    }
}

/// Null, numbers, text, in this order.
fn sort_key(cell: &source::Cell) -> (u8, i64, Vec<u8>) {
    match cell {
        source::Cell::Null => (0, 0, Vec::new()),
        source::Cell::Integer(number) => (1, *number, Vec::new()),
        source::Cell::Real(number) => (1, *number as i64, Vec::new()),
        source::Cell::Text(text) => (2, 0, text.clone().into_bytes()),
        source::Cell::Blob(bytes) => (3, 0, bytes.clone()),
    }
}
