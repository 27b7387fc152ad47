//! What the browser keeps for the next time: how far was looked around. It is no setting and no state of a home, so that it stands
//! in `$XDG_STATE_HOME/threadkeep`; where it cannot be kept, the browser begins as the first time.

use std::path::PathBuf;

use threadkeep_tui::Scope;

const FILE: &str = "browser-scope";

fn file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state =
        set("XDG_STATE_HOME").filter(|path| path.is_absolute()).or_else(|| Some(set("HOME")?.join(".local/state")));
    Some(state?.join("threadkeep").join(FILE))
}

/// Gives the scope that was looked at last; none the first time.
pub(crate) fn scope() -> Option<Scope> {
    Scope::of_word(std::fs::read_to_string(file()?).ok()?.trim())
}

/// Keeps a scope for the next time.
pub(crate) fn keep(of: Scope) {
    if scope() == Some(of) {
        return;
    }
    let Some(file) = file() else { return };
    if let Some(dir) = file.parent()
        && std::fs::create_dir_all(dir).is_ok()
    {
        // A word is written at once or not at all; what is no word counts as nothing.
        let _ = std::fs::write(file, of.word());
    }
}
