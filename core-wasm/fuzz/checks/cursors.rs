//! A cursor that a list or a history did not give out is refused as such, whatever it is, and leads nowhere else.

use std::cell::RefCell;

use threadkeep_contract::{
    Chunk, CodexFacts, DirectorySnapshot, Entries, EntryKind, FileError, FileFacts, Heads, LookupError, NameClaim,
    Patch, RowKey, RowQuery, SortKey, Subject, ThreadRow,
};
use threadkeep_core::history::transcript::Transcript;
use threadkeep_core::lookup::list;
use threadkeep_core::ports::{Clock, FileResult, HeadsWalker, Reader, Rollouts, Rows, Sources, StateResult, Walker};
use threadkeep_core::rows::query;

use super::Input;

const ID: &str = "019ca8a0-0000-7000-8000-000000000001";
const PATH: &str = "sessions/2026/03/01/rollout-2026-03-01T10-00-00-019ca8a0-0000-7000-8000-000000000001.jsonl";
const TEXT: &str = concat!(
    r#"{"timestamp":"2026-03-01T10:00:00.000Z","type":"session_meta","payload":{"id":"019ca8a0-0000-7000-8000-000000000001","#,
    r#""timestamp":"2026-03-01T10:00:00.000Z","cwd":"/src","originator":"codex_cli_rs","cli_version":"0.60.0"}}"#,
    "\n",
    r#"{"timestamp":"2026-03-01T10:00:01.000Z","type":"event_msg","payload":{"type":"user_message","message":"one"}}"#,
    "\n",
    r#"{"timestamp":"2026-03-01T10:00:02.000Z","type":"event_msg","payload":{"type":"agent_message","message":"two"}}"#,
    "\n",
    r#"{"timestamp":"2026-03-01T10:00:03.000Z","type":"event_msg","payload":{"type":"user_message","message":"three"}}"#,
    "\n",
);

/// A home of one thread, with its row.
#[derive(Default)]
struct OneThread(RefCell<Option<ThreadRow>>);

struct Text(usize);

impl Reader for Text {
    fn read(&mut self, limit: u32) -> FileResult<Chunk> {
        let end = TEXT.len().min(self.0 + limit as usize);
        let piece = TEXT[self.0..end].to_owned();
        self.0 = end;
        Ok(Chunk::Text(piece))
    }
}

struct Nothing;

impl Walker for Nothing {
    fn next(&mut self, _: u32) -> FileResult<Entries> {
        Ok(Entries::default())
    }
}

impl HeadsWalker for Nothing {
    fn next(&mut self, _: u32) -> FileResult<Heads> {
        Ok(Heads::default())
    }
}

impl Rollouts for OneThread {
    type Reader = Text;
    type Walker = Nothing;
    type HeadsWalker = Nothing;

    fn stat(&self, at: &str) -> FileResult<FileFacts> {
        let size = TEXT.len() as u64;
        let facts = FileFacts { path: at.into(), kind: EntryKind::File, size, modified_ns: 1, inode: 1 };
        if at == PATH { Ok(facts) } else { Err(FileError::NotFound) }
    }

    fn open_bytes(&self, at: &str, offset: u64) -> FileResult<Text> {
        if at == PATH { Ok(Text(TEXT.len().min(offset as usize))) } else { Err(FileError::NotFound) }
    }

    fn walk(&self) -> FileResult<Nothing> {
        Ok(Nothing)
    }

    fn heads(&self) -> FileResult<Nothing> {
        Ok(Nothing)
    }

    fn files_named(&self, part: &str) -> FileResult<Vec<String>> {
        Ok([PATH.to_owned()].into_iter().filter(|path| path.contains(part)).collect())
    }
}

impl Rows for OneThread {
    fn row(&self, id: &str) -> StateResult<Vec<ThreadRow>> {
        Ok(self.0.borrow().iter().filter(|row| row.id == id).cloned().collect())
    }

    fn page(&self, query: &RowQuery, after: Option<&RowKey>, limit: u32) -> StateResult<Vec<ThreadRow>> {
        Ok(query::page(self.0.borrow().iter().cloned().collect(), query, after, limit))
    }

    fn children(&self, _: &RowQuery, _: &[String], _: Option<&RowKey>, _: u32) -> StateResult<Vec<ThreadRow>> {
        Ok(Vec::new())
    }

    fn forks_of(&self, _: &str) -> StateResult<Vec<ThreadRow>> {
        Ok(Vec::new())
    }

    fn ids_starting_with(&self, _: &str, _: u32) -> StateResult<Vec<String>> {
        Ok(Vec::new())
    }

    fn files_of(&self, _: &str) -> StateResult<Vec<String>> {
        Ok(vec![PATH.into()])
    }

    fn derived_row(&self, _: &str) -> StateResult<Vec<ThreadRow>> {
        Ok(Vec::new())
    }

    fn indexed_files(&self, _: Option<&str>, _: u32) -> StateResult<Entries> {
        Ok(Entries::default())
    }

    fn unparsed_files(&self) -> StateResult<Vec<String>> {
        Ok(Vec::new())
    }

    fn data_version(&self) -> StateResult<u64> {
        Ok(1)
    }

    fn cache_put(&self, _: &DirectorySnapshot) -> StateResult<()> {
        Ok(())
    }

    fn cache_get(&self) -> StateResult<DirectorySnapshot> {
        Ok(DirectorySnapshot::default())
    }

    fn put(&self, row: &ThreadRow, _: Option<&ThreadRow>) -> StateResult<bool> {
        *self.0.borrow_mut() = Some(row.clone());
        Ok(true)
    }

    fn remove_file(&self, _: &str) -> StateResult<()> {
        Ok(())
    }
}

impl Sources for OneThread {
    fn names(&self, _: &str) -> StateResult<Vec<NameClaim>> {
        Ok(Vec::new())
    }

    fn codex(&self, _: &str) -> StateResult<Vec<CodexFacts>> {
        Ok(Vec::new())
    }

    fn patches(&self, _: &str) -> StateResult<Vec<Patch>> {
        Ok(Vec::new())
    }

    fn threads_named(&self, _: &str) -> StateResult<Vec<String>> {
        Ok(Vec::new())
    }

    fn default_provider(&self) -> String {
        "openai".into()
    }
}

impl Clock for OneThread {
    fn now(&self) -> i64 {
        0
    }

    fn wall(&self) -> i64 {
        0
    }

    fn wait(&self, _: i64) {}
}

/// An answer, or a cursor that is refused: nothing else may come of one.
fn answered<T>(answer: Result<T, LookupError>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(LookupError::BadCursor(why)) => {
            assert!(!why.is_empty());
            None
        }
        Err(error) => panic!("{error:?}"),
    }
}

pub(crate) fn check(input: &[u8]) {
    let mut input = Input(input);
    let (order, limit) = (input.below(6), input.below(4) as u32);
    let text = String::from_utf8_lossy(input.0).into_owned();
    let home = OneThread::default();
    let (_, transcript) = Transcript::open(&home, &Subject::Thread(ID.into())).expect("the thread is there");

    let sort = [SortKey::Created, SortKey::Updated, SortKey::Recency][order % 3];
    let query = RowQuery { sort, ascending: order > 2, ..RowQuery::default() };
    if let Some(page) = answered(list::page(&home, &query, Some(&text), limit)) {
        assert!(page.rows.len() <= 1);
        page.next.into_iter().for_each(|next| drop(answered(list::page(&home, &query, Some(&next), limit))));
    }
    for newest_first in [false, true] {
        let page = answered(transcript.page(&home, Some(&text), limit, newest_first));
        // Its own cursors are good.
        for next in page.into_iter().flat_map(|page| [page.next, page.back]).flatten() {
            assert!(answered(transcript.page(&home, Some(&next), limit, newest_first)).is_some(), "{next}");
        }
        answered(transcript.around(&home, "three", Some(&text), limit, newest_first));
    }
    answered(transcript.records(&home, Some(&text)));
}
