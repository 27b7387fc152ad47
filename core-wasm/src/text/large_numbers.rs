//! Makes JSON readable for those who keep numbers as floats.

use alloc::vec::Vec;

/// Writes numbers that are too large for any 64-bit float, such as `1e400`, as texts; none where there is no such number.
/// JSON has no bound for numbers (RFC 8259, section 6), and most programs that read it fail on them.
pub fn with_large_numbers_as_text(json: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(&byte) = json.get(at) {
        match byte {
            b'"' => at = after_string(json, at + 1),
            b'-' | b'0'..=b'9' => {
                let rest = &json[at..];
                let belongs = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                let number = &rest[..rest.iter().take_while(|byte| belongs(byte)).count()];
                let value = core::str::from_utf8(number).ok().and_then(|text| text.parse::<f64>().ok());
                if value.is_some_and(f64::is_infinite) {
                    out.extend_from_slice(&json[copied..at]);
                    out.push(b'"');
                    out.extend_from_slice(number);
                    out.push(b'"');
                    copied = at + number.len();
                }
                at += number.len();
            }
            _ => at += 1,
        }
    }
    (copied > 0).then(|| {
        out.extend_from_slice(&json[copied..]);
        out
    })
}

/// The place behind the quote that ends a string.
fn after_string(json: &[u8], mut at: usize) -> usize {
    while let Some(step) = json.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += step;
        if json[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::with_large_numbers_as_text;

    #[test]
    fn only_numbers_that_no_float_holds_become_texts() {
        for (json, wanted) in [
            (r#"{"a":1e400}"#, r#"{"a":"1e400"}"#),
            (r#"[-1e999,1e-999,2]"#, r#"["-1e999",1e-999,2]"#),
            (r#"{"1e400":"1e400","\"1e400":1E+400}"#, r#"{"1e400":"1e400","\"1e400":"1E+400"}"#),
        ] {
            let text =
                with_large_numbers_as_text(json.as_bytes()).map(|out| String::from_utf8_lossy(&out).into_owned());
            assert_eq!(text.as_deref(), Some(wanted));
            assert!(serde_json::from_str::<serde_json::Value>(wanted).is_ok());
        }
        for json in [r#"{"a":18446744073709551616,"b":1.5}"#, r#""1e400"#, "", r#"{"a":"\\"}"#] {
            assert_eq!(with_large_numbers_as_text(json.as_bytes()), None, "{json}");
        }
    }
}
