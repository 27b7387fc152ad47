//! The homes that a person gave names to: the table `homes` of the settings, and what `--home NAME` means.

use std::io;
use std::path::{Path, PathBuf};

use super::{Form, Named, Origin, Setting, Settings, Unreadable};

/// What the name of such a setting begins with.
pub(super) const TABLE: &str = "homes.";
/// The setting of the homes that are read as one: the same name, as a list.
pub(super) const AS_ONE: &str = "homes";
/// What its variable begins with.
const VARIABLES: &str = "THREADKEEP_HOMES_";

/// What all of them have in common.
const HOME: Setting = Setting {
    name: "homes.NAME",
    form: Form::Directory,
    variable: "THREADKEEP_HOMES_NAME",
    flag: Some("--home"),
    arguments: &[],
};

/// Gives the setting of the home of this name, be there one or not.
pub(super) fn named(home: &str) -> Result<Named, String> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match home.starts_with(|c: char| c.is_ascii_alphanumeric()) && home.chars().all(is_of_name) {
        true => Ok(Named { name: format!("{TABLE}{home}"), setting: &HOME }),
        false => Err(format!("'{home}' is no name of a home: it may have letters, digits, '-' and '_'")),
    }
}

/// Gives the variable that goes before the file.
pub(super) fn variable(home: &str) -> String {
    format!("{VARIABLES}{}", home.to_ascii_uppercase().replace('-', "_"))
}

/// Lists the homes that variables name: under the name that the file has for one, else in small letters.
pub(super) fn of_environment(of_file: &[String]) -> Result<Vec<Named>, Unreadable> {
    let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let variables = variables.filter(|(_, value)| !value.is_empty());
    let mut homes = Vec::new();
    for (known, _) in variables.filter(|(name, _)| name.starts_with(VARIABLES)) {
        let in_file = of_file.iter().filter_map(|name| name.strip_prefix(TABLE)).filter(|home| variable(home) == known);
        let in_file: Vec<String> = in_file.map(String::from).collect();
        match in_file.is_empty() {
            true => homes.push(known[VARIABLES.len()..].to_ascii_lowercase()),
            false => homes.extend(in_file),
        }
    }
    homes.iter().map(|home| named(home).map_err(|why| Unreadable::variable(&variable(home), &why))).collect()
}

impl Settings {
    /// Lists the names of the homes that have one.
    pub(crate) fn homes(&self) -> Vec<&str> {
        let mut homes: Vec<&str> = self.values.iter().filter_map(|(name, ..)| name.strip_prefix(TABLE)).collect();
        homes.sort_unstable();
        homes
    }

    /// Gives the directory that `--home` means where that is the name of a home; none where it is a path. What has a slash is
    /// one, and so is whatever is there.
    ///
    /// # Errors
    ///
    /// Fails where it is neither, and there are names.
    pub(crate) fn home_named(&self, given: &Path) -> Result<Option<PathBuf>, String> {
        let is_gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        let Some(name) = given.to_str().filter(|name| !name.is_empty() && !name.contains('/')) else { return Ok(None) };
        if !given.symlink_metadata().is_err_and(|error| is_gone(&error)) {
            return Ok(None);
        }
        match self.get(&format!("{TABLE}{name}")) {
            Some((value, _)) => Ok(Some(value.concat().into())),
            None if self.homes().is_empty() => Ok(None),
            None => Err(format!("--home: there is no directory '{name}', and {}", self.no_home(name))),
        }
    }

    /// Lists the homes that are read as one where `--home` names none; a variable of one home goes before the file.
    pub(crate) fn homes_as_one(&self) -> Vec<PathBuf> {
        let is_of_file = |origin| origin == Origin::File;
        let one_is_named = self.get("home").is_some_and(|(_, origin)| !is_of_file(origin));
        match self.get(AS_ONE) {
            Some((_, origin)) if one_is_named && is_of_file(origin) => Vec::new(),
            Some((homes, _)) => homes.iter().map(PathBuf::from).collect(),
            None => Vec::new(),
        }
    }

    /// Says that no home has this name, and which names there are.
    pub(crate) fn no_home(&self, name: &str) -> String {
        let homes = self.homes();
        let near = threadkeep::platform::suggestion::nearest(name, homes.iter().copied());
        let near = near.map(|near| format!("did you mean '{near}'? ")).unwrap_or_default();
        match homes.is_empty() {
            true => format!("no home has the name '{name}': `threadkeep config set homes.NAME DIRECTORY` gives one"),
            false => format!("no home has the name '{name}'; {near}There are: {}", homes.join(", ")),
        }
    }
}
