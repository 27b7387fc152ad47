//! The page of documentation, made of the tables.

use crate::{Column, Kind, SCHEMA_VERSION, TABLES, Table};

/// Gives the page `docs/tables.md`.
pub fn page() -> String {
    let mut page = format!(
        "# Tables\n\n\
         These are the tables that threads are pushed as, version {SCHEMA_VERSION}. The page is generated: \
         `THREADKEEP_WRITE_REFERENCE=1 cargo test --package threadkeep-tables` writes it, and a test compares.\n\n\
         The schema only grows: a new version may add tables and nullable columns; nothing is removed, renamed, retyped or given \
         another meaning. Times are in UTC, with milliseconds.\n\n\
         ## What is current\n\n\
         A row is current if all of this holds:\n\n\
         - it is the one with the highest version of those with its key;\n\
         - its generation is that of the newest row of its thread in `threads`;\n\
         - in `items` and `file_changes`, its item is not above `items` of the current row of its turn;\n\
         - in `records`, its number is below `records` of the current row of its thread, where that is not null;\n\
         - its thread is not deleted by its newest row.\n\n\
         Within a generation neither the time nor the number of a row changes, so a row stays in its month. A history that was continued is \
         pushed as new turns, of which the first may be the last one from before, once more. A \
         history that was changed, and a thread that comes back after it was deleted, is pushed whole under a higher generation. \
         `threadkeep-lake views` prints views that hold the current rows alone.\n"
    );
    for table in TABLES {
        page.push_str(&section(table));
    }
    page
}

fn section(table: &Table) -> String {
    let key = table.key.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let mut section = format!(
        "\n## `{}`\n\n{} Key: {key}. Partition: the month of `{}`.\n\n\
         | column | type | unit | null | meaning |\n|---|---|---|---|---|\n",
        table.name, table.meaning, table.time
    );
    for column in table.columns {
        section.push_str(&line(column));
    }
    section
}

fn line(column: &Column) -> String {
    let kind = match column.kind {
        Kind::Text => "text",
        Kind::Integer => "integer",
        Kind::Real => "real",
        Kind::Flag => "flag",
        Kind::Time => "time",
        Kind::Texts => "list of texts",
    };
    let null = if column.nullable { "yes" } else { "" };
    format!("| `{}` | {kind} | {} | {null} | {} |\n", column.name, column.unit.unwrap_or_default(), column.meaning)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::page;
    use crate::{Kind, TABLES};

    #[test]
    fn the_page_is_what_the_tables_say() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tables.md");
        if std::env::var_os("THREADKEEP_WRITE_REFERENCE").is_some() {
            std::fs::write(&path, page()).expect("docs/ can be written");
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(page(), written, "THREADKEEP_WRITE_REFERENCE=1 writes docs/tables.md anew");
    }

    #[test]
    fn keys_and_partitions_are_columns_that_are_never_null() {
        for table in TABLES {
            for name in table.key {
                let column = table.column(name).unwrap_or_else(|| panic!("{}.{name} is no column", table.name));
                assert!(!column.nullable, "{}.{name}", table.name);
                assert!(matches!(column.kind, Kind::Text | Kind::Integer), "{}.{name}", table.name);
            }
            let time = table.column(table.time).unwrap_or_else(|| panic!("{} has no {}", table.name, table.time));
            assert!(time.kind == Kind::Time && !time.nullable, "{}", table.name);
        }
    }

    #[test]
    fn no_name_stands_twice_and_every_meaning_is_a_sentence() {
        let mut tables = BTreeSet::new();
        for table in TABLES {
            assert!(tables.insert(table.name), "{}", table.name);
            let mut columns = BTreeSet::new();
            for column in table.columns {
                assert!(columns.insert(column.name), "{}.{}", table.name, column.name);
                assert!(
                    column.meaning.ends_with('.') && !column.meaning.contains('|'),
                    "{}.{}",
                    table.name,
                    column.name
                );
            }
        }
    }
}
