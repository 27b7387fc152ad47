use std::format;
use std::string::String;
use std::vec::Vec;

use super::looks_whole;
use crate::rollout::ids::RandomBits;
use crate::text::json::Cursor;

/// As `looks_whole` says, one byte after the other.
fn plainly(line: &[u8]) -> bool {
    let (mut inside, mut escaped, mut depth, mut before, mut closed) = (false, false, 0, 0, false);
    for (at, &byte) in line.iter().enumerate() {
        if byte < 0x20 || at > 0 && depth == 0 && !inside {
            return false;
        }
        if inside {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => (inside, closed) = (false, true),
                _ => {}
            }
            before = byte;
            continue;
        }
        if closed && !matches!(byte, b'}' | b']' | b',' | b':') {
            return false;
        }
        closed = false;
        match byte {
            b'"' if !matches!(before, b'{' | b'[' | b',' | b':') => return false,
            b'"' => inside = true,
            b'{' | b'[' if matches!(before, b'}' | b']') => return false,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'\\' => return false,
            _ => {}
        }
        before = byte;
    }
    depth == 0 && !inside && line.starts_with(b"{") && line.ends_with(b"}") && std::str::from_utf8(line).is_ok()
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
        assert!(looks_whole(line.as_bytes()), "{line}");
    }
}

#[test]
fn what_is_cut_off_run_together_or_white_does_not() {
    for line in lines() {
        for end in (0..line.len()).filter(|&end| line.is_char_boundary(end)) {
            assert!(!looks_whole(&line.as_bytes()[..end]), "{}", &line[..end]);
            assert!(!looks_whole(format!("{}{line}", &line[..end]).as_bytes()) || end == 0, "{end} {line}");
        }
        assert!(!looks_whole(format!("{line}{line}").as_bytes()));
        assert!(!looks_whole(format!(" {line}").as_bytes()));
        assert!(!looks_whole(line.replace(':', ": ").as_bytes()) || !line.contains("\":\""));
    }
    assert!(!looks_whole(b""));
    assert!(!looks_whole(b"{\"a\":\"\xFF\"}"));
    assert!(!looks_whole(b"{\"a\":\"\t\"}"));
}

#[test]
fn a_block_at_a_time_says_what_a_byte_at_a_time_does() {
    let mut dice = RandomBits(7);
    for line in lines() {
        for _ in 0..200 {
            let mut damaged = line.clone().into_bytes();
            let at = (dice.draw() % damaged.len() as u64) as usize;
            match dice.draw() % 4 {
                0 => damaged[at] = dice.draw() as u8,
                1 => drop(damaged.remove(at)),
                2 => damaged.insert(at, b"\"\\{}[],:"[(dice.draw() % 8) as usize]),
                _ => damaged[at] ^= 1 << (dice.draw() % 8),
            }
            let (blocks, plain) = (looks_whole(&damaged), plainly(&damaged));
            // What closes and opens again inside one block is not seen.
            assert!(blocks == plain || blocks && !is_json(&damaged), "{}", String::from_utf8_lossy(&damaged));
        }
    }
}
