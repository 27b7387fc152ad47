//! The rows are those of a simple model, and those of the Parquet of the same input.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{ArrayRef, RecordBatch};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use threadkeep_lake::push;
use threadkeep_tables::{Kind, TABLES};

use super::Schema;
use super::server::Server;
use crate::model::{steps, take};
use crate::support::{Thread, begin, eager, end, expected, pushed, store, whole};

#[test]
fn the_current_rows_are_those_of_a_simple_model() {
    let Some(server) = Server::start() else { return };
    let number = std::cell::Cell::new(0);
    let config = ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() };
    let run = TestRunner::new(config).run(&(steps(), any::<bool>()), |(steps, along)| {
        number.set(number.get() + 1);
        take(&Schema::of(&server, &format!("model_{}", number.get())), steps, along);
        Ok(())
    });
    run.unwrap();
}

/// Gives the rows of a table as JSON, without nulls and with times as Parquet's reader tells them.
fn rows_of_database(server: &Server, table: &threadkeep_tables::Table) -> Vec<String> {
    let columns = table.columns.iter().map(|column| match column.kind {
        Kind::Time => {
            format!(
                "'{0}', replace(to_char(\"{0}\" AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS'), '.000', '')",
                column.name
            )
        }
        _ => format!("'{0}', \"{0}\"", column.name),
    });
    let columns = columns.collect::<Vec<_>>().join(", ");
    let sql = format!("SELECT jsonb_strip_nulls(jsonb_build_object({columns}))::text FROM threadkeep.{}", table.name);
    let rows = server.connect("owner").query(&sql, &[]).unwrap();
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap().to_string();
    let mut rows: Vec<String> = rows.iter().map(|row| parse(row.get(0))).collect();
    rows.sort();
    rows
}

/// Gives rows whose times can be told without a table of time zones.
fn without_zones(rows: &RecordBatch) -> RecordBatch {
    let schema = rows.schema();
    let columns = schema.fields().iter().zip(rows.columns()).map(|(field, column)| {
        let column = match column.as_primitive_opt::<TimestampMillisecondType>() {
            Some(times) => Arc::new(times.clone().with_timezone_opt(None::<String>)) as ArrayRef,
            None => Arc::clone(column),
        };
        (field.name().clone(), column)
    });
    RecordBatch::try_from_iter(columns).unwrap()
}

fn rows_of_files(store: &threadkeep_lake::store::Store, table: &str) -> Vec<String> {
    let mut rows = Vec::new();
    for manifest in threadkeep_lake::ledger::all(store).unwrap() {
        for file in manifest.files.iter().filter(|file| file.table == table) {
            threadkeep_lake::source::read(store, &file.path, file.bytes, &[], |batch| {
                let mut writer = arrow_json::LineDelimitedWriter::new(Vec::new());
                writer.write(&without_zones(&batch)).unwrap();
                writer.finish().unwrap();
                let text = String::from_utf8(writer.into_inner()).unwrap();
                for line in text.lines() {
                    rows.push(serde_json::from_str::<Value>(line).unwrap().to_string());
                }
                Ok(())
            })
            .unwrap();
        }
    }
    rows.sort();
    rows
}

#[test]
fn every_value_of_every_column_is_that_of_the_parquet_of_the_same_input() {
    let Some(server) = Server::start() else { return };
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let mut threads: Vec<Thread> = (0..20).map(|number| Thread::new(number, &[number as i64 % 3, 2])).collect();
    threads[3].text = "é \u{1F9F5} \t\n\" \\ ' {a,\"b\"} \\N".into();
    let input = whole(&threads).replace(r#""tags":["a","b"]"#, r#""tags":["a","{b}","NULL","","\"\\"]"#);
    let input = input.replace("\"now\":1793491200000", "\"now\":1793491200123");
    assert!(input.contains("NULL") && input.contains("0123"));
    pushed(&store, &input, eager()).0.unwrap();
    let database = server.database("threadkeep");
    let (result, answers) = pushed(&database, &input, eager());
    result.unwrap();
    assert_eq!(answers[0]["opened"]["isNew"], true);
    assert_eq!(answers.last().unwrap()["done"]["rows"]["turns"], 40);
    for table in TABLES {
        let rows = rows_of_files(&store, table.name);
        assert!(!rows.is_empty());
        assert_eq!(rows_of_database(&server, table), rows, "{}", table.name);
    }
    let months = server.connect("owner").query("SELECT DISTINCT month FROM threadkeep.turns ORDER BY 1", &[]).unwrap();
    assert_eq!(months.last().unwrap().get::<_, &str>(0), "2026-12");
}

#[test]
fn a_zero_character_is_replaced_and_repeated_keys_leave_the_last_row() {
    let Some(server) = Server::start() else { return };
    let database = server.database("threadkeep");
    let mut thread = Thread::new(1, &[4]);
    thread.text = "a\0b".into();
    let again = Thread { turns: vec![2], ..thread.clone() };
    let input = begin("h-1") + &thread.lines(0) + &again.lines(0) + &end(2);
    let options = push::Options::default();
    pushed(&database, &input, options).0.unwrap();
    assert_eq!(server.found("threadkeep"), expected(&[again]));
    let title = server.connect("owner").query_one("SELECT title FROM threadkeep.threads", &[]).unwrap();
    assert_eq!(title.get::<_, &str>(0), "a\u{fffd}b");
}
