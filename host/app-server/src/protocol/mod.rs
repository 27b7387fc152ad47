//! What Codex's protocol calls things: parameters and answers, and how they are made of the store's data.
//!
//! Everything here takes data and gives data. What is asked of the home stands in [`crate::methods`].
//!
//! Where an answer differs from the one that Codex 0.171 gives, and why:
//!
//! | answer | difference | reason |
//! |---|---|---|
//! | `Thread` | `originator`, `reasoningEffort`, `threadSource`, `projectId`, `daybreakEnabled`, `attachedToThreadId` are null | the store keeps none of them |
//! | `Thread` | `name` is null where Codex shows the first message of a thread that nobody named | it is no name |
//! | `Thread` | `preview` of a fork is its parent's, whichever release wrote it | one rule for all releases |
//! | `Thread` | `updatedAt` is the time of the last record | a copied file has another time |
//! | `Thread` | `model` is there for threads of 0.50 | it is in their records, which Codex does not read |
//! | `thread/list` | a thread that is attached to another one is listed; `forkedFromId` is there | the store does not know of attachments; Codex's lists leave it out |
//! | `readStates`, `readState` | null | what was read is kept by Codex alone; null says so |
//! | `thread/list` | a thread that was reverted is listed once | Codex lists each of its files |
//! | `thread/list` | cursors have milliseconds | whole seconds repeat or pass over threads |
//! | `thread/list` | `projectId` and `attachedToThreadId` find nothing, `useStateDbOnly` and `currentAccountOnly` change nothing | there is no such data, and no other way to list |
//! | `thread/list` | `includedThreadIds` finds threads whose files moved, and those that no database knows | their files are looked for |
//! | turns of legacy threads | commands, patches and other tools are there | they are in the file |
//! | `thread/turns/list` | a turn longer than a page comes as a summary, or with no items, as its `itemsView` says | a page is bounded; `thread/items/list` goes on inside a turn |
//! | `thread/items/list`, `thread/items/read`, `thread/searchOccurrences` | legacy threads are answered for | Codex refuses them |
//! | `thread/revert` | refused for threads that Codex's database knows | it says which file counts, and is not written |
//! | `thread/queue/*` | the queue is kept in the state DB, and starts nothing | Codex's own is not to be written by others |
//! | `thread/goal/clear` | a goal that Codex keeps shows again | its database is not written |
//! | `thread/search` | a thread that was reverted is searched in all of its files; snippets are the store's | it is one thread; one search for all |
//! | `thread/search/partial` | never told | the answer has the whole page; Codex tells partial ones where it likes to |
//! | `thread/list` | `threadkeep` is there where it was asked for | what plugins say of threads |
//! | all | a thread whose file is there is answered for, whatever Codex's database says of it | Codex answers with errors for moved homes and lost rows |

mod ids;
mod items;
mod list;
mod own;
mod place;
mod sections;
mod snippet;
mod summary;
mod thread;
mod turns;
mod window;

pub(crate) use ids::thread_id;
pub(crate) use items::{Deferral, ItemsListParams, ItemsReadParams, ItemsReadResponse, PageOfItems};
pub(crate) use list::{ListParams, Plan, SUB_AGENTS, SearchParams};
pub(crate) use own::{ExportParams, ExportResponse, ExportedText, OfListedThread, OfferedName, PluginList};
pub(crate) use place::Direction;
pub(crate) use sections::{Section, SectionListParams};
pub(crate) use snippet::{TextRange, occurrences};
pub(crate) use summary::{ConversationSummary, SummaryParams};
pub(crate) use thread::{Status, Thread};
pub(crate) use turns::{Turn, TurnAnchor, TurnsListParams, View};
pub(crate) use window::{Kin, Window};

/// How many bytes of JSON a page has at most; one entry alone may have more.
pub(crate) const PAGE_BYTES: usize = 1_000_000;

/// Applies Codex's rules to the length that is asked of a page: none is 25, 0 is 1, and more than 100 is 100.
pub(crate) fn page_length(asked: Option<u32>) -> usize {
    asked.map_or(25, |asked| asked.clamp(1, 100)) as usize
}
