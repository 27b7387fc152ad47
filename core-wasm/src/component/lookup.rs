//! The exports that look: `lookup` and `history`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;

use super::convert::{collection_in, query_in};
use super::exported::{history, lookup};
use super::threadkeep::core::{state, types};
use super::{Component, World};
use crate::find::evidence::{Evidence, Rule, Verdict};
use crate::{find, page, turns};

impl From<find::LookupError> for lookup::Error {
    fn from(error: find::LookupError) -> Self {
        match error {
            find::LookupError::NotFound(wanted) => lookup::Error::NotFound(wanted),
            find::LookupError::Gone(row) => lookup::Error::Gone((*row).into()),
            find::LookupError::Ambiguous(rows) => lookup::Error::Ambiguous(rows.into_iter().map(Into::into).collect()),
            find::LookupError::BadCursor(why) => lookup::Error::BadCursor(why),
            find::LookupError::State(error) => lookup::Error::State(error.to_string()),
            find::LookupError::Files(error) => lookup::Error::Files(error.to_string()),
        }
    }
}

impl From<find::Found> for lookup::Found {
    fn from(found: find::Found) -> Self {
        lookup::Found {
            row: found.row.into(),
            via: match found.via {
                find::Via::State => lookup::Via::State,
                find::Via::Files => lookup::Via::Files,
            },
            verified: found.verified,
            discrepancies: found.discrepancies.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Evidence> for lookup::Evidence {
    fn from(step: Evidence) -> Self {
        match step {
            Evidence::WithoutRows => lookup::Evidence::WithoutRows,
            Evidence::NoRow(thread) => lookup::Evidence::NoRow(thread),
            Evidence::Row { thread, path, archived, missing } => {
                lookup::Evidence::Row(lookup::RowEvidence { thread, path, archived, missing })
            }
            Evidence::Head { path, verdict } => lookup::Evidence::Head((
                path,
                match verdict {
                    Verdict::Carries => lookup::Verdict::Carries,
                    Verdict::Other(thread) => lookup::Verdict::Other(thread),
                    Verdict::Absent => lookup::Verdict::Absent,
                    Verdict::Unreadable(why) => lookup::Verdict::Unreadable(why),
                },
            )),
            Evidence::Names { part, files } => lookup::Evidence::Names((part, files)),
            Evidence::Recorded { thread, files } => lookup::Evidence::Recorded((thread, files)),
            Evidence::Unchanged => lookup::Evidence::Unchanged,
            Evidence::EveryHead { files } => lookup::Evidence::EveryHead(files),
            Evidence::Claim(claim) => lookup::Evidence::Claim(claim.into()),
            Evidence::Candidates { wanted, threads } => lookup::Evidence::Candidates((wanted, threads)),
        }
    }
}

impl From<Rule> for lookup::Rule {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::RowsFile => lookup::Rule::RowsFile,
            Rule::KnownFiles => lookup::Rule::KnownFiles,
            Rule::EveryHead => lookup::Rule::EveryHead,
            Rule::UnverifiedRow => lookup::Rule::UnverifiedRow,
            Rule::OtherCollection => lookup::Rule::OtherCollection,
            Rule::Gone => lookup::Rule::Gone,
            Rule::NamedLast => lookup::Rule::NamedLast,
            Rule::Several => lookup::Rule::Several,
            Rule::Nowhere => lookup::Rule::Nowhere,
        }
    }
}

impl lookup::Guest for Component {
    fn find(wanted: String, within: Option<types::Collection>) -> Result<lookup::Found, lookup::Error> {
        Ok(find::find(&World, &wanted, within.map(collection_in))?.into())
    }

    fn explain(wanted: String, within: Option<types::Collection>) -> lookup::Explanation {
        let explanation = find::explain(&World, &wanted, within.map(collection_in));
        lookup::Explanation {
            answer: explanation.answer.map(Into::into).map_err(Into::into),
            rule: explanation.rule.into(),
            evidence: explanation.evidence.into_iter().map(Into::into).collect(),
        }
    }

    fn at(path: String) -> Result<lookup::Found, lookup::Error> {
        Ok(find::at(&World, &path)?.into())
    }

    fn page(query: state::RowQuery, cursor: Option<String>, limit: u32) -> Result<lookup::PageOfRows, lookup::Error> {
        let page = page::page(&World, &query_in(query), cursor.as_deref(), limit)?;
        let listed = |listed: page::Listed| lookup::Listed { row: listed.row.into(), depth: listed.depth };
        Ok(lookup::PageOfRows { rows: page.rows.into_iter().map(listed).collect(), next: page.next })
    }
}

impl history::Guest for Component {
    type Transcript = OpenTranscript;
    type Prompt = OpenPrompt;
}

/// `history.transcript`
pub(super) struct OpenTranscript {
    found: find::Found,
    turns: turns::Transcript,
}

fn subject(of: history::Subject) -> turns::Subject {
    match of {
        history::Subject::Thread(wanted) => turns::Subject::Thread(wanted),
        history::Subject::Rollout(path) => turns::Subject::Rollout(path),
    }
}

fn gaps(gaps: &[turns::Gap]) -> Vec<history::Gap> {
    let gap = |gap: turns::Gap| fields!(gap => history::Gap { thread, before, reason } with {});
    gaps.iter().cloned().map(gap).collect()
}

fn page_out(page: turns::Page) -> history::PageOfTurns {
    fields!(page => history::PageOfTurns { turns, next, back, hit } with {})
}

impl history::GuestTranscript for OpenTranscript {
    fn open(of: history::Subject) -> Result<history::Transcript, lookup::Error> {
        let (found, turns) = turns::Transcript::open(&World, &subject(of))?;
        Ok(history::Transcript::new(OpenTranscript { found, turns }))
    }

    fn found(&self) -> lookup::Found {
        self.found.clone().into()
    }

    fn gaps(&self) -> Vec<history::Gap> {
        gaps(self.turns.gaps())
    }

    fn page(
        &self,
        cursor: Option<String>,
        limit: u32,
        newest_first: bool,
    ) -> Result<history::PageOfTurns, lookup::Error> {
        Ok(page_out(self.turns.page(&World, cursor.as_deref(), limit, newest_first)?))
    }

    fn around(
        &self,
        text: String,
        cursor: Option<String>,
        limit: u32,
        newest_first: bool,
    ) -> Result<Option<history::PageOfTurns>, lookup::Error> {
        Ok(self.turns.around(&World, &text, cursor.as_deref(), limit, newest_first)?.map(page_out))
    }

    fn records(&self, cursor: Option<String>) -> Result<history::PageOfRecords, lookup::Error> {
        let page = self.turns.records(&World, cursor.as_deref())?;
        Ok(fields!(page => history::PageOfRecords { records, next } with {}))
    }
}

/// `history.prompt`
pub(super) struct OpenPrompt {
    found: find::Found,
    prompt: RefCell<turns::Prompt>,
}

impl history::GuestPrompt for OpenPrompt {
    fn open(of: history::Subject) -> Result<history::Prompt, lookup::Error> {
        let (found, prompt) = turns::Prompt::open(&World, &subject(of))?;
        Ok(history::Prompt::new(OpenPrompt { found, prompt: RefCell::new(prompt) }))
    }

    fn found(&self) -> lookup::Found {
        self.found.clone().into()
    }

    fn gaps(&self) -> Vec<history::Gap> {
        gaps(self.prompt.borrow().gaps())
    }

    fn next(&self) -> Result<Vec<String>, lookup::Error> {
        Ok(self.prompt.borrow_mut().next(&World)?)
    }
}
