//! Takes what was written to a terminal apart: texts, control characters, and sequences by their kind. Nothing is
//! decided here of what they do, nor whether they may be sent.

/// Is a part of what was written to a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Characters, without those that control in ASCII; those of C1 are among them.
    Text(&'a str),
    /// A control character of ASCII.
    Control(u8),
    /// `CSI`: what is behind `ESC [`.
    Csi(Csi<'a>),
    /// A string for the terminal: OSC, DCS, SOS, PM or APC.
    Message {
        /// The letter behind `ESC`: `]`, `P`, `X`, `^` or `_`.
        kind: u8,
        /// What it says.
        content: &'a [u8],
    },
    /// Another sequence: what is behind `ESC`.
    Escape(&'a [u8]),
    /// Bytes that are no text and no sequence.
    Broken(&'a [u8]),
}

/// Is a control sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Csi<'a> {
    /// What is between `CSI` and the rest: digits, `;`, `:`, and in front of them `?`, `<`, `=` or `>`.
    pub parameters: &'a [u8],
    /// Space to `/`.
    pub intermediates: &'a [u8],
    /// The letter at its end.
    pub last: u8,
}

impl<'a> Csi<'a> {
    /// Gives `?`, `<`, `=` or `>`, where the parameters begin with it.
    pub fn mark(&self) -> Option<u8> {
        self.parameters.first().copied().filter(|first| matches!(first, b'<'..=b'?'))
    }

    /// Gives the parameters, as they stand between semicolons; one, which is empty, where there are none.
    pub fn fields(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let parameters = &self.parameters[usize::from(self.mark().is_some())..];
        std::str::from_utf8(parameters).unwrap_or_default().split(';')
    }

    /// Gives a parameter by its place as a number; none where it is empty, not there, or none.
    pub fn number(&self, at: usize) -> Option<usize> {
        self.fields().nth(at)?.parse().ok()
    }
}

/// Gives the pieces of some bytes, up to where one is not complete.
pub struct Pieces<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Pieces<'a> {
    /// Begins at the first byte.
    pub fn of(bytes: &'a [u8]) -> Pieces<'a> {
        Pieces { bytes, at: 0 }
    }

    /// Says how many bytes are behind it: where the piece begins that comes next, complete or not.
    pub fn position(&self) -> usize {
        self.at
    }

    fn escape(&self) -> Option<(Piece<'a>, usize)> {
        let rest = &self.bytes[self.at + 1..];
        match *rest.first()? {
            b'[' => Self::csi(&rest[1..]).map(|(piece, length)| (piece, length + 2)),
            kind @ (b']' | b'P' | b'X' | b'^' | b'_') => {
                Self::message(kind, &rest[1..]).map(|(piece, length)| (piece, length + 2))
            }
            _ => {
                let between = rest.iter().take_while(|byte| matches!(byte, 0x20..=0x2f)).count();
                match *rest.get(between)? {
                    0x30..=0x7e => Some((Piece::Escape(&rest[..=between]), between + 2)),
                    _ => Some((Piece::Broken(&self.bytes[self.at..=self.at + between]), between + 1)),
                }
            }
        }
    }

    fn csi(rest: &'a [u8]) -> Option<(Piece<'a>, usize)> {
        let parameters = rest.iter().take_while(|byte| matches!(byte, 0x30..=0x3f)).count();
        let between = rest[parameters..].iter().take_while(|byte| matches!(byte, 0x20..=0x2f)).count();
        let end = parameters + between;
        let last = *rest.get(end)?;
        if !matches!(last, 0x40..=0x7e) {
            return Some((Piece::Broken(&rest[..end]), end));
        }
        let csi = Csi { parameters: &rest[..parameters], intermediates: &rest[parameters..end], last };
        Some((Piece::Csi(csi), end + 1))
    }

    fn message(kind: u8, rest: &'a [u8]) -> Option<(Piece<'a>, usize)> {
        let end = rest.iter().position(|byte| matches!(byte, 0x07 | 0x1b))?;
        let length = if rest[end] == 0x1b { 2 } else { 1 };
        // ESC ends it, whatever is behind; where nothing is yet, it may be the backslash.
        rest.get(end + length - 1)?;
        Some((Piece::Message { kind, content: &rest[..end] }, end + length))
    }

    fn text(&self) -> Option<(Piece<'a>, usize)> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| matches!(byte, ..0x20 | 0x7f)).unwrap_or(rest.len());
        match std::str::from_utf8(&rest[..length]) {
            Ok(text) => Some((Piece::Text(text), length)),
            Err(error) if error.valid_up_to() > 0 => {
                let text = std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap();
                Some((Piece::Text(text), text.len()))
            }
            // A character that may go on.
            Err(error) if error.error_len().is_none() && length == rest.len() => None,
            Err(error) => {
                let broken = error.error_len().unwrap_or(length);
                Some((Piece::Broken(&rest[..broken]), broken))
            }
        }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let (piece, length) = match *self.bytes.get(self.at)? {
            0x1b => self.escape()?,
            control @ (..0x20 | 0x7f) => (Piece::Control(control), 1),
            _ => self.text()?,
        };
        self.at += length;
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_told_apart() {
        let bytes = b"a\xc3\xa9\r\x1b[?25l\x1b[1;31mb\x1b]8;;x\x07\x1bPq#0\x1b\\\x1b7\x1b(B\xff.";
        let csi = |parameters, last| Piece::Csi(Csi { parameters, intermediates: b"", last });
        let expected = [
            Piece::Text("a\u{e9}"),
            Piece::Control(b'\r'),
            csi(b"?25", b'l'),
            csi(b"1;31", b'm'),
            Piece::Text("b"),
            Piece::Message { kind: b']', content: b"8;;x" },
            Piece::Message { kind: b'P', content: b"q#0" },
            Piece::Escape(b"7"),
            Piece::Escape(b"(B"),
            Piece::Broken(b"\xff"),
            Piece::Text("."),
        ];
        assert_eq!(Pieces::of(bytes).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_not_complete_is_left_wherever_it_is_cut() {
        let bytes = "x\u{1b}[1;31m\u{1b}]0;t\u{1b}\\\u{1b}(B漢\u{1b}[?2026l".as_bytes();
        let whole: Vec<String> = Pieces::of(bytes).map(|piece| format!("{piece:?}")).collect();
        for cut in 0..bytes.len() {
            let mut first = Pieces::of(&bytes[..cut]);
            let mut all: Vec<String> = first.by_ref().map(|piece| format!("{piece:?}")).collect();
            all.extend(Pieces::of(&bytes[first.position()..]).map(|piece| format!("{piece:?}")));
            assert_eq!(all, whole, "cut at {cut}");
        }
    }
}
