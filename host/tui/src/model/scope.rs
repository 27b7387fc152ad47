//! How far the browser looks around.

/// Which threads are looked at, by where they ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Those of the git worktree in which the browser was begun, or of the directory where it lies in none.
    #[default]
    Worktree,
    /// Those of the repository: of all its worktrees, and of all its clones by their remote.
    Repository,
    /// All of them.
    Everywhere,
}

impl Scope {
    /// All of them, the narrowest first.
    pub const ALL: [Scope; 3] = [Scope::Worktree, Scope::Repository, Scope::Everywhere];

    /// Gives the next wider one; none of the widest.
    pub(crate) fn wider(self) -> Option<Scope> {
        match self {
            Scope::Worktree => Some(Scope::Repository),
            Scope::Repository => Some(Scope::Everywhere),
            Scope::Everywhere => None,
        }
    }

    /// Gives the next one in turn.
    pub(crate) fn next(self) -> Scope {
        self.wider().unwrap_or(Scope::Worktree)
    }

    /// Gives its word, by which it is shown and remembered.
    pub fn word(self) -> &'static str {
        match self {
            Scope::Worktree => "worktree",
            Scope::Repository => "repository",
            Scope::Everywhere => "everywhere",
        }
    }

    /// Gives the scope of a word.
    pub fn of_word(word: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.word() == word)
    }
}
