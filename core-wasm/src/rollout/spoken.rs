//! Tells what a user said from the context that was put before it.

use alloc::string::String;

/// What the program puts into the user's role, by how it begins and ends. Sources: the rollouts of ten releases, whose
/// first user items are these, and what Codex itself passes over.
const INJECTED: [(&str, &str); 13] = [
    ("<environment_context>", "</environment_context>"),
    ("<user_instructions>", "</user_instructions>"),
    ("# AGENTS.md instructions", "</INSTRUCTIONS>"),
    ("<INSTRUCTIONS>", "</INSTRUCTIONS>"),
    ("<permissions instructions>", "</permissions instructions>"),
    ("<collaboration_mode>", "</collaboration_mode>"),
    ("<personality_spec>", "</personality_spec>"),
    ("<skill>", "</skill>"),
    ("<skills_instructions>", "</skills_instructions>"),
    ("<turn_aborted>", "</turn_aborted>"),
    ("<user_action>", "</user_action>"),
    ("<user_shell_command>", "</user_shell_command>"),
    ("<subagent_notification>", "</subagent_notification>"),
];
/// What it puts around a picture: the beginnings of tags.
const AROUND_PICTURES: [&str; 2] = ["<image name=", "</image"];

/// Returns what a user meant to say: without context that was put before it, and none where nothing is left.
pub fn spoken(text: &str) -> Option<&str> {
    Some(parted(text).1).filter(|said| !said.is_empty())
}

/// Parts a text into the context that was put before what a user meant to say, and that; either may be empty.
pub fn parted(text: &str) -> (&str, &str) {
    // An editor puts what it has open before the request, under headings.
    const REQUEST: &str = "## My request for Codex:";
    let text = text.trim();
    let mut said = text.split_once(REQUEST).map_or(text, |(_, request)| request.trim_start());
    while let Some(rest) = after_injected(said) {
        said = rest.trim_start();
    }
    (text[..text.len() - said.len()].trim_end(), said)
}

/// What follows the context that a text begins with; none where it begins with something else, be it only a word that
/// looks like context: that has no end.
fn after_injected(text: &str) -> Option<&str> {
    let begins = |start: &&str| text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    if AROUND_PICTURES.iter().any(begins) {
        return text.split_once('>').map(|(_, rest)| rest);
    }
    let (start, end) = INJECTED.iter().find(|(start, _)| begins(start))?;
    // What a user's file of instructions holds may end like context itself: the last end counts.
    let inside = text.len().checked_sub(end.len())?;
    let at = (start.len()..=inside).rev().find(|&at| {
        text.as_bytes().get(at..at + end.len()).is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes()))
    })?;
    text.get(at + end.len()..)
}

/// Returns the working directory inside an `<environment_context>`.
pub fn context_cwd(text: &str) -> Option<String> {
    let inside = text.trim_start().strip_prefix("<environment_context>")?;
    let cwd = match inside.split_once("<cwd>") {
        Some((_, rest)) => rest.split_once("</cwd>")?.0,
        // As the first releases told it.
        None => inside.split_once("Current working directory:")?.1.lines().next()?,
    };
    Some(String::from(cwd.trim()))
}
