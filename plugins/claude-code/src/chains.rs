//! Which records of a file belong together, and which of them are the conversation: there are branches that were given up, and
//! before 2.0 sub-agents stand among the records of the session that began them.

use std::collections::{BTreeMap, HashMap};

use threadkeep_plugin::importer::{Branches, Session};
use threadkeep_plugin::source::{self, stem};
use threadkeep_plugin::{Result, time};

use crate::records::{Head, is_typed};

/// Holds what a file is, without what was said.
#[derive(Default)]
pub(crate) struct File {
    pub(crate) lines: usize,
    pub(crate) bytes: usize,
    pub(crate) branches: Branches,
    /// That of the session is the first one.
    pub(crate) chains: Vec<Chain>,
    /// Some gateways give all messages one id; then requests tell them apart.
    pub(crate) ids_repeat: bool,
}

/// Holds a conversation: that of the session, or of a sub-agent.
pub(crate) struct Chain {
    pub(crate) session: Session,
    /// What it was asked first.
    pub(crate) prompt: Option<String>,
    answered: bool,
    prompts: usize,
}

impl Chain {
    fn new(id: String, parent: Option<String>) -> Self {
        Self { session: Session { parent, ..Session::new(id) }, prompt: None, answered: false, prompts: 0 }
    }

    /// Version 2.0 asks a sub-agent to warm up at each start; that is nobody's session.
    pub(crate) fn is_session(&self) -> bool {
        let warm_up = self.prompts == 1 && self.prompt.as_deref() == Some("Warmup") && self.session.parent.is_some();
        (self.answered || self.prompts > 0) && !warm_up
    }
}

impl File {
    pub(crate) fn read(name: &str) -> Result<Self> {
        let of_agent = stem(name).starts_with("agent-");
        let mut file = Self { chains: vec![Chain::new(stem(name).to_owned(), None)], ..Self::default() };
        let mut titles = BTreeMap::new();
        let mut request_of = HashMap::<String, String>::new();
        for line in source::lines(name)? {
            let line = line?;
            file.lines += 1;
            file.bytes += line.len();
            let Ok(record) = serde_json::from_str::<Head<'_>>(&line) else { continue };
            if record.is_linked() {
                if let (Some(id), Some(request)) = (record.message.id, record.request_id) {
                    let before = request_of.entry(id.to_owned()).or_insert_with(|| request.to_owned());
                    file.ids_repeat |= before != request;
                }
                file.link(&record, of_agent);
            }
            match record.kind {
                "custom-title" => titles.insert(0, record.custom_title),
                "ai-title" => titles.insert(1, record.ai_title),
                "summary" => {
                    let summary = record.summary.filter(|summary| !summary.starts_with("Invalid API key"));
                    file.chains[0].session.titles.extend(record.leaf_uuid.map(str::to_owned).zip(summary));
                    None
                }
                _ => None,
            };
        }
        file.chains[0].session.title = titles.into_values().flatten().next();
        Ok(file)
    }

    fn link(&mut self, record: &Head<'_>, of_agent: bool) {
        let Some(uuid) = record.uuid.filter(|uuid| !self.branches.contains(uuid)) else { return };
        let parent = record.parent_uuid.or(record.logical_parent_uuid);
        let chain = if of_agent || !record.is_sidechain {
            0
        } else {
            parent.and_then(|parent| self.branches.conversation_of(parent)).unwrap_or_else(|| {
                let session = self.chains[0].session.id.clone();
                self.chains.push(Chain::new(format!("{session}/{uuid}"), Some(session)));
                self.chains.len() - 1
            })
        };
        // The lines of one message stay together: tools that run at once are branches.
        self.branches.add(uuid, self.lines, parent, chain, record.message.id);
        self.chains[chain].learn(record, of_agent);
    }
}

impl Chain {
    fn learn(&mut self, record: &Head<'_>, of_agent: bool) {
        let (session, message) = (&mut self.session, &record.message);
        session.seen_at(record.timestamp.and_then(time::parse));
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        session.cwd = given(&record.cwd).or(session.cwd.take());
        session.git_branch = given(&record.git_branch).or(session.git_branch.take());
        session.version = record.version.map(str::to_owned).or(session.version.take());
        session.model_provider.get_or_insert_with(|| "anthropic".to_owned());
        if record.kind == "assistant" {
            self.answered = true;
            let model = message.model.filter(|model| *model != "<synthetic>");
            session.model = model.map(str::to_owned).or(session.model.take());
        }
        let other = |id: Option<&str>| id.filter(|id| *id != session.id).map(str::to_owned);
        if of_agent {
            session.parent = record.session_id.map(str::to_owned).or(session.parent.take());
        } else if session.parent.is_none() {
            let named = record.forked_from.as_ref().and_then(|from| from["sessionId"].as_str());
            let origin = other(named).or_else(|| other(record.request_session_id)).or_else(|| other(record.session_id));
            session.forked_from = session.forked_from.take().or(origin);
        }
        if record.kind == "user" && !record.is_meta && !message.is_result() {
            let text = message.text();
            if is_typed(&text) {
                self.prompts += 1;
                self.prompt.get_or_insert(text);
            }
        }
    }
}
