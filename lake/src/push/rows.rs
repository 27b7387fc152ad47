//! Rows of one table, as text, until there are enough to decode them together.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_json::ReaderBuilder;
use arrow_json::reader::Decoder;
use arrow_schema::ArrowError;

use super::blame;
use crate::columns::{self, SHAPES, Shape};
use crate::error::{Error, Result};

/// Is how many rows are decoded together; the decoder keeps room for as many.
const ROWS: usize = 2048;
/// Is how many bytes are, about.
const BYTES: usize = 1 << 20;

/// Holds rows as they came.
pub(crate) struct Rows {
    shape: &'static Shape,
    /// Is made when it is needed first, and anew after it failed.
    decoder: Option<Decoder>,
    text: Vec<u8>,
    sources: Vec<Source>,
}

/// Says where a row is from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    /// The number of the line.
    pub(crate) line: u64,
    /// Where the row ends in the text.
    end: usize,
    /// The number of the thread in this run.
    pub(crate) thread: u64,
}

impl Rows {
    pub(crate) fn of(table: usize) -> Rows {
        Rows { shape: &SHAPES[table], decoder: None, text: Vec::new(), sources: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: &[u8], line: u64, thread: u64) {
        self.text.extend_from_slice(row);
        self.text.push(b'\n');
        self.sources.push(Source { line, end: self.text.len(), thread });
    }

    pub(crate) fn is_full(&self) -> bool {
        self.sources.len() >= ROWS || self.text.len() >= BYTES
    }

    /// Decodes what there is, and says where each row is from; none where there is nothing.
    pub(crate) fn decode(&mut self) -> Result<Option<(RecordBatch, Vec<Source>)>> {
        if self.sources.is_empty() {
            return Ok(None);
        }
        let decoded = match &mut self.decoder {
            Some(decoder) => decode(decoder, &self.text),
            none => decoder(self.shape).and_then(|decoder| decode(none.insert(decoder), &self.text)),
        };
        let batch = match decoded {
            Ok(Some(batch)) if batch.num_rows() == self.sources.len() => batch,
            other => return Err(self.refused(other.err())),
        };
        let months = columns::months(self.shape, &batch)?;
        if let Some(row) = months.iter().position(Option::is_none) {
            let reason = format!("'{}' is no moment of the years 0 to 9999", self.shape.table.time);
            return Err(Error::Line { number: self.sources[row].line, reason });
        }
        self.text.clear();
        // A row that was very long does not keep its memory.
        self.text.shrink_to(BYTES * 2);
        Ok(Some((batch, std::mem::take(&mut self.sources))))
    }

    /// Finds the line that is to blame.
    fn refused(&mut self, error: Option<ArrowError>) -> Error {
        self.decoder = None;
        let mut start = 0;
        for source in &self.sources {
            let row = &self.text[start..source.end];
            start = source.end;
            // What one reader takes and the other does not is refused, too.
            let alone = decoder(self.shape).and_then(|mut decoder| decode(&mut decoder, row));
            let refused = !matches!(alone, Ok(Some(batch)) if batch.num_rows() == 1);
            if let Some(reason) = blame::reason(self.shape.table, row) {
                return Error::Line { number: source.line, reason };
            }
            if refused {
                let reason = format!("it is no row of {}", self.shape.table.name);
                return Error::Line { number: source.line, reason };
            }
        }
        Error::Internal(format!("rows of {} are good one by one, and not together: {error:?}", self.shape.table.name))
    }
}

fn decoder(shape: &Shape) -> std::result::Result<Decoder, ArrowError> {
    ReaderBuilder::new(Arc::clone(&shape.incoming)).with_strict_mode(true).with_batch_size(ROWS).build_decoder()
}

fn decode(decoder: &mut Decoder, text: &[u8]) -> std::result::Result<Option<RecordBatch>, ArrowError> {
    let taken = decoder.decode(text)?;
    if taken < text.len() && !text[taken..].trim_ascii().is_empty() {
        return Err(ArrowError::JsonError("there are more rows than lines".into()));
    }
    decoder.flush()
}

#[cfg(test)]
mod tests {
    use super::Rows;
    use crate::columns::place;

    fn row(threads: &str) -> String {
        format!(r#"{{"name":null,"system":"x","program_version":"1","threads":{threads},"pushed_at":5}}"#)
    }

    fn decode(texts: &[String]) -> Result<usize, String> {
        let mut rows = Rows::of(place("machines").expect("a table"));
        for (line, text) in (10..).zip(texts) {
            rows.push(text.as_bytes(), line, 0);
        }
        rows.decode().map(|decoded| decoded.map_or(0, |(batch, _)| batch.num_rows())).map_err(|error| error.to_string())
    }

    #[test]
    fn rows_are_decoded_together() {
        assert_eq!(decode(&[]), Ok(0));
        assert_eq!(decode(&vec![row("1"); 2048]), Ok(2048));
    }

    #[test]
    fn the_line_that_is_to_blame_is_named() {
        let reasons = [
            (row("\"a\""), "'threads' is no integer of 64 bits"),
            (row("null"), "'threads' is missing"),
            (row("9223372036854775808"), "'threads' is no integer of 64 bits"),
            (format!("{}{}", row("1"), row("1")), "its row is no JSON object"),
            (row("1").replace("\"x\"", "\"x"), "its row is no JSON object"),
            (row("1").replace("pushed_at\":5", "pushed_at\":9223372036854775807"), "'pushed_at' is no moment"),
        ];
        for (wrong, reason) in reasons {
            let error = decode(&[row("1"), wrong.clone(), row("2")]).expect_err(&wrong);
            assert!(error.starts_with(&format!("line 11 is refused: {reason}")), "{error}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let mut rows = Rows::of(place("machines").expect("a table"));
        let mut bytes = row("1").into_bytes();
        let at = bytes.iter().position(|byte| *byte == b'x').expect("the system");
        bytes[at] = 0xff;
        rows.push(&bytes, 3, 0);
        assert!(rows.decode().expect_err("no text").to_string().starts_with("line 3 is refused"));
    }
}
