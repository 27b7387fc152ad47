use std::format;
use std::string::String;
use std::vec::Vec;

use super::plain_object;
use crate::rollout::ids::RandomBits;
use crate::text::json::Cursor;

fn is_plain_object(text: &[u8]) -> bool {
    plain_object(text) == Some(text.len())
}

fn lines() -> Vec<String> {
    let mut lines: Vec<String> =
        ["{}", r#"{"a":"b"}"#, r#"{"a":[1,{"b":"\\\""}],"c":null}"#].map(String::from).to_vec();
    for length in [1, 7, 13, 14, 15, 16, 17, 55, 56, 57, 58, 63, 64, 65, 127, 128, 129, 300] {
        for filling in ["x", "\\\\", "\\\"", "é", "語\\n", "a\\\\\\\"b", "{[,:]}"] {
            let text: String = filling.repeat(length);
            lines.push(format!(r#"{{"k":"{text}","l":["{text}",{{"{text}":{length}}}]}}"#));
        }
    }
    lines
}

fn is_json(line: &[u8]) -> bool {
    let mut cursor = Cursor::new(line);
    cursor.skip().is_ok() && cursor.finish().is_ok()
}

#[test]
fn whole_lines_look_whole_wherever_their_blocks_begin() {
    for line in lines() {
        assert!(is_json(line.as_bytes()), "{line}");
        assert!(is_plain_object(line.as_bytes()), "{line}");
    }
}

#[test]
fn what_is_cut_off_run_together_or_white_does_not() {
    for line in lines() {
        for end in (0..line.len()).filter(|&end| line.is_char_boundary(end)) {
            assert!(!is_plain_object(&line.as_bytes()[..end]), "{}", &line[..end]);
            assert!(!is_plain_object(format!("{}{line}", &line[..end]).as_bytes()) || end == 0, "{end} {line}");
        }
        assert!(!is_plain_object(format!("{line}{line}").as_bytes()));
        assert!(!is_plain_object(format!(" {line}").as_bytes()));
        assert!(!is_plain_object(line.replace(':', ": ").as_bytes()) || !line.contains("\":\""));
    }
    assert!(!is_plain_object(b""));
    assert!(!is_plain_object(b"{\"a\":\"\xFF\"}"));
    assert!(!is_plain_object(b"{\"a\":\"\t\"}"));
}

/// An object of random fields and elements, small ones and such as go over several blocks.
fn random_object(dice: &mut RandomBits) -> String {
    fn value(dice: &mut RandomBits, depth: usize, out: &mut String) {
        const PLAIN: [&str; 16] = [
            "0",
            "-0",
            "17",
            "-1.5",
            "0.25e-3",
            "1E+9",
            "true",
            "false",
            "null",
            "\"\"",
            "\"a\"",
            "\"\\u00e9\\n\"",
            "\"{[,:]}\"",
            "\"\\\\\"",
            "\"é語\"",
            "123456789012345",
        ];
        let kind = if depth == 0 { 8 } else { dice.draw() % 10 };
        let (open, close) = match kind {
            0 | 1 => ('{', '}'),
            2 | 3 => ('[', ']'),
            4 => return out.push_str(&format!("\"{}\"", "x\\\"".repeat((dice.draw() % 70) as usize))),
            _ => return out.push_str(PLAIN[(dice.draw() % 16) as usize]),
        };
        out.push(open);
        for at in 0..dice.draw() % 5 {
            if at > 0 {
                out.push(',');
            }
            if open == '{' {
                out.push_str(["\"k\":", "\"\":", "\"a longer key\":", "\"\\t\":"][(dice.draw() % 4) as usize]);
            }
            value(dice, depth - 1, out);
        }
        out.push(close);
    }
    let mut out = String::from("{\"k\":");
    value(dice, 6, &mut out);
    out.push('}');
    out
}

fn has_white_space(text: &[u8]) -> bool {
    let mut inside = false;
    let mut escaped = false;
    text.iter().any(|&byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => inside = !inside,
            _ => {}
        }
        !inside && byte.is_ascii_whitespace()
    })
}

#[test]
fn a_block_at_a_time_says_what_a_byte_at_a_time_does() {
    const BYTES: &[u8] = b"\"\\{}[],:0-.eE+ntfu1a \n\x7F\xC3";
    let (mut dice, mut whole) = (RandomBits(7), 0);
    let mut texts = lines();
    texts.extend((0..20_000).map(|_| random_object(&mut dice)));
    for text in texts {
        assert!(is_json(text.as_bytes()) && is_plain_object(text.as_bytes()), "{text}");
        assert_eq!(plain_object(format!("{text},\"k\":{text}}}").as_bytes()), Some(text.len()), "{text}");
        for _ in 0..40 {
            let mut damaged = text.clone().into_bytes();
            for _ in 0..=dice.draw() % 2 {
                let at = (dice.draw() % damaged.len() as u64) as usize;
                let byte = BYTES[(dice.draw() % BYTES.len() as u64) as usize];
                match dice.draw() % 6 {
                    0 => damaged[at] = dice.draw() as u8,
                    1 if damaged.len() > 1 => drop(damaged.remove(at)),
                    2 => damaged.insert(at, byte),
                    3 => damaged[at] = byte,
                    4 if at > 0 => damaged.swap(at - 1, at),
                    _ => damaged[at] ^= 1 << (dice.draw() % 8),
                }
            }
            let expected = damaged.starts_with(b"{") && is_json(&damaged) && !has_white_space(&damaged);
            whole += u32::from(expected);
            assert_eq!(is_plain_object(&damaged), expected, "{}", String::from_utf8_lossy(&damaged));
        }
    }
    assert!(whole > 100_000, "{whole}");
}

#[test]
fn more_brackets_than_can_be_remembered_are_left_to_others() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert!(is_plain_object(nested(63).as_bytes()));
    assert!(!is_plain_object(nested(64).as_bytes()) && is_json(nested(64).as_bytes()));
}
