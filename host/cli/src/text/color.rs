//! Colours of what a person looks for first, where they are wanted: the one place that writes escape codes.
//!
//! ```text
//! --color ─→ else $THREADKEEP_COLOR ─→ else the setting; where that says auto:
//! $NO_COLOR ─→ else $CLICOLOR_FORCE ─→ else what is written to is a terminal, and no dumb one
//! ```

use std::io::{IsTerminal as _, stderr};
use std::sync::OnceLock;

use clap::ValueEnum;
use clap::builder::styling::{AnsiColor, Style};

use super::output;

/// When colours are wanted.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless $NO_COLOR is set; everywhere, where $CLICOLOR_FORCE is
    Auto,
    /// Everywhere but in JSON
    Always,
    /// Nowhere
    Never,
}

/// Where a text goes.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// What a text is.
#[derive(Clone, Copy)]
pub(crate) enum Meaning {
    Error,
    Warning,
    Note,
    Name,
    Heading,
}

/// What was decided for this run; nothing has colours before that.
static CHOICE: OnceLock<Color> = OnceLock::new();

impl Color {
    /// Decides by the environment what is left to it; JSON never has colours.
    pub(crate) fn decided(self, json: bool, env: impl Fn(&str) -> Option<String>) -> Color {
        let set = |name: &str| env(name).filter(|value| !value.is_empty());
        match self {
            _ if json => Color::Never,
            Color::Auto if set("NO_COLOR").is_some() => Color::Never,
            Color::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => Color::Always,
            Color::Auto if set("TERM").is_some_and(|value| value == "dumb") => Color::Never,
            decided => decided,
        }
    }

    /// Has the texts of this run go by it, if nothing was decided yet.
    pub(crate) fn settle(self) {
        let _ = CHOICE.set(self);
    }

    /// Gives the same for what the parser of the command line prints.
    pub(crate) fn of_parser(self) -> clap::ColorChoice {
        match self {
            Color::Auto => clap::ColorChoice::Auto,
            Color::Always => clap::ColorChoice::Always,
            Color::Never => clap::ColorChoice::Never,
        }
    }
}

/// Says whether what is drawn on a terminal has colours.
pub(crate) fn are_wanted() -> bool {
    matches!(CHOICE.get(), Some(Color::Always | Color::Auto))
}

/// Gives a text that is [`super::plain`] in the colour of what it is, where it goes to something that has colours.
pub(crate) fn paint(stream: Stream, meaning: Meaning, text: &str) -> String {
    let is_terminal = || match stream {
        Stream::Out => output::is_terminal(),
        Stream::Err => stderr().is_terminal(),
    };
    let has_colors = match CHOICE.get() {
        None | Some(Color::Never) => false,
        Some(Color::Always) => true,
        Some(Color::Auto) => is_terminal(),
    };
    if !has_colors || text.is_empty() {
        return text.into();
    }
    let style = match meaning {
        Meaning::Error => AnsiColor::Red.on_default().bold(),
        Meaning::Warning => AnsiColor::Yellow.on_default().bold(),
        Meaning::Note => AnsiColor::Cyan.on_default(),
        Meaning::Name => Style::new().bold(),
        Meaning::Heading => Style::new().dimmed(),
    };
    format!("{style}{text}{style:#}")
}
