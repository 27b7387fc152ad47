use crate::bindings::imports::threadkeep::plugin::{self as contract, log::Level, source, threads};
use crate::{Millis, Result, ThreadId};

pub(crate) fn log(level: Level, text: &str) {
    contract::log::write(level, text);
}

pub(crate) fn progress(done: u64, of: Option<u64>) {
    contract::progress::report(done, of);
}

pub(crate) fn now() -> Millis {
    contract::clock::now()
}

pub(crate) fn random() -> u32 {
    contract::random::next()
}

pub(crate) fn begin(name: &str) -> Result<()> {
    Ok(contract::output::begin(name)?)
}

pub(crate) fn text(text: &str) -> Result<()> {
    Ok(contract::output::text(text)?)
}

pub(crate) fn bytes(bytes: &[u8]) -> Result<()> {
    Ok(contract::output::bytes(bytes)?)
}

pub(crate) fn list(after: Option<&str>, limit: u32) -> Result<Vec<ThreadId>> {
    Ok(threads::list(after, limit)?)
}

pub(crate) fn facts_of(of: &[ThreadId]) -> Result<Vec<threads::Facts>> {
    Ok(threads::facts_of(of)?)
}

pub(crate) fn names_of(of: &[ThreadId]) -> Result<Vec<threads::Names>> {
    Ok(threads::names_of(of)?)
}

pub(crate) fn places_of(of: &[ThreadId]) -> Result<Vec<threads::Places>> {
    Ok(threads::places_of(of)?)
}

pub(crate) fn usage_of(of: &[ThreadId]) -> Result<Vec<threads::Usage>> {
    Ok(threads::usage_of(of)?)
}

pub(crate) struct History(threads::History);

impl History {
    pub(crate) fn open(of: &str) -> Result<Self> {
        Ok(Self(threads::History::open(of)?))
    }

    pub(crate) fn next(&mut self) -> Result<Vec<threads::Entry>> {
        Ok(self.0.next()?)
    }

    pub(crate) fn as_json(&self) -> Result<Vec<String>> {
        Ok(self.0.as_json()?)
    }
}

pub(crate) fn files(after: Option<&str>, limit: u32) -> Result<Vec<source::File>> {
    Ok(source::list(after, limit)?)
}

pub(crate) struct Reader(source::Reader);

impl Reader {
    pub(crate) fn open(name: &str, offset: u64) -> Result<Self> {
        Ok(Self(source::Reader::open(name, offset)?))
    }

    pub(crate) fn bytes(&mut self, limit: u32) -> Result<Vec<u8>> {
        Ok(self.0.bytes(limit)?)
    }

    pub(crate) fn lines(&mut self, limit: u32) -> Result<Vec<String>> {
        Ok(self.0.lines(limit)?)
    }
}

pub(crate) fn tables(file: &str) -> Result<Vec<String>> {
    Ok(source::tables(file)?)
}

pub(crate) struct Rows(source::Rows);

impl Rows {
    pub(crate) fn open(
        file: &str,
        table: &str,
        columns: &[&str],
        conditions: &[(&str, source::Cell)],
        order: &[&str],
    ) -> Result<Self> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let condition =
            |(column, is): &(&str, source::Cell)| source::Condition { column: (*column).to_owned(), is: is.clone() };
        let conditions: Vec<_> = conditions.iter().map(condition).collect();
        Ok(Self(source::Rows::open(file, table, &owned(columns), &conditions, &owned(order))?))
    }

    pub(crate) fn next(&mut self, limit: u32) -> Result<Vec<Vec<source::Cell>>> {
        Ok(self.0.next(limit)?)
    }
}
