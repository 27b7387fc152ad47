//! How each engine gets the rows of live files: those that the newest manifest of a machine and home names.

use threadkeep_tables::TABLES;

use super::Engine;
use crate::paths::{ROOT, empty_file};

/// Gives the name of the relation of all rows of a table that lie in live files.
pub(crate) fn rows(table: &str) -> String {
    format!("threadkeep_rows_{table}")
}

/// Gives SQL that makes these relations.
pub(crate) fn sources(engine: Engine, destination: &str) -> String {
    let at = text(engine, destination);
    match engine {
        Engine::DuckDb => duckdb(&at),
        Engine::ClickHouse => clickhouse(&at, destination.starts_with("s3://")),
        Engine::Spark => spark(&at),
    }
}

/// Gives what stands between quotes in a literal.
fn text(engine: Engine, text: &str) -> String {
    match engine {
        Engine::DuckDb => text.replace('\'', "''"),
        Engine::ClickHouse => text.replace('\\', "\\\\").replace('\'', "\\'"),
        // It stands in a name between backticks, too.
        Engine::Spark => text.replace('\\', "\\\\").replace('\'', "\\'").replace('`', "``"),
    }
}

/// The lists of files are variables, since a view cannot ask for them; they are those of the moment in which they are set.
fn duckdb(at: &str) -> String {
    let mut sql = format!(
        "-- The live files. Those who stay connected see later pushes once they run the SET VARIABLE lines again.\n\
         CREATE OR REPLACE VIEW threadkeep_files AS\n\
         SELECT machine, home, f.path AS path, f.\"table\" AS \"table\", f.\"rows\" AS \"rows\", f.bytes AS bytes FROM (\n  \
         SELECT machine, home, unnest(files) AS f FROM (\n    \
         SELECT * FROM read_json('{at}/{ROOT}/_manifests/*/*.json', format = 'auto', columns = {{machine: 'VARCHAR', home: 'VARCHAR', \
         sequence: 'BIGINT', files: 'STRUCT(path VARCHAR, \"table\" VARCHAR, \"rows\" BIGINT, bytes BIGINT)[]'}})\n    \
         QUALIFY sequence = max(sequence) OVER (PARTITION BY machine, home)\n  )\n);\n"
    );
    for table in TABLES {
        let (name, rows, empty) = (table.name, rows(table.name), empty_file(table.name));
        sql.push_str(&format!(
            "SET VARIABLE threadkeep_{name} = (SELECT list_concat(['{at}/{empty}'], coalesce(list('{at}/' || path ORDER BY path), [])) \
             FROM threadkeep_files WHERE \"table\" = '{name}');\n"
        ));
        sql.push_str(&format!(
            "CREATE OR REPLACE VIEW {rows} AS SELECT * FROM read_parquet(getvariable('threadkeep_{name}'), union_by_name = true, \
             hive_partitioning = true, hive_types = {{'month': VARCHAR, 'machine': VARCHAR}});\n"
        ));
    }
    sql
}

fn clickhouse(at: &str, bucket: bool) -> String {
    let function = if bucket { "s3" } else { "file" };
    let structure = "machine String, home String, sequence UInt64, files Array(Tuple(path String, `table` String))";
    let mut sql = format!(
        "-- The live files, as they are whenever a view is asked. ClickHouse 25 or newer takes the month out of the path.\n\
         CREATE OR REPLACE VIEW threadkeep_files AS\n\
         SELECT machine, home, f.1 AS path, f.2 AS `table` FROM (\n  \
         SELECT machine, home, argMax(files, sequence) AS newest FROM {function}('{at}/{ROOT}/_manifests/*/*.json', 'JSONEachRow', \
         '{structure}') GROUP BY machine, home\n) ARRAY JOIN newest AS f;\n"
    );
    for table in TABLES {
        let (name, rows) = (table.name, rows(table.name));
        sql.push_str(&format!(
            "CREATE OR REPLACE VIEW {rows} AS SELECT * FROM \
             {function}('{at}/{ROOT}/{name}/*/*/*.parquet', 'Parquet') WHERE extract(_path, '({ROOT}/{name}/.*)') IN \
             (SELECT path FROM threadkeep_files WHERE `table` = '{name}');\n"
        ));
    }
    sql
}

fn spark(at: &str) -> String {
    let mut sql = format!(
        "-- The live files. Run these lines again after a push: Spark remembers what lies in a directory.\n\
         SET spark.sql.sources.partitionColumnTypeInference.enabled = false;\n\
         SET spark.sql.parquet.mergeSchema = true;\n\
         CREATE OR REPLACE TEMPORARY VIEW threadkeep_files AS\n\
         SELECT machine, home, f.path AS path, f.`table` AS `table` FROM (\n  \
         SELECT machine, home, explode(max_by(files, sequence)) AS f FROM json.`{at}/{ROOT}/_manifests/*/*.json` \
         GROUP BY machine, home\n);\n"
    );
    for table in TABLES {
        let (name, rows) = (table.name, rows(table.name));
        sql.push_str(&format!(
            "CREATE OR REPLACE TEMPORARY VIEW {rows} AS SELECT * FROM parquet.`{at}/{ROOT}/{name}` \
             WHERE regexp_extract(_metadata.file_path, '({ROOT}/{name}/.*)', 1) IN \
             (SELECT path FROM threadkeep_files WHERE `table` = '{name}');\n"
        ));
    }
    sql
}
