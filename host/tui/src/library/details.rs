//! Finds out what the list lacks: which scopes have a place, and what a thread is of whose first words do not tell it.

use threadkeep::contract::{RowQuery, Subject, ThreadRow};
use threadkeep::{ServedHome, Threadkeep};

use super::Answers;
use super::here::Here;
use super::prompts::{first_said, last_said};
use super::shown::parsed;
use crate::model::messages::{FoundTitle, LibraryEvent, Request};
use crate::model::scope::Scope;
use crate::model::thread_table::Place;
use crate::model::title;

/// How many of the first turns are looked at for a title, and how many of the last for what was said last.
pub(super) const FIRST: u32 = 6;
pub(super) const LAST: u32 = 3;

/// Answers a request.
pub(super) fn answer(home: &ServedHome, here: &Here, request: Request, answers: &Answers) {
    let Ok(threads) = home.threads() else { return };
    match request {
        Request::Scopes(places) => match scopes(&threads, here, &places) {
            Ok(scopes) => answers.send(LibraryEvent::Scopes(scopes)),
            Err(error) => {
                answers.send(LibraryEvent::Warning(format!("which threads are of this place is not known: {error}")));
            }
        },
        Request::Titles(ids) => {
            for id in ids {
                // What cannot be read has the title that it has.
                let found = titles(&threads, &id).unwrap_or_else(|_| title_of(&id, &[], &[]));
                answers.send(LibraryEvent::Titles(vec![found]));
            }
        }
        _ => {}
    }
}

/// Says which scopes have threads of these places: what the core says of a row that ran there.
fn scopes(threads: &Threadkeep, here: &Here, places: &[(u32, Place)]) -> threadkeep::Result<Vec<(u32, [bool; 3])>> {
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(String::from);
    let rows: Vec<ThreadRow> = places
        .iter()
        .map(|(_, place)| ThreadRow {
            cwd: text(&place.cwd),
            last_cwd: text(&place.last_cwd).or_else(|| text(&place.cwd)),
            git_origin_url: text(&place.origin),
            ..ThreadRow::default()
        })
        .collect();
    let of = |scope: Scope| {
        let mut query = RowQuery::default();
        here.narrow(&mut query, scope, threads);
        threads.matching(&rows, &query)
    };
    let (worktree, repository) = (of(Scope::Worktree)?, of(Scope::Repository)?);
    let passes = worktree.into_iter().zip(repository);
    // What is of the worktree is of its repository.
    let each = places.iter().zip(passes);
    Ok(each.map(|((number, _), (worktree, repository))| (*number, [worktree, worktree || repository, true])).collect())
}

/// Reads both ends of a thread.
fn titles(threads: &Threadkeep, id: &str) -> threadkeep::Result<FoundTitle> {
    let mut transcript = threads.transcript(&Subject::Thread(id.into()))?;
    let first = transcript.page(None, FIRST, false)?.turns;
    let last = transcript.page(None, LAST, true)?.turns;
    Ok(title_of(id, &first, &last))
}

/// Gives what the first turns of a thread, the oldest first, and its last ones, the newest first, say for its title.
pub(super) fn title_of(id: &str, first: &[String], last: &[String]) -> FoundTitle {
    let said = |turn: &String| first_said(&parsed(turn));
    FoundTitle {
        id: id.into(),
        title: first.iter().filter_map(said).find(|said| !title::says_nothing(said)),
        last: last.iter().find_map(|turn| last_said(&parsed(turn))),
    }
}
