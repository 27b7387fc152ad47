use std::str::FromStr;

/// What a plugin does; it is the world that it is built for, too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Writes threads in a format of its own.
    Exporter,
    /// Reads sessions of another program.
    Importer,
    /// Adds columns to lists.
    Column,
    /// Adds checks to the doctor.
    Check,
    /// Writes reports over many threads.
    Report,
    /// Takes out of texts what must not leave.
    Redactor,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Exporter, Self::Importer, Self::Column, Self::Check, Self::Report, Self::Redactor];

    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exporter => "exporter",
            Self::Importer => "importer",
            Self::Column => "column",
            Self::Check => "check",
            Self::Report => "report",
            Self::Redactor => "redactor",
        }
    }
}

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Language {
    /// Rust, with the kit of the project.
    Rust,
    /// JavaScript, run by QuickJS inside the plugin.
    JavaScript,
    /// Python, CPython being inside the plugin.
    Python,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rust, Self::JavaScript, Self::Python];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "js",
            Self::Python => "python",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| format!("{name:?} is no kind of plugin"))
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let language = Self::ALL.into_iter().find(|language| language.name() == name);
        language.ok_or_else(|| format!("plugins are not written in {name:?}"))
    }
}
