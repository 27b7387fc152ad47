//! What several tools ask of the library alike.

use jiff::Zoned;
use threadkeep::SearchRequest;
use threadkeep::contract::TextKind;

use super::tool::Question;
use crate::failure::Failure;
use crate::times;

/// Gives the kinds of texts that are searched.
pub(super) fn kinds(in_commands: bool) -> Vec<TextKind> {
    let commands = [TextKind::Command, TextKind::Output, TextKind::Change];
    let commands = commands.into_iter().filter(|_| in_commands);
    SearchRequest::MESSAGES.into_iter().chain(commands).collect()
}

/// Gives the sources of threads that are no sub-agents.
pub(super) fn own_sources() -> Vec<String> {
    ["cli", "vscode", "exec", "appServer", "unknown"].map(String::from).to_vec()
}

/// Gives a path as rollouts may name it: one that begins here as an absolute one, any other as it is.
pub(super) fn path_of(question: &Question<'_>, path: &str) -> String {
    let is_from_here = [".", ".."].iter().any(|&name| path == name || path.starts_with(&format!("{name}/")));
    match is_from_here {
        true => question.config.directory.join(path).to_string_lossy().into_owned(),
        false => path.into(),
    }
}

/// Gives a directory as rollouts name it.
pub(super) fn directory_of(question: &Question<'_>, directory: &str) -> String {
    question.config.directory.join(directory).to_string_lossy().into_owned()
}

/// Gives a moment that may be named.
pub(super) fn moment_of(question: &Question<'_>, named: Option<&str>) -> Result<Option<i64>, Failure> {
    let now = Zoned::now().with_time_zone(question.config.zone.clone());
    named.map(|text| times::moment(text, &now)).transpose()
}
