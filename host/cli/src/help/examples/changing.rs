//! Examples of commands that change threads, or what is kept of them.

use super::{Examples, example};

pub(super) const EXAMPLES: &[Examples] = &[
    (
        "name",
        &[
            example("threadkeep name 019c3e24 'Time zones'", "a name for a thread"),
            example("threadkeep name 'The pump' --clear", "none any more, whoever gave it"),
            example("threadkeep name 019c3e24 Noon --tell-codex", "and in Codex's own database"),
        ],
    ),
    (
        "tag",
        &[
            example("threadkeep tag 019c3e24 +tests +clock", "two tags"),
            example("threadkeep tag 019c3e24 'The pump' +todo -done", "several threads; one tag comes, one goes"),
        ],
    ),
    (
        "pin",
        &[
            example("threadkeep pin 019c3e24", "`list --pinned` finds it, `prune` leaves it"),
            example("threadkeep pin 019c3e24 'The pump'", "two threads"),
        ],
    ),
    (
        "unpin",
        &[
            example("threadkeep unpin 019c3e24", "not pinned any more"),
            example("threadkeep unpin 019c3e24 'The pump'", "two threads"),
        ],
    ),
    (
        "note",
        &[
            example("threadkeep note 019c3e24 'ask my sister'", "a note beside a thread"),
            example("threadkeep note '019c3e24#2' 'this one helped'", "beside its second turn"),
            example("threadkeep note 019c3e24", "the notes of a thread"),
            example("threadkeep note 019c3e24 --clear", "take it away"),
        ],
    ),
    (
        "archive",
        &[
            example("threadkeep archive 019c3e24", "put a thread into the archive"),
            example("threadkeep archive 019c3e24 'The pump' --tell-codex", "two, and tell Codex's database"),
        ],
    ),
    (
        "unarchive",
        &[
            example("threadkeep unarchive 019c7a10", "bring a thread back"),
            example("threadkeep unarchive 019c7a10 --tell-codex", "and tell Codex's database"),
        ],
    ),
    (
        "delete",
        &[
            example("threadkeep delete 019c3e24 --dry-run", "what would go"),
            example("threadkeep delete 019c3e24 --yes", "delete it, without a question"),
            example("threadkeep delete 019ccdbf --with-forks --yes", "with the forks that begin in it"),
        ],
    ),
    (
        "metadata",
        &[
            example("threadkeep metadata 019c3e24 --git-branch main", "the branch on which it began"),
            example("threadkeep metadata 019c3e24 --clear git-sha", "no commit, whatever the rollout says"),
            example("threadkeep metadata 019c3e24 --memory-mode disabled", "no memories of it"),
        ],
    ),
    (
        "relocate",
        &[
            example("threadkeep relocate /home/robin/src/tides ~/tides --dry-run", "what speaks for the move"),
            example("threadkeep relocate /home/robin/src/tides ~/tides --yes", "the project is there now"),
            example("threadkeep relocate --list", "what was told so far"),
        ],
    ),
    (
        "import",
        &[
            example("threadkeep import pump.jsonl --dry-run", "what would come"),
            example("threadkeep import move.zst --yes", "a bundle of another machine"),
        ],
    ),
    (
        "prune",
        &[
            example("threadkeep prune --older-than 90d --do archive --dry-run", "what would go into the archive"),
            example("threadkeep prune --older-than 90d --do compress --yes", "store them smaller"),
            example("threadkeep prune --undo --yes", "what the last one archived or compressed comes back"),
        ],
    ),
    (
        "compress",
        &[
            example("threadkeep compress --dry-run", "what would be compressed, and how much that gives"),
            example("threadkeep compress --older-than 30d", "rollouts that nobody wrote for a month"),
        ],
    ),
    (
        "exec",
        &[
            example("threadkeep exec -- echo hello", "run a program, and record it as a thread"),
            example("threadkeep exec --name 'A dry run' -- true", "with a name"),
            example("threadkeep exec --resume 019c3e24 -- echo again", "go on with a thread"),
        ],
    ),
    (
        "goal get",
        &[
            example("threadkeep goal get 019c3e24", "what a thread is to reach"),
            example("threadkeep goal get 019c3e24 --json", "the same for a program"),
        ],
    ),
    (
        "goal set",
        &[
            example("threadkeep goal set 019c3e24 'All tests pass'", "what it is to reach"),
            example("threadkeep goal set 019c3e24 'All tests pass' --budget 50000", "with so many tokens at most"),
        ],
    ),
    (
        "goal clear",
        &[
            example("threadkeep goal clear 019c3e24", "forget it"),
            example("threadkeep goal clear 'The pump'", "by its name"),
        ],
    ),
    (
        "goal pause",
        &[
            example("threadkeep goal pause 019c3e24", "stop working at it"),
            example("threadkeep goal pause 019c3e24 --json", "the same for a program"),
        ],
    ),
    (
        "goal resume",
        &[
            example("threadkeep goal resume 019c3e24", "work at it again"),
            example("threadkeep goal resume 019c3e24 --json", "the same for a program"),
        ],
    ),
    ("goal block", &[example("threadkeep goal block 019c3e24", "it waits for you")]),
    ("goal usage-limit", &[example("threadkeep goal usage-limit 019c3e24", "it waits for the provider")]),
    (
        "goal complete",
        &[
            example("threadkeep goal complete 019c3e24", "it is reached"),
            example("threadkeep goal complete 019c3e24 --json", "the same for a program"),
        ],
    ),
    ("goal account", &[example("threadkeep goal account 019c3e24 --tokens 900", "count what was used")]),
    (
        "memory mode",
        &[
            example("threadkeep memory mode 019c3e24", "whether memories may be taken from it"),
            example("threadkeep memory mode 019c3e24 disabled", "they may not"),
        ],
    ),
    (
        "memory candidates",
        &[
            example("threadkeep memory candidates", "threads whose memories may be extracted now"),
            example("threadkeep memory candidates --window 3650d --source any", "of ten years, from every source"),
        ],
    ),
    (
        "memory claim",
        &[
            example("threadkeep memory claim --worker me --limit 1", "claim one for an hour"),
            example("threadkeep memory claim --worker me --lease 2h", "up to 16, for two hours"),
        ],
    ),
    ("memory renew", &[example("threadkeep memory renew 019c3e24 TOKEN", "with the token of the claim")]),
    ("memory finish", &[example("threadkeep memory finish 019c3e24 TOKEN --up-to 2026-03-01", "give it back, done")]),
    ("memory fail", &[example("threadkeep memory fail 019c3e24 TOKEN --retry-after 2h", "give it back, not done")]),
    ("device-key put", &[example("threadkeep device-key put laptop --account me --client app", "bind a key")]),
    (
        "device-key get",
        &[
            example("threadkeep device-key get laptop", "show its binding"),
            example("threadkeep device-key get laptop --json", "the same for a program"),
        ],
    ),
    ("device-key delete", &[example("threadkeep device-key delete laptop", "forget it")]),
    (
        "device-key list",
        &[
            example("threadkeep device-key list", "all keys"),
            example("threadkeep device-key list --json", "the same for a program"),
        ],
    ),
];
