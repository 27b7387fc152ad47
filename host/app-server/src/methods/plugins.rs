//! What installed plugins add: columns of lists, and formats of exports. Codex's protocol has neither, so that these methods bear
//! this server's name.

use serde::Deserialize;
use threadkeep::contract::ThreadRow;
use threadkeep::{Cancellation, Error};
use threadkeep_plugins::PluginError;
use threadkeep_plugins::manifest::PluginKind;
use threadkeep_plugins::running::{ExportPlace, UsablePlugins, parts_from};

use super::{Answer, Call, MethodResult};
use crate::error::RpcError;
use crate::protocol::{
    ExportParams, ExportResponse, ExportedText, OfListedThread, OfferedName, PAGE_BYTES, PluginList,
};

/// What a method has of plugins.
#[derive(Clone, Copy)]
pub(crate) struct CallPlugins<'a> {
    /// Those that are installed; none where there is no place for any.
    pub(crate) installed: Option<&'a UsablePlugins>,
    /// The switch that ends what a plugin does for the call.
    pub(crate) cancellation: &'a Cancellation,
}

impl CallPlugins<'_> {
    fn installed(&self) -> Result<&UsablePlugins, RpcError> {
        self.installed.ok_or_else(|| RpcError::invalid("there is no place where plugins are installed"))
    }
}

impl From<PluginError> for RpcError {
    fn from(error: PluginError) -> RpcError {
        Error::from(error).into()
    }
}

/// Gives what plugins say of threads. What they say to their user nobody hears: it may be what threads say.
pub(super) fn said_by_plugins(
    call: &Call<'_>,
    columns: &[String],
    rows: &[ThreadRow],
) -> Result<Vec<OfListedThread>, RpcError> {
    let columns = call.plugins.installed()?.columns(columns, call.plugins.cancellation)?;
    let cells = columns.cells(call.threads, rows, |_, given| given)?;
    Ok(cells.into_iter().map(|cells| OfListedThread { columns: columns.named(cells) }).collect())
}

/// `threadkeep/plugin/list`: the columns and formats that can be asked for.
pub(super) fn list(call: &Call<'_>) -> MethodResult {
    #[derive(Deserialize)]
    struct Nothing {}
    let Nothing {} = call.read()?;
    let offered = |kind: PluginKind| {
        let offered = call.plugins.installed.map(|plugins| plugins.offered(kind)).transpose()?.unwrap_or_default();
        Ok::<_, RpcError>(offered.into_iter().map(OfferedName::from).collect())
    };
    Answer::of(&PluginList { columns: offered(PluginKind::Column)?, formats: offered(PluginKind::Exporter)? })
}

/// `threadkeep/thread/export`: a thread in a format of a plugin's, part by part.
pub(super) fn export(call: &Call<'_>) -> MethodResult {
    let params: ExportParams = call.read()?;
    let row = call.find(&params.thread_id, "thread not found: {id}")?.row;
    let place = params
        .cursor
        .as_deref()
        .map(|cursor| ExportPlace::read(cursor).ok_or_else(|| RpcError::invalid(format!("invalid cursor: {cursor}"))));
    let place = place.transpose()?;
    let exporter = call.plugins.installed()?.exporter(&params.format, call.plugins.cancellation)?;
    let settings: Vec<_> = params.settings.into_iter().collect();
    let of = exporter.stamp(&row, &settings);
    let place = place.unwrap_or_else(|| ExportPlace::beginning(of));
    if place.of != of {
        return Err(RpcError::invalid("the thread or the plugin has changed since the part before: begin again"));
    }
    let exported = exporter.texts(call.threads, vec![row], &settings)?;
    let length = |text: &str| serde_json::to_string(text).map_or(usize::MAX, |json| json.len());
    let (parts, next) = parts_from(&exported.files, place, PAGE_BYTES, length);
    Answer::of(&ExportResponse {
        data: parts.into_iter().map(ExportedText::from).collect(),
        next_cursor: next.map(ExportPlace::to_cursor),
        redactions: exported.taken_out,
    })
}
