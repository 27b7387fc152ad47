//! Folds records into the facts of one rollout.
//!
//! Every fact is either the first of its kind (who the thread is, what the user asked) or the last (where the last turn
//! ran, how many tokens). That is what lets a large file be read from both ends: see [`Fold::head_is_settled`] and
//! [`Fold::tail_is_settled`], and `extract`, which reads on until they hold.

use alloc::string::String;
use alloc::vec::Vec;

use crate::rollout::record::{self, Body, Meta, Record};
use crate::rollout::spoken::{context_cwd, spoken};
use crate::text::codec::{Reader, Writer};
use crate::text::json::Step;
use crate::text::lines::Line;
use crate::text::paths::canonical_id;
use contract::BadLine;

/// How many bad lines are kept with their places; all are counted.
pub const KEPT_BAD_LINES: usize = 20;
/// Longest text that is kept of a message, bytes.
const KEPT_TEXT: usize = 32 << 10;
/// Longest text that is kept of anything else: a path may have 4,096 bytes.
const KEPT_FACT: usize = 4 << 10;
/// Bytes before the end that prove a grown file to be the same one.
pub const ANCHOR: usize = 48;
/// Version of the bytes that [`Fold::encode`] writes. Other versions are parsed anew.
const VERSION: u8 = 2;

/// Who a thread is, by the first record that says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The thread.
    pub id: String,
    /// When it says that it began.
    pub created_at: Option<i64>,
    /// Where it began.
    pub cwd: Option<String>,
    /// The version of the Codex that began it.
    pub cli_version: Option<String>,
    /// JSON as the rollout has it.
    pub source: Option<String>,
    /// Its model provider.
    pub model_provider: Option<String>,
    /// The commit where it began.
    pub git_sha: Option<String>,
    /// The branch where it began.
    pub git_branch: Option<String>,
    /// The URL of the git remote `origin`.
    pub git_origin_url: Option<String>,
    /// Items are records of their own.
    pub paginated: bool,
    /// The thread whose file holds the beginning of its history.
    pub base_thread: Option<String>,
    /// The thread that it was forked from.
    pub forked_from: Option<String>,
    /// The thread that spawned it.
    pub parent_thread: Option<String>,
}

/// What has been learned of a rollout so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// Who the thread is, once a record has said so.
    pub identity: Option<Identity>,
    /// What the user said first.
    pub first_user: Option<String>,
    /// First message in the user's role that is nobody's context: what old rollouts have instead of an event.
    pub first_item: Option<String>,
    /// The first goal that was set.
    pub goal: Option<String>,
    /// Working directory by the first environment context: what old rollouts have instead of a field.
    pub context_cwd: Option<String>,
    /// The first of the user's words that the first compaction kept: of a thread that has lost what was before it, they are
    /// all that is left.
    pub first_kept: Option<String>,
    /// The time of the first record.
    pub first_at: Option<i64>,
    /// The time of the last record.
    pub last_at: Option<i64>,
    /// When the last turn began.
    pub turn_at: Option<i64>,
    /// Where the last turn ran.
    pub last_cwd: Option<String>,
    /// The model of the last turn.
    pub model: Option<String>,
    /// Tokens in all, by the last count.
    pub tokens: Option<i64>,
    /// Lines looked at.
    pub lines: u64,
    /// Plain bytes before the first one that has not been taken in.
    pub offset: u64,
    /// The bytes before `offset`, at most [`ANCHOR`].
    pub anchor: Vec<u8>,
    /// The last record has no newline yet.
    pub no_final_newline: bool,
    /// Lines that are no records: the first [`KEPT_BAD_LINES`].
    pub bad_lines: Vec<BadLine>,
    /// How many there are.
    pub bad_count: u64,
    /// Plain bytes between head and tail that were not looked at.
    pub unread: Option<(u64, u64)>,
}

impl Fold {
    /// Takes a line in. What stands after the last newline is taken in only when it is a whole record; else it is left
    /// for later and the answer is what is wrong with it.
    pub fn line(&mut self, line: &Line<'_>, numbered: bool) -> Option<BadLine> {
        self.take(line, record::read(line.bytes), numbered)
    }

    /// Takes in a line that has been read.
    pub fn take(&mut self, line: &Line<'_>, read: Step<Record<'_>>, numbered: bool) -> Option<BadLine> {
        let fault = match read {
            _ if line.is_blank() => None,
            Ok(record) => {
                self.record(record);
                None
            }
            Err(fault) => Some(BadLine {
                line: if numbered { line.number } else { 0 },
                offset: line.offset,
                reason: fault.reason(),
            }),
        };
        if !line.ended && (fault.is_some() || line.is_blank()) {
            return fault;
        }
        let rest = core::mem::replace(&mut self.no_final_newline, !line.ended);
        if rest && line.is_blank() {
            // The newline that was still to come.
            self.anchor(line);
            return None;
        }
        self.lines += u64::from(!rest);
        self.anchor(line);
        if let Some(bad) = fault {
            self.bad_count += 1;
            if self.bad_lines.len() < KEPT_BAD_LINES {
                self.bad_lines.push(bad);
            }
        }
        None
    }

    /// Remembers the bytes before the place where a later parse would go on: of as many lines as it takes, because a
    /// short line alone would prove little. None of a condensed line, whose bytes were not kept.
    fn anchor(&mut self, line: &Line<'_>) {
        if line.condensed {
            self.anchor.clear();
            return;
        }
        let last = &line.bytes[line.bytes.len().saturating_sub(ANCHOR)..];
        let end = line.ended.then_some(b'\n');
        let excess = (self.anchor.len() + last.len() + usize::from(line.ended)).saturating_sub(ANCHOR);
        let old = excess.min(self.anchor.len());
        self.anchor.drain(..old);
        self.anchor.extend_from_slice(&last[excess - old..]);
        self.anchor.extend(end);
    }

    /// Takes a record in.
    pub fn record(&mut self, record: Record<'_>) {
        if record.at.is_some() {
            self.first_at = self.first_at.or(record.at);
            self.last_at = record.at;
        }
        self.body(record.at, record.body);
    }

    /// Takes in what a record says, which was written then.
    pub fn body(&mut self, at: Option<i64>, body: Body<'_>) {
        match body {
            Body::Meta(meta) => {
                if self.identity.is_none() {
                    self.identity = identity(&meta);
                }
            }
            Body::TurnContext { cwd, model } => {
                if let Some(cwd) = cwd {
                    replace(&mut self.last_cwd, fact(&cwd.decode()));
                }
                if let Some(model) = model {
                    replace(&mut self.model, fact(&model.decode()));
                }
            }
            Body::Model(model) => replace(&mut self.model, fact(&model.decode())),
            Body::TurnStarted => self.turn_at = at.or(self.turn_at),
            Body::UserMessage { texts, images } => {
                self.turn_at = at.or(self.turn_at);
                if self.first_user.is_none() {
                    let joined: String = texts.iter().map(|text| text.decode()).collect();
                    self.first_user = match spoken(&joined) {
                        Some(text) => Some(cut(text)),
                        None if images => Some("[Image]".into()),
                        None => None,
                    };
                }
            }
            Body::UserItem { texts, images } => {
                for text in &texts {
                    if !self.wants_user_items() {
                        break;
                    }
                    let text = text.decode();
                    if self.context_cwd.is_none() {
                        self.context_cwd = context_cwd(&text).map(|cwd| fact(&cwd).into());
                    }
                    if self.first_item.is_none() {
                        self.first_item = spoken(&text).map(cut);
                    }
                }
                if images && self.first_item.is_none() {
                    self.first_item = Some("[Image]".into());
                }
            }
            Body::Tokens(total) => self.tokens = Some(total),
            Body::Goal(text) => {
                if self.goal.is_none() {
                    self.goal = spoken(&text.decode()).map(cut);
                }
            }
            Body::Compacted(said) => {
                if self.wants_compacted() {
                    let joined = said.iter().map(|texts| texts.iter().map(|text| text.decode()).collect::<String>());
                    self.first_kept = joined.into_iter().find_map(|text| spoken(&text).map(cut));
                }
            }
            Body::Other => {}
        }
    }

    /// Says whether a message in the user's role may still say something new.
    pub fn wants_user_items(&self) -> bool {
        self.first_item.is_none() || self.context_cwd.is_none()
    }

    /// Says whether what a compaction kept may still say something new.
    pub fn wants_compacted(&self) -> bool {
        self.first_kept.is_none() && self.first_user.is_none() && self.turn_at.is_none()
    }

    /// Says whether every fact that is the first of its kind is known: more of the file changes none of them. Those
    /// that only stand in for another one count as known once that one is.
    pub fn head_is_settled(&self) -> bool {
        let cwd = self.identity.as_ref().is_some_and(|identity| identity.cwd.is_some()) || self.context_cwd.is_some();
        self.first_user.is_some() && cwd
    }

    /// Says whether every fact that is the last of its kind is known: nothing before this tail changes any of them.
    pub fn tail_is_settled(&self) -> bool {
        self.last_at.is_some()
            && self.turn_at.is_some()
            && self.last_cwd.is_some()
            && self.model.is_some()
            && self.tokens.is_some()
    }

    /// Adds what a later part of the same file says, of which the part in between was not looked at.
    pub fn join(&mut self, tail: Fold) {
        self.unread = Some((self.offset, tail.unread.map_or(tail.offset, |(_, to)| to)));
        self.last_at = tail.last_at.or(self.last_at);
        self.turn_at = tail.turn_at.or(self.turn_at);
        self.last_cwd = tail.last_cwd.or(self.last_cwd.take());
        self.model = tail.model.or(self.model.take());
        self.tokens = tail.tokens.or(self.tokens);
        self.lines += tail.lines;
        self.offset = tail.offset;
        self.anchor = tail.anchor;
        self.no_final_newline = tail.no_final_newline;
        self.bad_count += tail.bad_count;
        self.bad_lines.extend(tail.bad_lines);
        self.bad_lines.truncate(KEPT_BAD_LINES);
    }

    /// Says what the preview would be by this file alone. Only old rollouts have no event for what the user said, and
    /// only in them is the first item of the user's role sure to be the thread's own.
    pub fn opening(&self) -> Option<&str> {
        let item = self.first_item.as_deref().filter(|_| self.identity.as_ref().is_some_and(|id| !id.paginated));
        self.first_user.as_deref().or(item).or(self.first_kept.as_deref())
    }

    /// Writes it for the host to keep.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new(VERSION);
        let identity = self.identity.clone().unwrap_or_default();
        w.text(Some(&identity.id));
        w.number(identity.created_at);
        for text in [
            &identity.cwd,
            &identity.cli_version,
            &identity.source,
            &identity.model_provider,
            &identity.git_sha,
            &identity.git_branch,
            &identity.git_origin_url,
            &identity.base_thread,
            &identity.forked_from,
            &identity.parent_thread,
            &self.first_user,
            &self.first_item,
            &self.first_kept,
            &self.goal,
            &self.context_cwd,
            &self.last_cwd,
            &self.model,
        ] {
            w.text(text.as_deref());
        }
        w.unsigned(identity.paginated.into());
        w.number(self.first_at);
        w.number(self.last_at);
        w.number(self.turn_at);
        w.number(self.tokens);
        w.unsigned(self.lines);
        w.unsigned(self.offset);
        w.bytes(&self.anchor);
        w.unsigned(self.no_final_newline.into());
        w.unsigned(self.bad_count);
        w.unsigned(self.bad_lines.len() as u64);
        for bad in &self.bad_lines {
            w.unsigned(bad.line);
            w.unsigned(bad.offset);
            w.text(Some(&bad.reason));
        }
        w.number(self.unread.map(|(from, _)| from as i64));
        w.unsigned(self.unread.map_or(0, |(_, to)| to));
        w.into_bytes()
    }

    /// Takes back what [`Fold::encode`] gave; none for another version or other bytes.
    pub fn decode(bytes: &[u8]) -> Option<Fold> {
        let mut r = Reader::new(bytes, VERSION)?;
        let mut fold = Fold::default();
        let mut identity = Identity { id: r.text()??, created_at: r.number()?, ..Identity::default() };
        for slot in [
            &mut identity.cwd,
            &mut identity.cli_version,
            &mut identity.source,
            &mut identity.model_provider,
            &mut identity.git_sha,
            &mut identity.git_branch,
            &mut identity.git_origin_url,
            &mut identity.base_thread,
            &mut identity.forked_from,
            &mut identity.parent_thread,
            &mut fold.first_user,
            &mut fold.first_item,
            &mut fold.first_kept,
            &mut fold.goal,
            &mut fold.context_cwd,
            &mut fold.last_cwd,
            &mut fold.model,
        ] {
            *slot = r.text()?;
        }
        identity.paginated = r.unsigned()? != 0;
        fold.identity = Some(identity).filter(|identity| !identity.id.is_empty());
        fold.first_at = r.number()?;
        fold.last_at = r.number()?;
        fold.turn_at = r.number()?;
        fold.tokens = r.number()?;
        fold.lines = r.unsigned()?;
        fold.offset = r.unsigned()?;
        fold.anchor = r.bytes()?.into();
        fold.no_final_newline = r.unsigned()? != 0;
        fold.bad_count = r.unsigned()?;
        for _ in 0..r.unsigned()? {
            fold.bad_lines.push(BadLine { line: r.unsigned()?, offset: r.unsigned()?, reason: r.text()?? });
        }
        let from = r.number()?;
        let to = r.unsigned()?;
        fold.unread = from.map(|from| (from as u64, to));
        r.is_done().then_some(fold)
    }
}

fn identity(meta: &Meta<'_>) -> Option<Identity> {
    let text = |text: Option<crate::text::json::Text<'_>>| {
        text.map(|text| String::from(fact(&text.decode()))).filter(|text| !text.is_empty())
    };
    let id = |id: Option<crate::text::json::Text<'_>>| id.and_then(|id| canonical_id(&id.decode()));
    // Cut JSON would be none.
    let source = meta.source.filter(|raw| *raw != b"null" && raw.len() <= KEPT_FACT);
    Some(Identity {
        id: id(meta.id)?,
        created_at: meta.timestamp,
        cwd: text(meta.cwd),
        cli_version: text(meta.cli_version),
        source: source.map(|raw| String::from_utf8_lossy(raw).into_owned()),
        model_provider: text(meta.model_provider),
        git_sha: text(meta.commit_hash),
        git_branch: text(meta.branch),
        git_origin_url: text(meta.repository_url),
        paginated: meta.history_mode.is_some_and(|mode| mode.is("paginated")),
        base_thread: id(meta.base_thread),
        forked_from: id(meta.forked_from),
        parent_thread: id(meta.parent_thread).or_else(|| spawner_of(meta.source?)),
    })
}

/// Returns the parent that a sub-agent's source names: `{"subagent":{"thread_spawn":{"parent_thread_id":…}}}`.
pub fn spawner_of(source: &[u8]) -> Option<String> {
    let mut parent = None;
    let mut cursor = crate::text::json::Cursor::new(source);
    let read = cursor.object(|c, _| {
        c.object(|c, key| {
            if !key.is("thread_spawn") {
                return c.skip();
            }
            c.object(|c, key| if key.is("parent_thread_id") { c.text().map(|id| parent = id) } else { c.skip() })
        })
    });
    read.ok()?;
    canonical_id(&parent?.decode())
}

/// Replaces, and leaves the allocation alone where nothing changes: most turns run where the last one did.
fn replace(slot: &mut Option<String>, text: &str) {
    if slot.as_deref() != Some(text) {
        *slot = Some(text.into());
    }
}

/// What is kept of a message.
fn cut(text: &str) -> String {
    at_most(text, KEPT_TEXT).into()
}

/// What is kept of anything else.
fn fact(text: &str) -> &str {
    at_most(text, KEPT_FACT)
}

/// At most so many bytes, whole characters.
fn at_most(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
