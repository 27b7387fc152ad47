use std::collections::HashMap;

use crate::branches::Branches;
use crate::importer::{Entry, Session, Transcript};
use crate::{Result, source};

/// Holds what a log tells beside what was said: its session, the conversations of sub-agents that stand among the session's records,
/// and which lines are whose.
#[derive(Debug)]
pub struct Conversations {
    /// That of the session is the first one.
    all: Vec<Conversation>,
    branches: Branches,
    lines: usize,
    bytes: usize,
}

/// Holds a conversation: that of the session, or of a sub-agent.
#[derive(Debug)]
pub struct Conversation {
    /// What is known of it.
    pub session: Session,
    /// What it was asked first.
    pub prompt: Option<String>,
    /// How often it was asked something.
    pub prompts: usize,
    /// Whether it answered anything.
    pub answered: bool,
}

impl Conversation {
    fn new(session: Session) -> Self {
        Self { session, prompt: None, prompts: 0, answered: false }
    }

    /// Somebody asks it something.
    pub fn ask(&mut self, prompt: String) {
        self.prompts += 1;
        self.prompt.get_or_insert(prompt);
    }

    /// Whether anything was asked or answered in it.
    pub fn is_told(&self) -> bool {
        self.answered || self.prompts > 0
    }
}

impl Conversations {
    /// Reads a log of a session: each line is handed over, to be understood and added.
    ///
    /// # Errors
    ///
    /// There is no such file, or it cannot be read.
    pub fn read(file: &str, session: Session, mut understand: impl FnMut(&mut Self, &str)) -> Result<Self> {
        let mut read =
            Self { all: vec![Conversation::new(session)], branches: Branches::default(), lines: 0, bytes: 0 };
        for line in source::lines(file)? {
            let line = line?;
            read.lines += 1;
            read.bytes += line.len();
            understand(&mut read, &line);
        }
        Ok(read)
    }

    /// Adds the record of the line that was handed over: its id, what it hangs on, and the group with which it stays together. One that
    /// stands aside is part of its parent's conversation, or begins one, of a sub-agent whose session is called after it.
    ///
    /// Returns the conversation; none if a record of this id is known.
    pub fn add(
        &mut self,
        id: &str,
        parent: Option<&str>,
        group: Option<&str>,
        aside: bool,
    ) -> Option<&mut Conversation> {
        if self.branches.contains(id) {
            return None;
        }
        let number = match parent.and_then(|parent| self.branches.conversation_of(parent)) {
            _ if !aside => 0,
            Some(number) => number,
            None => {
                let session = &self.all[0].session.id;
                let parent = Some(session.clone());
                let begun = Session { parent, ..Session::new(format!("{session}/{id}")) };
                self.all.push(Conversation::new(begun));
                self.all.len() - 1
            }
        };
        self.branches.add(id, self.lines, parent, number, group);
        self.all.get_mut(number)
    }

    /// The session of the log.
    pub fn session(&mut self) -> &mut Session {
        &mut self.all[0].session
    }

    /// The sessions of sub-agents among its records, by what they were asked; of several that were asked the same, the first one.
    pub fn sub_agents(&self) -> HashMap<String, String> {
        let others = self.all.iter().skip(1).rev();
        others.filter_map(|other| Some((other.prompt.clone()?, other.session.id.clone()))).collect()
    }

    /// All conversations, each with a stamp that is another one when the log is.
    pub fn stamped(self) -> impl Iterator<Item = Conversation> {
        let (lines, bytes) = (self.lines, self.bytes);
        self.all.into_iter().map(move |mut conversation| {
            conversation.session.stamp = format!("{lines} {bytes} {}", conversation.session.updated_at);
            conversation
        })
    }

    /// Tells a session of the log while it is read again: `tell` is given each line of it, and whether it is on the branch that stands.
    /// None if there is no such session.
    ///
    /// # Errors
    ///
    /// There is no such file, or it cannot be read.
    pub fn tell(
        self,
        file: &str,
        session: &str,
        mut tell: impl FnMut(&mut Transcript, &str, bool) + 'static,
    ) -> Result<Option<Box<dyn Iterator<Item = Result<Entry>>>>> {
        let Some(number) = self.all.iter().position(|told| told.session.id == session) else { return Ok(None) };
        let lines = self.branches.lines_of(number);
        let mut at = 0;
        Ok(Some(Box::new(Transcript::tell(source::lines(file)?, move |transcript, line: Option<String>| {
            at += 1;
            if let (Some(line), Some(live)) = (line, lines.get(&at)) {
                tell(transcript, &line, *live);
            }
        }))))
    }
}
