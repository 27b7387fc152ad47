//! Examples of commands that look after a home, and of those that are about this program.

use super::{Examples, example};

pub(super) const EXAMPLES: &[Examples] = &[
    (
        "init",
        &[
            example("threadkeep init", "fill the index, with what was said"),
            example("threadkeep init --no-index", "without what was said"),
            example("threadkeep init --rebuild", "read every rollout again; names are kept"),
        ],
    ),
    (
        "doctor",
        &[
            example("threadkeep doctor", "what is wrong, and what would mend it"),
            example("threadkeep doctor --quick", "beginnings and ends of rollouts alone"),
            example("threadkeep doctor --thread 019c3e24", "of one thread"),
            example("threadkeep doctor --explain stale-path", "what a finding means, and what to do"),
        ],
    ),
    (
        "repair plan",
        &[
            example("threadkeep repair plan", "what would be mended in the index"),
            example("threadkeep repair plan --target codex", "in Codex's database"),
            example("threadkeep repair plan --target all --out plan.json", "into a file, to be read and shortened"),
        ],
    ),
    (
        "repair apply",
        &[
            example("threadkeep repair apply --dry-run", "what would be done"),
            example("threadkeep repair apply --target codex --yes", "mend Codex's database, after a backup"),
            example("threadkeep repair apply plan.json --yes", "a plan that you have read"),
        ],
    ),
    ("repair undo", &[example("threadkeep repair undo --yes", "every row and mode as it was")]),
    (
        "repair log",
        &[
            example("threadkeep repair log", "the repairs that were made"),
            example("threadkeep repair log --json", "the same for a program"),
        ],
    ),
    (
        "salvage",
        &[
            example(
                "threadkeep salvage --dry-run \"$(threadkeep find 019d3aa0)\"",
                "what could be read of a damaged rollout",
            ),
            example("threadkeep salvage --to copy.jsonl \"$(threadkeep find 019d3aa0)\"", "a copy of it elsewhere"),
        ],
    ),
    (
        "backup create",
        &[
            example("threadkeep backup create", "copy databases and indexes"),
            example("threadkeep backup create --reason update --keep 3", "of which the newest three are kept"),
        ],
    ),
    (
        "backup list",
        &[
            example("threadkeep backup list", "newest first"),
            example("threadkeep backup list --json", "the same for a program"),
        ],
    ),
    (
        "backup verify",
        &[
            example("threadkeep backup verify", "check all of them"),
            example("threadkeep backup verify 20", "one, by how its name begins"),
        ],
    ),
    (
        "backup restore",
        &[
            example("threadkeep backup restore 20 --yes", "by how its name begins; `backup list` shows the names"),
            example("threadkeep backup restore 20 --only session_index.jsonl --yes", "one file of it alone"),
        ],
    ),
    (
        "clean shell-snapshots",
        &[
            example("threadkeep clean shell-snapshots --dry-run", "what would go"),
            example(
                "threadkeep clean shell-snapshots --older-than 30d --yes",
                "of threads that nobody used for a month",
            ),
        ],
    ),
    (
        "migrate personality",
        &[
            example("threadkeep migrate personality --yes", "set it, where nobody has chosen one"),
            example("threadkeep migrate personality --yes --json", "the same for a program"),
        ],
    ),
    ("plugin inspect", &[example("threadkeep plugin inspect words.wasm", "what it is, asks for and costs")]),
    (
        "plugin install",
        &[
            example("threadkeep plugin install words.wasm --yes", "without a question"),
            example("threadkeep plugin install words.wasm --yes --grant facts", "and it sees that alone"),
        ],
    ),
    ("plugin update", &[example("threadkeep plugin update words words.wasm --yes", "another version in its place")]),
    (
        "plugin list",
        &[
            example("threadkeep plugin list", "what is installed, and what it may see"),
            example("threadkeep plugin list --json", "the same for a program"),
        ],
    ),
    ("plugin remove", &[example("threadkeep plugin remove words", "take it away")]),
    ("plugin grant", &[example("threadkeep plugin grant words history", "it sees more from now on")]),
    ("plugin revoke", &[example("threadkeep plugin revoke words history", "it sees less")]),
    (
        "plugin run",
        &[
            example("threadkeep plugin run words --all", "over every thread"),
            example("threadkeep plugin run words --thread 019c3e24", "over one"),
        ],
    ),
    (
        "plugin new",
        &[
            example("threadkeep plugin new longest --kind report", "a project in Rust that builds as it stands"),
            example("threadkeep plugin new longest --kind column --lang python", "in Python"),
        ],
    ),
    ("plugin build", &[example("threadkeep plugin build longest", "its component, in the project")]),
    (
        "config list",
        &[
            example("threadkeep config list", "every setting, and what it says"),
            example("threadkeep config list --json", "the same for a program"),
        ],
    ),
    ("config get", &[example("threadkeep config get list.limit", "what it says; nothing where nobody set it")]),
    (
        "config set",
        &[
            example("threadkeep config set list.limit 20", "in the file of settings"),
            example("threadkeep config set homes.work ~/work/.codex", "--home work means that"),
            example("threadkeep config set list.limit --unset", "as it was"),
        ],
    ),
    ("config path", &[example("threadkeep config path", "where the file is")]),
    (
        "completions",
        &[
            example("threadkeep completions bash", "for ~/.bashrc: eval \"$(…)\""),
            example("threadkeep completions fish", "for config.fish: … | source"),
        ],
    ),
    ("man", &[example("threadkeep man ~/.local/share/man/man1", "where man finds them")]),
    (
        "help",
        &[
            example("threadkeep help repair plan", "tell of a command"),
            example("threadkeep help ids", "tell of a topic"),
        ],
    ),
];
