//! SQL for those who read: a view of the current rows of each table.
//!
//! The views are the same for every engine; how rows come from live files alone is the engine's own, in `sources`.

mod sources;

use threadkeep_tables::{SCHEMA_VERSION, TABLES, Table};

/// Is an engine that reads the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// DuckDB.
    DuckDb,
    /// ClickHouse, also as chDB.
    ClickHouse,
    /// Apache Spark.
    Spark,
}

impl Engine {
    /// Lists the names.
    pub const NAMES: [&'static str; 3] = ["duckdb", "clickhouse", "spark"];

    /// Gives the engine of a name.
    pub fn of(name: &str) -> Option<Engine> {
        match name {
            "duckdb" => Some(Engine::DuckDb),
            "clickhouse" => Some(Engine::ClickHouse),
            "spark" => Some(Engine::Spark),
            _ => None,
        }
    }

    /// Gives a name as the engine quotes it; some of the columns have the names of functions and keywords.
    fn quoted(self, name: &str) -> String {
        match self {
            Engine::DuckDb => format!("\"{name}\""),
            Engine::ClickHouse | Engine::Spark => format!("`{name}`"),
        }
    }

    fn view(self) -> &'static str {
        match self {
            Engine::DuckDb | Engine::ClickHouse => "CREATE OR REPLACE VIEW",
            Engine::Spark => "CREATE OR REPLACE TEMPORARY VIEW",
        }
    }
}

/// Gives SQL that makes the views over a destination, as it is told to people.
pub fn views(engine: Engine, destination: &str) -> String {
    let mut sql = format!(
        "-- Threadkeep's tables, version {SCHEMA_VERSION}: views of the current rows.\n\
         -- Each row has `month`, its partition; whoever asks for a month reads no other.\n"
    );
    sql.push_str(&sources::sources(engine, destination));
    for table in TABLES {
        sql.push_str(&view(engine, table));
    }
    sql
}

/// Gives the view of a table's current rows.
///
/// The newest version is looked for within generation and month, since neither changes for a row that goes on to count: so a
/// condition on the month reaches the files.
fn view(engine: Engine, table: &Table) -> String {
    let quoted = |name: &str| engine.quoted(name);
    let rows = sources::rows(table.name);
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name).chain(["month"]).collect();
    let list = || columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    // Some engines name a column of a join by its side unless told otherwise.
    let of_rows = || columns.iter().map(|name| format!("r.{0} AS {0}", quoted(name))).collect::<Vec<_>>().join(", ");
    let mut parts: Vec<String> = table.key.iter().map(|name| quoted(name)).collect();
    // A number of each row, of which the first is taken, some engines plan as a join of files with themselves, and wide rows get lost
    // on the way (DuckDB 2.0.1).
    let newest = |parts: &[String]| {
        format!("SELECT {}, max(version) OVER (PARTITION BY {}) AS newest FROM {rows}", list(), parts.join(", "))
    };
    let head = format!("\n{} {} AS\n", engine.view(), quoted(table.name));
    let same = |other: &str| {
        ["thread", "machine", "home", "generation"].map(|name| format!("r.{name} = {other}.{name}")).join(" AND ")
    };
    if table.name == "threads" {
        return format!(
            "{head}SELECT {} FROM (\n  {}\n) AS r WHERE version = newest AND NOT deleted;\n",
            of_rows(),
            newest(&parts)
        );
    }
    if !table.of_threads() {
        return format!("{head}SELECT {} FROM (\n  {}\n) AS r WHERE version = newest;\n", of_rows(), newest(&parts));
    }
    parts.extend(["generation".to_owned(), "month".to_owned()]);
    let mut sql = format!(
        "{head}SELECT {} FROM (\n  {}\n) AS r\nJOIN {} AS t ON {}\n",
        of_rows(),
        newest(&parts),
        quoted("threads"),
        same("t")
    );
    if matches!(table.name, "items" | "file_changes") {
        let turns = quoted("turns");
        sql.push_str(&format!(
            "JOIN {turns} AS u ON {} AND r.turn = u.turn\nWHERE r.version = r.newest AND r.item <= u.items;\n",
            same("u")
        ));
    } else if table.name == "records" {
        sql.push_str("WHERE r.version = r.newest AND r.record < t.records;\n");
    } else {
        sql.push_str("WHERE r.version = r.newest;\n");
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::{Engine, views};

    #[test]
    fn every_engine_gets_a_view_of_each_table_after_its_sources() {
        for name in Engine::NAMES {
            let engine = Engine::of(name).expect("an engine");
            let sql = views(engine, "/data/it's");
            for table in threadkeep_tables::TABLES {
                let view = format!("VIEW {} AS", engine.quoted(table.name));
                assert_eq!(sql.matches(&view).count(), 1, "{name} {}", table.name);
            }
            assert!(!sql.contains("/it's"), "the quote is escaped for {name}");
        }
    }
}
