//! What installed plugins offer, by names.

use std::collections::BTreeMap;

use super::UsablePlugins;
use crate::error::PluginError;
use crate::installed::{PluginDirectory, Record};
use crate::manifest::PluginKind;

/// Something that an installed plugin offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// The name by which it is asked for: `PLUGIN:NAME` where several plugins have it.
    pub name: String,
    /// What it is called for people.
    pub title: String,
    /// The plugin.
    pub plugin: String,
}

impl UsablePlugins {
    /// Gives what plugins of a kind offer, in the order of the plugins' names. One whose record cannot be read is left out.
    ///
    /// # Errors
    ///
    /// The directory cannot be read, or others can write to it.
    pub fn offered(&self, kind: PluginKind) -> Result<Vec<Offered>, PluginError> {
        let mut offered = Vec::new();
        for record in readable(&self.directory)?.filter(|record| record.manifest.kind == kind) {
            let plugin = &record.manifest.name;
            offered.extend(record.offers.named().map(|(name, title)| Offered {
                name: name.into(),
                title: title.into(),
                plugin: plugin.clone(),
            }));
        }
        let mut times = BTreeMap::<String, usize>::new();
        offered.iter().for_each(|one| *times.entry(one.name.clone()).or_default() += 1);
        for one in &mut offered {
            if times.get(&one.name).is_some_and(|times| *times > 1) {
                one.name = format!("{}:{}", one.plugin, one.name);
            }
        }
        Ok(offered)
    }
}

/// Finds the installed plugin of a kind that offers something of this name; a name may be written `PLUGIN:NAME` where several do.
///
/// # Errors
///
/// Several offer it, the directory cannot be read, or others can write to it.
pub fn offering(
    directory: &PluginDirectory,
    kind: PluginKind,
    wanted: &str,
) -> Result<Option<(Record, String)>, PluginError> {
    let (plugin, name) = match wanted.split_once(':') {
        Some((plugin, name)) => (Some(plugin), name),
        None => (None, wanted),
    };
    let mut found: Vec<(Record, String)> = Vec::new();
    for record in readable(directory)? {
        let is_meant = plugin.is_none_or(|plugin| plugin == record.manifest.name);
        // A plugin's own name is enough where it offers one thing.
        let names: Vec<&str> = record.offers.named().map(|(name, _)| name).collect();
        let offered = match &names[..] {
            [only] if *wanted == record.manifest.name => Some((*only).to_owned()),
            names => names.iter().find(|offered| **offered == name).map(|name| (*name).to_owned()),
        };
        if let (true, Some(offered)) = (is_meant && record.manifest.kind == kind, offered) {
            found.push((record, offered));
        }
    }
    match found.len() {
        0 | 1 => Ok(found.pop()),
        _ => {
            let names: Vec<_> = found.iter().map(|(record, name)| format!("{}:{name}", record.manifest.name)).collect();
            Err(PluginError::NotOffered(format!("several plugins offer '{wanted}': say {}", names.join(" or "))))
        }
    }
}

fn readable(directory: &PluginDirectory) -> Result<impl Iterator<Item = Record>, PluginError> {
    Ok(directory.list()?.into_values().filter_map(Result::ok))
}
