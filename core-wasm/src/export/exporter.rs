//! Takes one thread out: finds it, and hands its document out piece by piece.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{
    Chunk, ExportDetail, ExportFile, ExportFormat, ExportOptions, ExportPiece, Found, Gap, LookupError, RedactionCount,
    Subject, ThreadRow,
};
use serde_json::Value;

use super::blocks::{self, Block, Shown};
use super::clean::{clean, one_line, title};
use super::html::Html;
use super::images;
use super::markdown::Markdown;
use super::pieces::{Head, Pieces, TurnHead};
use super::plain_text::PlainText;
use super::records::Records;
use crate::history::chain::Chain;
use crate::history::transcript::Transcript;
use crate::lookup::find::{find, find_by_path};
use crate::lookup::world::World;
use crate::ports::Rollouts;
use crate::secrets::{Redaction, Redactor};
use crate::text::time::rfc3339;

/// Pieces are handed out when they are so long together, in bytes.
const ENOUGH: usize = 256 << 10;

/// One thread on its way out.
pub struct Exporter<F: Rollouts> {
    found: Found,
    files: Vec<ExportFile>,
    gaps: Vec<Gap>,
    redactor: Redactor,
    course: Course<F>,
    /// Sub-agents that have had no place yet.
    subagents: Vec<String>,
}

enum Course<F: Rollouts> {
    Records(Box<Records<F>>),
    Turns(Box<Turns>),
}

/// The turns of a history, and the document that is made of them.
struct Turns {
    transcript: Transcript,
    options: ExportOptions,
    shown: Shown,
    /// Those that were read and not yet shown.
    read: VecDeque<Value>,
    /// The number of the next one that is read, from 0, and of the one that is shown next.
    next: usize,
    number: u64,
    /// The number of the last one that is shown, from 1.
    last: u64,
    images: u32,
    page: Option<Page>,
    is_begun: bool,
    is_over: bool,
    pieces: Pieces,
}

/// A document of one format; none of JSON.
enum Page {
    Markdown(Markdown),
    Html(Html),
    PlainText(PlainText),
}

impl<F: World> Exporter<F> {
    /// Finds the thread and its files.
    ///
    /// # Errors
    ///
    /// Fails where there is not one such thread, and where a file of its history cannot be read.
    pub fn open(world: &F, of: &Subject, options: ExportOptions) -> Result<Exporter<F>, LookupError> {
        let found = match of {
            Subject::Thread(wanted) => find(world, wanted, None)?,
            Subject::Rollout(path) => find_by_path(world, path)?,
        };
        let chain = Chain::of(world, &found.row.path)?;
        let files = chain.segments.iter().map(|segment| ExportFile {
            path: segment.path.clone(),
            thread: segment.thread.clone(),
            begin: segment.from,
            until: segment.until,
        });
        let files = files.collect();
        let subagents = options.subagents.clone().unwrap_or_default();
        let redaction = Redaction { secrets: options.redact_secrets, anonymize: options.anonymize.clone() };
        let mut redactor = Redactor::new(redaction);
        redactor.set_place("facts");
        let (course, gaps) = match options.format {
            ExportFormat::Jsonl => {
                let gaps = chain.gaps.clone();
                (Course::Records(Box::new(Records::new(chain.segments, options.full_record))), gaps)
            }
            _ => {
                let transcript = Transcript::of(world, chain)?;
                let gaps = transcript.gaps().to_vec();
                (Course::Turns(Box::new(Turns::new(transcript, options))), gaps)
            }
        };
        Ok(Exporter { found, files, gaps, redactor, course, subagents })
    }

    /// Returns the next pieces; none at the end.
    ///
    /// # Errors
    ///
    /// Fails where a file of the history cannot be read.
    pub fn next(&mut self, world: &F) -> Result<Vec<ExportPiece>, LookupError> {
        match &mut self.course {
            Course::Records(records) => Ok(match records.next(world, &mut self.redactor)? {
                Some(bytes) => Vec::from([ExportPiece::Text(Chunk::Bytes(bytes))]),
                None => core::mem::take(&mut self.subagents).into_iter().map(ExportPiece::Subagent).collect(),
            }),
            Course::Turns(turns) => turns.next(world, &self.found.row, &mut self.redactor, &mut self.subagents),
        }
    }

    /// Returns the thread as it is; not redacted.
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// Says what the files of the history should hold and do not.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Returns the files of the history, oldest first.
    pub fn files(&self) -> &[ExportFile] {
        &self.files
    }

    /// Returns a text that is to leave with the thread, redacted.
    pub fn redact_text(&mut self, text: &str) -> String {
        self.redactor.text(text).into_owned()
    }

    /// Returns a JSON text that is to leave with the thread, redacted.
    pub fn redact_json(&mut self, json: &str) -> String {
        String::from_utf8_lossy(&self.redactor.json_line(json.as_bytes())).into_owned()
    }

    /// Returns how many lines of the files were left out.
    pub fn left_out(&self) -> u64 {
        match &self.course {
            Course::Records(records) => records.left_out(),
            Course::Turns(_) => 0,
        }
    }

    /// Returns what was taken out so far.
    pub fn report(&self) -> Vec<RedactionCount> {
        self.redactor.counts()
    }
}

impl Turns {
    fn new(transcript: Transcript, options: ExportOptions) -> Turns {
        let (first, last) = options.turns.unwrap_or((1, u32::MAX));
        let first = first.max(1);
        let page = match options.format {
            ExportFormat::Markdown => Some(Page::Markdown(Markdown::new(&options))),
            ExportFormat::Html => Some(Page::Html(Html::new(&options))),
            ExportFormat::PlainText => Some(Page::PlainText(PlainText::new(&options))),
            ExportFormat::Json | ExportFormat::Jsonl => None,
        };
        Turns {
            shown: Shown { detail: options.detail, with_subagents: options.subagents.is_some() },
            transcript,
            options,
            read: VecDeque::new(),
            next: first as usize - 1,
            number: u64::from(first),
            last: u64::from(last),
            images: 0,
            page,
            is_begun: false,
            is_over: false,
            pieces: Pieces::default(),
        }
    }

    fn next<R: Rollouts>(
        &mut self,
        rollouts: &R,
        row: &ThreadRow,
        redactor: &mut Redactor,
        subagents: &mut Vec<String>,
    ) -> Result<Vec<ExportPiece>, LookupError> {
        if !self.is_begun {
            self.is_begun = true;
            self.begin(row, redactor);
        }
        while !self.is_over && self.pieces.len() < ENOUGH {
            if self.read.is_empty() && self.number <= self.last {
                let messages_only =
                    (self.options.detail as u8) < ExportDetail::Commands as u8 && !self.shown.with_subagents;
                self.read = self.transcript.values(rollouts, self.next, 0, messages_only)?.into();
                self.next += self.read.len();
            }
            match self.read.pop_front().filter(|_| self.number <= self.last) {
                Some(turn) => {
                    self.turn(turn, redactor, subagents);
                    self.number += 1;
                }
                None => {
                    self.is_over = true;
                    subagents.drain(..).for_each(|thread| self.pieces.subagent(thread));
                    if let Some(Page::Html(page)) = &self.page {
                        page.end(&mut self.pieces);
                    }
                }
            }
        }
        Ok(self.pieces.take())
    }

    fn begin(&mut self, row: &ThreadRow, redactor: &mut Redactor) {
        redactor.set_place("facts");
        let mut redacted = |text: &str| one_line(&redactor.text(text));
        let mut facts = Vec::from([("id", row.id.clone())]);
        facts.push(("created", rfc3339(row.created_at)));
        facts.push(("updated", rfc3339(row.updated_at)));
        let others = [
            ("cwd", row.cwd.as_deref()),
            ("model", row.model.as_deref()),
            ("source", Some(row.source_kind.as_str())),
            ("codex", row.cli_version.as_deref()),
            ("branch", row.git_branch.as_deref()),
            ("parent", row.parent_thread_id.as_deref()),
            ("forked_from", row.forked_from_id.as_deref()),
        ];
        for (name, value) in others {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                facts.push((name, redacted(value)));
            }
        }
        if !self.options.marks.tags.is_empty() {
            facts.push(("tags", redacted(&self.options.marks.tags.join(", "))));
        }
        let head = Head { title: title(&redactor.text(&row.title)), facts };
        let remark = self.remark(None, redactor);
        let pieces = &mut self.pieces;
        match &mut self.page {
            Some(Page::Markdown(page)) => page.begin(&head, remark, pieces),
            Some(Page::Html(page)) => page.begin(&head, remark, pieces),
            Some(Page::PlainText(page)) => page.begin(&head, remark, pieces),
            None => {}
        }
    }

    /// The note of a turn, or of the thread, as a block.
    fn remark(&self, turn: Option<&str>, redactor: &mut Redactor) -> Option<Block> {
        let note = self.options.marks.notes.iter().find(|note| note.turn.as_deref() == turn)?;
        redactor.set_place("note");
        Some(Block::Remark(clean(&redactor.text(&note.text)).into_owned()))
    }

    fn turn(&mut self, mut turn: Value, redactor: &mut Redactor, subagents: &mut Vec<String>) {
        let place = |kind: &str, number: u64| format!("turn {number}, {kind}");
        let items = match turn.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        let kind_of = |item: &Value| item["type"].as_str().unwrap_or_default().to_string();
        let mut shown = Vec::new();
        for mut item in items {
            let kind = kind_of(&item);
            if !self.shown.has(&kind) {
                continue;
            }
            redactor.set_place(place(&kind, self.number));
            let pictures = match self.page {
                Some(_) => images::take(&mut item, &mut self.images),
                None => Vec::new(),
            };
            redactor.value(&mut item);
            shown.push((item, pictures));
        }
        redactor.set_place(place("end", self.number));
        redactor.value(&mut turn);
        let remark = turn["id"].as_str().and_then(|id| self.remark(Some(id), redactor));
        let pieces = &mut self.pieces;
        let Some(page) = &mut self.page else {
            turn["items"] = shown.into_iter().map(|(item, _)| item).collect();
            pieces.push(&turn.to_string());
            pieces.push("\n");
            return;
        };
        let mut all: Vec<Block> = remark.into_iter().collect();
        for (item, pictures) in shown {
            all.extend(blocks::blocks(item, pictures, self.shown));
        }
        if self.options.detail as u8 >= ExportDetail::Messages as u8 {
            all.extend(blocks::turn_end(&turn));
        }
        // A sub-agent has one place, and none where its thread is not known.
        all.retain(|block| match block {
            Block::Subagent(thread) => {
                let waiting = subagents.iter().position(|waiting| waiting == thread);
                waiting.map(|at| subagents.remove(at)).is_some()
            }
            _ => true,
        });
        if all.is_empty() {
            return;
        }
        let started = turn["startedAt"].as_i64().map(|seconds| rfc3339(seconds.saturating_mul(1_000)));
        let outcome = match turn["status"].as_str() {
            Some("failed") => "failed",
            Some("interrupted") => "interrupted",
            _ => "",
        };
        let head = TurnHead { number: self.number, started, outcome };
        match page {
            Page::Markdown(page) => page.turn(&head, all, pieces),
            Page::Html(page) => page.turn(&head, all, pieces),
            Page::PlainText(page) => page.turn(&head, all, pieces),
        }
    }
}
