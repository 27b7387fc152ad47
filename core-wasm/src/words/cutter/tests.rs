use std::string::{String, ToString};
use std::vec::Vec;

use super::WordCutter;

/// Every word with its tokens, as `text:token,token`.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    WordCutter::default().cut(text, |word| {
        let tokens: Vec<&str> = word.tokens().collect();
        words.push(std::format!("{}:{}", &text[word.place.clone()], tokens.join(",")));
    });
    words
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    WordCutter::default().cut(text, |word| tokens.extend(word.tokens().map(ToString::to_string)));
    tokens
}

#[test]
fn names_are_found_whole_and_by_their_parts() {
    assert_eq!(
        words("read_thread(ThreadStore)"),
        ["read:read", "thread:thread", "ThreadStore:threadstore,thread,store"]
    );
    assert_eq!(words("host/src/main.rs"), ["host:host", "src:src", "main:main", "rs:rs"]);
    assert_eq!(words("HTTPServer2Go"), ["HTTPServer2Go:httpserver2go,http,server2,go"]);
    assert_eq!(words("ABC"), ["ABC:abc"]);
    assert_eq!(words("größeÄndern"), ["größeÄndern:grosseandern,grosse,andern"]);
}

#[test]
fn neither_case_nor_accents_nor_forms_of_unicode_count() {
    for (one, other) in [
        ("Café", "cafe\u{301}"),
        ("CAFÉ", "cafe"),
        ("Straße", "STRASSE"),
        ("Ｗｉｄｅ", "wide"),
        ("ﬁne", "fine"),
        ("İstanbul", "istanbul"),
        ("ΟΔΟΣ", "οδος"),
        ("Łódź", "lodz"),
        ("ﾊﾝｶｸ", "ハンカク"),
        ("한국", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"),
        ("مَرْحَبًا", "مرحبا"),
    ] {
        assert_eq!(tokens(one), tokens(other), "{one} {other}");
    }
    assert_ne!(tokens("हिन्दी"), tokens("हनद"), "vowel signs are no accents");
    assert_ne!(tokens("か"), tokens("が"));
}

#[test]
fn scripts_without_spaces_are_found_by_each_two_characters() {
    assert_eq!(words("日本語"), ["日:日本", "本:本語", "語:語"]);
    assert_eq!(words("使用React开发"), ["使:使用", "用:用", "React:react", "开:开发", "发:发"]);
    assert_eq!(words("안녕 하"), ["안:안녕", "녕:녕", "하:하"]);
    assert_eq!(words("ok🎉done→x"), ["ok:ok", "🎉:🎉", "done:done", "→:→", "x:x"]);
    assert_eq!(words("🎉é"), ["🎉:🎉", "é:e"]);
}

#[test]
fn what_is_no_word_is_passed_over_wherever_it_stands() {
    for text in ["", " ", "…—–", "\u{301}", "\u{fe0f}", "\u{200d}\u{200d}", "é—", "—é", "a—é—b", "\u{feff}x", "x\u{0}y"]
    {
        let _ = words(text);
    }
    assert_eq!(words("a—é—b"), ["a:a", "é:e", "b:b"]);
    assert_eq!(words("x\u{0}y"), ["x:x", "y:y"]);
}

#[test]
fn of_a_long_word_the_beginning_counts_and_no_parts() {
    let long = "Ab".repeat(100);
    assert_eq!(tokens(&long), [long[..64].to_lowercase()]);
    assert_eq!(tokens(&"ä".repeat(100)), ["a".repeat(64)]);
    assert_eq!(tokens(&"я".repeat(100)), ["я".repeat(32)]);
}
