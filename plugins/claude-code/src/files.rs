//! What a file tells of its session and of sub-agents: before 2.0 these stand among the records of the session that began them.

use std::collections::HashMap;

use threadkeep_plugin::importer::{Conversation, Conversations, Session};
use threadkeep_plugin::source::stem;
use threadkeep_plugin::{Result, time};

use crate::records::{Head, is_typed};

/// The conversations in a file. Some gateways give all messages one id, which is told beside: then requests tell them apart.
pub(crate) fn read(name: &str) -> Result<(Conversations, bool)> {
    let of_agent = stem(name).starts_with("agent-");
    let (mut custom_title, mut ai_title, mut ids_repeat) = (None, None, false);
    let mut request_of = HashMap::<String, String>::new();
    let mut log = Conversations::read(name, Session::new(stem(name)), |log, line| {
        let Ok(record) = serde_json::from_str::<Head<'_>>(line) else { return };
        match record.kind {
            "user" | "assistant" | "system" | "attachment" => {
                if let (Some(id), Some(request)) = (record.message.id, record.request_id) {
                    let before = request_of.entry(id.to_owned()).or_insert_with(|| request.to_owned());
                    ids_repeat |= before != request;
                }
                // The lines of one message stay together: tools that run at once are branches.
                let (parent, group) = (record.parent_uuid.or(record.logical_parent_uuid), record.message.id);
                let aside = record.is_sidechain && !of_agent;
                if let Some(conversation) = record.uuid.and_then(|uuid| log.add(uuid, parent, group, aside)) {
                    learn(conversation, &record, of_agent);
                }
            }
            "custom-title" => custom_title = record.custom_title,
            "ai-title" => ai_title = record.ai_title,
            "summary" => {
                let summary = record.summary.filter(|summary| !summary.starts_with("Invalid API key"));
                log.session().titles.extend(record.leaf_uuid.map(str::to_owned).zip(summary));
            }
            _ => {}
        }
    })?;
    log.session().title = custom_title.or(ai_title);
    Ok((log, ids_repeat))
}

fn learn(conversation: &mut Conversation, record: &Head<'_>, of_agent: bool) {
    let (session, message) = (&mut conversation.session, &record.message);
    session.seen_at(record.timestamp.and_then(time::parse));
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    session.cwd = given(&record.cwd).or(session.cwd.take());
    session.git_branch = given(&record.git_branch).or(session.git_branch.take());
    session.version = record.version.map(str::to_owned).or(session.version.take());
    session.model_provider.get_or_insert_with(|| "anthropic".to_owned());
    if record.kind == "assistant" {
        conversation.answered = true;
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
        Some(message.text()).filter(|text| is_typed(text)).into_iter().for_each(|text| conversation.ask(text));
    }
}
