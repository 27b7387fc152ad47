//! The JSON scanner says of every text what another parser says of it.

use threadkeep_core::text::json::Cursor;

/// Nesting that both parsers take.
const DEPTH: usize = 100;

pub(crate) fn check(input: &[u8]) {
    let mut cursor = Cursor::new(input);
    let raw = cursor.raw();
    let whole = raw.and_then(|_| cursor.finish());
    let depth = input.iter().filter(|byte| matches!(byte, b'{' | b'[')).count();
    if depth < DEPTH {
        let known: Result<serde_json::Value, _> = serde_json::from_slice(input);
        // The other parser refuses numbers that no float holds, and lone surrogates; the scanner lets both pass.
        let passes = |error: &serde_json::Error| {
            let why = error.to_string();
            why.contains("number out of range") || why.contains("surrogate") || why.contains("hex escape")
        };
        match (&whole, &known) {
            (Ok(()), Err(error)) => assert!(passes(error), "taken, and it is wrong: {error}"),
            (Err(fault), Ok(_)) => panic!("refused, and it is right: {}", fault.reason()),
            _ => {}
        }
    }
    if let Ok(raw) = raw {
        // What was passed over as one value is read as one again.
        let mut again = Cursor::new(raw);
        assert!(again.raw().is_ok_and(|same| same == raw));
    }
    texts(input);
}

/// Every string decodes to what the other parser decodes it to, where that one can.
fn texts(input: &[u8]) {
    let mut cursor = Cursor::new(input);
    if cursor.peek() != Some(b'"') {
        return;
    }
    let Ok(Some(text)) = cursor.text() else { return };
    let decoded = text.decode();
    assert!(text.is(&decoded) || text.raw().contains(&b'\\') || std::str::from_utf8(text.raw()).is_err());
    if cursor.finish().is_ok()
        && let Ok(known) = serde_json::from_slice::<String>(input)
    {
        assert_eq!(decoded, known.as_str());
    }
}
