//! The tables in Arrow's terms.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use arrow_array::types::{Int64Type, TimestampMillisecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Int64Array, PrimitiveArray, RecordBatch, StringArray, new_null_array,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow_select::filter::filter_record_batch;
use threadkeep_tables::{Column, Kind, TABLES, Table};

use crate::error::{Error, Result};
use crate::paths::{Month, Owner};

/// Is a table, with what is made of it once.
pub struct Shape {
    /// The table.
    pub table: &'static Table,
    /// All of its columns, as they are kept.
    pub schema: SchemaRef,
    /// The columns that rows come with; times are integers there.
    pub incoming: SchemaRef,
    /// Where among the columns those stand that tell rows of one owner apart, in the order of the key.
    pub key: Vec<usize>,
}

/// Holds the tables, in the order of [`TABLES`].
pub static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| TABLES.iter().map(Shape::of).collect());

/// Gives the table of a name, as a place in [`SHAPES`].
pub fn place(name: &str) -> Option<usize> {
    TABLES.iter().position(|table| table.name == name)
}

impl Shape {
    fn of(table: &'static Table) -> Shape {
        let incoming = table.columns.iter().filter(|column| !column.is_filled_in());
        let incoming = incoming.map(|column| match column.kind {
            Kind::Time => Field::new(column.name, DataType::Int64, column.nullable),
            _ => field(column),
        });
        let own_key = table.key.iter().filter(|name| !matches!(**name, "machine" | "home"));
        Shape {
            table,
            schema: Arc::new(Schema::new(table.columns.iter().map(field).collect::<Vec<_>>())),
            incoming: Arc::new(Schema::new(incoming.collect::<Vec<_>>())),
            key: own_key.filter_map(|name| table.columns.iter().position(|column| column.name == *name)).collect(),
        }
    }
}

fn field(column: &Column) -> Field {
    Field::new(column.name, data_type(column.kind), column.nullable)
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text => DataType::Utf8,
        Kind::Integer => DataType::Int64,
        Kind::Real => DataType::Float64,
        Kind::Flag => DataType::Boolean,
        Kind::Time => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        Kind::Texts => DataType::List(Arc::new(Field::new("element", DataType::Utf8, false))),
    }
}

/// Puts owner and version to rows as they came.
///
/// # Errors
///
/// None is known.
pub fn complete(shape: &Shape, rows: &RecordBatch, owner: &Owner, version: i64) -> Result<RecordBatch> {
    let count = rows.num_rows();
    let same = |text: &str| Arc::new(StringArray::from_iter_values(std::iter::repeat_n(text, count))) as ArrayRef;
    let mut columns = Vec::with_capacity(shape.table.columns.len());
    for column in shape.table.columns {
        columns.push(match column.name {
            "machine" => same(&owner.machine),
            "home" => same(&owner.home),
            "version" => Arc::new(Int64Array::from_value(version, count)),
            name if column.kind == Kind::Time => {
                let times = integers(rows, name)?.reinterpret_cast::<TimestampMillisecondType>();
                Arc::new(times.with_timezone("UTC"))
            }
            name => Arc::clone(named(rows, name)?),
        });
    }
    batch(shape, columns)
}

/// Gives rows another version.
///
/// # Errors
///
/// None is known.
pub fn with_version(shape: &Shape, rows: &RecordBatch, version: i64) -> Result<RecordBatch> {
    let mut columns = rows.columns().to_vec();
    for (column, array) in shape.table.columns.iter().zip(&mut columns) {
        if column.name == "version" {
            *array = Arc::new(Int64Array::from_value(version, rows.num_rows()));
        }
    }
    batch(shape, columns)
}

/// Gives rows of a file the columns of today: those that the file has not are null.
///
/// # Errors
///
/// The file may have other columns than it should.
pub fn conform(shape: &Shape, rows: &RecordBatch) -> Result<RecordBatch> {
    let columns = shape.schema.fields().iter().map(|field| match rows.column_by_name(field.name()) {
        Some(column) => Arc::clone(column),
        None => new_null_array(field.data_type(), rows.num_rows()),
    });
    batch(shape, columns.collect())
}

/// Leaves rows of some threads out.
///
/// # Errors
///
/// The rows may be of no threads.
pub fn without(rows: RecordBatch, threads: &BTreeSet<String>) -> Result<RecordBatch> {
    if threads.is_empty() {
        return Ok(rows);
    }
    let column = texts(&rows, "thread")?;
    let kept: BooleanArray = (0..rows.num_rows()).map(|row| Some(!threads.contains(column.value(row)))).collect();
    filter_record_batch(&rows, &kept).map_err(|error| Error::Internal(format!("rows cannot be left out: {error}")))
}

fn batch(shape: &Shape, columns: Vec<ArrayRef>) -> Result<RecordBatch> {
    RecordBatch::try_new(Arc::clone(&shape.schema), columns)
        .map_err(|error| unlike(shape.table.name, &error.to_string()))
}

fn unlike(table: &str, reason: &str) -> Error {
    Error::Internal(format!("rows of {table} are not what they should be: {reason}"))
}

fn named<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    rows.column_by_name(name).ok_or_else(|| unlike("a table", &format!("there is no column {name}")))
}

/// Gives a column of texts.
///
/// # Errors
///
/// There may be no such column.
pub fn texts<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    named(rows, name)?.as_any().downcast_ref().ok_or_else(|| unlike("a table", &format!("{name} holds no texts")))
}

/// Gives a column of integers.
///
/// # Errors
///
/// There may be no such column.
pub fn integers<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a PrimitiveArray<Int64Type>> {
    named(rows, name)?.as_any().downcast_ref().ok_or_else(|| unlike("a table", &format!("{name} holds no integers")))
}

/// Gives a column of times, in milliseconds since 1970.
///
/// # Errors
///
/// There may be no such column.
pub fn times<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a PrimitiveArray<TimestampMillisecondType>> {
    named(rows, name)?.as_any().downcast_ref().ok_or_else(|| unlike("a table", &format!("{name} holds no times")))
}

/// Gives a column of flags.
///
/// # Errors
///
/// There may be no such column.
pub fn flags<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a BooleanArray> {
    named(rows, name)?.as_any().downcast_ref().ok_or_else(|| unlike("a table", &format!("{name} holds no flags")))
}

/// Gives the months of rows, complete or as they came; none for a time that no month has.
///
/// # Errors
///
/// There may be no such column.
pub fn months(shape: &Shape, rows: &RecordBatch) -> Result<Vec<Option<Month>>> {
    let times = named(rows, shape.table.time)?.as_any();
    let times = match times.downcast_ref::<PrimitiveArray<TimestampMillisecondType>>() {
        Some(times) => times.values(),
        None => integers(rows, shape.table.time)?.values(),
    };
    // Neighbours are nearly always of one turn or thread.
    let mut last = (0, Month::of(0));
    Ok(times
        .iter()
        .map(|time| {
            if last.0 != *time {
                last = (*time, Month::of(*time));
            }
            last.1
        })
        .collect())
}
