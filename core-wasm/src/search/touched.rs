//! Finds threads by the files that were changed in them.
//!
//! Which paths a person means by one is decided by [`fits`]; an index of the host's may have a faster form of it. What the index
//! knows of a change is what is shown, but for histories that go on from others, or of which turns were taken back: there the
//! rollouts tell where the turn stands.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{
    FileTouch, LookupError, PageOfTouched, PathPattern, RolloutTouches, RowQuery, SearchError, SourceTouches, Subject,
    TermSources, TextKind, ThreadRow, TouchedFile, TouchedThread,
};

use super::page::{Candidates, Place, SearchWorld, bad_cursor};
use crate::history::texts::{LinePlace, MessageSink, Touches, read_messages};
use crate::history::transcript::Transcript;
use crate::ports::{FileResult, Rollouts};
use crate::rollout::base::history_head;
use crate::text::file_paths::{fits, pattern};

/// Changes of each thread that are shown.
const SHOWN: u32 = 50;

/// Returns a page of the threads in which a file that is meant by a path was changed, in the order of the rows.
///
/// # Errors
///
/// Fails where the path names nothing, where the cursor is of another search, and where the state DB does.
pub fn page<W: SearchWorld>(
    world: &W,
    path: &str,
    rows: &RowQuery,
    cursor: Option<&str>,
    limit: u32,
) -> Result<PageOfTouched, SearchError> {
    let bad = || SearchError::BadQuery("it names no file and no directory".into());
    let pattern = pattern(path).ok_or_else(bad)?;
    let after = cursor.map(|cursor| Place::parse(cursor).ok_or_else(|| bad_cursor(cursor))).transpose()?;
    let sources = world.touched(&pattern)?;
    let all = RowQuery { source_kinds: None, fold_children: false, ..rows.clone() };
    let threads = world.threads(&all, &sources)?;
    let mut page = PageOfTouched { uncovered: threads.uncovered, ..PageOfTouched::default() };
    let telling = [TermSources { prompts: Vec::new(), all: sources }];
    let candidates = Candidates::new(threads, &telling, &[TextKind::Change], rows)?;
    // The sources that tell of a change, by thread.
    let mut of_threads: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for (at, &source) in candidates.threads.sources.iter().enumerate() {
        if telling[0].all.binary_search(&source).is_ok() {
            of_threads.entry(candidates.threads.owners[at] as usize).or_default().push(source);
        }
    }
    let mut left_out: BTreeMap<&str, u64> = BTreeMap::new();
    let mut last = None;
    for (at, sources) in of_threads {
        if !candidates.is_asked_for[at] {
            let kind = candidates.threads.source_kinds.get(candidates.threads.kinds[at] as usize);
            *left_out.entry(kind.map_or("", String::as_str)).or_default() += 1;
            continue;
        }
        page.total += 1;
        let (time, id) = (candidates.threads.times[at], candidates.id(at));
        if limit == 0
            || page.next.is_some()
            || after.as_ref().is_some_and(|after| !after.is_before(0, (time, id), rows.ascending))
        {
            continue;
        }
        if page.threads.len() >= limit as usize {
            page.next = last.take();
            continue;
        }
        let Some(row) = world.row(id)?.pop() else { continue };
        page.threads.push(thread(world, row, &sources, &pattern)?);
        last = Some(Place { class: 0, time, id: id.into() }.to_cursor());
    }
    page.left_out = left_out.into_iter().map(|(kind, count)| (kind.to_string(), count)).collect();
    Ok(page)
}

/// Puts together what the sources of a thread tell.
fn thread<W: SearchWorld>(
    world: &W,
    row: ThreadRow,
    sources: &[u32],
    pattern: &PathPattern,
) -> Result<TouchedThread, LookupError> {
    let (mut files, mut file_count, mut is_sure): (Vec<TouchedFile>, u64, bool) = (Vec::new(), 0, sources.len() == 1);
    for &source in sources {
        let SourceTouches { rollout, touches, total, has_rollbacks } = world.touches_of(source, pattern, SHOWN)?;
        file_count += total;
        is_sure &= !has_rollbacks && rollout == row.path;
        let file = |touch: FileTouch| TouchedFile { is_shown: touch.turn.is_some(), touch, rollout: rollout.clone() };
        files.extend(touches.into_iter().map(file));
    }
    // The name of a rollout begins with its time.
    files.sort_by(|a, b| a.rollout.cmp(&b.rollout).then_with(|| a.touch.line.cmp(&b.touch.line)));
    files.drain(..files.len().saturating_sub(SHOWN as usize));
    let goes_on = || history_head(world, &row.path).map_or(true, |head| head.base.is_some());
    if !is_sure || goes_on() {
        let places = Transcript::open(world, &Subject::Rollout(row.path.clone()))
            .and_then(|(_, transcript)| transcript.cursors(world, files.iter().map(line_of)));
        // What cannot be read now is told of as it was.
        for (file, place) in files.iter_mut().zip(places.unwrap_or_default()) {
            file.is_shown = place.is_some();
            file.touch.cursor = place.flatten();
        }
    }
    Ok(TouchedThread { row, files, file_count })
}

/// The turn of a change, the rollout and the line that tell it.
fn line_of(TouchedFile { touch, rollout, .. }: &TouchedFile) -> (Option<&str>, &str, u64) {
    (touch.turn.as_deref(), rollout, touch.line)
}

/// Returns the changes of files that a rollout tells of and that a pattern fits.
///
/// # Errors
///
/// Fails where it cannot be read.
pub fn find_touches<R: Rollouts>(rollouts: &R, path: &str, pattern: &PathPattern) -> FileResult<RolloutTouches> {
    let mut finding = Finding { pattern, found: RolloutTouches::default() };
    read_messages(rollouts, path, LinePlace::START, Touches::From(&[]), &mut finding)?;
    Ok(finding.found)
}

struct Finding<'a> {
    pattern: &'a PathPattern,
    found: RolloutTouches,
}

impl MessageSink for Finding<'_> {
    fn text(&mut self, _: TextKind, _: &str, _: bool) {}

    fn line(&mut self, _: LinePlace) -> bool {
        true
    }

    fn rolled_back(&mut self) {
        self.found.has_rollbacks = true;
    }

    fn touch(&mut self, touch: FileTouch) {
        if fits(self.pattern, &touch.path) {
            self.found.touches.push(touch);
        }
    }
}
