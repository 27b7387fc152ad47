//! Ids of threads, as clients write them.

/// Reads the id of a thread: a UUID in any of the forms that Codex accepts.
///
/// # Errors
///
/// Says in Codex's words what is wrong with it.
pub(crate) fn thread_id(given: &str) -> Result<String, String> {
    uuid::Uuid::parse_str(given).map(|id| id.hyphenated().to_string()).map_err(|_| fault(given))
}

/// Says what is wrong with an id.
fn fault(given: &str) -> String {
    let id = given.strip_prefix("urn:uuid:").unwrap_or(given);
    let offset = given.len() - id.len();
    let stranger = id.char_indices().find(|(_, letter)| !letter.is_ascii_hexdigit() && *letter != '-');
    if let Some((at, letter)) = stranger {
        let place = offset + at + 1;
        return format!(
            "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `{letter}` at {place}"
        );
    }
    let groups: Vec<&str> = id.split('-').collect();
    match groups.len() {
        1 => format!("invalid length: expected length 32 for simple format, found {}", id.len()),
        5 => {
            let lengths = [8, 4, 4, 4, 12];
            let wrong = groups.iter().zip(lengths).position(|(group, length)| group.len() != length).unwrap_or(0);
            let (expected, found) = (lengths[wrong], groups[wrong].len());
            format!("invalid group length in group {wrong}: expected {expected}, found {found}")
        }
        count => format!("invalid group count: expected 5, found {count}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_accepted_in_every_form_and_refused_in_codexs_words() {
        let id = "01a20206-0750-7cf0-a6b5-586db3307aaa";
        for given in [
            id,
            "01A20206-0750-7CF0-A6B5-586DB3307AAA",
            "{01a20206-0750-7cf0-a6b5-586db3307aaa}",
            "01a2020607507cf0a6b5586db3307aaa",
            "urn:uuid:01a20206-0750-7cf0-a6b5-586db3307aaa",
        ] {
            assert_eq!(thread_id(given), Ok(id.to_owned()), "{given}");
        }
        for (given, why) in [
            ("", "invalid length: expected length 32 for simple format, found 0"),
            ("01a20206", "invalid length: expected length 32 for simple format, found 8"),
            (
                "nope",
                "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `n` at 1",
            ),
        ] {
            assert_eq!(thread_id(given), Err(why.to_owned()), "{given}");
        }
    }
}
