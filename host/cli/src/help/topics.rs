//! Topics: what several commands have in common. What the code knows (exit codes, variables) is taken from there.

use crate::exit;
use crate::settings::SETTINGS;

/// Something that is told of by itself.
pub(crate) struct Topic {
    /// By what it is asked for.
    pub(crate) name: &'static str,
    /// What it is about, in a line.
    pub(crate) about: &'static str,
    /// Its section in the man page.
    pub(super) section: &'static str,
    /// What there is to tell.
    pub(super) parts: fn() -> Vec<Part>,
}

/// A part of a topic.
pub(super) enum Part {
    /// Sentences.
    Paragraph(&'static str),
    /// A word with what it means.
    Entry(String, String),
}

/// The topics, in the order in which they are listed.
pub(crate) const TOPICS: [Topic; 5] = [
    Topic { name: "ids", about: "How a thread is named on a command line", section: "NAMING A THREAD", parts: ids },
    Topic { name: "dates", about: "How times, ages and spans are written", section: "DATES", parts: dates },
    Topic { name: "exit-codes", about: "What the exit codes mean", section: "EXIT STATUS", parts: exit_codes },
    Topic { name: "environment", about: "The variables that are read", section: "ENVIRONMENT", parts: environment },
    Topic { name: "files", about: "What is read, what is written, and where", section: "FILES", parts: files },
];

fn entry(term: &str, text: &str) -> Part {
    Part::Entry(term.into(), text.into())
}

fn ids() -> Vec<Part> {
    vec![
        Part::Paragraph(
            "A thread (a session of Codex) is named by its id, by the beginning of that, or by its name. The command does nothing \
             where several threads are meant: they are listed, and the exit code is 4.",
        ),
        entry("019c7a10-15f4-7c79-b202-c7e237b70e25", "The id. It stands in the name of the rollout's file, too."),
        entry("019c7a10", "At least 8 characters of its beginning. Lists show 13, which tell threads apart."),
        entry("'The pump'", "The whole name, as `threadkeep name` or Codex gave it."),
        entry(
            "pump",
            "A part of a name or title finds nothing by itself: the threads that contain it are listed, for you to choose. \
             `resume` alone also takes words that were said.",
        ),
        entry("019c7a10#2", "For `note`: the second turn of the thread."),
        Part::Paragraph(
            "Where a thread is not found, `threadkeep search WORDS` looks through what was said, `threadkeep why ID` tells where a \
             thread is shown, and `threadkeep list --missing` lists those whose rollouts are gone.",
        ),
    ]
}

fn dates() -> Vec<Part> {
    vec![
        Part::Paragraph(
            "--since, --until and --older-than take any of these. What has no offset is meant in the zone of your system, or in UTC \
             where the setting `time` says so, and the command says which time it took.",
        ),
        entry("2026-03-01", "The beginning of that day."),
        entry("2026-03", "The beginning of that month."),
        entry("2026-03-01T12:00", "A minute; a second likewise."),
        entry("2026-03-01T12:00:00Z", "A moment, with its offset (RFC 3339)."),
        entry("today, yesterday", "The beginning of that day."),
        entry("monday, tuesday, …", "The last such day, which may be today, from its beginning on."),
        entry("7d, 12h, 30m, 90s", "So long ago."),
        entry("'2 weeks ago'", "Likewise, in words: seconds, minutes, hours, days, weeks, months, years."),
        Part::Paragraph(
            "Spans, as --lease and --idle take them, are written as 7d, 12h, 30m or 90s alone. Times in JSON are RFC 3339, in UTC.",
        ),
    ]
}

fn exit_codes() -> Vec<Part> {
    let codes = exit::MEANINGS.iter();
    let codes = codes.map(|(code, word, meaning)| Part::Entry(code.to_string(), format!("{word}. {meaning}")));
    let others = [
        Part::Paragraph(
            "`exec` ends with the code of the program that it ran, and `resume` with that of the program that it started. `tui --pick` \
             ends with 130 where nothing was chosen.",
        ),
        Part::Paragraph(
            "With --json an error is a document too, the last line of stderr: kind, message, and where there are any hint, argument \
             and candidates.",
        ),
    ];
    codes.chain(others).collect()
}

/// The variables that are read besides those of settings.
const VARIABLES: [(&str, &str); 24] = [
    ("CODEX_SQLITE_HOME", "Where Codex's databases are, unless its config.toml says it."),
    ("CODEX_THREAD_ID", "The thread in which this program was started: Codex sets it for what it runs."),
    (
        "THREADKEEP_STATE_DIR",
        "Where the indexes of all homes are kept, each in a directory of its own; --state-dir goes before it.",
    ),
    ("THREADKEEP_PLUGIN_DIR", "Where plugins are installed, an absolute path."),
    ("THREADKEEP_COMPLETE", "Set by the scripts of `threadkeep completions` alone."),
    ("THREADKEEP_HOMES_NAME", "The directory that --home NAME means; NAME stands for yours."),
    ("THREADKEEP_PRICES_MODEL", "The price of a model, as the setting prices.MODEL; MODEL stands for its name."),
    ("HOME", "The home directory: ~/.codex, ~/.config and the like are below it."),
    ("XDG_CONFIG_HOME", "Where threadkeep/config.toml is, instead of ~/.config."),
    ("XDG_DATA_HOME", "Where threadkeep/plugins is, instead of ~/.local/share."),
    ("XDG_STATE_HOME", "Where the browser remembers how far it looked around, instead of ~/.local/state."),
    ("PATH", "Where programs are found that are started, as codex."),
    ("NO_COLOR", "Nothing has colours, where it is set; --color goes before it."),
    ("CLICOLOR_FORCE", "Everything but JSON has colours, where it is set and not 0."),
    ("TERM", "A dumb terminal gets no colours and no browser."),
    ("COLUMNS", "How wide texts are, instead of as wide as the terminal."),
    ("TZ", "The zone of times, and of days that are named."),
    ("TZDIR", "Where the system keeps its zones."),
    ("CLAUDE_CONFIG_DIR", "Where Claude Code keeps its configuration, to which `mcp install claude` adds."),
    ("USER", "Your name, which `export --anonymize` takes out."),
    ("VISUAL", "The editor of the browser; else $EDITOR."),
    ("EDITOR", "The editor of the browser, where $VISUAL names none; else vi."),
    ("THREADKEEP_PAGER", "The pager of what is more than a screen; cat, or nothing, for none; else $PAGER."),
    ("PAGER", "The pager, where $THREADKEEP_PAGER names none; else less."),
];

fn environment() -> Vec<Part> {
    let settings = SETTINGS.iter().map(|setting| {
        let flag = setting.flag.map(|flag| format!("; {flag} goes before it")).unwrap_or_default();
        let text = match setting.variable {
            "CODEX_HOME" => "The Codex home, instead of ~/.codex; --home goes before it.".to_owned(),
            _ => format!("The setting {}{flag}.", setting.name),
        };
        Part::Entry(setting.variable.into(), text)
    });
    let others = VARIABLES.iter().map(|(name, text)| entry(name, text));
    let first = Part::Paragraph(
        "A flag goes before the variable, and the variable before the setting in config.toml. One that is empty counts as not set.",
    );
    std::iter::once(first).chain(others).chain(settings).collect()
}

fn files() -> Vec<Part> {
    vec![
        Part::Paragraph(
            "Commands that look write nothing but the index. Rollouts are never rewritten; `threadkeep backup list`, `repair undo`, \
             `import --undo` and `prune --undo` take changes back.",
        ),
        entry("~/.codex/sessions/", "Codex's rollouts: a file a thread, below year, month and day. Read."),
        entry("~/.codex/archived_sessions/", "Those that are archived. `archive` and `unarchive` move files."),
        entry("~/.codex/session_index.jsonl", "Names of threads, as Codex keeps them. `name` appends a line."),
        entry(
            "~/.codex/state_N.sqlite",
            "Codex's own database. Read; written by `repair apply --target codex` and --tell-codex alone.",
        ),
        entry(
            "~/.codex/config.toml",
            "Codex's configuration. Read; `migrate personality` and `mcp install` add to it.",
        ),
        entry(
            "~/.codex/thread-writer-locks/",
            "The locks by which Codex and this program keep out of each other's way.",
        ),
        entry(
            "~/.codex/threadkeep/",
            "The index (state DB), backups, and the journal of repairs: what this program keeps. To take it away, delete the \
             directory: names, tags, pins, notes and goals that were given here go with it. --state-dir and $THREADKEEP_STATE_DIR \
             put it elsewhere.",
        ),
        entry("~/.config/threadkeep/config.toml", "Your settings: `threadkeep config list`."),
        entry("~/.local/share/threadkeep/plugins/", "Plugins that are installed."),
        entry("~/.local/state/threadkeep/", "How far the browser looked around the last time."),
    ]
}

impl Topic {
    /// Gives the topic of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Topic> {
        TOPICS.iter().find(|topic| topic.name == name)
    }
}
