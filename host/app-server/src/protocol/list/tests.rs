//! What a list is asked for, and what passes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use threadkeep::contract::ThreadRow;

use super::*;

const ID: &str = "01a20206-0750-7cf0-a6b5-586db3307aaa";

fn planned(params: &str) -> Result<Plan, RpcError> {
    serde_json::from_str::<ListParams>(params).unwrap().plan("mine")
}

fn window_of(params: &str) -> Window {
    match planned(params) {
        Ok(Plan::ByTime(window)) => window,
        plan => panic!("{params}: {plan:?}"),
    }
}

fn row() -> ThreadRow {
    ThreadRow {
        id: ID.into(),
        preview: "fix the parser".into(),
        name: Some("Parser work".into()),
        title: "Parser work".into(),
        cwd: Some("/code/a".into()),
        last_cwd: Some("/code/b".into()),
        model_provider: Some("mine".into()),
        source: "\"cli\"".into(),
        source_kind: "cli".into(),
        created_at: 1_795_330_307_059,
        ..ThreadRow::default()
    }
}

#[test]
fn a_page_has_the_length_that_codex_gives_it() {
    for (limit, length) in [("", 25), (r#""limit":0"#, 1), (r#""limit":7"#, 7), (r#""limit":101"#, 100)] {
        assert_eq!(window_of(&format!("{{{limit}}}")).length, length, "{limit}");
    }
}

#[test]
fn what_cannot_be_asked_is_refused_in_codexs_words() {
    let many = serde_json::to_string(&vec![ID; 101]).unwrap();
    let uuid = "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `x` at 1";
    for (params, code, message) in [
        (
            r#"{"originators":["x"]}"#.into(),
            -32602,
            "originator filtering is not supported by the local app-server".into(),
        ),
        (r#"{"includedThreadIds":["x"]}"#.into(), -32602, format!("invalid included thread id: {uuid}")),
        (r#"{"excludedThreadIds":["x"]}"#.into(), -32602, format!("invalid excluded thread id: {uuid}")),
        (format!(r#"{{"includedThreadIds":{many}}}"#), -32602, "includedThreadIds accepts at most 100 entries".into()),
        (format!(r#"{{"excludedThreadIds":{many}}}"#), -32602, "excludedThreadIds accepts at most 100 entries".into()),
        (r#"{"projectId":"p"}"#.into(), -32602, "project not found: p".into()),
        (
            r#"{"sortKey":"section_position"}"#.into(),
            -32600,
            "section-position sorting requires a section filter".into(),
        ),
        (r#"{"parentThreadId":"x"}"#.into(), -32600, format!("invalid parent thread id: {uuid}")),
        (
            format!(r#"{{"parentThreadId":"{ID}","ancestorThreadId":"{ID}"}}"#),
            -32600,
            "parentThreadId and ancestorThreadId are mutually exclusive".into(),
        ),
        (
            r#"{"includeAttachedThreads":true}"#.into(),
            -32600,
            "includeAttachedThreads requires a non-empty searchTerm".into(),
        ),
        (r#"{"cursor":"xx"}"#.into(), -32600, "invalid cursor: xx".into()),
    ] {
        assert_eq!(planned(&params).unwrap_err(), RpcError { code, message }, "{params}");
    }
}

#[test]
fn members_of_other_kinds_are_refused_in_codexs_words() {
    for (params, why) in [
        (r#"{"limit":-1}"#, "invalid value: integer `-1`, expected u32"),
        (r#"{"limit":"5"}"#, "invalid type: string \"5\", expected u32"),
        (
            r#"{"sortKey":"name"}"#,
            "unknown variant `name`, expected one of `created_at`, `updated_at`, `recency_at`, `section_position`",
        ),
        (
            r#"{"sourceKinds":["nope"]}"#,
            "unknown variant `nope`, expected one of `cli`, `vscode`, `exec`, `appServer`, `subAgent`, `subAgentReview`, \
             `subAgentCompact`, `subAgentThreadSpawn`, `subAgentOther`, `unknown`",
        ),
    ] {
        let error = serde_json::from_str::<ListParams>(params).unwrap_err().to_string();
        assert!(error.starts_with(why), "{params}: {error}");
    }
}

#[test]
fn nothing_passes_where_nothing_is_named() {
    for params in [r#"{"cwd":[]}"#, r#"{"includedThreadIds":[]}"#] {
        assert!(matches!(planned(params), Ok(Plan::Nothing)), "{params}");
    }
}

#[test]
fn threads_of_people_are_listed_where_no_source_is_named() {
    let window = window_of("{}");
    let shown = |row: &ThreadRow| {
        window.query.source_kinds.as_ref().unwrap().contains(&row.source_kind) && window.holds(row, "mine")
    };
    assert!(shown(&row()));
    for (source, kind, is_shown) in [
        (r#""vscode""#, "vscode", true),
        (r#"{"custom":"atlas"}"#, "unknown", true),
        (r#"{"custom":"other"}"#, "unknown", false),
        (r#""unknown""#, "unknown", false),
        (r#""exec""#, "exec", false),
    ] {
        let row = ThreadRow { source: source.into(), source_kind: kind.into(), ..row() };
        assert_eq!(shown(&row), is_shown, "{source}");
    }
    let every = window_of(r#"{"sourceKinds":["subAgent","unknown"]}"#);
    assert_eq!(every.query.source_kinds.as_ref().map(Vec::len), Some(5));
    assert!(every.holds(&ThreadRow { source: r#""unknown""#.into(), source_kind: "unknown".into(), ..row() }, "mine"));
}

#[test]
fn a_thread_passes_by_what_codex_shows_of_it() {
    for (params, passes) in [
        (r#"{"cwd":"/code/b"}"#, true),
        (r#"{"cwd":"/code/b/"}"#, true),
        (r#"{"cwd":"/code/a"}"#, false),
        (r#"{"cwd":["/x","/code/b"]}"#, true),
        (r#"{"cwd":"/code"}"#, false),
        (r#"{"searchTerm":"Parser"}"#, true),
        (r#"{"searchTerm":"parser"}"#, false),
        (r#"{"searchTerm":" "}"#, true),
        (r#"{"modelProviders":["other"]}"#, false),
        (r#"{"modelProviders":["other","mine"]}"#, true),
        (r#"{"modelProviders":[]}"#, true),
        (r#"{"excludedThreadIds":["01A20206-0750-7CF0-A6B5-586DB3307AAA"]}"#, false),
    ] {
        assert_eq!(window_of(params).holds(&row(), "mine"), passes, "{params}");
    }
    let silent = ThreadRow { preview: String::new(), ..row() };
    assert!(!window_of("{}").holds(&silent, "mine"));
    assert!(window_of(&format!(r#"{{"parentThreadId":"{ID}"}}"#)).holds(&silent, "mine"));
    assert!(!window_of("{}").holds(&ThreadRow { model_provider: Some("other".into()), ..row() }, "mine"));
}

#[test]
fn the_cursors_of_a_page_lead_on_and_back() {
    let (next, back) = window_of("{}").cursors(&row(), &row());
    assert_eq!(next, format!("2026-11-22T06:51:47.059Z|{ID}"));
    assert_eq!(back, "2026-11-22T06:51:47.058Z");
    assert!(!window_of(&format!(r#"{{"cursor":"{next}"}}"#)).holds(&row(), "mine"));
    let returning = window_of(&format!(r#"{{"cursor":"{back}","sortDirection":"asc"}}"#));
    assert!(returning.holds(&row(), "mine"));
    assert_eq!(returning.query.since, Some(row().created_at));
}
