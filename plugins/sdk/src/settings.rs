use std::str::FromStr;

use crate::bindings::imports::threadkeep::plugin::types::Setting;
use crate::{Error, Result};

/// Holds what the user set for this run, by name.
#[derive(Clone, Debug, Default)]
pub struct Settings(Vec<(String, String)>);

impl Settings {
    /// The value of a setting, if the user gave one; the last one if there are several.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().filter(|(given, _)| *given == name).last().map(|(_, value)| value)
    }

    /// The value of a setting as a number or whatever else can be read from text, if the user gave one.
    ///
    /// # Errors
    ///
    /// The value cannot be read as such.
    pub fn parse<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.parse().map(Some).map_err(|_| Error::invalid(format!("`{name}` cannot be `{value}`")))
    }

    /// All of them, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Settings {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(settings: I) -> Self {
        Self(settings.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl From<Vec<Setting>> for Settings {
    fn from(settings: Vec<Setting>) -> Self {
        settings.into_iter().map(|setting| (setting.name, setting.value)).collect()
    }
}
