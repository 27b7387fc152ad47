//! Which records of a file belong together, and which of them are the conversation: there are branches that were given up, and
//! before 2.0 sub-agents stand among the records of the session that began them.

use std::collections::{BTreeMap, HashMap, HashSet};

use threadkeep_plugin::importer::Session;
use threadkeep_plugin::source::{self, stem};
use threadkeep_plugin::{Result, time};

use crate::records::{Head, is_typed};

/// Holds what a file is, without what was said.
#[derive(Default)]
pub(crate) struct File {
    pub(crate) lines: usize,
    pub(crate) bytes: usize,
    nodes: Vec<Node>,
    by_uuid: HashMap<String, usize>,
    /// That of the session is the first one.
    pub(crate) chains: Vec<Chain>,
    /// Some gateways give all messages one id; then requests tell them apart.
    pub(crate) ids_repeat: bool,
}

struct Node {
    line: usize,
    parent: Option<usize>,
    chain: usize,
    message: Option<String>,
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
        let Some(uuid) = record.uuid.filter(|uuid| !self.by_uuid.contains_key(*uuid)) else { return };
        let parent = record.parent_uuid.or(record.logical_parent_uuid);
        let mut parent = parent.and_then(|parent| self.by_uuid.get(parent).copied());
        let chain = if of_agent || !record.is_sidechain {
            // What a record hangs on may be left out of a fork's file.
            parent = parent.or_else(|| self.nodes.iter().rposition(|node| node.chain == 0));
            0
        } else if let Some(parent) = parent {
            self.nodes[parent].chain
        } else {
            let session = self.chains[0].session.id.clone();
            self.chains.push(Chain::new(format!("{session}/{uuid}"), Some(session)));
            self.chains.len() - 1
        };
        self.by_uuid.insert(uuid.to_owned(), self.nodes.len());
        let message = record.message.id.map(str::to_owned);
        self.nodes.push(Node { line: self.lines, parent, chain, message });
        self.chains[chain].learn(record, of_agent);
    }

    /// The chain of a session.
    pub(crate) fn chain(&self, session: &str) -> Option<usize> {
        self.chains.iter().position(|chain| chain.session.id == session)
    }

    /// The lines of a chain, each with whether it is on the branch that the newest record ends. The lines of one message stay
    /// together, though only one of them may be on it: tools that run at once are branches.
    pub(crate) fn lines_of(&self, chain: usize) -> HashMap<usize, bool> {
        let mut on_branch = HashSet::new();
        let mut at = self.nodes.iter().rposition(|node| node.chain == chain);
        while let Some(index) = at {
            on_branch.insert(index);
            // A parent stands before its child, so this ends.
            at = self.nodes[index].parent.filter(|parent| *parent < index);
        }
        let messages: HashSet<_> = on_branch.iter().filter_map(|index| self.nodes[*index].message.as_ref()).collect();
        let of_chain = self.nodes.iter().enumerate().filter(|(_, node)| node.chain == chain);
        let live = |(index, node): (usize, &Node)| {
            let of_message = node.message.as_ref().is_some_and(|id| messages.contains(id));
            (node.line, on_branch.contains(&index) || of_message)
        };
        of_chain.map(live).collect()
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
            session.model =
                message.model.filter(|model| *model != "<synthetic>").map(str::to_owned).or(session.model.take());
        }
        let other = |id: Option<&str>| id.filter(|id| *id != session.id).map(str::to_owned);
        if of_agent {
            session.parent = record.session_id.map(str::to_owned).or(session.parent.take());
        } else if session.parent.is_none() {
            let forked_from =
                record.forked_from.and_then(|from| serde_json::from_str::<serde_json::Value>(from.get()).ok());
            let named = forked_from.as_ref().and_then(|from| from["sessionId"].as_str());
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
