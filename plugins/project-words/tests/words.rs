use project_words::ProjectWords;
use threadkeep_plugin::redactor::{Redacted, Redactor};

fn redact(text: &str) -> (String, u32) {
    let Redacted { text, replaced } = ProjectWords::redact(text).expect("it redacts");
    (text, replaced)
}

#[test]
fn addresses_and_internal_hosts_are_taken_out() {
    for (text, redacted) in [
        ("write to sam.smith+x@shop.example.", "write to [EMAIL]."),
        ("<eve@größe.example>, 'bob@a.example'", "<[EMAIL]>, '[EMAIL]'"),
        ("ssh 10.1.2.3:22 and 2001:db8::7", "ssh [IP]:22 and [IP]"),
        ("http://build-1.corp:8080/x?y", "http://[HOST]:8080/x?y"),
        ("DB.Internal: up", "[HOST]: up"),
    ] {
        assert_eq!(redact(text).0, redacted);
    }
    assert_eq!(redact("a@b.example 10.0.0.1").1, 2);
}

#[test]
fn what_tells_nothing_stays() {
    for text in [
        "",
        "127.0.0.1:80 and ::1",
        "std::fmt, a::b, v1.2.3, serde@1.0.228, git@github.com:x/y",
        "it ends. The next: begins…",
        "1.2.3.4.5 and 999.1.1.1",
        "größe 変数名 🙂",
        "@decorator",
    ] {
        assert_eq!(redact(text), (text.to_owned(), 0));
    }
}
