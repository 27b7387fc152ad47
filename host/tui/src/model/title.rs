//! Which words make a title: a name, else what was said first that tells anything of the thread.

/// What people say to see whether somebody is there, and what tells nothing of a thread.
const GREETINGS: [&str; 30] = [
    "hi",
    "hello",
    "hey",
    "yo",
    "hallo",
    "hola",
    "salut",
    "bonjour",
    "ciao",
    "moin",
    "servus",
    "ping",
    "test",
    "testing",
    "thanks",
    "thank",
    "you",
    "there",
    "codex",
    "good",
    "morning",
    "afternoon",
    "evening",
    "day",
    "ok",
    "okay",
    "again",
    "please",
    "are",
    "go",
];
/// A longer text is no greeting.
const LONGEST_GREETING: usize = 4;

/// Says whether a text tells nothing of a thread: it is empty, a greeting, or a command to the program itself, as `/init`.
pub(crate) fn says_nothing(text: &str) -> bool {
    let text = text.trim();
    if let Some(command) = text.strip_prefix('/') {
        // A path has another slash.
        let word = command.split_whitespace().next().unwrap_or_default();
        return !word.contains('/') && !word.contains('.') && text.split_whitespace().count() <= 2;
    }
    let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty());
    let is_greeting = |word: &str| GREETINGS.contains(&word.to_lowercase().as_str());
    let short: Vec<&str> = words.by_ref().take(LONGEST_GREETING + 1).collect();
    short.len() <= LONGEST_GREETING && short.iter().all(|word| is_greeting(word))
}

/// Gives the nickname and the role of a sub-agent by its source, which is JSON; none where it was given none.
pub(crate) fn of_sub_agent(source: &str) -> Option<String> {
    let source: serde_json::Value = serde_json::from_str(source).ok()?;
    let field = |key: &str| {
        let text = source.get("subAgent")?.get("thread_spawn")?.get(key)?.as_str()?;
        Some(text.to_string()).filter(|text| !text.is_empty())
    };
    match (field("agent_nickname"), field("agent_role")) {
        (Some(nickname), Some(role)) => Some(format!("{nickname} ({role})")),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_and_commands_to_the_program_tell_nothing() {
        for text in ["", "  ", "hi", "Hello there!", "hey codex", "/init", "/model gpt-5", "test", "ok, thanks", "👋"]
        {
            assert!(says_nothing(text), "{text:?}");
        }
    }

    #[test]
    fn everything_else_tells_something() {
        for text in [
            "fix the tide table",
            "hi, the kite of src/main.rs tears",
            "/etc/fstab is broken",
            "/tmp.log",
            "こんにちは世界",
            "42",
        ] {
            assert!(!says_nothing(text), "{text:?}");
        }
    }

    #[test]
    fn a_sub_agent_has_the_title_that_it_was_given() {
        let source = r#"{"subAgent":{"thread_spawn":{"agent_nickname":"Gull","agent_role":"explorer"}}}"#;
        assert_eq!(of_sub_agent(source).as_deref(), Some("Gull (explorer)"));
        assert_eq!(of_sub_agent(r#"{"subAgent":{"thread_spawn":{"agent_role":"worker"}}}"#).as_deref(), Some("worker"));
        assert_eq!(of_sub_agent("cli"), None);
    }
}
