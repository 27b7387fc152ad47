//! Runs the checks of the fuzz targets over their corpora and over changed copies of them, the same ones each time: what a fuzzer
//! found once stays found on the stable toolchain.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../fuzz/checks/mod.rs"]
mod checks;

use std::fs;
use std::path::Path;

/// Changed copies of each input.
const COPIES: u64 = 2_000;

/// A generator of numbers that look like chance (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) as usize
    }
}

/// A copy with a few bytes changed, left out, doubled, or taken from elsewhere in it.
fn changed(input: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    const SIGNIFICANT: &[u8] = b"\"\\{}[]:,\n 0e-.u\x00\xff";
    let mut copy = input.to_vec();
    for _ in 0..=numbers.next() % 4 {
        let at = numbers.next() % (copy.len() + 1);
        match numbers.next() % 5 {
            0 if at < copy.len() => copy[at] ^= 1 << (numbers.next() % 8),
            1 if at < copy.len() => drop(copy.remove(at)),
            2 => copy.insert(at, SIGNIFICANT[numbers.next() % SIGNIFICANT.len()]),
            3 => copy.truncate(at),
            _ => {
                let from = numbers.next() % (copy.len() + 1);
                let piece = copy[from..copy.len().min(from + numbers.next() % 24)].to_vec();
                copy.splice(at..at, piece);
            }
        }
    }
    copy
}

/// Runs a check over a corpus, and says which input it failed on.
fn run(target: &str, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut names: Vec<_> = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(!names.is_empty(), "{target} has a corpus");
    for path in names {
        let input = fs::read(&path).unwrap();
        let mut numbers = Numbers(input.iter().fold(0, |sum, byte| sum * 31 + u64::from(*byte)) % 1_000_003);
        for number in 0..COPIES {
            let input = if number == 0 { input.clone() } else { changed(&input, &mut numbers) };
            let failed = std::panic::catch_unwind(|| check(&input)).is_err();
            assert!(!failed, "{target}: {} changed so: {:?}", path.display(), String::from_utf8_lossy(&input));
        }
    }
}

#[test]
fn the_json_scanner_agrees_with_another_parser_on_every_text() {
    run("json", checks::json::check);
}

#[test]
fn a_text_falls_into_the_same_lines_however_it_is_cut() {
    run("lines", checks::lines::check);
}

#[test]
fn a_rollout_means_the_same_however_its_text_comes() {
    run("fold", checks::fold::check);
}

#[test]
fn a_cursor_that_was_not_given_out_is_refused_and_nothing_else_happens() {
    run("cursors", checks::cursors::check);
}

#[test]
fn plans_are_selected_taken_back_and_judged_without_contradiction() {
    run("plans", checks::plans::check);
}
