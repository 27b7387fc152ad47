//! The threads that are handed over to a run, and how much of them may be seen.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::RawValue;
use threadkeep::Threadkeep;
use threadkeep::contract::{Subject, ThreadRow};
use threadkeep::threads::lookup::Transcript;

use crate::contract::threads::{Entry, Facts, Names, Places, Usage};
use crate::contract::types::Error;
use crate::grants::{Grant, Grants};
use crate::items::{entries_of, without_other_threads};

/// No page is longer.
const LONGEST_PAGE: u32 = 1_000;
/// Bytes of a history that are given at a time, or one item that is larger.
const PIECE: usize = 256 << 10;
/// How many turns are read at a time.
const TURNS: u32 = 50;

/// The threads of one run, in the order in which the user asked for them.
pub struct HandedThreads {
    threadkeep: Threadkeep,
    rows: Vec<ThreadRow>,
    places: HashMap<String, usize>,
    grants: Grants,
    secrets: Secrets,
}

/// Takes secrets out of what is handed over, unless the user wants them left in, and counts them.
#[derive(Clone)]
struct Secrets {
    threadkeep: Threadkeep,
    are_left: bool,
    taken_out: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Secrets {
    /// Gives JSON texts without secrets.
    fn clear(&self, texts: Vec<String>) -> Result<Vec<String>, Error> {
        if self.are_left || texts.is_empty() {
            return Ok(texts);
        }
        let failed = |error: String| Error::Failed(error);
        let cleared = self.threadkeep.without_secrets(format!("[{}]", texts.join(",")));
        let cleared = cleared.map_err(|error| failed(error.message().into()))?;
        if cleared.counts.is_empty() {
            return Ok(texts);
        }
        let mut taken_out = self.taken_out.lock().unwrap_or_else(PoisonError::into_inner);
        for (kind, count) in cleared.counts {
            *taken_out.entry(kind).or_default() += count;
        }
        let cleared: Vec<Box<RawValue>> =
            serde_json::from_str(&cleared.text).map_err(|error| failed(error.to_string()))?;
        Ok(cleared.into_iter().map(|text| text.get().to_owned()).collect())
    }

    /// Gives a text without secrets.
    fn clear_text(&self, texts: [&str; 3]) -> Result<[String; 3], Error> {
        let failed = |error: serde_json::Error| Error::Failed(error.to_string());
        let json = serde_json::to_string(&texts).map_err(failed)?;
        let cleared = self.clear(vec![json])?;
        serde_json::from_str(cleared.first().map(String::as_str).unwrap_or_default()).map_err(failed)
    }
}

impl HandedThreads {
    /// Hands threads over, of which so much may be seen.
    pub fn new(threadkeep: Threadkeep, rows: Vec<ThreadRow>, grants: Grants) -> HandedThreads {
        let places = rows.iter().enumerate().map(|(place, row)| (row.id.clone(), place)).collect();
        let secrets = Secrets { threadkeep: threadkeep.clone(), are_left: false, taken_out: Arc::default() };
        HandedThreads { threadkeep, rows, places, grants, secrets }
    }

    /// Leaves secrets in what is said and done, which are taken out else: keys, tokens, passwords.
    pub fn with_secrets(mut self) -> HandedThreads {
        self.secrets.are_left = true;
        self
    }

    /// Gives how many secrets of each kind were taken out so far.
    pub fn taken_out(&self) -> BTreeMap<String, u64> {
        self.secrets.taken_out.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives the ids, in their order.
    pub fn ids(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.id.clone()).collect()
    }

    /// Gives the time of the last change of any of them, in milliseconds since 1970; 0 where there is none.
    pub fn last_change(&self) -> i64 {
        self.rows.iter().map(|row| row.updated_at).max().unwrap_or_default()
    }

    fn granted(&self, grant: Grant) -> Result<(), Error> {
        match self.grants.contains(&grant) {
            true => Ok(()),
            false => Err(Error::Denied(grant.name().into())),
        }
    }

    fn row(&self, id: &str) -> Option<&ThreadRow> {
        self.places.get(id).map(|place| &self.rows[*place])
    }

    pub(crate) fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<String>, Error> {
        let from = match after {
            Some(id) => self.places.get(id).ok_or(Error::NotFound)? + 1,
            None => 0,
        };
        let limit = limit.min(LONGEST_PAGE) as usize;
        Ok(self.rows[from..].iter().take(limit).map(|row| row.id.clone()).collect())
    }

    /// Tells of threads what `of` tells of a row; those that were not handed over are left out.
    fn told<T>(&self, grant: Grant, ids: &[String], of: impl Fn(&ThreadRow) -> T) -> Result<Vec<T>, Error> {
        self.granted(grant)?;
        if ids.len() > LONGEST_PAGE as usize {
            return Err(Error::Invalid(format!("at most {LONGEST_PAGE} threads can be asked for at a time")));
        }
        Ok(ids.iter().filter_map(|id| self.row(id)).map(of).collect())
    }

    pub(crate) fn facts(&self, ids: &[String]) -> Result<Vec<Facts>, Error> {
        let handed = |id: &Option<String>| id.clone().filter(|id| self.places.contains_key(id));
        self.told(Grant::Facts, ids, |row| Facts {
            id: row.id.clone(),
            created_at: row.created_at,
            updated_at: row.updated_at,
            archived: row.archived,
            source_kind: row.source_kind.clone(),
            parent: handed(&row.parent_thread_id),
            forked_from: handed(&row.forked_from_id),
        })
    }

    pub(crate) fn names(&self, ids: &[String]) -> Result<Vec<Names>, Error> {
        let told = self.told(Grant::Names, ids, |row| {
            let name = row.name.as_deref().unwrap_or_default();
            let [title, said, preview] = self.secrets.clear_text([&row.title, name, &row.preview])?;
            Ok(Names { id: row.id.clone(), title, name: row.name.is_some().then_some(said), preview })
        });
        told?.into_iter().collect()
    }

    pub(crate) fn places(&self, ids: &[String]) -> Result<Vec<Places>, Error> {
        self.told(Grant::Places, ids, |row| Places {
            id: row.id.clone(),
            cwd: row.last_cwd.clone().or_else(|| row.cwd.clone()),
            git_branch: row.git_branch.clone(),
            git_commit: row.git_sha.clone(),
            git_origin: row.git_origin_url.clone(),
        })
    }

    pub(crate) fn usage(&self, ids: &[String]) -> Result<Vec<Usage>, Error> {
        self.told(Grant::Usage, ids, |row| Usage {
            id: row.id.clone(),
            model: row.model.clone(),
            model_provider: row.model_provider.clone(),
            tokens: row.tokens_used.and_then(|tokens| u64::try_from(tokens).ok()),
        })
    }

    /// Opens a history.
    pub(crate) fn history(&self, id: &str) -> Result<History, Error> {
        self.granted(Grant::History)?;
        let row = self.row(id).ok_or(Error::NotFound)?;
        let transcript = self.threadkeep.transcript(&Subject::Thread(row.id.clone()));
        let transcript = transcript.map_err(|error| Error::Failed(error.message().into()))?;
        let secrets = self.secrets.clone();
        Ok(History { transcript, secrets, cursor: None, is_read: false, waiting: VecDeque::new(), last: Vec::new() })
    }

    /// Gives the JSON of the items that were given last, in which no other thread is named.
    pub(crate) fn json_of(&self, history: &History) -> Vec<String> {
        let handed: HashSet<&str> = self.places.keys().map(String::as_str).collect();
        history.last.iter().map(|json| without_other_threads(json.clone(), &handed)).collect()
    }
}

/// A history that is gone through.
pub(crate) struct History {
    transcript: Transcript,
    secrets: Secrets,
    cursor: Option<String>,
    /// Nothing is left to be read.
    is_read: bool,
    /// What was read and not given yet: an entry, and an item's JSON.
    waiting: VecDeque<(Entry, Option<String>)>,
    /// The JSON of the items that were given last.
    last: Vec<String>,
}

impl History {
    /// Gives what comes next; nothing at the end.
    pub(crate) fn next(&mut self) -> Result<Vec<Entry>, Error> {
        let (mut given, mut bytes) = (Vec::new(), 0);
        self.last.clear();
        while bytes < PIECE {
            let Some((entry, json)) = self.waiting.pop_front() else {
                if self.is_read {
                    break;
                }
                self.read()?;
                continue;
            };
            let size = size_of(&entry);
            if !given.is_empty() && bytes + size > PIECE {
                self.waiting.push_front((entry, json));
                break;
            }
            bytes += size;
            given.push(entry);
            self.last.extend(json);
        }
        Ok(given)
    }

    fn read(&mut self) -> Result<(), Error> {
        let page = self.transcript.page(self.cursor.as_deref(), TURNS, false);
        let page = page.map_err(|error| Error::Failed(error.to_string()))?;
        for turn in self.secrets.clear(page.turns)? {
            let (turn, items) = entries_of(&turn).map_err(|error| Error::Failed(error.to_string()))?;
            self.waiting.push_back((turn, None));
            self.waiting.extend(items.into_iter().map(|(item, json)| (Entry::Item(item), Some(json))));
        }
        self.is_read = page.next.is_none();
        self.cursor = page.next;
        Ok(())
    }
}

/// Gives about how many bytes an entry has.
pub(crate) fn size_of(entry: &Entry) -> usize {
    const FIELDS: usize = 64;
    match entry {
        Entry::Turn(turn) => FIELDS + turn.id.len(),
        Entry::Item(item) => FIELDS + item.id.len() + item.title.len() + item.text.len(),
    }
}
