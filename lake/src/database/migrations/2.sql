-- Version 2: the whole texts of threads, and columns that may be null, as they are where no text is pushed or a thread is deleted.

ALTER TABLE {schema}.rows_threads
    ALTER COLUMN "title" DROP NOT NULL,
    ALTER COLUMN "turns" DROP NOT NULL,
    ALTER COLUMN "rollout_bytes" DROP NOT NULL,
    ADD COLUMN "records" bigint;

CREATE TABLE {schema}.rows_records (
    "thread" text NOT NULL,
    "machine" text NOT NULL,
    "home" text NOT NULL,
    "version" bigint NOT NULL,
    "generation" bigint NOT NULL,
    "record" bigint NOT NULL,
    "at" timestamptz NOT NULL,
    "text" text NOT NULL,
    PRIMARY KEY ("thread", "machine", "home", "record")
);
CREATE INDEX rows_records_by_time ON {schema}.rows_records USING brin ("at");
COMMENT ON TABLE {schema}.rows_records IS 'A row is a line of a thread''s whole text; there are any only where a thread was pushed whole.';
