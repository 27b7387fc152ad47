//! Functions for SQL, by which rows are compared as the core compares them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use threadkeep_engine::Call;
use threadkeep_engine::calls::{DirectoryKey, RepositoryKey, TextWithoutCase};

use super::{RowDeriver, StateError};

/// More keys than this are not kept: a home has some hundred directories.
const MOST_KEPT: usize = 16_384;

/// Adds the functions to a connection.
///
/// - `directory_key(TEXT)`, `repository_key(TEXT)`: as the core's functions of these names
/// - `is_under(DIRECTORY, DIRECTORY)`: whether the first one lies in the second, or is it
/// - `says(TEXT, PART)`: whether a text contains a part, letters compared without their case as the core does
///
/// Of a NULL all are NULL.
pub(super) fn add(connection: &Connection, deriver: &RowDeriver) -> Result<(), StateError> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let keys = Keys::new(deriver, |directory| DirectoryKey { directory });
    connection.create_scalar_function("directory_key", 1, flags, move |call| keys.of(call, 0))?;
    let keys = Keys::new(deriver, |url| RepositoryKey { url });
    connection.create_scalar_function("repository_key", 1, flags, move |call| keys.of(call, 0))?;
    let keys = Keys::new(deriver, |directory| DirectoryKey { directory });
    connection.create_scalar_function("is_under", 2, flags, move |call| {
        let (Some(directory), Some(under)) = (keys.of(call, 0)?, keys.of(call, 1)?) else { return Ok(None) };
        let below = directory.strip_prefix(under.trim_end_matches('/'));
        Ok(Some(directory == under || below.is_some_and(|below| below.starts_with('/'))))
    })?;
    let keys = Keys::new(deriver, |text| TextWithoutCase { text });
    connection.create_scalar_function("says", 2, flags, move |call| {
        let (Some(whole), Some(part)) = (text(call, 0)?, keys.of(call, 1)?) else { return Ok(None) };
        // Of English letters there is nothing to ask, and most titles have no others.
        if whole.is_ascii() {
            return Ok(Some(whole.to_ascii_lowercase().contains(&*part)));
        }
        Ok(keys.of(call, 0)?.map(|whole| whole.contains(&*part)))
    })?;
    Ok(())
}

fn text<'a>(call: &'a Context<'_>, argument: usize) -> rusqlite::Result<Option<&'a str>> {
    Ok(call.get_raw(argument).as_str_or_null()?)
}

/// Keys that the core has told, to be told once for each text.
struct Keys<F> {
    deriver: RowDeriver,
    question: F,
    known: RefCell<HashMap<String, Arc<str>>>,
}

impl<C: Call<Answer = String>, F: Fn(String) -> C> Keys<F> {
    fn new(deriver: &RowDeriver, question: F) -> Keys<F> {
        Keys { deriver: deriver.clone(), question, known: RefCell::default() }
    }

    fn of(&self, call: &Context<'_>, argument: usize) -> rusqlite::Result<Option<Arc<str>>> {
        let Some(text) = text(call, argument)? else { return Ok(None) };
        if let Some(key) = self.known.borrow().get(text) {
            return Ok(Some(key.clone()));
        }
        let told = self.deriver.call(&(self.question)(text.into()));
        let key: Arc<str> = told.map_err(|error| rusqlite::Error::UserFunctionError(Box::new(error)))?.into();
        let mut known = self.known.borrow_mut();
        if known.len() >= MOST_KEPT {
            known.clear();
        }
        known.insert(text.into(), key.clone());
        Ok(Some(key))
    }
}
