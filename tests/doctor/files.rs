//! How files are, by the core alone: every line, and the ends.

use proptest::prelude::*;
use proptest::sample::Index;
use support::{Disk, Memory, Rollout, any_rollout, damaged, facts, listing, real_homes};
use threadkeep_contract::{
    CheckedFile, Depth, Extraction, FileReport, HistoryBase, NoThread, OrdinalError, OrdinalFault,
};
use threadkeep_core::health::base::check_base;
use threadkeep_core::health::check::check;
use threadkeep_core::ports::Rollouts as _;
use threadkeep_core::rollout::extract::{Limits, extract};

const PATH: &str = "sessions/2026/03/01/rollout-x.jsonl";
const ID: &str = "019ca8a0-0000-7000-8000-000000000001";
const FORK: &str = "019ca8a0-0000-7000-8000-000000000002";
/// Everything is read.
const ALL: Limits = Limits { whole: u64::MAX, ..Limits::USUAL };

fn checked(bytes: &[u8], depth: Depth, known: Option<&[u8]>) -> CheckedFile {
    check(&Memory::of(PATH, bytes), &facts(PATH, bytes.len()), depth, known)
}

fn whole(bytes: &[u8]) -> FileReport {
    checked(bytes, Depth::Whole, None).report
}

fn extracted(bytes: &[u8]) -> Result<Extraction, NoThread> {
    extract(&Memory::of(PATH, bytes), &facts(PATH, bytes.len()), None, ALL)
}

fn conversation() -> Rollout {
    Rollout::paginated(ID)
        .at("2026-03-01T10:00:00.000Z")
        .cwd("/src/app")
        .user("why does the build fail?")
        .agent("A missing comma.")
        .tokens(1200)
        .user("and now?")
        .agent("It passes.")
}

fn text(lines: &[Vec<u8>]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect()
}

/// Bytes before a line, counted from 0.
fn offset(lines: &[Vec<u8>], at: usize) -> u64 {
    lines[..at].iter().map(|line| line.len() as u64 + 1).sum()
}

/// Line, offset and length of each flaw.
fn places(report: &FileReport) -> Vec<(u64, u64, u64)> {
    assert_eq!(report.damaged_line_count, report.damaged_lines.len() as u64);
    report.damaged_lines.iter().map(|flaw| (flaw.line, flaw.offset, flaw.length)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_checked_says_what_a_plain_reading_says(rollout in any_rollout(), wounded in damaged()) {
        for bytes in [rollout.bytes(), wounded] {
            let checked = checked(&bytes, Depth::Whole, None);
            let outcome = extracted(&bytes);
            let flaws = outcome.as_ref().map_or(checked.report.damaged_line_count, |extraction| extraction.bad_count);
            // Who reads every line whole may see more.
            prop_assert!(checked.report.damaged_line_count >= flaws);
            prop_assert_eq!(&checked.thread, &outcome.as_ref().ok().map(|extraction| extraction.thread.clone()));
            prop_assert_eq!(checked.outcome, Some(outcome));
        }
    }

    #[test]
    fn whatever_codex_writes_is_without_fault(rollout in any_rollout()) {
        let report = whole(&rollout.bytes());
        prop_assert_eq!(places(&report), []);
        prop_assert_eq!(report.ordinal_errors, []);
    }

    #[test]
    fn exactly_the_line_that_is_damaged_is_told_of(rollout in any_rollout(), at in any::<Index>(), keep in any::<Index>()) {
        let mut lines = rollout.lines();
        let at = at.index(lines.len());
        let keep = 1 + keep.index(lines[at].len() - 1);
        lines[at].truncate(keep);
        let report = whole(&text(&lines));
        prop_assert_eq!(places(&report), [(at as u64 + 1, offset(&lines, at), keep as u64)]);
        prop_assert_eq!(report.ordinal_errors, [], "the flaw says it");
    }

    #[test]
    fn half_a_line_leaves_the_record_that_follows_it(rollout in any_rollout(), at in any::<Index>(), keep in any::<Index>()) {
        let mut lines = rollout.lines();
        prop_assume!(lines.len() > 1);
        let at = at.index(lines.len() - 1);
        // As old as this, nothing tells a record from what is inside of one.
        prop_assume!(lines[at + 1].starts_with(b"{\"timestamp\""));
        let keep = 1 + keep.index(lines[at].len() - 1);
        lines[at].truncate(keep);
        let next = lines.remove(at + 1);
        lines[at].extend_from_slice(&next);
        let report = whole(&text(&lines));
        let place = offset(&lines, at);
        prop_assert_eq!(places(&report), [(at as u64 + 1, place, (keep + next.len()) as u64)]);
        prop_assert_eq!(&report.damaged_lines[0].salvageable, &[(place + keep as u64, next.len() as u64)]);
        prop_assert_eq!(report.ordinal_errors, []);
    }

    #[test]
    fn ends_alone_say_what_was_known(rollout in any_rollout()) {
        let bytes = rollout.bytes();
        let known = extracted(&bytes).unwrap();
        let ends = checked(&bytes, Depth::Ends, Some(&known.state));
        let outcome = ends.outcome.clone().unwrap().unwrap();
        prop_assert_eq!(Extraction { bytes_read: known.bytes_read, ..outcome }, known);
        prop_assert_eq!(ends.report.base, whole(&bytes).base);
        let blind = checked(&bytes, Depth::Ends, None);
        prop_assert_eq!((blind.thread.as_deref(), blind.outcome), (Some(rollout.id()), None));
    }
}

#[test]
fn two_records_on_one_line_and_zeros_before_one_can_be_saved() {
    let mut lines = conversation().lines();
    let second = lines.remove(3);
    let (first, length) = (lines[2].len() as u64, second.len() as u64);
    lines[2].extend_from_slice(&second);
    let place = offset(&lines, 2);
    let flaws = whole(&text(&lines)).damaged_lines;
    assert_eq!(flaws[0].salvageable, [(place, first), (place + first, length)]);
    assert_eq!(flaws[0].reason, "2 records on one line");

    let mut lines = conversation().lines();
    let length = lines[4].len() as u64;
    lines[4].splice(0..0, [0; 300]);
    let report = whole(&text(&lines));
    assert_eq!(report.damaged_lines[0].salvageable, [(offset(&lines, 4) + 300, length)]);
    assert_eq!(report.damaged_lines[0].reason, "300 NUL bytes, which no record has");
    assert_eq!(report.ordinal_errors, []);
}

#[test]
fn ordinals_that_repeat_regress_or_skip_are_told_of_with_their_lines() {
    let lines = conversation().lines();
    let wrong = |edit: &dyn Fn(&mut Vec<Vec<u8>>), at: usize, kind: OrdinalFault, expected: u64, found: u64| {
        let mut lines = lines.clone();
        edit(&mut lines);
        let misorder = OrdinalError { line: at as u64 + 1, offset: offset(&lines, at), kind, expected, found };
        assert_eq!(whole(&text(&lines)).ordinal_errors, [misorder]);
    };
    wrong(&|lines| lines.insert(4, lines[3].clone()), 4, OrdinalFault::Repeats, 4, 3);
    wrong(&|lines| drop(lines.remove(4)), 4, OrdinalFault::Skips, 4, 5);
    let again = |lines: &mut Vec<Vec<u8>>| {
        let block = lines[2..5].to_vec();
        drop(lines.splice(5..5, block));
    };
    wrong(&again, 5, OrdinalFault::Regresses, 5, 2);
    // What a line that is no record has lost is told once.
    let mut cut = lines.clone();
    cut[4].truncate(20);
    assert_eq!(whole(&text(&cut)).ordinal_errors, []);
    drop(cut.remove(5));
    assert_eq!(whole(&text(&cut)).ordinal_error_count, 1);
}

#[test]
fn a_fork_begins_where_its_base_ends() {
    let parent = conversation();
    let fork =
        Rollout::paginated(FORK).at("2026-03-01T11:00:00.000Z").fork_after(&parent, 1).user("else?").agent("No.");
    let report = whole(&fork.bytes());
    assert_eq!(report.ordinal_errors, []);
    let base = report.base.unwrap();
    assert_eq!((base.thread.as_str(), base.ordinal > 0, base.offset.is_some()), (ID, true, true));
    let files = [PATH.to_owned()];
    let of = |bytes: &[u8], base: &HistoryBase| check_base(&Memory::of(PATH, bytes), &files, base);
    assert_eq!(of(&parent.bytes(), &base), None);
    assert_eq!(check_base(&Memory::default(), &[], &base).unwrap(), "no rollout of it is there");
    let offset = base.offset.unwrap() as usize;
    let cut = of(&parent.bytes()[..offset - 1], &base).unwrap();
    assert!(cut.contains("ends before"), "{cut}");
    let inside = of(&parent.bytes(), &HistoryBase { offset: Some(offset as u64 - 3), ..base.clone() }).unwrap();
    assert!(inside.contains("inside of a line"), "{inside}");
    let other = of(&parent.bytes(), &HistoryBase { ordinal: base.ordinal + 1, ..base }).unwrap();
    assert!(other.contains("comes after ordinal"), "{other}");
}

#[test]
fn a_last_line_that_is_cut_off_shows_at_the_end_alone() {
    let bytes = conversation().bytes();
    let known = extracted(&bytes).unwrap();
    for cut in [1, 40] {
        let bytes = &bytes[..bytes.len() - cut];
        let report = checked(bytes, Depth::Ends, Some(&known.state)).report;
        let all = whole(bytes);
        assert!(report.no_final_newline && all.no_final_newline);
        let last = |report: &FileReport| {
            report.damaged_lines.iter().map(|flaw| (flaw.offset, flaw.length)).collect::<Vec<_>>()
        };
        assert_eq!(last(&report), last(&all));
        assert_eq!(all.damaged_line_count, u64::from(cut > 1));
    }
}

#[test]
fn a_line_of_many_megabytes_is_checked_and_measured() {
    let mut lines = conversation().lines();
    let giant =
        [&br#"{"timestamp":"2026-03-01T10:00:09.000Z","type":"x","payload":""#[..], &vec![b'x'; 9 << 20]].concat();
    lines.insert(3, giant.clone());
    let report = whole(&text(&lines));
    assert_eq!(places(&report), [(4, offset(&lines, 3), giant.len() as u64)]);
    lines[3].extend_from_slice(b"\"}");
    assert_eq!(places(&whole(&text(&lines))), []);
}

#[test]
fn what_real_codex_releases_wrote_is_without_fault() {
    for name in ["h029", "h050", "h100", "h130", "h142", "h160", "h169-main", "h169-compress"] {
        for home in real_homes(&[name]) {
            let disk = Disk::of(&home.path);
            let rollouts = listing(&home.path).into_keys().filter(|path| path.contains("sessions/"));
            for path in rollouts.filter(|path| path.contains(".jsonl")) {
                let file = disk.stat(&path).unwrap();
                let CheckedFile { outcome, report, .. } = check(&disk, &file, Depth::Whole, None);
                assert!(outcome.unwrap().is_ok(), "{path}");
                assert_eq!(places(&report), [], "{path}");
                assert_eq!(report.ordinal_errors, [], "{path}");
            }
        }
    }
}
