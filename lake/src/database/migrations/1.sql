-- Version 1: the tables of rows, of which there is one for each key, the newest, and what stands for the manifests of files.

CREATE TABLE {schema}.homes (
    machine text NOT NULL,
    home text NOT NULL,
    highest_version bigint NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (machine, home)
);
COMMENT ON TABLE {schema}.homes IS 'Whoever has pushed, with the highest version that any row had; a push locks its row while it commits.';

CREATE TABLE {schema}.forgotten (
    machine text NOT NULL,
    home text NOT NULL,
    thread text NOT NULL,
    forgotten_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (machine, home, thread)
);
COMMENT ON TABLE {schema}.forgotten IS 'The threads that a home may not push again.';

CREATE TABLE {schema}.rows_threads (
    "thread" text NOT NULL,
    "machine" text NOT NULL,
    "home" text NOT NULL,
    "version" bigint NOT NULL,
    "generation" bigint NOT NULL,
    "title" text NOT NULL,
    "name" text,
    "first_prompt" text,
    "project" text,
    "repository" text,
    "branch" text,
    "commit" text,
    "source" text NOT NULL,
    "model" text,
    "provider" text,
    "codex_version" text,
    "created_at" timestamptz NOT NULL,
    "updated_at" timestamptz NOT NULL,
    "archived" boolean NOT NULL,
    "parent_thread" text,
    "forked_from" text,
    "turns" bigint NOT NULL,
    "tokens" bigint,
    "tags" text[] NOT NULL,
    "rollout_bytes" bigint NOT NULL,
    "has_text" boolean NOT NULL,
    "deleted" boolean NOT NULL,
    PRIMARY KEY ("thread", "machine", "home")
);
CREATE INDEX rows_threads_by_time ON {schema}.rows_threads USING brin ("created_at");
COMMENT ON TABLE {schema}.rows_threads IS 'A row is a thread of one home: what it is about, where it ran, how large it is.';

CREATE TABLE {schema}.rows_turns (
    "thread" text NOT NULL,
    "machine" text NOT NULL,
    "home" text NOT NULL,
    "version" bigint NOT NULL,
    "generation" bigint NOT NULL,
    "turn" bigint NOT NULL,
    "turn_id" text NOT NULL,
    "started_at" timestamptz NOT NULL,
    "completed_at" timestamptz,
    "duration_ms" bigint,
    "status" text NOT NULL,
    "error" text,
    "prompt" text,
    "items" bigint NOT NULL,
    PRIMARY KEY ("thread", "machine", "home", "turn")
);
CREATE INDEX rows_turns_by_time ON {schema}.rows_turns USING brin ("started_at");
COMMENT ON TABLE {schema}.rows_turns IS 'A row is a turn of a thread: what was asked, how it ended, how long it took.';

CREATE TABLE {schema}.rows_items (
    "thread" text NOT NULL,
    "machine" text NOT NULL,
    "home" text NOT NULL,
    "version" bigint NOT NULL,
    "generation" bigint NOT NULL,
    "turn" bigint NOT NULL,
    "item" bigint NOT NULL,
    "item_id" text NOT NULL,
    "kind" text NOT NULL,
    "at" timestamptz NOT NULL,
    "text" text,
    "command" text,
    "directory" text,
    "exit_code" bigint,
    "duration_ms" bigint,
    "status" text,
    "output" text,
    "server" text,
    "tool" text,
    "arguments" text,
    PRIMARY KEY ("thread", "machine", "home", "turn", "item")
);
CREATE INDEX rows_items_by_time ON {schema}.rows_items USING brin ("at");
COMMENT ON TABLE {schema}.rows_items IS 'A row is something that happened in a turn: a message, a command, a call of a tool, a thought.';

CREATE TABLE {schema}.rows_usage (
    "thread" text NOT NULL,
    "machine" text NOT NULL,
    "home" text NOT NULL,
    "version" bigint NOT NULL,
    "generation" bigint NOT NULL,
    "request" bigint NOT NULL,
    "at" timestamptz NOT NULL,
    "model" text,
    "tier" text,
    "input" bigint NOT NULL,
    "cached_input" bigint NOT NULL,
    "cache_write" bigint NOT NULL,
    "output" bigint NOT NULL,
    "reasoning" bigint NOT NULL,
    "cost_usd" double precision,
    PRIMARY KEY ("thread", "machine", "home", "request")
);
CREATE INDEX rows_usage_by_time ON {schema}.rows_usage USING brin ("at");
COMMENT ON TABLE {schema}.rows_usage IS 'A row is one request to a model, with the tokens that it took.';

CREATE TABLE {schema}.rows_file_changes (
    "thread" text NOT NULL,
    "machine" text NOT NULL,
    "home" text NOT NULL,
    "version" bigint NOT NULL,
    "generation" bigint NOT NULL,
    "turn" bigint NOT NULL,
    "item" bigint NOT NULL,
    "change" bigint NOT NULL,
    "at" timestamptz NOT NULL,
    "path" text NOT NULL,
    "kind" text NOT NULL,
    "moved_to" text,
    "added_lines" bigint,
    "deleted_lines" bigint,
    "status" text NOT NULL,
    PRIMARY KEY ("thread", "machine", "home", "turn", "item", "change")
);
CREATE INDEX rows_file_changes_by_time ON {schema}.rows_file_changes USING brin ("at");
COMMENT ON TABLE {schema}.rows_file_changes IS 'A row is a change that a turn made to one file.';

CREATE TABLE {schema}.rows_machines (
    "machine" text NOT NULL,
    "home" text NOT NULL,
    "version" bigint NOT NULL,
    "name" text,
    "system" text NOT NULL,
    "program_version" text NOT NULL,
    "threads" bigint NOT NULL,
    "pushed_at" timestamptz NOT NULL,
    PRIMARY KEY ("machine", "home")
);
CREATE INDEX rows_machines_by_time ON {schema}.rows_machines USING brin ("pushed_at");
COMMENT ON TABLE {schema}.rows_machines IS 'A row is a home of a machine, as it was when it was last pushed.';
