//! Examples of commands that look.

use super::{Examples, example};

pub(super) const EXAMPLES: &[Examples] = &[
    (
        "",
        &[
            example("threadkeep", "browse what there is, on a terminal"),
            example("threadkeep search crop rotation", "the threads in which both words were said"),
            example("threadkeep resume --print --here 019c3e24", "the command that goes on with a thread"),
            example("threadkeep doctor", "what is wrong with the home, and what would mend it"),
            example("threadkeep --version --verbose", "versions, and other copies of the program"),
        ],
    ),
    (
        "list",
        &[
            example("threadkeep list", "the newest 50 threads"),
            example("threadkeep list --under . --since 7d", "of this directory, of the last week"),
            example("threadkeep list --all --title pump", "archived ones too, by part of a title"),
            example("threadkeep list --json --limit 0", "all of them, for a program"),
        ],
    ),
    (
        "search",
        &[
            example("threadkeep search 'water board'", "threads in which both words stand"),
            example("threadkeep search '\"crop rotation\" -strawberries'", "the words as they stand, without another"),
            example("threadkeep search --in commands,outputs cargo", "in what was run and what that printed"),
            example("threadkeep search --touched label.svg", "threads that changed a file"),
        ],
    ),
    (
        "push",
        &[
            example("threadkeep push /srv/threads --dry-run", "what would leave, and how much of it"),
            example("threadkeep push s3://team/threads --only usage --dry-run", "without any text"),
            example("threadkeep push /srv/threads --whole --dry-run", "so that another machine can import them"),
        ],
    ),
    (
        "stats",
        &[
            example("threadkeep stats --since monday", "tokens and cost of this week, by day"),
            example("threadkeep stats --by project", "by the directories in which threads began"),
            example("threadkeep stats --by model --csv", "by model, for a spreadsheet"),
            example("threadkeep stats --chart calendar", "a square for each day of the last year"),
        ],
    ),
    (
        "stats storage",
        &[
            example("threadkeep stats storage", "what takes the space, and what compressing would give back"),
            example("threadkeep stats storage --json", "the same for a program"),
        ],
    ),
    (
        "find",
        &[
            example("threadkeep find 019c3e24", "the path of its rollout"),
            example("threadkeep find 'The pump' 019bac64", "of several, by name or id"),
            example("threadkeep find --explain 019c3e24", "which rows and files were looked at, and what decided"),
        ],
    ),
    (
        "resume",
        &[
            example("threadkeep resume 019c3e24 --here", "go on with it in this directory"),
            example("threadkeep resume --print --here 'The pump'", "print the command, and start nothing"),
            example("threadkeep resume 'water board' --here", "by words that were said in it"),
        ],
    ),
    (
        "tui",
        &[
            example("threadkeep tui", "browse the threads of this worktree"),
            example("threadkeep tui --scope everywhere pump", "all threads, with a word typed"),
            example("threadkeep tui --remote unix:///tmp/threads/socket", "a server's threads"),
        ],
    ),
    (
        "shell-init",
        &[
            example("threadkeep shell-init bash", "the script for ~/.bashrc: eval \"$(…)\""),
            example("threadkeep shell-init zsh --key ctrl-t --force", "another key, though it is bound"),
        ],
    ),
    (
        "read",
        &[
            example("threadkeep read 019c3e24", "what is known of it, and its turns"),
            example("threadkeep read 019c3e24 --no-turns", "what is known of it"),
            example("threadkeep read 'The pump' --tail 1", "with the last turn alone"),
        ],
    ),
    (
        "turns",
        &[
            example("threadkeep turns 019c3e24", "what was said and done, the first 20 turns"),
            example("threadkeep turns 019c3e24 --tail 2", "the last two turns"),
            example("threadkeep turns 019c3e24 --around midnight", "the turns around a text"),
            example("threadkeep turns 019c3e24 --limit 0 --json", "all turns, for a program"),
        ],
    ),
    (
        "watch",
        &[
            example("threadkeep watch --for 1", "a second of what happens in threads"),
            example("threadkeep watch --follow 019c3e24 --for 1", "what is said in one, as it is said"),
            example("threadkeep watch --json --for 1", "a document a line, for a program"),
        ],
    ),
    (
        "why",
        &[
            example("threadkeep why 019c3e24", "where it is shown, where not, and for what reasons"),
            example("threadkeep why 'The pump' --json", "the same for a program"),
        ],
    ),
    (
        "export",
        &[
            example("threadkeep export 019c3e24", "a thread as Markdown, without secrets"),
            example("threadkeep export 019c3e24 --out pump.html", "as a page that needs nothing else"),
            example("threadkeep export --all --to notes", "every thread as a file of a directory"),
            example("threadkeep export --all --no-redact --bundle move.zst", "for `import` on another machine"),
        ],
    ),
    (
        "mcp",
        &[
            example("threadkeep mcp install codex --dry-run", "what a client's configuration would be told"),
            example("threadkeep mcp --scope all < /dev/null", "serve an agent on standard input and output"),
        ],
    ),
    (
        "mcp install",
        &[
            example("threadkeep mcp install codex", "Codex begins the server by itself from now on"),
            example("threadkeep mcp install claude --scope all", "Claude Code, with the threads of all repositories"),
        ],
    ),
    (
        "mcp uninstall",
        &[
            example("threadkeep mcp uninstall codex", "the configuration is what it was"),
            example("threadkeep mcp uninstall codex --dry-run", "what would change"),
        ],
    ),
    (
        "app-server",
        &[
            example("threadkeep app-server < /dev/null", "serve one client on standard input and output"),
            example(
                "threadkeep app-server --listen unix://$PWD/socket",
                "and `codex resume --remote unix://…` shows the threads",
            ),
        ],
    ),
    (
        "status",
        &[
            example("threadkeep status", "how home and index stand"),
            example("threadkeep status --json", "the same for a program"),
        ],
    ),
    (
        "debug prompt-input",
        &[
            example("threadkeep debug prompt-input 019c3e24", "what a model would be given to go on"),
            example("threadkeep debug prompt-input 'The pump' > items.json", "into a file"),
        ],
    ),
    ("debug replay", &[example("threadkeep debug replay run.jsonl", "what --record FILE wrote, run again")]),
    (
        "debug redact",
        &[example("threadkeep debug redact run.jsonl > report.jsonl", "a recording that is fit for a report")],
    ),
];
