//! Writes a row.

use alloc::string::String;

use serde_json::Value;

use crate::text::json_writer::JsonWriter;

/// A row on its way into lines.
pub(super) struct Row<'a> {
    out: &'a mut JsonWriter,
    is_empty: bool,
}

impl<'a> Row<'a> {
    /// Begins one of a table.
    pub(super) fn of(table: &str, out: &'a mut JsonWriter) -> Row<'a> {
        out.raw("{\"").raw(table).raw("\":{");
        Row { out, is_empty: true }
    }

    /// Writes a text.
    pub(super) fn text(&mut self, column: &str, text: &str) -> &mut Self {
        self.column(column).text(text);
        self
    }

    /// Writes a text, where there is one.
    pub(super) fn some_text(&mut self, column: &str, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(column, text),
            None => self,
        }
    }

    /// Writes a number.
    pub(super) fn number(&mut self, column: &str, number: i64) -> &mut Self {
        self.column(column).number(number);
        self
    }

    /// Writes a number, where there is one.
    pub(super) fn some_number(&mut self, column: &str, number: Option<i64>) -> &mut Self {
        match number {
            Some(number) => self.number(column, number),
            None => self,
        }
    }

    /// Writes a flag.
    pub(super) fn flag(&mut self, column: &str, is: bool) -> &mut Self {
        self.column(column).raw(if is { "true" } else { "false" });
        self
    }

    /// Writes a list of texts.
    pub(super) fn texts<'t>(&mut self, column: &str, texts: impl IntoIterator<Item = &'t str>) -> &mut Self {
        let out = self.column(column);
        out.raw("[");
        for (number, text) in texts.into_iter().enumerate() {
            out.raw(if number == 0 { "" } else { "," }).text(text);
        }
        out.raw("]");
        self
    }

    /// Ends it.
    pub(super) fn end(self) {
        self.out.raw("}}\n");
    }

    fn column(&mut self, column: &str) -> &mut JsonWriter {
        self.out.raw(if self.is_empty { "\"" } else { ",\"" }).raw(column).raw("\":");
        self.is_empty = false;
        self.out
    }
}

/// Returns a text of an object; none where there is none or it is empty.
pub(super) fn text_of<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value[key].as_str().filter(|text| !text.is_empty())
}

/// Returns texts, one below the other; none where all are empty.
pub(super) fn joined<'t>(texts: impl IntoIterator<Item = &'t str>) -> Option<String> {
    let mut all = String::new();
    for text in texts.into_iter().filter(|text| !text.trim().is_empty()) {
        if !all.is_empty() {
            all.push_str("\n\n");
        }
        all.push_str(text);
    }
    Some(all).filter(|all| !all.is_empty())
}
