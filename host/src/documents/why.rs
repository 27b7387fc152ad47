//! Where a thread is, where it is shown, and why not.

use schemars::JsonSchema;
use serde::Serialize;
use threadkeep_engine::contract;

use super::{Finding, Thread, key_order};
use crate::health::doctor::why as health;
use crate::platform::home::Home;

/// Where a thread is, where it is shown, and why not.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Why {
    /// The absolute paths of its rollouts.
    pub files: Vec<String>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// The thread as it should stand by its files and by everybody's word, its keys in alphabetical order.
    #[serde(serialize_with = "key_order::serialize")]
    #[schemars(with = "Thread")]
    pub thread: Thread,
    /// The places where threads are shown, Threadkeep's and Codex's.
    pub views: Vec<View>,
}

/// A place where threads are shown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct View {
    /// Why the thread is shown there or not, in words.
    pub reasons: Vec<String>,
    /// Whether the thread is shown there.
    pub shown: bool,
    /// What the place is called, mostly the command that shows it.
    #[serde(rename = "where")]
    pub place: String,
}

impl Why {
    /// Makes the document of what there is to say of a thread in this home.
    ///
    /// An error is a source of the thread that is not JSON.
    pub fn new(why: &health::Why, home: &Home) -> Result<Why, serde_json::Error> {
        let absolute = |path: &String| home.absolute(path).to_string_lossy().into_owned();
        Ok(Why {
            files: why.files.iter().map(absolute).collect(),
            findings: why.findings.iter().map(|finding| Finding::new(finding, home)).collect(),
            thread: Thread::new(why.thread.clone(), home, None)?.with_marks(why.marks.clone()),
            views: why.views.iter().map(View::from).collect(),
        })
    }
}

impl From<&contract::View> for View {
    fn from(view: &contract::View) -> View {
        View { reasons: view.reasons.clone(), shown: view.shown, place: view.name.clone() }
    }
}
