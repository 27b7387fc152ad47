//! Rows in the binary form that COPY takes.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray};
use threadkeep_tables::{Column, Kind, Table};

use super::schema::staged_columns;
use crate::error::{Error, Result};

const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: [u8; 2] = (-1i16).to_be_bytes();
/// Is the number by which the server knows the type of a text.
const TEXT_TYPE: i32 = 25;
/// Is what the server counts time from, in milliseconds since 1970: the year 2000.
const EPOCH: i64 = 946_684_800_000;

/// Holds rows of one table, encoded.
#[derive(Default)]
pub(crate) struct Encoded {
    bytes: Vec<u8>,
    /// How many rows there ever were: the last one of a key counts.
    rows: i64,
}

enum Values<'a> {
    Text(&'a StringArray),
    Integer(&'a Int64Array),
    Time(&'a Int64Array),
    Real(&'a Float64Array),
    Flag(&'a BooleanArray),
    Texts(&'a ListArray),
}

impl Encoded {
    /// Gives how many bytes wait.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Takes rows, as they came with thread and generation.
    ///
    /// # Errors
    ///
    /// They may not be rows of the table, and one value may be too large for the server.
    pub(crate) fn push(&mut self, table: &Table, rows: &RecordBatch) -> Result<()> {
        let columns = staged_columns(table).map(|column| Values::of(column, rows)).collect::<Result<Vec<_>>>()?;
        let count =
            i16::try_from(columns.len() + 1).map_err(|_| Error::Internal("a table has too many columns".into()))?;
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(HEADER);
        }
        for row in 0..rows.num_rows() {
            self.bytes.extend_from_slice(&count.to_be_bytes());
            self.integer(self.rows);
            self.rows += 1;
            for column in &columns {
                self.value(column, row)?;
            }
        }
        Ok(())
    }

    /// Gives the bytes of a COPY; none where there are no rows.
    pub(crate) fn take(&mut self) -> Option<Vec<u8>> {
        if self.bytes.is_empty() {
            return None;
        }
        self.bytes.extend_from_slice(&TRAILER);
        Some(std::mem::take(&mut self.bytes))
    }

    fn value(&mut self, values: &Values, row: usize) -> Result<()> {
        if values.array().is_null(row) {
            self.bytes.extend_from_slice(&(-1i32).to_be_bytes());
            return Ok(());
        }
        match values {
            Values::Text(texts) => self.text(texts.value(row))?,
            Values::Integer(integers) => self.integer(integers.value(row)),
            // Every moment of the years 0 to 9999 can be told so.
            Values::Time(times) => self.integer(times.value(row).saturating_sub(EPOCH).saturating_mul(1000)),
            Values::Real(reals) => {
                self.length(8)?;
                self.bytes.extend_from_slice(&reals.value(row).to_be_bytes());
            }
            Values::Flag(flags) => {
                self.length(1)?;
                self.bytes.push(flags.value(row).into());
            }
            Values::Texts(lists) => self.texts(lists.value(row).as_string())?,
        }
        Ok(())
    }

    fn length(&mut self, length: usize) -> Result<()> {
        let length = i32::try_from(length).map_err(|_| Error::Internal("a value is too long for the server".into()))?;
        self.bytes.extend_from_slice(&length.to_be_bytes());
        Ok(())
    }

    fn integer(&mut self, value: i64) {
        self.bytes.extend_from_slice(&8i32.to_be_bytes());
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    /// The server takes no zero character in a text; the sign for what cannot be shown takes its place.
    fn text(&mut self, text: &str) -> Result<()> {
        if memchr::memchr(0, text.as_bytes()).is_none() {
            self.length(text.len())?;
            self.bytes.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        let text = text.replace('\0', "\u{fffd}");
        self.length(text.len())?;
        self.bytes.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn texts(&mut self, texts: &StringArray) -> Result<()> {
        let start = self.bytes.len();
        self.length(0)?;
        let count =
            i32::try_from(texts.len()).map_err(|_| Error::Internal("a list is too long for the server".into()))?;
        // Dimensions, whether there are nulls, the type; then the size and the first place of each dimension.
        let head: &[i32] = if count == 0 { &[0, 0, TEXT_TYPE] } else { &[1, 0, TEXT_TYPE, count, 1] };
        self.bytes.extend(head.iter().flat_map(|number| number.to_be_bytes()));
        for text in texts.iter().flatten() {
            self.text(text)?;
        }
        let length = self.bytes.len() - start - 4;
        let length = i32::try_from(length).map_err(|_| Error::Internal("a list is too long for the server".into()))?;
        self.bytes[start..start + 4].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }
}

impl<'a> Values<'a> {
    fn of(column: &Column, rows: &'a RecordBatch) -> Result<Values<'a>> {
        let unlike = || Error::Internal(format!("rows have no column '{}' as it should be", column.name));
        let array = rows.column_by_name(column.name).ok_or_else(unlike)?;
        let values = match column.kind {
            Kind::Text => array.as_string_opt().map(Values::Text),
            Kind::Integer => array.as_primitive_opt::<Int64Type>().map(Values::Integer),
            Kind::Time => array.as_primitive_opt::<Int64Type>().map(Values::Time),
            Kind::Real => array.as_primitive_opt::<Float64Type>().map(Values::Real),
            Kind::Flag => array.as_boolean_opt().map(Values::Flag),
            Kind::Texts => array.as_list_opt().map(Values::Texts),
        };
        values.ok_or_else(unlike)
    }

    fn array(&self) -> &dyn Array {
        match self {
            Values::Text(array) => array,
            Values::Integer(array) | Values::Time(array) => array,
            Values::Real(array) => array,
            Values::Flag(array) => array,
            Values::Texts(array) => array,
        }
    }
}
