//! The tables themselves.

use crate::columns::{
    GENERATION, HOME, ITEM, MACHINE, THREAD, TURN, VERSION, count, flag, integer, maybe, real, text, texts, time,
};
use crate::{Column, Table};

/// Lists the tables of [`SCHEMA_VERSION`](crate::SCHEMA_VERSION).
pub const TABLES: &[Table] = &[
    Table {
        name: "threads",
        meaning: "A row is a thread of one home: what it is about, where it ran, how large it is.",
        columns: THREADS,
        key: &["thread", "machine", "home"],
        time: "created_at",
    },
    Table {
        name: "turns",
        meaning: "A row is a turn of a thread: what was asked, how it ended, how long it took.",
        columns: TURNS,
        key: &["thread", "machine", "home", "turn"],
        time: "started_at",
    },
    Table {
        name: "items",
        meaning: "A row is something that happened in a turn: a message, a command, a call of a tool, a thought.",
        columns: ITEMS,
        key: &["thread", "machine", "home", "turn", "item"],
        time: "at",
    },
    Table {
        name: "usage",
        meaning: "A row is one request to a model, with the tokens that it took.",
        columns: USAGE,
        key: &["thread", "machine", "home", "request"],
        time: "at",
    },
    Table {
        name: "file_changes",
        meaning: "A row is a change that a turn made to one file.",
        columns: FILE_CHANGES,
        key: &["thread", "machine", "home", "turn", "item", "change"],
        time: "at",
    },
    Table {
        name: "records",
        meaning: "A row is a line of a thread's whole text, as `export --format jsonl --full-record` writes it; there are any only \
                  where a thread was pushed whole.",
        columns: RECORDS,
        key: &["thread", "machine", "home", "record"],
        time: "at",
    },
    Table {
        name: "machines",
        meaning: "A row is a home of a machine, as it was when it was last pushed.",
        columns: MACHINES,
        key: &["machine", "home"],
        time: "pushed_at",
    },
];

const THREADS: &[Column] = &[
    THREAD,
    MACHINE,
    HOME,
    VERSION,
    GENERATION,
    maybe(text("title", "What lists show of the thread: its name, or else its first prompt.")),
    maybe(text("name", "The name that a user gave it.")),
    maybe(text("first_prompt", "The first thing that was asked.")),
    maybe(text("project", "The working directory.")),
    maybe(text("repository", "The URL of the git remote of that directory.")),
    maybe(text("branch", "The git branch when the thread began.")),
    maybe(text("commit", "The git commit when the thread began.")),
    text("source", "What kind of program ran it: cli, exec, vscode, subagent and the like."),
    maybe(text("model", "The model that it last used.")),
    maybe(text("provider", "The provider of that model.")),
    maybe(text("codex_version", "The version of Codex that began it.")),
    time("created_at", "When it began."),
    time("updated_at", "When anything last happened in it."),
    flag("archived", "Whether it is archived."),
    maybe(text("parent_thread", "The thread that started this one as a sub-agent.")),
    maybe(text("forked_from", "The thread that this one was forked from.")),
    maybe(count("turns", "turns", "How many turns it has; null where turns were not pushed.")),
    maybe(count("tokens", "tokens", "How many tokens it used in all, by its own last word on it.")),
    texts("tags", "The tags that users put on it."),
    maybe(count("rollout_bytes", "bytes", "How large its rollouts are on the disk.")),
    flag("has_text", "Whether texts were pushed with it; without them every column of text that was said is null."),
    flag("deleted", "Whether it was deleted in its home; such a thread has no current rows."),
    maybe(count(
        "records",
        "records",
        "How many rows of `records` are the whole of it; null where it was not pushed whole.",
    )),
];

const TURNS: &[Column] = &[
    THREAD,
    MACHINE,
    HOME,
    VERSION,
    GENERATION,
    TURN,
    text("turn_id", "The turn's own id."),
    time("started_at", "When it began; where it does not say so, when its thread began."),
    maybe(time("completed_at", "When it ended.")),
    maybe(count("duration_ms", "milliseconds", "How long it took.")),
    text("status", "How it ended: completed, interrupted, failed, or in progress."),
    maybe(text("error", "What it failed by.")),
    maybe(text("prompt", "What was asked.")),
    count("items", "items", "How many items it has; items with higher numbers no longer count."),
];

const ITEMS: &[Column] = &[
    THREAD,
    MACHINE,
    HOME,
    VERSION,
    GENERATION,
    TURN,
    ITEM,
    text("item_id", "The item's own id."),
    text("kind", "What the item is: a message of the user or the agent, a command, a call of a tool and the like."),
    time("at", "When its turn began."),
    maybe(text("text", "What was said or thought.")),
    maybe(text("command", "The command that was run.")),
    maybe(text("directory", "The directory it was run in.")),
    maybe(integer("exit_code", "The exit code of the command.")),
    maybe(count("duration_ms", "milliseconds", "How long the command or the call took.")),
    maybe(text("status", "How the command or the call ended.")),
    maybe(text("output", "What the command printed, or the tool answered.")),
    maybe(text("server", "The MCP server of the tool that was called.")),
    maybe(text("tool", "The tool that was called.")),
    maybe(text("arguments", "What the tool was called with, as JSON.")),
];

const USAGE: &[Column] = &[
    THREAD,
    MACHINE,
    HOME,
    VERSION,
    GENERATION,
    integer("request", "The number of the request in its thread, from 1."),
    time("at", "When the request was answered."),
    maybe(text("model", "The model that was asked.")),
    maybe(text("tier", "The tier of service that was asked for.")),
    count("input", "tokens", "What went in and was not cached."),
    count("cached_input", "tokens", "What went in and was read from the provider's cache."),
    count("cache_write", "tokens", "What was written to the provider's cache."),
    count("output", "tokens", "What came out, reasoning included."),
    count("reasoning", "tokens", "What of the output was reasoning."),
    maybe(real("cost_usd", "US dollars", "What the request cost by the prices known; null where there is no price.")),
];

const FILE_CHANGES: &[Column] = &[
    THREAD,
    MACHINE,
    HOME,
    VERSION,
    GENERATION,
    TURN,
    ITEM,
    integer("change", "The number of the change in its item, from 1."),
    time("at", "When its turn began."),
    text("path", "The file, as the change names it."),
    text("kind", "What was done: add, delete or update."),
    maybe(text("moved_to", "Where the file was moved to.")),
    maybe(count("added_lines", "lines", "How many lines were added.")),
    maybe(count("deleted_lines", "lines", "How many lines were deleted.")),
    text("status", "What became of the change: completed, failed, declined and the like."),
];

const RECORDS: &[Column] = &[
    THREAD,
    MACHINE,
    HOME,
    VERSION,
    GENERATION,
    integer("record", "The number of the line in the text, from 0."),
    time("at", "When its thread began."),
    text("text", "The line, without its end: JSON."),
];

const MACHINES: &[Column] = &[
    MACHINE,
    HOME,
    VERSION,
    maybe(text("name", "What its user calls the machine.")),
    text("system", "The operating system and the kind of processor."),
    text("program_version", "The version of Threadkeep that pushed."),
    count("threads", "threads", "How many threads the home held."),
    time("pushed_at", "When it was pushed, by its own clock."),
];
