//! Shows that times are read and written alike.

use super::{local, parse_any_millis, parse_millis, rfc3339};
use crate::rollout::ids::RandomBits;

#[test]
fn a_moment_that_is_written_reads_as_itself() {
    let day = 86_400_000;
    for at in (-800_000 * day..3_000_000 * day)
        .step_by(997 * 86_399_999)
        .filter(|at| (0..9_000).contains(&(at / day / 365 + 1_970)))
    {
        let text = rfc3339(at);
        if text.len() == 24 {
            assert_eq!(parse_millis(text.as_bytes()), Some(at), "{text}");
        }
    }
}

#[test]
fn known_moments_read_as_they_should() {
    let cases: [(&str, Option<i64>); 10] = [
        ("1970-01-01T00:00:00Z", Some(0)),
        ("2026-11-22T06:52:37.892Z", Some(1_795_330_357_892)),
        ("2026-11-22T06:52:37.892999Z", Some(1_795_330_357_892)),
        ("2026-11-22T07:52:37.892+01:00", Some(1_795_330_357_892)),
        ("2024-02-29T00:00:00Z", Some(1_709_164_800_000)),
        ("2023-02-29T00:00:00Z", None),
        ("2026-13-01T00:00:00Z", None),
        ("2026-11-22", None),
        ("2026-11-22T24:00:00Z", None),
        ("", None),
    ];
    for (text, millis) in cases {
        assert_eq!(parse_millis(text.as_bytes()), millis, "{text}");
    }
}

#[test]
fn local_time_is_ahead_by_its_offset() {
    assert_eq!(local(0, 0), "1970-01-01T00:00:00");
    assert_eq!(local(0, 90), "1970-01-01T01:30:00");
    assert_eq!(local(0, -60), "1969-12-31T23:00:00");
}

#[test]
fn a_stamp_in_the_usual_form_reads_as_one_in_any_form_does_however_damaged() {
    let mut dice = RandomBits(5);
    for _ in 0..200_000 {
        let day = (dice.draw() % 3_000_000) as i64 - 700_000;
        let mut text = rfc3339(day * 86_400_000 + (dice.draw() % 86_400_000) as i64).into_bytes();
        for _ in 0..dice.draw() % 3 {
            let at = (dice.draw() % text.len() as u64) as usize;
            text[at] = b"0123456789-:T.Z+ x"[(dice.draw() % 18) as usize];
        }
        assert_eq!(parse_millis(&text), parse_any_millis(&text), "{:?}", core::str::from_utf8(&text));
    }
}
