//! Rollouts damaged anywhere, read by the core itself and by a plain reader: the same thread, the same bad lines.

use std::fs;

use proptest::prelude::*;
use support::{Memory, damaged, facts, line_offset, read_home};
use threadkeep_contract::{Extraction, NoThread};
use threadkeep_core::rollout::extract::{Limits, extract, read_through};
use threadkeep_core::rollout::parse::Watch;
use threadkeep_core::rollout::record::Record;
use threadkeep_core::text::json::Step;
use threadkeep_core::text::lines::Line;

const PLACE: &str = "sessions/2026/05/05/rollout-2026-05-05T05-05-05-019df6a5-0000-7000-8000-000000000000.jsonl";

/// A row's facts, as a backfill gathers them.
fn by_the_core(text: &[u8]) -> Result<Extraction, NoThread> {
    extract(&Memory::of(PLACE, text), &facts(PLACE, text.len()), None, Limits::USUAL)
}

/// Notes the lines that are no records, by number and offset.
struct BadLines {
    all: bool,
    found: Vec<(u64, u64)>,
}

impl Watch for BadLines {
    fn wants_all(&self) -> bool {
        self.all
    }

    fn line(&mut self, line: &Line<'_>, read: &Step<Record<'_>>) {
        if read.is_err() && !line.is_blank() {
            self.found.push((line.number, line.offset));
        }
    }
}

/// The same, as the doctor reads it, with all of each line or what the facts need; and the lines that are no records.
fn by_the_doctor(text: &[u8], all: bool) -> (Result<Extraction, NoThread>, Vec<(u64, u64)>) {
    let mut bad = BadLines { all, found: Vec::new() };
    let read = read_through(&Memory::of(PLACE, text), &facts(PLACE, text.len()), &mut bad);
    (read, bad.found)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damage_costs_the_lines_that_it_hits_and_no_others(text in damaged()) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(PLACE);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
        let reading = read_home(home.path());
        let (found, doctors) = by_the_doctor(&text, false);
        prop_assert_eq!(&found, &by_the_core(&text));
        let (whole, bad) = by_the_doctor(&text, true);
        prop_assert_eq!((&found, &doctors), (&whole, &bad));
        match (found, reading.threads.values().next()) {
            (Ok(found), Some(thread)) => {
                // Damage may turn a letter of an id into its capital, which names the same thread.
                prop_assert_eq!(&found.thread, &thread.id.to_ascii_lowercase());
                let bad = &thread.files[0].bad_lines;
                let places: Vec<_> = bad.iter().map(|line| (*line as u64, line_offset(&path, *line))).collect();
                prop_assert_eq!(&doctors, &places);
                prop_assert_eq!(found.bad_count, bad.len() as u64);
                for found in &found.bad_lines {
                    prop_assert!(places.contains(&(found.line, found.offset)));
                    prop_assert!(!found.reason.is_empty());
                }
            }
            (Err(_), None) => {}
            // What makes a bare first line one, once it is damaged, is for the core to say.
            (Err(_), Some(thread)) => prop_assert!(thread.files[0].bare),
            (Ok(found), None) => prop_assert!(false, "the core sees a thread: {found:?}"),
        }
    }
}
