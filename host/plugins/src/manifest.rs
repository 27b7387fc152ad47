//! What a plugin says of itself, checked.

use serde::{Deserialize, Serialize};

use crate::grants::{Grant, Grants};

/// Says what a plugin does; it is the world that the plugin is built for, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PluginKind {
    /// Threads to text or bytes.
    Exporter,
    /// Foreign session files to threads.
    Importer,
    /// Columns of lists.
    Column,
    /// Findings, and what would mend them.
    Check,
    /// Reports over many threads.
    Report,
    /// Texts without what must not leave.
    Redactor,
}

impl PluginKind {
    /// All there are.
    pub const ALL: [PluginKind; 6] = [
        PluginKind::Exporter,
        PluginKind::Importer,
        PluginKind::Column,
        PluginKind::Check,
        PluginKind::Report,
        PluginKind::Redactor,
    ];

    /// Gives its name, which is that of the interface by which it is called.
    pub fn name(self) -> &'static str {
        match self {
            PluginKind::Exporter => "exporter",
            PluginKind::Importer => "importer",
            PluginKind::Column => "column",
            PluginKind::Check => "check",
            PluginKind::Report => "report",
            PluginKind::Redactor => "redactor",
        }
    }
}

/// Is what a plugin says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Its name: small letters, digits and `-`.
    pub name: String,
    /// Its version.
    pub version: semver::Version,
    /// What it is good for, in a sentence.
    pub summary: String,
    /// What it does.
    pub kind: PluginKind,
    /// What it needs to see.
    pub wants: Grants,
}

/// A manifest as a plugin gives it, by the contract.
pub(crate) struct Claimed {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) summary: String,
    pub(crate) kind: PluginKind,
    pub(crate) wants: Vec<String>,
}

/// No summary has more characters.
const LONGEST_SUMMARY: usize = 300;

impl Manifest {
    /// Checks what a plugin says of itself against what it is built for; an error says in words what is wrong.
    pub(crate) fn of(claimed: Claimed, built_for: PluginKind) -> Result<Manifest, String> {
        if !is_plugin_name(&claimed.name) {
            return Err("its name is not made of small letters, digits and '-', or longer than 40".into());
        }
        let version = semver::Version::parse(&claimed.version)
            .map_err(|_| format!("its version, {:?}, is none of semantic versioning", shortened(&claimed.version)))?;
        if claimed.kind != built_for {
            let (says, is) = (claimed.kind.name(), built_for.name());
            return Err(format!("it says that it is of the kind {says}, and is built as one of the kind {is}"));
        }
        let summary = claimed.summary.trim();
        if summary.chars().count() > LONGEST_SUMMARY || summary.chars().any(char::is_control) {
            return Err(format!("its summary is no sentence of at most {LONGEST_SUMMARY} characters"));
        }
        let mut wants = Grants::new();
        for name in &claimed.wants {
            let grant = Grant::of_name(name);
            wants.insert(grant.ok_or_else(|| format!("it wants {:?}, which is not to be had", shortened(name)))?);
        }
        Ok(Manifest { name: claimed.name, version, summary: summary.into(), kind: claimed.kind, wants })
    }
}

/// Says whether a text can be the name of a plugin, or of what a plugin offers.
pub fn is_plugin_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=40).contains(&name.len()) && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(plain)
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    fn claimed() -> Claimed {
        Claimed {
            name: "token-costs".into(),
            version: "1.2.0".into(),
            summary: " Costs a month. ".into(),
            kind: PluginKind::Report,
            wants: vec!["usage".into(), "facts".into(), "usage".into()],
        }
    }

    #[test]
    fn a_manifest_is_taken_as_it_is_said() {
        let manifest = Manifest::of(claimed(), PluginKind::Report).unwrap();
        assert_eq!(manifest.summary, "Costs a month.");
        assert_eq!(manifest.wants, Grants::from([Grant::Facts, Grant::Usage]));
    }

    #[test]
    fn what_is_no_manifest_is_refused_by_what_is_wrong_with_it() {
        let refused = |change: fn(&mut Claimed), why: &str| {
            let mut claimed = claimed();
            change(&mut claimed);
            let told = Manifest::of(claimed, PluginKind::Report).unwrap_err();
            assert!(told.contains(why), "{told}");
        };
        refused(|claimed| claimed.name = "../../x".into(), "its name");
        refused(|claimed| claimed.name = "-x".into(), "its name");
        refused(|claimed| claimed.name = "a".repeat(41), "its name");
        refused(|claimed| claimed.version = "one".into(), "its version");
        refused(|claimed| claimed.kind = PluginKind::Column, "built as one of the kind report");
        refused(|claimed| claimed.summary = "a\u{1b}[2Jb".into(), "its summary");
        refused(|claimed| claimed.wants.push("network".into()), "it wants \"network\"");
    }
}
