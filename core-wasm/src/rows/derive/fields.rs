//! Lists the fields of a row once, for whoever goes through them: comparing, showing, checking.

use alloc::vec::Vec;

use contract::{Provenance, ThreadRow};

/// Holds the value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// A text, where there is one.
    Text(Option<&'a str>),
    /// A number, where there is one.
    Number(Option<i64>),
    /// Yes or no.
    Flag(bool),
    /// Where a name was learned, where there is one.
    Source(Option<Provenance>),
}

impl<'a> From<&'a alloc::string::String> for Field<'a> {
    fn from(text: &'a alloc::string::String) -> Self {
        Field::Text(Some(text))
    }
}

impl<'a> From<&'a Option<alloc::string::String>> for Field<'a> {
    fn from(text: &'a Option<alloc::string::String>) -> Self {
        Field::Text(text.as_deref())
    }
}

impl From<&i64> for Field<'_> {
    fn from(number: &i64) -> Self {
        Field::Number(Some(*number))
    }
}

impl From<&Option<i64>> for Field<'_> {
    fn from(number: &Option<i64>) -> Self {
        Field::Number(*number)
    }
}

impl From<&bool> for Field<'_> {
    fn from(flag: &bool) -> Self {
        Field::Flag(*flag)
    }
}

impl From<&Option<Provenance>> for Field<'_> {
    fn from(source: &Option<Provenance>) -> Self {
        Field::Source(*source)
    }
}

macro_rules! fields {
    ($row:ident: $($field:ident),* $(,)?) => {{
        // One that is added to the contract does not compile until it stands here.
        let ThreadRow { $($field),* } = $row;
        [$((stringify!($field), Field::from($field))),*].into()
    }};
}

/// Gives every field of a row with its name, in the order in which differences are told.
pub fn fields(row: &ThreadRow) -> Vec<(&'static str, Field<'_>)> {
    fields!(row:
        id, path, archived, name, name_source, preview, title, cwd, last_cwd, created_at, updated_at, recency_at,
        source, source_kind, first_user_message, base_thread_id, missing, model_provider, model, cli_version,
        git_branch, git_sha, git_origin_url, tokens_used, parent_thread_id, forked_from_id, history_mode, memory_mode,
    )
}
