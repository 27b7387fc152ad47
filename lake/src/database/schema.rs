//! The tables in PostgreSQL's terms: migrations, views, and what a push asks the server to do.

use threadkeep_tables::{Column, Kind, TABLES, Table};

/// Holds what brings a schema from each version to the next; `{schema}` stands for its quoted name.
pub(crate) const MIGRATIONS: [&str; 2] = [include_str!("migrations/1.sql"), include_str!("migrations/2.sql")];

/// Is the version that the migrations lead to.
pub(crate) const NEWEST: u32 = MIGRATIONS.len() as u32;

/// Is a column as the server tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) table: String,
    pub(crate) column: String,
    pub(crate) kind: String,
    /// Whether a row must have a value that nobody gives.
    pub(crate) demands: bool,
}

/// Gives a name as SQL has it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Gives the table that holds the rows; the view of the current ones has the table's own name.
pub(crate) fn rows_table(table: &Table) -> String {
    format!("rows_{}", table.name)
}

/// Gives the temporary table in which rows wait.
pub(crate) fn stage(table: &Table) -> String {
    format!("pg_temp.\"threadkeep_stage_{}\"", table.name)
}

fn kind(column: &Column) -> &'static str {
    match column.kind {
        Kind::Text => "text",
        Kind::Integer => "bigint",
        Kind::Real => "double precision",
        Kind::Flag => "boolean",
        Kind::Time => "timestamp with time zone",
        Kind::Texts => "text[]",
    }
}

/// Lists the columns that rows come with, in the order of the table.
pub(crate) fn staged_columns(table: &Table) -> impl Iterator<Item = &'static Column> {
    table.columns.iter().filter(|column| !matches!(column.name, "machine" | "home" | "version"))
}

fn list<'a>(names: impl Iterator<Item = &'a str>, form: impl Fn(&str) -> String) -> String {
    names.map(form).collect::<Vec<_>>().join(", ")
}

/// Says what of the tables is not as it should be; none where a push can go on.
pub(crate) fn altered(found: &[Found]) -> Option<(String, String)> {
    for table in TABLES {
        let name = rows_table(table);
        let of_table: Vec<&Found> = found.iter().filter(|found| found.table == name).collect();
        if of_table.is_empty() {
            return Some((name, "it is not there".into()));
        }
        for column in table.columns {
            match of_table.iter().find(|found| found.column == column.name) {
                None => return Some((name, format!("it has no column '{}'", column.name))),
                Some(found) if found.kind != kind(column) => {
                    let reason = format!("its column '{}' is {}, not {}", column.name, found.kind, kind(column));
                    return Some((name, reason));
                }
                Some(found) if found.demands && column.nullable => {
                    return Some((name, format!("its column '{}' must have a value, and may be null", found.column)));
                }
                Some(_) => {}
            }
        }
        let unknown = of_table.iter().find(|found| found.demands && table.column(&found.column).is_none());
        if let Some(found) = unknown {
            return Some((name, format!("its column '{}' is not ours, and must have a value", found.column)));
        }
    }
    None
}

/// Makes the temporary tables; nothing of them is logged, and they go with the connection.
pub(crate) fn create_stages() -> String {
    let mut sql = String::new();
    for table in TABLES {
        let columns: Vec<String> =
            staged_columns(table).map(|column| format!("{} {}", quoted(column.name), kind(column))).collect();
        sql.push_str(&format!(
            "CREATE TEMPORARY TABLE \"threadkeep_stage_{}\" (\"_row\" bigint NOT NULL, {});\n",
            table.name,
            columns.join(", ")
        ));
    }
    sql
}

/// Empties the temporary tables.
pub(crate) fn empty_stages() -> String {
    format!("TRUNCATE {}", TABLES.iter().map(stage).collect::<Vec<_>>().join(", "))
}

/// Takes rows into a temporary table.
pub(crate) fn copy(table: &Table) -> String {
    let columns = list(staged_columns(table).map(|column| column.name), quoted);
    format!("COPY {} (\"_row\", {columns}) FROM STDIN BINARY", stage(table))
}

/// Leaves of rows with one key the last.
pub(crate) fn drop_repeated(table: &Table) -> String {
    let stage = stage(table);
    let key: Vec<&str> = table.key.iter().copied().filter(|name| !matches!(*name, "machine" | "home")).collect();
    if key.is_empty() {
        return format!("DELETE FROM {stage} WHERE \"_row\" < (SELECT max(\"_row\") FROM {stage})");
    }
    let same = key.iter().map(|name| format!("s.{0} = d.{0}", quoted(name))).collect::<Vec<_>>().join(" AND ");
    let key = list(key.into_iter(), quoted);
    format!(
        "DELETE FROM {stage} AS s USING (SELECT {key}, max(\"_row\") AS last FROM {stage} GROUP BY {key} HAVING count(*) > 1) AS d \
         WHERE {same} AND s.\"_row\" < d.last"
    )
}

/// Puts waiting rows among the others: $1 is the machine, $2 the home, $3 the version. The newest wins.
pub(crate) fn upsert(schema: &str, table: &Table) -> String {
    let columns = || staged_columns(table).map(|column| column.name);
    let updates = columns().filter(|name| !table.key.contains(name)).chain(["version"]);
    format!(
        "INSERT INTO {}.{} AS r (machine, home, version, {}) SELECT $1::text, $2::text, $3::bigint, {} FROM {} \
         ON CONFLICT ({}) DO UPDATE SET {} WHERE r.version <= EXCLUDED.version",
        quoted(schema),
        quoted(&rows_table(table)),
        list(columns(), quoted),
        list(columns(), quoted),
        stage(table),
        list(table.key.iter().copied(), quoted),
        list(updates, |name| format!("{0} = EXCLUDED.{0}", quoted(name)))
    )
}

/// Gives SQL that makes the views of the current rows, by the rule of all engines. `as_reader`: what a reader may not see of the
/// tables is not in the views, either.
pub(crate) fn views(schema: &str, as_reader: bool) -> String {
    TABLES.iter().map(|table| view(&quoted(schema), table, as_reader)).collect()
}

/// There is one row for a key, the newest, so the rule is a join.
fn view(schema: &str, table: &Table, as_reader: bool) -> String {
    let options = if as_reader { " WITH (security_invoker = true)" } else { "" };
    let columns = list(table.columns.iter().map(|column| column.name), |name| format!("r.{}", quoted(name)));
    // New columns of a view can only come behind the others.
    let mut sql = format!(
        "CREATE OR REPLACE VIEW {schema}.{}{options} AS\nSELECT to_char(r.{} AT TIME ZONE 'UTC', 'YYYY-MM') AS month, {columns}\n\
         FROM {schema}.{} AS r",
        quoted(table.name),
        quoted(table.time),
        quoted(&rows_table(table)),
    );
    let same = |other: &str| {
        list(["thread", "machine", "home", "generation"].into_iter(), |name| format!("r.{name} = {other}.{name}"))
            .replace(", ", " AND ")
    };
    if table.name == "threads" {
        sql.push_str("\nWHERE NOT r.deleted");
    } else if table.of_threads() {
        sql.push_str(&format!("\nJOIN {schema}.rows_threads AS t ON {} AND NOT t.deleted", same("t")));
        if has_items(table) {
            let turns =
                format!("\nJOIN {schema}.rows_turns AS u ON {} AND r.turn = u.turn AND r.item <= u.items", same("u"));
            sql.push_str(&turns);
        }
        if table.name == "records" {
            sql.push_str(" AND r.record < t.records");
        }
    }
    sql.push_str(";\n");
    sql
}

/// Says whether only so many items of a turn count.
fn has_items(table: &Table) -> bool {
    matches!(table.name, "items" | "file_changes")
}

/// Gives statements that drop the rows of a home that will never be current again: $1 is the machine, $2 the home.
pub(crate) fn drop_dead(schema: &str, table: &Table) -> Vec<String> {
    if !table.of_threads() || table.name == "threads" {
        return Vec::new();
    }
    let (schema, rows) = (quoted(schema), quoted(&rows_table(table)));
    let head = format!("DELETE FROM {schema}.{rows} AS r USING {schema}");
    let same = |other: &str| {
        format!(
            "r.machine = $1 AND r.home = $2 AND {other}.machine = $1 AND {other}.home = $2 AND r.thread = {other}.thread"
        )
    };
    let mut dead = vec![format!(
        "{head}.rows_threads AS t WHERE {} AND r.version <= t.version AND (t.deleted OR r.generation <> t.generation)",
        same("t")
    )];
    if has_items(table) {
        dead.push(format!(
            "{head}.rows_turns AS u WHERE {} AND r.generation = u.generation AND r.turn = u.turn AND r.item > u.items \
             AND r.version <= u.version",
            same("u")
        ));
    }
    dead
}

#[cfg(test)]
mod tests {
    use threadkeep_tables::TABLES;

    use super::{Found, altered, kind, rows_table, upsert, views};

    fn all() -> Vec<Found> {
        let of_table = |table: &'static threadkeep_tables::Table| {
            table.columns.iter().map(move |column| Found {
                table: rows_table(table),
                column: column.name.into(),
                kind: kind(column).into(),
                demands: !column.nullable,
            })
        };
        TABLES.iter().flat_map(of_table).collect()
    }

    #[test]
    fn what_is_missing_or_of_another_type_is_named() {
        assert_eq!(altered(&all()), None);
        let mut found = all();
        found.retain(|found| found.column != "first_prompt");
        assert_eq!(altered(&found), Some(("rows_threads".into(), "it has no column 'first_prompt'".into())));
        let mut found = all();
        found[3].kind = "integer".into();
        assert_eq!(altered(&found).expect("altered").1, "its column 'version' is integer, not bigint");
        let mut found = all();
        found[5].demands = true;
        assert_eq!(altered(&found).expect("altered").1, "its column 'title' must have a value, and may be null");
        assert_eq!(altered(&[]).expect("altered").1, "it is not there");
    }

    #[test]
    fn a_column_of_others_is_left_alone_unless_it_demands_a_value() {
        let more = |demands| Found { table: "rows_items".into(), column: "team".into(), kind: "text".into(), demands };
        assert_eq!(altered(&[all(), vec![more(false)]].concat()), None);
        assert!(altered(&[all(), vec![more(true)]].concat()).is_some());
    }

    #[test]
    fn names_are_quoted_wherever_they_stand() {
        let sql = views("odd\"name", true);
        assert_eq!(sql.matches("CREATE OR REPLACE VIEW \"odd\"\"name\".").count(), TABLES.len());
        for table in TABLES {
            assert!(upsert("odd\"name", table).starts_with("INSERT INTO \"odd\"\"name\".\"rows_"));
        }
    }
}
