//! Which threads are listed or searched, and from where on.

use serde::{Deserialize, Deserializer};
use threadkeep::contract::SortKey;

use super::own::OfList;
use super::place::Direction;
use super::thread_id;
use super::window::{Kin, Window};
use crate::error::{INVALID_PARAMS, RpcError};

/// How many ids a list of them has at most.
const MOST_IDS: usize = 100;
/// What `thread/list` is given.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ListParams {
    cursor: Option<String>,
    limit: Option<u32>,
    sort_key: Option<ListSortKey>,
    sort_direction: Option<Direction>,
    model_providers: Option<Vec<String>>,
    source_kinds: Option<Vec<SourceKind>>,
    archived: Option<bool>,
    #[serde(deserialize_with = "present")]
    section_id: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    project_id: Option<Option<String>>,
    cwd: Option<Directories>,
    search_term: Option<String>,
    include_attached_threads: bool,
    parent_thread_id: Option<String>,
    ancestor_thread_id: Option<String>,
    attached_to_thread_id: Option<String>,
    included_thread_ids: Option<Vec<String>>,
    excluded_thread_ids: Option<Vec<String>>,
    originators: Option<Vec<String>>,
    /// What Codex's server does not know.
    pub(crate) threadkeep: Option<OfList>,
}

/// What `thread/search` is given.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchParams {
    pub(crate) search_term: String,
    cursor: Option<String>,
    limit: Option<u32>,
    sort_key: Option<SearchSortKey>,
    sort_direction: Option<Direction>,
    source_kinds: Option<Vec<SourceKind>>,
    archived: Option<bool>,
}

/// Reads a member that is there, be it null.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ListSortKey {
    CreatedAt,
    UpdatedAt,
    RecencyAt,
    SectionPosition,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "the protocol's words")]
enum SearchSortKey {
    CreatedAt,
    UpdatedAt,
    RecencyAt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum SourceKind {
    Cli,
    #[serde(rename = "vscode")]
    VsCode,
    Exec,
    AppServer,
    SubAgent,
    SubAgentReview,
    SubAgentCompact,
    SubAgentThreadSpawn,
    SubAgentOther,
    Unknown,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Directories {
    One(String),
    Many(Vec<String>),
}

/// The kinds of sub-agents, as rows name them.
pub(crate) const SUB_AGENTS: [&str; 4] = ["subAgentReview", "subAgentCompact", "subAgentThreadSpawn", "subAgentOther"];

impl SourceKind {
    /// Gives the kinds of rows that it stands for.
    fn of_rows(self) -> &'static [&'static str] {
        match self {
            SourceKind::Cli => &["cli"],
            SourceKind::VsCode => &["vscode"],
            SourceKind::Exec => &["exec"],
            SourceKind::AppServer => &["appServer"],
            SourceKind::SubAgent => &SUB_AGENTS,
            SourceKind::SubAgentReview => &["subAgentReview"],
            SourceKind::SubAgentCompact => &["subAgentCompact"],
            SourceKind::SubAgentThreadSpawn => &["subAgentThreadSpawn"],
            SourceKind::SubAgentOther => &["subAgentOther"],
            SourceKind::Unknown => &["unknown"],
        }
    }
}

/// What a list is to give.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    /// Nothing can pass.
    Nothing,
    /// A window of a list by time.
    ByTime(Window),
    /// The threads of a section, in the user's order, from a place on.
    BySection {
        /// Which threads, whatever the order.
        window: Window,
        /// The section.
        section: String,
        /// The thread behind which the page begins.
        after: Option<String>,
    },
}

/// Leaves only the kinds of sources that are asked for; those of people at a keyboard where none is.
fn narrow_sources(window: &mut Window, kinds: Option<&[SourceKind]>) {
    let asked = kinds.filter(|kinds| !kinds.is_empty());
    let names: Vec<&str> = match asked {
        Some(kinds) => kinds.iter().flat_map(|kind| kind.of_rows()).copied().collect(),
        None => vec!["cli", "vscode", "unknown"],
    };
    window.filter.interactive_only = asked.is_none();
    window.query.source_kinds = Some(names.into_iter().map(Into::into).collect());
}

impl ListParams {
    /// Says what is to be listed. `default_provider` is the one that is meant where none is named.
    ///
    /// # Errors
    ///
    /// Says in Codex's words what cannot be asked.
    pub(crate) fn plan(&self, default_provider: &str) -> Result<Plan, RpcError> {
        let invalid_params = |why: String| RpcError::new(INVALID_PARAMS, why);
        if self.originators.as_ref().is_some_and(|originators| !originators.is_empty()) {
            return Err(invalid_params("originator filtering is not supported by the local app-server".into()));
        }
        let included = ids("included", self.included_thread_ids.as_deref())?;
        let excluded = ids("excluded", self.excluded_thread_ids.as_deref())?;
        if let Some(Some(project)) = &self.project_id {
            return Err(invalid_params(format!("project not found: {project}")));
        }
        let term = self.search_term.as_deref().map(str::trim).filter(|term| !term.is_empty());
        if self.include_attached_threads && term.is_none() {
            return Err(RpcError::invalid("includeAttachedThreads requires a non-empty searchTerm"));
        }
        let sort_key = self.sort_key.unwrap_or(ListSortKey::CreatedAt);
        let by_section = sort_key == ListSortKey::SectionPosition;
        if by_section && self.section_id.is_none() {
            return Err(RpcError::invalid("section-position sorting requires a section filter"));
        }
        let sort = match sort_key {
            ListSortKey::UpdatedAt => SortKey::Updated,
            ListSortKey::RecencyAt => SortKey::Recency,
            ListSortKey::CreatedAt | ListSortKey::SectionPosition => SortKey::Created,
        };
        let cursor = self.cursor.as_deref();
        let time_cursor = cursor.filter(|_| !by_section);
        let mut window = Window::new(self.archived, sort, self.sort_direction, time_cursor, self.limit)?;
        window.kin = self.kin()?;
        window.section.clone_from(&self.section_id);
        let nothing = included.as_ref().is_some_and(Vec::is_empty)
            || matches!(&self.cwd, Some(Directories::Many(all)) if all.is_empty())
            || self.attached_to_thread_id.is_some();
        if nothing {
            return Ok(Plan::Nothing);
        }
        let kinds = self.source_kinds.as_deref();
        // A sub-agent is asked for by its parent, whatever it said and whoever made it.
        window.filter.empty = window.kin.is_some();
        if window.kin.is_none() || kinds.is_some_and(|kinds| !kinds.is_empty()) {
            narrow_sources(&mut window, kinds);
        }
        let providers = match &self.model_providers {
            None => Some(vec![default_provider.to_owned()]),
            Some(all) => Some(all.clone()).filter(|all| !all.is_empty()),
        };
        let directories = self.cwd.as_ref().map(|directories| match directories {
            Directories::One(one) => vec![one.clone()],
            Directories::Many(all) => all.clone(),
        });
        if let Some([one]) = directories.as_deref() {
            window.query.cwd = Some(one.clone());
        }
        if let Some([one]) = providers.as_deref() {
            window.query.provider = Some(one.clone());
        }
        window.query.among.clone_from(&included);
        window.filter.is_default_provider = self.model_providers.is_none();
        window.filter.providers = providers;
        window.filter.directories = directories;
        window.filter.title = term.map(Into::into);
        window.filter.excluded = excluded.into_iter().flatten().collect();
        window.included = included;
        match (by_section, &self.section_id) {
            (true, Some(Some(section))) => {
                let after = cursor.map(thread_id).transpose();
                let after =
                    after.map_err(|_| RpcError::invalid(format!("invalid cursor: {}", cursor.unwrap_or_default())))?;
                Ok(Plan::BySection { section: section.clone(), after, window })
            }
            _ => Ok(Plan::ByTime(window)),
        }
    }

    /// Says whose sub-agents are meant.
    fn kin(&self) -> Result<Option<Kin>, RpcError> {
        let read = |what: &str, id: &str| {
            thread_id(id).map_err(|error| RpcError::invalid(format!("invalid {what} thread id: {error}")))
        };
        match (&self.parent_thread_id, &self.ancestor_thread_id) {
            (Some(_), Some(_)) => Err(RpcError::invalid("parentThreadId and ancestorThreadId are mutually exclusive")),
            (Some(parent), None) => Ok(Some(Kin::Children(read("parent", parent)?))),
            (None, Some(ancestor)) => Ok(Some(Kin::Descendants(read("ancestor", ancestor)?))),
            (None, None) => Ok(None),
        }
    }
}

impl SearchParams {
    /// Gives the text that is searched for.
    ///
    /// # Errors
    ///
    /// Says in Codex's words that there is none.
    pub(crate) fn term(&self, method: &str) -> Result<&str, RpcError> {
        match self.search_term.trim() {
            "" => Err(RpcError::invalid(format!("{method} requires a non-empty searchTerm"))),
            term => Ok(term),
        }
    }

    /// Says which threads are searched.
    ///
    /// # Errors
    ///
    /// Says in Codex's words what cannot be asked.
    pub(crate) fn window(&self) -> Result<Window, RpcError> {
        let sort = match self.sort_key {
            None | Some(SearchSortKey::CreatedAt) => SortKey::Created,
            Some(SearchSortKey::UpdatedAt) => SortKey::Updated,
            Some(SearchSortKey::RecencyAt) => SortKey::Recency,
        };
        let mut window = Window::new(self.archived, sort, self.sort_direction, self.cursor.as_deref(), self.limit)?;
        narrow_sources(&mut window, self.source_kinds.as_deref());
        Ok(window)
    }
}

/// Reads at most 100 ids.
fn ids(what: &str, given: Option<&[String]>) -> Result<Option<Vec<String>>, RpcError> {
    let invalid = |why: String| RpcError::new(INVALID_PARAMS, why);
    let Some(given) = given else { return Ok(None) };
    if given.len() > MOST_IDS {
        return Err(invalid(format!("{what}ThreadIds accepts at most {MOST_IDS} entries")));
    }
    let read = |id: &String| thread_id(id).map_err(|error| invalid(format!("invalid {what} thread id: {error}")));
    Ok(Some(given.iter().map(read).collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests;
