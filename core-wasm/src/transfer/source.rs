//! Goes through a text that threads come in: says which they are, and where the records of each stand. The text is never held.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use contract::{RolloutHead, SourceContent, SourcePart, SourceThread};

use super::bundle::{FileMark, Mark, Promised, is_mark, read_mark};
use crate::rollout::base::history_head_of;
use crate::rollout::fold::Fold;
use crate::rollout::skim::beginning;
use crate::text::lines::{Line, Lines};
use crate::text::paths::{collection_of, is_compressed, twin};
use crate::text::time::parse_millis;

/// A head that does not stand in so many lines is none.
const HEAD_LINES: u32 = 1_000;

/// Goes through a text: a rollout, an export, a bundle.
pub struct SourceReader {
    lines: Lines,
    state: State,
}

/// What the text is, once its first line has said so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unknown,
    Rollout,
    Export,
    Bundle,
}

struct State {
    kind: Kind,
    name: String,
    threads: Vec<SourceThread>,
    open: Option<OpenPart>,
    promised: Option<Promised>,
    /// Paths of a bundle, or of one thread of an export.
    paths: BTreeSet<String>,
    files: u64,
    bytes: u64,
    refused: Option<String>,
}

/// A part whose records go by.
struct OpenPart {
    thread: usize,
    part: SourcePart,
    /// Where it ends, if that is said.
    end: Option<u64>,
    fold: Fold,
    lines: u32,
    stamp: Vec<u8>,
}

impl SourceReader {
    /// Begins with a text of this name.
    pub fn new(name: &str) -> SourceReader {
        let state = State {
            kind: Kind::Unknown,
            name: name.into(),
            threads: Vec::new(),
            open: None,
            promised: None,
            paths: BTreeSet::new(),
            files: 0,
            bytes: 0,
            refused: None,
        };
        SourceReader { lines: Lines::new(1, 0), state }
    }

    /// Takes the next piece of the text.
    pub fn feed(&mut self, piece: &[u8]) {
        let state = &mut self.state;
        if state.refused.is_none() {
            self.lines.push(piece, |line| state.line(&line));
        }
    }

    /// Says what the text holds, or why nothing can be taken from it.
    pub fn finish(mut self) -> Result<SourceContent, String> {
        let state = &mut self.state;
        self.lines.finish(|line| state.line(&line));
        self.state.finish()
    }
}

impl State {
    fn line(&mut self, line: &Line<'_>) {
        if self.refused.is_some() {
            return;
        }
        if let Err(why) = self.take(line) {
            self.refused = Some(match self.kind {
                Kind::Unknown | Kind::Rollout => why,
                _ => format!("line {}: {why}", line.number),
            });
        }
    }

    fn take(&mut self, line: &Line<'_>) -> Result<(), String> {
        if let Some(open) = &mut self.open
            && let Some(end) = open.end
        {
            if line.offset < end {
                if line.offset + line.length > end {
                    return Err("a file is longer than it is said to be".into());
                }
                open.line(line);
                return Ok(());
            }
            self.close()?;
        }
        let is_mark = is_mark(line.bytes);
        if self.kind == Kind::Unknown && !line.is_blank() {
            self.kind = if is_mark { Kind::Export } else { Kind::Rollout };
            if !is_mark {
                self.begin_rollout(line.offset);
            }
        }
        if is_mark && self.kind != Kind::Rollout {
            self.close()?;
            return self.mark(read_mark(line.bytes)?, line.offset + line.length + 1);
        }
        match &mut self.open {
            Some(open) => open.line(line),
            None if line.is_blank() => {}
            None => return Err("a record stands there of which nothing says whose it is".into()),
        }
        Ok(())
    }

    fn begin_rollout(&mut self, offset: u64) {
        let archived = collection_of(&self.name) == contract::Collection::Archived;
        let path = if is_compressed(&self.name) { twin(&self.name) } else { self.name.clone() };
        self.threads.push(SourceThread::default());
        let file =
            FileMark { path, thread: String::new(), from: 0, until: None, size: None, sha256: None, modified_ns: None };
        self.open = Some(OpenPart { thread: 0, ..OpenPart::new(file, offset) });
        if let Some(open) = &mut self.open {
            open.part.archived = archived;
        }
    }

    fn mark(&mut self, mark: Mark, next: u64) -> Result<(), String> {
        match mark {
            Mark::Bundle(promised) => {
                if self.kind == Kind::Bundle || !self.threads.is_empty() {
                    return Err("a bundle begins inside of another text".into());
                }
                self.kind = Kind::Bundle;
                self.promised = Some(promised);
            }
            Mark::Thread { id, name, memory_mode, marks, redacted, of_export } => {
                if of_export == (self.kind == Kind::Bundle) {
                    return Err("an export and a bundle stand in one text".into());
                }
                if self.threads.iter().any(|thread| thread.id == id) {
                    return Err(format!("thread {id} stands there twice"));
                }
                if of_export {
                    self.paths.clear();
                }
                self.threads.push(SourceThread { id, name, memory_mode, marks, redacted, parts: Vec::new() });
            }
            Mark::File(file) => self.file(file, next)?,
            Mark::Other => {}
        }
        Ok(())
    }

    fn file(&mut self, mut file: FileMark, next: u64) -> Result<(), String> {
        let thread = match self.kind {
            Kind::Bundle => self.threads.iter().position(|thread| thread.id == file.thread),
            _ => self.threads.len().checked_sub(1),
        };
        let thread = thread.ok_or_else(|| format!("nothing says of which thread '{}' is", file.path))?;
        if let Some(SourceThread { id, .. }) = self.threads.get(thread).filter(|_| file.thread.is_empty()) {
            file.thread.clone_from(id);
        }
        if !self.paths.insert(file.path.clone()) {
            return Err(format!("'{}' stands there twice", file.path));
        }
        self.files += 1;
        self.bytes = self.bytes.saturating_add(file.size.unwrap_or(0));
        if let Some(promised) = &self.promised {
            if file.size.is_none() || !file.sha256.as_deref().is_some_and(is_sha256) {
                return Err(format!("nothing says how long '{}' is, or its sum", file.path));
            }
            if self.files > promised.files || self.bytes > promised.bytes {
                return Err("more stands there than the manifest promises".into());
            }
        }
        self.open = Some(OpenPart { thread, ..OpenPart::new(file, next) });
        Ok(())
    }

    /// Ends the part that goes by.
    fn close(&mut self) -> Result<(), String> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let (end, number) = (open.end, open.thread);
        let mut part = open.finish();
        if end.is_some_and(|end| part.offset + part.length < end) {
            return Err(format!("'{}' is cut off", part.path.unwrap_or_default()));
        }
        let Some(thread) = self.threads.get_mut(number) else { return Ok(()) };
        let head = part.head.as_ref().map(|head| head.thread.clone());
        if self.kind == Kind::Rollout {
            let head = head.ok_or("no record in it says which thread it is")?;
            (part.thread, thread.id) = (head.clone(), head);
        } else if let Some(head) = head.filter(|head| *head != part.thread) {
            let path = part.path.unwrap_or_default();
            return Err(format!("'{path}' is of thread {head}, not of {}, as is said", part.thread));
        }
        part.own = part.thread == thread.id;
        thread.parts.push(part);
        Ok(())
    }

    fn finish(mut self) -> Result<SourceContent, String> {
        if self.refused.is_none()
            && let Err(why) = self.close()
        {
            self.refused = Some(why);
        }
        if let Some(why) = self.refused {
            return Err(why);
        }
        if let Some(promised) = &self.promised
            && (promised.threads, promised.files, promised.bytes) != (self.threads.len() as u64, self.files, self.bytes)
        {
            return Err("it is cut off: less stands there than the manifest promises".into());
        }
        let own = |part: &SourcePart| part.own && part.head.is_some();
        match self.threads.iter().find(|thread| !thread.parts.iter().any(own)) {
            Some(thread) => Err(format!("no rollout of thread {} stands there", thread.id)),
            None if self.threads.is_empty() => Err("there is no record in it".into()),
            None => Ok(SourceContent { threads: self.threads, bundle: self.kind == Kind::Bundle }),
        }
    }
}

impl OpenPart {
    fn new(file: FileMark, offset: u64) -> OpenPart {
        let archived = collection_of(&file.path) == contract::Collection::Archived;
        let end = file.size.map(|size| offset.saturating_add(size));
        let part = SourcePart {
            path: Some(file.path),
            thread: file.thread,
            own: false,
            from: file.from,
            until: file.until,
            archived,
            offset,
            length: 0,
            sha256: file.sha256,
            modified_ns: file.modified_ns,
            head: None,
        };
        OpenPart { thread: 0, part, end, fold: Fold::default(), lines: 0, stamp: Vec::new() }
    }

    fn line(&mut self, line: &Line<'_>) {
        self.part.length = line.offset + line.length + u64::from(line.ended) - self.part.offset;
        if let Some(end) = self.end {
            // The newline behind a text that has none is not of the text.
            self.part.length = self.part.length.min(end - self.part.offset);
        }
        if let Some(beginning) = beginning(line.bytes) {
            self.stamp.clear();
            self.stamp.extend_from_slice(beginning.stamp);
        }
        if self.part.head.is_none() && self.lines < HEAD_LINES {
            self.lines += 1;
            self.fold.line(line, true);
            if let Some(identity) = self.fold.identity.take() {
                let head = history_head_of(line.bytes).unwrap_or_default();
                self.part.head = Some(RolloutHead {
                    began: identity.created_at.or(self.fold.first_at),
                    cwd: identity.cwd,
                    paginated: head.paginated,
                    base: head.base.filter(|base| base.thread != identity.id),
                    attached: head.attached,
                    thread: identity.id,
                });
            }
        }
    }

    fn finish(self) -> SourcePart {
        let mut part = self.part;
        let last = parse_millis(&self.stamp).map(|millis| millis.saturating_mul(1_000_000));
        part.modified_ns = part.modified_ns.or(last);
        part
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
