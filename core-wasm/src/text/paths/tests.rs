//! Shows what ids and paths say.

use contract::Collection;

use super::{canonical_id, collection_of, date_of, home_place, id_prefix, is_candidate, twin};

const ID: &str = "0198c0de-0000-7000-8000-0000000000ab";

#[test]
fn an_id_is_known_in_every_form_that_codex_takes() {
    for form in [
        ID,
        "0198C0DE-0000-7000-8000-0000000000AB",
        "{0198c0de-0000-7000-8000-0000000000ab}",
        "urn:uuid:0198c0de-0000-7000-8000-0000000000ab",
        "0198c0de00007000800000000000 00ab",
        "0198c0de0000700080000000000000ab",
        " 0198c0de-0000-7000-8000-0000000000ab ",
    ] {
        let expected = (!form.contains("0 0")).then_some(ID);
        assert_eq!(canonical_id(form).as_deref(), expected, "{form}");
    }
    for other in ["", "0198c0de", "0198c0de-0000-7000-8000-0000000000ag", "0198c0de_0000-7000-8000-0000000000ab"] {
        assert_eq!(canonical_id(other), None, "{other}");
    }
}

#[test]
fn the_beginning_of_an_id_has_eight_characters_at_least_and_is_no_whole_one() {
    assert_eq!(id_prefix("0198C0DE").as_deref(), Some("0198c0de"));
    assert_eq!(id_prefix("0198c0de-00").as_deref(), Some("0198c0de-00"));
    for other in ["0198c0d", "0198c0de0", "a thread", ID] {
        assert_eq!(id_prefix(other), None, "{other}");
    }
}

#[test]
fn a_path_says_its_collection_and_its_other_form() {
    assert_eq!(collection_of("sessions/2026/01/02/rollout.jsonl"), Collection::Active);
    assert_eq!(collection_of("archived_sessions/rollout.jsonl"), Collection::Archived);
    assert_eq!(twin("a.jsonl"), "a.jsonl.zst");
    assert_eq!(twin(&twin("a.jsonl")), "a.jsonl");
    assert!(is_candidate("a.jsonl") && is_candidate("a.jsonl.zst") && !is_candidate("a.json"));
}

#[test]
fn a_rollouts_place_is_found_in_any_absolute_path() {
    assert_eq!(home_place("/old/sessions/2026/a.jsonl", false), "sessions/2026/a.jsonl");
    assert_eq!(home_place("C:\\old\\archived_sessions\\a.jsonl", false), "archived_sessions/a.jsonl");
    assert_eq!(home_place("/elsewhere/a.jsonl", true), "archived_sessions/a.jsonl");
}

#[test]
fn a_date_in_a_name_is_a_date() {
    assert_eq!(date_of("rollout-2026-03-01T10-00-00-x.jsonl"), Some("2026-03-01"));
    for other in ["rollout-2026-13-01T10", "rollout-2026-00-01T10", "2026-03-01T10", "rollout-2026-3-01T10-00"] {
        assert_eq!(date_of(other), None, "{other}");
    }
}
