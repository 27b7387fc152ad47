//! Ids of threads, as clients write them.

/// Reads the id of a thread: a UUID in any of the forms that Codex accepts.
///
/// # Errors
///
/// Says in Codex's words what is wrong with it.
pub(crate) fn thread_id(given: &str) -> Result<String, uuid::Error> {
    Ok(uuid::Uuid::parse_str(given)?.hyphenated().to_string())
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
            assert_eq!(thread_id(given).as_deref(), Ok(id), "{given}");
        }
        for (given, why) in [
            ("", "invalid length: expected length 32 for simple format, found 0"),
            ("01a20206", "invalid length: expected length 32 for simple format, found 8"),
            (
                "nope",
                "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `n` at 1",
            ),
        ] {
            assert_eq!(thread_id(given).unwrap_err().to_string(), why, "{given}");
        }
    }
}
