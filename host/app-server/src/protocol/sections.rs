//! Sections of the list of threads.

use serde::{Deserialize, Serialize};

/// What `threadSection/list` is given.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SectionListParams {
    pub(crate) cursor: Option<String>,
    pub(crate) limit: Option<u32>,
}

/// A section.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Section {
    pub(crate) id: String,
    name: String,
    appearance: Option<Appearance>,
}

/// How a section looks.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Appearance {
    color: Option<String>,
    icon: Option<String>,
}

impl From<&threadkeep::db::Section> for Section {
    fn from(section: &threadkeep::db::Section) -> Section {
        let appearance = section.appearance.as_deref().and_then(|appearance| serde_json::from_str(appearance).ok());
        Section { id: section.id.clone(), name: section.name.clone(), appearance }
    }
}
