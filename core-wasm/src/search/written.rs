//! Finds the threads whose patches wrote lines: of a file as it stands, or of a commit.
//!
//! A patch wrote a line where it wrote its text into that file. The same text may have been written several times: then the patch
//! is meant that wrote it between the lines between which it stands, and of several such ones the last one. A line without a letter
//! or a digit, as a closing brace, is known by one of its neighbours at least.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{
    AskedLine, AskedLines, LineWriter, PathPattern, RowQuery, SearchError, ThreadRow, TouchedFile, WrittenFile,
};

use super::page::SearchWorld;
use super::touched::{Telling, place, touches};
use crate::history::written::{NewLine, pieces_of, written_texts};
use crate::text::file_paths::{fits, join, pattern};

/// Changes of a file that are looked at in each rollout, the last ones.
const MOST: u32 = 10_000;

/// Returns which threads wrote the lines.
///
/// # Errors
///
/// Fails where the state DB does, and where no line is asked for.
pub fn written<W: SearchWorld>(
    world: &W,
    asked: &AskedLines,
    rows: &RowQuery,
) -> Result<Vec<WrittenFile>, SearchError> {
    let files = match asked {
        AskedLines::Line(line) => alloc::vec![AskedFile::of(line)],
        AskedLines::Patch(patch) => files_of(patch),
    };
    if files.is_empty() {
        let why = "there is no patch in it, as git show and git diff print one";
        return Err(SearchError::BadQuery(why.into()));
    }
    files.into_iter().map(|file| written_file(world, file, rows)).collect()
}

/// A file, and the lines of it that are asked for.
struct AskedFile {
    paths: Vec<String>,
    lines: Vec<Wanted>,
}

/// A line.
struct Wanted {
    number: u64,
    text: String,
    before: Option<String>,
    behind: Option<String>,
}

impl AskedFile {
    fn of(AskedLine { paths, number, text, before, behind }: &AskedLine) -> AskedFile {
        let (text, before, behind) = (text.clone(), before.clone(), behind.clone());
        AskedFile { paths: paths.clone(), lines: alloc::vec![Wanted { number: *number, text, before, behind }] }
    }
}

/// The lines that a patch adds, by its files.
fn files_of(patch: &str) -> Vec<AskedFile> {
    let mut files: Vec<AskedFile> = Vec::new();
    let (mut number, mut diff, mut is_inside) = (0, String::new(), false);
    let end = |files: &mut Vec<AskedFile>, number: u64, diff: &mut String| {
        let Some(file) = files.last_mut() else { return };
        for piece in pieces_of(&core::mem::take(diff)) {
            let text = |at: Option<usize>| at.and_then(|at| piece.get(at)).map(|line| line.text.clone());
            for (at, line) in piece.iter().enumerate().filter(|(_, line)| line.is_written) {
                let (before, behind) = (text(at.checked_sub(1)), text(Some(at + 1)));
                file.lines.push(Wanted { number: number + at as u64, text: line.text.clone(), before, behind });
            }
        }
    };
    for line in patch.lines() {
        if let Some(path) = line.strip_prefix("+++ ").filter(|_| !is_inside || line.starts_with("+++ b/")) {
            end(&mut files, number, &mut diff);
            let path = path.split('\t').next().unwrap_or(path).trim_end();
            let path = path.strip_prefix("b/").unwrap_or(path).to_string();
            if path != "/dev/null" {
                files.push(AskedFile { paths: alloc::vec![path], lines: Vec::new() });
            }
        } else if let Some(place) = line.strip_prefix("@@ ") {
            end(&mut files, number, &mut diff);
            let begin = place.split(' ').find_map(|part| part.strip_prefix('+'));
            number = begin.and_then(|begin| begin.split(',').next()?.parse().ok()).unwrap_or(1);
            is_inside = true;
        } else if line.starts_with("diff --git ") {
            end(&mut files, number, &mut diff);
            is_inside = false;
        } else if is_inside {
            diff.push_str(line);
            diff.push('\n');
        }
    }
    end(&mut files, number, &mut diff);
    files.retain(|file| !file.lines.is_empty());
    files
}

/// The best patch that wrote a line so far.
#[derive(Clone)]
struct Best {
    /// How many of its neighbours it stands between.
    neighbours: usize,
    time: String,
    writer: usize,
}

fn written_file<W: SearchWorld>(world: &W, file: AskedFile, rows: &RowQuery) -> Result<WrittenFile, SearchError> {
    let mut answer = WrittenFile {
        path: file.paths.first().cloned().unwrap_or_default(),
        asked: file.lines.len() as u64,
        writers: Vec::new(),
        threads: 0,
    };
    for path in &file.paths {
        let Some(pattern) = pattern(path) else { continue };
        let (writers, threads) = writers(world, &pattern, &file.lines, rows)?;
        answer.threads = answer.threads.max(threads);
        if !writers.is_empty() {
            answer.writers = writers;
            answer.path = path.clone();
            break;
        }
    }
    Ok(answer)
}

fn writers<W: SearchWorld>(
    world: &W,
    pattern: &PathPattern,
    lines: &[Wanted],
    rows: &RowQuery,
) -> Result<(Vec<LineWriter>, u64), SearchError> {
    let telling = Telling::of(world, pattern, rows)?;
    let mut by_text: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        by_text.entry(&line.text).or_default().push(at);
    }
    let mut best: Vec<Option<Best>> = alloc::vec![None; lines.len()];
    let mut told: Vec<(ThreadRow, TouchedFile, String)> = Vec::new();
    let mut threads = 0;
    for (&at, sources) in telling.changed.iter().filter(|(at, _)| telling.candidates.is_asked_for[**at]) {
        let Some(row) = world.row(telling.candidates.id(at))?.pop() else { continue };
        let (files, ..) = touches(world, &row, sources, pattern, false, MOST)?;
        threads += 1;
        let mut of_rollouts: BTreeMap<&str, BTreeMap<u64, Vec<&TouchedFile>>> = BTreeMap::new();
        for file in &files {
            of_rollouts.entry(&file.rollout).or_default().entry(file.touch.line).or_default().push(file);
        }
        for (rollout, files) in of_rollouts {
            let wanted: BTreeSet<u64> = files.keys().copied().collect();
            // A rollout that cannot be read now tells of no line.
            let _ = written_texts(world, rollout, &wanted, &mut |written| {
                let is_meant = |file: &&&TouchedFile| {
                    written.paths.iter().any(|path| {
                        let plain = join(None, path);
                        fits(&PathPattern { is_absolute: plain.starts_with('/'), path: plain }, &file.touch.path)
                    })
                };
                let of_line = files.get(&written.line).map(Vec::as_slice).unwrap_or_default();
                let Some(file) = of_line.iter().find(is_meant) else { return };
                let mut writer = None;
                for (piece, place) in
                    written.pieces.iter().flat_map(|piece| (0..piece.len()).map(move |at| (piece, at)))
                {
                    let line = &piece[place];
                    let same = by_text.get(&*line.text).filter(|_| line.is_written);
                    for &wanted in same.into_iter().flatten() {
                        let neighbours = neighbours(piece, place, &lines[wanted]);
                        if neighbours == 0 && !lines[wanted].text.chars().any(char::is_alphanumeric) {
                            continue;
                        }
                        let is_better = best[wanted]
                            .as_ref()
                            .is_none_or(|best| (neighbours, &written.time) >= (best.neighbours, &best.time));
                        if is_better {
                            let writer = *writer.get_or_insert_with(|| {
                                told.push((row.clone(), (**file).clone(), written.time.clone()));
                                told.len() - 1
                            });
                            best[wanted] = Some(Best { neighbours, time: written.time.clone(), writer });
                        }
                    }
                }
            });
        }
    }
    let mut of_writers: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for (line, best) in lines.iter().zip(best) {
        if let Some(best) = best {
            of_writers.entry(best.writer).or_default().push(line.number);
        }
    }
    let writer = |(writer, lines): (usize, Vec<u64>)| {
        let (row, mut file, time) = told[writer].clone();
        place(world, &row, alloc::vec![&mut file]);
        LineWriter { row, file, time, lines }
    };
    let mut writers: Vec<LineWriter> = of_writers.into_iter().map(writer).collect();
    writers.sort_by(|a, b| b.lines.len().cmp(&a.lines.len()).then_with(|| b.time.cmp(&a.time)));
    Ok((writers, threads))
}

/// How many of the lines beside one are those beside the line that is asked for.
fn neighbours(piece: &[NewLine], at: usize, wanted: &Wanted) -> usize {
    let is = |at: Option<usize>, text: &Option<String>| {
        let line = at.and_then(|at| piece.get(at));
        line.is_some_and(|line| Some(&line.text) == text.as_ref())
    };
    usize::from(is(at.checked_sub(1), &wanted.before)) + usize::from(is(Some(at + 1), &wanted.behind))
}
