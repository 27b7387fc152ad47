//! The command `config`: a person's own settings.

use std::fmt::Write as _;

use clap::Subcommand;
use threadkeep::documents::{Setting as SettingDocument, SettingOrigin, Settings as SettingsDocument, SettingsPath};

use crate::context::Context;
use crate::failure::{Usage, exit};
use crate::settings::{Form, Named, Origin, SETTINGS, Settings, named, set};
use crate::{text, values};

/// `config`
#[derive(Subcommand)]
pub(crate) enum Config {
    /// List every setting, what it says, and who says so
    List,
    /// Print what a setting says; nothing where nobody says anything
    Get {
        /// Its name
        #[arg(value_name = "NAME", value_parser = values::text)]
        name: String,
    },
    /// Set a setting in the file, or take it out; the rest of the file stays as it is
    Set {
        /// Its name
        #[arg(value_name = "NAME", value_parser = values::text)]
        name: String,
        /// What it is to say
        #[arg(value_name = "VALUE", required_unless_present = "unset", value_parser = values::text)]
        value: Option<String>,
        /// Take it out of the file
        #[arg(long, conflicts_with = "value")]
        unset: bool,
    },
    /// Print where the file is, be it there or not
    Path,
}

impl Config {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        match self {
            Config::List => {
                let settings = Settings::read()?;
                let homes = settings.homes().into_iter().filter_map(|home| named(&format!("homes.{home}")).ok());
                let models = settings.priced_models().into_iter();
                let prices = models.filter_map(|model| named(&format!("prices.{model}")).ok());
                let every = SETTINGS.iter().map(Named::of).chain(homes).chain(prices);
                let mut items: Vec<_> = every.map(|named| document(&named, &settings)).collect();
                items.sort_by(|one, other| one.name.cmp(&other.name));
                let path = settings.path.clone();
                let widest = items.iter().map(|item| item.name.len()).max().unwrap_or(0);
                let lines = || items.iter().fold(String::new(), |lines, item| lines + &line(item, widest));
                context.print(SettingsDocument { items: items.clone(), path }, lines)?;
            }
            Config::Get { name } => {
                let (settings, named) = (Settings::read()?, named(&name).map_err(Usage)?);
                let found = document(&named, &settings);
                if let (Some(home), None) = (name.strip_prefix("homes."), &found.value) {
                    return Err(Usage(settings.no_home(home)).into());
                }
                let value = found.value.clone();
                context.print(found, || value.map(|value| text::plain(&value) + "\n").unwrap_or_default())?;
            }
            Config::Set { name, value, .. } => {
                let named = named(&name).map_err(Usage)?;
                let value = value.map(|value| named.setting.form.value(&value)).transpose();
                let value = value.map_err(|why| Usage(format!("{name}: {why}")))?;
                let path = Settings::path().ok_or_else(unknown)?;
                set(&path, &named, value.as_deref())?;
                context.print(document(&named, &Settings::read()?), String::new)?;
            }
            Config::Path => {
                let path = Settings::path().ok_or_else(unknown)?;
                let shown = path.to_string_lossy().into_owned();
                context.print(SettingsPath { path }, || text::shown(&shown) + "\n")?;
            }
        }
        Ok(exit::DONE)
    }
}

fn unknown() -> Usage {
    Usage("neither $XDG_CONFIG_HOME nor $HOME is set, so there is no place for settings".into())
}

fn document(named: &Named, settings: &Settings) -> SettingDocument {
    let (found, setting) = (settings.get(&named.name), named.setting);
    SettingDocument {
        flag: setting.flag.map(String::from),
        name: named.name.clone(),
        origin: found.map(|(_, origin)| match origin {
            Origin::Variable => SettingOrigin::Variable,
            Origin::File => SettingOrigin::File,
        }),
        value: found.map(|(value, _)| value.join(",")),
        values: match setting.form {
            Form::OneOf(words) => words.iter().map(|word| (*word).to_owned()).collect(),
            Form::Switch => vec!["true".into(), "false".into()],
            Form::Count | Form::Directory | Form::Directories | Form::Price | Form::Sources | Form::Text => Vec::new(),
        },
        variable: named.variable(),
    }
}

fn line(item: &SettingDocument, widest: usize) -> String {
    let mut line = String::new();
    let _ = write!(line, "{:<widest$}  {}", item.name, text::plain(item.value.as_deref().unwrap_or("-")));
    let _ = match item.origin {
        Some(SettingOrigin::Variable) => write!(line, "  (${})", item.variable),
        Some(SettingOrigin::File) | None => Ok(()),
    };
    line + "\n"
}
