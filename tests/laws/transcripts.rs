//! Transcripts, page by page.

use proptest::prelude::*;
use support::{Asks, Both, File, Native, Setting, any_rollout};
use threadkeep_contract::{LookupError, PageOfTurns};
use threadkeep_engine::calls;
use threadkeep_engine::contract::Subject;

use super::{RUNTIME, answer};

laws! {
    a_transcript_has_no_gap_and_no_repetition: turns_are_whole over any_transcript(), 200 and 20;
}

#[derive(Clone, Debug)]
struct Transcript {
    setting: Setting,
    path: String,
    limit: u32,
}

fn any_transcript() -> impl Strategy<Value = Transcript> {
    (any_rollout(), 1..6_u32).prop_map(|(rollout, limit)| {
        let path = "sessions/2026/03/01/rollout.jsonl".to_string();
        let file = vec![File::of(&path, String::from_utf8_lossy(&rollout.bytes()))];
        Transcript { setting: Setting { file, ..Setting::default() }, path, limit }
    })
}

/// Pages in either direction, one after the other, are the whole history; and from any of them the other direction goes
/// on where it ends.
fn turns_are_whole<C: Asks>(of: &Transcript, core: impl Fn(&Setting) -> C) -> Result<(), TestCaseError> {
    let mut core = core(&of.setting);
    let opened = core.ask(&calls::OpenTranscript { of: Subject::Rollout(of.path.clone()) }).unwrap();
    prop_assert!(opened.answer["Ok"].is_object(), "{}", opened.answer);
    let mut turns = |cursor: Option<String>, limit: u32, newest_first: bool| {
        let told = core.ask(&calls::TurnsPage { transcript: 0, cursor, limit, newest_first }).unwrap();
        answer::<Result<PageOfTurns, LookupError>>(told.answer).unwrap()
    };
    let whole = turns(None, 0, false).turns;
    for newest_first in [false, true] {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = turns(cursor.take(), of.limit, newest_first);
            if let Some(back) = page.back {
                let before = turns(Some(back), of.limit, !newest_first);
                let expected: Vec<String> = all.iter().rev().take(of.limit as usize).cloned().collect();
                prop_assert_eq!(before.turns, expected);
            }
            all.extend(page.turns);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        if newest_first {
            all.reverse();
        }
        prop_assert_eq!(&all, &whole);
    }
    Ok(())
}
