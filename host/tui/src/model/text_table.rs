//! Texts that many threads share, each kept once.

use std::collections::HashMap;
use std::sync::Arc;

/// Keeps each text once, and gives it a number.
#[derive(Default)]
pub(crate) struct TextTable {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl TextTable {
    /// Gives the number of a text, which is kept from now on.
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let (text, number) = (Arc::<str>::from(text), self.texts.len() as u32);
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    /// Gives the text with a number; nothing for a number that was not given out.
    pub(crate) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", |text| text)
    }
}
