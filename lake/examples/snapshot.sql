-- Copies the current rows into a file of DuckDB, `lake.new.duckdb`, for programs that open such files. It follows the SQL of the
-- views, in the same session.
ATTACH 'lake.new.duckdb' AS snapshot;
BEGIN;
CREATE OR REPLACE TABLE snapshot.threads AS SELECT * FROM threads;
CREATE OR REPLACE TABLE snapshot.turns AS SELECT * FROM turns;
CREATE OR REPLACE TABLE snapshot.items AS SELECT * FROM items;
CREATE OR REPLACE TABLE snapshot.usage AS SELECT * FROM usage;
CREATE OR REPLACE TABLE snapshot.file_changes AS SELECT * FROM file_changes;
CREATE OR REPLACE TABLE snapshot.machines AS SELECT * FROM machines;
COMMIT;
DETACH snapshot;
