//! Reads the names that users gave, and decides which of several counts.

use alloc::string::String;
use alloc::vec::Vec;

use crate::text::json::Cursor;
use crate::text::paths::canonical_id;
use contract::{CodexFacts, NameClaim, Provenance};

/// Reads names in lines of `session_index.jsonl`, `{"id","thread_name","updated_at"}` each, in order. The last line of a
/// thread counts, and of several threads the one further down was named later; empty names and lines that are not JSON
/// count for nothing. A line with `"cleared":true`, which says nothing to Codex, takes the name away: its name is empty.
/// `first` is the place of the first name among all.
pub fn index_names(lines: &[u8], first: u64) -> Vec<NameClaim> {
    let claims = lines.split(|&b| b == b'\n').filter_map(index_line);
    claims.zip(first..).map(|(claim, place)| NameClaim { given: Some(place), ..claim }).collect()
}

fn index_line(line: &[u8]) -> Option<NameClaim> {
    let (mut id, mut name, mut cleared) = (None, None, false);
    // An editor leaves a byte order mark at the beginning, and a copy of two files has one in the middle.
    let mut cursor = Cursor::new(line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line));
    let read = cursor.object(|c, key| {
        match key.raw() {
            b"id" => id = c.text()?,
            b"thread_name" => name = c.text()?,
            b"cleared" => cleared = c.raw()? == b"true",
            _ => c.skip()?,
        }
        Ok(())
    });
    read.and_then(|()| cursor.finish()).ok()?;
    if cleared {
        let thread = canonical_id(&id?.decode())?;
        return Some(NameClaim { thread, name: String::new(), source: Provenance::SessionIndex, given: None });
    }
    claim(&id?.decode(), &name?.decode(), Provenance::SessionIndex)
}

/// Reads names in rows of the Codex DB. A paginated thread has a column of its own; a legacy one has only its title,
/// which is a name exactly when it is not the first user message.
pub fn codex_names(rows: &[(String, CodexFacts)]) -> Vec<NameClaim> {
    let name = |facts: &CodexFacts| -> Option<String> {
        if let Some(name) = facts.name.as_deref().filter(|name| !name.trim().is_empty()) {
            return Some(name.into());
        }
        if facts.history_mode.as_deref() == Some("paginated") {
            return None;
        }
        let title = facts.title.as_deref()?;
        // A backfill takes the title from the first message with a text, where the first message itself had none.
        let first = facts.first_user_message.as_deref()?;
        (!first.trim().is_empty() && first != "[Image]" && title.trim() != first.trim()).then(|| title.into())
    };
    rows.iter().filter_map(|(id, facts)| claim(id, &name(facts)?, Provenance::CodexDb)).collect()
}

fn claim(id: &str, name: &str, source: Provenance) -> Option<NameClaim> {
    let name = name.trim();
    let thread = canonical_id(id)?;
    (!name.is_empty()).then(|| NameClaim { thread, name: name.into(), source, given: None })
}

/// Returns the claim that counts: the strongest source's, unless that one says that there is no name. That a user took the
/// name away is a user's word, also where only the session index has it.
pub fn strongest(claims: &[NameClaim]) -> Option<&NameClaim> {
    let rank = |claim: &&NameClaim| (claim.source == Provenance::User, claim.name.is_empty(), claim.source);
    claims.iter().max_by_key(rank).filter(|claim| !claim.name.is_empty())
}

/// Returns the place of a thread's name in the order in which names were given, as far as a source that says the same
/// knows it; none if the thread is called otherwise.
pub fn place_of(claims: &[NameClaim], name: &str) -> Option<Option<u64>> {
    strongest(claims).filter(|claim| claim.name == name)?;
    Some(claims.iter().filter(|claim| claim.name == name).filter_map(|claim| claim.given).max())
}

#[cfg(test)]
mod tests;
