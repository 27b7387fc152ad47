//! What a plugin offers by name: formats, columns, reports, codes of findings. It is asked for when the plugin is installed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::contract::exported;
use crate::manifest::{PluginKind, is_plugin_name};

/// Is a format of an exporter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Format {
    /// Its name.
    pub name: String,
    /// What it is called for people.
    pub title: String,
    /// What its files end in, without a dot.
    pub extension: String,
    /// Its media type.
    pub media_type: String,
}

/// Is a column of lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What stands above it.
    pub title: String,
    /// It stands to the right, as numbers do.
    pub right_aligned: bool,
}

/// Is a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Its name.
    pub name: String,
    /// What it is called for people.
    pub title: String,
    /// What its file ends in, without a dot.
    pub extension: String,
}

/// Is all that a plugin offers; what is not of its kind is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Offers {
    /// Formats of an exporter.
    pub formats: Vec<Format>,
    /// Columns.
    pub columns: Vec<Column>,
    /// Reports.
    pub reports: Vec<Report>,
    /// Codes of a check's findings.
    pub codes: Vec<String>,
    /// Where an importer's program keeps its sessions, below the user's home directory.
    pub places: Vec<String>,
}

impl Offers {
    /// Gives the names of what is offered, with what each is called for people; codes are called nothing.
    pub fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        (self.formats.iter().map(|format| (format.name.as_str(), format.title.as_str())))
            .chain(self.columns.iter().map(|column| (column.name.as_str(), column.title.as_str())))
            .chain(self.reports.iter().map(|report| (report.name.as_str(), report.title.as_str())))
            .chain(self.codes.iter().map(|code| (code.as_str(), "")))
    }

    /// Gives what the files end in that are written of something that is offered; nothing where no files are.
    pub fn extension_of(&self, offer: &str) -> &str {
        let formats = self.formats.iter().map(|format| (&format.name, &format.extension));
        let reports = self.reports.iter().map(|report| (&report.name, &report.extension));
        formats
            .chain(reports)
            .find(|(name, _)| *name == offer)
            .map(|(_, extension)| extension.as_str())
            .unwrap_or_default()
    }
}

impl From<exported::exporter::Format> for Format {
    fn from(format: exported::exporter::Format) -> Format {
        let exported::exporter::Format { name, title, extension, media_type } = format;
        Format { name, title, extension, media_type }
    }
}

impl From<exported::column::Heading> for Column {
    fn from(heading: exported::column::Heading) -> Column {
        let exported::column::Heading { name, title, right_aligned } = heading;
        Column { name, title, right_aligned }
    }
}

impl From<exported::report::Heading> for Report {
    fn from(heading: exported::report::Heading) -> Report {
        let exported::report::Heading { name, title, extension } = heading;
        Report { name, title, extension }
    }
}

/// Nothing offers more of a kind.
const MOST: usize = 100;

/// Checks what a plugin says that it offers; an error says in words what is wrong with it.
pub(crate) fn checked(kind: PluginKind, offers: Offers) -> Result<Offers, String> {
    let names: Vec<&String> = (offers.formats.iter().map(|format| &format.name))
        .chain(offers.columns.iter().map(|column| &column.name))
        .chain(offers.reports.iter().map(|report| &report.name))
        .chain(&offers.codes)
        .collect();
    let titles = (offers.formats.iter().map(|format| &format.title))
        .chain(offers.columns.iter().map(|column| &column.title))
        .chain(offers.reports.iter().map(|report| &report.title));
    let extensions = (offers.formats.iter().map(|format| &format.extension))
        .chain(offers.reports.iter().map(|report| &report.extension));
    let is_one = |text: &str, most: usize| text.chars().count() <= most && !text.chars().any(char::is_control);
    if names.len() > MOST || offers.places.len() > MOST {
        return Err(format!("it offers more than {MOST} things"));
    }
    if names.is_empty() && !matches!(kind, PluginKind::Redactor | PluginKind::Importer) {
        return Err("it offers nothing".into());
    }
    if let Some(name) = names.iter().find(|name| !is_plugin_name(name)) {
        let shown: String = name.chars().take(40).collect();
        return Err(format!("it offers {shown:?}, which is no name of small letters, digits and '-'"));
    }
    if names.iter().collect::<BTreeSet<_>>().len() < names.len() {
        return Err("it offers two things of one name".into());
    }
    if titles.into_iter().any(|title| !is_one(title, 100)) {
        return Err("a title of what it offers is no line of at most 100 characters".into());
    }
    let is_extension =
        |text: &String| (1..=16).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric());
    if extensions.into_iter().any(|extension| !is_extension(extension)) {
        return Err("an extension of what it offers is not made of letters and digits".into());
    }
    let is_place = |place: &String| {
        is_one(place, 200) && place.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
    };
    if !offers.places.iter().all(is_place) {
        return Err("a place that it names is not below a home directory".into());
    }
    Ok(offers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_has_proper_names_or_is_refused() {
        let report = |name: &str, extension: &str| {
            let report = Report { name: name.into(), title: "Costs".into(), extension: extension.into() };
            Offers { reports: vec![report], ..Offers::default() }
        };
        let is_taken = |offers: Offers| checked(PluginKind::Report, offers).is_ok();
        assert!(is_taken(report("monthly", "csv")));
        assert!(!is_taken(Offers::default()));
        assert!(!is_taken(report("../monthly", "csv")));
        assert!(!is_taken(report("monthly", "../csv")));
        let mut twice = report("monthly", "csv");
        twice.reports.extend(twice.reports.clone());
        assert!(!is_taken(twice));
        assert!(checked(PluginKind::Redactor, Offers::default()).is_ok());
        let place = |place: &str| Offers { places: vec![place.into()], ..Offers::default() };
        assert!(checked(PluginKind::Importer, place(".claude/projects")).is_ok());
        for outside in ["/etc", "../x", "a//b"] {
            assert!(checked(PluginKind::Importer, place(outside)).is_err(), "{outside}");
        }
    }
}
