//! What must hold for any input, however broken. Each check takes bytes and panics where it does not hold.

pub(crate) mod cursors;
pub(crate) mod fold;
pub(crate) mod json;
pub(crate) mod lines;
pub(crate) mod plans;

/// Reads small decisions off an input, so that every input means something and a small change of it a small change.
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    /// The next byte; 0 at the end.
    pub(crate) fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().map_or((0, self.0), |(first, rest)| (*first, rest));
        self.0 = rest;
        first
    }

    /// A number below a bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound
    }

    /// So many bytes, or what is left.
    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Nothing is left.
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// The rest in pieces, whose lengths are read off its own bytes.
    pub(crate) fn pieces(mut self) -> Vec<&'a [u8]> {
        let mut pieces = Vec::new();
        while !self.is_over() {
            let length = 1 + usize::from(self.0[0]) * usize::from(self.0[self.0.len() / 2]) % 97;
            pieces.push(self.take(length));
        }
        pieces
    }
}
