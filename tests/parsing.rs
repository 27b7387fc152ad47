//! What a rollout's bytes become, however they are cut, and however much of them is read.

use proptest::prelude::*;
use support::{Memory, Rollout, any_rollout, damaged, facts};
use threadkeep_contract::{Extraction, NoThread};
use threadkeep_core::rollout::extract::{Limits, extract};
use threadkeep_core::rollout::fold::Fold;
use threadkeep_core::text::json::Cursor;
use threadkeep_core::text::lines::{Lines, WHOLE_LINE};

const PATH: &str = "sessions/2026/03/01/rollout-x.jsonl";
const ID: &str = "019ca8a0-0000-7000-8000-000000000001";

/// Everything is read.
const ALL: Limits = Limits { whole: u64::MAX, ..Limits::USUAL };

fn read(bytes: &[u8], limits: Limits) -> Result<Extraction, NoThread> {
    extract(&Memory::of(PATH, bytes), &facts(PATH, bytes.len()), None, limits)
}

/// What a fold knows, but for counts and places, which depend on how much was looked at.
fn facts_of(extraction: &Extraction) -> Fold {
    let fold = Fold::decode(&extraction.state).unwrap();
    Fold {
        lines: 0,
        bad_lines: Vec::new(),
        bad_count: 0,
        unread: None,
        // Stand-ins for what the head has settled.
        first_item: None,
        goal: None,
        context_cwd: fold.context_cwd.filter(|_| fold.identity.as_ref().is_some_and(|id| id.cwd.is_none())),
        ..fold
    }
}

fn conversation() -> Rollout {
    Rollout::paginated(ID)
        .at("2026-03-01T10:00:00.000Z")
        .cwd("/src/app")
        .user("why does the build fail?")
        .agent("A missing comma.")
        .tokens(1200)
        .user("and now?")
        .command("make", "ok\n", 0)
        .agent("It passes.")
        .tokens(3400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_line_is_json_exactly_where_a_well_kept_parser_says_so(bytes in damaged()) {
        for line in bytes.split(|&byte| byte == b'\n') {
            let mut cursor = Cursor::new(line);
            let ours = cursor.skip().and_then(|()| cursor.finish()).is_ok();
            let theirs = serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok() && std::str::from_utf8(line).is_ok();
            prop_assert_eq!(ours, theirs, "{:?}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn chunks_of_any_size_give_the_same_answer(rollout in any_rollout(), chunk in 1u32..3000) {
        let bytes = rollout.bytes();
        let whole = read(&bytes, ALL).map(|found| found.state);
        let pieces = read(&bytes, Limits { chunk, ..ALL }).map(|found| found.state);
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn head_and_tail_say_what_the_whole_says(rollout in any_rollout(), tail in 1u64..4000, chunk in 64u32..4000) {
        let bytes = rollout.bytes();
        let both_ends = Limits { whole: 0, chunk, tail };
        match (read(&bytes, ALL), read(&bytes, both_ends)) {
            (Ok(whole), Ok(ends)) => prop_assert_eq!(facts_of(&whole), facts_of(&ends)),
            (whole, ends) => prop_assert_eq!(whole, ends),
        }
    }

    #[test]
    fn going_on_where_an_earlier_parse_stopped_says_what_the_whole_says(rollout in any_rollout(), cut in 0.0f64..1.0) {
        let bytes = rollout.bytes();
        let early = &bytes[..(bytes.len() as f64 * cut) as usize];
        let Ok(earlier) = read(early, ALL) else { return Ok(()) };
        let memory = Memory::of(PATH, bytes.clone());
        let later = extract(&memory, &facts(PATH, bytes.len()), Some(&earlier.state), ALL);
        prop_assert_eq!(later.map(|found| found.state), read(&bytes, ALL).map(|found| found.state));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in damaged(), tail in 1u64..500) {
        let _ = read(&bytes, ALL);
        let _ = read(&bytes, Limits { whole: 0, chunk: 100, tail });
    }
}

#[test]
fn a_grown_file_is_read_from_where_the_last_parse_stopped() {
    let bytes = conversation().bytes();
    let cut = bytes.len() - 10;
    let earlier = read(&bytes[..cut], ALL).unwrap();
    let last_line = bytes[..bytes.len() - 1].iter().rposition(|&byte| byte == b'\n').unwrap();
    let memory = Memory::of(PATH, bytes.clone());
    let later = extract(&memory, &facts(PATH, bytes.len()), Some(&earlier.state), ALL).unwrap();
    assert!(later.bytes_read <= (bytes.len() - last_line) as u64 + 64, "{} bytes were read", later.bytes_read);
    assert_eq!(later.state, read(&bytes, ALL).unwrap().state);
}

#[test]
fn short_lines_at_the_end_prove_no_less_than_long_ones() {
    let bytes = conversation().bytes();
    let mut later = bytes.clone();
    later.extend_from_slice(b"\n\n");
    // Without its last newline first, then with it, then with empty lines after it.
    let mut state = read(&bytes[..bytes.len() - 1], ALL).unwrap().state;
    for grown in [&bytes, &later] {
        let memory = Memory::of(PATH, grown.clone());
        state = extract(&memory, &facts(PATH, grown.len()), Some(&state), ALL).unwrap().state;
        assert_eq!(state, read(grown, ALL).unwrap().state);
        let anchor = Fold::decode(&state).unwrap().anchor;
        assert!(anchor.len() > 40 && grown.ends_with(&anchor), "{}", String::from_utf8_lossy(&anchor));
    }
}

#[test]
fn a_file_that_was_rewritten_is_read_anew_even_if_it_grew() {
    let earlier = read(&conversation().bytes(), ALL).unwrap();
    let other = Rollout::paginated("019ca8a0-0000-7000-8000-000000000002")
        .at("2026-04-01T10:00:00.000Z")
        .cwd("/src/other")
        .user(&"another conversation ".repeat(2000));
    let bytes = other.bytes();
    let memory = Memory::of(PATH, bytes.clone());
    let later = extract(&memory, &facts(PATH, bytes.len()), Some(&earlier.state), ALL).unwrap();
    assert_eq!(later.thread, "019ca8a0-0000-7000-8000-000000000002");
    assert_eq!(later.state, read(&bytes, ALL).unwrap().state);
}

#[test]
fn a_large_file_is_read_at_its_ends_and_the_range_between_is_recorded() {
    let mut rollout = Rollout::paginated(ID).at("2026-03-01T10:00:00.000Z").cwd("/src/app").user("first");
    for step in 0..400 {
        rollout = rollout.command("cat big", &format!("{step} {}", "x".repeat(30_000)), 0);
    }
    let bytes = rollout.user("last").tokens(77).bytes();
    assert!(bytes.len() as u64 > Limits::USUAL.whole);
    let ends = read(&bytes, Limits::USUAL).unwrap();
    let (from, to) = ends.unread.unwrap();
    assert!(from < to && to < bytes.len() as u64);
    assert!(ends.bytes_read < 4 << 20, "{} bytes were read", ends.bytes_read);
    assert_eq!(facts_of(&ends), facts_of(&read(&bytes, ALL).unwrap()));
}

#[test]
fn a_bad_line_is_skipped_counted_and_located() {
    let mut lines = conversation().lines();
    lines[3] = b"{\"timestamp\":\"2026-03-01T10:0".to_vec();
    lines[5] = b"\xff\xfe{}".to_vec();
    let offset = |line: usize| lines[..line].iter().map(|line| line.len() as u64 + 1).sum::<u64>();
    let bytes = lines.join(&b'\n');
    let found = read(&bytes, ALL).unwrap();
    let places: Vec<(u64, u64)> = found.bad_lines.iter().map(|bad| (bad.line, bad.offset)).collect();
    assert_eq!(places, [(4, offset(3)), (6, offset(5))]);
    assert_eq!(found.bad_count, 2);
}

#[test]
fn a_last_line_that_is_cut_off_is_reported_and_read_again_when_it_is_whole() {
    let bytes = conversation().bytes();
    let cut = &bytes[..bytes.len() - 20];
    let first = read(cut, ALL).unwrap();
    assert_eq!(first.bad_count, 1);
    let memory = Memory::of(PATH, bytes.clone());
    let later = extract(&memory, &facts(PATH, bytes.len()), Some(&first.state), ALL).unwrap();
    assert_eq!((later.bad_count, later.state), (0, read(&bytes, ALL).unwrap().state));
}

/// A line that is too long to be held, with something to learn at its end as well as at its beginning.
fn giant(text: usize) -> Vec<u8> {
    let image = "A".repeat(text);
    format!(
        "{{\"timestamp\":\"2026-03-01T10:00:05.000Z\",\"type\":\"event_msg\",\"payload\":{{\"type\":\"user_message\",\
         \"images\":[\"data:image/png;base64,{image}\"],\"message\":\"what is \\\"this\\\"?\"}}}}"
    )
    .into_bytes()
}

#[test]
fn a_line_too_long_to_be_held_says_the_same_as_a_short_one() {
    let meta = conversation().lines()[0].clone();
    for length in [100, WHOLE_LINE - 200, WHOLE_LINE, 5 * WHOLE_LINE, 64 << 20] {
        let bytes = [meta.clone(), giant(length), b"{\"type\":\"x\"}".to_vec()].join(&b'\n');
        let found = read(&bytes, ALL).unwrap();
        let fold = Fold::decode(&found.state).unwrap();
        assert_eq!(fold.first_user.as_deref(), Some("what is \"this\"?"), "{length}");
        assert_eq!((fold.lines, found.bad_count), (3, 0), "{length}");
    }
}

#[test]
fn a_line_too_long_to_be_held_is_cut_between_characters_wherever_its_pieces_end() {
    let line =
        serde_json::json!({"a": "é\u{1f680}".repeat(300_000), "b": "\u{1f680}".repeat(40_000)}).to_string() + "\n";
    let condensed = |piece: usize| {
        let (mut lines, mut out) = (Lines::new(1, 0), Vec::new());
        for piece in line.as_bytes().chunks(piece) {
            lines.push(piece, |line| out = line.bytes.to_vec());
        }
        out
    };
    let whole = condensed(usize::MAX);
    assert!(serde_json::from_slice::<serde_json::Value>(&whole).is_ok() && whole.len() < WHOLE_LINE);
    for piece in [1, 1_000, 4_099, 64 << 10, (512 << 10) - 1, 512 << 10] {
        assert!(condensed(piece) == whole, "in pieces of {piece}");
    }
}

#[test]
fn a_line_too_long_to_be_held_is_bad_where_it_is_cut_or_broken() {
    let meta = conversation().lines()[0].clone();
    let whole = giant(3 * WHOLE_LINE);
    let cut = whole[..whole.len() - 1].to_vec();
    let mut control = whole.clone();
    control[2 * WHOLE_LINE] = 0;
    for bad in [cut, control, vec![0; 3 * WHOLE_LINE], vec![b'['; 3 * WHOLE_LINE], b"{} ".repeat(WHOLE_LINE)] {
        let found = read(&[meta.clone(), bad, meta.clone()].join(&b'\n'), ALL).unwrap();
        assert_eq!(found.bad_count, 1);
        assert_eq!(found.bad_lines[0].line, 2);
    }
}

#[test]
fn memory_does_not_grow_with_a_line() {
    let mut lines = Lines::new(1, 0);
    let mut longest = 0;
    let piece = format!("{{\"a\":[{}", "\"short\",".repeat(100_000));
    for _ in 0..40 {
        lines.push(piece.as_bytes(), |_| ());
    }
    lines.push(b"\n", |line| longest = line.bytes.len());
    assert!(longest <= WHOLE_LINE + 1, "{longest}");
}
