//! A person's own settings: what flags mean where they are not given.
//!
//! ```text
//! a flag ─→ else the setting's variable ─→ else config.toml ─→ else the program's own default
//! ```
//!
//! They stand in `$XDG_CONFIG_HOME/threadkeep/config.toml`, and nowhere in a home or beside a state DB: those may come from
//! others. None but those of the table `resume` names a program to run, which `resume` starts and nothing else. A setting reaches its commands as the default of a flag; the table `homes` has
//! names that `--home` takes, a list of that name the homes that are read as one; the table `prices` has what models cost.

mod file;
mod homes;
mod prices;

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command, ValueEnum as _, value_parser};
use threadkeep::IndexExclusions;

pub(crate) use file::{Unreadable, set};

use crate::source_kind::SourceKind;
use crate::text::color::Color;

/// What a setting may say.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// A whole number from 0 on.
    Count,
    /// Yes or no.
    Switch,
    /// A directory; `~` is the user's.
    Directory,
    /// Directories likewise.
    Directories,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Sources of threads.
    Sources,
    /// Any text with something in it.
    Text,
    /// What a model costs.
    Price,
}

/// A setting that there is.
pub(crate) struct Setting {
    /// Its name, with its table before a dot.
    pub(crate) name: &'static str,
    /// What it may say.
    pub(crate) form: Form,
    /// The variable that goes before the file.
    pub(crate) variable: &'static str,
    /// The flag that goes before both.
    pub(crate) flag: Option<&'static str>,
    /// The commands whose argument it is, and that argument.
    arguments: &'static [(&'static [&'static str], &'static str)],
}

/// Lists every setting.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "backup.keep",
        form: Form::Count,
        variable: "THREADKEEP_BACKUP_KEEP",
        flag: Some("--keep"),
        arguments: &[(&["backup", "create"], "keep")],
    },
    Setting {
        name: "color",
        form: Form::OneOf(&["auto", "always", "never"]),
        variable: "THREADKEEP_COLOR",
        flag: Some("--color"),
        arguments: &[(&[], "color")],
    },
    Setting {
        name: "home",
        form: Form::Directory,
        variable: "CODEX_HOME",
        flag: Some("--home"),
        arguments: &[(&[], "home")],
    },
    Setting {
        name: homes::AS_ONE,
        form: Form::Directories,
        variable: "THREADKEEP_HOMES",
        flag: Some("--home"),
        arguments: &[],
    },
    Setting {
        name: "list.all",
        form: Form::Switch,
        variable: "THREADKEEP_LIST_ALL",
        flag: Some("--all"),
        arguments: &[(&["list"], "all")],
    },
    Setting {
        name: "list.archived",
        form: Form::Switch,
        variable: "THREADKEEP_LIST_ARCHIVED",
        flag: Some("--archived"),
        arguments: &[(&["list"], "archived")],
    },
    Setting {
        name: "list.asc",
        form: Form::Switch,
        variable: "THREADKEEP_LIST_ASC",
        flag: Some("--asc"),
        arguments: &[(&["list"], "asc")],
    },
    Setting {
        name: "list.flat",
        form: Form::Switch,
        variable: "THREADKEEP_LIST_FLAT",
        flag: Some("--flat"),
        arguments: &[(&["list"], "flat")],
    },
    Setting {
        name: "list.limit",
        form: Form::Count,
        variable: "THREADKEEP_LIST_LIMIT",
        flag: Some("--limit"),
        arguments: &[(&["list"], "limit")],
    },
    Setting {
        name: "list.provider",
        form: Form::Text,
        variable: "THREADKEEP_LIST_PROVIDER",
        flag: Some("--provider"),
        arguments: &[(&["list"], "provider")],
    },
    Setting {
        name: "list.sort",
        form: Form::OneOf(&["created", "updated", "recency"]),
        variable: "THREADKEEP_LIST_SORT",
        flag: Some("--sort"),
        arguments: &[(&["list"], "sort")],
    },
    Setting {
        name: "list.source",
        form: Form::Sources,
        variable: "THREADKEEP_LIST_SOURCE",
        flag: Some("--source"),
        arguments: &[(&["list"], "source")],
    },
    Setting {
        name: "resume.claude-code",
        form: Form::Text,
        variable: "THREADKEEP_RESUME_CLAUDE_CODE",
        flag: None,
        arguments: &[],
    },
    Setting { name: "resume.codex", form: Form::Text, variable: "THREADKEEP_RESUME_CODEX", flag: None, arguments: &[] },
    Setting {
        name: "resume.gemini-cli",
        form: Form::Text,
        variable: "THREADKEEP_RESUME_GEMINI_CLI",
        flag: None,
        arguments: &[],
    },
    Setting {
        name: "resume.opencode",
        form: Form::Text,
        variable: "THREADKEEP_RESUME_OPENCODE",
        flag: None,
        arguments: &[],
    },
    Setting {
        name: "search.exclude",
        form: Form::Directories,
        variable: "THREADKEEP_SEARCH_EXCLUDE",
        flag: None,
        arguments: &[],
    },
    Setting {
        name: "search.index",
        form: Form::Switch,
        variable: "THREADKEEP_SEARCH_INDEX",
        flag: None,
        arguments: &[],
    },
    Setting {
        name: "tell-codex",
        form: Form::Switch,
        variable: "THREADKEEP_TELL_CODEX",
        flag: Some("--tell-codex"),
        arguments: &[
            (&["archive"], "tell_codex"),
            (&["delete"], "tell_codex"),
            (&["exec"], "tell_codex"),
            (&["memory", "mode"], "tell_codex"),
            (&["metadata"], "tell_codex"),
            (&["name"], "tell_codex"),
            (&["salvage"], "tell_codex"),
            (&["unarchive"], "tell_codex"),
        ],
    },
    Setting {
        name: "tui.colors",
        form: Form::Text,
        variable: "THREADKEEP_TUI_COLORS",
        flag: Some("--colors"),
        arguments: &[(&["tui"], "colors")],
    },
    Setting {
        name: "tui.keys",
        form: Form::Text,
        variable: "THREADKEEP_TUI_KEYS",
        flag: Some("--keys"),
        arguments: &[(&["tui"], "keys")],
    },
    Setting {
        name: "tui.no-mouse",
        form: Form::Switch,
        variable: "THREADKEEP_TUI_NO_MOUSE",
        flag: Some("--no-mouse"),
        arguments: &[(&["tui"], "no_mouse")],
    },
    Setting {
        name: "time",
        form: Form::OneOf(&["local", "utc", "iso", "relative"]),
        variable: "THREADKEEP_TIME",
        flag: Some("--time"),
        arguments: &[(&[], "time")],
    },
];

/// A setting by the whole name that it goes by, which for one of the homes is a person's own.
pub(crate) struct Named {
    /// Its name, with its table before a dot.
    pub(crate) name: String,
    /// What is known of it.
    pub(crate) setting: &'static Setting,
}

impl Named {
    /// Gives a setting that has one name only.
    pub(crate) fn of(setting: &'static Setting) -> Named {
        Named { name: setting.name.into(), setting }
    }

    /// Gives the variable that goes before the file.
    pub(crate) fn variable(&self) -> String {
        if let Some(model) = self.name.strip_prefix(prices::TABLE) {
            return prices::variable(model);
        }
        match self.name.strip_prefix(homes::TABLE) {
            Some(home) => homes::variable(home),
            None => self.setting.variable.into(),
        }
    }
}

/// Who says what a setting is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Origin {
    Variable,
    File,
}

/// Holds what settings say.
#[derive(Default)]
pub(crate) struct Settings {
    /// Where the file is, be it there or not; none where nobody's home is known.
    pub(crate) path: Option<PathBuf>,
    values: Vec<(String, Vec<String>, Origin)>,
}

impl Settings {
    /// Reads the file and the variables.
    pub(crate) fn read() -> Result<Settings, Unreadable> {
        let path = Settings::path();
        let mut values: Vec<_> = match &path {
            Some(path) => file::read(path)?.into_iter().map(|(name, value)| (name, value, Origin::File)).collect(),
            None => Vec::new(),
        };
        let of_file: Vec<String> = values.iter().map(|(name, ..)| name.clone()).collect();
        let priced = of_file.iter().filter_map(|name| prices::named(name.strip_prefix(prices::TABLE)?).ok());
        for named in SETTINGS.iter().map(Named::of).chain(homes::of_environment(&of_file)?).chain(priced) {
            let variable = named.variable();
            let Some(text) = std::env::var(&variable).ok().filter(|text| !text.is_empty()) else { continue };
            // The home's variable is Codex's own, and read where the home is located.
            let value = match named.setting.name {
                "home" => vec![text],
                _ => named.setting.form.value(&text).map_err(|why| Unreadable::variable(&variable, &why))?,
            };
            values.retain(|(name, ..)| *name != named.name);
            values.push((named.name, value, Origin::Variable));
        }
        Ok(Settings { path, values })
    }

    /// Gives the place of the file, be it there or not.
    pub(crate) fn path() -> Option<PathBuf> {
        Some(Settings::directory()?.join("threadkeep/config.toml"))
    }

    /// Gives where the user has settings of all programs: `$XDG_CONFIG_HOME` where that is absolute, else `~/.config`.
    pub(crate) fn directory() -> Option<PathBuf> {
        let absolute = |name| std::env::var(name).ok().map(PathBuf::from).filter(|path| path.is_absolute());
        absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))
    }

    /// Gives what a setting says, and who says it; none where nobody does.
    pub(crate) fn get(&self, name: &str) -> Option<(&[String], Origin)> {
        self.values.iter().find(|(known, ..)| known == name).map(|(_, value, origin)| (&value[..], *origin))
    }

    /// Makes them the defaults of the flags that they stand for.
    pub(crate) fn apply(&self, mut command: Command) -> Command {
        let arguments = |setting: &'static Setting| setting.arguments.iter().map(move |argument| (setting, argument));
        for (setting, (path, argument)) in SETTINGS.iter().flat_map(arguments) {
            if matches!(setting.form, Form::Switch) {
                command = with_argument(command, path, argument, &|argument| denied_by_value(argument));
            }
        }
        for setting in SETTINGS {
            let Some((values, origin)) = self.get(setting.name) else { continue };
            if (setting.name == "home" && origin == Origin::Variable) || self.yielding() == Some(setting.name) {
                continue;
            }
            for (path, argument) in setting.arguments {
                // The parser keeps defaults for as long as the program runs.
                let kept = |value: &String| &*Box::leak(value.clone().into_boxed_str());
                let values: Vec<&'static str> = values.iter().map(kept).collect();
                command = with_argument(command, path, argument, &|argument| {
                    // What a flag excludes is not meant beside it.
                    let excluding = EXCLUDING.iter().filter(|(excluded, _)| argument.get_id() == excluded);
                    let ifs: Vec<_> = excluding.map(|(_, by)| (*by, "true", Some("false"))).collect();
                    argument.default_value_ifs(ifs).default_values(values.clone())
                });
            }
        }
        command
    }

    /// Gives the setting that does not count beside another: of two that exclude each other the one of the file, else the one
    /// that shows fewer threads.
    fn yielding(&self) -> Option<&'static str> {
        let who = |name| self.get(name).filter(|(value, _)| value == &["true"]).map(|(_, origin)| origin);
        match (who("list.archived")?, who("list.all")?) {
            (Origin::Variable, Origin::File) => Some("list.all"),
            _ => Some("list.archived"),
        }
    }

    /// Says when texts have colours, where no flag says it.
    pub(crate) fn color(&self) -> Option<Color> {
        self.word("color").and_then(|word| Color::from_str(word, false).ok())
    }

    /// Says what is kept out of the index of what was said.
    pub(crate) fn index_exclusions(&self) -> IndexExclusions {
        let directories = self.get("search.exclude").map(|(directories, _)| directories).unwrap_or_default();
        let directories: Vec<PathBuf> = directories.iter().map(PathBuf::from).collect();
        IndexExclusions::new(self.word("search.index") == Some("false"), &directories)
    }

    /// Gives the command lines of programs that threads are gone on with.
    pub(crate) fn programs(&self) -> Vec<(String, String)> {
        let programs = SETTINGS.iter().filter_map(|setting| setting.name.strip_prefix("resume."));
        let said = |program: &str| Some((program.to_owned(), self.word(&format!("resume.{program}"))?.to_owned()));
        programs.filter_map(said).collect()
    }

    fn word(&self, name: &str) -> Option<&str> {
        self.get(name)?.0.first().map(String::as_str)
    }
}

/// The switches of which one excludes another, where a setting says the other.
const EXCLUDING: &[(&str, &str)] = &[("all", "archived"), ("archived", "all")];

fn with_argument(command: Command, path: &[&str], argument: &str, change: &dyn Fn(Arg) -> Arg) -> Command {
    match path {
        [] => command.mut_arg(argument, change),
        // A parser may have the command alone that is asked for.
        [first, ..] if command.find_subcommand(first).is_none() => command,
        [first, rest @ ..] => command.mut_subcommand(first, |command| with_argument(command, rest, argument, change)),
    }
}

/// Has a switch take `=false` too, which says that what a setting says is not so now.
fn denied_by_value(argument: Arg) -> Arg {
    let argument =
        argument.action(ArgAction::Set).num_args(0..=1).require_equals(true).value_parser(value_parser!(bool));
    argument
        .value_name("true|false")
        .hide_possible_values(true)
        .default_missing_value("true")
        .default_value("false")
        .hide_default_value(true)
}

/// Gives the setting of a name.
pub(crate) fn named(name: &str) -> Result<Named, String> {
    if let Some(home) = name.strip_prefix(homes::TABLE) {
        return homes::named(home);
    }
    if let Some(model) = name.strip_prefix(prices::TABLE) {
        return prices::named(model);
    }
    if name == prices::TABLE.trim_end_matches('.') {
        return Err("it is a table of prices, by models: prices.MODEL".into());
    }
    let known = SETTINGS.iter().find(|setting| setting.name == name);
    known.map(Named::of).ok_or_else(|| {
        let near = threadkeep::platform::suggestion::nearest(name, SETTINGS.iter().map(|setting| setting.name));
        let hint = near.map_or("`threadkeep config list` shows all".into(), |near| format!("did you mean '{near}'?"));
        format!("there is no setting '{name}'; {hint}")
    })
}

impl Form {
    /// Reads a value as it is given on a command line or in a variable: its words.
    pub(crate) fn value(self, text: &str) -> Result<Vec<String>, String> {
        let text = text.trim();
        let one = |is: bool, what: &str| if is { Ok(vec![text.to_owned()]) } else { Err(what.to_owned()) };
        match self {
            Form::Count => one(text.parse::<u32>().is_ok(), "it is no whole number from 0 on"),
            Form::Switch => one(matches!(text, "true" | "false"), "it is neither true nor false"),
            Form::OneOf(words) => one(words.contains(&text), &format!("it is none of {}", words.join(", "))),
            Form::Text => one(!text.is_empty(), "it is empty"),
            Form::Price => prices::value(text),
            Form::Directory => {
                let expanded = crate::values::without_tilde(text);
                match Path::new(&expanded).is_absolute() {
                    true => Ok(vec![expanded]),
                    false => Err("it is no absolute directory, and does not begin with ~/".into()),
                }
            }
            Form::Directories => {
                let directories = text
                    .split(',')
                    .filter(|directory| !directory.trim().is_empty())
                    .map(|directory| Form::Directory.value(directory));
                Ok(directories.collect::<Result<Vec<_>, _>>()?.concat())
            }
            Form::Sources => {
                let words: Vec<String> = text.split(',').map(|word| word.trim().to_owned()).collect();
                match words.iter().find(|word| SourceKind::from_str(word, false).is_err()) {
                    Some(word) => Err(format!("'{word}' is no source: `threadkeep list --help` names them")),
                    None => Ok(words),
                }
            }
        }
    }
}
