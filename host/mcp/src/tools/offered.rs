//! What installed plugins add to the tools: names of columns and of formats, in the schemas of arguments.

use rmcp::model::JsonObject;
use serde_json::Value;
use threadkeep_plugins::manifest::PluginKind;
use threadkeep_plugins::running::UsablePlugins;

/// No schema names more of a kind; what is not named can be asked for all the same.
const MOST: usize = 50;

/// The names of what plugins offer. What else a plugin says of itself is told to no agent, lest it takes that for an instruction.
#[derive(Default)]
pub(super) struct OfferedByPlugins {
    pub(super) columns: Vec<String>,
    pub(super) formats: Vec<String>,
}

impl OfferedByPlugins {
    /// Looks at what is installed. What cannot be read offers nothing.
    pub(super) fn of(plugins: Option<&UsablePlugins>) -> OfferedByPlugins {
        let names = |kind: PluginKind| {
            let offered = plugins.and_then(|plugins| plugins.offered(kind).ok()).unwrap_or_default();
            offered.into_iter().map(|one| one.name).take(MOST).collect()
        };
        OfferedByPlugins { columns: names(PluginKind::Column), formats: names(PluginKind::Exporter) }
    }
}

/// Says in the schema of arguments which names an argument takes; it may be a list of such. Without names the argument goes.
pub(super) fn name(schema: &mut JsonObject, argument: &str, names: &[String]) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    if names.is_empty() {
        properties.remove(argument);
        return;
    }
    let Some(Value::Object(of_argument)) = properties.get_mut(argument) else { return };
    let words = Value::Array(names.iter().cloned().map(Value::String).collect());
    match of_argument.get_mut("items") {
        Some(Value::Object(items)) => items.insert("enum".into(), words),
        _ => of_argument.insert("enum".into(), words),
    };
}
