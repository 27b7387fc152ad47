//! How the index of what was said stands: how far it is and, where every line is read, whether it has what rollouts and names say.

use std::path::Path;
use std::sync::Arc;

use threadkeep_engine::calls::{IndexFile, IndexThreadNames, TextIndexVersion};
use threadkeep_engine::contract::{Depth, FileFacts, SourceRole, TextIndexFacts, TextPart};
use threadkeep_engine::imports::Rollouts;
use threadkeep_engine::{Core, CoreError, Runtime};

use crate::db::{Database, RowDeriver, StateError, files_with_foreign};
use crate::features::SCHEMA;
use crate::features::text_index::ExpectedPart;
use crate::index::workers::Workers;
use crate::platform::home::Home;

/// How many rollouts, or threads, are gone through at a time.
const BATCH: usize = 256;
/// How much of what is lacking is told.
const TOLD: usize = 5;

/// A rollout, and the parts that it has; none where it is another one now, or cannot be read.
type Read = (String, Option<Vec<ExpectedPart>>);

/// Looks at the index of a state DB, without a trace; gives none where nobody has begun to make one, or there is no state DB.
pub(super) fn facts(
    runtime: &Runtime,
    home: &Arc<Home>,
    state_dir: &Path,
    depth: Depth,
) -> Result<Option<TextIndexFacts>, StateError> {
    let looked_at = Database::open_read_only(&SCHEMA, state_dir, RowDeriver::new(runtime, home)).and_then(|database| {
        let Some(database) = database else { return Ok(None) };
        let counts = database.text_index_counts(database.call(&TextIndexVersion {})?)?;
        if !counts.is_begun {
            return Ok(None);
        }
        let is_compared = depth == Depth::Whole && !counts.is_foreign;
        let lacking = if is_compared { compare(runtime, home, &database)? } else { Vec::new() };
        Ok(Some(TextIndexFacts {
            rollouts: counts.current + counts.behind,
            behind: counts.behind,
            is_foreign: counts.is_foreign,
            damaged: lacking.len() as u64,
            damage: lacking.into_iter().take(TOLD).collect(),
        }))
    });
    match looked_at {
        Err(StateError::Corrupt(why)) => {
            let damage = vec![format!("what could not be read: {why}")];
            Ok(Some(TextIndexFacts { rollouts: 0, behind: 0, is_foreign: false, damaged: 1, damage }))
        }
        // What cannot be opened is told of as a database.
        Err(StateError::Core(error)) => Err(StateError::Core(error)),
        Err(_) => Ok(None),
        Ok(facts) => Ok(facts),
    }
}

/// Gives what the index lacks, in words.
fn compare(runtime: &Runtime, home: &Arc<Home>, database: &Database) -> Result<Vec<String>, StateError> {
    let mut lacking = names(database)?;
    let files = files_with_foreign(home, database);
    let work = move |core: &mut Core, file: FileFacts| read(core, &*files, &file);
    let mut workers: Workers<FileFacts, Result<Read, CoreError>> = Workers::start(runtime, home, database, work)?;
    let mut take = |answers: Vec<Result<Read, CoreError>>| {
        answers.into_iter().try_for_each(|answer| {
            if let (path, Some(parts)) = answer? {
                lacking.extend(database.lacking(path, parts)?);
            }
            Ok::<_, StateError>(())
        })
    };
    let mut after = String::new();
    loop {
        let files = database.indexed_texts(after, BATCH)?;
        let Some(last) = files.last() else { break };
        after = last.path.clone();
        for file in files {
            take(workers.exchange(file, BATCH as u64)?)?;
        }
    }
    while let Some(answers) = workers.wait()? {
        take(answers)?;
    }
    Ok(lacking)
}

fn names(database: &Database) -> Result<Vec<String>, StateError> {
    let (mut lacking, mut after) = (Vec::new(), String::new());
    loop {
        let threads = database.names_after(None, after, BATCH)?;
        let Some(last) = threads.last() else { return Ok(lacking) };
        after = last.thread.clone();
        let names = threads.iter().map(|thread| thread.names.clone()).collect();
        for (thread, tokens) in threads.into_iter().zip(database.call(&IndexThreadNames { names })?) {
            let part = TextPart { number: 0, copied: false, tokens };
            let Some(part) = ExpectedPart::of(SourceRole::Names, &part) else { continue };
            if !database.is_kept_out_or_outdated(thread.thread.clone())? {
                lacking.extend(database.lacking(thread.thread, vec![part])?);
            }
        }
    }
}

/// Reads the text of a rollout from its beginning.
fn read(core: &mut Core, files: &dyn Rollouts, file: &FileFacts) -> Result<Read, CoreError> {
    let (mut parts, mut earlier) = (Vec::<TextPart>::new(), None);
    loop {
        if !files.stat(&file.path).is_ok_and(|now| now == *file) {
            return Ok((file.path.clone(), None));
        }
        let text = match core.call(&IndexFile { file: file.clone(), earlier }) {
            Ok(Ok(text)) => text,
            Err(error @ CoreError::Cancelled) => return Err(error),
            Ok(Err(_)) | Err(_) => return Ok((file.path.clone(), None)),
        };
        parts.retain(|part| part.number < text.replaced_from);
        parts.extend(text.parts);
        earlier = Some(text.state);
        if text.is_whole {
            let role = |part: &TextPart| if part.copied { SourceRole::Copied } else { SourceRole::Text };
            let expected = parts.iter().filter_map(|part| ExpectedPart::of(role(part), part)).collect();
            return Ok((file.path.clone(), Some(expected)));
        }
    }
}
