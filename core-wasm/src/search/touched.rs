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
    TermSources, TextKind, ThreadRow, TouchedFile, TouchedSources, TouchedThread,
};

use super::page::{Candidates, Place, SearchWorld, bad_cursor};
use crate::history::texts::{LinePlace, MessageSink, Touches, read_messages};
use crate::history::transcript::Transcript;
use crate::ports::{FileResult, Rollouts};
use crate::rollout::base::history_head;
use crate::text::file_paths::{fits, pattern};

/// Changes of each thread that are shown.
const SHOWN: u32 = 50;

/// Returns a page of the threads in which a file that is meant by a path was changed, in the order of the rows; behind them those
/// in which shell commands may have changed it.
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
    let pattern = named(path)?;
    let after = cursor.map(|cursor| Place::parse(cursor).ok_or_else(|| bad_cursor(cursor))).transpose()?;
    let Telling { candidates, changed, maybe } = Telling::of(world, &pattern, rows)?;
    let mut page = PageOfTouched { uncovered: candidates.threads.uncovered, ..PageOfTouched::default() };
    let mut left_out: BTreeMap<&str, u64> = BTreeMap::new();
    let mut last = None;
    let only_maybe = maybe.iter().filter(|(at, _)| !changed.contains_key(at)).map(|(at, _)| (1, *at));
    for (class, at) in changed.keys().map(|at| (0, *at)).chain(only_maybe) {
        if !candidates.is_asked_for[at] {
            let kind = candidates.threads.source_kinds.get(candidates.threads.kinds[at] as usize);
            *left_out.entry(kind.map_or("", String::as_str)).or_default() += u64::from(class == 0);
            continue;
        }
        *if class == 0 { &mut page.total } else { &mut page.maybe_total } += 1;
        let (time, id) = (candidates.threads.times[at], candidates.id(at));
        if limit == 0
            || page.next.is_some()
            || after.as_ref().is_some_and(|after| !after.is_before(class, (time, id), rows.ascending))
        {
            continue;
        }
        if page.threads.len() >= limit as usize {
            page.next = last.take();
            continue;
        }
        let Some(row) = world.row(id)?.pop() else { continue };
        let none = Vec::new();
        let of = |sources: &BTreeMap<usize, Vec<u32>>| sources.get(&at).unwrap_or(&none).clone();
        page.threads.push(thread(world, row, [&of(&changed), &of(&maybe)], &pattern)?);
        last = Some(Place { class, time, id: id.into() }.to_cursor());
    }
    left_out.retain(|_, count| *count > 0);
    page.left_out = left_out.into_iter().map(|(kind, count)| (kind.to_string(), count)).collect();
    Ok(page)
}

/// Returns the ids of all threads in which a file that is meant by a path was changed.
///
/// # Errors
///
/// Fails as [`page`] does.
pub fn touching<W: SearchWorld>(world: &W, path: &str, rows: &RowQuery) -> Result<Vec<String>, SearchError> {
    let telling = Telling::of(world, &named(path)?, rows)?;
    let asked_for = telling.changed.keys().filter(|at| telling.candidates.is_asked_for[**at]);
    Ok(asked_for.map(|at| telling.candidates.id(*at).to_string()).collect())
}

fn named(path: &str) -> Result<PathPattern, SearchError> {
    pattern(path).ok_or_else(|| SearchError::BadQuery("it names no file and no directory".into()))
}

/// Which threads tell of a file.
pub(super) struct Telling {
    pub(super) candidates: Candidates,
    /// The sources of each thread that tell of a change.
    pub(super) changed: BTreeMap<usize, Vec<u32>>,
    /// Those that tell of what may have been one.
    maybe: BTreeMap<usize, Vec<u32>>,
}

impl Telling {
    pub(super) fn of<W: SearchWorld>(
        world: &W,
        pattern: &PathPattern,
        rows: &RowQuery,
    ) -> Result<Telling, SearchError> {
        let TouchedSources { changed, maybe } = world.touched(pattern)?;
        let all = RowQuery { source_kinds: None, fold_children: false, ..rows.clone() };
        let mut among = [&*changed, &*maybe].concat();
        among.sort_unstable();
        among.dedup();
        let threads = world.threads(&all, &among)?;
        let telling = [TermSources { prompts: Vec::new(), all: among }];
        let candidates = Candidates::new(threads, &telling, &[TextKind::Change], rows)?;
        let of_threads = |wanted: &[u32]| {
            let mut of_threads: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
            for (at, source) in candidates.threads.sources.iter().enumerate() {
                if wanted.binary_search(source).is_ok() {
                    of_threads.entry(candidates.threads.owners[at] as usize).or_default().push(*source);
                }
            }
            of_threads
        };
        let (changed, maybe) = (of_threads(&changed), of_threads(&maybe));
        Ok(Telling { candidates, changed, maybe })
    }
}

/// Puts together what the sources of a thread tell: of changes, and of what may have been some.
fn thread<W: SearchWorld>(
    world: &W,
    row: ThreadRow,
    [changed, maybe]: [&[u32]; 2],
    pattern: &PathPattern,
) -> Result<TouchedThread, LookupError> {
    let (mut files, file_count, changes_are_sure) = touches(world, &row, changed, pattern, false, SHOWN)?;
    let (mut maybe, maybe_count, commands_are_sure) = touches(world, &row, maybe, pattern, true, SHOWN)?;
    if !(changes_are_sure && commands_are_sure) || goes_on(world, &row) {
        place(world, &row, files.iter_mut().chain(&mut maybe).collect());
    }
    Ok(TouchedThread { row, files, file_count, maybe, maybe_count })
}

/// Returns the last changes that the sources of a thread tell of, how many there are, and whether these stand as they are told: in
/// the rollout that the thread is shown of, of which no turn was taken back.
pub(super) fn touches<W: SearchWorld>(
    world: &W,
    row: &ThreadRow,
    sources: &[u32],
    pattern: &PathPattern,
    maybe: bool,
    limit: u32,
) -> Result<(Vec<TouchedFile>, u64, bool), LookupError> {
    let (mut files, mut count, mut are_sure): (Vec<TouchedFile>, u64, bool) = (Vec::new(), 0, sources.len() <= 1);
    for &source in sources {
        let SourceTouches { rollout, touches, total, has_rollbacks } =
            world.touches_of(source, pattern, maybe, limit)?;
        count += total;
        are_sure &= !has_rollbacks && rollout == row.path;
        let file = |touch: FileTouch| TouchedFile { is_shown: touch.turn.is_some(), touch, rollout: rollout.clone() };
        files.extend(touches.into_iter().map(file));
    }
    // The name of a rollout begins with its time.
    files.sort_by(|a, b| a.rollout.cmp(&b.rollout).then_with(|| a.touch.line.cmp(&b.touch.line)));
    files.drain(..files.len().saturating_sub(limit as usize));
    Ok((files, count, are_sure))
}

/// Says whether the history of a thread begins in another rollout, which moves its turns.
fn goes_on<W: SearchWorld>(world: &W, row: &ThreadRow) -> bool {
    history_head(world, &row.path).map_or(true, |head| head.base.is_some())
}

/// Looks up where the turns of changes stand in the history of a thread. What cannot be read now is told of as it was.
pub(super) fn place<W: SearchWorld>(world: &W, row: &ThreadRow, mut files: Vec<&mut TouchedFile>) {
    let turns = files.iter().map(|file| line_of(file));
    let places = Transcript::open(world, &Subject::Rollout(row.path.clone()))
        .and_then(|(_, transcript)| transcript.cursors(world, turns))
        .unwrap_or_default();
    for (file, place) in files.iter_mut().zip(places) {
        file.is_shown = place.is_some();
        file.touch.cursor = place.flatten();
    }
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
